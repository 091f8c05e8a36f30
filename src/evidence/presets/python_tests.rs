//! Sdists as the tools write them, and one attack at a time on each.

use crate::evidence::testing::{COMMIT, Repository, levels, told};
use crate::release::tree::Mode;
use std::collections::BTreeMap;

const PYPROJECT: &str = r#"
[build-system]
requires = ["setuptools", "setuptools-scm"]
build-backend = "setuptools.build_meta"
[project]
name = "a.b"
dynamic = ["version"]
description = "Things"
readme = "README.md"
requires-python = ">=3.9"
authors = [{name = "Ada", email = "ada@example.org"}]
dependencies = ["requests[socks]>=2.0,<3", "tomli; python_version < '3.11'"]
[project.optional-dependencies]
test = ["pytest>=7"]
[project.urls]
Home = "https://example.org"
[project.scripts]
run = "a_b.cli:main"
[tool.setuptools_scm]
version_file = "src/a_b/_version.py"
"#;
const README: &str = "# A\n\nText.\n";
const PKG_INFO: &str = r#"Metadata-Version: 2.4
Name: a.b
Version: 1.2
Summary: Things
Author-email: Ada <ada@example.org>
Project-URL: Home, https://example.org
Requires-Python: >=3.9
Description-Content-Type: text/markdown
License-File: LICENSE
Requires-Dist: requests[socks]<3,>=2.0
Requires-Dist: tomli; python_version < "3.11"
Provides-Extra: test
Requires-Dist: pytest>=7; extra == "test"
Dynamic: license-file

# A

Text.
"#;
const REQUIRES: &str =
    "requests[socks]<3,>=2.0\n\n[:python_version < \"3.11\"]\ntomli\n\n[test]\npytest>=7\n";
const VERSION: &str = include_str!("../python/templates/setuptools_scm_8.txt");

/// Files by path; what is in git has the same content there.
type Files = BTreeMap<String, String>;

fn put(files: &mut Files, path: &str, content: &str) {
    files.insert(path.into(), content.into());
}

fn in_git() -> Files {
    let mut files = Files::new();
    for (path, content) in [
        ("pyproject.toml", PYPROJECT),
        ("README.md", README),
        ("LICENSE", "free\n"),
        ("src/a_b/__init__.py", ""),
        ("src/a_b/cli.py", "main = print\n"),
        (".github/workflows/x.yml", "x\n"),
        ("docs/.gitignore", "x\n"),
    ] {
        put(&mut files, path, content);
    }
    files
}

fn version_file() -> String {
    VERSION.replace("{version!r}", "'1.2'").replace("{version_tuple!r}", "(1, 2)")
}

