//! Presets: what a packaging tool does to a tree, as versioned, content-checking rules.
//!
//! A preset never waves a path through by its name. A new one gets a file of
//! its own here, a line in [`ALL`] and a page in `docs/presets/`.

mod autotools_dist;
mod cargo_crate;
mod dotfiles;
mod git_archive;
mod npm_pack;
mod python;
mod python_flit;
mod python_hatch;
mod python_pbr;
mod python_poetry;
mod python_setuptools;
#[cfg(test)]
mod python_tests;
mod python_wheel;
#[cfg(test)]
mod python_wheel_tests;

use super::case::{Answer, Candidate, Case, Unavailable};
use crate::release::TreePath;
use crate::release::tree::TreeEntry;

/// What a packaging tool does to a tree.
pub trait Rules: Sync {
    /// The one top-level folder of an artifact whose file name without its
    /// suffix is `stem`; empty if there is none.
    fn root(&self, stem: &str) -> String {
        stem.into()
    }

    /// Whether the rules need the bytes of this path of the artifact. Of all
    /// others only digests are kept.
    fn reads(&self, _path: &TreePath) -> bool {
        false
    }

    /// What the rules say of a path of the artifact that is not identical to
    /// git.
    ///
    /// # Errors
    /// If the repository cannot be read.
    fn explain(&self, case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable>;

    /// What the rules say of a path of git that the artifact does not hold.
    ///
    /// # Errors
    /// If the repository cannot be read.
    fn omits(&self, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable>;

    /// Files that the tool writes into every artifact.
    fn always(&self, _case: &Case<'_>) -> Vec<TreePath> {
        vec![]
    }
}

/// A built-in set of rules.
pub struct Preset {
    /// Name and version, `git-archive@1`; a version never changes its meaning.
    pub name: &'static str,
    /// One line for lists and messages.
    pub summary: &'static str,
    /// What it does.
    pub rules: &'static dyn Rules,
}

impl std::fmt::Debug for Preset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Preset").field(&self.name).finish()
    }
}

/// Every preset, by name.
pub const ALL: &[&Preset] = &[
    &git_archive::GIT_ARCHIVE_1,
    &autotools_dist::AUTOTOOLS_DIST_1,
    &cargo_crate::CARGO_CRATE_1,
    &npm_pack::NPM_PACK_1,
    &python_flit::PYTHON_FLIT_1,
    &python_hatch::PYTHON_HATCH_1,
    &python_pbr::PYTHON_PBR_1,
    &python_poetry::PYTHON_POETRY_1,
    &python_setuptools::PYTHON_SETUPTOOLS_1,
    &python_wheel::PYTHON_WHEEL_1,
];

/// The preset of this name and version.
pub fn find(name: &str) -> Option<&'static Preset> {
    ALL.iter().copied().find(|preset| preset.name == name)
}

/// The names of all presets, for messages.
pub fn names() -> String {
    ALL.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ")
}
