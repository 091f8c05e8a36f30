//! The folder of artifacts: what lies in it, told strictly.

use super::Failure;
use super::checksum::release_name;
use crate::files::{self, Kind};
use crate::release::{Finding, ReleaseName};
use std::path::Path;

/// Everything in the folder, sorted by name: good names of regular files, or
/// the finding about what is odd.
pub(super) fn list(folder: &Path) -> Result<Vec<Result<ReleaseName, Finding>>, Failure> {
    let entries = files::list(folder)?;
    Ok(entries
        .into_iter()
        .map(|(name, kind)| {
            let name = release_name(&name)?;
            match kind {
                Kind::Regular => Ok(name),
                Kind::Other(found) => Err(Finding::error(
                    "not-a-regular-file",
                    name.as_str(),
                    format!("is {found}; only regular files are artifacts"),
                    "remove it, or put the file itself in its place",
                )),
            }
        })
        .collect())
}
