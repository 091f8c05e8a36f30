//! `same-as`: another file, of git or of the artifact, has the same bytes.

use super::compare::Fact;
use super::explain::Level;
use super::shown::brief;
use crate::release::tree::TreeEntry;
use crate::release::{Sha256Digest, TreePath};

/// The other file.
pub(super) enum Other<'a> {
    /// In the artifact, explained by something else than being like a third.
    Explained(Sha256Digest),
    /// In git only.
    InGit(&'a TreeEntry),
    /// Neither.
    Unknown,
}

/// Whether a file has the other one's bytes.
///
/// # Errors
/// Why it does not count.
pub(super) fn judge(fact: &Fact, path: &TreePath, other: &Other<'_>) -> Result<(Level, String), String> {
    let shown = brief(path.as_bytes());
    match other {
        Other::Explained(sha256) if *sha256 == fact.sha256 => {
            Ok((Level::SameAs, format!("same bytes as {shown}")))
        }
        Other::InGit(entry) if entry.id == fact.id => {
            Ok((Level::SameAs, format!("same bytes as {shown} in git")))
        }
        Other::Explained(sha256) => {
            Err(format!("must have the bytes of {shown} (SHA-256 {sha256}), it has SHA-256 {}", fact.sha256))
        }
        Other::InGit(entry) => {
            Err(format!("must have the bytes of {shown} in git (blob {}), it has blob {}", entry.id, fact.id))
        }
        Other::Unknown => Err(format!(
            "must have the bytes of {shown}, which is neither in git nor explained in the artifact by itself"
        )),
    }
}
