//! `verify-tag`: is this tag a release, signed by somebody who may?

use super::Failure;
use super::inputs::{self, Inputs};
use super::signature::{self, Ask, Court, Judgement};
use crate::cli;
use crate::git::{GitError, Repository, TagRef, TagTarget};
use crate::release::policy::Project;
use crate::release::record;
use crate::release::tag::{ParsedTag, Signature, TargetKind, parse_tag};
use crate::release::{Finding, ObjectId, Time};
use crate::report::Report;
use serde_json::{Value, json};

/// What is known of a tag after looking at all of it.
#[derive(Debug)]
pub(super) struct Checked {
    pub findings: Vec<Finding>,
    pub version: Option<String>,
    /// Present if the tag names a commit, whoever signed it.
    pub tag: Option<record::Tag>,
    pub tagged_at: Option<Time>,
    /// Branches, allowed by the policy, that contain the commit.
    pub branches: Vec<String>,
}

pub(super) fn run(args: &cli::VerifyTag, now: Time) -> Result<Report, Failure> {
    let inputs = Inputs::read(&args.rules, now)?;
    let project = inputs::project(&inputs.policy, &args.source.project)?;
    let repository = inputs::repository(&args.source.repository)?;
    let checked = check(&args.source, project, &repository, &inputs)?;
    let result = json!({
        "project": args.source.project,
        "version": checked.version,
        "at": inputs.at,
        "policy_sha256": inputs.policy_sha256,
        "keyring_sha256": inputs.keyring.digest(),
        "tag": checked.document(),
    });
    Ok(Report::judged("verify-tag", checked.findings, result))
}

impl Checked {
    /// The tag's part of a result document.
    pub fn document(&self) -> Value {
        match &self.tag {
            Some(tag) => json!({
                "name": tag.name, "object": tag.object, "commit": tag.commit,
                "tagged_at": self.tagged_at, "branches": self.branches, "signers": tag.signers,
            }),
            None => Value::Null,
        }
    }
}

/// Looks at a tag from all sides. Every "no" is a finding; the later checks
/// are made as far as the earlier ones leave something to look at.
pub(super) fn check(
    source: &cli::Source,
    project: &Project,
    repository: &Repository,
    inputs: &Inputs,
) -> Result<Checked, Failure> {
    let name = source.tag.as_str();
    let mut out = Checked { findings: vec![], version: None, tag: None, tagged_at: None, branches: vec![] };
    match project.version_of_tag(name) {
        Ok(version) => out.version = Some(version.into()),
        Err(why) => out.findings.push(not_a_release(name, &why)),
    }
    let found = match find(repository, name)? {
        Ok(found) => found,
        Err(finding) => {
            out.findings.push(finding);
            return Ok(out);
        }
    };
    if let Some(expected) = source.tag_object.filter(|expected| *expected != found.id) {
        out.findings.push(Finding::error(
            "tag-object-mismatch",
            name,
            format!("the caller was told of tag object {expected}, the repository has {}", found.id),
            "the tag was moved, or the repository is another one: find out before releasing",
        ));
    }
    let raw = match &found.target {
        TagTarget::Annotated { raw } => raw,
        TagTarget::Commit => {
            out.findings.push(Finding::error(
                "tag-not-annotated",
                name,
                "is a lightweight tag: it names a commit and nobody signed it",
                "make a signed tag: git tag --sign; a signature on the commit does not stand in for it",
            ));
            return Ok(out);
        }
        TagTarget::Other(kind) => {
            out.findings.push(not_a_commit(name, kind.as_str()));
            return Ok(out);
        }
    };
    let parsed = parse_tag(raw);
    out.findings.extend(form(name, &parsed));
    out.tagged_at = parsed.tagger.as_ref().map(|tagger| tagger.time);
    let judged = signers(&parsed, source, project, inputs)?;
    out.findings.extend(judged.findings);
    if let (Some(commit), Some(TargetKind::Commit)) = (parsed.object, parsed.target) {
        let (branches, finding) = containing(repository, project, name, &commit)?;
        out.branches = branches;
        out.findings.extend(finding);
        out.tag = Some(record::Tag { name: name.into(), object: found.id, commit, signers: judged.signers });
    }
    Ok(out)
}

/// Resolves a tag; that there is none, or one that leads astray, is an answer.
fn find(repository: &Repository, name: &str) -> Result<Result<TagRef, Finding>, Failure> {
    match repository.tag(name) {
        Ok(found) => Ok(Ok(found)),
        Err(
            error @ (GitError::TagNotFound { .. }
            | GitError::SymbolicRef { .. }
            | GitError::Sha1Collision { .. }),
        ) => Ok(Err(Finding::error(error.code(), &error.subject(), error.to_string(), error.hint()))),
        Err(error) => Err(error.into()),
    }
}

