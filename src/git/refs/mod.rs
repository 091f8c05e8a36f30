//! Refs, read from their files by ourselves: `refs/…` and `packed-refs`.
//!
//! libgit2 reads refs only through a repository that has read its
//! configuration. The formats are small (gitrepository-layout, git-pack-refs)
//! and are read strictly: whatever git would not have written is an error,
//! not a ref that is silently absent.

mod text;

use std::collections::BTreeMap;

use rustix::fs::FileType;

use super::folder::Folder;
use super::objects::Format;
use super::{Branch, GitError};
use crate::release::ObjectId;
use text::{KEPT, Value, parse_packed, parse_value, ref_name_defect};

/// Bytes of `packed-refs`: some four million refs.
const MAX_PACKED: u64 = 256 << 20;
/// Bytes of a loose ref; git reads no more of one.
const MAX_LOOSE: u64 = 4096;
/// Folders below `refs/` inside each other.
const MAX_DEPTH: usize = 64;
/// Loose refs of one repository.
const MAX_REFS: usize = 1_000_000;
/// What is done with a loose ref's full name and value; true ends the walk.
type See<'a> = &'a mut dyn FnMut(&[u8], Result<Value, GitError>) -> Result<bool, GitError>;

/// The refs of one repository.
#[derive(Debug)]
pub(super) struct Refs {
    folder: Folder,
    packed: BTreeMap<Vec<u8>, ObjectId>,
    format: Format,
}

impl Refs {
    /// Reads `packed-refs` and finds out the object format.
    ///
    /// The format is told by the ids that the refs hold, 40 or 64 digits;
    /// `extensions.objectFormat` of `.git/config` is not asked, so that no
    /// configuration file needs to be read or believed. A repository without
    /// any ref counts as SHA-1; nothing can be asked of it anyway.
    pub fn open(git: Folder, head: &[u8]) -> Result<Self, GitError> {
        let packed = match git.read(b"packed-refs", MAX_PACKED)? {
            Some(bytes) => parse_packed(&bytes)
                .map_err(|why| GitError::RefMalformed { path: git.join(b"packed-refs"), why })?,
            None => BTreeMap::new(),
        };
        let mut refs = Self { folder: git, packed, format: Format::Sha1 };
        let detached = parse_value(head).ok().and_then(|value| match value {
            Value::Id(id) => Some(id),
            Value::Symbolic => None,
        });
        let some_id = match detached.or_else(|| refs.packed.values().next().copied()) {
            Some(id) => Some(id),
            None => refs.first_loose()?,
        };
        refs.format = some_id.map_or(Format::Sha1, |id| Format::of(&id));
        Ok(refs)
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// What `refs/tags/NAME` names; a loose ref hides a packed one.
    pub fn tag(&self, name: &str) -> Result<ObjectId, GitError> {
        let full = format!("refs/tags/{name}");
        match self.loose(full.as_bytes())? {
            Some(Value::Id(id)) => Ok(id),
            Some(Value::Symbolic) => Err(GitError::SymbolicRef { path: self.folder.join(full.as_bytes()) }),
            None => {
                let packed = self.packed.get(full.as_bytes()).copied();
                packed.ok_or_else(|| GitError::TagNotFound { name: name.into() })
            }
        }
    }

    /// All tags with what their refs name, by name; symbolic ones are left out.
    pub fn tags(&self) -> Result<Vec<(String, ObjectId)>, GitError> {
        let all = self.below(b"refs/tags/")?;
        Ok(all.into_iter().filter_map(|(name, id)| Some((text_below(&name, b"refs/tags/")?, id))).collect())
    }

    /// Local and remote-tracking branches.
    pub fn branches(&self) -> Result<Vec<Branch>, GitError> {
        let mut branches = Vec::new();
        for (name, tip) in self.below(b"refs/heads/")? {
            let local = text_below(&name, b"refs/heads/");
            branches.extend(local.map(|name| Branch { name, remote: None, tip }));
        }
        for (name, tip) in self.below(b"refs/remotes/")? {
            let Some(rest) = text_below(&name, b"refs/remotes/") else { continue };
            if let Some((remote, name)) = rest.split_once('/') {
                branches.push(Branch { name: name.into(), remote: Some(remote.into()), tip });
            }
        }
        Ok(branches)
    }

    fn below(&self, prefix: &[u8]) -> Result<BTreeMap<Vec<u8>, ObjectId>, GitError> {
        let packed = self.packed.range(prefix.to_vec()..).take_while(|(name, _)| name.starts_with(prefix));
        let mut all: BTreeMap<_, _> = packed.map(|(name, id)| (name.clone(), *id)).collect();
        self.walk(prefix, &mut |name, value| {
            match value? {
                Value::Id(id) => all.insert(name.to_vec(), self.own(id)?),
                Value::Symbolic => all.remove(name),
            };
            Ok(false)
        })?;
        Ok(all)
    }

    /// Some id of a loose ref. Malformed refs are passed over here: whoever
    /// asks for them is told.
    fn first_loose(&self) -> Result<Option<ObjectId>, GitError> {
        let mut first = None;
        for prefix in KEPT {
            self.walk(prefix, &mut |_, value| {
                if let Ok(Value::Id(id)) = value {
                    first = Some(id);
                }
                Ok(first.is_some())
            })?;
            if first.is_some() {
                break;
            }
        }
        Ok(first)
    }

    /// An id of the repository's format.
    fn own(&self, id: ObjectId) -> Result<ObjectId, GitError> {
        if Format::of(&id) == self.format {
            return Ok(id);
        }
        Err(GitError::ObjectFormat { id, format: self.format.as_str() })
    }

    /// Shows every loose ref below `prefix` to `see`, until it answers true.
    /// Names that git itself passes over (`.lock` files, dot files, names no
    /// ref can have) are passed over.
    fn walk(&self, prefix: &[u8], see: See) -> Result<(), GitError> {
        if let Some(top) = self.folder_of(prefix)? {
            walk_folder(&top, prefix, MAX_DEPTH, &mut 0, see)?;
        }
        Ok(())
    }

    /// The folder that holds what lies below `prefix`, which ends in `/`;
    /// `None` if there is none. A file `a` beside a packed ref `a/b` is a
    /// broken repository, but no reason to look elsewhere.
    fn folder_of(&self, prefix: &[u8]) -> Result<Option<Folder>, GitError> {
        let mut at: Option<Folder> = None;
        for part in prefix.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
            let here = at.as_ref().unwrap_or(&self.folder);
            match here.kind(part)? {
                None | Some(FileType::RegularFile) => return Ok(None),
                Some(_) => at = here.enter(part)?,
            }
            if at.is_none() {
                return Ok(None);
            }
        }
        Ok(at)
    }

