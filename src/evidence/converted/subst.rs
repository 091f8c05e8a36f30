//! `export-subst`: `$Format:…$` filled in by `git archive` (git's archive.c,
//! `format_subst`).
//!
//! Some placeholders have one value; for others (abbreviated ids, names of
//! refs) there are several that a builder may have got. Every combination
//! whose length is the file's is hashed and compared; the artifact's bytes are
//! never looked at.

use super::Unknown;
use super::commit::CommitText;
use super::placeholder::{self, Item, Kind};
use crate::release::Sha256Digest;
use sha2::{Digest as _, Sha256};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// What begins a place to fill in.
pub(super) const OPEN: &[u8] = b"$Format:";
/// Pieces of a file.
const MAX_PARTS: usize = 50_000;
/// Different placeholders in a file.
const MAX_KINDS: usize = 32;
/// Combinations that are tried.
const MAX_TRIES: u32 = 200_000;
/// Bytes that are hashed for one file.
const MAX_HASHED: u64 = 64 << 20;

/// Combinations that are tried for all files of an artifact.
const MAX_ALL_TRIES: u64 = 2_000_000;
/// Bytes that are hashed for all files of an artifact.
const MAX_ALL_HASHED: u64 = 512 << 20;

/// What may be filled in besides the commit's own: names of refs, and the
/// author by the tree's `.mailmap`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refs {
    /// The tag that was asked for. No other is known here: whoever may push to
    /// the repository chooses its tags' names, and only this one is vetted.
    pub tag: Option<String>,
    /// Names of the repository's branches, remote-tracking ones without their
    /// remote.
    pub branches: BTreeSet<String>,
    /// The author's name and address after the mailmap.
    pub author: Option<(Vec<u8>, Vec<u8>)>,
}

/// Work that is left for the files of one artifact together: each of many
/// files could make as much as one may.
#[derive(Debug)]
pub struct Budget {
    tries: Cell<u64>,
    hashed: Cell<u64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { tries: Cell::new(MAX_ALL_TRIES), hashed: Cell::new(MAX_ALL_HASHED) }
    }
}

/// Takes from what is left.
fn spend(left: &Cell<u64>, amount: u64) -> Result<(), Unknown> {
    let rest = left.get().checked_sub(amount);
    left.set(rest.unwrap_or_default());
    rest.map(|_| ())
        .ok_or_else(|| Unknown("the files with export-subst have too many possible values together".into()))
}

enum Part<'c> {
    Text(&'c [u8]),
    Byte(u8),
    /// The placeholder's index.
    Value(usize),
}

/// A file with places to fill in, taken apart.
pub struct Substitution<'c> {
    parts: Vec<Part<'c>>,
    kinds: Vec<Kind>,
}

impl std::fmt::Debug for Substitution<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Substitution").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

impl<'c> Substitution<'c> {
    /// Takes a file apart.
    ///
    /// # Errors
    /// If it holds a placeholder that is not known here, or too many.
    pub fn parse(content: &'c [u8]) -> Result<Self, Unknown> {
        let mut parsed = Self { parts: Vec::new(), kinds: Vec::new() };
        let mut known = BTreeMap::new();
        let mut rest = content;
        while let Some(open) = find(rest, OPEN) {
            let (text, after) = rest.split_at(open);
            let format = after.get(OPEN.len()..).unwrap_or_default();
            let Some(close) = find(format, b"$") else { break };
            let (format, after) = format.split_at(close);
            parsed.parts.push(Part::Text(text));
            parsed.format(format, &mut known)?;
            rest = after.get(1..).unwrap_or_default();
        }
        parsed.parts.push(Part::Text(rest));
        Ok(parsed)
    }

    fn format(&mut self, mut format: &'c [u8], known: &mut BTreeMap<Kind, usize>) -> Result<(), Unknown> {
        if format.contains(&0) {
            return Err(Unknown("a placeholder of export-subst holds a NUL byte".into()));
        }
        while let Some(percent) = find(format, b"%") {
            let (text, after) = format.split_at(percent);
            self.parts.push(Part::Text(text));
            let after = after.get(1..).unwrap_or_default();
            let (item, length) = placeholder::parse(after, self.parts.len())?;
            format = after.get(length..).unwrap_or_default();
            self.parts.push(match item {
                Item::Byte(byte) => Part::Byte(byte),
                Item::Value(kind) => Part::Value(*known.entry(kind.clone()).or_insert_with(|| {
                    self.kinds.push(kind);
                    self.kinds.len() - 1
                })),
            });
            if self.parts.len() > MAX_PARTS || self.kinds.len() > MAX_KINDS {
                return Err(Unknown("the file has too many placeholders of export-subst".into()));
            }
        }
        self.parts.push(Part::Text(format));
        Ok(())
    }

