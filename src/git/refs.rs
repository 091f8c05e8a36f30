//! Refs, read from their files by ourselves: `refs/…` and `packed-refs`.
//!
//! libgit2 reads refs only through a repository that has read its
//! configuration. The formats are small (gitrepository-layout, git-pack-refs)
//! and are read strictly: whatever git would not have written is an error,
//! not a ref that is silently absent.

use std::collections::BTreeMap;

use rustix::fs::FileType;

use super::folder::Folder;
use super::objects::Format;
use super::{Branch, GitError};
use crate::release::ObjectId;

/// Bytes of `packed-refs`: some four million refs.
const MAX_PACKED: u64 = 256 << 20;
/// Bytes of a loose ref; git reads no more of one.
const MAX_LOOSE: u64 = 4096;
/// Folders below `refs/` inside each other.
const MAX_DEPTH: usize = 64;
/// Loose refs of one repository.
const MAX_REFS: usize = 1_000_000;
/// What is kept of `packed-refs`; hosting sites pack a ref for every change
/// ever proposed, and nothing asks for those.
const KEPT: [&[u8]; 3] = [b"refs/heads/", b"refs/remotes/", b"refs/tags/"];

/// What a ref's file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Id(ObjectId),
    Symbolic,
}

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

/// A loose ref: `ID LF`, or `ref: NAME LF` (gitrepository-layout, git-symbolic-ref).
fn parse_value(bytes: &[u8]) -> Result<Value, String> {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if line.starts_with(b"ref:") {
        return Ok(Value::Symbolic);
    }
    parse_id(line).map(Value::Id).ok_or_else(|| "it holds neither an object id nor another ref's name".into())
}

fn parse_id(digits: &[u8]) -> Option<ObjectId> {
    std::str::from_utf8(digits).ok().and_then(|text| ObjectId::parse(text).ok())
}

/// `packed-refs`: a header, then `ID SP NAME LF` with `^ID LF` after
/// annotated tags, which is not believed and left out.
fn parse_packed(bytes: &[u8]) -> Result<BTreeMap<Vec<u8>, ObjectId>, String> {
    let mut refs = BTreeMap::new();
    if bytes.is_empty() {
        return Ok(refs);
    }
    let body = bytes.strip_suffix(b"\n").ok_or("its last line has no end")?;
    let mut format = None;
    let mut may_peel = false;
    let mut previous: &[u8] = b"";
    for (number, line) in body.split(|byte| *byte == b'\n').enumerate() {
        let at = |why: &str| format!("line {}: {why}", number + 1);
        if number == 0 && line.starts_with(b"# pack-refs with:") {
            continue;
        }
        if let Some(digits) = line.strip_prefix(b"^") {
            if !may_peel || parse_id(digits).is_none_or(|id| Some(Format::of(&id)) != format) {
                return Err(at("a peeled id that belongs to no ref"));
            }
            may_peel = false;
            continue;
        }
        let space = line.iter().position(|byte| *byte == b' ').ok_or_else(|| at("no object id and name"))?;
        let (digits, name) = line.split_at(space);
        let name = name.get(1..).unwrap_or_default();
        let id = parse_id(digits).ok_or_else(|| at("no object id"))?;
        if *format.get_or_insert(Format::of(&id)) != Format::of(&id) {
            return Err(at("ids of two hash functions"));
        }
        if let Some(why) = ref_name_defect(name) {
            return Err(at(&format!("the name {why}")));
        }
        if name == previous {
            return Err(at("the name comes twice"));
        }
        previous = name;
        may_peel = true;
        if KEPT.iter().any(|prefix| name.starts_with(prefix)) && refs.insert(name.to_vec(), id).is_some() {
            return Err(at("the name comes twice"));
        }
    }
    Ok(refs)
}

