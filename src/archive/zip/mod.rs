//! Zip, as sdists and wheels are packed.
//!
//! A zip says everything twice, in local headers before the data and in a
//! central directory after it, and may hold bytes that neither mentions.
//! Readers follow one or the other. Here both must say the same, entries must
//! lie in the same order in both, and every byte of the file must belong to
//! exactly one record:
//!
//! ```text
//! (local header, data, descriptor?)…  central directory  end record  comment?
//! ```

mod content;
mod entry;
mod extra;
mod record;
mod window;

use std::io::{Read, Seek};

use super::codes;
use super::entry::{Entry, EntryKind, Sink, Summary};
use super::error::{ArchiveError, Fault};
use super::input::BUFFER;
use super::limits::Limits;
use super::names::{Names, Node};
use super::source::Meter;
use content::Content;
use extra::Side;
use record::{CENTRAL, Central, Common, DESCRIPTOR, END, End, LOCAL, STREAMED, differ, layout};
use window::{File, Window};

/// Reads the zip `input`, all of it.
pub(super) fn read(
    input: impl Read + Seek,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<Summary, ArchiveError> {
    let mut file = File::new(input)?;
    let (end, start, comment) = end_record(&mut file)?;
    let directory = u64::from(end.offset);
    if directory + u64::from(end.size) != start {
        return Err(layout("the central directory does not end where the end record begins").at(start));
    }
    let summary = Summary { comment, ..Summary::default() };
    let mut reader = Reader {
        file,
        central: Window::new(directory, start),
        local: Window::new(0, directory),
        limits,
        sink,
        names: Names::new(limits),
        meter: Meter::new(limits),
        summary,
        out: vec![0; BUFFER],
    };
    for _ in 0..end.entries {
        reader.entry()?;
    }
    reader.finish(&end, start)
}

/// Finds the one end record: the last bytes of the file, but for the comment
/// that `git archive` writes, the id of the commit.
fn end_record<R: Read + Seek>(file: &mut File<R>) -> Result<(End, u64, Option<String>), ArchiveError> {
    for length in [0u16, 40, 64] {
        let Some(start) = file.length.checked_sub(END as u64 + u64::from(length)) else { break };
        let Some(end) = End::parse(&file.array(start)?) else { continue };
        let end = end.map_err(|fault| fault.at(start))?;
        let mut window = Window::new(start + END as u64, file.length);
        let comment = window.bytes(file, length.into())?;
        let hex = comment.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if end.comment != length || !hex {
            break;
        }
        let comment = String::from_utf8(comment).ok().filter(|comment| !comment.is_empty());
        return Ok((end, start, comment));
    }
    let begins = file.length >= 4 && matches!(&file.array::<4>(0)?, b"PK\x03\x04" | b"PK\x05\x06");
    let fault = if begins {
        let message = "the zip does not end in an end record (with no comment but git archive's commit id): \
                       it is cut off, or something follows it";
        Fault::new(codes::ZIP_END, message)
    } else {
        Fault::new(codes::FORMAT, "does not begin like a zip file")
    };
    Err(fault.at(file.length))
}

struct Reader<'a, R> {
    file: File<R>,
    central: Window,
    local: Window,
    limits: &'a Limits,
    sink: &'a mut dyn Sink,
    names: Names,
    meter: Meter,
    summary: Summary,
    out: Vec<u8>,
}

impl<R: Read + Seek> Reader<'_, R> {
    fn entry(&mut self) -> Result<(), ArchiveError> {
        let start = self.central.offset();
        let central = self.central()?;
        let path = entry::path(&central);
        let place = |fault: Fault| fault.of(start, &path);
        self.names.check(&path).map_err(place)?;
        let entry = entry::entry(&central, path.clone()).map_err(place)?;
        let node = match entry.kind {
            EntryKind::File { executable } => Node::File { executable },
            _ => Node::Directory,
        };
        self.names.insert(&path, node).map_err(place)?;
        if entry.size > self.limits.unpacked {
            let message = format!("has more than {} bytes", self.limits.unpacked);
            return Err(place(Fault::new(codes::TOO_LARGE, message)));
        }
        self.local(&central, &entry)?;
        self.sink.begin(&entry)?;
        self.content(&central.common, &entry)?;
        self.sink.end()?;
        self.summary.entries += 1;
        self.summary.unpacked += entry.size;
        Ok(())
    }

    fn central(&mut self) -> Result<Central, ArchiveError> {
        let start = self.central.offset();
        let fixed = self.central.bytes(&mut self.file, CENTRAL)?;
        let (mut central, lengths) = Central::parse(&fixed).map_err(|fault| fault.at(start))?;
        let name = self.central.bytes(&mut self.file, lengths.name.into())?;
        let extra = self.central.bytes(&mut self.file, lengths.extra.into())?;
        central.complete(name, &extra).map_err(|fault| fault.at(start))?;
        Ok(central)
    }

    /// Reads the local header, which must stand right here and say the same.
    fn local(&mut self, central: &Central, entry: &Entry) -> Result<(), ArchiveError> {
        let start = self.local.offset();
        let place = |fault: Fault| fault.of(start, &entry.path);
        if u64::from(central.offset) != start {
            let message = "the entry does not follow the one before it: bytes in between, or another order";
            return Err(place(layout(message)));
        }
        let fixed = self.local.bytes(&mut self.file, LOCAL)?;
        let lengths = record::local(&fixed, &central.common).map_err(place)?;
        let name = self.local.bytes(&mut self.file, lengths.name.into())?;
        if name != central.common.name {
            return Err(place(differ("the names in local header and central directory differ")));
        }
        let extra = self.local.bytes(&mut self.file, lengths.extra.into())?;
        extra::check(&extra, Side::Local).map_err(place)
    }

    fn content(&mut self, header: &Common, entry: &Entry) -> Result<(), ArchiveError> {
        let start = self.local.offset();
        let place = |fault: Fault| fault.of(start, &entry.path);
        let mut content = Content::new(header);
        while !content.ended() {
            let ahead = self.local.peek(&mut self.file, content.packed)?;
            let made = content.step(ahead, &mut self.out).map_err(place)?;
            if !made.bytes.is_empty() {
                self.sink.data(made.bytes)?;
            }
            let (read, count) = (made.read, made.bytes.len());
            self.local.consume(read);
            self.meter.add(count, self.local.offset())?;
        }
        content.finish().map_err(place)?;
        if header.flags & STREAMED != 0 {
            let fixed = self.local.bytes(&mut self.file, DESCRIPTOR)?;
            record::descriptor(&fixed, header).map_err(place)?;
        }
        Ok(())
    }

    /// Both parts must be used up.
    fn finish(self, end: &End, start: u64) -> Result<Summary, ArchiveError> {
        if self.central.offset() != start {
            let message = "the central directory holds more than the end record says";
            return Err(layout(message).at(self.central.offset()));
        }
        if self.local.offset() != u64::from(end.offset) {
            let message = "bytes between the last entry and the central directory";
            return Err(layout(message).at(self.local.offset()));
        }
        Ok(self.summary)
    }
}
