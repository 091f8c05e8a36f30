//! From a header and what extends it to an entry: the rules that need no
//! more of the archive than these blocks.

use super::super::codes;
use super::super::entry::{Entry, EntryKind};
use super::super::error::Fault;
use super::super::limits::Limits;
use super::header::{Dialect, Header};
use super::pax::{self, Pax};
use crate::release::TreePath;

/// What extended headers have said about the entry to come.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    pax: Option<Pax>,
    long_name: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
}

impl Extensions {
    pub fn is_empty(&self) -> bool {
        self.pax.is_none() && self.long_name.is_none() && self.long_link.is_none()
    }

    /// Takes in the body of an `x`, `L` or `K` header. Where two of them
    /// speak about one entry, readers differ on which one wins: only GNU's
    /// pair of name and link target stands together.
    pub fn add(&mut self, header: &Header, body: &[u8]) -> Result<(), Fault> {
        let free = match header.flag {
            b'x' => self.is_empty(),
            b'L' => self.pax.is_none() && self.long_name.is_none(),
            _ => self.pax.is_none() && self.long_link.is_none(),
        };
        if !free {
            return Err(extension("several extended headers say the same about one entry"));
        }
        match header.flag {
            b'x' => self.pax = Some(pax::parse(body)?),
            b'L' => self.long_name = Some(long(body)?),
            _ => self.long_link = Some(long(body)?),
        }
        Ok(())
    }

    fn apply(self, mut header: Header) -> Result<Header, Fault> {
        let wanted = if self.pax.is_some() { Dialect::Posix } else { Dialect::Gnu };
        if !self.is_empty() && header.dialect != wanted {
            return Err(extension("an extended header of one dialect before an entry of another"));
        }
        // libarchive overlooks a long link target over an empty field. All
        // writers leave the beginning of what is too long.
        let link = matches!(header.flag, b'1' | b'2');
        if !self.is_empty() && (header.name.is_empty() || (link && header.link.is_empty())) {
            return Err(extension("an extended header over an empty name or link target"));
        }
        let pax = self.pax.unwrap_or_default();
        if pax.size.is_some_and(|size| size != header.size) {
            return Err(Fault::new(codes::TAR_SIZE, "the sizes in pax record and header differ"));
        }
        if let Some(target) = pax.link.or(self.long_link) {
            if !link {
                return Err(extension("a long link target for an entry that is no link"));
            }
            header.link = target;
        }
        if let Some(name) = pax.path.or(self.long_name) {
            header.name = name;
        }
        Ok(header)
    }
}

/// GNU's long names end in exactly one NUL.
fn long(body: &[u8]) -> Result<Vec<u8>, Fault> {
    match body.split_last() {
        Some((0, name)) if !name.is_empty() && !name.contains(&0) => Ok(name.to_vec()),
        _ => Err(extension("a GNU long name that is empty, has no end or goes on after it")),
    }
}

/// Checks the header of an extension itself; returns how long its body is.
pub(super) fn extension_size(header: &Header, limits: &Limits) -> Result<u64, Fault> {
    let (dialect, most) = match header.flag {
        b'x' | b'g' => (Dialect::Posix, limits.metadata),
        _ => (Dialect::Gnu, limits.path as u64 + 1),
    };
    // libarchive repeats the start of the link target in its GNU headers.
    if header.dialect != dialect || (dialect == Dialect::Posix && !header.link.is_empty()) {
        return Err(extension("an extended header in a form that no writer makes"));
    }
    if header.size > most {
        let code = if dialect == Dialect::Gnu { codes::PATH_LENGTH } else { codes::TAR_EXTENSION };
        return Err(Fault::new(code, format!("an extended header of more than {most} bytes")));
    }
    Ok(header.size)
}

/// An entry, and for hard links the exec bit that their header repeats.
#[derive(Debug)]
pub(super) struct Member {
    pub entry: Entry,
    pub executable: bool,
}

/// Joins `header` and `extensions`. The path is as stored and not yet judged,
/// so that a defect can name it.
pub(super) fn join(header: Header, extensions: Extensions) -> Result<Header, Fault> {
    // To the old type NUL a slash at the end of the *header's* name makes a
    // folder (Python asks it before it looks at longer names); for 0 it is
    // what the path checks find.
    if header.flag == 0 && header.name.ends_with(b"/") {
        return Err(Fault::new(codes::TYPE, "a folder by its name, a file by its type"));
    }
    extensions.apply(header)
}

