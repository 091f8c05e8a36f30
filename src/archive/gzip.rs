//! The gzip container (RFC 1952): exactly one member, and nothing else.

use std::io::Read;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::codes;
use super::error::{ArchiveError, Fault};
use super::limits::Limits;
use super::source::{BUFFER, Input, Meter, Source, truncated};

/// Flag of a stored file name (RFC 1952, 2.3.1); the only one that compressors
/// set on releases. The others carry text that no reader shows.
const FNAME: u8 = 0x08;

/// One gzip member as a stream of unpacked bytes.
pub(super) struct Gzip<R> {
    input: Input<R>,
    meter: Meter,
    inflate: Decompress,
    crc: Crc,
    state: State,
}

enum State {
    Header,
    Body,
    Done,
}

impl<R: Read> Gzip<R> {
    pub fn new(input: R, limits: &Limits) -> Self {
        Self {
            input: Input::new(input),
            meter: Meter::new(limits),
            inflate: Decompress::new(false),
            crc: Crc::new(),
            state: State::Header,
        }
    }

    fn header(&mut self) -> Result<(), ArchiveError> {
        if self.input.array::<3>()? != [0x1f, 0x8b, 8] {
            return Err(Fault::new(codes::FORMAT, "does not begin like a gzip file").at(0));
        }
        let [flags, ..] = self.input.array::<7>()?;
        if flags & !FNAME != 0 {
            let message = format!("gzip header with flags {flags:#04x}; only a file name (0x08) is known");
            return Err(Fault::new(codes::UNSUPPORTED, message).at(3));
        }
        if flags & FNAME != 0 {
            self.skip_name()?;
        }
        self.state = State::Body;
        Ok(())
    }

    fn skip_name(&mut self) -> Result<(), ArchiveError> {
        for _ in 0..=Limits::NAME {
            if self.input.array::<1>()? == [0] {
                return Ok(());
            }
        }
        let message = format!("the file name in the gzip header has more than {} bytes", Limits::NAME);
        Err(Fault::new(codes::UNSUPPORTED, message).at(10))
    }

    fn body(&mut self, buffer: &mut Vec<u8>) -> Result<(), ArchiveError> {
        buffer.resize(BUFFER, 0);
        let mut filled = 0;
        while let (State::Body, Some(out)) =
            (&self.state, buffer.get_mut(filled..).filter(|out| !out.is_empty()))
        {
            let packed = self.input.peek()?;
            if packed.is_empty() {
                return Err(truncated().at(self.input.taken()));
            }
            let before = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(packed, out, FlushDecompress::None);
            let read = (self.inflate.total_in() - before.0) as usize;
            let made = (self.inflate.total_out() - before.1) as usize;
            self.input.consume(read);
            filled += made;
            match status {
                Ok(Status::StreamEnd) => self.state = State::Done,
                Ok(_) if read + made > 0 => {}
                _ => return Err(self.corrupt("the deflate data is damaged")),
            }
        }
        buffer.truncate(filled);
        self.crc.update(buffer);
        self.meter.add(filled, self.input.taken())
    }

    /// The member's checksum and length, then the end of the file.
    fn trailer(&mut self) -> Result<(), ArchiveError> {
        let crc = u32::from_le_bytes(self.input.array()?);
        let length = u32::from_le_bytes(self.input.array()?);
        if crc != self.crc.sum() {
            return Err(self.corrupt("the gzip checksum (CRC-32) is wrong"));
        }
        if length != self.crc.amount() {
            return Err(self.corrupt("the length in the gzip trailer is wrong"));
        }
        if !self.input.peek()?.is_empty() {
            let message = "data after the end of the gzip member: readers differ on what it means";
            return Err(Fault::new(codes::TRAILING, message).at(self.input.taken()));
        }
        Ok(())
    }

    fn corrupt(&self, message: &str) -> ArchiveError {
        Fault::new(codes::CORRUPT, message).at(self.input.taken())
    }
}

impl<R: Read> Source for Gzip<R> {
    fn fill(&mut self, buffer: &mut Vec<u8>) -> Result<(), ArchiveError> {
        buffer.clear();
        if matches!(self.state, State::Header) {
            self.header()?;
        }
        if matches!(self.state, State::Body) {
            self.body(buffer)?;
            if matches!(self.state, State::Done) {
                self.trailer()?;
            }
        }
        Ok(())
    }
}
