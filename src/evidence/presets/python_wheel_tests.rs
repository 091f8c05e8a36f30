//! Wheels and the sdists of the other tools, and attacks on them.

use crate::evidence::python::wheel::base64;
use crate::evidence::testing::{COMMIT, Repository, levels, told};
use crate::release::Sha256Digest;
use crate::release::tree::Mode;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

type Files = BTreeMap<String, String>;

const PYPROJECT: &str = "[build-system]\nrequires=['flit_core']\nbuild-backend='flit_core.buildapi'\n[project]\nname='a-b'\nversion='1.2'\nreadme='README.md'\nlicense-files=['LICENSE']\ndependencies=['x>=1']\n[project.scripts]\nrun='a_b:main'\n";
const METADATA: &str = "Metadata-Version: 2.4\nName: a-b\nVersion: 1.2\nDescription-Content-Type: text/markdown\nLicense-File: LICENSE\nRequires-Dist: x>=1\n\n# A\n";
const WHEEL: &str = "Wheel-Version: 1.0\nGenerator: flit 3.12.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
const NAME: &str = "a_b-1.2-py3-none-any.whl";
const INFO: &str = "a_b-1.2.dist-info";

fn files(list: &[(&str, &str)]) -> Files {
    list.iter().map(|(path, content)| ((*path).to_string(), (*content).to_string())).collect()
}

fn in_git() -> Files {
    files(&[
        ("pyproject.toml", PYPROJECT),
        ("README.md", "# A\n"),
        ("LICENSE", "free\n"),
        ("src/a_b/__init__.py", "main = print\n"),
        ("src/a_b/x.py", "x = 1\n"),
        ("src/a_b/data.txt", "data\n"),
        ("tests/test_x.py", "assert True\n"),
    ])
}

fn wheel() -> Files {
    let mut wheel = files(&[
        ("a_b/__init__.py", "main = print\n"),
        ("a_b/x.py", "x = 1\n"),
        (&format!("{INFO}/METADATA"), METADATA),
        (&format!("{INFO}/WHEEL"), WHEEL),
        (&format!("{INFO}/entry_points.txt"), "[console_scripts]\nrun=a_b:main\n"),
        (&format!("{INFO}/licenses/LICENSE"), "free\n"),
    ]);
    record(&mut wheel);
    wheel
}

/// Writes `RECORD` anew, as an attacker would too.
fn record(wheel: &mut Files) {
    let own = format!("{INFO}/RECORD");
    wheel.remove(&own);
    let line = |(path, content): (&String, &String)| {
        let digest = base64(&Sha256Digest(Sha256::digest(content.as_bytes()).into()));
        format!("{path},sha256={digest},{}\n", content.len())
    };
    let lines: String = wheel.iter().map(line).collect();
    wheel.insert(own.clone(), format!("{lines}{own},,\n"));
}

fn pairs(files: &Files) -> Vec<(&str, &str)> {
    files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect()
}

fn judged(wheel: &Files) -> Vec<String> {
    told(&Repository::new(&pairs(&in_git())).compare("python-wheel@1", NAME, &pairs(wheel)))
}

/// What is told after an edit of one file, with `RECORD` made to fit.
fn edited(path: &str, from: &str, to: &str) -> Vec<String> {
    let mut wheel = wheel();
    let content = wheel.get_mut(path).unwrap();
    assert!(content.contains(from));
    *content = content.replacen(from, to, 1);
    record(&mut wheel);
    judged(&wheel)
}

#[test]
fn a_pure_wheel_is_explained() {
    let verdict = Repository::new(&pairs(&in_git())).compare("python-wheel@1", NAME, &pairs(&wheel()));
    assert_eq!(told(&verdict), Vec::<String>::new());
    assert_eq!(
        levels(&verdict),
        [
            "omitted LICENSE",
            "omitted README.md",
            "structured a_b-1.2.dist-info/METADATA",
            "structured a_b-1.2.dist-info/RECORD",
            "structured a_b-1.2.dist-info/WHEEL",
            "structured a_b-1.2.dist-info/entry_points.txt",
            "same-as a_b-1.2.dist-info/licenses/LICENSE",
            "same-as a_b/__init__.py",
            "same-as a_b/x.py",
            "omitted pyproject.toml",
            "omitted src/a_b/__init__.py",
            "omitted src/a_b/data.txt",
            "omitted src/a_b/x.py",
            "omitted tests/test_x.py",
        ]
    );
}

