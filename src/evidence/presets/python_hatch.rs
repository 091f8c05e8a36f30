//! `python-hatch@1`: sdists of hatchling, with hatch-vcs or without.

use super::python::{self, Writes};
use super::{Preset, Rules};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::release::TreePath;
use crate::release::tree::TreeEntry;

/// The preset.
pub const PYTHON_HATCH_1: Preset = Preset {
    name: "python-hatch@1",
    summary: "an sdist of hatchling: PKG-INFO and version files",
    rules: &Hatch,
};

struct Hatch;

impl Rules for Hatch {
    fn reads(&self, path: &TreePath) -> bool {
        python::reads(path)
    }

    fn explain(&self, case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
        python::explain(case, found, Writes::Metadata)
    }

    fn omits(&self, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        python::omits("python-hatch@1", case, entry)
    }
}
