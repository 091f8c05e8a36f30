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
        python::explain(case, found, Writes::Metadata)?.or_else(|| ignore_file_from_above(case, found))
    }

    fn omits(&self, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        python::omits("python-hatch@1", case, entry)
    }
}

/// hatchling puts the nearest `.gitignore` above the project at its top.
fn ignore_file_from_above(case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
    if found.fact.path.as_bytes() != b".gitignore" || case.in_git(&found.fact.path).is_some() {
        return Ok(Answer::Silent);
    }
    let mut folder = case.subdirectory.as_bytes();
    while !folder.is_empty() {
        folder = folder.rsplitn(2, |byte| *byte == b'/').nth(1).unwrap_or_default();
        let above = match folder {
            b"" => TreePath::from(".gitignore"),
            folder => TreePath::new([folder, b"/.gitignore"].concat()),
        };
        if let Some(entry) = case.in_repository(&above)? {
            let same = entry.id == found.fact.id && entry.mode == found.fact.mode;
            return Ok(match same {
                true => Answer::explained(Level::SameAs, format!("equals {above} of the repository")),
                false => Answer::mismatch(format!("differs from {above} of the repository")),
            });
        }
    }
    Ok(Answer::Silent)
}
