//! `verify-tag`: is this tag a release, signed by somebody who may?

use super::Failure;
use super::inputs::{self, Inputs};
use super::seen::{self, Unseen};
use super::tag_signers::Bench;
use crate::cli;
use crate::git::{GitError, Repository, TagRef, TagTarget};
use crate::release::policy::Project;
use crate::release::record;
use crate::release::tag::{ParsedTag, TargetKind, parse_tag};
use crate::release::{Finding, ObjectId, Time, finding};
use crate::report::Report;
use serde_json::{Value, json};

/// Where git keeps tags; a name is given without it.
const REFS: &str = "refs/tags/";
const WITHOUT_REFS: &str = "give the tag's name without refs/tags/";

/// What is known of a tag after looking at all of it.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub findings: Vec<Finding>,
    pub version: Option<String>,
    /// Present if the tag names a commit, whoever signed it.
    pub tag: Option<record::Tag>,
    pub tagged_at: Option<Time>,
    /// Branches, allowed by the policy, that contain the commit.
    pub branches: Vec<String>,
    /// When the tag was met first, if that is asked.
    pub first_seen: Option<Time>,
    /// The tag, if it was not met before.
    pub unseen: Option<Unseen>,
}

pub(super) fn run(args: &cli::VerifyTag, now: Time) -> Result<Report, Failure> {
    let inputs = Inputs::read(&args.rules, now)?;
    let project = inputs::project(&inputs.policy, &args.source.project)?;
    let repository = inputs::repository(&args.source.repository)?;
    let mut checked = check(&args.source, project, &repository, &inputs)?;
    let unseen = checked.unseen.take().filter(|_| !finding::rejects(&checked.findings));
    let changed = unseen.is_some();
    if let Some(unseen) = unseen.filter(|_| !args.check) {
        checked.findings.extend(unseen.remember()?);
    }
    let changed = changed && !finding::rejects(&checked.findings);
    let result = json!({
        "project": args.source.project,
        "version": checked.version,
        "at": inputs.at,
        "policy_sha256": inputs.policy_sha256,
        "keyring_sha256": inputs.keyring.digest(),
        "tag": checked.document(),
    });
    Ok(Report::judged("verify-tag", checked.findings, result).with_changed(changed))
}

impl Checked {
    /// The tag's part of a result document.
    pub fn document(&self) -> Value {
        let Some(tag) = &self.tag else { return Value::Null };
        let mut out = json!({
            "name": tag.name, "object": tag.object, "commit": tag.commit,
            "tagged_at": self.tagged_at, "branches": self.branches, "signers": tag.signers,
        });
        if let (Value::Object(out), Some(first_seen)) = (&mut out, self.first_seen) {
            out.insert("first_seen".into(), json!(first_seen));
        }
        out
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
    let mut out = Checked::default();
    match project.version_of_tag(name) {
        Ok(version) => out.version = Some(version.into()),
        Err(why) => out.findings.push(not_a_release(name, &why)),
    }
    let found = match find(repository, name)? {
        Ok(found) => found,
        Err(finding) => {
            // A ref in the place of a name fits no template and is not found: one cause.
            if name.starts_with(REFS) {
                out.findings.clear();
            }
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
    if let Some(path) = &source.beside.seen {
        let look = seen::look(path, &source.project, name, found.id, inputs.at)?;
        out.findings.extend(look.findings);
        (out.first_seen, out.unseen) = (look.first_seen, look.unseen);
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
    out.tagged_at = parsed.tagger.as_ref().map(|tagger| tagger.time);
    let bench = Bench::new(source, project, inputs);
    let (findings, signers) = bench.judge(&found.id, &parsed)?;
    out.findings.extend(findings);
    if let (Some(commit), Some(TargetKind::Commit)) = (parsed.object, parsed.target) {
        let (branches, finding) = containing(repository, project, name, &commit)?;
        out.branches = branches;
        out.findings.extend(finding);
        out.tag = Some(record::Tag { name: name.into(), object: found.id, commit, signers });
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
        ) => {
            let hint = if name.starts_with(REFS) { WITHOUT_REFS } else { error.hint() };
            Ok(Err(Finding::error(error.code(), &error.subject(), error.to_string(), hint)))
        }
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
    let hint = match name.starts_with(REFS) {
        true => WITHOUT_REFS,
        false => "release a tag that fits, or correct the policy's tag template and version grammar",
    };
    Finding::error("tag-not-a-release", name, format!("is no release of this project: {why}"), hint)
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
pub(super) fn form(name: &str, parsed: &ParsedTag) -> Vec<Finding> {
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
            "sign the tag with an OpenPGP or SSH key that the policy lists",
        ));
    }
    findings
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
    let present = match allowed.len() {
        0 => "no such branch".into(),
        1 => "1 such branch".into(),
        number => format!("{number} such branches"),
    };
    let told = format!(
        "commit {commit} is on none of the allowed branches ({}); this clone has {present}",
        patterns.join(", ")
    );
    let hint = "release from a branch of the policy, or fetch the branches if this clone lacks them";
    Ok((names, Some(Finding::error("commit-not-on-branch", name, told, hint))))
}
