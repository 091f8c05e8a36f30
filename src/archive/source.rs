//! Where the bytes of a tar come from: the file itself or a decompressor.

use std::io::{self, Read};

use super::codes;
use super::error::{ArchiveError, Fault};
use super::limits::Limits;

/// Size of the buffers that bytes travel in.
pub(super) const BUFFER: usize = 128 << 10;

/// A stream of unpacked bytes in buffers of its own choosing.
pub(super) trait Source {
    /// Replaces the content of `buffer` by the next bytes. An empty buffer is
    /// the end, and says that the container ended well too.
    fn fill(&mut self, buffer: &mut Vec<u8>) -> Result<(), ArchiveError>;
}

/// An input in whole buffers, with the place of each byte.
///
/// Reading until a buffer is full, whatever pieces the input comes in, makes
/// every later decision depend on the bytes alone.
pub(super) struct Input<R> {
    inner: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    taken: u64,
}

impl<R: Read> Input<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, buffer: vec![0; BUFFER].into_boxed_slice(), start: 0, end: 0, taken: 0 }
    }

    /// Bytes consumed so far.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// What lies ahead, read anew if nothing does; empty at the end.
    pub fn peek(&mut self) -> Result<&[u8], ArchiveError> {
        if self.start == self.end {
            self.start = 0;
            self.end = read_full(&mut self.inner, &mut self.buffer)?;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// Steps over `count` bytes of what [`Self::peek`] showed.
    pub fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.taken += count as u64;
    }

    /// The next byte, or `None` at the end.
    pub fn byte(&mut self) -> Result<Option<u8>, ArchiveError> {
        let byte = self.peek()?.first().copied();
        self.consume(1);
        Ok(byte)
    }

    /// The next `N` bytes, or a defect if fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], ArchiveError> {
        let mut out = [0; N];
        for slot in &mut out {
            *slot = self.byte()?.ok_or_else(|| truncated().at(self.taken))?;
        }
        Ok(out)
    }
}

/// Reads until `buffer` is full or the input ends; how much it got.
fn read_full(inner: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match inner.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

pub(super) fn truncated() -> Fault {
    Fault::new(codes::TRUNCATED, "the file ends in the middle of the compressed data")
}

/// Counts what was unpacked and says when it is too much.
pub(super) struct Meter {
    unpacked: u64,
    most: u64,
    ratio: u64,
}

impl Meter {
    pub fn new(limits: &Limits) -> Self {
        Self { unpacked: 0, most: limits.unpacked, ratio: limits.ratio }
    }

    /// Notes `more` unpacked bytes when `packed` bytes have been consumed.
    pub fn add(&mut self, more: usize, packed: u64) -> Result<(), ArchiveError> {
        self.unpacked = self.unpacked.saturating_add(more as u64);
        if self.unpacked > self.most {
            let message = format!("unpacks to more than {} bytes", self.most);
            return Err(Fault::new(codes::TOO_LARGE, message).at(packed));
        }
        if self.unpacked > Limits::RATIO_FREE && self.unpacked / self.ratio.max(1) > packed {
            let message = format!("unpacks to more than {} times its size", self.ratio);
            return Err(Fault::new(codes::BOMB, message).at(packed));
        }
        Ok(())
    }
}

/// No container: the file is the tar.
pub(super) struct Plain<R> {
    input: Input<R>,
    meter: Meter,
}

impl<R: Read> Plain<R> {
    pub fn new(input: R, limits: &Limits) -> Self {
        Self { input: Input::new(input), meter: Meter::new(limits) }
    }
}

impl<R: Read> Source for Plain<R> {
    fn fill(&mut self, buffer: &mut Vec<u8>) -> Result<(), ArchiveError> {
        buffer.clear();
        let bytes = self.input.peek()?;
        buffer.extend_from_slice(bytes);
        self.input.consume(buffer.len());
        self.meter.add(buffer.len(), self.input.taken())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time, with interruptions.
    struct Drip<'a>(&'a [u8], bool);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.0.read(&mut buffer[..1])
        }
    }

    #[test]
    fn buffers_are_full_whatever_the_input_gives() {
        let bytes = vec![7; BUFFER + 3];
        let mut plain = Plain::new(Drip(&bytes, false), &Limits::default());
        let mut sizes = Vec::new();
        let mut buffer = Vec::new();
        while plain.fill(&mut buffer).map(|()| !buffer.is_empty()).unwrap() {
            sizes.push(buffer.len());
        }
        assert_eq!(sizes, [BUFFER, 3]);
    }

    #[test]
    fn the_meter_knows_size_and_ratio() {
        let limits = Limits { unpacked: 1 << 30, ..Limits::default() };
        let mut meter = Meter::new(&limits);
        assert!(meter.add(64 << 20, 1).is_ok(), "dull but small");
        let bomb = meter.add(1, 1).unwrap_err();
        assert!(matches!(bomb, ArchiveError::Defect(defect) if defect.code == codes::BOMB));
        let large = meter.add(1 << 30, 1 << 30).unwrap_err();
        assert!(matches!(large, ArchiveError::Defect(defect) if defect.code == codes::TOO_LARGE));
    }
}
