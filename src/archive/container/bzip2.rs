//! bzip2: one stream. Its blocks carry their own checksums, the stream one
//! over all of them, which the decoder compares.

use std::io::Read;

use bzip2::{Decompress, Status};

use super::super::error::ArchiveError;
use super::super::input::Input;
use super::{Codec, Step, corrupt, magic, step};

/// A bzip2 stream; it needs less than 4 MiB whatever the file says.
pub(in super::super) struct Bzip2 {
    inner: Decompress,
}

impl Bzip2 {
    pub fn new() -> Self {
        Self { inner: Decompress::new(false) }
    }
}

impl Codec for Bzip2 {
    fn open<R: Read>(&mut self, input: &mut Input<R>) -> Result<(), ArchiveError> {
        magic(input, b"BZh", "bzip2")
    }

    fn decode<R: Read>(&mut self, input: &mut Input<R>, out: &mut [u8]) -> Result<Step, ArchiveError> {
        step(input, |packed| {
            let before = (self.inner.total_in(), self.inner.total_out());
            let status = self.inner.decompress(packed, out);
            let read = (self.inner.total_in() - before.0) as usize;
            let made = (self.inner.total_out() - before.1) as usize;
            let done = match status {
                Ok(Status::StreamEnd) => true,
                Ok(_) => false,
                Err(_) => return Err(corrupt("the bzip2 data is damaged or its checksum is wrong")),
            };
            Ok((read, Step { made, done }))
        })
    }

    fn close<R: Read>(&mut self, _: &mut Input<R>) -> Result<(), ArchiveError> {
        Ok(())
    }
}