    /// Whether [`Refs`] must be known to fill it in.
    pub fn needs_refs(&self) -> bool {
        self.kinds.iter().any(Kind::needs_refs)
    }

    /// Whether some values that git may fill in give content of this size and
    /// digest. What that costs is taken from the budget.
    ///
    /// # Errors
    /// If a value is not known, or there are too many combinations.
    pub fn matches(
        &self,
        commit: &CommitText,
        refs: &Refs,
        size: u64,
        sha256: &Sha256Digest,
        budget: &Budget,
    ) -> Result<bool, Unknown> {
        let mut fixed = 0u64;
        let mut counts = vec![0u64; self.kinds.len()];
        for part in &self.parts {
            match part {
                Part::Text(text) => fixed += text.len() as u64,
                Part::Byte(_) => fixed += 1,
                Part::Value(index) => {
                    if let Some(count) = counts.get_mut(*index) {
                        *count += 1;
                    }
                }
            }
        }
        let values =
            self.kinds.iter().map(|kind| kind.values(commit, refs)).collect::<Result<Vec<_>, _>>()?;
        let mut search = Search {
            parts: &self.parts,
            values,
            counts,
            size,
            sha256,
            chosen: Vec::new(),
            tries: 0,
            hashed: 0,
            budget,
        };
        search.from(fixed)
    }
}

/// Linear, and fast where the first byte is rare.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let (first, _) = wanted.split_first()?;
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        let at = from + rest.iter().position(|byte| byte == first)?;
        if bytes.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
}

struct Search<'s> {
    parts: &'s [Part<'s>],
    values: Vec<Vec<Vec<u8>>>,
    counts: Vec<u64>,
    size: u64,
    sha256: &'s Sha256Digest,
    /// Which value each placeholder has so far.
    chosen: Vec<usize>,
    tries: u32,
    hashed: u64,
    budget: &'s Budget,
}

impl Search<'_> {
    /// Tries all values of the placeholders that are still open, given the
    /// length of what is settled. The depth is that of the placeholders.
    fn from(&mut self, length: u64) -> Result<bool, Unknown> {
        if length > self.size {
            return Ok(false);
        }
        let depth = self.chosen.len();
        let Some(values) = self.values.get(depth) else {
            return if length == self.size { self.same() } else { Ok(false) };
        };
        let lengths: Vec<u64> = values.iter().map(|value| value.len() as u64).collect();
        let count = self.counts.get(depth).copied().unwrap_or_default();
        for (index, value) in lengths.into_iter().enumerate() {
            self.tries += 1;
            spend(&self.budget.tries, 1)?;
            if self.tries > MAX_TRIES {
                return Err(too_many());
            }
            self.chosen.push(index);
            let found = self.from(length.saturating_add(count.saturating_mul(value)))?;
            self.chosen.pop();
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn same(&mut self) -> Result<bool, Unknown> {
        self.hashed = self.hashed.saturating_add(self.size);
        spend(&self.budget.hashed, self.size)?;
        if self.hashed > MAX_HASHED {
            return Err(too_many());
        }
        let mut hasher = Sha256::new();
        for part in self.parts {
            match part {
                Part::Text(text) => hasher.update(text),
                Part::Byte(byte) => hasher.update([*byte]),
                Part::Value(index) => {
                    let value =
                        self.chosen.get(*index).and_then(|chosen| self.values.get(*index)?.get(*chosen));
                    hasher.update(value.map(Vec::as_slice).unwrap_or_default());
                }
            }
        }
        Ok(self.sha256.0 == <[u8; 32]>::from(hasher.finalize()))
    }
}

fn too_many() -> Unknown {
    Unknown("the placeholders of export-subst have too many possible values".into())
}
