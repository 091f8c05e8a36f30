//! `keyring add` and `keyring remove`.

use super::super::failure::{self, Failure};
use super::super::inputs;
use super::{Change, Folder, certificate_change, details, offered, register_change, request};
use crate::cli;
use crate::openpgp::Certificate;
use crate::release::policy::Policy;
use crate::release::vetting::{Vetting, VettingState};
use crate::release::{Finding, Fingerprint, Time, finding};
use crate::report::Report;
use crate::trust::{CLOCK_SKEW, Outlook};
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn add(args: &cli::KeyringAdd, now: Time) -> Result<Report, Failure> {
    let at = args.place.at.unwrap_or(now);
    let folder = Folder::open(&args.place.keyring)?;
    let (certificate, mut projects, mut findings) = candidate(args, at)?;
    if !args.projects.is_empty() {
        projects.clone_from(&args.projects);
    }
    projects.sort();
    projects.dedup();
    let vetting = Vetting {
        person: args.person.clone(),
        vetted_by: Some(args.vetted_by.clone()),
        vetted_at: Some(args.vetted_at),
        projects,
        standing: VettingState::Active,
        note: args.note.clone(),
    };
    let mut changes = Vec::new();
    if let Some(certificate) = &certificate {
        findings.extend(speaks_against(&folder, certificate, args, at)?);
        if !finding::rejects(&findings) {
            match entry(&folder, certificate, vetting)? {
                Ok(made) => changes = made,
                Err(finding) => findings.push(finding),
            }
        }
    }
    let report = |keyring: &_, findings: Vec<Finding>| {
        let rejected = finding::rejects(&findings);
        let told = certificate.as_ref().filter(|_| !rejected);
        let told = told.map_or(Value::Null, |certificate| details(keyring, certificate, at));
        let result = json!({"at": at, "certificate": told, "keyring_sha256": keyring.digest()});
        Report::judged("keyring-add", findings, result)
    };
    if finding::rejects(&findings) {
        return Ok(report(&folder.keyring, findings));
    }
    let keyring = folder.with(&changes)?;
    folder.write(&changes)?;
    Ok(report(&keyring, findings).with_changed(!changes.is_empty()))
}

/// What is offered: the certificate, and the projects that its request names.
type Candidate = (Option<Certificate>, Vec<String>, Vec<Finding>);

fn candidate(args: &cli::KeyringAdd, at: Time) -> Result<Candidate, Failure> {
    if let Some(path) = &args.request {
        let asked = request::read(path, at)?;
        return Ok((asked.certificate, asked.projects, asked.findings));
    }
    Ok(match offered(args.file.as_deref().unwrap_or(Path::new("")))? {
        Ok(certificate) => (Some(certificate), vec![], vec![]),
        Err(finding) => (None, vec![], vec![finding]),
    })
}

fn speaks_against(
    folder: &Folder,
    certificate: &Certificate,
    args: &cli::KeyringAdd,
    at: Time,
) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    let found = certificate.fingerprint();
    if *found != args.fingerprint {
        let source = args.request.as_deref().or(args.file.as_deref()).unwrap_or(Path::new(""));
        let told = format!("holds the certificate {found}, and {} was vetted", args.fingerprint);
        let hint = "Find out whose certificate this is. Compare with the person, not with the file.";
        return Ok(vec![Finding::error("fingerprint-mismatch", &failure::shown(source), told, hint)]);
    }
    if args.vetted_at > at.plus(CLOCK_SKEW) {
        let told = format!("was vetted at {}, which is after {at}", args.vetted_at);
        findings.push(Finding::error("vetted-in-future", found.as_str(), told, "Check the date."));
    }
    if folder.keyring.get(found).is_none() {
        // Under the entry that may be left of it: who was compromised once
        // does not come back unseen.
        let keyring = folder.with(&[certificate_change(certificate)])?;
        let problems = keyring.facts(found).map(|facts| Outlook::new(&facts, at).problems());
        findings.extend(problems.unwrap_or_default());
    }
    Ok(findings)
}

