//! countersign: explains every byte of a release artifact from its signed
//! git tag, then signs and publishes it.

pub mod openpgp;
pub mod release;
pub mod trust;
