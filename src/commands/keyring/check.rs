//! `keyring check`: what will break soon, and what does not fit together;
//! or what is to be said about a request.

use super::super::failure::Failure;
use super::super::inputs;
use super::super::policy::not_in_keyring;
use super::add::uses;
use super::{Folder, details, people, request, summary};
use crate::cli;
use crate::openpgp::Keyring;
use crate::release::policy::Policy;
use crate::release::vetting::VettingState;
use crate::release::{Finding, Fingerprint, Time};
use crate::report::Report;
use crate::trust::Outlook;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(args: &cli::KeyringCheck, now: Time) -> Result<Report, Failure> {
    let at = args.place.at.unwrap_or(now);
    let Folder { keyring, .. } = Folder::read(&args.place.keyring)?;
    let policy = args.policy.as_deref().map(inputs::policy).transpose()?;
    let (policy, policy_sha256) =
        policy.map_or((None, None), |(policy, sha256)| (Some(policy), Some(sha256)));
    let mut findings = Vec::new();
    let (mut certificates, mut asked) = (Vec::new(), Value::Null);
    let until = at.plus(args.within);
    if let Some(path) = &args.request {
        (asked, findings) = of_request(path, &keyring, policy.as_ref(), at)?;
    } else {
        for certificate in keyring.certificates() {
            findings.extend(of_certificate(&keyring, certificate.fingerprint(), policy.as_ref(), at, until));
            certificates.push(summary(&keyring, certificate, at));
        }
        findings.extend(of_register(&keyring));
        if let Some(policy) = &policy {
            findings.extend(of_policy(&keyring, policy, at));
        }
    }
    let result = json!({
        "at": at,
        "until": until,
        "keyring_sha256": keyring.digest(),
        "policy_sha256": policy_sha256,
        "certificates": certificates,
        "request": asked,
    });
    Ok(Report::judged("keyring-check", findings, result))
}

/// What is to be said of one certificate.
fn of_certificate(
    keyring: &Keyring,
    fingerprint: &Fingerprint,
    policy: Option<&Policy>,
    at: Time,
    until: Time,
) -> Vec<Finding> {
    let Some(facts) = keyring.facts(fingerprint) else { return vec![] };
    let (subject, vetting) = (fingerprint.as_str(), keyring.vetting(fingerprint));
    let mut findings = Vec::new();
    if keyring.register().is_some() && vetting.is_none_or(|vetting| vetting.vetted_by.is_none()) {
        let told = "keyring.yaml does not say who vetted this certificate";
        let hint =
            "Vet it, and write it down: countersign keyring add does that for one that is there already.";
        findings.push(Finding::warning("not-vetted", subject, told, hint));
    }
    let outlook = Outlook::new(&facts, at);
    if facts.standing == VettingState::Active {
        findings.extend(of_active(subject, &outlook, at, until));
        if policy.is_some_and(|policy| uses(policy, fingerprint).is_empty()) {
            let hint = "Name it in the policy, or remove it: an unused certificate is only a risk.";
            findings.push(Finding::warning(
                "unused-certificate",
                subject,
                "the policy does not name it",
                hint,
            ));
        }
    }
    findings
}

fn of_active(subject: &str, outlook: &Outlook, at: Time, until: Time) -> Vec<Finding> {
    let problems = outlook.problems();
    let gone =
        |problem: &Finding| problem.code.ends_with("-compromised") || problem.code.ends_with("-retired");
    if let Some(problem) = problems.iter().find(|problem| gone(problem)) {
        let told = format!("is active here, but its owner revoked it: {}", problem.message);
        let hint = "Set its state: countersign keyring update --state retired or compromised.";
        return vec![Finding::warning("state-conflict", subject, told, hint)];
    }
    if let Some(problem) = problems.first() {
        let told = format!("can sign nothing now: {} ({})", problem.message, problem.code);
        let hint = "Ask its owner for a newer copy, then countersign keyring update; or retire it.";
        return vec![Finding::warning("no-usable-key", subject, told, hint)];
    }
    match outlook.ends() {
        Some(end) if end <= until => {
            let days = (end.unix() - at.unix()) / 86_400;
            let told = format!("its last usable key expires at {end}, in {days} days");
            let hint = "Ask its owner to extend the key, then countersign keyring update with the new copy.";
            vec![Finding::warning("expires-soon", subject, told, hint)]
        }
        _ => vec![],
    }
}

