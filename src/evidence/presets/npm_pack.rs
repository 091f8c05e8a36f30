//! `npm-pack@1`: what `npm pack` makes of a package's folder, and what
//! `pnpm pack` makes of its `package.json`.

use super::{Preset, Rules, dotfiles};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::evidence::explain::Level;
use crate::evidence::json;
use crate::release::TreePath;
use crate::release::tree::{Mode, TreeEntry};
use serde_json::Value;

mod manifest;

/// The preset.
pub const NPM_PACK_1: Preset = Preset {
    name: "npm-pack@1",
    summary: "a package as npm packs it: nothing added, nothing changed",
    rules: &NpmPack,
};

const MANIFEST: &[u8] = b"package.json";
/// Bytes of a manifest that is read.
const MAX_MANIFEST: u64 = 256 << 10;
/// What npm never packs, at the root of the package. `npm-shrinkwrap.json` is
/// not one of these: npm packs it, and it pins what gets installed.
const AT_ROOT: [&str; 11] = [
    ".lock-wscript",
    ".npm-extension.cjs",
    ".npm-extension.mjs",
    "archived-packages",
    "build/config.gypi",
    "bun.lock",
    "bun.lockb",
    "node_modules",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
];
/// What npm never packs: files and folders, wherever they lie.
const ANYWHERE: [&str; 8] =
    [".DS_Store", ".gitignore", ".hg", ".npmignore", ".npmrc", ".svn", "CVS", "npm-debug.log"];

struct NpmPack;

impl Rules for NpmPack {
    fn root(&self, _stem: &str) -> String {
        "package".into()
    }

    fn reads(&self, path: &TreePath) -> bool {
        path.as_bytes() == MANIFEST
    }

    fn explain(&self, case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
        let Some(entry) = case.in_git(&found.fact.path) else { return Ok(Answer::Silent) };
        if entry.id == found.fact.id {
            return mode(case, entry, found.fact.mode);
        }
        if found.fact.path.as_bytes() != MANIFEST || found.fact.mode != Mode::Regular {
            return Ok(Answer::Silent);
        }
        match (case.git_file(&entry.path, MAX_MANIFEST)?, found.content.as_deref()) {
            (Some(expected), Some(content)) if content.len() as u64 <= MAX_MANIFEST => {
                manifest::judge(case, &expected, content)
            }
            _ => Ok(Answer::undecided("is too large to be compared")),
        }
    }

    fn omits(&self, _case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        let rule = if entry.mode == Mode::Symlink {
            "a symbolic link, which npm never packs"
        } else if never_packed(&entry.path) {
            "never packed by npm"
        } else if let Some(rule) = dotfiles::rule(&entry.path) {
            rule
        } else {
            return Ok(Answer::Silent);
        };
        Ok(Answer::explained(Level::Omitted, rule))
    }
}

/// The same content with another exec bit. Some versions of npm, and pnpm and
/// yarn, make executable what `bin` names; the latter, and npm on systems
/// without an exec bit, write all else as not executable.
fn mode(case: &Case<'_>, entry: &TreeEntry, found: Mode) -> Result<Answer, Unavailable> {
    match (entry.mode, found) {
        (Mode::Executable, Mode::Regular) => {
            return Ok(Answer::explained(Level::SameAs, "git's file, written without its exec bit"));
        }
        (Mode::Regular, Mode::Executable) => {}
        _ => return Ok(Answer::Silent),
    }
    let Some(manifest) = case.git_file(&TreePath::new(MANIFEST), MAX_MANIFEST)? else {
        return Ok(Answer::Silent);
    };
    let Ok(manifest) = json::parse(&manifest) else { return Ok(Answer::Silent) };
    Ok(if is_bin(&manifest, &entry.path) {
        Answer::explained(Level::SameAs, "git's file, made executable as bin of package.json names it")
    } else {
        Answer::mismatch("is executable, though not in git, nor named by bin of git's package.json")
    })
}

fn is_bin(manifest: &Value, path: &TreePath) -> bool {
    let names = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        text.strip_prefix("./").unwrap_or(text).as_bytes() == path.as_bytes()
    };
    match manifest.get("bin") {
        Some(Value::Object(map)) => map.values().any(names),
        Some(value) => names(value),
        None => false,
    }
}

fn never_packed(path: &TreePath) -> bool {
    let at_root =
        |name: &&str| path.as_bytes() == name.as_bytes() || path.strip_prefix(name.as_bytes()).is_some();
    if AT_ROOT.iter().any(at_root) || path.as_bytes().starts_with(b".wafpickle-") {
        return true;
    }
    let mut parts = path.as_bytes().split(|byte| *byte == b'/');
    parts.any(|part| {
        ANYWHERE.iter().any(|name| name.as_bytes() == part)
            || part.starts_with(b"._")
            || part.ends_with(b".orig")
            || (part.starts_with(b".") && part.ends_with(b".swp"))
    })
}

#[cfg(test)]
mod tests;
