//! The records of a zip (PKWARE APPNOTE 6.3.10, 4.3), field by field.

use super::super::codes;
use super::super::error::Fault;
use super::extra::{self, Side};

/// Length of the fixed part of a local file header (4.3.7).
pub(super) const LOCAL: usize = 30;
/// Length of the fixed part of a central directory header (4.3.12).
pub(super) const CENTRAL: usize = 46;
/// Length of the end of central directory record without comment (4.3.16).
pub(super) const END: usize = 22;
/// Length of a data descriptor with its signature (4.3.9).
pub(super) const DESCRIPTOR: usize = 16;

/// Flag: sizes and checksum stand after the data (4.4.4, bit 3).
pub(super) const STREAMED: u16 = 0x0008;
/// Flag: the name is UTF-8 (bit 11).
const UTF8: u16 = 0x0800;
/// Flags that change nothing else: the two above and how hard deflate tried.
const KNOWN_FLAGS: u16 = STREAMED | UTF8 | 0x0006;
/// Deflate (4.4.5).
pub(super) const DEFLATE: u16 = 8;

/// "Version made by" of MS-DOS and Unix (4.4.2): the two whose attributes all
/// readers understand alike, as far as they are let through.
pub(super) const DOS: u8 = 0;
pub(super) const UNIX: u8 = 3;

/// What both headers of an entry say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Common {
    pub version: u16,
    pub flags: u16,
    pub method: u16,
    /// MS-DOS time and date, only compared.
    pub time: u32,
    pub sums: Sums,
    pub name: Vec<u8>,
}

/// Checksum and sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sums {
    pub crc: u32,
    pub packed: u32,
    pub size: u32,
}

/// An entry of the central directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Central {
    pub common: Common,
    /// Upper byte of "version made by": whose attributes these are (4.4.2).
    pub host: u8,
    pub attributes: u32,
    pub offset: u32,
}

/// Where the central directory lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub entries: u16,
    pub size: u32,
    pub offset: u32,
    pub comment: u16,
}

impl End {
    /// Reads an end record; `None` if there is none.
    pub fn parse(record: &[u8; END]) -> Option<Result<Self, Fault>> {
        let mut fields = Fields(record);
        if fields.u32() != 0x0605_4b50 {
            return None;
        }
        let (disk, start, here, entries) = (fields.u16(), fields.u16(), fields.u16(), fields.u16());
        let end = Self { entries, size: fields.u32(), offset: fields.u32(), comment: fields.u16() };
        if entries == u16::MAX || end.size == u32::MAX || end.offset == u32::MAX {
            return Some(Err(unsupported(
                "zip64, which only archives of more than 4 GiB or 65,534 entries need",
            )));
        }
        if disk != 0 || start != 0 || here != entries {
            return Some(Err(unsupported("a zip in several parts")));
        }
        Some(Ok(end))
    }
}

/// Lengths of the parts after a fixed header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lengths {
    pub name: u16,
    pub extra: u16,
}

impl Central {
    /// Reads the fixed part of a central header; name and extra fields follow.
    pub fn parse(fixed: &[u8]) -> Result<(Self, Lengths), Fault> {
        let mut fields = Fields(fixed);
        if fields.u32() != 0x0201_4b50 {
            return Err(layout("the central directory does not hold what the end record says"));
        }
        let [_, host] = fields.u16().to_le_bytes();
        let common = Common::parse(&mut fields)?;
        let lengths = Lengths { name: fields.u16(), extra: fields.u16() };
        let (comment, disk, internal) = (fields.u16(), fields.u16(), fields.u16());
        if comment != 0 {
            return Err(unsupported("a comment on an entry"));
        }
        if disk != 0 || internal > 1 {
            return Err(unsupported("an entry on another disk or with unknown internal attributes"));
        }
        let central = Self { common, host, attributes: fields.u32(), offset: fields.u32() };
        if [central.common.sums.packed, central.common.sums.size, central.offset].contains(&u32::MAX) {
            return Err(unsupported("zip64, which only archives of more than 4 GiB or 65,534 entries need"));
        }
        Ok((central, lengths))
    }

