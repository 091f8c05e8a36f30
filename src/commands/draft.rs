//! `policy draft`: a first policy entry for a project, from one of its
//! releases.
//!
//! It tries every preset and takes the one that leaves least unexplained. What
//! stays unexplained is listed for a person to look at, never accepted: the
//! draft holds no `unverified`, no pattern, and no digest of a file that
//! nobody looked at.

use super::explain::{self, Explained, Plan};
use super::origin::Tagged;
use super::{Failure, compare, inputs, tag};
use crate::cli;
use crate::evidence::presets::{self, Preset};
use crate::evidence::{Unexplained, Verdict};
use crate::files;
use crate::git::Repository;
use crate::release::policy::check::without_archive_suffix;
use crate::release::policy::template::VersionGrammar;
use crate::release::tree::TreeEntry;
use crate::release::{Finding, ObjectId, ReleaseName, Severity, Time, TreePath};
use crate::report::Report;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

/// Folders of the repository that are considered as the artifact's.
const MAX_FOLDERS: usize = 100_000;

/// The best explanation of one artifact.
struct Best {
    name: ReleaseName,
    plan: Plan,
    verdict: Verdict,
    /// Each preset with the number of paths that it leaves unexplained.
    tried: Vec<(&'static str, usize)>,
}

pub(super) fn run(args: &cli::PolicyDraft, now: Time) -> Result<Report, Failure> {
    let at = args.at.unwrap_or(now);
    let repository = inputs::repository(&args.repository)?;
    let commit = match tag::commit(&repository, &args.tag)? {
        Ok(commit) => commit,
        Err(finding) => return Ok(Report::judged("policy-draft", vec![finding], json!({}))),
    };
    let tagged = Tagged { repository: &repository, name: &args.tag, commit };
    let mut best = Vec::new();
    for path in &args.artifacts {
        best.push(try_all(&tagged, path, args, at)?);
    }
    let names: Vec<&str> = best.iter().map(|best| best.name.as_str()).collect();
    let Some(version) = version(&args.tag, &names) else {
        let told = format!("no version in the tag {:?} stands in the name of each artifact", args.tag);
        let hint = "give artifacts of this tag; their names must hold the version as the tag writes it";
        return Ok(Report::judged(
            "policy-draft",
            vec![Finding::error("draft-no-version", &args.tag, told, hint)],
            json!({}),
        ));
    };
    let entry = entry(args, version, &branches(&repository, &commit)?, &best);
    let artifacts: Vec<Value> = best.iter().map(document).collect();
    let result = json!({
        "project": args.project, "tag": args.tag, "commit": commit, "version": version, "at": at,
        "artifacts": artifacts, "policy": entry,
    });
    let findings = best.into_iter().flat_map(|best| told(best.verdict)).collect();
    let mut report = Report::judged("policy-draft", findings, result);
    if let Some(path) = &args.policy {
        files::create(path, entry.as_bytes())?;
        report = report.with_changed(true);
    }
    Ok(report)
}

/// The findings of a draft: an omission is part of it, not an error.
fn told(verdict: Verdict) -> impl Iterator<Item = Finding> {
    verdict.findings.into_iter().map(|finding| match finding.code {
        "missing-file" => Finding {
            severity: Severity::Warning,
            hint: "it stands under omit in the draft: strike it out if it should have been in the artifact"
                .into(),
            ..finding
        },
        _ => finding,
    })
}

fn document(best: &Best) -> Value {
    let tried: Vec<Value> = best
        .tried
        .iter()
        .map(|(preset, unexplained)| json!({"preset": preset, "unexplained": unexplained}))
        .collect();
    json!({
        "name": best.name, "preset": best.plan.preset.name, "root": best.plan.root,
        "subdirectory": best.plan.subdirectory, "levels": best.verdict.levels, "tried": tried,
        "omitted": missing(&best.verdict).map(|path| &path.path).collect::<Vec<_>>(),
        "unexplained": wrong(&best.verdict).map(|path| &path.path).collect::<Vec<_>>(),
    })
}

/// Paths of git that the artifact does not hold.
fn missing(verdict: &Verdict) -> impl Iterator<Item = &Unexplained> {
    verdict.unexplained.iter().filter(|path| path.found.is_none())
}

/// Paths of the artifact that nothing explains.
fn wrong(verdict: &Verdict) -> impl Iterator<Item = &Unexplained> {
    verdict.unexplained.iter().filter(|path| path.found.is_some())
}

/// Explains an artifact by each preset, and keeps the best.
fn try_all(tagged: &Tagged<'_>, path: &Path, args: &cli::PolicyDraft, at: Time) -> Result<Best, Failure> {
    let name = compare::artifact_name(path)?;
    let mut best: Option<(Badness, Best)> = None;
    let mut tried = Vec::new();
    let mut subdirectory = args.subdirectory.clone();
    for &preset in presets::ALL {
        let root = root(preset, &name);
        if subdirectory.is_none() {
            let first = explain_by(tagged, path, &name, preset, &root, "", at)?;
            subdirectory = Some(likely_folder(
                &tagged.repository.tree(&tagged.commit, &TreePath::default())?,
                &first.1.verdict,
            ));
        }
        let folder = subdirectory.as_deref().unwrap_or_default();
        let (plan, told) = explain_by(tagged, path, &name, preset, &root, folder, at)?;
        let (badness, verdict) = (badness(&told), told.verdict);
        tried.push((preset.name, verdict.unexplained.len()));
        if best.as_ref().is_none_or(|(least, _)| badness < *least) {
            best = Some((badness, Best { name: name.clone(), plan, verdict, tried: vec![] }));
        }
    }
    match best {
        Some((_, best)) => Ok(Best { tried, ..best }),
        None => unreachable!("there are presets"),
    }
}

/// What counts against a preset: another root folder, findings about no path,
/// paths left unexplained, paths that the policy would have to omit.
type Badness = (bool, usize, usize, usize);

fn badness(told: &Explained) -> Badness {
    let verdict = &told.verdict;
    let outside = verdict.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let wrong = wrong(verdict).count();
    // Findings about no path of either side, like a second root, weigh most.
    let outside = outside.saturating_sub(verdict.unexplained.len());
    (!told.rooted, outside, wrong, missing(verdict).count())
}

fn root(preset: &Preset, name: &ReleaseName) -> String {
    preset.rules.root(without_archive_suffix(name.as_str()))
}

fn explain_by(
    tagged: &Tagged<'_>,
    path: &Path,
    name: &ReleaseName,
    preset: &'static Preset,
    root: &str,
    subdirectory: &str,
    at: Time,
) -> Result<(Plan, Explained), Failure> {
    let plan = Plan::by_preset(name.clone(), preset, root.into(), subdirectory.into());
    let mut file = files::open_regular(path)?;
    let told = explain::explain(&plan, &mut file, path, tagged, at)?;
    Ok((plan, told))
}

/// The folder of the repository where most of the artifact's files lie with
/// the same content; empty for the root.
fn likely_folder(tree: &[TreeEntry], at_root: &Verdict) -> String {
    let mut by_id: HashMap<ObjectId, Vec<&TreePath>> = HashMap::new();
    for entry in tree.iter().take(MAX_FOLDERS) {
        by_id.entry(entry.id).or_default().push(&entry.path);
    }
    let identical = at_root.levels.get("identical").copied().unwrap_or(0);
    let mut votes: HashMap<&[u8], u64> = HashMap::new();
    for path in at_root.unexplained.iter() {
        let Some(found) = &path.found else { continue };
        for there in by_id.get(&found.fact.id).into_iter().flatten().take(16) {
            let folder = there.as_bytes().strip_suffix(path.path.as_bytes());
            if let Some(folder) = folder.and_then(|folder| folder.strip_suffix(b"/")) {
                *votes.entry(folder).or_default() += 1;
            }
        }
    }
    let best = votes.into_iter().max_by_key(|(folder, votes)| (*votes, std::cmp::Reverse(*folder)));
    match best {
        Some((folder, votes)) if votes > identical => String::from_utf8_lossy(folder).into_owned(),
        _ => String::new(),
    }
}

/// The version: the longest end of the tag that begins with a digit and
/// stands in the name of every artifact.
fn version<'t>(tag: &'t str, names: &[&str]) -> Option<&'t str> {
    let inside = |at: usize| {
        tag.get(..at).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_digit() || c == '.'))
    };
    let starts = tag.char_indices().filter(|(at, character)| character.is_ascii_digit() && !inside(*at));
    let ends = starts.filter_map(|(at, _)| tag.get(at..));
    ends.into_iter().find(|end| names.iter().all(|name| name.contains(end)))
}

