//! xz (The .xz File Format 1.2): one stream with an integrity check. The
//! decoder compares block checks, index and footer before it says "end".

use std::io::Read;

use liblzma::stream::{Action, Error, Status, Stream, TELL_NO_CHECK, TELL_UNSUPPORTED_CHECK};

use super::super::codes;
use super::super::error::{ArchiveError, Fault};
use super::super::input::Input;
use super::super::limits::Limits;
use super::{Codec, Step, corrupt, magic, memory, step};

/// An xz stream.
pub(in super::super) struct Xz {
    /// Made when the stream opens, because making it can fail.
    inner: Option<Stream>,
    memory: u64,
}

impl Xz {
    pub fn new(limits: &Limits) -> Self {
        Self { inner: None, memory: limits.memory }
    }

    fn fault(&self, error: Error) -> Fault {
        match error {
            Error::MemLimit | Error::Mem => memory("the xz stream", self.memory),
            Error::NoCheck | Error::UnsupportedCheck => {
                Fault::new(codes::UNSUPPORTED, "the xz stream has no integrity check that is known")
            }
            Error::Options => {
                Fault::new(codes::UNSUPPORTED, "the xz stream uses an unknown filter or option")
            }
            Error::Format => Fault::new(codes::FORMAT, "does not begin like an xz file"),
            Error::Data | Error::Program => corrupt("the xz data is damaged or a checksum is wrong"),
        }
    }
}

impl Codec for Xz {
    fn open<R: Read>(&mut self, input: &mut Input<R>) -> Result<(), ArchiveError> {
        magic(input, &[0xfd, b'7', b'z', b'X', b'Z', 0], "xz")?;
        let stream = Stream::new_stream_decoder(self.memory, TELL_NO_CHECK | TELL_UNSUPPORTED_CHECK);
        self.inner = Some(stream.map_err(|error| self.fault(error).at(0))?);
        Ok(())
    }

    fn decode<R: Read>(&mut self, input: &mut Input<R>, out: &mut [u8]) -> Result<Step, ArchiveError> {
        step(input, |packed| {
            let Some(inner) = &mut self.inner else {
                return Err(corrupt("the xz stream was not opened"));
            };
            let before = (inner.total_in(), inner.total_out());
            let status = inner.process(packed, out, Action::Run);
            let read = (inner.total_in() - before.0) as usize;
            let made = (inner.total_out() - before.1) as usize;
            match status {
                Ok(status) => Ok((read, Step { made, done: status == Status::StreamEnd })),
                Err(error) => Err(self.fault(error)),
            }
        })
    }

    fn close<R: Read>(&mut self, _: &mut Input<R>) -> Result<(), ArchiveError> {
        Ok(())
    }
}
