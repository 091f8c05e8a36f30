//! `policy check` and `policy explain`.

use super::inputs;
use super::{Failure, signature};
use crate::cli;
use crate::evidence::presets;
use crate::openpgp::Keyring;
use crate::release::policy::{
    ArtifactRule, FileEvidence, Group, Person, Policy, Project, SignatureRules, Span,
};
use crate::release::{Finding, Time};
use crate::report::Report;
use crate::trust;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(args: &cli::PolicyCheck, now: Time) -> Result<Report, Failure> {
    let (policy, sha256) = inputs::policy(&args.policy)?;
    let at = args.at.unwrap_or(now);
    let mut findings = Vec::new();
    for group in policy.unused_groups() {
        findings.push(Finding::warning(
            "unused-group",
            group,
            "no project uses this group",
            "remove it, or name it where it is meant",
        ));
    }
    findings.extend(weak_ssh_keys(&policy, at));
    for (id, project) in &policy.projects {
        findings.extend(project.artifacts.iter().flat_map(|artifact| artifact_faults(id, artifact, at)));
    }
    if let Some(folder) = &args.keyring {
        let keyring = inputs::keyring(folder)?;
        findings.extend(not_in_keyring(&policy, &|fingerprint| keyring.get(fingerprint).is_some()));
        findings.extend(living_former_signers(&policy, &keyring, at));
    }
    let result = json!({
        "at": at, "policy_sha256": sha256,
        "groups": policy.groups.len(), "projects": policy.projects.len(),
    });
    Ok(Report::judged("policy-check", findings, result))
}

/// SSH keys whose signatures would be refused, though the policy lists them.
/// What lies in the keyring is looked at by `keyring check`.
fn weak_ssh_keys(policy: &Policy, at: Time) -> Vec<Finding> {
    let mut findings: BTreeMap<_, Finding> = BTreeMap::new();
    for (id, project) in &policy.projects {
        for (name, group) in project.taggers.any.iter().filter_map(|name| policy.groups.get_key_value(name)) {
            for key in &group.ssh_keys {
                let until = project.signatures.weak_keys_until;
                let Some(problem) = trust::ssh_key_problem(key, until, at) else { continue };
                // The first project says it for all of the group's.
                findings.entry((name, key.fingerprint)).or_insert_with(|| {
                    let subject = format!("{name}: {}", problem.subject);
                    let told = format!("what it signs for {id} would be refused: {}", problem.message);
                    Finding::warning(problem.code, &subject, told, &problem.hint)
                });
            }
        }
    }
    findings.into_values().collect()
}

/// Release certificates of the past that could still sign. `verify` asks in the
/// archive whether they may have signed, and not when: a date is the signer's
/// word. Only a key's end makes it ask for proof of that.
fn living_former_signers(policy: &Policy, keyring: &Keyring, at: Time) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, project) in &policy.projects {
        for fingerprint in &project.former_signers {
            let Some(facts) = keyring.facts(fingerprint) else { continue };
            if !trust::Outlook::new(&facts, at).is_usable() {
                continue;
            }
            findings.push(Finding::warning(
                "former-signer-alive",
                fingerprint.as_str(),
                format!("is a former signer of {id} and can still sign: verify accepts what it signs today"),
                "Sign a list of its releases' signatures, then end it: retire it in the keyring, revoke it or \
                 let it expire.",
            ));
        }
    }
    findings
}

fn artifact_faults(project: &str, artifact: &ArtifactRule, at: Time) -> Vec<Finding> {
    let subject = format!("{project}: {}", artifact.name.as_str());
    let mut findings = Vec::new();
    if presets::find(&artifact.preset).is_none() {
        findings.push(Finding::error(
            "unknown-preset",
            &subject,
            format!("there is no preset {:?}", artifact.preset),
            &format!("use one of: {}", presets::names()),
        ));
    }
    if crate::archive::Format::from_name(&artifact.name.fill("1")).is_none() {
        findings.push(Finding::error(
            "unknown-archive-format",
            &subject,
            "the file name's ending names no archive format that can be read",
            "use an ending that docs/evidence.md lists",
        ));
    }
    for rule in &artifact.files {
        if let FileEvidence::Unverified { until, .. } = &rule.evidence
            && at >= *until
        {
            findings.push(Finding::error(
                "unverified-expired",
                &format!("{subject}: {}", rule.path.as_str()),
                format!("was accepted without evidence until {until}"),
                "give evidence for it, or argue for a later date",
            ));
        }
    }
    findings
}

pub(super) fn not_in_keyring(
    policy: &Policy,
    has: &dyn Fn(&crate::release::Fingerprint) -> bool,
) -> Vec<Finding> {
    let signers = policy.projects.values().map(|project| &project.signer);
    let former = policy.projects.values().flat_map(|project| &project.former_signers);
    let people = policy.groups.values().flat_map(|group| &group.certificates);
    let artifacts = policy.projects.values().flat_map(|project| &project.artifacts);
    let catalogues = artifacts.flat_map(|rule| &rule.catalogues).map(|rule| &rule.certificate);
    let named: BTreeSet<_> = signers.chain(former).chain(people).chain(catalogues).collect();
    named.into_iter().filter(|fingerprint| !has(fingerprint)).map(missing_in_keyring).collect()
}

