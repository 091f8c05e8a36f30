//! `validate`: the tag, and every artifact of its release, in one go.

use super::checksum::empty_folder;
use super::explain::{self, Plan};
use super::inputs::{self, Inputs};
use super::origin::Tagged;
use super::supplied::{Judges, Supplied};
use super::tag::{self, Checked};
use super::{Failure, artifacts, compare, progress};
use crate::cli;
use crate::evidence::Verdict;
use crate::files;
use crate::release::policy::Project;
use crate::release::record::{self, Record};
use crate::release::{ArtifactDigests, Finding, Sha256Digest, Time, finding, manifest};
use crate::report::{HELPER_VERSION, Report, yaml};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

/// An artifact that was looked at, still open: what is signed later is read
/// from the same open file.
#[derive(Debug)]
pub(super) struct Artifact {
    pub plan: Plan,
    pub path: PathBuf,
    pub file: File,
    pub digests: ArtifactDigests,
    pub verdict: Verdict,
}

/// Everything that was found out about a release.
#[derive(Debug)]
pub(super) struct Validated {
    pub findings: Vec<Finding>,
    pub tag: Checked,
    pub artifacts: Vec<Artifact>,
    /// Present if nothing speaks against the release.
    pub record: Option<Record>,
}

pub(super) fn run(args: &cli::Validate, now: Time) -> Result<Report, Failure> {
    let inputs = Inputs::read(&args.rules, now)?;
    let project = inputs::project(&inputs.policy, &args.source.project)?;
    let (folder, manifest) = (&args.artifacts, args.manifest.as_deref());
    let mut validated = validate(&args.source, project, &inputs, folder, manifest, &args.supplied)?;
    let mut changed = validated.remember(args.check)?;
    let text = validated.record.as_ref().map(text);
    if let (Some(path), Some(text)) = (&args.record, &text) {
        let same = files::read_given(path, text.len() as u64).is_ok_and(|old| old == text.as_bytes());
        if !same && !args.check {
            files::replace(path, text.as_bytes())?;
        }
        changed |= !same;
    }
    let mut result = validated.document(&args.source.project, &inputs);
    if let (Value::Object(result), Some(text)) = (&mut result, &text) {
        let file = args.record.as_ref().map(|path| path.to_string_lossy());
        result.insert("record".into(), json!({"file": file, "sha256": Sha256Digest::of(text.as_bytes())}));
    }
    if let Some(Value::Array(documents)) = result.get_mut("artifacts") {
        for (document, artifact) in documents.iter_mut().zip(&validated.artifacts) {
            compare::list(document, &artifact.verdict, args.explain);
        }
    }
    Ok(Report::judged("validate", validated.findings, result).with_changed(changed))
}

/// The record's bytes.
pub(super) fn text(record: &Record) -> String {
    yaml::to_string(&serde_json::to_value(record).unwrap_or(Value::Null))
}

/// Judges a release: the tag, the set of files, the builder's claim, and the
/// content of every artifact.
pub(super) fn validate(
    source: &cli::Source,
    project: &Project,
    inputs: &Inputs,
    folder: &Path,
    claim: Option<&Path>,
    supplied: &cli::Supplied,
) -> Result<Validated, Failure> {
    let claim = claim.map(read_claim).transpose()?;
    let supplied = Supplied::read(supplied, project)?;
    let repository = inputs::repository(&source.repository)?;
    let tag = tag::check(source, project, &repository, inputs)?;
    let mut out = Validated { findings: tag.findings.clone(), tag, artifacts: vec![], record: None };
    let Some(version) = out.tag.version.clone() else { return Ok(out) };
    let judges = Judges { keyring: Some(&inputs.keyring), at: inputs.at };
    let mut plans = Vec::new();
    for rule in &project.artifacts {
        let mut plan = Plan::of(rule, &version)?;
        supplied.complete(&mut plan, rule, &judges)?;
        plans.push(plan);
    }
    let (present, findings) = present(folder, project, &version, &plans)?;
    out.findings.extend(findings);
    let tag = out.tag.tag.clone();
    let tagged =
        tag.as_ref().map(|tag| Tagged { repository: &repository, name: &tag.name, commit: tag.commit });
    for plan in plans.into_iter().filter(|plan| present.contains(plan.name.as_str())) {
        let artifact = look(plan, folder, tagged.as_ref(), inputs.at)?;
        out.findings.extend(in_artifact(&artifact));
        out.artifacts.push(artifact);
    }
    if let Some(claim) = claim {
        let facts: BTreeMap<String, ArtifactDigests> =
            out.artifacts.iter().map(|artifact| (artifact.plan.name.to_string(), artifact.digests)).collect();
        out.findings.extend(manifest::compare(&claim, &facts));
    }
    if !finding::rejects(&out.findings) {
        out.record = out.make_record(source, project, inputs, version);
    }
    Ok(out)
}

fn read_claim(path: &Path) -> Result<BTreeMap<String, manifest::Entry>, Failure> {
    let bytes = inputs::given(path)?;
    manifest::parse(&bytes).map_err(|error| Failure::document("bad-manifest", path, &error))
}

