//! Pointers of Git LFS (its docs/spec.md): `version`, `oid`, `size`, one a line.

use crate::release::Sha256Digest;

/// Longer files are no pointers.
const MAX: usize = 1024;

/// What a pointer names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pointer {
    pub sha256: Sha256Digest,
    pub size: u64,
}

impl Pointer {
    /// Reads a pointer in the one form that is written; with extensions, the
    /// object is not what is checked out, so those are none here.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() < MAX)?;
        let rest = text.strip_prefix("version https://git-lfs.github.com/spec/v1\noid sha256:")?;
        let (digest, rest) = rest.split_once("\nsize ")?;
        let size = rest.strip_suffix('\n')?;
        let canonical =
            size.bytes().all(|byte| byte.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        if !canonical {
            return None;
        }
        Some(Self { sha256: Sha256Digest::parse(digest).ok()?, size: size.parse().ok()? })
    }
}
