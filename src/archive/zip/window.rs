//! Two places of one file read side by side.

use std::io::{Read, Seek, SeekFrom};

use super::super::codes;
use super::super::error::{ArchiveError, Fault};
use super::super::input::BUFFER;

/// A file that can be read anywhere.
pub(super) struct File<R> {
    inner: R,
    position: u64,
    pub length: u64,
}

impl<R: Read + Seek> File<R> {
    pub fn new(mut inner: R) -> Result<Self, ArchiveError> {
        let length = inner.seek(SeekFrom::End(0))?;
        Ok(Self { inner, position: length, length })
    }

    /// The bytes from `start` on, exactly as many as `buffer` has.
    fn read_at(&mut self, start: u64, buffer: &mut [u8]) -> Result<(), ArchiveError> {
        if self.position != start {
            self.inner.seek(SeekFrom::Start(start))?;
        }
        self.inner.read_exact(buffer)?;
        self.position = start + buffer.len() as u64;
        Ok(())
    }

    /// The `N` bytes at `start`, which the caller knows to be there.
    pub fn array<const N: usize>(&mut self, start: u64) -> Result<[u8; N], ArchiveError> {
        let mut out = [0; N];
        self.read_at(start, &mut out)?;
        Ok(out)
    }
}

/// A part of the file that is read from front to back.
pub(super) struct Window {
    /// Where in the file the unread part of the buffer begins.
    offset: u64,
    end: u64,
    buffer: Vec<u8>,
    position: usize,
}

impl Window {
    /// The bytes from `start` up to `end`.
    pub fn new(start: u64, end: u64) -> Self {
        Self { offset: start, end, buffer: Vec::new(), position: 0 }
    }

    /// Where the next byte stands in the file.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// At most `most` bytes ahead; none only at the end of the part.
    pub fn peek<R: Read + Seek>(&mut self, file: &mut File<R>, most: u64) -> Result<&[u8], ArchiveError> {
        if self.position == self.buffer.len() {
            let ahead = usize::try_from(self.end - self.offset).map_or(BUFFER, |ahead| ahead.min(BUFFER));
            self.buffer.resize(ahead, 0);
            self.position = 0;
            file.read_at(self.offset, &mut self.buffer)?;
        }
        let ahead = self.buffer.get(self.position..).unwrap_or_default();
        let most = usize::try_from(most).map_or(ahead.len(), |most| most.min(ahead.len()));
        Ok(ahead.get(..most).unwrap_or_default())
    }

    /// Steps over `count` bytes of what [`Self::peek`] showed.
    pub fn consume(&mut self, count: usize) {
        let count = count.min(self.buffer.len() - self.position);
        self.position += count;
        self.offset += count as u64;
    }

    /// The next `count` bytes, or a defect if the part ends before.
    pub fn bytes<R: Read + Seek>(
        &mut self,
        file: &mut File<R>,
        count: usize,
    ) -> Result<Vec<u8>, ArchiveError> {
        let mut out = Vec::with_capacity(count);
        while out.len() < count {
            let ahead = self.peek(file, (count - out.len()) as u64)?;
            let got = ahead.len();
            out.extend_from_slice(ahead);
            self.consume(got);
            if got == 0 {
                let message = "a part of the zip ends before the header in it";
                return Err(Fault::new(codes::ZIP_LAYOUT, message).at(self.offset));
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn windows_do_not_disturb_each_other() {
        let bytes: Vec<u8> = (0..=255).cycle().take(3 * BUFFER).collect();
        let mut file = File::new(Cursor::new(&bytes)).unwrap();
        let mut first = Window::new(0, BUFFER as u64 + 10);
        let mut second = Window::new(BUFFER as u64 + 10, bytes.len() as u64);
        let mut got = (Vec::new(), Vec::new());
        for _ in 0..10 {
            got.0.extend(first.bytes(&mut file, 13_000).unwrap());
            got.1.extend(second.bytes(&mut file, 26_000).unwrap());
        }
        assert!(got.0 == bytes[..130_000] && got.1 == bytes[BUFFER + 10..][..260_000]);
        assert_eq!(first.offset(), 130_000);
    }

    #[test]
    fn a_window_ends_where_it_was_told() {
        let mut file = File::new(Cursor::new([7; 100])).unwrap();
        let mut window = Window::new(10, 20);
        assert_eq!(window.peek(&mut file, 99).unwrap().len(), 10);
        assert!(matches!(window.bytes(&mut file, 11), Err(ArchiveError::Defect(_))));
    }
}