/// The names of a release's own documents, which `sign` writes beside the
/// artifacts.
pub(super) fn documents(project: &Project, version: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for rule in &project.artifacts {
        let name = rule.name.fill(version);
        names.insert(record::file_name(&name));
        names.insert(format!("{name}.asc"));
    }
    let list = project.checksum_list(version);
    names.insert(format!("{list}.asc"));
    names.insert(list);
    names
}

/// Holds the folder against the policy: all artifacts, and nothing else but
/// the documents of this release.
fn present(
    folder: &Path,
    project: &Project,
    version: &str,
    plans: &[Plan],
) -> Result<(BTreeSet<String>, Vec<Finding>), Failure> {
    let documents = documents(project, version);
    let expected: BTreeSet<&str> = plans.iter().map(|plan| plan.name.as_str()).collect();
    let (mut present, mut findings) = (BTreeSet::new(), Vec::new());
    for found in artifacts::list(folder)? {
        match found {
            Err(finding) => findings.push(finding),
            Ok(name) if expected.contains(name.as_str()) => {
                present.insert(name.to_string());
            }
            Ok(name) if documents.contains(name.as_str()) => {}
            Ok(name) => findings.push(Finding::error(
                "unexpected-file",
                name.as_str(),
                format!("the policy expects no artifact of this name for version {version}"),
                "remove it, or add it to the project's artifacts in the policy",
            )),
        }
    }
    if present.is_empty() && findings.is_empty() {
        findings.push(empty_folder(&super::failure::shown(folder)));
    }
    for name in expected.into_iter().filter(|name| !present.contains(*name)) {
        findings.push(Finding::error(
            "missing-artifact",
            name,
            "the policy expects this artifact, and it is not there as a regular file",
            "build it; a release is signed whole or not at all",
        ));
    }
    Ok((present, findings))
}

fn look(plan: Plan, folder: &Path, tagged: Option<&Tagged<'_>>, at: Time) -> Result<Artifact, Failure> {
    let path = folder.join(plan.name.as_str());
    let mut file = files::open_regular(&path)?;
    progress::say(&format!("explaining {}", plan.name));
    let (digests, verdict) = match tagged {
        Some(tagged) => {
            let told = explain::explain(&plan, &mut file, &path, tagged, at)?;
            (told.digests, told.verdict)
        }
        None => (files::digests(&mut file, &path)?, Verdict::of_nothing()),
    };
    Ok(Artifact { plan, path, file, digests, verdict })
}

/// The findings about one artifact. With several artifacts a path alone would
/// not say where.
fn in_artifact(artifact: &Artifact) -> Vec<Finding> {
    let name = artifact.plan.name.as_str();
    let of = |finding: &Finding| {
        let subject =
            if finding.subject == name { name.into() } else { format!("{name}: {}", finding.subject) };
        Finding { subject, ..finding.clone() }
    };
    artifact.verdict.findings.iter().map(of).collect()
}

impl Validated {
    /// Adds the tag of a good release to those that were met; whether that
    /// changed anything, or would.
    fn remember(&mut self, check: bool) -> Result<bool, Failure> {
        let Some(unseen) = self.tag.unseen.take().filter(|_| self.record.is_some()) else { return Ok(false) };
        if check {
            return Ok(true);
        }
        let moved = unseen.remember()?;
        if let Some(finding) = moved {
            self.findings.push(finding);
            self.record = None;
            return Ok(false);
        }
        Ok(true)
    }

    fn make_record(
        &self,
        source: &cli::Source,
        project: &Project,
        inputs: &Inputs,
        version: String,
    ) -> Option<Record> {
        let mut artifacts: Vec<_> = self.artifacts.iter().map(Artifact::record).collect();
        artifacts.sort_by(|a, b| a.name.cmp(&b.name));
        Some(Record {
            format: record::FORMAT.into(),
            helper: HELPER_VERSION.into(),
            project: source.project.clone(),
            repository: project.repository.clone(),
            version,
            at: inputs.at,
            tag: self.tag.tag.clone()?,
            policy_sha256: inputs.policy_sha256,
            keyring_sha256: inputs.keyring.digest(),
            artifacts,
        })
    }

    /// The result's common part, for `validate` and `sign`.
    pub fn document(&self, project: &str, inputs: &Inputs) -> Value {
        json!({
            "project": project,
            "version": self.tag.version,
            "at": inputs.at,
            "policy_sha256": inputs.policy_sha256,
            "keyring_sha256": inputs.keyring.digest(),
            "tag": self.tag.document(),
            "artifacts": self.artifacts.iter().map(Artifact::record).collect::<Vec<_>>(),
        })
    }
}

impl Artifact {
    fn record(&self) -> record::Artifact {
        record::Artifact {
            name: self.plan.name.clone(),
            size: self.digests.size,
            sha256: self.digests.sha256,
            sha512: self.digests.sha512,
            preset: self.plan.preset.name.into(),
            root: self.plan.root.clone(),
            subdirectory: self.plan.subdirectory.clone(),
            levels: self.verdict.levels.clone(),
            tree_sha256: self.verdict.tree_sha256,
            unverified: self.verdict.unverified.clone(),
            submodules: self.plan.brought.submodules(&self.verdict.submodules),
            rebuilt: self.plan.brought.rebuilt.clone(),
            catalogues: self.plan.brought.catalogues.clone(),
        }
    }
}
