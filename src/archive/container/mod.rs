//! Compression containers around a tar: exactly one stream, whole, and not a
//! byte after it.
//!
//! All of them allow several streams in a row, and padding or metadata between
//! them, and tools differ on how far they read. Releases have one.

mod bzip2;
mod gzip;
mod xz;
mod zstd;

use std::io::Read;

use super::codes;
use super::error::{ArchiveError, Fault};
use super::input::{BUFFER, Input};
use super::limits::Limits;
use super::source::{Meter, Source};

pub(super) use bzip2::Bzip2;
pub(super) use gzip::{Gzip, inflate};
pub(super) use xz::Xz;
pub(super) use zstd::Zstd;

/// One compression format.
pub(super) trait Codec {
    /// Reads what stands before the compressed data.
    fn open<R: Read>(&mut self, input: &mut Input<R>) -> Result<(), ArchiveError>;

    /// Unpacks some bytes into `out`, which is not empty.
    fn decode<R: Read>(&mut self, input: &mut Input<R>, out: &mut [u8]) -> Result<Step, ArchiveError>;

    /// Reads and checks what stands after the compressed data.
    fn close<R: Read>(&mut self, input: &mut Input<R>) -> Result<(), ArchiveError>;
}

/// What one call of a decoder did.
pub(super) struct Step {
    /// Bytes it wrote.
    pub made: usize,
    /// Whether the stream is complete.
    pub done: bool,
}

/// The unpacked bytes of a container.
pub(super) struct Unpacked<R, C> {
    input: Input<R>,
    codec: C,
    meter: Meter,
    state: State,
}

enum State {
    Closed,
    Open,
    Done,
}

impl<R: Read, C: Codec> Unpacked<R, C> {
    pub fn new(codec: C, input: R, limits: &Limits) -> Self {
        Self { input: Input::new(input), codec, meter: Meter::new(limits), state: State::Closed }
    }

    fn decode(&mut self, buffer: &mut Vec<u8>) -> Result<(), ArchiveError> {
        // Old content is overwritten: no need to clear it first.
        buffer.resize(BUFFER, 0);
        let mut filled = 0;
        while let Some(out) = buffer.get_mut(filled..).filter(|out| !out.is_empty()) {
            let step = self.codec.decode(&mut self.input, out)?;
            filled += step.made;
            self.meter.add(step.made, self.input.taken())?;
            if step.done {
                self.state = State::Done;
                break;
            }
        }
        buffer.truncate(filled);
        Ok(())
    }

    fn close(&mut self) -> Result<(), ArchiveError> {
        self.codec.close(&mut self.input)?;
        if self.input.peek()?.is_empty() {
            return Ok(());
        }
        let message = "data after the end of the compressed stream: readers differ on what it means";
        Err(Fault::new(codes::TRAILING, message).at(self.input.taken()))
    }
}

impl<R: Read, C: Codec> Source for Unpacked<R, C> {
    fn fill(&mut self, buffer: &mut Vec<u8>) -> Result<(), ArchiveError> {
        if matches!(self.state, State::Closed) {
            self.codec.open(&mut self.input)?;
            self.state = State::Open;
        }
        if matches!(self.state, State::Done) {
            buffer.clear();
            return Ok(());
        }
        self.decode(buffer)?;
        if matches!(self.state, State::Done) {
            self.close()?;
        }
        Ok(())
    }
}

/// Runs a decoder that works on slices. `run` gets the packed bytes ahead and
/// says how many it read, what it wrote and whether it is done; `None` means
/// that it is stuck with bytes before it.
fn step<R: Read>(
    input: &mut Input<R>,
    run: impl FnOnce(&[u8]) -> Result<(usize, Step), Fault>,
) -> Result<Step, ArchiveError> {
    let packed = input.peek()?;
    let at_end = packed.is_empty();
    let (read, step) = match run(packed) {
        Ok(done) => done,
        Err(fault) => return Err(fault.at(input.taken())),
    };
    input.consume(read);
    if step.done || step.made > 0 || read > 0 {
        return Ok(step);
    }
    let fault = if at_end { truncated() } else { corrupt("the compressed data is damaged") };
    Err(fault.at(input.taken()))
}

/// Checks that the file begins as its name promises.
fn magic<R: Read>(input: &mut Input<R>, magic: &[u8], name: &str) -> Result<(), ArchiveError> {
    let ahead = input.peek()?;
    if ahead.starts_with(magic) {
        return Ok(());
    }
    let short = ahead.len() < magic.len() && magic.starts_with(ahead);
    let message = format!("does not begin like a {name} file");
    Err(if short { truncated() } else { Fault::new(codes::FORMAT, message) }.at(0))
}

fn truncated() -> Fault {
    Fault::new(codes::TRUNCATED, "the file ends in the middle of the compressed data")
}

fn corrupt(message: &str) -> Fault {
    Fault::new(codes::CORRUPT, message)
}

fn memory(what: &str, limit: u64) -> Fault {
    Fault::new(codes::MEMORY, format!("{what} needs more than {limit} bytes of memory to unpack"))
}