    /// Adds what stands behind the fixed part.
    pub fn complete(&mut self, name: Vec<u8>, extra: &[u8]) -> Result<(), Fault> {
        extra::check(extra, Side::Central)?;
        if !name.is_ascii() && self.common.flags & UTF8 == 0 {
            let message = "a name that is not ASCII and not marked as UTF-8: readers differ on its letters";
            return Err(Fault::new(codes::PATH_ENCODING, message));
        }
        // Info-ZIP minds the mark only while it reads extra fields, and takes
        // the name of an MS-DOS entry without any for one in code page 850.
        if !name.is_ascii() && self.host == DOS && extra.is_empty() {
            let message =
                "a name that is not ASCII on an entry made by MS-DOS: readers differ on its letters";
            return Err(Fault::new(codes::PATH_ENCODING, message));
        }
        self.common.name = name;
        Ok(())
    }
}

impl Common {
    /// Reads the run of fields that both headers share (4.3.7 and 4.3.12).
    fn parse(fields: &mut Fields) -> Result<Self, Fault> {
        let (version, flags, method) = (fields.u16(), fields.u16(), fields.u16());
        let time = fields.u32();
        let sums = fields.sums();
        if version > 20 {
            return Err(unsupported(&format!("a zip feature of version {}.{}", version / 10, version % 10)));
        }
        if flags & !KNOWN_FLAGS != 0 {
            return Err(unsupported(&format!("zip flags {flags:#06x} (encryption, patches or unknown)")));
        }
        if method != 0 && method != DEFLATE {
            return Err(unsupported(&format!(
                "zip compression method {method}; known are 0 (stored) and 8 (deflate)"
            )));
        }
        if method == 0 && flags & STREAMED != 0 {
            let message = "stored data whose length stands behind it: nobody can find its end for sure";
            return Err(unsupported(message));
        }
        if method == 0 && sums.packed != sums.size {
            return Err(layout("stored data with two different sizes"));
        }
        Ok(Self { version, flags, method, time, sums, name: Vec::new() })
    }
}

/// Holds a local header against its entry in the central directory.
/// Returns the lengths of its name and extra fields.
pub(super) fn local(fixed: &[u8], central: &Common) -> Result<Lengths, Fault> {
    let mut fields = Fields(fixed);
    if fields.u32() != 0x0403_4b50 {
        return Err(layout("no local header where the central directory puts one"));
    }
    let local = Common::parse(&mut fields)?;
    let same = (local.version, local.flags, local.method, local.time)
        == (central.version, central.flags, central.method, central.time);
    // A streaming writer leaves the sums empty here.
    let sums_agree =
        local.sums == central.sums || (local.flags & STREAMED != 0 && local.sums == Sums::default());
    if !same || !sums_agree {
        return Err(differ("the local header and the central directory disagree"));
    }
    Ok(Lengths { name: fields.u16(), extra: fields.u16() })
}

/// Holds a data descriptor against the central directory. The form without a
/// signature is refused: it can be taken for data, and no common tool writes it.
pub(super) fn descriptor(fixed: &[u8], central: &Common) -> Result<(), Fault> {
    let mut fields = Fields(fixed);
    if fields.u32() != 0x0807_4b50 {
        return Err(layout("no data descriptor where the flags promise one"));
    }
    if fields.sums() != central.sums {
        return Err(differ("the data descriptor and the central directory disagree"));
    }
    Ok(())
}

/// Little-endian fields off the front of a record. The records are read at
/// their full length, so running short cannot happen; it would read as zeros.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => [0; N],
        }
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn sums(&mut self) -> Sums {
        Sums { crc: self.u32(), packed: self.u32(), size: self.u32() }
    }
}

fn unsupported(message: &str) -> Fault {
    Fault::new(codes::UNSUPPORTED, message)
}

pub(super) fn layout(message: &str) -> Fault {
    Fault::new(codes::ZIP_LAYOUT, message)
}

pub(super) fn differ(message: &str) -> Fault {
    Fault::new(codes::ZIP_DIFFER, message)
}