fn sdist() -> Files {
    let mut files = in_git();
    files.retain(|path, _| !path.starts_with(".github") && !path.ends_with(".gitignore"));
    let scm = format!(
        r#"{{"tag": "1.2", "distance": 0, "node": "g{COMMIT}", "dirty": false, "branch": "main", "node_date": "2026-01-02"}}"#
    );
    for (path, content) in [
        ("PKG-INFO", PKG_INFO),
        ("setup.cfg", "[egg_info]\ntag_build = \ntag_date = 0\n\n"),
        ("src/a_b/_version.py", &version_file()),
        ("src/a_b.egg-info/PKG-INFO", PKG_INFO),
        (
            "src/a_b.egg-info/SOURCES.txt",
            "LICENSE\nREADME.md\npyproject.toml\ndocs/.gitignore\nsrc/a_b/__init__.py\nsrc/a_b/_version.py\nsrc/a_b/cli.py\nsrc/a_b.egg-info/PKG-INFO",
        ),
        ("src/a_b.egg-info/requires.txt", REQUIRES),
        ("src/a_b.egg-info/entry_points.txt", "[console_scripts]\nrun = a_b.cli:main\n"),
        ("src/a_b.egg-info/top_level.txt", "a_b\n"),
        ("src/a_b.egg-info/dependency_links.txt", "\n"),
        ("src/a_b.egg-info/scm_version.json", &scm),
        ("src/a_b.egg-info/scm_file_list.json", r#"{"files": ["LICENSE", "src/a_b/cli.py"]}"#),
    ] {
        put(&mut files, path, content);
    }
    files
}

fn pairs(files: &Files) -> Vec<(&str, &str)> {
    files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect()
}

fn findings(git: &Files, preset: &str, artifact: &str, files: &Files) -> Vec<String> {
    told(&Repository::new(&pairs(git)).compare(preset, artifact, &pairs(files)))
}

fn judged(files: &Files) -> Vec<String> {
    findings(&in_git(), "python-setuptools@1", "a_b-1.2.tar.gz", files)
}

/// What is told besides that the list of files is wrong.
fn besides_list(told: Vec<String>) -> Vec<String> {
    told.into_iter().filter(|line| !line.ends_with("SOURCES.txt")).collect()
}

/// What is told after one file of the sdist was edited.
fn edited(path: &str, from: &str, to: &str) -> Vec<String> {
    let mut files = sdist();
    let content = files.get_mut(path).unwrap();
    assert!(content.contains(from), "{path} has no {from:?}");
    *content = content.replacen(from, to, 1);
    judged(&files)
}

/// As [`edited`], for a file that stands twice in the sdist.
fn both_edited(from: &str, to: &str) -> Vec<String> {
    let mut files = sdist();
    for path in ["PKG-INFO", "src/a_b.egg-info/PKG-INFO"] {
        let content = files.get_mut(path).unwrap();
        assert!(content.contains(from), "no {from:?}");
        *content = content.replacen(from, to, 1);
    }
    judged(&files)
}

#[test]
fn an_sdist_of_setuptools_is_explained() {
    let verdict =
        Repository::new(&pairs(&in_git())).compare("python-setuptools@1", "a_b-1.2.tar.gz", &pairs(&sdist()));
    assert_eq!(told(&verdict), Vec::<String>::new());
    assert_eq!(
        levels(&verdict),
        [
            "omitted .github/workflows/x.yml",
            "structured PKG-INFO",
            "omitted docs/.gitignore",
            "exact setup.cfg",
            "same-as src/a_b.egg-info/PKG-INFO",
            "structured src/a_b.egg-info/SOURCES.txt",
            "exact src/a_b.egg-info/dependency_links.txt",
            "structured src/a_b.egg-info/entry_points.txt",
            "structured src/a_b.egg-info/requires.txt",
            "structured src/a_b.egg-info/scm_file_list.json",
            "structured src/a_b.egg-info/scm_version.json",
            "structured src/a_b.egg-info/top_level.txt",
            "template src/a_b/_version.py",
        ]
    );
}

#[test]
fn a_dependency_injected_anywhere_is_refused() {
    let line = "Requires-Dist: evil\n";
    assert_eq!(
        edited("PKG-INFO", "Provides-Extra", &format!("{line}Provides-Extra")),
        ["evidence-mismatch PKG-INFO", "evidence-mismatch src/a_b.egg-info/PKG-INFO"]
    );
    assert_eq!(
        both_edited("Provides-Extra", &format!("{line}Provides-Extra")),
        ["evidence-mismatch PKG-INFO"]
    );
    let requires = "src/a_b.egg-info/requires.txt";
    let wrong = ["evidence-mismatch src/a_b.egg-info/requires.txt"];
    assert_eq!(edited(requires, "requests", "evil\nrequests"), wrong);
    assert_eq!(edited(requires, "pytest>=7", "pytest>=7\nevil"), wrong);
    assert_eq!(edited(requires, "[test]", "[other]"), wrong);
    assert_eq!(edited(requires, "[test]", "[test:os_name == \"nt\"]"), wrong);
    assert_eq!(edited(requires, "\"3.11\"", "\"3.99\""), wrong);
    assert_eq!(edited(requires, "[socks]", "[socks,evil]"), wrong);
    let mut files = sdist();
    for path in ["PKG-INFO", "src/a_b.egg-info/PKG-INFO"] {
        let content = files.get_mut(path).unwrap();
        *content = content.replacen("Provides-Extra", "Requires-Dist: evil\nProvides-Extra", 1);
    }
    files.get_mut(requires).unwrap().insert_str(0, "evil\n");
    assert_eq!(judged(&files), ["evidence-mismatch PKG-INFO", wrong[0]]);
}

#[test]
fn a_changed_dependency_is_refused() {
    for (from, to) in [
        ("<3,>=2.0", ">=2.0"),
        ("requests[socks]", "requests"),
        ("requests[socks]<3,>=2.0", "requests @ https://evil.example/x.zip"),
        ("; python_version < \"3.11\"", ""),
        ("; extra == \"test\"", ""),
        ("extra == \"test\"", "extra == \"other\""),
        ("Requires-Dist: tomli; python_version < \"3.11\"\n", ""),
        ("Provides-Extra: test\n", ""),
        ("Provides-Extra: test\n", "Provides-Extra: test\nProvides-Extra: evil\n"),
        ("Requires-Python: >=3.9", "Requires-Python: >=2.7"),
        ("Requires-Python: >=3.9\n", ""),
    ] {
        assert_eq!(both_edited(from, to), ["evidence-mismatch PKG-INFO"], "{from:?} to {to:?}");
    }
}

#[test]
fn headers_that_readers_see_differently_are_refused() {
    for (from, to) in [
        ("Name: a.b\n", "Name: a.b\nName: evil\n"),
        ("Summary: Things\n", "Summary: Things\rRequires-Dist: evil\n"),
        ("Summary: Things\n", "Summary: Things\r\n"),
        ("Summary: Things\n", "Summary: Things\0\n"),
        ("Summary: Things\n", "Summary: Things\nno header\n"),
        ("Summary: Things\n", "Summary: Things\n\tRequires-Dist: evil\n"),
        ("Summary: Things\n", "Summary: Things\n\nRequires-Dist: evil\n"),
        ("Metadata-Version: 2.4\n", " x\nMetadata-Version: 2.4\n"),
    ] {
        assert_eq!(both_edited(from, to), ["evidence-mismatch PKG-INFO"], "{from:?} to {to:?}");
    }
}

#[test]
fn every_header_is_compared_or_known() {
    for (from, to) in [
        ("Version: 1.2", "Version: 1.3"),
        ("Name: a.b", "Name: c"),
        ("Summary: Things", "Summary: Other"),
        ("Ada <ada@example.org>", "Ada <mallory@example.org>"),
        ("Home, https://example.org", "Home, https://evil.example"),
        ("License-File: LICENSE", "License-File: GHOST"),
        ("Summary: Things", "Summary: Things\nHome-page: https://evil.example"),
        ("Summary: Things", "Summary: Things\nClassifier: Private :: Other"),
        ("# A\n", "# B\n"),
        ("Text.\n", "Text.\nMore\n"),
        ("Project-URL: Home, https://example.org\n", ""),
        ("Requires-Dist: tomli", "Requires-Dist: requests[socks]<3,>=2.0\nRequires-Dist: tomli"),
    ] {
        assert_eq!(both_edited(from, to), ["evidence-mismatch PKG-INFO"], "{from:?} to {to:?}");
    }
    for (from, to) in [
        ("Metadata-Version: 2.4", "Metadata-Version: 3.0"),
        ("Summary: Things", "Summary: Things\nX-New: 1"),
        ("Summary: Things", "Summary: Things\nObsoletes-Dist: other"),
        ("Dynamic: license-file", "Dynamic: magic"),
        ("text/markdown", "text/html"),
        ("Requires-Dist: tomli", "Requires-Dist: what is this"),
    ] {
        assert_eq!(both_edited(from, to), ["undecided-file PKG-INFO"], "{from:?} to {to:?}");
    }
}

#[test]
fn entry_points_are_compared_by_group_name_and_value() {
    let path = "src/a_b.egg-info/entry_points.txt";
    let wrong = ["evidence-mismatch src/a_b.egg-info/entry_points.txt"];
    assert_eq!(edited(path, "a_b.cli:main", "a_b.cli:evil"), wrong);
    assert_eq!(edited(path, "run =", "walk ="), wrong);
    assert_eq!(edited(path, "console_scripts", "gui_scripts"), wrong);
    assert_eq!(edited(path, "run =", "evil = a_b.cli:main\nrun ="), wrong);
    assert_eq!(edited(path, "run = a_b.cli:main\n", ""), wrong);
    assert_eq!(
        edited(path, "run =", "no value\nrun ="),
        ["undecided-file src/a_b.egg-info/entry_points.txt"]
    );
}

#[test]
fn a_blank_that_splits_a_word_of_an_entry_point_is_refused() {
    let path = "src/a_b.egg-info/entry_points.txt";
    let odd = ["undecided-file src/a_b.egg-info/entry_points.txt"];
    for evil in
        ["a_b.cli:ma in", "a_b.cli:ma\tin", "a_b .cli:main", "a_b.cli:ma\u{a0}in", "a_b.cli:main\u{2028}[x]"]
    {
        assert_eq!(edited(path, "a_b.cli:main", evil), odd, "{evil:?}");
    }
    assert_eq!(edited(path, "run =", "run\u{a0}="), odd);
    // Beside a sign a blank means nothing to any reader.
    assert_eq!(edited(path, "run = a_b.cli:main", "run=a_b.cli : main "), Vec::<String>::new());
}

#[test]
fn a_group_of_entry_points_is_taken_to_the_byte() {
    let path = "src/a_b.egg-info/entry_points.txt";
    for evil in ["[ console_scripts ]", "[console_scripts ]", "[[console_scripts]]", "[Console_scripts]"] {
        let wrong = ["evidence-mismatch src/a_b.egg-info/entry_points.txt"];
        assert_eq!(edited(path, "[console_scripts]", evil), wrong, "{evil}");
    }
}

#[test]
fn version_files_are_whole_templates() {
    let path = "src/a_b/_version.py";
    let wrong = ["evidence-mismatch src/a_b/_version.py"];
    assert_eq!(edited(path, "(1, 2)", "(1, 3)"), wrong);
    assert_eq!(edited(path, "'1.2'", "'1.3'"), wrong);
    assert_eq!(edited(path, "version: str\n", "import evil\nversion: str\n"), wrong);
    let mut files = sdist();
    files.get_mut(path).unwrap().push_str("import evil\n");
    assert_eq!(judged(&files), wrong);
    put(&mut files, path, "import evil\n");
    assert_eq!(judged(&files), ["undecided-file src/a_b/_version.py"]);
    // The same text elsewhere is nothing that a tool writes.
    let mut files = sdist();
    put(&mut files, "src/a_b/other.py", &version_file());
    assert_eq!(besides_list(judged(&files)), ["unexplained-file src/a_b/other.py"]);
}

#[test]
fn every_generation_of_version_files_is_known() {
    let short = COMMIT.get(..9).unwrap();
    for template in [
        include_str!("../python/templates/setuptools_scm_6.txt"),
        include_str!("../python/templates/setuptools_scm_7.txt"),
        VERSION,
        include_str!("../python/templates/setuptools_scm_8_2.txt"),
        include_str!("../python/templates/setuptools_scm_9.txt"),
        include_str!("../python/templates/vcs_versioning.txt"),
        include_str!("../python/templates/hatchling.txt"),
    ] {
        let filled = template.replace("{version!r}", "'1.2'").replace("{version_tuple!r}", "(1, 2)");
        let with = |commit: &str| filled.replace("{scm_version.short_node!r}", commit);
        let mut files = sdist();
        put(&mut files, "src/a_b/_version.py", &with(&format!("'g{short}'")));
        assert_eq!(judged(&files), Vec::<String>::new());
        put(&mut files, "src/a_b/_version.py", &with("None"));
        assert_eq!(judged(&files), Vec::<String>::new());
        if template.contains("short_node") {
            put(&mut files, "src/a_b/_version.py", &with("'gfedcba987'"));
            assert_eq!(judged(&files), ["evidence-mismatch src/a_b/_version.py"]);
        }
    }
}

#[test]
fn versioneers_file_replaces_the_tracked_one() {
    let text = |commit: &str, version: &str, tail: &str| {
        format!(
            "\n# This file was generated by 'versioneer.py' (0.29) from\n# revision-control system data, or from the \
             parent directory name of an\n# unpacked source archive. Distribution tarballs contain a pre-generated \
             copy\n# of this file.\n\nimport json\n\nversion_json = '''\n{{\n \"date\": \
             \"2026-01-02T03:04:05+0000\",\n \"dirty\": false,\n \"error\": null,\n \"full-revisionid\": \
             \"{commit}\",\n \"version\": \"{version}\"\n}}\n'''  # END VERSION_JSON\n\n\ndef get_versions():\n    \
             return json.loads(version_json)\n{tail}"
        )
    };
    let mut git = in_git();
    put(&mut git, "src/a_b/_version.py", "long code\n");
    let mut files = sdist();
    let mut judge = |content: String| {
        put(&mut files, "src/a_b/_version.py", &content);
        findings(&git, "python-setuptools@1", "a_b-1.2.tar.gz", &files)
    };
    assert_eq!(judge(text(COMMIT, "1.2", "")), Vec::<String>::new());
    assert_eq!(judge(text(&COMMIT.replace('0', "1"), "1.2", "")), ["evidence-mismatch src/a_b/_version.py"]);
    assert_eq!(judge(text(COMMIT, "1.3", "")), ["evidence-mismatch src/a_b/_version.py"]);
    assert_eq!(judge(text(COMMIT, "1.2", "import evil\n")), ["undecided-file src/a_b/_version.py"]);
    assert_eq!(judge(text(COMMIT, "1.2\\n", "")), ["undecided-file src/a_b/_version.py"]);
}

#[test]
fn egg_info_holds_only_true_files() {
    let wrong = |name: &str| vec![format!("evidence-mismatch src/a_b.egg-info/{name}")];
    let edit = |name: &str, from: &str, to: &str| edited(&format!("src/a_b.egg-info/{name}"), from, to);
    assert_eq!(edit("SOURCES.txt", "LICENSE", "GHOST"), wrong("SOURCES.txt"));
    assert_eq!(edit("SOURCES.txt", "LICENSE", "../LICENSE"), wrong("SOURCES.txt"));
    assert_eq!(edit("SOURCES.txt", "LICENSE\n", "LICENSE\nLICENSE\n"), wrong("SOURCES.txt"));
    assert_eq!(edit("SOURCES.txt", "LICENSE\nREADME.md", "README.md\nLICENSE"), wrong("SOURCES.txt"));
    assert_eq!(edit("SOURCES.txt", "src/a_b/cli.py\n", ""), wrong("SOURCES.txt"));
    assert_eq!(edit("top_level.txt", "a_b\n", "docs\n"), wrong("top_level.txt"));
    assert_eq!(edit("top_level.txt", "a_b\n", "a_b\na_b\n"), wrong("top_level.txt"));
    assert_eq!(edit("requires.txt", "tomli\n", "tomli\ntomli\n"), wrong("requires.txt"));
    assert_eq!(
        edit("entry_points.txt", "[console", "[console_scripts]\n[console"),
        wrong("entry_points.txt")
    );
    assert_eq!(edit("top_level.txt", "a_b\n", "a_b\nevil\n"), wrong("top_level.txt"));
    assert_eq!(edit("dependency_links.txt", "\n", "https://evil.example\n"), wrong("dependency_links.txt"));
    assert_eq!(edit("scm_file_list.json", "LICENSE", "GHOST"), wrong("scm_file_list.json"));
    assert_eq!(edit("scm_version.json", "g0123456", "gfedcba9"), wrong("scm_version.json"));
    assert_eq!(edit("scm_version.json", "false", "true"), wrong("scm_version.json"));
    assert_eq!(edit("scm_version.json", "\"distance\": 0", "\"distance\": 1"), wrong("scm_version.json"));
    assert_eq!(edit("scm_version.json", "\"tag\": \"1.2\"", "\"tag\": \"1.3\""), wrong("scm_version.json"));
    let odd = vec!["undecided-file src/a_b.egg-info/scm_version.json".to_string()];
    assert_eq!(edit("scm_version.json", "{", "{\"dirty\": false, "), odd, "a key twice");
    assert_eq!(edit("scm_version.json", "{", "{\"new\": false, "), odd, "an unknown key");
}

#[test]
fn files_of_no_rule_stay_unexplained() {
    for path in [
        "evil.py",
        "src/a_b/evil.py",
        "src/a_b.egg-info/evil.py",
        "src/a_b.egg-info/native_libs.txt",
        "setup.py",
    ] {
        let mut files = sdist();
        put(&mut files, path, "import os\n");
        assert_eq!(besides_list(judged(&files)), [format!("unexplained-file {path}")]);
    }
    let mut files = sdist();
    files.remove("src/a_b/cli.py");
    // SOURCES.txt may name what git has; the omission is told on its own.
    assert_eq!(judged(&files), ["missing-file src/a_b/cli.py"]);
}

#[test]
fn a_second_egg_info_folder_is_refused() {
    let mut files = sdist();
    put(&mut files, "A_B.egg-info/top_level.txt", "a_b\n");
    let told = judged(&files);
    assert!(told.contains(&"evidence-mismatch A_B.egg-info/top_level.txt".to_string()), "{told:?}");
    let mut files = sdist();
    files.retain(|path, _| !path.contains("egg-info"));
    put(&mut files, "evil.egg-info/top_level.txt", "a_b\n");
    assert_eq!(judged(&files), ["evidence-mismatch evil.egg-info/top_level.txt"]);
    files.remove("evil.egg-info/top_level.txt");
    put(&mut files, "docs/a_b.egg-info/top_level.txt", "a_b\n");
    assert_eq!(judged(&files), ["evidence-mismatch docs/a_b.egg-info/top_level.txt"]);
}

#[test]
fn written_files_are_plain_files() {
    let repository = Repository::new(&pairs(&in_git()));
    let files = sdist();
    for path in ["PKG-INFO", "setup.cfg", "src/a_b.egg-info/top_level.txt", "src/a_b/_version.py"] {
        let entries: Vec<_> = files
            .iter()
            .map(|(name, content)| {
                let mode = if name == path { Mode::Executable } else { Mode::Regular };
                (name.as_str(), mode, content.as_bytes())
            })
            .collect();
        let verdict = repository.compare_below("", "python-setuptools@1", "a_b-1.2.tar.gz", &entries);
        assert_eq!(told(&verdict), [format!("evidence-mismatch {path}")]);
    }
}

#[test]
fn the_artifacts_name_binds() {
    let files = sdist();
    let told = findings(&in_git(), "python-setuptools@1", "a_b-1.3.tar.gz", &files);
    assert!(told.contains(&"evidence-mismatch PKG-INFO".to_string()), "{told:?}");
    let told = findings(&in_git(), "python-setuptools@1", "evil-1.2.tar.gz", &files);
    assert!(told.contains(&"evidence-mismatch PKG-INFO".to_string()), "{told:?}");
    let told = findings(&in_git(), "python-setuptools@1", "nameless.tar.gz", &files);
    assert!(told.contains(&"undecided-file PKG-INFO".to_string()), "{told:?}");
}

#[test]
fn setup_cfg_is_gits_with_one_section() {
    let original = "# why\n[metadata]\nname = a.b\n[flake8]\nignore =\n    E1\n    # c\n    E2\n";
    let written = "[metadata]\nname = a.b\n\n[flake8]\nignore = \n\tE1\n\tE2\n\n[egg_info]\ntag_build = \ntag_date = 0\n\n";
    let mut git = in_git();
    put(&mut git, "setup.cfg", original);
    let mut files = sdist();
    let mut judge = |content: &str| {
        put(&mut files, "setup.cfg", content);
        findings(&git, "python-setuptools@1", "a_b-1.2.tar.gz", &files)
    };
    assert_eq!(judge(written), Vec::<String>::new());
    let wrong = ["evidence-mismatch setup.cfg"];
    for (from, to) in [
        ("E2", "E3"),
        ("[flake8]", "[options]\ninstall_requires = evil\n[flake8]"),
        ("name = a.b", "name = a.b\nversion = 2"),
        ("name = a.b", "Name = a.b"),
        ("tag_date = 0", "tag_date = 1"),
        ("tag_build = ", "tag_build = dev"),
        ("tag_date = 0", "tag_date = 0\negg_base = evil"),
        ("[egg_info]\ntag_build = \ntag_date = 0\n", ""),
    ] {
        assert_eq!(judge(&written.replacen(from, to, 1)), wrong, "{to}");
    }
    assert_eq!(judge(&format!("{written}[flake8]\n")), ["undecided-file setup.cfg"], "a section twice");
    assert_eq!(edited("setup.cfg", "[egg_info]", "[alias]\nx = y\n[egg_info]"), wrong);
}

#[test]
fn dependencies_that_a_script_computes_are_undecided() {
    let mut git = in_git();
    put(&mut git, "pyproject.toml", "[build-system]\nrequires = [\"setuptools\"]\n");
    let script = "from setuptools import setup\nsetup(name='a.b', long_description=open('README.md').read(),\n      install_requires=open('r').read().split(), package_dir={'': 'src'})\n";
    put(&mut git, "setup.py", script);
    let mut files = sdist();
    for path in ["pyproject.toml", "setup.py"] {
        put(&mut files, path, git.get(path).unwrap());
    }
    files.remove("src/a_b.egg-info/entry_points.txt");
    // With dependencies or without: what is not known is never fine.
    for requires in ["Requires-Dist: x\n", ""] {
        let info = format!("Metadata-Version: 2.4\nName: a.b\nVersion: 1.2\n{requires}\n# A\n\nText.\n");
        put(&mut files, "PKG-INFO", &info);
        put(&mut files, "src/a_b.egg-info/PKG-INFO", &info);
        put(&mut files, "src/a_b.egg-info/requires.txt", requires.trim_start_matches("Requires-Dist: "));
        let told = findings(&git, "python-setuptools@1", "a_b-1.2.tar.gz", &files);
        let wanted = ["undecided-file PKG-INFO", "undecided-file src/a_b.egg-info/requires.txt"];
        assert_eq!(besides_list(told), wanted, "{requires:?}");
    }
}

/// What is told about a `PKG-INFO` with these headers, of a project with this
/// `setup.cfg` and this call.
fn by_script(cfg: &str, script: &str, headers: &str) -> Vec<String> {
    let git = [("setup.cfg", cfg), ("setup.py", script), ("a_b.py", "")];
    let info = format!("Metadata-Version: 2.4\nName: a.b\nVersion: 1.2\n{headers}");
    let cfg = format!("{cfg}[egg_info]\ntag_build = \ntag_date = 0\n");
    let files = [("setup.cfg", cfg.as_str()), ("setup.py", script), ("a_b.py", ""), ("PKG-INFO", &info)];
    told(&Repository::new(&git).compare("python-setuptools@1", "a_b-1.2.tar.gz", &files))
}

#[test]
fn setup_cfg_does_not_stand_in_for_arguments_that_are_hidden() {
    let head = "[metadata]\nname = a.b\n[options]\n";
    let (base, extras) = ("install_requires =\n    x\n", "[options.extras_require]\nt = y\n");
    let in_extra = "Requires-Dist: y; extra == \"t\"\nProvides-Extra: t\n";
    let open = "import setuptools\nkw = make()\nsetuptools.setup(**kw)\n";
    for (cfg, headers) in [
        (format!("{head}{base}"), "Requires-Dist: x\n"),
        (format!("{head}python_requires = >=3.8\n"), "Requires-Python: >=3.8\n"),
        (format!("{head}{extras}"), in_extra),
    ] {
        assert_eq!(by_script(&cfg, open, headers), ["undecided-file PKG-INFO"], "{headers}");
        let closed = "import setuptools\nsetuptools.setup()\n";
        assert_eq!(by_script(&cfg, closed, headers), Vec::<String>::new(), "{headers}");
    }
    // setuptools takes an empty argument for none.
    let empty = "import setuptools\nsetuptools.setup(install_requires=[], extras_require={})\n";
    let cfg = format!("{head}{base}{extras}");
    assert_eq!(by_script(&cfg, empty, ""), ["evidence-mismatch PKG-INFO"]);
    assert_eq!(by_script(&cfg, empty, &format!("Requires-Dist: x\n{in_extra}")), Vec::<String>::new());
}

#[test]
fn huge_and_hostile_files_end_soon() {
    let mut files = sdist();
    let many: String = (0..20_000).map(|n| format!("Classifier: {n}\n")).collect();
    let text = PKG_INFO.replacen("Summary: Things\n", &many, 1);
    put(&mut files, "PKG-INFO", &text);
    put(&mut files, "src/a_b.egg-info/requires.txt", &"[a:(((((((((((\n".repeat(50_000));
    put(&mut files, "src/a_b.egg-info/top_level.txt", &"x\n".repeat(500_000));
    put(&mut files, "src/a_b.egg-info/entry_points.txt", &"[x]\n".repeat(300_000));
    put(&mut files, "src/a_b/_version.py", &"#".repeat(1 << 20));
    for n in 0..3000 {
        put(&mut files, &format!("{n}.egg-info/PKG-INFO"), PKG_INFO);
    }
    let told = judged(&files);
    assert!(told.len() > 3000 || told.iter().any(|line| line.contains("too-many-findings")));
    assert!(!told.iter().any(|line| line.starts_with("unexplained-file src")));
}