/// That the policy names a certificate which is not there.
pub(super) fn missing_in_keyring(fingerprint: &crate::release::Fingerprint) -> Finding {
    Finding::error(
        "certificate-not-in-keyring",
        fingerprint.as_str(),
        "the policy names this certificate, but the keyring does not have it",
        "add FINGERPRINT.asc to the keyring, or correct the policy",
    )
}

pub(super) fn explain(args: &cli::PolicyExplain) -> Result<Report, Failure> {
    let (policy, sha256) = inputs::policy(&args.policy)?;
    let project = inputs::project(&policy, &args.project)?;
    if let Some(version) = args.version.as_deref().filter(|version| !project.version.accepts(version)) {
        let told = format!("{version:?} is not {}", project.version.describe());
        let hint = "give the version without the tag's prefix, or the tag itself with --tag";
        return Err(Failure::usage("bad-version", version, told, hint));
    }
    let of_tag = args.tag.as_deref().map(|tag| {
        project.version_of_tag(tag).map_err(|why| Failure::wrong(super::tag::not_a_release(tag, &why)))
    });
    let of_tag = of_tag.transpose()?;
    let version = of_tag.or(args.version.as_deref()).unwrap_or("{version}");
    let result = explained(&policy, &args.project, project, version, sha256.to_string());
    Ok(Report::judged("policy-explain", vec![], result))
}

fn explained(policy: &Policy, id: &str, project: &Project, version: &str, sha256: String) -> Value {
    let taggers = project.taggers.any.iter().filter_map(|name| Some(group(name, policy.groups.get(name)?)));
    let list = project.checksum_list(version);
    let mut out = json!({
        "policy_sha256": sha256,
        "project": id,
        "repository": project.repository,
        "version": version,
        "tag": project.tag.fill(version),
        "version_grammar": project.version.describe(),
        "branches": texts(&project.branches),
        "taggers": taggers.collect::<Vec<_>>(),
        "signer": project.signer,
        "destination": project.destination,
        "checksum_lists": [list, format!("{list}.asc")],
        "artifacts": project.artifacts.iter().map(|rule| artifact(rule, version)).collect::<Vec<_>>(),
    });
    if let Value::Object(out) = &mut out {
        if project.taggers.threshold > 1 {
            out.insert("tagger_threshold".into(), json!(project.taggers.threshold));
        }
        if !project.former_signers.is_empty() {
            out.insert("former_signers".into(), json!(project.former_signers));
        }
        let rules = project.signatures;
        if rules != SignatureRules::default() {
            let rules = json!({
                "max_age_seconds": signature::max_age(&rules),
                "max_life_seconds": rules.max_life.map(Span::seconds),
                "weak_keys_until": rules.weak_keys_until,
            });
            out.insert("signatures".into(), rules);
        }
    }
    out
}

fn group(name: &str, group: &Group) -> Value {
    let mut out = json!({
        "group": name, "certificates": group.certificates,
        "not_before": group.not_before, "not_after": group.not_after, "note": group.note,
    });
    if let Value::Object(out) = &mut out {
        if !group.ssh_keys.is_empty() {
            let keys: Vec<_> = group.ssh_keys.iter().map(|key| key.fingerprint).collect();
            out.insert("ssh_keys".into(), json!(keys));
        }
        if !group.people.is_empty() {
            let person = |person: &Person| json!({"name": person.name, "keys": person.keys});
            out.insert("people".into(), group.people.iter().map(person).collect());
        }
    }
    out
}

fn texts(patterns: &[crate::release::policy::Pattern]) -> Vec<&str> {
    patterns.iter().map(|pattern| pattern.text.as_str()).collect()
}

fn artifact(rule: &ArtifactRule, version: &str) -> Value {
    let files = rule.files.iter().map(|file| {
        let mut out = json!({"path": file.path.fill(version), "executable": file.executable});
        let (key, value) = match &file.evidence {
            FileEvidence::Pinned(digest) => ("sha256", json!(digest)),
            FileEvidence::Exact(text) => ("exact", json!(text)),
            FileEvidence::SameAs(other) => ("same_as", json!(other.fill(version))),
            FileEvidence::Unverified { reason, until } => {
                ("unverified", json!({"reason": reason, "until": until}))
            }
        };
        if let Value::Object(map) = &mut out {
            map.insert(key.into(), value);
        }
        out
    });
    let mut out = json!({
        "name": rule.name.fill(version),
        "root": rule.root.fill(version),
        "subdirectory": rule.subdirectory,
        "preset": rule.preset,
        "preset_means": presets::find(&rule.preset).map(|preset| preset.summary),
        "omit": texts(&rule.omit),
        "files": files.collect::<Vec<_>>(),
    });
    let submodules = rule.submodules.iter();
    let submodules = submodules.map(|rule| json!({"path": rule.path, "repository": rule.repository}));
    let rebuilt = rule.rebuilt.iter();
    let rebuilt =
        rebuilt.map(|rule| json!({"name": rule.name, "builder": rule.builder, "paths": texts(&rule.paths)}));
    let catalogues = rule.catalogues.iter();
    let catalogues = catalogues
        .map(|rule| json!({"name": rule.name, "certificate": rule.certificate, "paths": texts(&rule.paths)}));
    inputs::add_list(&mut out, "submodules", submodules.collect());
    inputs::add_list(&mut out, "rebuilt", rebuilt.collect());
    inputs::add_list(&mut out, "catalogues", catalogues.collect());
    out
}
