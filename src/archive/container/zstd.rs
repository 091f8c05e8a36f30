//! Zstandard (RFC 8878): one frame, no dictionary, no skippable frames.

use std::io::{self, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::super::codes;
use super::super::error::{ArchiveError, Fault};
use super::super::input::Input;
use super::super::limits::Limits;
use super::{Codec, Step, corrupt, magic, memory, truncated};

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A zstd frame.
pub(in super::super) struct Zstd {
    inner: FrameDecoder,
    memory: u64,
    /// Content size from the frame header, if it has one.
    promised: Option<u64>,
    made: u64,
}

impl Zstd {
    pub fn new(limits: &Limits) -> Self {
        let mut inner = FrameDecoder::new();
        inner.set_max_window_size(limits.memory);
        Self { inner, memory: limits.memory, promised: None, made: 0 }
    }

    /// Reads the frame header, which the decoder gets to see as well.
    fn header<R: Read>(&mut self, input: &mut Input<R>) -> Result<Vec<u8>, ArchiveError> {
        let mut header = input.array::<5>()?.to_vec();
        let descriptor = header.last().copied().unwrap_or_default();
        if descriptor & 0x0b != 0 {
            let message = "a zstd frame that needs a dictionary or has the reserved bit set";
            return Err(Fault::new(codes::UNSUPPORTED, message).at(4));
        }
        let single = descriptor & 0x20 != 0;
        let (bytes, bias) = match (descriptor >> 6, single) {
            (0, false) => (0, 0),
            (0, true) => (1, 0),
            (1, _) => (2, 256),
            (2, _) => (4, 0),
            _ => (8, 0),
        };
        let mut window = None;
        if !single {
            let [byte] = input.array()?;
            header.push(byte);
            let base = 1u64 << (10 + (byte >> 3));
            window = Some(base + base / 8 * u64::from(byte & 7));
        }
        let mut size = [0; 8];
        for slot in size.iter_mut().take(bytes) {
            [*slot] = input.array()?;
            header.push(*slot);
        }
        self.promised = (bytes > 0).then(|| u64::from_le_bytes(size).saturating_add(bias));
        if window.or(self.promised).is_some_and(|window| window > self.memory) {
            return Err(memory("the zstd frame", self.memory).at(4));
        }
        Ok(header)
    }

    /// When all content is out: its length and checksum.
    fn finish(&self) -> Result<(), Fault> {
        if self.promised.is_some_and(|promised| promised != self.made) {
            return Err(corrupt("the content size in the zstd frame header is wrong"));
        }
        let stored = self.inner.get_checksum_from_data();
        if stored.is_some() && stored != self.inner.get_calculated_checksum() {
            return Err(corrupt("the zstd content checksum is wrong"));
        }
        Ok(())
    }
}

impl Codec for Zstd {
    fn open<R: Read>(&mut self, input: &mut Input<R>) -> Result<(), ArchiveError> {
        magic(input, &MAGIC, "zstd")?;
        let header = self.header(input)?;
        self.inner.init(&header[..]).map_err(|_| corrupt("the zstd frame header is malformed").at(0))
    }

    fn decode<R: Read>(&mut self, input: &mut Input<R>, out: &mut [u8]) -> Result<Step, ArchiveError> {
        // One block, at most 128 KiB, when nothing is waiting: what the
        // decoder holds stays at the window and a little.
        while self.inner.can_collect() == 0 && !self.inner.is_finished() {
            let mut feed = Feed { input, failure: None, ended: false };
            let result = self.inner.decode_blocks(&mut feed, BlockDecodingStrategy::UptoBlocks(1));
            let (failure, ended) = (feed.failure, feed.ended);
            match (result, failure) {
                (_, Some(failure)) => return Err(failure),
                (Ok(_), None) => {}
                (Err(_), None) if ended => return Err(truncated().at(input.taken())),
                (Err(_), None) => return Err(corrupt("the zstd data is damaged").at(input.taken())),
            }
        }
        let made = self.inner.read(out)?;
        self.made += made as u64;
        let done = self.inner.is_finished() && self.inner.can_collect() == 0;
        if done {
            self.finish().map_err(|fault| fault.at(input.taken()))?;
        }
        Ok(Step { made, done })
    }

    fn close<R: Read>(&mut self, _: &mut Input<R>) -> Result<(), ArchiveError> {
        Ok(())
    }
}

/// The input as the decoder wants it, remembering why a read fell short: the
/// decoder reports a broken disk and a broken frame alike.
struct Feed<'a, R> {
    input: &'a mut Input<R>,
    failure: Option<ArchiveError>,
    ended: bool,
}

impl<R: Read> Read for Feed<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ahead = match self.input.peek() {
            Ok(ahead) => ahead,
            Err(failure) => {
                self.failure = Some(failure);
                return Err(io::ErrorKind::Other.into());
            }
        };
        let count = ahead.len().min(out.len());
        out.iter_mut().zip(ahead).for_each(|(to, from)| *to = *from);
        self.ended |= ahead.is_empty() && !out.is_empty();
        self.input.consume(count);
        Ok(count)
    }
}
