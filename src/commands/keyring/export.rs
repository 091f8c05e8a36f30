//! `keyring export`: which certificates, into which files.

use super::super::failure::{self, Failure};
use super::super::{inputs, policy as rules};
use super::formats::{self, Chosen, Output};
use super::{Folder, given};
use crate::cli::{self, ExportFormat};
use crate::files::{self, FileError};
use crate::openpgp::Keyring;
use crate::release::policy::{Policy, Project};
use crate::release::vetting::VettingState;
use crate::release::{Finding, Fingerprint, Sha256Digest, Time, finding};
use crate::report::Report;
use crate::trust::Outlook;
use clap::ValueEnum as _;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Larger files in the place of an export are none of ours.
const MAX_EXPORT: u64 = 64 << 20;

pub(super) fn run(args: &cli::KeyringExport, now: Time) -> Result<Report, Failure> {
    let at = args.place.at.unwrap_or(now);
    elsewhere(&args.output_dir, &args.place.keyring)?;
    let Folder { keyring, .. } = Folder::read(&args.place.keyring)?;
    let policy = args.policy.as_deref().map(inputs::policy).transpose()?.map(|(policy, _)| policy);
    let project = match (&policy, &args.project) {
        (Some(policy), Some(id)) => Some((id.as_str(), inputs::project(policy, id)?)),
        _ => None,
    };
    let mut findings = Vec::new();
    if args.format == ExportFormat::GitAllowedSigners {
        let signers = policy.as_ref().map(|policy| formats::allowed_signers(policy, project, at));
        let (outputs, left_out) = signers.unwrap_or_default();
        findings.extend(left_out);
        if outputs.is_empty() {
            let hint = "Name them in the groups of the policy; OpenPGP certificates go out by --format keys.";
            let told = "allowed_signers lists SSH keys, and the policy names none who may sign tags";
            findings.push(Finding::error("no-ssh-keys", &failure::shown(&args.place.keyring), told, hint));
        }
        return finish(args, at, &keyring, &[], outputs, findings);
    }
    let chosen = choose(args, &keyring, policy.as_ref(), project, at, &mut findings);
    let outputs = if finding::rejects(&findings) {
        vec![]
    } else if chosen.is_empty() {
        let hint = "Look at countersign keyring list, and at what the policy names.";
        let told = "no certificate is left to export";
        findings.push(Finding::error("nothing-to-export", &failure::shown(&args.place.keyring), told, hint));
        vec![]
    } else {
        make(args, &chosen, project, at, &mut findings)
    };
    finish(args, at, &keyring, &chosen, outputs, findings)
}

