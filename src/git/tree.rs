//! Trees, flattened to paths.

use std::collections::HashSet;

use super::GitError;
use super::objects::{Format, Kind, MAX_OBJECT, Objects};
use crate::release::tree::{Mode, TreeEntry};
use crate::release::{ObjectId, TreePath};

/// Folders inside each other; systems refuse paths of such depth anyway.
const MAX_DEPTH: usize = 256;
/// Files of one tree. A "git bomb" names the same few objects over and over,
/// so that a few kilobytes hold billions of paths.
const MAX_ENTRIES: usize = 1_000_000;
/// Folders read for one tree, the empty ones included.
const MAX_TREES: usize = 1_000_000;
/// Bytes of a path; Linux allows 4096.
const MAX_PATH: usize = 4096;

/// One line of a tree object.
#[derive(Debug, PartialEq, Eq)]
struct Line<'a> {
    name: &'a [u8],
    /// `None` for a folder.
    mode: Option<Mode>,
    id: ObjectId,
}

/// All files, links and submodules below the tree `root`, by path bytes.
pub(super) fn flatten(objects: &Objects, root: &ObjectId) -> Result<Vec<TreeEntry>, GitError> {
    let too_large = |why: &str| GitError::TreeTooLarge { id: *root, why: why.into() };
    let mut entries = Vec::new();
    let mut trees = 0usize;
    let mut open = vec![(Vec::new(), *root, 0usize)];
    while let Some((prefix, id, depth)) = open.pop() {
        trees += 1;
        if trees > MAX_TREES {
            return Err(too_large("has more than a million folders"));
        }
        if depth > MAX_DEPTH {
            return Err(too_large("has more than 256 folders inside each other"));
        }
        let raw = objects.read(&id, Kind::Tree, MAX_OBJECT)?;
        for line in lines(&id, &raw)? {
            let path = join(&prefix, line.name);
            if path.len() > MAX_PATH {
                return Err(too_large("has a path of more than 4096 bytes"));
            }
            match line.mode {
                None if open.len() + trees > MAX_TREES => {
                    return Err(too_large("has more than a million folders"));
                }
                None => open.push((path, line.id, depth + 1)),
                Some(_) if entries.len() == MAX_ENTRIES => {
                    return Err(too_large("has more than a million files"));
                }
                Some(mode) => entries.push(TreeEntry { path: TreePath::new(path), mode, id: line.id }),
            }
        }
    }
    entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// The tree of the folder `path` below the tree `root`; `None` if there is no
/// such folder. An empty path is the root itself.
pub(super) fn descend(
    objects: &Objects,
    root: &ObjectId,
    path: &TreePath,
) -> Result<Option<ObjectId>, GitError> {
    let mut at = *root;
    if path.as_bytes().is_empty() {
        return Ok(Some(at));
    }
    for part in path.as_bytes().split(|byte| *byte == b'/') {
        let raw = objects.read(&at, Kind::Tree, MAX_OBJECT)?;
        let found = lines(&at, &raw)?.into_iter().find(|line| line.name == part);
        let next = found.filter(|line| line.mode.is_none()).map(|line| line.id);
        match next {
            Some(id) => at = id,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// The file, link or submodule at `path` below the tree `root`.
pub(super) fn find(
    objects: &Objects,
    root: &ObjectId,
    path: &TreePath,
) -> Result<Option<TreeEntry>, GitError> {
    let bytes = path.as_bytes();
    let slash = bytes.iter().rposition(|byte| *byte == b'/');
    let (folder, name) = match slash.and_then(|at| bytes.split_at_checked(at)) {
        Some((folder, name)) => (folder, name.get(1..).unwrap_or_default()),
        None => (&b""[..], bytes),
    };
    let Some(folder) = descend(objects, root, &TreePath::new(folder))? else { return Ok(None) };
    let raw = objects.read(&folder, Kind::Tree, MAX_OBJECT)?;
    let found = lines(&folder, &raw)?.into_iter().find(|line| line.name == name);
    Ok(found.and_then(|line| Some(TreeEntry { path: path.clone(), mode: line.mode?, id: line.id })))
}

/// The blob of the regular file `name` in the tree itself.
pub(super) fn file_at_root(
    objects: &Objects,
    root: &ObjectId,
    name: &[u8],
) -> Result<Option<ObjectId>, GitError> {
    let raw = objects.read(root, Kind::Tree, MAX_OBJECT)?;
    let found = lines(root, &raw)?.into_iter().find(|line| line.name == name);
    Ok(found.filter(|line| matches!(line.mode, Some(Mode::Regular | Mode::Executable))).map(|line| line.id))
}

fn join(prefix: &[u8], name: &[u8]) -> Vec<u8> {
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

/// The lines of one tree object: `MODE SP NAME NUL ID` each, in git's order,
/// no name twice. A name is any bytes but `/` and NUL; whether it is safe is
/// [`TreePath::defect`]'s to say.
fn lines<'a>(id: &ObjectId, raw: &'a [u8]) -> Result<Vec<Line<'a>>, GitError> {
    let malformed = |why: String| GitError::ObjectMalformed { id: *id, kind: "tree", why };
    let mut rest = raw;
    let mut lines: Vec<Line<'a>> = Vec::new();
    let mut names = HashSet::new();
    while !rest.is_empty() {
        let (line, after) = line(rest, Format::of(id)).map_err(|why| malformed(why.into()))?;
        let shown = || crate::release::path::printable(line.name);
        if line.name.is_empty() || line.name.contains(&b'/') {
            return Err(malformed(format!("the name {:?} is empty or holds a slash", shown())));
        }
        if !names.insert(line.name) {
            return Err(malformed(format!("the name {:?} comes twice", shown())));
        }
        if lines.last().is_some_and(|previous| sort_key(previous) >= sort_key(&line)) {
            return Err(malformed(format!("the name {:?} is not in its place", shown())));
        }
        lines.push(line);
        rest = after;
    }
    Ok(lines)
}

/// git sorts a folder as if its name ended in a slash.
fn sort_key<'a>(line: &Line<'a>) -> impl PartialOrd + use<'a> {
    let slash: &[u8] = if line.mode.is_none() { b"/" } else { b"" };
    SortKey(line.name, slash)
}

struct SortKey<'a>(&'a [u8], &'a [u8]);

impl PartialEq for SortKey<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(std::cmp::Ordering::Equal)
    }
}