    fn loose(&self, full: &[u8]) -> Result<Option<Value>, GitError> {
        let cut = full.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let (prefix, last) = full.split_at(cut);
        let Some(folder) = self.folder_of(prefix)? else { return Ok(None) };
        if folder.kind(last)? == Some(FileType::Directory) {
            return Ok(None);
        }
        match read_value(&folder, last)? {
            Some(Value::Id(id)) => Ok(Some(Value::Id(self.own(id)?))),
            other => Ok(other),
        }
    }
}

/// One folder of [`Refs::walk`]; tells whether `see` has had enough.
fn walk_folder(
    folder: &Folder,
    prefix: &[u8],
    depth: usize,
    seen: &mut usize,
    see: See,
) -> Result<bool, GitError> {
    for (name, kind) in folder.list()? {
        let full = [prefix, &name].concat();
        if ref_name_defect(&full).is_some() {
            continue;
        }
        *seen += 1;
        if *seen > MAX_REFS || depth == 0 {
            let why = "more refs or folders in folders than git would make".into();
            return Err(GitError::RefMalformed { path: folder.path().into(), why });
        }
        let enough = if kind == FileType::Directory {
            let inner = folder.enter(&name)?;
            let below = [full.as_slice(), b"/"].concat();
            inner.map_or(Ok(false), |inner| walk_folder(&inner, &below, depth - 1, seen, see))?
        } else {
            match read_value(folder, &name).transpose() {
                Some(value) => see(&full, value)?,
                None => false,
            }
        };
        if enough {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The part of a ref name below `prefix` as text; names that are not UTF-8
/// can be written in no policy and are left out.
fn text_below(name: &[u8], prefix: &[u8]) -> Option<String> {
    String::from_utf8(name.strip_prefix(prefix)?.to_vec()).ok()
}

fn read_value(folder: &Folder, name: &[u8]) -> Result<Option<Value>, GitError> {
    let Some(bytes) = folder.read(name, MAX_LOOSE)? else { return Ok(None) };
    let value = parse_value(&bytes);
    value.map(Some).map_err(|why| GitError::RefMalformed { path: folder.join(name), why })
}