#[test]
fn modules_are_those_of_git() {
    assert_eq!(edited("a_b/x.py", "x = 1", "x = 2"), ["unexplained-file a_b/x.py"]);
    let mut added = wheel();
    added.insert("a_b/evil.py".into(), "x = 1\n".into());
    record(&mut added);
    assert_eq!(judged(&added), ["unexplained-file a_b/evil.py"], "git's bytes under another name");
    let mut lost = wheel();
    lost.remove("a_b/x.py");
    record(&mut lost);
    assert_eq!(judged(&lost), ["evidence-mismatch src/a_b/x.py"]);
}

#[test]
fn a_version_file_of_another_package_is_refused() {
    let file = include_str!("../python/templates/hatchling.txt");
    let file = file.replace("{version!r}", "'1.2'").replace("{version_tuple!r}", "(1, 2)");
    let hook = "[tool.hatch.build.hooks.version]\npath = 'src/a_b/version.py'\n";
    for toml in [PYPROJECT.to_string(), format!("{PYPROJECT}{hook}")] {
        let mut git = in_git();
        git.insert("pyproject.toml".into(), toml.clone());
        git.insert("packaging/rpm.spec".into(), "x\n".into());
        let judge = |path: &str| {
            let mut wheel = wheel();
            wheel.insert(path.into(), file.clone());
            record(&mut wheel);
            told(&Repository::new(&pairs(&git)).compare("python-wheel@1", NAME, &pairs(&wheel)))
        };
        for path in ["packaging/version.py", "pip/_vendor/packaging/version.py", "version.py"] {
            assert_eq!(judge(path), [format!("unexplained-file {path}")]);
        }
        let stated = if toml.contains("hooks") { vec![] } else { vec!["unexplained-file a_b/version.py"] };
        assert_eq!(judge("a_b/version.py"), stated);
    }
}

#[test]
fn code_that_runs_by_itself_is_refused() {
    for path in ["evil.pth", "a_b/x.so", "a_b/x.pyd", "a_b/__pycache__/x.cpython-312.pyc"] {
        let mut wheel = wheel();
        wheel.insert(path.into(), "import os\n".into());
        record(&mut wheel);
        let told = judged(&wheel);
        assert!(told.contains(&format!("unexplained-file {path}")), "{told:?}");
        assert!(told.contains(&format!("evidence-mismatch {INFO}/WHEEL")), "{told:?}");
    }
    let mut scripts = wheel();
    scripts.insert("a_b-1.2.data/scripts/run".into(), "main = print\n".into());
    record(&mut scripts);
    let lines = judged(&scripts);
    assert!(lines.contains(&"unexplained-file a_b-1.2.data/scripts/run".to_string()), "{lines:?}");
    // Even if git holds it, at the very same path.
    let mut git = in_git();
    git.insert("evil.pth".into(), "import os\n".into());
    let mut wheel = wheel();
    wheel.insert("evil.pth".into(), "import os\n".into());
    record(&mut wheel);
    let verdict = Repository::new(&pairs(&git)).compare("python-wheel@1", NAME, &pairs(&wheel));
    assert_eq!(told(&verdict), [format!("evidence-mismatch {INFO}/WHEEL")]);
}

/// What is told about a wheel of these files and the usual folder that
/// describes it, where git's `pyproject.toml` ends so.
fn with_code(git: &[(&str, &str)], toml: &str, code: &[(&str, &str)], entry_points: bool) -> Vec<String> {
    let mut all = in_git();
    all.extend(files(git));
    let scripts = if entry_points { "" } else { "[project.scripts]\nrun='a_b:main'\n" };
    all.insert("pyproject.toml".into(), format!("{}{toml}", PYPROJECT.replace(scripts, "")));
    let mut wheel = wheel();
    wheel.retain(|path, _| path.starts_with(INFO) && (entry_points || !path.ends_with("points.txt")));
    wheel.extend(files(code));
    record(&mut wheel);
    told(&Repository::new(&pairs(&all)).compare("python-wheel@1", NAME, &pairs(&wheel)))
}

