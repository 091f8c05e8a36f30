//! `pinned`: the policy holds the file's digest.

use crate::release::Sha256Digest;

/// What is told when the digest is another one.
pub(super) fn defect(found: Sha256Digest, wanted: Sha256Digest) -> Option<String> {
    (found != wanted).then(|| format!("the policy pins SHA-256 {wanted}, the artifact's file has {found}"))
}
