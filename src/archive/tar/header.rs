//! One header block of 512 bytes (POSIX.1 ustar; GNU; the old form of
//! version 7), read so that no bit of it is left unexplained.

use super::super::codes;
use super::super::error::Fault;
use super::number::{number, octal};

/// Size of a tar block.
pub(super) const BLOCK: usize = 512;

/// Largest owner number: beyond it readers give up or wrap around.
pub(super) const OWNER: i128 = u32::MAX as i128;
/// Furthest time from 1970, in seconds: some 4,000 years, which every
/// calendar in use can show.
pub(super) const TIME: i128 = 1 << 37;

/// Who defined the layout of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// No magic at all. GNU tar still writes it for `-o`, which automake's
    /// `make dist` uses unless a project asks for more.
    V7,
    /// `ustar`, NUL, `00`: POSIX, and with it pax.
    Posix,
    /// `ustar`, two blanks, NUL.
    Gnu,
}

/// A header whose every field is well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub dialect: Dialect,
    /// Name as stored, with the ustar prefix before it.
    pub name: Vec<u8>,
    /// Permission and, if the writer put them there, type bits.
    pub mode: u64,
    pub size: u64,
    pub flag: u8,
    pub link: Vec<u8>,
}

impl Header {
    /// Reads a block that is not all zeros.
    pub fn parse(block: &[u8; BLOCK]) -> Result<Self, Fault> {
        checksum(block)?;
        let dialect = dialect(block)?;
        let name = name(block, dialect)?;
        for (field, start, length, range) in
            [("uid", 108, 8, 0..=OWNER), ("gid", 116, 8, 0..=OWNER), ("mtime", 136, 12, -TIME..=TIME)]
        {
            if number(field, slice(block, start, length))?.is_some_and(|value| !range.contains(&value)) {
                return Err(Fault::new(codes::TAR_NUMBER, format!("the {field} field is out of range")));
            }
        }
        for (field, at) in [("uname", 265), ("gname", 297)] {
            if !is_owner(text(field, slice(block, at, 32))?) {
                let message = format!("the {field} field is not UTF-8, or holds control characters");
                return Err(Fault::new(codes::TAR_GARBAGE, message));
            }
        }
        for (field, at) in [("devmajor", 329), ("devminor", 337)] {
            if octal(field, slice(block, at, 8))?.is_some_and(|value| value != 0) {
                return Err(Fault::new(codes::TAR_GARBAGE, format!("the {field} field is set")));
            }
        }
        let mode = octal("mode", slice(block, 100, 8))?;
        let size = number("size", slice(block, 124, 12))?.and_then(|size| u64::try_from(size).ok());
        let (Some(mode), Some(size)) = (mode, size) else {
            return Err(Fault::new(codes::TAR_NUMBER, "the mode or size field is empty or out of range"));
        };
        let flag = block.get(156).copied().unwrap_or_default();
        Ok(Self { dialect, name, mode, size, flag, link: text("linkname", slice(block, 157, 100))?.to_vec() })
    }
}

/// Whether it can be the name of a user or group. tar prints it as it is when
/// it lists, and a terminal does as it is told.
pub(super) fn is_owner(name: &[u8]) -> bool {
    std::str::from_utf8(name).is_ok_and(|name| !name.contains(char::is_control))
}

/// The unsigned sum, as POSIX has it. Some old tars added signed bytes; a
/// header where that makes a difference is refused.
fn checksum(block: &[u8; BLOCK]) -> Result<(), Fault> {
    let stored = octal("checksum", slice(block, 148, 8))?;
    let field: u64 = slice(block, 148, 8).iter().map(|byte| u64::from(*byte)).sum();
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum::<u64>() - field + 8 * u64::from(b' ');
    if stored == Some(sum) {
        return Ok(());
    }
    Err(Fault::new(codes::TAR_CHECKSUM, "the header's checksum is wrong, or this is no tar header"))
}

fn dialect(block: &[u8; BLOCK]) -> Result<Dialect, Fault> {
    let (dialect, rest) = match slice(block, 257, 8) {
        b"ustar\x0000" => (Dialect::Posix, 500),
        b"ustar  \0" => (Dialect::Gnu, 345),
        // GNU tar fills in the device numbers even here.
        [0, 0, 0, 0, 0, 0, 0, 0] => (Dialect::V7, 345),
        other => {
            let shown = crate::release::path::printable(other);
            return Err(Fault::new(codes::TAR_MAGIC, format!("unknown tar magic and version \"{shown}\"")));
        }
    };
    if dialect == Dialect::V7 && slice(block, 265, 64).iter().any(|byte| *byte != 0) {
        return Err(Fault::new(codes::TAR_GARBAGE, "a header without magic has owner names"));
    }
    // GNU's places for times and sparse maps; the reserved end of ustar, where
    // star's dialect hides its magic.
    if slice(block, rest, BLOCK - rest).iter().any(|byte| *byte != 0) {
        return Err(Fault::new(codes::TAR_GARBAGE, "the unused end of the header is not zero"));
    }
    Ok(dialect)
}

fn name(block: &[u8; BLOCK], dialect: Dialect) -> Result<Vec<u8>, Fault> {
    let name = text("name", slice(block, 0, 100))?;
    if dialect != Dialect::Posix {
        return Ok(name.to_vec());
    }
    let prefix = text("prefix", slice(block, 345, 155))?;
    if prefix.is_empty() {
        return Ok(name.to_vec());
    }
    Ok([prefix, b"/", name].concat())
}

/// Text up to the first NUL; behind it only NULs, because what stands there
/// is seen by some readers and not by others.
fn text<'a>(name: &str, field: &'a [u8]) -> Result<&'a [u8], Fault> {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    let (text, rest) = field.split_at(end);
    if rest.iter().any(|byte| *byte != 0) {
        return Err(Fault::new(codes::TAR_GARBAGE, format!("the {name} field goes on after its end")));
    }
    Ok(text)
}

/// The field at `start`; the layout's constants lie within the block.
fn slice(block: &[u8; BLOCK], start: usize, length: usize) -> &[u8] {
    block.get(start..start + length).unwrap_or_default()
}