/// Writes what was made, and tells it.
fn finish(
    args: &cli::KeyringExport,
    at: Time,
    keyring: &Keyring,
    chosen: &[Chosen<'_>],
    outputs: Vec<Output>,
    mut findings: Vec<Finding>,
) -> Result<Report, Failure> {
    let changed = write(&args.output_dir, &outputs)?;
    if args.format == ExportFormat::Wkd && !finding::rejects(&findings) {
        findings.extend(leftovers(&args.output_dir, &outputs)?);
    }
    let told = outputs
        .iter()
        .map(|(name, bytes)| json!({"name": name, "size": bytes.len(), "sha256": Sha256Digest::of(bytes)}));
    let form = args.format.to_possible_value();
    let result = json!({
        "at": at,
        "keyring_sha256": keyring.digest(),
        "form": form.as_ref().map(|value| value.get_name()),
        "project": args.project,
        "certificates": chosen.iter().map(|chosen| chosen.fingerprint()).collect::<Vec<_>>(),
        "files": told.collect::<Vec<_>>(),
    });
    Ok(Report::judged("keyring-export", findings, result).with_changed(changed))
}

/// An export written into the keyring would make it none.
fn elsewhere(given_output: &Path, keyring: &Path) -> Result<(), Failure> {
    match (given_output.canonicalize(), keyring.canonicalize()) {
        (Ok(output), Ok(keyring)) if output == keyring => {
            let told = "is the keyring, which holds certificates and nothing else";
            Err(Failure::usage(
                "output-in-keyring",
                &failure::shown(given_output),
                told,
                "write somewhere else",
            ))
        }
        // Whatever is wrong with either path is told when it is used.
        _ => Ok(()),
    }
}

fn make(
    args: &cli::KeyringExport,
    chosen: &[Chosen<'_>],
    project: Option<(&str, &Project)>,
    at: Time,
    findings: &mut Vec<Finding>,
) -> Vec<Output> {
    let site = &args.site_url;
    match args.format {
        ExportFormat::Keys => formats::keys(chosen, project, at),
        ExportFormat::Debian => formats::debian(chosen, project, site),
        ExportFormat::Arch => formats::arch(chosen, project, site),
        ExportFormat::Gentoo => formats::gentoo(chosen, project, site),
        ExportFormat::SequoiaGit => formats::sequoia_git(chosen),
        ExportFormat::Wkd => {
            let (outputs, skipped) = formats::web_key_directory(chosen);
            for (fingerprint, address) in skipped {
                let told = format!("{address} is no address that a web key directory can have");
                let hint = "Nothing to do, unless the address should be found.";
                findings.push(Finding::note("address-left-out", &fingerprint, told, hint));
            }
            outputs
        }
        // Holds no certificates, and is made elsewhere.
        ExportFormat::GitAllowedSigners => vec![],
    }
}

/// What a certificate does, by the policy.
#[derive(Debug, Clone, Copy, Default)]
struct Role {
    signs: bool,
    /// Signed releases once.
    signed: bool,
    tags: bool,
}

fn roles(policy: &Policy, project: Option<(&str, &Project)>) -> BTreeMap<Fingerprint, Role> {
    let mut roles: BTreeMap<Fingerprint, Role> = BTreeMap::new();
    let projects: Vec<&Project> = match project {
        Some((_, project)) => vec![project],
        None => policy.projects.values().collect(),
    };
    for project in projects {
        roles.entry(project.signer.clone()).or_default().signs = true;
        for former in &project.former_signers {
            roles.entry(former.clone()).or_default().signed = true;
        }
        let groups = project.taggers.any.iter().filter_map(|name| policy.groups.get(name));
        for fingerprint in groups.flat_map(|group| &group.certificates) {
            roles.entry(fingerprint.clone()).or_default().tags = true;
        }
    }
    roles
}

/// The certificates to export. Those who verify new releases get what may
/// sign now; those who verify old ones what ever might, unless it is lost.
fn choose<'k>(
    args: &cli::KeyringExport,
    keyring: &'k Keyring,
    policy: Option<&Policy>,
    project: Option<(&str, &Project)>,
    at: Time,
    findings: &mut Vec<Finding>,
) -> Vec<Chosen<'k>> {
    let roles = policy.map(|policy| roles(policy, project));
    if let Some(roles) = &roles {
        let missing: BTreeSet<_> = roles.keys().filter(|known| keyring.get(known).is_none()).collect();
        findings.extend(missing.into_iter().map(rules::missing_in_keyring));
    }
    // Of a release only the signer's signature lies beside the files.
    let of_files = matches!(args.format, ExportFormat::Debian | ExportFormat::Arch | ExportFormat::Gentoo);
    let mut chosen = Vec::new();
    for certificate in keyring.certificates() {
        let fingerprint = certificate.fingerprint();
        let role = match &roles {
            None => Role { signs: true, signed: true, tags: true },
            Some(roles) => roles.get(fingerprint).copied().unwrap_or_default(),
        };
        let vetting = keyring.vetting(fingerprint);
        let covered = project.is_none_or(|(id, _)| vetting.is_none_or(|vetting| vetting.covers(id)));
        let of_old = role.signed && args.format == ExportFormat::Keys;
        if !(role.signs || role.tags && !of_files || of_old) || !covered {
            continue;
        }
        let Some(facts) = keyring.facts(fingerprint) else { continue };
        let usable = Outlook::new(&facts, at).is_usable();
        let lost = matches!(facts.standing, VettingState::Compromised { .. });
        if lost || args.format != ExportFormat::Keys && !usable {
            let told = match facts.standing {
                VettingState::Active => "can sign nothing now, and is left out".to_string(),
                standing => format!("is {} in the keyring, and is left out", standing.as_str()),
            };
            let hint = "Nothing to do, if that is meant.";
            findings.push(Finding::note("export-left-out", fingerprint.as_str(), told, hint));
            continue;
        }
        chosen.push(Chosen { certificate, facts, vetting, signs: role.signs, tags: role.tags });
    }
    chosen
}

/// Writes what differs from what is there. Tells whether anything did.
fn write(folder: &Path, outputs: &[Output]) -> Result<bool, Failure> {
    let mut changed = false;
    for (name, bytes) in outputs {
        let path = folder.join(name);
        files::make_folder(path.parent().unwrap_or(folder))?;
        match files::open_regular(&path) {
            Ok(mut file) => {
                if files::read_all(&mut file, &path, MAX_EXPORT).map_err(given)? == *bytes {
                    continue;
                }
            }
            Err(FileError::Missing { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        files::replace(&path, bytes)?;
        changed = true;
    }
    Ok(changed)
}

/// Certificates that an earlier export served and this one does not.
fn leftovers(folder: &Path, outputs: &[Output]) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    let places: BTreeSet<&Path> = outputs.iter().filter_map(|(name, _)| Path::new(name).parent()).collect();
    for place in places.into_iter().filter(|place| place.ends_with("hu")) {
        for (name, _) in files::list(&folder.join(place))? {
            let path = place.join(&name);
            if !outputs.iter().any(|(written, _)| Path::new(written) == path) {
                let told = "is served still, and the keyring has nothing for it";
                let hint = "Remove it, if nobody else put it there.";
                findings.push(Finding::warning("export-leftover", &failure::shown(&path), told, hint));
            }
        }
    }
    Ok(findings)
}