impl PartialOrd for SortKey<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        let bytes = |key: &Self| key.0.iter().chain(key.1);
        Some(bytes(self).cmp(bytes(other)))
    }
}

fn line(raw: &[u8], format: Format) -> Result<(Line<'_>, &[u8]), &'static str> {
    let space = raw.iter().position(|byte| *byte == b' ').ok_or("a line without a mode")?;
    let (digits, rest) = raw.split_at(space);
    let rest = rest.get(1..).unwrap_or_default();
    let nul = rest.iter().position(|byte| *byte == 0).ok_or("a name without an end")?;
    let (name, rest) = rest.split_at(nul);
    let rest = rest.get(1..).unwrap_or_default();
    let (id, rest) = rest.split_at_checked(format.id_length()).ok_or("an id cut short")?;
    let id = ObjectId::from_bytes(id).ok_or("an id cut short")?;
    Ok((Line { name, mode: mode(digits)?, id }, rest))
}

/// A mode as git canonicalises it when it checks out (`canon_mode` of git's
/// object.h): of the permissions only the owner's exec bit counts, so the
/// 100664 of old tools is 100644. `Ok(None)` is a folder. Other types, which
/// git would take for submodules, are refused.
fn mode(digits: &[u8]) -> Result<Option<Mode>, &'static str> {
    if digits.is_empty() || digits.len() > 7 || !digits.iter().all(|byte| (b'0'..=b'7').contains(byte)) {
        return Err("a mode that is no octal number");
    }
    let mode = digits.iter().fold(0u32, |mode, digit| mode * 8 + u32::from(digit - b'0'));
    match (mode & 0o170_000, mode & 0o7777) {
        (0o040_000, _) => Ok(None),
        (0o100_000, bits) if bits & 0o7000 != 0 => Err("a mode with setuid, setgid or sticky bit"),
        (0o100_000, bits) if bits & 0o100 != 0 => Ok(Some(Mode::Executable)),
        (0o100_000, _) => Ok(Some(Mode::Regular)),
        (0o120_000, _) => Ok(Some(Mode::Symlink)),
        (0o160_000, _) => Ok(Some(Mode::Submodule)),
        _ => Err("a mode that is no file, link, folder or submodule"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(lines_of: &[(&str, &str)]) -> Result<Vec<(Option<Mode>, String)>, String> {
        let mut raw = Vec::new();
        for (mode, name) in lines_of {
            raw.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            raw.extend_from_slice(&[7; 20]);
        }
        let id = ObjectId::Sha1([1; 20]);
        let lines = lines(&id, &raw).map_err(|error| error.to_string())?;
        Ok(lines.iter().map(|line| (line.mode, String::from_utf8_lossy(line.name).into_owned())).collect())
    }

    #[test]
    fn odd_modes_are_canonical_as_in_git() {
        for (digits, expected) in [
            ("100644", Some(Mode::Regular)),
            ("100664", Some(Mode::Regular)),
            ("100600", Some(Mode::Regular)),
            ("100755", Some(Mode::Executable)),
            ("100775", Some(Mode::Executable)),
            ("100700", Some(Mode::Executable)),
            ("120000", Some(Mode::Symlink)),
            ("160000", Some(Mode::Submodule)),
            ("40000", None),
            ("040000", None),
        ] {
            assert_eq!(mode(digits.as_bytes()), Ok(expected), "{digits}");
        }
        for bad in [
            "",
            "0",
            "644",
            "104755",
            "102644",
            "060000",
            "010644",
            "100648",
            "1000000000",
            "-100644",
            "140000",
        ] {
            assert!(mode(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn duplicate_names_are_refused_also_as_file_and_folder() {
        assert!(tree(&[("100644", "a"), ("100644", "a")]).is_err());
        assert!(tree(&[("100644", "a"), ("100644", "a.b"), ("40000", "a")]).is_err());
    }

    #[test]
    fn order_is_gits_own() {
        assert!(tree(&[("100644", "a.b"), ("40000", "a"), ("100644", "a0")]).is_ok());
        assert!(tree(&[("40000", "a"), ("100644", "a.b")]).is_err());
        assert!(tree(&[("100644", "b"), ("100644", "a")]).is_err());
    }

    #[test]
    fn names_with_a_slash_or_none_are_refused() {
        assert!(tree(&[("100644", "a/b")]).is_err());
        assert!(tree(&[("100644", "")]).is_err());
        // Unsafe names are data: whoever compares trees names them.
        assert!(tree(&[("100644", ".."), ("100644", ".git")]).is_ok());
    }

    #[test]
    fn a_tree_cut_short_is_refused() {
        let id = ObjectId::Sha1([1; 20]);
        for raw in [&b"100644"[..], b"100644 a", b"100644 a\0", b"100644 a\x001234567890123456789"] {
            assert!(lines(&id, raw).is_err());
        }
    }
}
