//! `cargo-crate@1`: what `cargo package` makes of a crate's folder.

use super::{Preset, Rules, dotfiles};
use crate::evidence::cargo::workspace::Manifests;
use crate::evidence::cargo::{self, Stop, lock, manifest, program, vcs};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::evidence::explain::Level;
use crate::evidence::{converted, dereferenced};
use crate::release::TreePath;
use crate::release::tree::{Mode, TreeEntry};

/// The preset.
pub const CARGO_CRATE_1: Preset = Preset {
    name: "cargo-crate@1",
    summary: "a crate as cargo packs it: its manifest and lock file compared by meaning",
    rules: &CargoCrate,
};

/// What cargo writes itself.
const VCS: &[u8] = b".cargo_vcs_info.json";
const MANIFEST: &[u8] = b"Cargo.toml";
const ORIGINAL: &[u8] = b"Cargo.toml.orig";
const LOCK: &[u8] = b"Cargo.lock";

/// Folders above a path that are looked at.
const MAX_DEPTH: usize = 64;

struct CargoCrate;

impl Rules for CargoCrate {
    fn reads(&self, path: &TreePath) -> bool {
        [VCS, MANIFEST, LOCK].contains(&path.as_bytes())
    }

    fn explain(&self, case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
        let path = found.fact.path.as_bytes();
        if [VCS, MANIFEST, LOCK].contains(&path) && found.fact.mode != Mode::Regular {
            let mode = found.fact.mode.describe();
            return Ok(Answer::mismatch(format!(
                "expected a regular file, as cargo writes it; found {mode}"
            )));
        }
        let bytes = found.content.as_deref().map(Vec::as_slice);
        let too_large = || Answer::undecided("is too large to be read");
        match (path, bytes) {
            (VCS | MANIFEST | LOCK, None) => Ok(too_large()),
            (VCS, Some(bytes)) => cargo::answer(vcs::judge(case, bytes)),
            (MANIFEST, Some(bytes)) => cargo::answer(manifest::judge(case, bytes)),
            (LOCK, Some(bytes)) => cargo::answer(lock::judge(case, bytes)),
            (ORIGINAL, _) => Ok(original(case, found)),
            _ => others(case, found),
        }
    }

    fn omits(&self, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        let path = &entry.path;
        let answer = dereferenced::replaced(case, entry)?;
        if answer != Answer::Silent {
            return Ok(answer);
        }
        let rule = if nested(case, path) {
            "belongs to another package, in a folder with a Cargo.toml of its own"
        } else if path.strip_prefix(b"target").is_some() {
            "lies in the folder that cargo builds in"
        } else if path.as_bytes() == LOCK {
            return cargo::answer(program::without_lock(case));
        } else if let Some(rule) = dotfiles::rule(path) {
            rule
        } else {
            return Ok(Answer::Silent);
        };
        Ok(Answer::explained(Level::Omitted, rule))
    }
}

/// `Cargo.toml.orig`: git's manifest as it is.
fn original(case: &Case<'_>, found: &Candidate) -> Answer {
    match case.in_git(&TreePath::new(MANIFEST)) {
        Some(entry) if entry.id == found.fact.id && entry.mode == found.fact.mode => {
            Answer::explained(Level::SameAs, "git's Cargo.toml")
        }
        Some(entry) => Answer::mismatch(format!(
            "expected git's Cargo.toml ({}, blob {}), found {} of {} bytes, SHA-256 {}",
            entry.mode.describe(),
            entry.id,
            found.fact.mode.describe(),
            found.fact.size,
            found.fact.sha256
        )),
        None => Answer::undecided("git has no Cargo.toml in the subdirectory to compare with"),
    }
}

/// Everything that cargo does not write itself.
fn others(case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
    let fact = &found.fact;
    if !fact.path.as_bytes().contains(&b'/') && case.in_git(&fact.path).is_none() && above(case, &fact.path)?
    {
        let answer = cargo::answer(copied(case, found))?;
        if answer != Answer::Silent {
            return Ok(answer);
        }
    }
    // cargo on systems without an exec bit packs every file without it.
    let same = case.in_git(&fact.path).filter(|entry| entry.id == fact.id);
    if same.is_some_and(|entry| (entry.mode, fact.mode) == (Mode::Executable, Mode::Regular)) {
        return Ok(Answer::explained(Level::SameAs, "git's file, packed without its exec bit"));
    }
    dereferenced::explain(case, found)?.or_else(|| converted::checkout(case, found))
}

/// Whether a folder above the crate's has a file of this name, or the name is
/// a usual one. Manifests are read for those only, not for each path that a
/// hostile artifact adds.
fn above(case: &Case<'_>, name: &TreePath) -> Result<bool, Unavailable> {
    let usual = |start: &[u8]| {
        name.as_bytes().get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    if usual(b"readme") || usual(b"licen") {
        return Ok(true);
    }
    let crate_folder = case.subdirectory.as_bytes();
    let folders = crate_folder.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let folders = folders.take(MAX_DEPTH).filter_map(|(end, _)| crate_folder.get(..=end)).chain([&b""[..]]);
    for folder in folders {
        if case.in_repository(&TreePath::new([folder, name.as_bytes()].concat()))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A readme or licence file from outside of the crate's folder.
fn copied(case: &Case<'_>, found: &Candidate) -> Result<Answer, Stop> {
    let fact = &found.fact;
    let manifests = Manifests::of(case)?;
    for (name, from) in manifest::copied(case, &manifests)? {
        if name.as_bytes() != fact.path.as_bytes() {
            continue;
        }
        return Ok(match case.in_repository(&from)? {
            Some(entry) if entry.id == fact.id && entry.mode == fact.mode => {
                Answer::explained(Level::SameAs, format!("git's {from}, which the manifest names"))
            }
            Some(entry) => Answer::mismatch(format!(
                "expected git's {from} (blob {}, {}), found {} of {} bytes, SHA-256 {}",
                entry.id,
                entry.mode.describe(),
                fact.mode.describe(),
                fact.size,
                fact.sha256
            )),
            None => Answer::Silent,
        });
    }
    Ok(Answer::Silent)
}

/// Whether a folder above the path, but below the crate's, is a package.
fn nested(case: &Case<'_>, path: &TreePath) -> bool {
    let bytes = path.as_bytes();
    let folders = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
    folders
        .take(MAX_DEPTH)
        .filter_map(|end| bytes.get(..=end))
        .any(|folder| case.in_git(&TreePath::new([folder, MANIFEST].concat())).is_some())
}

#[cfg(test)]
mod tests;
