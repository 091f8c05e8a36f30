//! `python-setuptools@1`: sdists of setuptools, with setuptools-scm or without.

use super::python::{self, Writes};
use super::{Preset, Rules};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::release::TreePath;
use crate::release::tree::TreeEntry;

/// The preset.
pub const PYTHON_SETUPTOOLS_1: Preset = Preset {
    name: "python-setuptools@1",
    summary: "an sdist of setuptools: PKG-INFO, egg-info, setup.cfg and version files",
    rules: &Setuptools,
};

struct Setuptools;

impl Rules for Setuptools {
    fn reads(&self, path: &TreePath) -> bool {
        python::reads(path)
    }

    fn explain(&self, case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
        python::explain(case, found, Writes::EggInfo)
    }

    fn omits(&self, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        python::omits("python-setuptools@1", case, entry)
    }

    fn always(&self, _case: &Case<'_>) -> Vec<TreePath> {
        vec![python::PKG_INFO.into()]
    }
}
