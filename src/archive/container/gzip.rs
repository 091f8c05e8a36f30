//! gzip (RFC 1952): one member.

use std::io::Read;
use std::sync::OnceLock;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::super::codes;
use super::super::error::{ArchiveError, Fault};
use super::super::input::Input;
use super::super::limits::Limits;
use super::{Codec, Step, corrupt, magic, step};

/// Flag of a stored file name (RFC 1952, 2.3.1); the only one that compressors
/// set on releases. The others carry text that no reader shows.
const FNAME: u8 = 0x08;

/// A gzip member.
pub(in super::super) struct Gzip<'n> {
    inflate: Decompress,
    crc: Crc,
    name: &'n OnceLock<Vec<u8>>,
}

impl<'n> Gzip<'n> {
    /// The file name in the header, if it has one, is left in `name`.
    pub fn new(name: &'n OnceLock<Vec<u8>>) -> Self {
        Self { inflate: Decompress::new(false), crc: Crc::new(), name }
    }
}

impl Codec for Gzip<'_> {
    fn open<R: Read>(&mut self, input: &mut Input<R>) -> Result<(), ArchiveError> {
        magic(input, &[0x1f, 0x8b, 8], "gzip")?;
        let [_, _, _, flags, ..] = input.array::<10>()?;
        if flags & !FNAME != 0 {
            let message = format!("gzip header with flags {flags:#04x}; only a file name (0x08) is known");
            return Err(Fault::new(codes::UNSUPPORTED, message).at(3));
        }
        if flags & FNAME == 0 {
            return Ok(());
        }
        let mut name = Vec::new();
        for _ in 0..=Limits::NAME {
            match input.array::<1>()? {
                [0] => {
                    self.name.get_or_init(|| name);
                    return Ok(());
                }
                [byte] => name.push(byte),
            }
        }
        let message = format!("the file name in the gzip header has more than {} bytes", Limits::NAME);
        Err(Fault::new(codes::UNSUPPORTED, message).at(10))
    }

    fn decode<R: Read>(&mut self, input: &mut Input<R>, out: &mut [u8]) -> Result<Step, ArchiveError> {
        let step = step(input, |packed| {
            let (step, read) = inflate(&mut self.inflate, packed, out)?;
            Ok((read, step))
        })?;
        self.crc.update(out.get(..step.made).unwrap_or_default());
        Ok(step)
    }

    fn close<R: Read>(&mut self, input: &mut Input<R>) -> Result<(), ArchiveError> {
        let crc = u32::from_le_bytes(input.array()?);
        let length = u32::from_le_bytes(input.array()?);
        if crc != self.crc.sum() {
            return Err(corrupt("the gzip checksum (CRC-32) is wrong").at(input.taken()));
        }
        if length != self.crc.amount() {
            return Err(corrupt("the length in the gzip trailer is wrong").at(input.taken()));
        }
        Ok(())
    }
}

/// One call of the inflater: what it did, and how much it read.
pub(in super::super) fn inflate(
    inflate: &mut Decompress,
    packed: &[u8],
    out: &mut [u8],
) -> Result<(Step, usize), Fault> {
    let before = (inflate.total_in(), inflate.total_out());
    let status = inflate.decompress(packed, out, FlushDecompress::None);
    let read = inflate.total_in() - before.0;
    let made = inflate.total_out() - before.1;
    let done = match status {
        Ok(Status::StreamEnd) => true,
        Ok(Status::Ok | Status::BufError) => false,
        Err(_) => return Err(corrupt("the deflate data is damaged")),
    };
    // Both are at most the lengths of slices.
    Ok((Step { made: made as usize, done }, read as usize))
}
