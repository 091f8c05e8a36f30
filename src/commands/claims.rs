//! What an archive says of itself, besides its entries.

use crate::archive::Summary;
use crate::release::path::printable;
use crate::release::{Finding, ObjectId};

/// Characters of a foreign name that are shown.
const MAX_SHOWN: usize = 100;

/// Claims that are wrong for an archive of this file name, made from `commit`.
pub(super) fn judge(summary: &Summary, name: &str, commit: &ObjectId) -> Vec<Finding> {
    let claim = summary.comment.as_ref().filter(|claim| **claim != commit.to_string());
    let other_commit = claim.map(|claim| {
        Finding::error(
            "archive-of-other-commit",
            name,
            format!(
                "its header says that git archive made it from commit {claim}, the tag is commit {commit}"
            ),
            "make the archive from the tag",
        )
    });
    let stored = summary.name.as_ref().filter(|stored| !is_own(name, stored));
    let other_name = stored.map(|stored| {
        let shown = printable(stored.get(..MAX_SHOWN).unwrap_or(stored));
        Finding::error(
            "archive-of-other-name",
            name,
            format!("its gzip header says that the file in it is \"{shown}\", which gunzip -N would write"),
            "build the archive under its own name, or pack it with gzip -n, which stores none",
        )
    });
    other_commit.into_iter().chain(other_name).collect()
}

/// Whether a tool that packs the artifact stores this name: that of the tar, or
/// of the file itself, as cargo does.
fn is_own(name: &str, stored: &[u8]) -> bool {
    let tar = name.strip_suffix(".gz").map(String::from);
    let tar = tar.or_else(|| Some(format!("{}.tar", name.strip_suffix(".tgz")?)));
    stored == name.as_bytes() || tar.is_some_and(|tar| tar.as_bytes() == stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gzip_unpacks_to_no_name_but_its_own() {
        for (name, stored) in [
            ("x-1.tar.gz", "x-1.tar"),
            ("x-1.tar.gz", "x-1.tar.gz"),
            ("x-1.tgz", "x-1.tar"),
            ("x-1.tgz", "x-1.tgz"),
            ("x-1.crate", "x-1.crate"),
        ] {
            assert!(is_own(name, stored.as_bytes()), "{name} {stored}");
        }
        for stored in [".bashrc", "", "x-2.tar", "../x-1.tar", "dist/x-1.tar", "x-1.tar\n", "X-1.tar", "x-1"]
        {
            assert!(!is_own("x-1.tar.gz", stored.as_bytes()), "{stored}");
        }
    }
}
