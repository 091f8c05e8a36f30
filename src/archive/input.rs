//! The file as it is read: in whole buffers, with the place of each byte.

use std::io::{self, Read};

use super::codes;
use super::error::{ArchiveError, Fault};

/// Size of the buffers that bytes travel in.
pub(super) const BUFFER: usize = 128 << 10;

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
            *slot = self.byte()?.ok_or_else(|| short().at(self.taken))?;
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

fn short() -> Fault {
    Fault::new(codes::TRUNCATED, "the file ends too early")
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
    fn buffers_are_full_whatever_the_reader_gives() {
        let bytes = vec![7; BUFFER + 3];
        let mut input = Input::new(Drip(&bytes, false));
        assert_eq!(input.peek().unwrap().len(), BUFFER);
        input.consume(BUFFER);
        assert_eq!(input.array().unwrap(), [7, 7, 7]);
        assert_eq!(input.taken(), bytes.len() as u64);
        assert_eq!(input.byte().unwrap(), None);
        assert!(
            matches!(input.array::<1>(), Err(ArchiveError::Defect(defect)) if defect.code == codes::TRUNCATED)
        );
    }
}