/// The commit of a tag of any kind, for comparisons that ask for no signature.
pub(super) fn commit(repository: &Repository, name: &str) -> Result<Result<ObjectId, Finding>, Failure> {
    let found = match find(repository, name)? {
        Ok(found) => found,
        Err(finding) => return Ok(Err(finding)),
    };
    Ok(match found.target {
        TagTarget::Commit => Ok(found.id),
        TagTarget::Other(kind) => Err(not_a_commit(name, kind.as_str())),
        TagTarget::Annotated { raw } => {
            let parsed = parse_tag(&raw);
            match (parsed.object, parsed.target) {
                (Some(commit), Some(TargetKind::Commit)) => Ok(commit),
                (_, Some(kind)) => Err(not_a_commit(name, kind.as_str())),
                (_, None) => Err(Finding::error(
                    "tag-malformed",
                    name,
                    "the tag object does not say what it names",
                    "git fsck tells more; the tag must be made anew",
                )),
            }
        }
    })
}

pub(super) fn not_a_release(name: &str, why: &str) -> Finding {
    Finding::error(
        "tag-not-a-release",
        name,
        format!("is no release of this project: {why}"),
        "release a tag that fits, or correct the policy's tag template and version grammar",
    )
}

fn not_a_commit(name: &str, kind: &str) -> Finding {
    Finding::error(
        "tag-target-not-commit",
        name,
        format!("names a {kind}, not a commit"),
        "a release tag names the commit itself",
    )
}

/// The tag's form: one reading only, and about the name that was asked for.
fn form(name: &str, parsed: &ParsedTag) -> Vec<Finding> {
    const HINT: &str = "make the tag anew with git tag --sign";
    let mut findings: Vec<Finding> = parsed
        .defects
        .iter()
        .map(|defect| Finding::error(defect.code, name, &defect.message, HINT))
        .collect();
    if let Some(inner) = parsed.name.as_ref().filter(|inner| inner.as_slice() != name.as_bytes()) {
        let inner = crate::release::path::printable(inner);
        findings.push(Finding::error(
            "tag-name-mismatch",
            name,
            format!("the tag object was signed as {inner:?}: it stands under a name that nobody signed"),
            "find out who put it there; a signed tag is valid under its own name only",
        ));
    }
    if let Some(kind) = parsed.target.filter(|kind| *kind != TargetKind::Commit) {
        findings.push(not_a_commit(name, kind.as_str()));
    }
    if let Some((code, message)) = parsed.signature.refusal() {
        findings.push(Finding::error(
            code,
            name,
            message,
            "sign the tag with an OpenPGP key that the policy lists",
        ));
    }
    findings
}

/// Who signed. A tag may be older than the run: what counts is that the key
/// was good when it signed, and is not withdrawn now.
fn signers(
    parsed: &ParsedTag,
    source: &cli::Source,
    project: &Project,
    inputs: &Inputs,
) -> Result<Judgement, Failure> {
    let Signature::OpenPgp(block) = &parsed.signature else { return Ok(Judgement::default()) };
    let allowed = signature::groups(&inputs.policy, &project.taggers);
    let allowed = &signature::vetted_for(allowed, &inputs.keyring, &source.project);
    let court = Court {
        keyring: &inputs.keyring,
        allowed,
        ask: Ask::Tag,
        at: inputs.at,
        project: None,
        version: None,
    };
    court.judge(&source.tag, block, &mut parsed.payload.as_slice())
}

/// The policy's branches that contain the commit, or the finding that none does.
fn containing(
    repository: &Repository,
    project: &Project,
    name: &str,
    commit: &ObjectId,
) -> Result<(Vec<String>, Option<Finding>), Failure> {
    let allowed: Vec<_> = repository
        .branches()?
        .into_iter()
        .filter(|branch| project.branches.iter().any(|pattern| pattern.matches(branch.name.as_bytes())))
        .collect();
    let tips: Vec<ObjectId> = allowed.iter().map(|branch| branch.tip).collect();
    let reached = repository.reached_from(&tips, commit)?;
    let mut names: Vec<String> = allowed
        .iter()
        .zip(reached)
        .filter(|(_, reached)| *reached)
        .map(|(branch, _)| match &branch.remote {
            Some(remote) => format!("{remote}/{}", branch.name),
            None => branch.name.clone(),
        })
        .collect();
    names.sort();
    if !names.is_empty() {
        return Ok((names, None));
    }
    let patterns: Vec<&str> = project.branches.iter().map(|pattern| pattern.text.as_str()).collect();
    let told = format!(
        "commit {commit} is on none of the allowed branches ({}); {} of them exist here",
        patterns.join(", "),
        allowed.len()
    );
    let hint = "release from a branch of the policy, or fetch the branches if this clone lacks them";
    Ok((names, Some(Finding::error("commit-not-on-branch", name, told, hint))))
}
