//! `python-poetry@1`: sdists of poetry.

use super::python::{self, Writes};
use super::{Preset, Rules};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::release::TreePath;
use crate::release::tree::TreeEntry;

/// The preset.
pub const PYTHON_POETRY_1: Preset =
    Preset { name: "python-poetry@1", summary: "an sdist of poetry: PKG-INFO", rules: &Poetry };

struct Poetry;

impl Rules for Poetry {
    fn reads(&self, path: &TreePath) -> bool {
        python::reads(path)
    }

    fn explain(&self, case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
        python::explain(case, found, Writes::Metadata)
    }

    fn omits(&self, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        python::omits("python-poetry@1", case, entry)
    }

    fn always(&self, _case: &Case<'_>) -> Vec<TreePath> {
        vec![python::PKG_INFO.into()]
    }
}
