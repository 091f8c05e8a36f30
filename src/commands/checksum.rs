//! `checksum`: what a builder says of its artifacts.

use super::{Failure, artifacts};
use crate::cli;
use crate::files;
use crate::release::manifest::Entry;
use crate::release::{Finding, ReleaseName};
use crate::report::Report;
use serde_json::json;

pub(super) fn run(args: &cli::Checksum) -> Result<Report, Failure> {
    let mut findings = Vec::new();
    let mut entries = Vec::new();
    for candidate in artifacts::list(&args.folder)? {
        let name = match candidate {
            Ok(name) => name,
            Err(finding) => {
                findings.push(finding);
                continue;
            }
        };
        let path = args.folder.join(name.as_str());
        let mut file = files::open_regular(&path)?;
        let digests = files::digests(&mut file, &path)?;
        let (size, sha256, sha512) = (digests.size, digests.sha256, digests.sha512);
        entries.push(Entry { name, size, sha256, sha512 });
    }
    if entries.is_empty() && findings.is_empty() {
        findings.push(empty_folder(&super::failure::shown(&args.folder)));
    }
    Ok(Report::judged("checksum", findings, json!({ "artifacts": entries })))
}

/// An empty folder is never a success: there is nothing to speak for.
pub(super) fn empty_folder(folder: &str) -> Finding {
    Finding::error(
        "empty-folder",
        folder,
        "holds no artifacts",
        "check that the build wrote its artifacts here; an empty release is never signed",
    )
}

/// The name as a release name, or what is wrong with it.
pub(super) fn release_name(name: &std::ffi::OsStr) -> Result<ReleaseName, Finding> {
    use std::os::unix::ffi::OsStrExt as _;
    let shown = crate::release::path::printable(name.as_bytes());
    let refuse = |why: String| {
        let hint = "rename the file: letters, digits and . _ + ~ ! @ % - are safe for every system";
        Finding::error("unsafe-name", &shown, why, hint)
    };
    let text = name.to_str().ok_or_else(|| refuse("the file name is not UTF-8".into()))?;
    ReleaseName::parse(text).map_err(|error| refuse(error.to_string()))
}
