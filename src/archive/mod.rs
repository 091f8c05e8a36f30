//! Strict streaming readers of release archives: entries out, nothing on disk.
//!
//! An archive is hostile until it is proven dull. Two readers that disagree
//! about it are the attack: one is the reviewer, the other unpacks. So
//! everything that some reader would take another way is refused, not
//! repaired, and what is accepted lists the same in every common tool
//! (`tests/archive_peers.rs` holds that against GNU tar, Python and bsdtar).
//!
//! ```text
//! read     ─► container (gzip, …) ─┬─► tar ─┬─► names, limits ─► Sink
//!                         a thread ┘        │
//! read_zip ──────────────────────────► zip ─┘ (a thread up to the sink)
//! ```
//!
//! Memory is bounded by [`Limits`] and the number of paths, never by file
//! sizes. The format comes from the file's *name*, which our policy gives;
//! the bytes must then agree ([`Format::from_name`]).
//!
//! What is *not* judged here: whether there is one root folder, where symbolic
//! links point, and which files belong in a release.

mod codes;
mod container;
mod entry;
mod error;
mod fold;
mod format;
mod input;
mod limits;
mod names;
mod pipe;
mod relay;
mod source;
mod tar;
mod zip;

use std::io::{Read, Seek};
use std::sync::OnceLock;

use container::{Bzip2, Gzip, Unpacked, Xz, Zstd};
use source::{Plain, Source};

pub use codes::CODES;
pub use entry::{Entry, EntryKind, Sink, Stop, Summary};
pub use error::{ArchiveError, Defect};
pub use format::Format;
pub use limits::Limits;

/// Reads the whole archive `input` and hands its entries to `sink`, in order.
///
/// On success `input` was read to its very end, so a reader that hashes what
/// passes through it has seen the whole file.
///
/// Unpacking runs on a thread of its own, which ends before this returns.
///
/// # Errors
/// [`ArchiveError::NotAStream`] for [`Format::Zip`]. [`ArchiveError::Defect`] if the archive is malformed, ambiguous or beyond
/// `limits`; entries before the defect have reached the sink, so a caller
/// must throw away what it gathered. [`ArchiveError::Io`] if `input` fails,
/// [`ArchiveError::Stopped`] if `sink` does.
pub fn read(
    format: Format,
    input: impl Read + Send,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<Summary, ArchiveError> {
    match format {
        Format::Tar => tar(Plain::new(input, limits), limits, sink),
        Format::TarGz => {
            let name = OnceLock::new();
            let summary = tar(Unpacked::new(Gzip::new(&name), input, limits), limits, sink)?;
            Ok(Summary { name: name.into_inner(), ..summary })
        }
        Format::TarXz => tar(Unpacked::new(Xz::new(limits), input, limits), limits, sink),
        Format::TarBz2 => tar(Unpacked::new(Bzip2::new(), input, limits), limits, sink),
        Format::TarZst => tar(Unpacked::new(Zstd::new(limits), input, limits), limits, sink),
        Format::Zip => Err(ArchiveError::NotAStream),
    }
}

/// Reads the whole zip `input` and hands its entries to `sink`, in order.
///
/// A zip is read at two places side by side, so it cannot be hashed on the
/// way: hash the same open file before or after.
///
/// # Errors
/// As [`read`].
pub fn read_zip(
    input: impl Read + Seek + Send,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<Summary, ArchiveError> {
    relay::relayed(sink, |sink| zip::read(input, limits, sink))
}

fn tar(source: impl Source + Send, limits: &Limits, sink: &mut dyn Sink) -> Result<Summary, ArchiveError> {
    pipe::overlapped(source, |piped| tar::read(piped, limits, sink))
}
