//! `python-pbr@1`: sdists of pbr, which OpenStack uses.

use super::python::{self, Writes};
use super::{Preset, Rules};
use crate::evidence::case::{Answer, Candidate, Case, Unavailable};
use crate::evidence::derived;
use crate::release::TreePath;
use crate::release::tree::TreeEntry;

/// The preset.
pub const PYTHON_PBR_1: Preset = Preset {
    name: "python-pbr@1",
    summary: "an sdist of pbr: PKG-INFO, egg-info, setup.cfg, AUTHORS and ChangeLog",
    rules: &Pbr,
};

struct Pbr;

impl Rules for Pbr {
    fn reads(&self, path: &TreePath) -> bool {
        python::reads(path) || matches!(path.as_bytes(), b"AUTHORS" | b"ChangeLog")
    }

    fn explain(&self, case: &Case<'_>, found: &Candidate) -> Result<Answer, Unavailable> {
        match found.fact.path.as_bytes() {
            b"AUTHORS" | b"ChangeLog" => {
                derived::authors_or_changelog(case, found)?.or_else(|| python::shared(case, found))
            }
            _ => python::explain(case, found, Writes::EggInfo),
        }
    }

    fn omits(&self, case: &Case<'_>, entry: &TreeEntry) -> Result<Answer, Unavailable> {
        python::omits("python-pbr@1", case, entry)
    }

    fn always(&self, _case: &Case<'_>) -> Vec<TreePath> {
        vec![python::PKG_INFO.into()]
    }
}