#[test]
fn a_wheel_without_the_projects_own_code_is_refused() {
    let refused = [format!("evidence-mismatch {INFO}/RECORD")];
    let other = [("src/other/__init__.py", "x = 1\n")];
    let code = [("other/__init__.py", "x = 1\n")];
    for entry_points in [true, false] {
        assert_eq!(with_code(&[], "", &[], entry_points), refused, "no code");
        assert_eq!(with_code(&other, "", &code, entry_points), refused, "another package's");
    }
    // A module that an entry point names, though others of its package are there.
    let told = with_code(&[], "", &[("a_b/x.py", "x = 1\n")], true);
    assert!(told.contains(&refused[0]), "{told:?}");
    // A package that a list names.
    let both =
        [("other/__init__.py", "x = 1\n"), ("a_b/__init__.py", "main = print\n"), ("a_b/x.py", "x = 1\n")];
    for listed in [
        "[tool.setuptools]\npackages=['a_b', 'other']\n",
        "[tool.hatch.build.targets.wheel]\npackages=['src/a_b', 'src/other']\n",
        "[tool.poetry]\npackages=[{include='other', from='src'}]\n",
        "[tool.flit.module]\nname='other'\n",
    ] {
        assert_eq!(with_code(&other, listed, &both, true), Vec::<String>::new(), "{listed}");
        assert_eq!(with_code(&other, listed, &both[1..], true), refused, "{listed}");
    }
}

#[test]
fn a_wheel_may_be_without_code_where_git_has_none() {
    let git = files(&[
        ("pyproject.toml", &PYPROJECT.replace("[project.scripts]\nrun='a_b:main'\n", "")),
        ("README.md", "# A\n"),
        ("LICENSE", "free\n"),
        ("tests/__init__.py", ""),
    ]);
    let mut wheel = wheel();
    wheel.retain(|path, _| path.starts_with(INFO) && !path.ends_with("points.txt"));
    record(&mut wheel);
    assert_eq!(
        told(&Repository::new(&pairs(&git)).compare("python-wheel@1", NAME, &pairs(&wheel))),
        Vec::<String>::new()
    );
}

#[test]
fn modules_that_python_imports_whenever_it_starts_are_refused() {
    let own = [("a_b/__init__.py", "main = print\n"), ("a_b/x.py", "x = 1\n")];
    for path in ["sitecustomize.py", "usercustomize.py", "SiteCustomize.py", "sitecustomize/__init__.py"] {
        let code = [&own[..], &[(path, "print()\n")]].concat();
        let told = with_code(&[(path, "print()\n")], "", &code, true);
        assert_eq!(told, [format!("evidence-mismatch {INFO}/WHEEL")], "{path}");
    }
    let path = [("sitecustomize.py", "print()\n")];
    let listed = "[tool.setuptools]\npy-modules=['sitecustomize']\n";
    assert_eq!(with_code(&path, listed, &[&own[..], &path].concat(), true), Vec::<String>::new());
}

#[test]
fn record_is_complete_and_true() {
    let path = format!("{INFO}/RECORD");
    let good = wheel();
    let line = good[&path].lines().find(|line| line.starts_with("a_b/x.py")).unwrap().to_string();
    let edit = |from: &str, to: &str| {
        let mut wheel = good.clone();
        *wheel.get_mut(&path).unwrap() = good[&path].replacen(from, to, 1);
        judged(&wheel)
    };
    let wrong = [format!("evidence-mismatch {path}")];
    assert_eq!(edit(&format!("{line}\n"), ""), wrong, "a file left out");
    assert_eq!(edit(&line, &format!("{line}\n{line}")), wrong, "a file twice");
    assert_eq!(edit(&line, &format!("{line}\nghost.py,sha256=x,1")), wrong, "a file that is not there");
    assert_eq!(edit(",6\n", ",7\n"), wrong, "another size");
    assert_eq!(edit(&line, "a_b/x.py,,"), wrong, "no digest");
    assert_eq!(edit("sha256=", "md5="), wrong);
    assert_eq!(edit(&format!("{path},,"), &format!("{path},sha256=x,1")), wrong);
    assert_eq!(edit(&line, "a line"), [format!("undecided-file {path}")]);
    assert_eq!(edit("\n", "\r\r\n"), wrong);
}

#[test]
fn a_wheel_says_what_it_is() {
    let path = format!("{INFO}/WHEEL");
    let wrong = [format!("evidence-mismatch {path}")];
    let odd = [format!("undecided-file {path}")];
    assert_eq!(edited(&path, "py3-none-any", "py2-none-any"), wrong);
    assert_eq!(edited(&path, "Tag: py3-none-any", "Tag: py3-none-any\nTag: cp312-cp312-linux_x86_64"), wrong);
    assert_eq!(edited(&path, "Root-Is-Purelib: true\n", ""), wrong);
    assert_eq!(edited(&path, "true", "false"), odd);
    assert_eq!(edited(&path, "1.0", "2.0"), odd);
    assert_eq!(edited(&path, "flit 3.12.0", "a b c d"), odd);
    assert_eq!(edited(&path, "Tag:", "Build: 1\nTag:"), odd);
    let metadata = format!("{INFO}/METADATA");
    assert_eq!(edited(&metadata, "x>=1", "evil"), [format!("evidence-mismatch {metadata}")]);
    assert_eq!(edited(&metadata, "Version: 1.2", "Version: 1.3"), [format!("evidence-mismatch {metadata}")]);
    let entry_points = format!("{INFO}/entry_points.txt");
    assert_eq!(edited(&entry_points, "a_b:main", "os:abort"), [format!("evidence-mismatch {entry_points}")]);
    let license = format!("{INFO}/licenses/LICENSE");
    assert_eq!(edited(&license, "free", "mine"), [format!("evidence-mismatch {license}")]);
}

