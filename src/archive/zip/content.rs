//! The data of one entry, stored or deflated, held against its header.

use flate2::{Crc, Decompress};

use super::super::codes;
use super::super::container::inflate;
use super::super::error::Fault;
use super::record::{Common, DEFLATE, Sums};

/// Data on its way out.
pub(super) struct Content {
    inflate: Option<Decompress>,
    sums: Sums,
    /// Packed bytes still to come.
    pub packed: u64,
    size: u64,
    crc: Crc,
    ended: bool,
}

/// What one step did.
pub(super) struct Made<'a> {
    pub read: usize,
    pub bytes: &'a [u8],
}

impl Content {
    pub fn new(header: &Common) -> Self {
        let inflate = (header.method == DEFLATE).then(|| Decompress::new(false));
        let packed = header.sums.packed.into();
        let ended = inflate.is_none() && packed == 0;
        Self { inflate, sums: header.sums, packed, size: 0, crc: Crc::new(), ended }
    }

    /// Whether all data was seen.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Unpacks some of `ahead`, which holds no more than [`Self::packed`]
    /// bytes, using `out` as room.
    pub fn step<'a>(&mut self, ahead: &'a [u8], out: &'a mut [u8]) -> Result<Made<'a>, Fault> {
        let made = match &mut self.inflate {
            None => Made { read: ahead.len(), bytes: ahead },
            Some(inflater) => {
                let (step, read) = inflate(inflater, ahead, out)?;
                self.ended = step.done;
                Made { read, bytes: out.get(..step.made).unwrap_or_default() }
            }
        };
        if !self.ended && made.read == 0 && made.bytes.is_empty() {
            return Err(corrupt("the data is cut short or damaged"));
        }
        self.packed -= made.read as u64;
        self.ended |= self.inflate.is_none() && self.packed == 0;
        self.size += made.bytes.len() as u64;
        if self.size > self.sums.size.into() {
            return Err(corrupt("the data is longer than its header says"));
        }
        self.crc.update(made.bytes);
        Ok(made)
    }

    /// Holds what came out against the header.
    pub fn finish(&self) -> Result<(), Fault> {
        if self.packed != 0 || self.size != u64::from(self.sums.size) {
            return Err(corrupt("the data is shorter than its header says"));
        }
        if self.crc.sum() != self.sums.crc {
            return Err(corrupt("the checksum (CRC-32) is wrong"));
        }
        Ok(())
    }
}

fn corrupt(message: &str) -> Fault {
    Fault::new(codes::CORRUPT, message)
}
