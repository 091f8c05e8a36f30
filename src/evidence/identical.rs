//! `identical`: blob id, type and exec bit are those of the tag's tree.

use super::compare::Fact;
use crate::release::Finding;
use crate::release::tree::TreeEntry;

/// Whether the artifact's file is the one in git.
pub(super) fn holds(fact: &Fact, entry: &TreeEntry) -> bool {
    fact.id == entry.id && fact.mode == entry.mode
}

/// What is told when it is not, and no rule explains the difference.
pub(super) fn finding(fact: &Fact, entry: &TreeEntry) -> Finding {
    let path = fact.path.to_string();
    if fact.id == entry.id {
        let told = format!(
            "is {} in the artifact and {} in git, with the same content",
            fact.mode.describe(),
            entry.mode.describe()
        );
        return Finding::error("mode-differs", &path, told, "build the artifact again from a clean checkout");
    }
    let told = format!(
        "differs from git: expected {} with blob {}, found {} with blob {} ({} bytes)",
        entry.mode.describe(),
        entry.id,
        fact.mode.describe(),
        fact.id,
        fact.size
    );
    Finding::error(
        "modified-file",
        &path,
        told,
        "find out who changed it; if the change is rightful, the policy must name evidence for this path",
    )
}
