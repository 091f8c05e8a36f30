//! From a central header to an entry.

use super::super::codes;
use super::super::entry::{Entry, EntryKind};
use super::super::error::Fault;
use super::record::{Central, DOS, UNIX, layout};
use crate::release::TreePath;

/// DOS attributes: a folder; and what a file may have (read-only, archive).
const FOLDER: u32 = 0x10;
const HARMLESS: u32 = 0x01 | 0x20;

/// The path as stored, without the slash that marks a folder. Not judged yet.
pub(super) fn path(central: &Central) -> TreePath {
    let name = central.common.name.as_slice();
    TreePath::new(name.strip_suffix(b"/").unwrap_or(name))
}

/// Reads type and mode of the entry at `path`.
pub(super) fn entry(central: &Central, path: TreePath) -> Result<Entry, Fault> {
    let folder = central.common.name.ends_with(b"/");
    let mode = central.attributes >> 16;
    let dos = central.attributes & 0xffff;
    if !matches!(central.host, DOS | UNIX) {
        let message =
            format!("attributes of host system {}; known are 0 (MS-DOS) and 3 (Unix)", central.host);
        return Err(Fault::new(codes::UNSUPPORTED, message));
    }
    if dos & !(FOLDER | HARMLESS) != 0 || (dos & FOLDER != 0 && !folder) {
        return Err(Fault::new(
            codes::TYPE,
            format!("DOS attributes {dos:#x} that contradict the name or are unknown"),
        ));
    }
    let executable = executable(mode, folder)?;
    if folder {
        if central.common.sums != Default::default() || central.common.method != 0 {
            return Err(layout("a folder with content"));
        }
        return Ok(Entry { path, kind: EntryKind::Directory, size: 0 });
    }
    // Unix tools ignore the mode of a DOS entry, Python's follow it.
    if executable && central.host == DOS {
        let message =
            format!("mode {mode:o} on an entry made by MS-DOS: only some readers make it executable");
        return Err(Fault::new(codes::MODE, message));
    }
    Ok(Entry { path, kind: EntryKind::File { executable }, size: central.common.sums.size.into() })
}

/// The exec bit of a Unix mode. Links are refused: they are links to some
/// readers and small files to others, Python among them.
fn executable(mode: u32, folder: bool) -> Result<bool, Fault> {
    let refuse = |code: &'static str, what: &str| Err(Fault::new(code, format!("mode {mode:o}: {what}")));
    match mode & 0o170_000 {
        0 => {}
        0o040_000 if folder => {}
        0o100_000 if !folder => {}
        0o120_000 => {
            return refuse(codes::SYMLINK, "a symbolic link in a zip, which some readers take for a file");
        }
        _ => return refuse(codes::TYPE, "a type that the name contradicts, or neither file nor folder"),
    }
    if mode & 0o7000 != 0 {
        return refuse(codes::MODE, "setuid, setgid and sticky have no place in a release");
    }
    if mode & 0o002 != 0 {
        return refuse(codes::MODE, "everybody may write to it");
    }
    let executable = mode & 0o100 != 0;
    if !executable && !folder && mode & 0o011 != 0 {
        return refuse(codes::MODE, "others may execute it, its owner may not");
    }
    Ok(executable)
}
