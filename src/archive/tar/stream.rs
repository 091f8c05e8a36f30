//! The unpacked bytes in tar's blocks, with their offsets.

use super::super::codes;
use super::super::error::{ArchiveError, Fault};
use super::super::source::Source;
use super::header::BLOCK;

/// A cursor over the buffers of a [`Source`].
pub(super) struct Stream<S> {
    source: S,
    buffer: Vec<u8>,
    position: usize,
    offset: u64,
}

impl<S: Source> Stream<S> {
    pub fn new(source: S) -> Self {
        Self { source, buffer: Vec::new(), position: 0, offset: 0 }
    }

    /// Bytes given out so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// At most `most` of the next bytes, uncopied; none only at the end.
    pub fn chunk(&mut self, most: u64) -> Result<&[u8], ArchiveError> {
        if self.position == self.buffer.len() {
            self.position = 0;
            self.source.fill(&mut self.buffer)?;
        }
        let ahead = self.buffer.len() - self.position;
        let count = usize::try_from(most).map_or(ahead, |most| most.min(ahead));
        let start = self.position;
        self.position += count;
        self.offset += count as u64;
        Ok(self.buffer.get(start..self.position).unwrap_or_default())
    }

    /// The next block; `None` if the stream ends before it.
    pub fn block(&mut self) -> Result<Option<[u8; BLOCK]>, ArchiveError> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let chunk = self.chunk(rest.len() as u64)?;
            match chunk.len() {
                0 if filled == 0 => return Ok(None),
                0 => return Err(self.truncated()),
                count => {
                    rest.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
                    filled += count;
                }
            }
        }
        Ok(Some(block))
    }

    /// The next `size` bytes, which the caller has bounded.
    pub fn bytes(&mut self, size: u64) -> Result<Vec<u8>, ArchiveError> {
        let mut out = Vec::new();
        while (out.len() as u64) < size {
            let chunk = self.chunk(size - out.len() as u64)?;
            if chunk.is_empty() {
                return Err(self.truncated());
            }
            out.extend_from_slice(chunk);
        }
        Ok(out)
    }

    /// Steps over what fills the last block of `size` bytes; it must be zero,
    /// as every writer leaves it.
    pub fn padding(&mut self, size: u64) -> Result<(), ArchiveError> {
        let rest = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
        let start = self.offset;
        if self.bytes(rest)?.iter().any(|byte| *byte != 0) {
            let message = "the padding after an entry's content is not zero";
            return Err(Fault::new(codes::TAR_GARBAGE, message).at(start));
        }
        Ok(())
    }

    pub fn truncated(&self) -> ArchiveError {
        Fault::new(codes::TRUNCATED, "the tar ends in the middle of an entry").at(self.offset)
    }
}