fn branches(repository: &Repository, commit: &ObjectId) -> Result<Vec<String>, Failure> {
    let branches = repository.branches()?;
    let tips: Vec<ObjectId> = branches.iter().map(|branch| branch.tip).collect();
    let reached = repository.reached_from(&tips, commit)?;
    let mut names: Vec<String> =
        branches.into_iter().zip(reached).filter(|(_, reached)| *reached).map(|(b, _)| b.name).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// The policy as text, to be finished by a person: what only a person can
/// know is left out, so that it is refused until it is filled in.
fn entry(args: &cli::PolicyDraft, version: &str, branches: &[String], best: &[Best]) -> String {
    let template = |text: &str| match text.rsplit_once(version) {
        Some((before, after)) => quoted(&format!("{before}{{version}}{after}")),
        None => quoted(text),
    };
    let grammar = ["semver", "pep440", "plain"].into_iter().find(|name| {
        VersionGrammar::named(name).is_some_and(|grammar| grammar.accepts(version))
            && (*name != "semver" || best.iter().any(|best| is_semver(best.plan.preset.name)))
    });
    let mut out = String::from("format: countersign/policy@v1\n");
    out.push_str("groups:\n  release-team:\n    # Fingerprints of the vetted people's certificates.\n");
    out.push_str("    certificates: []\nprojects:\n");
    let _ = writeln!(out, "  {}:", quoted(&args.project));
    out.push_str("    # Where the project lives; recorded, never fetched.\n    repository: \"\"\n");
    let _ = writeln!(out, "    tag: {}", template(&args.tag));
    let _ = writeln!(out, "    version: {}", grammar.unwrap_or("plain"));
    out.push_str("    # Branches that hold this tag; keep those that releases are made from.\n");
    let list: Vec<String> = branches.iter().map(|branch| quoted(&escaped(branch))).collect();
    let _ = writeln!(out, "    branches: [{}]", list.join(", "));
    out.push_str("    taggers: {any: [release-team]}\n");
    out.push_str("    # Fingerprint of the certificate that signs the artifacts.\n    signer: \"\"\n");
    out.push_str("    artifacts:\n");
    for best in best {
        let _ = writeln!(out, "      - name: {}", template(best.name.as_str()));
        let _ = writeln!(out, "        root: {}", template(&best.plan.root));
        if !best.plan.subdirectory.is_empty() {
            let _ = writeln!(out, "        subdirectory: {}", quoted(&best.plan.subdirectory));
        }
        let _ = writeln!(out, "        preset: {}", best.plan.preset.name);
        lists(&mut out, best);
    }
    out
}

/// Presets whose tools demand Semantic Versioning.
fn is_semver(preset: &str) -> bool {
    preset.starts_with("cargo-") || preset.starts_with("npm-")
}

fn lists(out: &mut String, best: &Best) {
    let mut omitted = missing(&best.verdict).peekable();
    if omitted.peek().is_some() {
        out.push_str("        # In git but not in the artifact: strike out what should have been there.\n");
        out.push_str("        omit:\n");
    }
    for path in omitted {
        match std::str::from_utf8(path.path.as_bytes()) {
            Ok(text) => {
                let _ = writeln!(out, "          - {}", quoted(&escaped(text)));
            }
            Err(_) => {
                let _ = writeln!(out, "          # {} is not UTF-8: use ? for its odd bytes", path.path);
            }
        }
    }
    let mut wrong = wrong(&best.verdict).peekable();
    if wrong.peek().is_some() {
        out.push_str("        # Not explained. Look at each: find out where it comes from, and only then\n");
        out.push_str("        # pin it, or name better evidence (docs/policy.md).\n        # files:\n");
    }
    for path in wrong {
        let Some(found) = &path.found else { continue };
        let (path, digest) = (quoted(&path.path.to_string()), found.fact.sha256);
        let _ = writeln!(out, "        #   - {{path: {path}, sha256: {digest}}}");
    }
}

/// A text in double quotes, as YAML and JSON both read it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A pattern that fits this text alone.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | '!' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::policy::Pattern;

    #[test]
    fn the_version_is_what_tag_and_names_share() {
        assert_eq!(version("v1.2", &["x-1.2.tar.gz"]), Some("1.2"));
        assert_eq!(version("py3-release-2.0", &["x-2.0.tar.gz", "x-2.0-py3-none-any.whl"]), Some("2.0"));
        assert_eq!(version("v1.2", &["x-1.2.tar.gz", "y-1.3.tar.gz"]), None);
        assert_eq!(version("final", &["x-1.2.tar.gz"]), None);
    }

    #[test]
    fn an_escaped_path_fits_itself_alone() {
        for path in ["a*b", "a?[b]", "{a,b}", "back\\slash", "!x", "plain/path.txt"] {
            let pattern = Pattern::parse(&escaped(path)).unwrap();
            assert!(pattern.matches(path.as_bytes()), "{path}");
            assert!(!pattern.matches(path.replace(['*', '?'], "x").as_bytes()) || !path.contains(['*', '?']));
        }
    }
}
