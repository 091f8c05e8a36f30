//! `git-archive@1`: the tag's tree, as `git archive` writes it.

use super::{Preset, Rules};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::evidence::converted;
use crate::evidence::explain::Level;
use crate::release::tree::TreeEntry;

/// The preset.
pub const GIT_ARCHIVE_1: Preset = Preset {
    name: "git-archive@1",
    summary: "the tag's tree as git archive writes it, by the tag's own attributes",
    rules: &GitArchive,
};

struct GitArchive;

impl Rules for GitArchive {
    fn explain(&self, case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
        converted::archive(case, found)
    }

    fn omits(&self, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        let from_root = TreeEntry { path: case.from_root(&entry.path), ..entry.clone() };
        match case.origin.export_ignored(&from_root)? {
            true => Ok(Answer::explained(Level::Omitted, "export-ignore at the tag")),
            false => Ok(Answer::Silent),
        }
    }
}

#[cfg(test)]
mod tests;
