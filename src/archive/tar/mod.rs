//! Tar: ustar, pax, GNU long names and the old form without magic.
//!
//! Blocks of 512 bytes: a header, the content padded with zeros, …, two zero
//! blocks, zeros up to the writer's record size.

mod header;
mod member;
mod number;
mod pax;
mod stream;

use super::codes;
use super::entry::{Entry, EntryKind, Sink, Summary};
use super::error::{ArchiveError, Fault};
use super::limits::Limits;
use super::names::{Names, Node};
use super::source::Source;
use header::{BLOCK, Header};
use member::Extensions;
use stream::Stream;

/// Longest run of zeros at the end. Writers fill up to their record: 1024
/// (Rust, Go, node-tar) or 10,240 bytes (GNU tar, Python, bsdtar, git).
const TAIL: u64 = 64 << 10;

/// Reads the tar that `source` unpacks to, to the very end of the container.
pub(super) fn read<S: Source>(
    source: S,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<Summary, ArchiveError> {
    let reader = Reader {
        stream: Stream::new(source),
        limits,
        sink,
        names: Names::new(limits),
        summary: Summary::default(),
    };
    reader.run()
}

struct Reader<'a, S> {
    stream: Stream<S>,
    limits: &'a Limits,
    sink: &'a mut dyn Sink,
    names: Names,
    summary: Summary,
}

impl<S: Source> Reader<'_, S> {
    fn run(mut self) -> Result<Summary, ArchiveError> {
        let mut extensions = Extensions::default();
        loop {
            let start = self.stream.offset();
            let Some(block) = self.stream.block()? else {
                return Err(Fault::new(codes::TAR_END, "the tar ends without its end marker").at(start));
            };
            if block == [0; BLOCK] {
                if !extensions.is_empty() {
                    return Err(
                        Fault::new(codes::TAR_EXTENSION, "an extended header without an entry").at(start)
                    );
                }
                self.tail()?;
                return Ok(self.summary);
            }
            let header = Header::parse(&block).map_err(|fault| fault.at(start))?;
            match header.flag {
                b'g' => self.global(&header, start)?,
                b'x' | b'L' | b'K' => {
                    let body = self.extension(&header, start)?;
                    extensions.add(&header, &body).map_err(|fault| fault.at(start))?;
                }
                _ => self.entry(header, std::mem::take(&mut extensions), start)?,
            }
        }
    }

    /// The one global header that is known: git archive's, before all else.
    fn global(&mut self, header: &Header, start: u64) -> Result<(), ArchiveError> {
        if start != 0 {
            let message = "a pax global header that is not at the beginning";
            return Err(Fault::new(codes::TAR_EXTENSION, message).at(start));
        }
        let body = self.extension(header, start)?;
        self.summary.comment = Some(pax::commit(&body).map_err(|fault| fault.at(start))?);
        Ok(())
    }

    fn extension(&mut self, header: &Header, start: u64) -> Result<Vec<u8>, ArchiveError> {
        let size = member::extension_size(header, self.limits).map_err(|fault| fault.at(start))?;
        let body = self.stream.bytes(size)?;
        self.stream.padding(size)?;
        Ok(body)
    }

    fn entry(&mut self, header: Header, extensions: Extensions, start: u64) -> Result<(), ArchiveError> {
        let header = member::join(header, extensions).map_err(|fault| fault.at(start))?;
        let path = member::path(&header);
        let place = |fault: Fault| fault.of(start, &path);
        self.names.check(&path).map_err(place)?;
        let member = member::member(header, path.clone(), self.limits).map_err(place)?;
        if let EntryKind::HardLink { target } = &member.entry.kind {
            let source = self.names.get(target);
            linkable(source, member.executable).map_err(place)?;
        }
        let node = match member.entry.kind {
            EntryKind::File { executable } => Node::File { executable },
            EntryKind::Directory => Node::Directory,
            EntryKind::Symlink { .. } | EntryKind::HardLink { .. } => Node::Link,
        };
        self.names.insert(&path, node).map_err(place)?;
        if member.entry.size > self.limits.unpacked {
            let message = format!("has more than {} bytes", self.limits.unpacked);
            return Err(place(Fault::new(codes::TOO_LARGE, message)));
        }
        self.content(&member.entry)
    }

    fn content(&mut self, entry: &Entry) -> Result<(), ArchiveError> {
        self.sink.begin(entry)?;
        let mut rest = entry.size;
        while rest > 0 {
            let chunk = self.stream.chunk(rest)?;
            if chunk.is_empty() {
                return Err(self.stream.truncated());
            }
            rest -= chunk.len() as u64;
            self.sink.data(chunk)?;
        }
        self.stream.padding(entry.size)?;
        self.sink.end()?;
        self.summary.entries += 1;
        self.summary.unpacked += entry.size;
        Ok(())
    }

    /// After the first zero block: a second one, then only zeros in whole
    /// blocks, then the end of the container.
    fn tail(&mut self) -> Result<(), ArchiveError> {
        let start = self.stream.offset();
        match self.stream.block()? {
            Some(block) if block == [0; BLOCK] => {}
            _ => {
                let message = "a single zero block: some readers stop there, others go on";
                return Err(Fault::new(codes::TAR_END, message).at(start));
            }
        }
        loop {
            let at = self.stream.offset();
            let Some(block) = self.stream.block()? else { return Ok(()) };
            if block != [0; BLOCK] {
                let message = "data after the end marker: some readers stop there, others go on";
                return Err(Fault::new(codes::TRAILING, message).at(at));
            }
            if at - start > TAIL {
                let message = format!("more than {TAIL} zero bytes after the end");
                return Err(Fault::new(codes::TRAILING, message).at(at));
            }
        }
    }
}

/// Whether an entry that left `node` behind can be hard-linked to.
fn linkable(node: Option<Node>, executable: bool) -> Result<(), Fault> {
    match node {
        Some(Node::File { executable: same }) if same == executable => Ok(()),
        Some(Node::File { .. }) => {
            Err(Fault::new(codes::MODE, "a hard link and its target differ in the exec bit"))
        }
        _ => Err(Fault::new(codes::HARD_LINK, "a hard link to what is no earlier file of this archive")),
    }
}
