//! What the tag's files state about a project, as far as that can be known
//! without running anything.

use super::data_files::{self, Installed};
use super::entry_point::EntryPoint;
use super::ini::Ini;
use super::requirement::{Dependency, Requirement};
use super::setup_py::{self, Call};
use super::toml::Toml;
use super::version_file::VersionFiles;
use super::{Check, MAX_METADATA, MAX_TEXT, No, legacy, pbr, pep621, pkg_info, poetry, show};
use crate::evidence::case::{Case, Unavailable};
use crate::release::TreePath;
use std::collections::{BTreeMap, BTreeSet};

/// Requirements of one project.
const MAX_REQUIREMENTS: usize = 20_000;
/// Folders of one project that packages lie in.
const MAX_FOLDERS: usize = 100;
/// Packages and modules that one project lists.
const MAX_PACKAGES: usize = 1000;

/// Something that git states, or why what it states is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stated<T> {
    /// It is this.
    Is(T),
    /// It would have to be computed.
    Unknown(String),
}

impl<T> Stated<T> {
    /// The value.
    ///
    /// # Errors
    /// Undecided, if it is not known.
    pub fn known(&self, what: &str) -> Check<&T> {
        match self {
            Self::Is(value) => Ok(value),
            Self::Unknown(why) => Err(No::Undecided(format!(
                "{what} cannot be compared: {why}; state them statically in pyproject.toml, or pin this file's \
                 SHA-256 in the policy"
            ))),
        }
    }

    /// What a check found, a refusal being a reason not to know.
    pub fn from_check(check: Check<T>) -> Result<Self, Unavailable> {
        match check {
            Ok(value) => Ok(Self::Is(value)),
            Err(No::Mismatch(why) | No::Undecided(why)) => Ok(Self::Unknown(why)),
            Err(No::Unavailable) => Err(Unavailable),
        }
    }
}

/// Extras of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Extras {
    /// Their normal names, also of those that need nothing.
    pub names: BTreeSet<String>,
    /// What they need.
    pub dependencies: BTreeSet<Dependency>,
}

/// What the long description is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Readme {
    /// Nothing.
    None,
    /// This text.
    Text(String),
    /// These files of git, one after the other.
    Files(Vec<String>),
    /// It would have to be computed.
    Unknown(String),
}

impl Readme {
    /// What a file is written in, by its name.
    pub fn type_of(file: &str) -> Stated<String> {
        let lower = file.to_ascii_lowercase();
        let known = [(".md", "text/markdown"), (".rst", "text/x-rst"), (".txt", "text/plain")];
        match known.iter().find(|(ending, _)| lower.ends_with(ending)) {
            Some((_, kind)) => Stated::Is((*kind).into()),
            None => Stated::Unknown(format!("{} has no known ending", show(file))),
        }
    }
}

/// Texts about a project that no installer acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Texts {
    /// By kind: `summary`, `people`, `license`, `keywords`, `classifier`,
    /// `url` and `platform`.
    pub stated: BTreeMap<&'static str, Stated<Vec<String>>>,
    /// Whether a kind that is not listed is stated to be absent.
    pub silence: Stated<()>,
}

/// A project.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    /// The file and table that most of it comes from, for messages.
    pub source: &'static str,
    /// Its name.
    pub name: Option<String>,
    /// Its version, if git states it.
    pub version: Option<String>,
    /// What it always needs.
    pub dependencies: Stated<BTreeSet<Dependency>>,
    /// What its extras need.
    pub extras: Stated<Extras>,
    /// Optional dependencies that no extra asks for. Some tools list them.
    pub unasked: BTreeSet<Dependency>,
    /// Versions of Python it runs on, as normal specifiers; empty for any.
    pub requires_python: Stated<String>,
    /// Its entry points.
    pub entry_points: Stated<BTreeSet<EntryPoint>>,
    /// Its long description.
    pub readme: Readme,
    /// What the long description is written in; empty for nothing stated.
    pub readme_type: Stated<String>,
    /// Texts about it.
    pub texts: Texts,
    /// Folders in which its packages lie, with a slash at the end.
    pub folders: Vec<String>,
    /// Its packages and modules, as far as a list states them.
    pub packages: Vec<String>,
    /// Files that hold its version.
    pub version_files: VersionFiles,
    /// Files that are installed outside of its packages.
    pub installed: Installed,
    /// Descriptions that some version of the tool wrote by mistake, in the
    /// place of the one it should have.
    pub slips: Vec<String>,
    /// The tool may evaluate conditions while it builds the artifact and leave
    /// out those that hold.
    pub evaluates_conditions: bool,
    /// The tool writes an extra that asks for others as what those need.
    pub merges_own_extras: bool,
    /// The tool writes versions and conditions in words of its own.
    pub rewrites: bool,
}

