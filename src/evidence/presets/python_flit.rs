//! `python-flit@1`: sdists of flit.

use super::python::{self, Writes};
use super::{Preset, Rules};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::release::TreePath;
use crate::release::tree::TreeEntry;

/// The preset.
pub const PYTHON_FLIT_1: Preset =
    Preset { name: "python-flit@1", summary: "an sdist of flit: PKG-INFO", rules: &Flit };

struct Flit;

impl Rules for Flit {
    fn reads(&self, path: &TreePath) -> bool {
        python::reads(path)
    }

    fn explain(&self, case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
        python::explain(case, found, Writes::Metadata)
    }

    fn omits(&self, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        python::omits("python-flit@1", case, entry)
    }

    fn always(&self, _case: &Case<'_>) -> Vec<TreePath> {
        vec![python::PKG_INFO.into()]
    }
}
