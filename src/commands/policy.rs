//! `policy check` and `policy explain`.

use super::Failure;
use super::inputs;
use crate::cli;
use crate::evidence::presets;
use crate::release::policy::{ArtifactRule, FileEvidence, Policy, Project};
use crate::release::{Finding, Time};
use crate::report::Report;
use serde_json::{Value, json};
use std::collections::BTreeSet;

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
    for (id, project) in &policy.projects {
        findings.extend(project.artifacts.iter().flat_map(|artifact| artifact_faults(id, artifact, at)));
    }
    if let Some(folder) = &args.keyring {
        let keyring = inputs::keyring(folder)?;
        findings.extend(not_in_keyring(&policy, &|fingerprint| keyring.get(fingerprint).is_some()));
    }
    let result = json!({
        "at": at, "policy_sha256": sha256,
        "groups": policy.groups.len(), "projects": policy.projects.len(),
    });
    Ok(Report::judged("policy-check", findings, result))
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
    let people = policy.groups.values().flat_map(|group| &group.certificates);
    let artifacts = policy.projects.values().flat_map(|project| &project.artifacts);
    let catalogues = artifacts.flat_map(|rule| &rule.catalogues).map(|rule| &rule.certificate);
    let named: BTreeSet<_> = signers.chain(people).chain(catalogues).collect();
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
        return Err(Failure::usage("bad-version", version, told, "give a version as the tags have it"));
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
    let people = project.taggers.iter().filter_map(|name| {
        let group = policy.groups.get(name)?;
        let (not_before, not_after, note) = (group.not_before, group.not_after, &group.note);
        let certificates = &group.certificates;
        Some(json!({
            "group": name, "certificates": certificates,
            "not_before": not_before, "not_after": not_after, "note": note,
        }))
    });
    let list = project.checksum_list(version);
    json!({
        "policy_sha256": sha256,
        "project": id,
        "repository": project.repository,
        "version": version,
        "tag": project.tag.fill(version),
        "version_grammar": project.version.describe(),
        "branches": texts(&project.branches),
        "taggers": people.collect::<Vec<_>>(),
        "signer": project.signer,
        "destination": project.destination,
        "checksum_lists": [list, format!("{list}.asc")],
        "artifacts": project.artifacts.iter().map(|rule| artifact(rule, version)).collect::<Vec<_>>(),
    })
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