/// The files that metadata can be stated in.
pub(super) struct Sources<'c> {
    case: &'c Case<'c>,
    /// `pyproject.toml`.
    pub pyproject: Option<Toml>,
    /// `setup.cfg`.
    pub setup_cfg: Ini,
    /// `setup.py`.
    pub setup_py: Option<Vec<u8>>,
}

impl Sources<'_> {
    /// A path of the repository as it counts from the project's folder.
    pub fn below_root<'p>(&self, path: &'p str) -> &'p str {
        let folder = std::str::from_utf8(self.case.subdirectory.as_bytes()).unwrap_or_default();
        path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path)
    }

    /// A text file of git, its path counting from the project's folder.
    ///
    /// # Errors
    /// If it is not there or is no text.
    pub fn text(&self, path: &str) -> Check<String> {
        let path = path.trim().trim_start_matches("./");
        match self.case.git_file(&TreePath::from(path), MAX_TEXT)?.map(String::from_utf8) {
            Some(Ok(text)) => Ok(text.replace("\r\n", "\n")),
            _ => Err(No::Undecided(format!("git has no text file {} that could be read", show(path)))),
        }
    }

    /// Whether the artifact is a wheel.
    pub fn is_wheel(&self) -> bool {
        super::wheel::dist_info(self.case).is_some()
    }

    /// The version that the artifact claims, in normal form.
    pub fn version(&self) -> String {
        pkg_info::named(self.case).map(|named| named.version.to_string()).unwrap_or_default()
    }

    /// The one call of `setup.py`, if it has one that can be read.
    pub fn call(&self) -> Option<Call> {
        setup_py::call(self.setup_py.as_deref()?)
    }

    /// The backend that `pyproject.toml` names.
    pub fn backend(&self) -> &str {
        let backend = self.pyproject.as_ref().and_then(|toml| toml.at(&["build-system", "build-backend"]));
        backend.and_then(Toml::text).unwrap_or_default()
    }
}

/// What is asked again and again for one artifact.
pub(crate) struct Known {
    /// What git states.
    pub project: Project,
    /// Modules and packages at the top of git's source folders.
    pub modules: BTreeSet<String>,
    /// The folders of the artifact that are named `*.egg-info`.
    pub egg_infos: BTreeSet<String>,
    /// License texts of git: the names of the files with their ids.
    pub licenses: BTreeSet<(Vec<u8>, String)>,
    /// The first parts of the artifact's paths.
    pub tops: BTreeSet<Vec<u8>>,
}

/// What is known for this artifact.
///
/// # Errors
/// If the repository cannot be read.
pub(crate) fn known<'c>(case: &'c Case<'_>) -> Result<&'c Known, Unavailable> {
    case.remember(|| {
        let project = read(case)?;
        let mut modules = BTreeSet::new();
        for entry in case.tree {
            let Ok(path) = std::str::from_utf8(entry.path.as_bytes()) else { continue };
            let below = project.folders.iter().filter_map(|folder| path.strip_prefix(folder.as_str()));
            for path in below.chain([path]) {
                match path.split_once('/') {
                    Some((top, _)) => modules.insert(top.to_string()),
                    None => path.strip_suffix(".py").is_some_and(|name| modules.insert(name.to_string())),
                };
            }
        }
        let folder = |path: &TreePath| {
            let (folder, _) = std::str::from_utf8(path.as_bytes()).ok()?.rsplit_once('/')?;
            folder.ends_with(".egg-info").then(|| folder.to_string())
        };
        let egg_infos = case.candidates().filter_map(|found| folder(&found.fact.path)).collect();
        let paths =
            case.identical().map(|entry| &entry.path).chain(case.candidates().map(|found| &found.fact.path));
        let top = |path: &TreePath| path.as_bytes().split(|byte| *byte == b'/').next().map(<[u8]>::to_vec);
        let tops = paths.filter_map(top).collect();
        let licenses = case.tree.iter().filter(|entry| is_license(entry.path.file_name()));
        let licenses =
            licenses.map(|entry| (entry.path.file_name().to_vec(), entry.id.to_string())).collect();
        Ok(Known { project, modules, egg_infos, licenses, tops })
    })
}

/// Whether a file has the name of one that says under which terms it is given.
pub(crate) fn is_license(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let starts: [&[u8]; 6] = [b"licen", b"copying", b"copyright", b"notice", b"authors", b"unlicense"];
    starts.iter().any(|start| name.starts_with(start))
}

/// The project that the tag holds in the compared folder.
///
/// # Errors
/// If the repository cannot be read.
pub(crate) fn of<'c>(case: &'c Case<'_>) -> Result<&'c Project, Unavailable> {
    known(case).map(|known| &known.project)
}

