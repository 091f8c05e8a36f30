//! `npm-pack@1`: what `npm pack` makes of a package's folder.

use super::{Preset, Rules, dotfiles};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::evidence::explain::Level;
use crate::release::TreePath;
use crate::release::tree::TreeEntry;

/// The preset.
pub const NPM_PACK_1: Preset = Preset {
    name: "npm-pack@1",
    summary: "a package as npm packs it: nothing added, nothing changed",
    rules: &NpmPack,
};

struct NpmPack;

impl Rules for NpmPack {
    fn root(&self, _stem: &str) -> String {
        "package".into()
    }

    fn reads(&self, path: &TreePath) -> bool {
        path.as_bytes() == b"package.json"
    }

    fn explain(&self, _case: &Case<'_>, _found: &Candidate) -> Result<Answer, Unavailable> {
        Ok(Answer::Silent)
    }

    fn omits(&self, _case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        Ok(match dotfiles::rule(&entry.path) {
            Some(rule) => Answer::explained(Level::Omitted, rule),
            None => Answer::Silent,
        })
    }
}
