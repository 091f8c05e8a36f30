//! `compare`: the tree comparison alone, for packagers and for exploring.

use super::explain::{self, Explained, Plan};
use super::origin::Tagged;
use super::supplied::{Judges, Supplied};
use super::{Failure, failure, inputs, tag};
use crate::cli::{self, Explain};
use crate::evidence::{Explanation, Verdict};
use crate::files;
use crate::release::policy::check::without_archive_suffix;
use crate::release::{Finding, ReleaseName, Time, TreePath};
use crate::report::Report;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(args: &cli::Compare, now: Time) -> Result<Report, Failure> {
    let at = args.at.unwrap_or(now);
    let name = artifact_name(&args.artifact)?;
    let (plan, policy_sha256) = match (&args.policy, &args.project) {
        (Some(policy), Some(project)) => {
            let (policy, sha256) = inputs::policy(policy)?;
            (by_policy(args, &policy, project, &name, at)?, Some(sha256))
        }
        _ => (Ok(by_arguments(args, name)?), None),
    };
    let plan = match plan {
        Ok(plan) => plan,
        Err(finding) => return Ok(Report::judged("compare", vec![finding], json!({}))),
    };
    let repository = inputs::repository(&args.repository)?;
    let commit = match tag::commit(&repository, &args.tag)? {
        Ok(commit) => commit,
        Err(finding) => return Ok(Report::judged("compare", vec![finding], json!({}))),
    };
    let tagged = Tagged { repository: &repository, name: &args.tag, commit };
    let mut file = files::open_regular(&args.artifact)?;
    let Explained { digests, verdict, .. } = explain::explain(&plan, &mut file, &args.artifact, &tagged, at)?;
    let mut result = json!({
        "tag": args.tag,
        "commit": commit,
        "at": at,
        "policy_sha256": policy_sha256,
        "artifact": {
            "name": plan.name, "size": digests.size, "sha256": digests.sha256, "sha512": digests.sha512,
        },
        "preset": plan.preset.name,
        "root": plan.root,
        "subdirectory": plan.subdirectory,
        "levels": verdict.levels,
        "tree_sha256": verdict.tree_sha256,
        "unverified": verdict.unverified,
    });
    plan.brought.tell(&mut result, &verdict);
    list(&mut result, &verdict, args.explain);
    Ok(Report::judged("compare", verdict.findings, result))
}

/// The name of an artifact's file.
pub(super) fn artifact_name(path: &Path) -> Result<ReleaseName, Failure> {
    let Some(name) = path.file_name() else {
        let hint = "name the artifact's file";
        return Err(Failure::usage("unsafe-name", &failure::shown(path), "ends with no file name", hint));
    };
    super::checksum::release_name(name).map_err(Failure::wrong)
}

/// The plan of the policy's artifact of this name, or the finding that there
/// is none.
fn by_policy(
    args: &cli::Compare,
    policy: &crate::release::policy::Policy,
    id: &str,
    name: &ReleaseName,
    at: Time,
) -> Result<Result<Plan, Finding>, Failure> {
    let project = inputs::project(policy, id)?;
    let supplied = Supplied::read(&args.supplied, project)?;
    let keyring = args.keyring.as_deref().map(inputs::keyring).transpose()?;
    let version = match project.version_of_tag(&args.tag) {
        Ok(version) => version,
        Err(why) => return Ok(Err(tag::not_a_release(&args.tag, &why))),
    };
    let rule = project.artifacts.iter().find(|rule| rule.name.fill(version) == name.as_str());
    match rule {
        Some(rule) => {
            let mut plan = Plan::of(rule, version)?;
            supplied.complete(&mut plan, rule, &Judges { keyring: keyring.as_ref(), at })?;
            Ok(Ok(plan))
        }
        None => Ok(Err(Finding::error(
            "unexpected-file",
            name.as_str(),
            format!("the policy expects no artifact of this name for version {version}"),
            "see countersign policy explain",
        ))),
    }
}

fn by_arguments(args: &cli::Compare, name: ReleaseName) -> Result<Plan, Failure> {
    let preset = explain::preset(args.preset.as_deref().unwrap_or_default())?;
    let stem = without_archive_suffix(name.as_str());
    let root = args.root.clone().unwrap_or_else(|| preset.rules.root(stem));
    let subdirectory = args.subdirectory.clone().unwrap_or_default();
    for path in [&root, &subdirectory].into_iter().filter(|path| !path.is_empty()) {
        if let Some(defect) = TreePath::from(path.as_str()).defect() {
            let hint = "give a path relative to the repository or archive, with / between its parts";
            return Err(Failure::usage("bad-path", path, format!("the path {defect}"), hint));
        }
    }
    Ok(Plan::by_preset(name, preset, root, subdirectory))
}

/// Adds the explanations to a result, if they were asked for.
pub(super) fn list(result: &mut Value, verdict: &Verdict, explain: Explain) {
    let (Explain::All, Value::Object(map)) = (explain, result) else { return };
    let lines = verdict.explanations.iter().map(explanation).collect::<Vec<_>>();
    map.insert("explanations".into(), json!(lines));
}

fn explanation(explanation: &Explanation) -> Value {
    json!({
        "path": explanation.path,
        "level": explanation.level.as_str(),
        "mode": explanation.mode.as_str(),
        "detail": explanation.detail,
        "line": explanation.line(),
    })
}
