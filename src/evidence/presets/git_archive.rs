//! `git-archive@1`: the tag's tree, as `git archive` writes it.

use super::{Preset, Rules};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::release::tree::TreeEntry;

/// The preset.
pub const GIT_ARCHIVE_1: Preset = Preset {
    name: "git-archive@1",
    summary: "the tag's tree as it is: nothing added, nothing changed, nothing left out",
    rules: &GitArchive,
};

struct GitArchive;

impl Rules for GitArchive {
    fn explain(&self, _case: &Case<'_>, _found: &Candidate) -> Result<Answer, Unavailable> {
        Ok(Answer::Silent)
    }

    fn omits(&self, _case: &Case<'_>, _entry: &TreeEntry) -> Result<Answer, Unavailable> {
        Ok(Answer::Silent)
    }
}
