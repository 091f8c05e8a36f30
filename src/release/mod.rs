//! Pure vocabulary of a release: names, versions, digests, the policy and the
//! validation record.
//!
//! Nothing here opens a file, asks the time or prints; every other room may
//! use these types, and they use none of the other rooms.

pub mod attribute;
pub mod base64;
pub mod blob;
pub mod checksums;
pub mod digest;
pub mod document;
pub mod finding;
pub mod history;
pub mod manifest;
pub mod name;
pub mod path;
pub mod policy;
pub mod record;
pub mod request;
pub mod seen;
pub mod signature;
pub mod ssh;
pub mod tag;
pub mod tag_note;
mod text;
pub mod time;
pub mod tree;
pub mod vetting;
pub(crate) mod wildmatch;

pub use attribute::AttributeState;
pub use blob::{BlobHasher, ObjectFormat};
pub use digest::{ArtifactDigests, ObjectId, Sha256Digest, Sha512Digest};
pub use finding::{Finding, Severity};
pub use history::LogEntry;
pub use name::{Fingerprint, ReleaseName};
pub use path::TreePath;
pub use time::Time;