/// The path of an entry: a folder may have one slash at its end.
pub(super) fn path(header: &Header) -> TreePath {
    let name = header.name.as_slice();
    let bare = if header.flag == b'5' { name.strip_suffix(b"/").unwrap_or(name) } else { name };
    TreePath::new(bare)
}

/// Reads type, mode, size and target of the entry at `path`.
pub(super) fn member(header: Header, path: TreePath, limits: &Limits) -> Result<Member, Fault> {
    let kind_bits = match header.flag {
        0 | b'0' | b'1' => 0o100_000,
        b'2' => 0o120_000,
        b'5' => 0o040_000,
        other => return Err(Fault::new(codes::TYPE, describe_type(other))),
    };
    let executable = executable(header.mode, kind_bits)?;
    let is_file = matches!(header.flag, 0 | b'0');
    if !is_file && header.size != 0 {
        return Err(Fault::new(codes::TAR_SIZE, "a link or folder with content"));
    }
    if !matches!(header.flag, b'1' | b'2') && !header.link.is_empty() {
        return Err(Fault::new(codes::TAR_GARBAGE, "a link target on an entry that is no link"));
    }
    if header.link.len() > limits.path {
        return Err(Fault::new(
            codes::PATH_LENGTH,
            format!("a link target of more than {} bytes", limits.path),
        ));
    }
    let kind = match header.flag {
        b'1' => EntryKind::HardLink { target: TreePath::new(header.link) },
        b'2' if header.link.is_empty() => {
            return Err(Fault::new(codes::SYMLINK, "a symbolic link without a target"));
        }
        b'2' => EntryKind::Symlink { target: header.link },
        b'5' => EntryKind::Directory,
        _ => EntryKind::File { executable },
    };
    Ok(Member { entry: Entry { path, kind, size: header.size }, executable })
}

/// The exec bit, which is the owner's as in git. Type bits are let through
/// where they say what the type says: some writers leave them in.
fn executable(mode: u64, kind: u64) -> Result<bool, Fault> {
    let refuse = |what: &str| Err(Fault::new(codes::MODE, format!("mode {mode:o}: {what}")));
    if mode & !0o7777 != 0 && mode & !0o7777 != kind {
        return refuse("its type bits contradict the entry's type");
    }
    if mode & 0o7000 != 0 {
        return refuse("setuid, setgid and sticky have no place in a release");
    }
    // The mode of a symbolic link is nobody's.
    if mode & 0o002 != 0 && kind != 0o120_000 {
        return refuse("everybody may write to it");
    }
    let executable = mode & 0o100 != 0;
    if !executable && mode & 0o011 != 0 && kind == 0o100_000 {
        return refuse("others may execute it, its owner may not");
    }
    Ok(executable)
}

fn describe_type(flag: u8) -> String {
    let name = match flag {
        b'3' | b'4' => "a device",
        b'6' => "a FIFO",
        b'7' => "a contiguous file",
        b'S' => "a sparse file",
        b'D' => "a GNU folder listing",
        b'M' => "a part of another volume",
        b'V' => "a volume label",
        _ => "unknown",
    };
    format!("entry type \"{}\" ({name})", crate::release::path::printable(&[flag]))
}

fn extension(message: &str) -> Fault {
    Fault::new(codes::TAR_EXTENSION, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exec_bit_is_the_owners() {
        for (mode, expected) in [
            (0o644, Some(false)),
            (0o100_644, Some(false)),
            (0o755, Some(true)),
            (0o744, Some(true)),
            (0o600, Some(false)),
        ] {
            assert_eq!(executable(mode, 0o100_000).ok(), expected, "{mode:o}");
        }
        for mode in [
            0o4755, 0o2755, 0o1777, 0o120_644, 0o040_755, 0o645, 0o654, 0o200_644, 0o100_0644, 0o666, 0o777,
            0o646,
        ] {
            assert_eq!(executable(mode, 0o100_000).unwrap_err().code, codes::MODE, "{mode:o}");
        }
        assert_eq!(executable(0o777, 0o040_000).unwrap_err().code, codes::MODE, "a folder");
        assert!(executable(0o777, 0o120_000).is_ok(), "links have this mode");
        assert!(executable(0o664, 0o100_000).is_ok(), "git archive writes this one");
    }

    #[test]
    fn long_names_have_one_end() {
        assert_eq!(long(b"a/b\0").unwrap(), b"a/b");
        for bad in [&b""[..], b"\0", b"a", b"a\0\0", b"a\0b\0"] {
            assert!(long(bad).is_err(), "{bad:?}");
        }
    }
}