#[test]
fn a_wheel_without_its_parts_is_refused() {
    for name in ["METADATA", "WHEEL", "RECORD"] {
        let mut wheel = wheel();
        wheel.remove(&format!("{INFO}/{name}"));
        if name != "RECORD" {
            record(&mut wheel);
        }
        assert!(!judged(&wheel).is_empty(), "{name}");
    }
    let mut bare = wheel();
    bare.retain(|path, _| !path.contains("dist-info"));
    assert!(!judged(&bare).is_empty());
    // Nothing of git is left out here, so nothing else asks for the parts.
    let git = [("a_b/__init__.py", "")];
    let told = told(&Repository::new(&git).compare("python-wheel@1", NAME, &git));
    assert_eq!(told, ["METADATA", "WHEEL", "RECORD"].map(|name| format!("evidence-mismatch {INFO}/{name}")));
    let mut dropped = wheel();
    dropped.remove(&format!("{INFO}/entry_points.txt"));
    record(&mut dropped);
    assert_eq!(judged(&dropped), [format!("evidence-mismatch {INFO}/RECORD")]);
    let mut second = wheel();
    second.insert("evil-1.2.dist-info/METADATA".into(), METADATA.into());
    record(&mut second);
    assert_eq!(judged(&second), ["unexplained-file evil-1.2.dist-info/METADATA"]);
}

#[test]
fn entry_points_that_a_script_computes_may_not_be_dropped() {
    let script = "import setuptools\nsetuptools.setup(entry_points=eps(), long_description='# A')\n";
    let section = "[options.entry_points]\nconsole_scripts =\n    run = a_b:main\n";
    for (cfg, script) in [
        ("", script),
        (section, script),
        (section, "import setuptools\nsetuptools.setup(long_description='# A', **kw)\n"),
    ] {
        let mut git = in_git();
        git.remove("pyproject.toml");
        git.insert("setup.py".into(), script.into());
        git.insert(
            "setup.cfg".into(),
            format!("[metadata]\nname = a-b\n[options]\ninstall_requires = x>=1\n{cfg}"),
        );
        let mut wheel = wheel();
        let shipped = told(&Repository::new(&pairs(&git)).compare("python-wheel@1", NAME, &pairs(&wheel)));
        assert!(shipped.contains(&format!("undecided-file {INFO}/entry_points.txt")), "{shipped:?}");
        wheel.remove(&format!("{INFO}/entry_points.txt"));
        record(&mut wheel);
        let dropped = told(&Repository::new(&pairs(&git)).compare("python-wheel@1", NAME, &pairs(&wheel)));
        assert!(dropped.contains(&format!("undecided-file {INFO}/RECORD")), "{dropped:?}");
    }
}

#[test]
fn an_exec_bit_may_be_lost_and_not_gained() {
    let mut repository = Repository::new(&[]);
    for (path, content) in &in_git() {
        let mode = if path == "src/a_b/x.py" { Mode::Executable } else { Mode::Regular };
        repository.add(path, mode, content.as_bytes());
    }
    let judge = |executable: &str| {
        let wheel = wheel();
        let entries: Vec<_> = wheel
            .iter()
            .map(|(path, content)| {
                let mode = if path == executable { Mode::Executable } else { Mode::Regular };
                (path.as_str(), mode, content.as_bytes())
            })
            .collect();
        told(&repository.compare_below("", "python-wheel@1", NAME, &entries))
    };
    assert_eq!(judge(""), Vec::<String>::new());
    assert_eq!(judge("a_b/x.py"), Vec::<String>::new());
    assert_eq!(judge("a_b/__init__.py"), ["evidence-mismatch a_b/__init__.py"]);
}

/// An sdist of one metadata file besides git's own.
fn sdist(preset: &str, git: &[(&str, &str)], added: &[(&str, &str)]) -> Vec<String> {
    let all: Vec<_> = git.iter().chain(added).copied().collect();
    told(&Repository::new(git).compare(preset, "a_b-1.2.tar.gz", &all))
}

