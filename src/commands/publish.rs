//! `publish`: verify with the published certificate, then place.

use super::ages;
use super::checksum::release_name;
use super::inputs::{self, Inputs};
use super::sign::record_fits;
use super::signature::{self, Ask, Court};
use super::validate::documents;
use super::verify::{Judge, Verified};
use super::{Failure, progress};
use crate::cli;
use crate::files::{self, Kind, Replace};
use crate::release::policy::Project;
use crate::release::record::{self, Record};
use crate::release::{Finding, Sha256Digest, Time, checksums, finding};
use crate::report::Report;
use crate::site::{self, Destination, Present};
use serde_json::json;
use std::path::Path;

/// The files of a release with their digests, in the order of placing.
type Order = Vec<(String, Sha256Digest)>;

pub(super) fn run(args: &cli::Publish, now: Time) -> Result<Report, Failure> {
    let inputs = Inputs::read(&args.rules, now)?;
    let (record, record_bytes) = inputs::record(&args.record)?;
    let project = inputs::project(&inputs.policy, &record.project)?;
    let mut findings = record_fits(&record, args.project.as_deref(), project, &inputs);
    findings.extend(nothing_else(&args.artifacts, project, &record)?);
    let (order, told) = verified(&args.artifacts, project, &record, &record_bytes, &inputs)?;
    findings.extend(told);
    let mut placed = Vec::new();
    if !finding::rejects(&findings) {
        let (states, told) = place(args, project, &order)?;
        findings.extend(told);
        placed = states;
    }
    let changed = placed.iter().any(|placed| *placed);
    let files = order
        .iter()
        .zip(&placed)
        .map(|((name, sha256), placed)| json!({"name": name, "sha256": sha256, "placed": placed}));
    let result = json!({
        "project": record.project,
        "version": record.version,
        "at": inputs.at,
        "policy_sha256": inputs.policy_sha256,
        "keyring_sha256": inputs.keyring.digest(),
        "record_sha256": Sha256Digest::of(&record_bytes),
        "destination": project.destination,
        "files": files.collect::<Vec<_>>(),
    });
    Ok(Report::judged("publish", findings, result).with_changed(changed))
}

/// The folder holds this release and nothing else.
fn nothing_else(folder: &Path, project: &Project, record: &Record) -> Result<Vec<Finding>, Failure> {
    let mut expected = documents(project, &record.version);
    expected.extend(record.artifacts.iter().map(|artifact| artifact.name.to_string()));
    let mut findings = Vec::new();
    for (name, kind) in files::list(folder)? {
        let told = match (release_name(&name), kind) {
            (Ok(name), Kind::Regular) if expected.remove(name.as_str()) => continue,
            (Ok(name), Kind::Regular) => Finding::error(
                "unexpected-file",
                name.as_str(),
                "does not belong to this release",
                "remove it; a release is published alone",
            ),
            (Ok(name), Kind::Other(found)) => {
                let told = format!("is {found}; only regular files are published");
                Finding::error(
                    "not-a-regular-file",
                    name.as_str(),
                    told,
                    "remove it, or put the file itself there",
                )
            }
            (Err(finding), _) => finding,
        };
        findings.push(told);
    }
    for name in expected {
        let hint = "sign the release again, and publish all that signing wrote";
        findings.push(Finding::error(
            "missing-file-of-release",
            &name,
            "belongs to this release and is not here",
            hint,
        ));
    }
    Ok(findings)
}

