//! The workspace that a crate belongs to, found in git's tree as cargo finds
//! it in a checkout.

use super::Stop;
use super::value::{Table, Value, parse};
use crate::evidence::case::Case;
use crate::release::TreePath;
use crate::release::path::printable;
use crate::release::tree::Mode;

/// Bytes of one manifest of git; the largest known have some 100 kB.
const MAX_MANIFEST: u64 = 1 << 20;
/// Folders above a crate that are looked at.
const MAX_DEPTH: usize = 64;

/// The crate's manifest in git, and that of its workspace's root.
#[derive(Debug)]
pub(crate) struct Manifests {
    /// The crate's own.
    pub own: Table,
    /// The crate's folder, from the repository's root.
    pub folder: Vec<u8>,
    /// The workspace root's, which can be the crate's own.
    pub root: Table,
    /// The workspace root's folder.
    pub root_folder: Vec<u8>,
}

impl Manifests {
    /// Reads them from git.
    pub fn of(case: &Case<'_>) -> Result<Self, Stop> {
        let folder = case.subdirectory.as_bytes().to_vec();
        let own = read(case, &folder)?.ok_or_else(|| {
            let path = printable(&join(&folder, b"Cargo.toml"));
            Stop::Undecided(format!("git has no {path} to compare with"))
        })?;
        let (root, root_folder) = find(case, &own, &folder)?.unwrap_or_else(|| (own.clone(), folder.clone()));
        Ok(Self { own, folder, root, root_folder })
    }

    /// A key of the root's `[workspace]` table.
    pub fn shared(&self, key: &str) -> Option<&Value> {
        self.root.get("workspace")?.as_table()?.get(key)
    }
}

/// `[package]`, or its old name.
pub(super) fn package(manifest: &Table) -> Option<&Table> {
    manifest.get("package").or_else(|| manifest.get("project"))?.as_table()
}

/// A path below a folder; either may be empty.
pub(super) fn join(folder: &[u8], path: &[u8]) -> Vec<u8> {
    if folder.is_empty() { path.to_vec() } else { [folder, b"/", path].concat() }
}

/// A relative path without `.` and `..`, as cargo normalises it; `None` if it
/// is absolute or leads out of the repository.
pub(super) fn normal(path: &[u8]) -> Option<Vec<u8>> {
    if path.starts_with(b"/") {
        return None;
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join(&b'/'))
}

fn read(case: &Case<'_>, folder: &[u8]) -> Result<Option<Table>, Stop> {
    let path = TreePath::new(join(folder, b"Cargo.toml"));
    let Some(entry) = case.in_repository(&path)? else { return Ok(None) };
    if !matches!(entry.mode, Mode::Regular | Mode::Executable) {
        return Err(Stop::Undecided(format!("git's {path} is {}", entry.mode.describe())));
    }
    let bytes = case.origin.blob(&entry.id, MAX_MANIFEST)?;
    let bytes = bytes.ok_or_else(|| Stop::Undecided(format!("git's {path} is too large to be read")))?;
    parse(&bytes).map(Some).map_err(|why| Stop::Undecided(format!("git's {path} is {why}")))
}

/// cargo's `find_workspace_root`: the crate itself, what `package.workspace`
/// names, or the nearest folder above whose manifest has a workspace that does
/// not exclude the crate.
fn find(case: &Case<'_>, own: &Table, folder: &[u8]) -> Result<Option<(Table, Vec<u8>)>, Stop> {
    if own.contains_key("workspace") {
        return Ok(None);
    }
    if let Some(named) = pointer(own) {
        return follow(case, folder, named).map(Some);
    }
    let mut above = folder;
    for _ in 0..MAX_DEPTH {
        if above.is_empty() {
            return Ok(None);
        }
        above =
            above.iter().rposition(|byte| *byte == b'/').and_then(|end| above.get(..end)).unwrap_or_default();
        let Some(manifest) = read(case, above)? else { continue };
        if let Some(workspace) = manifest.get("workspace").and_then(Value::as_table) {
            if !excluded(workspace, above, folder) {
                return Ok(Some((manifest, above.to_vec())));
            }
        } else if let Some(named) = pointer(&manifest) {
            return follow(case, above, named).map(Some);
        }
    }
    Err(Stop::Undecided("its folder lies too deep to look for a workspace".into()))
}

fn pointer(manifest: &Table) -> Option<&str> {
    package(manifest)?.get("workspace")?.as_text()
}

fn follow(case: &Case<'_>, folder: &[u8], named: &str) -> Result<(Table, Vec<u8>), Stop> {
    let unknown = || Stop::Undecided("package.workspace of git's manifest names no workspace in git".into());
    let root = normal(&join(folder, named.as_bytes())).ok_or_else(unknown)?;
    let manifest = read(case, &root)?.filter(|manifest| manifest.contains_key("workspace"));
    Ok((manifest.ok_or_else(unknown)?, root))
}

fn excluded(workspace: &Table, root: &[u8], folder: &[u8]) -> bool {
    let names = |key: &str| {
        let list = workspace.get(key).and_then(Value::as_list).unwrap_or_default();
        list.iter().filter_map(Value::as_text).any(|path| {
            normal(&join(root, path.as_bytes()))
                .is_some_and(|path| folder == path || TreePath::new(folder).strip_prefix(&path).is_some())
        })
    };
    names("exclude") && !names("members")
}