#[test]
fn sdists_of_flit_hatch_and_poetry_add_one_file() {
    let git = in_git();
    for preset in ["python-flit@1", "python-hatch@1", "python-poetry@1"] {
        assert_eq!(sdist(preset, &pairs(&git), &[("PKG-INFO", METADATA)]), Vec::<String>::new());
        let evil = METADATA.replacen("x>=1", "x>=1\nRequires-Dist: evil", 1);
        assert_eq!(sdist(preset, &pairs(&git), &[("PKG-INFO", &evil)]), ["evidence-mismatch PKG-INFO"]);
        assert_eq!(
            sdist(preset, &pairs(&git), &[("PKG-INFO", METADATA), ("setup.py", "import os\n")]),
            ["unexplained-file setup.py"]
        );
        let added = [("PKG-INFO", METADATA), ("a_b.egg-info/top_level.txt", "a_b\n")];
        let told = sdist(preset, &pairs(&git), &added);
        assert_eq!(
            told,
            ["unexplained-file a_b.egg-info/top_level.txt"],
            "only setuptools has such a folder"
        );
    }
}

#[test]
fn an_sdist_without_its_metadata_is_refused() {
    let git = in_git();
    for preset in
        ["python-flit@1", "python-hatch@1", "python-poetry@1", "python-setuptools@1", "python-pbr@1"]
    {
        assert_eq!(sdist(preset, &pairs(&git), &[]), ["evidence-mismatch PKG-INFO"], "{preset}");
    }
}

#[test]
fn hatch_takes_the_ignore_file_from_above() {
    let mut repository = Repository::new(&[(".gitignore", "dist\n"), ("other/.gitignore", "x\n")]);
    for (path, content) in &in_git() {
        repository.add(&format!("sub/{path}"), Mode::Regular, content.as_bytes());
    }
    let judge = |ignored: &str| {
        let mut files = in_git();
        files.insert("PKG-INFO".into(), METADATA.into());
        files.insert(".gitignore".into(), ignored.into());
        let entries: Vec<_> =
            files.iter().map(|(path, content)| (path.as_str(), Mode::Regular, content.as_bytes())).collect();
        told(&repository.compare_below("sub", "python-hatch@1", "a_b-1.2.tar.gz", &entries))
    };
    assert_eq!(judge("dist\n"), Vec::<String>::new());
    assert_eq!(judge("x\n"), ["evidence-mismatch .gitignore"]);
}

#[test]
fn poetrys_own_table_is_a_source() {
    let toml = "[build-system]\nrequires=['poetry-core']\nbuild-backend='poetry.core.masonry.api'\n[tool.poetry]\nname='a-b'\nversion='1.2'\nauthors=['Ada <ada@x.org>']\n[tool.poetry.dependencies]\npython='^3.9'\nreq={version='^2.1', optional=true}\nmore='~1.4'\n[tool.poetry.extras]\nnet=['req']\n";
    let good = "Metadata-Version: 2.4\nName: a-b\nVersion: 1.2\nSummary: \nAuthor: Ada\nAuthor-email: ada@x.org\nRequires-Python: >=3.9,<4.0\nClassifier: Programming Language :: Python :: 3.9\nProvides-Extra: net\nRequires-Dist: more (>=1.4,<1.5)\nRequires-Dist: req (>=2.1,<3.0) ; extra == \"net\"\n";
    let judge = |text: &str| sdist("python-poetry@1", &[("pyproject.toml", toml)], &[("PKG-INFO", text)]);
    assert_eq!(judge(good), Vec::<String>::new());
    for (from, to) in [("req (", "evil ("), ("; extra == \"net\"", ""), ("Author: Ada", "Author: Mallory")] {
        assert_eq!(judge(&good.replacen(from, to, 1)), ["evidence-mismatch PKG-INFO"], "{to}");
    }
    // The same packages in versions that git does not state: poetry has words
    // that are not all known, so this is not called a lie, and not fine.
    for (from, to) in [("<1.5", "<9"), (">=3.9,<4.0", ">=2.7")] {
        assert_eq!(judge(&good.replacen(from, to, 1)), ["undecided-file PKG-INFO"], "{to}");
    }
}

