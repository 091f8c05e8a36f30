//! Where the bytes of a tar come from: the file itself or a decompressor.

use std::io::Read;

use super::codes;
use super::error::{ArchiveError, Fault};
use super::input::Input;
use super::limits::Limits;

/// A stream of unpacked bytes in buffers of its own choosing.
pub(super) trait Source {
    /// Replaces the content of `buffer` by the next bytes. An empty buffer is
    /// the end, and says that the container ended well too.
    fn fill(&mut self, buffer: &mut Vec<u8>) -> Result<(), ArchiveError>;
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