/// The changes that make the entry; none if it is there as it should be.
fn entry(
    folder: &Folder,
    certificate: &Certificate,
    mut vetting: Vetting,
) -> Result<Result<Vec<Change>, Finding>, Failure> {
    let fingerprint = certificate.fingerprint();
    let mut register = folder.register();
    let known = register.0.get(fingerprint);
    if let Some(present) = folder.keyring.get(fingerprint) {
        let hint = "Use countersign keyring update, or correct keyring.yaml.";
        let there = |told: &str| {
            Ok(Err(Finding::error("certificate-already-there", fingerprint.as_str(), told, hint)))
        };
        if present.merged(certificate).is_none_or(|merged| !merged.same_as(present)) {
            return there("the keyring has this certificate, and the file holds something new of it");
        }
        match known {
            Some(known) if *known == vetting => return Ok(Ok(vec![])),
            Some(known) if known.vetted_by.is_some() => {
                return there("the keyring has this certificate, vetted otherwise");
            }
            // It lay there before anybody wrote down who vetted it.
            Some(known) => vetting.standing = known.standing,
            None => {}
        }
        register.0.insert(fingerprint.clone(), vetting);
        return Ok(Ok(vec![register_change(&register)]));
    }
    register.0.insert(fingerprint.clone(), vetting);
    // An entry without its certificate does nothing, a certificate without
    // its entry would count.
    Ok(Ok(vec![register_change(&register), certificate_change(certificate)]))
}

pub(super) fn remove(args: &cli::KeyringRemove, now: Time) -> Result<Report, Failure> {
    let at = args.place.at.unwrap_or(now);
    let folder = Folder::open(&args.place.keyring)?;
    let fingerprint = &args.fingerprint;
    let mut findings = Vec::new();
    if let Some(path) = &args.policy {
        let (policy, _) = inputs::policy(path)?;
        findings.extend(uses(&policy, fingerprint).into_iter().map(|place| {
            let told = format!("the policy names it at {place}");
            let hint = "Take it out of the policy first; or retire it, so that old releases stay verifiable.";
            Finding::error("certificate-in-use", fingerprint.as_str(), told, hint)
        }));
    }
    let present = folder.keyring.get(fingerprint).map(|present| present.file_name().to_string());
    let mut changes: Vec<Change> = Vec::new();
    if !finding::rejects(&findings) {
        changes.extend(present.iter().map(|name| (name.clone(), None)));
        let mut register = folder.register();
        let known = register.0.get(fingerprint).map(|vetting| vetting.standing);
        // What is known to be compromised stays known.
        if known.is_some_and(|standing| !matches!(standing, VettingState::Compromised { .. })) {
            register.0.remove(fingerprint);
            changes.push(register_change(&register));
        }
    }
    let keyring = folder.with(&changes)?;
    folder.write(&changes)?;
    let result = json!({
        "at": at,
        "fingerprint": fingerprint,
        "file": present,
        "keyring_sha256": keyring.digest(),
    });
    Ok(Report::judged("keyring-remove", findings, result).with_changed(!changes.is_empty()))
}

/// Where the policy names a certificate.
pub(super) fn uses(policy: &Policy, fingerprint: &Fingerprint) -> Vec<String> {
    let groups = policy.groups.iter().filter(|(_, group)| group.certificates.contains(fingerprint));
    let projects = policy.projects.iter().filter(|(_, project)| project.signer == *fingerprint);
    let groups = groups.map(|(name, _)| format!("groups.{name}"));
    let former = policy.projects.iter().filter(|(_, project)| project.former_signers.contains(fingerprint));
    let former = former.map(|(id, _)| format!("projects.{id}.former-signers"));
    groups.chain(projects.map(|(id, _)| format!("projects.{id}.signer"))).chain(former).collect()
}