#[test]
fn pbr_takes_requirements_from_their_own_file() {
    let cfg = "[metadata]\nname = a-b\nsummary = Things\ndescription_file = README.rst\nauthor = OpenStack\n[files]\npackages = a_b\n[extras]\nnet =\n    req>=1 # MIT\n    old:python_version=='2.7'\n[entry_points]\nconsole_scripts =\n    run = a_b:main\n";
    let git = [
        ("setup.cfg", cfg),
        ("setup.py", "import setuptools\nsetuptools.setup(setup_requires=['pbr'], pbr=True)\n"),
        ("requirements.txt", "# c\npbr>=2 # Apache\nenum34;python_version=='2.7'\n"),
        ("README.rst", "Text\n"),
        ("a_b/__init__.py", ""),
    ];
    let info = "Metadata-Version: 2.1\nName: a-b\nVersion: 1.2\nSummary: Things\nAuthor: OpenStack\nRequires-Dist: pbr>=2\nRequires-Dist: enum34; python_version == \"2.7\"\nProvides-Extra: net\nProvides-Extra: test\nRequires-Dist: req>=1; extra == \"net\"\nRequires-Dist: old; python_version == \"2.7\" and extra == \"net\"\n\nText\n";
    let pbr_json =
        |git: &str, release: &str| format!(r#"{{"git_version": "{git}", "is_release": {release}}}"#);
    let judge = |info: &str, json: &str| {
        let added = [
            ("PKG-INFO", info),
            ("a_b.egg-info/pbr.json", json),
            ("a_b.egg-info/entry_points.txt", "[console_scripts]\nrun = a_b:main\n"),
            ("a_b.egg-info/not-zip-safe", "\n"),
        ];
        sdist("python-pbr@1", &git, &added)
    };
    let (true_json, nothing) = (pbr_json(&COMMIT[..7], "true"), Vec::<String>::new());
    assert_eq!(judge(info, &true_json), nothing);
    // pbr evaluates conditions while it builds.
    assert_eq!(judge(&info.replacen("; python_version == \"2.7\"", "", 1), &true_json), nothing);
    for (from, to) in [
        ("pbr>=2", "pbr>=1"),
        ("Requires-Dist: pbr>=2\n", ""),
        ("req>=1", "evil"),
        ("req>=1; extra == \"net\"", "req>=1"),
    ] {
        assert_eq!(judge(&info.replacen(from, to, 1), &true_json), ["evidence-mismatch PKG-INFO"], "{to}");
    }
    for json in [
        pbr_json("fedcba9", "true"),
        pbr_json("", "true"),
        pbr_json(&COMMIT[..6], "true"),
        pbr_json(&COMMIT[..7], "false"),
    ] {
        assert_eq!(judge(info, &json), ["evidence-mismatch a_b.egg-info/pbr.json"], "{json}");
    }
}

#[test]
fn a_wheel_of_pbr_keeps_every_conditional_dependency() {
    let cfg = "[metadata]\nname = a-b\ndescription_file = README.md\n[entry_points]\nconsole_scripts =\n    run = a_b:main\n";
    let mut git = in_git();
    git.remove("pyproject.toml");
    git.insert("setup.py".into(), "import setuptools\nsetuptools.setup(pbr=True)\n".into());
    git.insert("setup.cfg".into(), cfg.into());
    git.insert(
        "requirements.txt".into(),
        "x>=1\ny>=2;python_version>='3.8'\nz;sys_platform=='linux'\n".into(),
    );
    let judge = |requires: &str| {
        let mut wheel = wheel();
        let metadata =
            format!("Metadata-Version: 2.4\nName: a-b\nVersion: 1.2\nRequires-Dist: x>=1\n{requires}\n# A\n");
        wheel.insert(format!("{INFO}/METADATA"), metadata);
        record(&mut wheel);
        told(&Repository::new(&pairs(&git)).compare("python-wheel@1", NAME, &pairs(&wheel)))
    };
    let (y, z) =
        ("Requires-Dist: y>=2; python_version >= '3.8'\n", "Requires-Dist: z; sys_platform == 'linux'\n");
    assert_eq!(judge(&format!("{y}{z}")), Vec::<String>::new());
    let refused = [format!("evidence-mismatch {INFO}/METADATA")];
    for requires in [y, z, "", &format!("{y}Requires-Dist: z\n"), &format!("{y}{y}{z}")] {
        assert_eq!(judge(requires), refused, "{requires}");
    }
}

#[test]
fn an_extra_that_asks_for_its_own_project_means_no_other_extra() {
    let toml = |backend: &str, all: &str| {
        format!(
            "[build-system]\nbuild-backend='{backend}'\n[project]\nname='a-b'\nversion='1.2'\ndependencies=['base']\n[project.optional-dependencies]\na=['x>=3']\nb=['y']\nall=['{all}','z']\n"
        )
    };
    let judge = |toml: &str, all: &[&str]| {
        let mut info = "Metadata-Version: 2.4\nName: a-b\nVersion: 1.2\nProvides-Extra: a\nProvides-Extra: all\nProvides-Extra: b\nRequires-Dist: base\nRequires-Dist: x>=3; extra == 'a'\nRequires-Dist: y; extra == 'b'\n".to_string();
        all.iter().for_each(|one| info.push_str(&format!("Requires-Dist: {one}; extra == 'all'\n")));
        sdist("python-hatch@1", &[("pyproject.toml", toml)], &[("PKG-INFO", &info)])
    };
    let refused = ["evidence-mismatch PKG-INFO"];
    for asked in ["a-b[a,b]", "A_B[b, a]>=1.0", "a-b[a,b]==1.2"] {
        let hatch = toml("hatchling.build", asked);
        assert_eq!(judge(&hatch, &["x>=3", "y", "z"]), Vec::<String>::new(), "{asked}");
        assert_eq!(judge(&hatch, &[asked, "z"]), Vec::<String>::new(), "{asked}");
        for wrong in [&["z"][..], &["base", "z"], &["x>=3", "z"], &["x>=3", "y"], &["a-b", "z"]] {
            assert_eq!(judge(&hatch, wrong), refused, "{asked}: {wrong:?}");
        }
        // Only hatchling writes it so.
        assert_eq!(judge(&toml("flit_core.buildapi", asked), &["x>=3", "y", "z"]), refused, "{asked}");
    }
    for asked in ["a-b", "a-b>=1", "a-b[a] @ https://example.org/x.zip"] {
        for wrong in [&["z"][..], &["base", "z"], &["x>=3", "z"]] {
            assert_eq!(judge(&toml("hatchling.build", asked), wrong), refused, "{asked}: {wrong:?}");
        }
    }
}

#[test]
fn files_outside_of_packages_go_where_git_says() {
    let cfg =
        "[files]\ndata_files =\n    etc/a = etc/a.conf\n    etc/a/d = etc/d/*\nscripts =\n    bin/run-a\n";
    let mut git = in_git();
    git.insert("setup.py".into(), "import setuptools\nsetuptools.setup(pbr=True)\n".into());
    git.insert("setup.cfg".into(), cfg.into());
    git.insert("etc/a.conf".into(), "a = 1\n".into());
    git.insert("etc/d/x/y.conf".into(), "y = 1\n".into());
    git.insert("bin/run-a".into(), "#!/usr/bin/env python3\nmain()\n".into());
    let judged = |files: &[(&str, &str)]| {
        let mut wheel = wheel();
        for (path, content) in files {
            wheel.insert((*path).to_string(), (*content).to_string());
        }
        record(&mut wheel);
        told(&Repository::new(&pairs(&git)).compare("python-wheel@1", NAME, &pairs(&wheel)))
    };
    const D: &str = "a_b-1.2.data";
    let good = [
        (&*format!("{D}/data/etc/a/a.conf"), "a = 1\n"),
        (&*format!("{D}/data/etc/a/d/x/y.conf"), "y = 1\n"),
        (&*format!("{D}/scripts/run-a"), "#!python\nmain()\n"),
    ];
    assert_eq!(judged(&good), Vec::<String>::new());
    for (place, content) in [
        ("data/etc/a/a.conf", "a = 2\n"),
        ("data/etc/a.conf", "a = 1\n"),
        ("data/bin/run-a", "#!/usr/bin/env python3\nmain()\n"),
        ("data/lib/python3.11/site-packages/x.py", "x = 1\n"),
        ("scripts/run-a", "#!python -c 'evil'\nmain()\n"),
        ("scripts/run-a", "#!python\nmain()\nevil()\n"),
        ("scripts/other", "#!python\nmain()\n"),
    ] {
        let path = format!("{D}/{place}");
        assert_eq!(judged(&[(&path, content)]), [format!("unexplained-file {path}")], "{content}");
    }
    for place in ["a_b-1.2.data/purelib/x.py", "a_b-1.2.data/platlib/x.py", "other-1.data/data/etc/a/a.conf"]
    {
        let found = judged(&[(place, "x = 1\n")]);
        assert!(found.iter().any(|told| told == "undecided-file a_b-1.2.dist-info/WHEEL"), "{found:?}");
    }
}

#[test]
fn a_script_of_hatch_is_installed_under_its_stated_name_only() {
    let toml = "[tool.hatch.build.targets.wheel.shared-scripts]\n'tools/ls'='hello-ls'\n'bin'='sub'\n";
    let mut git = in_git();
    git.insert("pyproject.toml".into(), format!("{PYPROJECT}{toml}"));
    git.insert("tools/ls".into(), "#!/bin/sh\n".into());
    git.insert("bin/x".into(), "#!/usr/bin/env python\n".into());
    let judge = |name: &str, content: &str| {
        let mut wheel = wheel();
        wheel.insert(format!("a_b-1.2.data/scripts/{name}"), content.into());
        record(&mut wheel);
        told(&Repository::new(&pairs(&git)).compare("python-wheel@1", NAME, &pairs(&wheel)))
    };
    assert_eq!(judge("hello-ls", "#!/bin/sh\n"), Vec::<String>::new());
    assert_eq!(judge("sub/x", "#!python\n"), Vec::<String>::new());
    for (name, content) in [
        ("ls", "#!/bin/sh\n"),
        ("x", "#!python\n"),
        ("hello-ls", "#!python\n"),
        ("hello-ls/x", "#!/bin/sh\n"),
    ] {
        assert_eq!(judge(name, content), [format!("unexplained-file a_b-1.2.data/scripts/{name}")]);
    }
}

#[test]
fn what_setuptools_scm_says_of_the_checkout_must_be_true() {
    let judged = |name: &str, content: &str| {
        let mut wheel = wheel();
        wheel.insert(format!("{INFO}/{name}"), content.into());
        record(&mut wheel);
        judged(&wheel)
    };
    let version = format!(
        "{{\"tag\": \"1.2\", \"distance\": 0, \"node\": \"g{}\", \"dirty\": false, \"branch\": \"main\", \"node_date\": \"2026-01-01\"}}",
        &COMMIT[..12]
    );
    assert_eq!(judged("scm_version.json", &version), Vec::<String>::new());
    assert_eq!(judged("scm_file_list.json", "{\"files\": [\"LICENSE\"]}"), Vec::<String>::new());
    let bad = version.replace("false", "true");
    assert_eq!(judged("scm_version.json", &bad), [format!("evidence-mismatch {INFO}/scm_version.json")]);
    assert_eq!(
        judged("scm_file_list.json", "{\"files\": [\"evil.py\"]}"),
        [format!("evidence-mismatch {INFO}/scm_file_list.json")]
    );
}

/// What is told about a wheel of a project with this `setup.cfg`, whose
/// metadata ends so.
fn with_cfg(cfg: &str, links: &[(&str, &str)], end: &str) -> Vec<String> {
    let mut git = in_git();
    git.remove("pyproject.toml");
    git.insert("setup.py".into(), "import setuptools\nsetuptools.setup(pbr=True)\n".into());
    git.insert("setup.cfg".into(), format!("[metadata]\nname = a-b\n{cfg}"));
    git.insert("docs/start.md".into(), "# Start\n".into());
    links.iter().for_each(|(path, _)| drop(git.remove(*path)));
    let mut wheel = wheel();
    wheel.remove(&format!("{INFO}/entry_points.txt"));
    wheel
        .insert(format!("{INFO}/METADATA"), format!("Metadata-Version: 2.1\nName: a-b\nVersion: 1.2\n{end}"));
    record(&mut wheel);
    let mut repository = Repository::new(&pairs(&git));
    links.iter().for_each(|(path, target)| repository.add(path, Mode::Symlink, target.as_bytes()));
    told(&repository.compare("python-wheel@1", NAME, &pairs(&wheel)))
}

#[test]
fn a_description_is_what_its_option_leads_to() {
    let refused = [format!("evidence-mismatch {INFO}/METADATA")];
    let file = "long_description = file: README.md\n";
    assert_eq!(with_cfg(file, &[], "\n# A\n"), Vec::<String>::new());
    assert_eq!(with_cfg(file, &[], "\nfile: README.md\n"), Vec::<String>::new(), "pbr 7.0.2");
    let short = format!("description = In short\n{file}");
    assert_eq!(with_cfg(&short, &[], "Summary: In short\n\nIn short\n"), Vec::<String>::new(), "pbr 7.0.0");
    assert_eq!(with_cfg(file, &[], "\nfile: LICENSE\n"), refused);
    assert_eq!(with_cfg(file, &[("README.md", "docs/start.md")], "\n# Start\n"), Vec::<String>::new());
    assert_eq!(with_cfg(file, &[("README.md", "docs/start.md")], "\n# A\n"), refused);
}

#[test]
fn platforms_of_one_line_are_told_apart() {
    let cfg = "platforms = unix, linux\n";
    assert_eq!(with_cfg(cfg, &[], "Platform: unix\nPlatform: linux\n\n"), Vec::<String>::new());
    let refused = [format!("evidence-mismatch {INFO}/METADATA")];
    assert_eq!(with_cfg(cfg, &[], "Platform: win32\n\n"), refused);
}
