//! `python-hatch@1`: sdists of hatchling, with hatch-vcs or without.

use super::python::{self, Writes};
use super::{Preset, Rules};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::evidence::explain::Level;
use crate::release::TreePath;
use crate::release::tree::TreeEntry;

/// The preset.
pub const PYTHON_HATCH_1: Preset = Preset {
    name: "python-hatch@1",
    summary: "an sdist of hatchling: PKG-INFO and version files",
    rules: &Hatch,
};

struct Hatch;

impl Rules for Hatch {
    fn reads(&self, path: &TreePath) -> bool {
        python::reads(path)
    }

    fn explain(&self, case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
        ignore_file(case, found)?.or_else(|| python::explain(case, found, Writes::Metadata))
    }

    fn omits(&self, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        python::omits("python-hatch@1", case, entry)
    }

    fn always(&self, _case: &Case<'_>) -> Vec<TreePath> {
        vec![python::PKG_INFO.into()]
    }
}

/// The list of ignored files, which hatchling takes along from the nearest
/// folder above a project that has none itself.
fn ignore_file(case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
    let fact = &found.fact;
    let name = fact.path.as_bytes();
    if !matches!(name, b".gitignore" | b".hgignore") || case.in_git(&fact.path).is_some() {
        return Ok(Answer::Silent);
    }
    let mut folder = case.subdirectory.as_bytes();
    while !folder.is_empty() {
        folder =
            folder.iter().rposition(|byte| *byte == b'/').and_then(|at| folder.get(..at)).unwrap_or_default();
        let slash: &[u8] = if folder.is_empty() { b"" } else { b"/" };
        let above = TreePath::new([folder, slash, name].concat());
        let Some(entry) = case.in_repository(&above)? else { continue };
        return Ok(match (entry.id, entry.mode) == (fact.id, fact.mode) {
            true => Answer::explained(Level::SameAs, format!("git's {above}, above the project's folder")),
            false => Answer::mismatch(format!(
                "must be git's {above} (blob {}), it has blob {}",
                entry.id, fact.id
            )),
        });
    }
    Ok(Answer::Silent)
}

#[cfg(test)]
mod tests {
    use crate::evidence::testing::{Repository, levels, told};
    use crate::release::tree::Mode;

    fn judge(subdirectory: &str, content: &[u8]) -> (Vec<String>, Vec<String>) {
        let mut repository =
            Repository::new(&[("a/b/x.py", "x\n"), (".gitignore", "root\n"), ("a/.gitignore", "a\n")]);
        repository.add("c/x.py", Mode::Regular, b"x\n");
        let files = [("x.py", Mode::Regular, &b"x\n"[..]), (".gitignore", Mode::Regular, content)];
        let verdict = repository.compare_below(subdirectory, "python-hatch@1", "x-1.tar.gz", &files);
        let mut told = told(&verdict);
        told.retain(|line| !line.ends_with("PKG-INFO"));
        (levels(&verdict), told)
    }

    #[test]
    fn the_nearest_ignore_file_above_the_project_is_taken_along() {
        assert_eq!(judge("a/b", b"a\n").0, ["same-as .gitignore"]);
        assert_eq!(judge("c", b"root\n").0, ["same-as .gitignore"]);
        assert_eq!(judge("a/b", b"root\n").1, ["evidence-mismatch .gitignore"]);
        assert_eq!(judge("c", b"*\n").1, ["evidence-mismatch .gitignore"]);
    }
}