fn read(case: &Case<'_>) -> Result<Project, Unavailable> {
    let file = |path: &str| case.git_file(&TreePath::from(path), MAX_METADATA);
    let pyproject = match file("pyproject.toml")? {
        Some(bytes) => match Stated::from_check(Toml::parse(&bytes))? {
            Stated::Is(toml) => Some(toml),
            Stated::Unknown(why) => return Ok(Project::unknown(&why)),
        },
        None => None,
    };
    let setup_cfg = match file("setup.cfg")? {
        Some(bytes) => match Stated::from_check(Ini::parse(&bytes))? {
            Stated::Is(ini) => ini,
            Stated::Unknown(why) => return Ok(Project::unknown(&format!("git's setup.cfg {why}"))),
        },
        None => Ini::default(),
    };
    let sources = Sources { case, pyproject, setup_cfg, setup_py: file("setup.py")? };
    let has = |keys: &[&str]| sources.pyproject.as_ref().is_some_and(|toml| toml.at(keys).is_some());
    let mut project = if has(&["tool", "poetry"]) && sources.backend().starts_with("poetry") {
        poetry::read(&sources)?
    } else if pbr::is_used(&sources) {
        pbr::read(&sources)?
    } else {
        legacy::read(&sources)?
    };
    let in_cfg = ["metadata", "options"].iter().any(|section| sources.setup_cfg.0.contains_key(*section));
    if !has(&["project"]) && !has(&["tool", "poetry"]) && !in_cfg && sources.setup_py.is_none() {
        return Ok(Project::unknown("git has no static metadata in a form that is known"));
    }
    if has(&["project"]) {
        project = pep621::read(&sources, project)?;
    }
    if let Some(toml) = &sources.pyproject {
        project.folders.extend(pep621::folders(toml));
        project.packages.extend(pep621::packages(toml));
    }
    project.version_files = VersionFiles::read(&sources)?;
    project.folders.splice(0..0, ["src/".into(), "lib/".into()]);
    // Each is looked into for each path.
    let mut seen = BTreeSet::new();
    project.folders.retain(|folder| seen.insert(folder.clone()));
    project.folders.truncate(MAX_FOLDERS);
    project.packages.truncate(MAX_PACKAGES);
    project.installed = data_files::read(&sources, pbr::is_used(&sources));
    Ok(project)
}

impl Project {
    /// Folders of git that a path of the artifact may come from, with a slash
    /// at the end: the project's own, which is empty, and those of packages.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        std::iter::once("").chain(self.folders.iter().map(String::as_str))
    }

    /// A project of which nothing is known, for a reason.
    pub fn unknown(why: &str) -> Self {
        Self {
            source: "git",
            name: None,
            version: None,
            dependencies: Stated::Unknown(why.into()),
            extras: Stated::Unknown(why.into()),
            unasked: BTreeSet::new(),
            requires_python: Stated::Unknown(why.into()),
            entry_points: Stated::Unknown(why.into()),
            readme: Readme::Unknown(why.into()),
            readme_type: Stated::Unknown(why.into()),
            texts: Texts { stated: BTreeMap::new(), silence: Stated::Unknown(why.into()) },
            folders: vec![],
            packages: vec![],
            version_files: VersionFiles::default(),
            installed: Installed::default(),
            slips: vec![],
            evaluates_conditions: false,
            merges_own_extras: false,
            rewrites: false,
        }
    }

    /// All dependencies, and the names of all extras.
    ///
    /// # Errors
    /// Undecided, if some are not known.
    pub fn all_dependencies(&self) -> Check<(BTreeSet<Dependency>, &BTreeSet<String>)> {
        let base = self.dependencies.known("dependencies")?;
        let extras = self.extras.known("dependencies of extras")?;
        Ok((base.union(&extras.dependencies).cloned().collect(), &extras.names))
    }
}

/// Reads requirements, under an extra or none.
pub(super) fn requirements<'t>(
    texts: impl IntoIterator<Item = &'t str>,
    extra: &str,
    condition: Option<&str>,
) -> Check<BTreeSet<Dependency>> {
    let condition = match condition {
        Some(text) => {
            let marker = super::marker::Marker::parse(text);
            Some(marker.ok_or_else(|| No::Undecided(format!("git has the condition {}", show(text))))?)
        }
        None => None,
    };
    let mut all = BTreeSet::new();
    for text in texts {
        let read = Requirement::parse(text).and_then(|one| one.under(extra, condition.clone()));
        match read {
            Some(dependencies) if all.len() < MAX_REQUIREMENTS => all.extend(dependencies),
            _ => {
                return Err(No::Undecided(format!(
                    "git has the requirement {}, which is not understood",
                    show(text)
                )));
            }
        }
    }
    Ok(all)
}

/// The lines of a requirements file that are requirements, without comments.
pub(super) fn requirement_lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(|line| line.split_once(" #").map_or(line, |(line, _)| line).trim());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}