/// Entries that do not fit the folder.
fn of_register(keyring: &Keyring) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (fingerprint, vetting) in keyring.register().iter().flat_map(|register| &register.0) {
        let mut warn = |told: String, hint| {
            findings.push(Finding::warning("state-conflict", fingerprint.as_str(), told, hint));
        };
        let lost = matches!(vetting.standing, VettingState::Compromised { .. });
        if keyring.get(fingerprint).is_none() && !lost {
            let hint = "Add the certificate again, or remove the entry: countersign keyring remove.";
            warn("keyring.yaml has an entry, but there is no such certificate".into(), hint);
        }
        if let (VettingState::Retired { since }, Some(vetted)) = (vetting.standing, vetting.vetted_at)
            && since < vetted
        {
            warn(format!("was retired at {since}, before it was vetted at {vetted}"), "Check both dates.");
        }
    }
    findings
}

/// What the policy asks of the keyring.
fn of_policy(keyring: &Keyring, policy: &Policy, at: Time) -> Vec<Finding> {
    let mut findings = not_in_keyring(policy, &|fingerprint| keyring.get(fingerprint).is_some());
    findings.extend(people::findings(keyring, policy, at));
    for (id, project) in &policy.projects {
        let groups = project.taggers.any.iter().filter_map(|name| policy.groups.get(name));
        let taggers = groups.flat_map(|group| &group.certificates);
        for fingerprint in taggers.chain(&project.former_signers).chain([&project.signer]) {
            findings.extend(of_use(keyring, id, fingerprint, *fingerprint == project.signer, at));
        }
    }
    findings
}

/// A certificate that the policy lets act for a project.
fn of_use(
    keyring: &Keyring,
    project: &str,
    fingerprint: &Fingerprint,
    signer: bool,
    at: Time,
) -> Option<Finding> {
    let vetting = keyring.vetting(fingerprint)?;
    let subject = fingerprint.as_str();
    if !vetting.covers(project) {
        let told = format!(
            "the policy lets it act for {project}, but it was vetted for {}",
            vetting.projects.join(", ")
        );
        let hint = "Vet it for this project too, or take it out of the policy there.";
        return Some(Finding::warning("not-vetted-for-project", subject, told, hint));
    }
    let told = format!(
        "the policy lets it act for {project}, but it is {} in the keyring",
        vetting.standing.as_str()
    );
    match vetting.standing {
        VettingState::Compromised { .. } => {
            let hint = "Take it out of the policy.";
            Some(Finding::warning("state-conflict", subject, told, hint))
        }
        // Retired people may stay in their group for their old tags.
        VettingState::Retired { since } if signer && since <= at => {
            let hint = "Give the project another signer.";
            Some(Finding::warning("state-conflict", subject, told, hint))
        }
        _ => None,
    }
}

/// A request as it is told, and what speaks against it.
fn of_request(
    path: &Path,
    keyring: &Keyring,
    policy: Option<&Policy>,
    at: Time,
) -> Result<(Value, Vec<Finding>), Failure> {
    let asked = request::read(path, at)?;
    let mut findings = asked.findings;
    for project in &asked.projects {
        if policy.is_some_and(|policy| !policy.projects.contains_key(project)) {
            let hint = "Check the spelling; or let the policy have the project first.";
            findings.push(Finding::error(
                "unknown-project",
                project,
                "the policy has no project of this name",
                hint,
            ));
        }
    }
    let mut told = Value::Null;
    if let Some(certificate) = &asked.certificate {
        let fingerprint = certificate.fingerprint();
        if keyring.get(fingerprint).is_some() {
            let hint = "Nothing to request; a newer copy is taken up by countersign keyring update.";
            let told = "the keyring has this certificate";
            findings.push(Finding::error("certificate-already-there", fingerprint.as_str(), told, hint));
        } else if let Some(standing) = keyring.vetting(fingerprint).map(|vetting| vetting.standing)
            && matches!(standing, VettingState::Compromised { .. })
        {
            let told = "is marked as compromised in the keyring";
            let hint = "A compromised certificate does not come back.";
            findings.push(Finding::error("signer-compromised", fingerprint.as_str(), told, hint));
        }
        let alone = Keyring::load(vec![(format!("{fingerprint}.asc"), certificate.to_armored())])?;
        told = json!({
            "date": asked.date,
            "projects": asked.projects,
            "statement": asked.statement,
            "certificate": alone.get(fingerprint).map(|certificate| details(&alone, certificate, at)),
        });
    }
    Ok((told, findings))
}
