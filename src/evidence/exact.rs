//! `exact`: the bytes are constant, and the rule holds them all.

use crate::release::Sha256Digest;

/// Whether content with this digest and size is exactly `text`.
///
/// Digests are compared, so that the artifact's file need not be kept.
pub(super) fn holds(sha256: Sha256Digest, size: u64, text: &str) -> bool {
    size == text.len() as u64 && sha256 == Sha256Digest::of(text)
}