/// Verifies the folder's release. The names come back in the order of placing:
/// the checksum list's signature last, so that whoever sees it sees a whole release.
fn verified(
    folder: &Path,
    project: &Project,
    record: &Record,
    record_bytes: &[u8],
    inputs: &Inputs,
) -> Result<(Order, Vec<Finding>), Failure> {
    let allowed = signature::signer(project);
    let allowed = &signature::vetted_for(allowed, &inputs.keyring, &record.project);
    let (project_id, version) = (Some(record.project.as_str()), Some(record.version.as_str()));
    let (keyring, ask, at, rules) = (&inputs.keyring, Ask::Release, inputs.at, project.signatures);
    let judge = Judge {
        court: Court { keyring, allowed, ask, at, project: project_id, version, rules, ages: &ages::CLAIMED },
    };
    let name = project.checksum_list(&record.version);
    let mut verified = Verified::default();
    if files::list(folder)?.iter().any(|(found, _)| found.to_str() == Some(&name)) {
        verified.list(folder, &name, &judge)?;
    }
    let mut findings = std::mem::take(&mut verified.findings);
    let Some(list) = verified.lists.remove(&name) else { return Ok((vec![], findings)) };
    let record_sha256 = Sha256Digest::of(record_bytes);
    for artifact in &record.artifacts {
        let file = record::file_name(artifact.name.as_str());
        if list.entries.get(&file) != Some(&record_sha256) {
            let told =
                format!("the signed list has another digest for it than the given record, {record_sha256}");
            let hint = "give the record that was signed with this release";
            findings.push(Finding::error("record-mismatch", &file, told, hint));
        }
    }
    let mut expected = documents(project, &record.version);
    expected.extend(record.artifacts.iter().map(|artifact| artifact.name.to_string()));
    for stray in list.entries.keys().filter(|entry| !expected.contains(*entry)) {
        let hint = "the list was not made for this release by countersign sign";
        findings.push(Finding::error(
            "unexpected-file",
            stray,
            "is listed but does not belong to this release",
            hint,
        ));
    }
    let mut order: Vec<_> = list.entries.into_iter().collect();
    order.sort_by_key(|(name, _)| (rank(name), name.clone()));
    order.push((name.clone(), list.sha256));
    order.push((format!("{name}.asc"), list.signature_sha256));
    Ok((order, findings))
}

/// Artifacts first, then what vouches for them.
fn rank(name: &str) -> u8 {
    match name {
        name if name.ends_with(".asc") => 1,
        name if name.ends_with(record::SUFFIX) => 2,
        name if name.ends_with(checksums::SUFFIX) => 3,
        _ => 0,
    }
}

/// Looks at every name before the first is placed. Tells for each file
/// whether it was (or, with `--check`, would be) placed.
///
/// A release is published when its checksum list is there, signed. Until then
/// an earlier run stopped half-way, and whoever signs again makes other
/// signatures: what is left of the earlier ones is replaced. An artifact never
/// is, since its bytes are the same however often it is signed.
fn place(
    args: &cli::Publish,
    project: &Project,
    order: &Order,
) -> Result<(Vec<bool>, Vec<Finding>), Failure> {
    let destination = match args.check {
        true => None,
        false => Some(Destination::open(&args.site, &project.destination)?),
    };
    let mut present = Vec::new();
    for (name, wanted) in order {
        present.push(match &destination {
            Some(destination) => destination.look(name, *wanted)?,
            None => site::preview(&args.site, &project.destination, name, *wanted)?,
        });
    }
    let unfinished = present.last() == Some(&Present::No);
    let (mut findings, mut left) = (Vec::new(), 0_usize);
    let artifacts = order.iter().zip(&present).filter(|((name, _), _)| rank(name) == 0);
    let hint = match artifacts.into_iter().all(|(_, present)| *present == Present::Same) {
        true => {
            "the artifacts are published already with these very bytes, signed by an earlier run: nothing is \
             to be done"
        }
        false => "a published file never changes; make a new version",
    };
    for ((name, wanted), present) in order.iter().zip(&present) {
        let Present::Differs(found) = present else { continue };
        if unfinished && rank(name) > 0 {
            left += 1;
            continue;
        }
        let told = format!("is published with other bytes: SHA-256 {found} there, {wanted} here");
        findings.push(Finding::error("site-file-differs", name, told, hint));
    }
    if finding::rejects(&findings) {
        return Ok((vec![false; order.len()], findings));
    }
    if left > 0 {
        let told = format!(
            "an earlier run stopped before it placed the signed list; {left} of its signatures, records and \
             lists are replaced"
        );
        findings.push(Finding::note(
            "unfinished-release",
            &project.destination,
            told,
            "nothing is to be done",
        ));
    }
    let todo: Vec<bool> = present.iter().map(|present| *present != Present::Same).collect();
    if let Some(destination) = destination {
        for (((name, wanted), present), _) in order.iter().zip(&present).zip(&todo).filter(|(_, todo)| **todo)
        {
            progress::say(&format!("placing {name}"));
            let mut source = files::open_regular(&args.artifacts.join(name))?;
            let replace = match present {
                Present::Differs(_) => Replace::Yes,
                Present::No | Present::Same => Replace::Never,
            };
            destination.place(name, &mut source, *wanted, replace)?;
        }
    }
    Ok((todo, findings))
}