/// Why git would not accept `name` as a full ref name (git-check-ref-format).
fn ref_name_defect(name: &[u8]) -> Option<&'static str> {
    if !name.starts_with(b"refs/") {
        return Some("does not lie below refs/");
    }
    if name.iter().any(|byte| *byte <= b' ' || *byte == 0x7f || b"~^:?*[\\".contains(byte)) {
        return Some("holds a character that git forbids");
    }
    if name.windows(2).any(|pair| pair == b".." || pair == b"@{") || name.ends_with(b".") {
        return Some("holds .. or @{ or ends with a dot");
    }
    let bad = |part: &[u8]| part.is_empty() || part.starts_with(b".") || part.ends_with(b".lock");
    name.split(|byte| *byte == b'/').any(bad).then_some("has a part that is empty, hidden or ends with .lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    fn packed(text: &str) -> Result<Vec<String>, String> {
        let refs = parse_packed(text.as_bytes())?;
        Ok(refs.keys().map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }

    #[test]
    fn packed_refs_of_git_are_read() {
        let text = format!(
            "# pack-refs with: peeled fully-peeled sorted \n{ID} refs/changes/01/1/1\n{ID} refs/heads/main\n\
             {ID} refs/tags/v1\n^{ID}\n"
        );
        assert_eq!(packed(&text), Ok(vec!["refs/heads/main".into(), "refs/tags/v1".into()]));
        assert_eq!(packed(""), Ok(vec![]));
    }

    #[test]
    fn packed_refs_git_would_not_write_are_refused() {
        let upper = ID.to_uppercase();
        let long = "0".repeat(64);
        for bad in [
            format!("{ID} refs/tags/v1"),
            format!("{ID} refs/tags/v1\n\n"),
            format!("{upper} refs/tags/v1\n"),
            format!("{ID}\trefs/tags/v1\n"),
            format!("{ID}  refs/tags/v1\n"),
            format!("{ID} refs/tags/../heads/x\n"),
            format!("{ID} refs/tags/a\r\n"),
            format!("{ID} /etc/passwd\n"),
            format!("{ID} HEAD\n"),
            format!("{ID} refs/tags/a\0b\n"),
            format!("{ID} refs/tags/v1\n{ID} refs/tags/v1\n"),
            format!("{ID} refs/tags/v1\n{ID} refs/tags/v2\n{ID} refs/tags/v1\n"),
            format!("{ID} refs/tags/v1\n{long} refs/tags/v2\n"),
            format!("^{ID}\n"),
            format!("{ID} refs/tags/v1\n^{ID}\n^{ID}\n"),
            format!("{ID} refs/tags/v1\n^xyz\n"),
            format!("{ID} refs/tags/v1\n# comment\n"),
            "ref: refs/heads/main\n".into(),
            "\n".into(),
        ] {
            assert!(packed(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn loose_refs_have_one_spelling() {
        assert!(matches!(parse_value(format!("{ID}\n").as_bytes()), Ok(Value::Id(_))));
        assert_eq!(parse_value(b"ref: refs/heads/main\n"), Ok(Value::Symbolic));
        for bad in
            ["", "\n", &ID[1..], &format!("{ID}\n\n"), &format!("{ID} x\n"), &format!(" {ID}\n"), "../x"]
        {
            assert!(parse_value(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_that_no_ref_can_have() {
        for good in
            ["refs/tags/v1", "refs/heads/a/b.c", "refs/heads/-x", "refs/heads/na\u{ef}ve", "refs/heads/@"]
        {
            assert_eq!(ref_name_defect(good.as_bytes()), None, "{good}");
        }
        for bad in [
            "heads/x",
            "refs/heads/../x",
            "refs//x",
            "refs/x/",
            "refs/.x",
            "refs/x.lock",
            "refs/x.lock/y",
            "refs/x y",
            "refs/x.",
            "refs/x@{1}",
            "refs/x\\y",
            "refs/x\u{7f}",
        ] {
            assert!(ref_name_defect(bad.as_bytes()).is_some(), "{bad}");
        }
    }
}
