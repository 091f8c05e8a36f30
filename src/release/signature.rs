//! Facts about signatures, gathered by the OpenPGP room and judged by `trust`.

use super::{Fingerprint, Time};

/// Why a revocation was made: the two classes that matter when a signature is
/// older than it (RFC 9580 section 5.2.3.31).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationKind {
    /// Superseded or retired: signatures made before it stay good.
    Soft,
    /// Compromised, or without a stated reason: no signature counts.
    Hard,
}

/// A valid revocation of a certificate or subkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// Class of its reason.
    pub kind: RevocationKind,
    /// When it was made.
    pub at: Time,
}
