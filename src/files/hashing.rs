//! One read of a file for all its digests, on two cores where that pays.

use super::FileError;
use crate::release::{ArtifactDigests, Sha256Digest, Sha512Digest};
use sha2::{Digest, Sha256, Sha512};
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Bytes after which a thread is worth it.
const SMALL: u64 = 1 << 20;
/// Bytes handed to it at once.
const PIECE: usize = 256 << 10;
/// Such pieces that may wait for it.
const WAITING: usize = 4;

/// SHA-512, the slower of the two, computed here or in a thread beside.
#[derive(Debug)]
enum Lane {
    Here(Sha512),
    Beside { pending: Vec<u8>, pieces: SyncSender<Vec<u8>>, thread: JoinHandle<Sha512> },
}

impl Lane {
    fn new() -> Self {
        Self::Here(Sha512::new())
    }

    /// From here on in a thread, if one can be had.
    fn go_beside(&mut self) {
        let Self::Here(digest) = self else { return };
        let mut digest = digest.clone();
        let (pieces, taken) = sync_channel::<Vec<u8>>(WAITING);
        let work = move || {
            taken.iter().for_each(|piece| digest.update(&piece));
            digest
        };
        if let Ok(thread) = Builder::new().name("digest".into()).spawn(work) {
            *self = Self::Beside { pending: Vec::with_capacity(PIECE), pieces, thread };
        }
    }

    fn update(&mut self, mut chunk: &[u8]) {
        match self {
            Self::Here(digest) => digest.update(chunk),
            Self::Beside { pending, pieces, .. } => {
                while !chunk.is_empty() {
                    let (now, later) = chunk.split_at(chunk.len().min(PIECE - pending.len()));
                    pending.extend_from_slice(now);
                    chunk = later;
                    if pending.len() == PIECE {
                        send(pieces, std::mem::replace(pending, Vec::with_capacity(PIECE)));
                    }
                }
            }
        }
    }

    fn finish(self) -> Sha512Digest {
        let digest = match self {
            Self::Here(digest) => digest,
            Self::Beside { pending, pieces, thread } => {
                send(&pieces, pending);
                drop(pieces);
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
        };
        Sha512Digest(digest.finalize().into())
    }
}

/// The thread takes pieces until there are no more, or panics; joining it
/// tells that.
fn send(pieces: &SyncSender<Vec<u8>>, piece: Vec<u8>) {
    let _ = pieces.send(piece);
}

/// Reads a file from its start for somebody else, and hashes what passes.
#[derive(Debug)]
pub struct Hashing<'f> {
    file: &'f mut File,
    path: &'f Path,
    size: u64,
    sha256: Sha256,
    sha512: Lane,
}

impl<'f> Hashing<'f> {
    /// Goes to the start of the file. `path` is for messages.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn start(file: &'f mut File, path: &'f Path) -> Result<Self, FileError> {
        file.seek(SeekFrom::Start(0)).map_err(|error| FileError::io(path, "read it", error))?;
        Ok(Self { file, path, size: 0, sha256: Sha256::new(), sha512: Lane::new() })
    }

    /// Reads what the other left unread, and ends: the digests are always
    /// those of the whole file.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn finish(mut self) -> Result<ArtifactDigests, FileError> {
        let mut buffer = vec![0; PIECE];
        loop {
            match self.read(&mut buffer) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    return Err(FileError::io(self.path, "read it", error));
                }
                _ => {}
            }
        }
        let sha256 = Sha256Digest(self.sha256.finalize().into());
        Ok(ArtifactDigests { size: self.size, sha256, sha512: self.sha512.finish() })
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        let chunk = buffer.get(..read).unwrap_or_default();
        if self.size < SMALL && self.size + chunk.len() as u64 >= SMALL {
            self.sha512.go_beside();
        }
        self.size += chunk.len() as u64;
        self.sha256.update(chunk);
        self.sha512.update(chunk);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// What `Hashing` says of a file of this size, after `before` bytes were
    /// read by somebody.
    fn hashed(size: usize, before: usize) -> (Vec<u8>, ArtifactDigests) {
        let content: Vec<u8> = (0..size).map(|n| (n * 7 + n / 251) as u8).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        let mut hashing = Hashing::start(&mut file, Path::new("file")).unwrap();
        let mut taken = vec![0; before];
        hashing.read_exact(&mut taken).unwrap();
        assert!(content.starts_with(&taken));
        let digests = hashing.finish().unwrap();
        (content, digests)
    }

    #[test]
    fn digests_are_those_of_the_whole_file_on_one_core_and_two() {
        let near = SMALL as usize;
        for size in [0, 1, PIECE, near - 1, near, near + 1, near + PIECE, near + 5 * PIECE + 3] {
            for before in [0, size / 3, size] {
                let (content, digests) = hashed(size, before);
                assert_eq!(digests.size, size as u64);
                assert_eq!(digests.sha256, Sha256Digest(Sha256::digest(&content).into()), "{size}");
                assert_eq!(digests.sha512, Sha512Digest(Sha512::digest(&content).into()), "{size}");
            }
        }
    }
}
