//! What of a project's code a wheel must hold. A wheel is a part of the
//! repository, but one without the project's own packages installs something
//! else under the project's name.

use super::project::{self, Project, Stated};
use super::{Check, mismatch, normal_name, pkg_info, show};
use crate::evidence::case::Case;
use crate::release::TreePath;
use std::collections::BTreeSet;

/// Packages at the top of a repository that are not its product.
const ASIDE: [&str; 6] = ["test", "tests", "doc", "docs", "examples", "tools"];

/// Checks that the packages are there that git's configuration and entry
/// points name, the one called as the project, and at all one if git has any.
///
/// # Errors
/// If one is missing.
pub(super) fn check<'c>(case: &Case<'_>, files: impl Iterator<Item = &'c TreePath>) -> Check {
    let known = project::known(case)?;
    let git = Git { case, project: &known.project };
    let modules = files.filter_map(|path| std::str::from_utf8(path.as_bytes()).ok());
    let shipped: BTreeSet<&str> = modules.filter(|path| path.ends_with(".py")).collect();
    if let Stated::Is(entry_points) = &known.project.entry_points {
        for one in entry_points {
            let module = one.value.split([':', '[']).next().unwrap_or_default();
            let forms = forms(module);
            let there = forms.iter().any(|path| shipped.contains(path.as_str()));
            if !there && forms.iter().any(|path| git.has(path)) {
                return mismatch(format!(
                    "the wheel does not hold the module {}, which an entry point names",
                    show(module)
                ));
            }
        }
    }
    let own = pkg_info::named(case)?.name;
    let called_so = known.modules.iter().filter(|module| normal_name(module) == own);
    let called_so = called_so.filter(|module| forms(module).iter().any(|path| git.has(path)));
    let stated = known.project.packages.iter().filter(|package| git.has_package(package));
    for package in stated.chain(called_so) {
        let [module, folder] = [forms(package)[0].clone(), format!("{}/", package.replace('.', "/"))];
        let first = shipped.range(folder.as_str()..).next();
        if !shipped.contains(module.as_str()) && !first.is_some_and(|path| path.starts_with(&folder)) {
            return mismatch(format!("the wheel holds no module of git's package {}", show(package)));
        }
    }
    let product = |module: &&String| !ASIDE.contains(&module.as_str()) && git.has(&forms(module)[1]);
    match known.modules.iter().find(product) {
        Some(package) if shipped.is_empty() => {
            mismatch(format!("the wheel holds no module at all, git has the package {}", show(package)))
        }
        _ => Ok(()),
    }
}

/// The files that a module may be.
fn forms(module: &str) -> [String; 2] {
    let path = module.replace('.', "/");
    [format!("{path}.py"), format!("{path}/__init__.py")]
}

/// The tag's tree, with the folders that its packages lie in.
struct Git<'c> {
    case: &'c Case<'c>,
    project: &'c Project,
}

impl Git<'_> {
    /// Whether git has the file that a wheel would have at this path.
    fn has(&self, path: &str) -> bool {
        let at = |place: &str| self.case.in_git(&TreePath::from(format!("{place}{path}").as_str()));
        self.project.places().any(|place| at(place).is_some())
    }

    /// Whether git has a module of this name, or Python in a folder of it.
    fn has_package(&self, package: &str) -> bool {
        let folder = package.replace('.', "/");
        let below = |place: &str| {
            let mut paths = self.case.below(&format!("{place}{folder}"));
            paths.any(|entry| entry.path.as_bytes().ends_with(b".py"))
        };
        self.has(&forms(package)[0]) || self.project.places().any(below)
    }
}
