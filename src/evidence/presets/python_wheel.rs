//! `python-wheel@1`: pure wheels, whatever tool made them.

use super::{Preset, Rules, python};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::evidence::derived;
use crate::evidence::explain::Level;
use crate::evidence::python::version_file;
use crate::evidence::python::{
    self as parts, Check, No, data_files, egg_info, mismatch, pkg_info, project, show, wheel,
};
use crate::release::TreePath;
use crate::release::tree::{Mode, TreeEntry};

/// The preset.
pub const PYTHON_WHEEL_1: Preset = Preset {
    name: "python-wheel@1",
    summary: "a pure wheel: modules of git, and a complete and true dist-info folder",
    rules: &Wheel,
};

struct Wheel;

impl Rules for Wheel {
    fn root(&self, _stem: &str) -> String {
        String::new()
    }

    fn reads(&self, path: &TreePath) -> bool {
        let Ok(path) = std::str::from_utf8(path.as_bytes()) else { return false };
        let (top, below) = path.split_once('/').unwrap_or((path, ""));
        let scripts = top.ends_with(".data") && below.starts_with("scripts/");
        top.ends_with(".dist-info") || scripts || version_file::may_be(path)
    }

    fn explain(&self, case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
        let Ok(path) = std::str::from_utf8(found.fact.path.as_bytes()) else { return Ok(Answer::Silent) };
        let folder = wheel::dist_info(case);
        let inside = folder.as_deref().and_then(|folder| path.strip_prefix(folder)?.strip_prefix('/'));
        match (inside, wheel::data_folder(case, path)) {
            (Some(name), _) => self_description(case, found, name),
            (None, Some(place)) => parts::answer_if_any(data_files::check(case, found, place)),
            (None, None) => code(case, found, path),
        }
    }

    fn omits(&self, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        match left_out(case, entry) {
            Ok(detail) => Ok(Answer::explained(Level::Omitted, detail)),
            Err(no) => parts::answer(Err(no)),
        }
    }

    fn always(&self, case: &Case<'_>) -> Vec<TreePath> {
        let folder = wheel::dist_info(case).into_iter();
        folder
            .flat_map(|folder| wheel::PARTS.map(|name| format!("{folder}/{name}").as_str().into()))
            .collect()
    }
}

/// A file of the folder in which the wheel describes itself.
fn self_description(case: &Case<'_>, found: &Candidate, name: &str) -> Result<Answer, Unavailable> {
    let authors = |name: &str| matches!(name, "AUTHORS" | "licenses/AUTHORS");
    if authors(name) && case.in_git(&TreePath::from("AUTHORS")).is_none() {
        let fact = crate::evidence::Fact { path: "AUTHORS".into(), ..found.fact.clone() };
        return derived::authors_or_changelog(case, &Candidate { fact, content: found.content.clone() });
    }
    let check = python::plain(found).and_then(|content| {
        let folder = wheel::complete(case)?;
        match name {
            "METADATA" => pkg_info::check(case, content).map(Some),
            "WHEEL" => wheel::wheel(case, content).map(Some),
            "RECORD" => wheel::record(case, &folder, content).map(Some),
            name => match egg_info::common(case, name, content) {
                Some(check) => check.map(Some),
                None => license(case, found, name),
            },
        }
    });
    parts::answer_if_any(check)
}

/// A license text of git: at its path below `licenses/`, or by its name, as
/// older tools drop the folder.
fn license(case: &Case<'_>, found: &Candidate, name: &str) -> Check<Option<(Level, String)>> {
    let below = name.strip_prefix("licenses/").or_else(|| name.strip_prefix("license_files/"));
    let path = TreePath::from(below.unwrap_or(name));
    if below.is_some() && case.in_git(&path).is_some_and(|entry| entry.id == found.fact.id) {
        return Ok(Some((Level::SameAs, format!("equals {path} in git"))));
    }
    if below.is_none() && !project::is_license(name.as_bytes()) {
        return Ok(None);
    }
    let named = (path.file_name().to_vec(), found.fact.id.to_string());
    match project::known(case)?.licenses.contains(&named) {
        true => Ok(Some((Level::SameAs, "equals a file of this name in git".into()))),
        false => mismatch(format!("is not git's {}", show(&path.to_string()))),
    }
}

/// A file that is installed: one of git, perhaps from a folder that holds
/// packages.
fn code(case: &Case<'_>, found: &Candidate, path: &str) -> Result<Answer, Unavailable> {
    let project = project::of(case)?;
    let places = std::iter::once("").chain(project.folders.iter().map(String::as_str));
    for place in places {
        let from = TreePath::from(format!("{place}{path}").as_str());
        let Some(entry) = case.in_git(&from) else { continue };
        if entry.id != found.fact.id {
            // Conversions and links go by the path that the file has in git.
            let fact = crate::evidence::Fact { path: from, ..found.fact.clone() };
            match python::shared(case, &Candidate { fact, content: found.content.clone() })? {
                Answer::Silent => continue,
                answer => return Ok(answer),
            }
        }
        let detail = format!("equals {from} in git");
        return Ok(match (entry.mode, found.fact.mode) {
            (git, wheel) if git == wheel => Answer::explained(Level::SameAs, detail),
            (Mode::Executable, Mode::Regular) => {
                Answer::explained(Level::SameAs, format!("{detail}, where it is executable"))
            }
            (git, wheel) => Answer::mismatch(format!(
                "{detail}, but is {} here and {} there",
                wheel.describe(),
                git.describe()
            )),
        });
    }
    if let Some(check) = python::version(case, found, path) {
        return parts::answer(check);
    }
    python::shared(case, found)
}

/// Why a path of git is rightly not in the wheel: it is installed under
/// another path, or is no module of a package that the wheel ships.
fn left_out(case: &Case<'_>, entry: &TreeEntry) -> Check<String> {
    wheel::complete(case)?;
    let known = project::known(case)?;
    let Ok(path) = std::str::from_utf8(entry.path.as_bytes()) else {
        return Ok("python-wheel@1: is no module".into());
    };
    let places = std::iter::once("").chain(known.project.folders.iter().map(String::as_str));
    for place in places {
        let Some(below) = path.strip_prefix(place) else { continue };
        if !place.is_empty() && case.in_artifact(&TreePath::from(below)) {
            return Ok(format!("python-wheel@1: installed as {below}"));
        }
        let top = below.split_once('/').map(|(top, _)| top);
        let lost = path.ends_with(".py") && top.is_some_and(|top| known.tops.contains(top.as_bytes()));
        if lost {
            return Err(No::Mismatch(format!(
                "is a module of {}, which the wheel ships without it; if it rightly stays out, list it under omit",
                show(top.unwrap_or_default())
            )));
        }
    }
    Ok("python-wheel@1: is not a module of a package in the wheel".into())
}
