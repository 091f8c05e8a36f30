//! The engine: takes facts one at a time and keeps the account of what is explained.

use super::explain::{Content, Explanation, Level, tree_digest};
use super::omitted::{self, Omissions};
use super::{exact, identical, pinned, unverified};
use crate::release::policy::{FileEvidence, Pattern};
use crate::release::record::Unverified;
use crate::release::tree::{Mode, TreeEntry};
use crate::release::{Finding, ObjectId, Severity, Sha256Digest, Time, TreePath};
use std::collections::{BTreeMap, BTreeSet};

/// Findings kept in full; a hostile archive can cause as many as it has entries.
const MAX_FINDINGS: usize = 1000;

/// One file or link of the artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Path below the artifact's root.
    pub path: TreePath,
    /// Regular, executable or link.
    pub mode: Mode,
    /// Bytes of the file, or of the link's target.
    pub size: u64,
    /// The id that git would give this content.
    pub id: ObjectId,
    /// SHA-256 of the file's bytes, or of the link's target.
    pub sha256: Sha256Digest,
}

/// The policy's evidence for one path of one release.
#[derive(Debug, Clone)]
pub struct FileRule {
    /// Path below the artifact's root.
    pub path: TreePath,
    /// Whether the file must be executable.
    pub executable: bool,
    /// The evidence.
    pub evidence: FileEvidence,
}

/// What is known of one path of the tag's tree.
#[derive(Debug, Clone)]
enum State {
    /// Not met in the artifact so far.
    Unseen,
    /// Met, and a finding was told.
    Wrong,
    /// Explained; the detail is empty for identical paths.
    Explained { level: Level, mode: Mode, size: u64, content: Content, detail: String },
}

/// A comparison under way.
#[derive(Debug)]
pub struct Comparison {
    at: Time,
    tree: Vec<TreeEntry>,
    states: Vec<State>,
    added: Vec<Explanation>,
    /// Facts that are not identical to git: hard links may name them.
    others: BTreeMap<TreePath, Fact>,
    omissions: Omissions,
    files: BTreeMap<TreePath, (FileRule, bool)>,
    unknown_folders: BTreeSet<TreePath>,
    unverified: Vec<Unverified>,
    findings: Vec<Finding>,
    findings_left_out: u64,
}

/// How a comparison ended.
#[derive(Debug)]
pub struct Verdict {
    /// What is not explained, and what is worth telling.
    pub findings: Vec<Finding>,
    /// Every explained path, sorted by its bytes.
    pub explanations: Vec<Explanation>,
    /// How many paths each level explains.
    pub levels: BTreeMap<String, u64>,
    /// Digest over all explanations, [`tree_digest`].
    pub tree_sha256: Sha256Digest,
    /// Paths accepted without evidence.
    pub unverified: Vec<Unverified>,
}

impl Verdict {
    /// The verdict on an artifact that could not be compared with anything.
    pub fn of_nothing() -> Self {
        Comparison::new(vec![], vec![], vec![], Time::from_unix(0)).finish()
    }
}

impl Comparison {
    /// Starts a comparison with the tree at the tag, sorted by path, and the
    /// rules of the policy. `at` decides whether an `unverified` rule still holds.
    pub fn new(tree: Vec<TreeEntry>, omit: Vec<Pattern>, files: Vec<FileRule>, at: Time) -> Self {
        let mut comparison = Self {
            at,
            states: vec![State::Unseen; tree.len()],
            tree,
            added: Vec::new(),
            others: BTreeMap::new(),
            omissions: Omissions::new(omit),
            files: BTreeMap::new(),
            unknown_folders: BTreeSet::new(),
            unverified: Vec::new(),
            findings: Vec::new(),
            findings_left_out: 0,
        };
        for rule in files {
            let path = rule.path.clone();
            if comparison.files.insert(path.clone(), (rule, false)).is_some() {
                comparison.tell(overlap(&path, "two entries under files".into()));
            }
        }
        comparison
    }

    /// Adds a finding that was made elsewhere about the same artifact.
    pub fn tell(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.findings_left_out += 1;
        }
    }

    /// Takes a file or link of the artifact.
    pub fn entry(&mut self, fact: Fact) {
        let index = self.index(&fact.path);
        let entry = index.and_then(|index| self.tree.get(index));
        let judged = match entry {
            Some(entry) if identical::holds(&fact, entry) => Ok((Level::Identical, String::new())),
            _ => self.by_rule(&fact),
        };
        if !matches!(judged, Ok((Level::Identical, _))) {
            self.others.insert(fact.path.clone(), fact.clone());
        }
        let entry = index.and_then(|index| self.tree.get(index));
        let state = match judged {
            Ok((level, detail)) => {
                let content = Content::Artifact(fact.sha256);
                State::Explained { level, mode: fact.mode, size: fact.size, content, detail }
            }
            Err(finding) => {
                let finding = finding.unwrap_or_else(|| match entry {
                    Some(entry) => identical::finding(&fact, entry),
                    None => unexplained(&fact),
                });
                self.tell(finding);
                State::Wrong
            }
        };
        match (index.and_then(|index| self.states.get_mut(index)), state) {
            (Some(slot), state) => *slot = state,
            (None, State::Explained { level, mode, content, detail, .. }) => {
                self.added.push(Explanation { path: fact.path, level, mode, content, detail });
            }
            (None, _) => {}
        }
    }

    /// The fact that was taken for `path`, for a hard link to it.
    pub fn known(&self, path: &TreePath) -> Option<Fact> {
        if let Some(fact) = self.others.get(path) {
            return Some(fact.clone());
        }
        let index = self.index(path)?;
        let entry = self.tree.get(index)?;
        match self.states.get(index)? {
            State::Explained {
                level: Level::Identical,
                mode,
                size,
                content: Content::Artifact(sha256),
                ..
            } => Some(Fact { path: path.clone(), mode: *mode, size: *size, id: entry.id, sha256: *sha256 }),
            _ => None,
        }
    }

    /// Takes a folder of the artifact. git knows no folders: one is right if
    /// something explained lies in it, or if git has files there.
    pub fn folder(&mut self, path: TreePath) {
        let mut prefix = path.as_bytes().to_vec();
        prefix.push(b'/');
        let from = self.tree.partition_point(|entry| entry.path.as_bytes() < prefix.as_slice());
        let in_git = self.tree.get(from).is_some_and(|entry| entry.path.as_bytes().starts_with(&prefix));
        // `git archive` leaves an empty folder where a submodule would be.
        let entry = self.index(&path).and_then(|index| self.tree.get(index));
        let gitlink = entry.is_some_and(|entry| entry.mode == Mode::Submodule);
        if !in_git && !gitlink {
            self.unknown_folders.insert(path);
        }
    }

    /// Ends the comparison: looks for what is missing, and for rules that
    /// nothing needed.
    pub fn finish(mut self) -> Verdict {
        self.missing();
        self.empty_folders();
        let unused: Vec<Finding> = self.omissions.unused().chain(self.unused_files()).collect();
        unused.into_iter().for_each(|finding| self.tell(finding));
        if self.findings_left_out > 0 {
            let told = format!("{} more findings are not listed", self.findings_left_out);
            self.findings.push(Finding::error(
                "too-many-findings",
                "findings",
                told,
                "look at the first ones",
            ));
        }
        let mut explanations = self.added;
        for (entry, state) in self.tree.into_iter().zip(self.states) {
            if let State::Explained { level, mode, content, detail, .. } = state {
                explanations.push(Explanation { path: entry.path, level, mode, content, detail });
            }
        }
        explanations.sort_by(|a, b| a.path.cmp(&b.path));
        let mut levels = BTreeMap::new();
        for explanation in &explanations {
            *levels.entry(explanation.level.as_str().to_string()).or_insert(0) += 1;
        }
        self.unverified.sort_by(|a, b| a.path.cmp(&b.path));
        let tree_sha256 = tree_digest(&explanations);
        Verdict { findings: self.findings, explanations, levels, tree_sha256, unverified: self.unverified }
    }

    /// Where the tag's tree has this path.
    fn index(&self, path: &TreePath) -> Option<usize> {
        self.tree.binary_search_by(|entry| entry.path.cmp(path)).ok()
    }

    /// The policy's evidence for a path: what it explains, the finding if it
    /// does not hold, or nothing if there is none.
    fn by_rule(&mut self, fact: &Fact) -> Result<(Level, String), Option<Finding>> {
        let Some((rule, used)) = self.files.get_mut(&fact.path) else { return Err(None) };
        *used = true;
        let path = fact.path.to_string();
        let refuse = |told: String| {
            Err(Some(Finding::error(
                "rule-mismatch",
                &path,
                told,
                "if the new content is right, the policy's entry for this path must be renewed",
            )))
        };
        let wanted = if rule.executable { Mode::Executable } else { Mode::Regular };
        if fact.mode != wanted {
            return refuse(format!(
                "the policy expects {}, found {}",
                wanted.describe(),
                fact.mode.describe()
            ));
        }
        match &rule.evidence {
            FileEvidence::Pinned(digest) => match pinned::defect(fact.sha256, *digest) {
                None => Ok((Level::Pinned, "SHA-256 in the policy".into())),
                Some(told) => refuse(told),
            },
            FileEvidence::Exact(text) if exact::holds(fact.sha256, fact.size, text) => {
                Ok((Level::Exact, "text in the policy".into()))
            }
            FileEvidence::Exact(text) => {
                let length = text.len();
                refuse(format!(
                    "is not the policy's exact text ({length} bytes expected, {} found)",
                    fact.size
                ))
            }
            FileEvidence::Unverified { reason, until } => {
                let finding = unverified::finding(&path, reason, *until, self.at);
                if finding.severity == Severity::Error {
                    return Err(Some(finding));
                }
                self.unverified.push(Unverified { path, reason: reason.clone(), until: *until });
                let detail = reason.clone();
                self.tell(finding);
                Ok((Level::Unverified, detail))
            }
        }
    }

    fn missing(&mut self) {
        let mut told = Vec::new();
        for (entry, state) in self.tree.iter().zip(&mut self.states) {
            if !matches!(state, State::Unseen) {
                continue;
            }
            let rules = self.omissions.matching(&entry.path);
            let Some(rule) = rules.first() else {
                told.push(omitted::finding(entry));
                continue;
            };
            if rules.len() > 1 {
                told.push(overlap(&entry.path, format!("the omissions {}", rules.join(" and "))));
            }
            let (level, mode, content) = (Level::Omitted, entry.mode, Content::Git(entry.id));
            *state = State::Explained { level, mode, size: 0, content, detail: rule.clone() };
        }
        told.into_iter().for_each(|finding| self.tell(finding));
    }

    fn empty_folders(&mut self) {
        for folder in std::mem::take(&mut self.unknown_folders) {
            // A file in it that is wrong has been told already.
            let mut inside = self.others.keys().filter(|path| path.strip_prefix(folder.as_bytes()).is_some());
            let used = inside.next().is_some();
            if !used {
                self.tell(Finding::error(
                    "unexplained-folder",
                    &folder.to_string(),
                    "is a folder that git does not have, with nothing explained in it",
                    "find out where it comes from; builds from a clean checkout have no such folder",
                ));
            }
        }
    }

    fn unused_files(&self) -> impl Iterator<Item = Finding> {
        self.files.values().filter(|(_, used)| !used).map(|(rule, _)| {
            Finding::error(
                "unused-rule",
                &rule.path.to_string(),
                "the policy has evidence for this path, but the artifact has no such file, or has git's own",
                "remove the entry from the policy, or find out why the file is missing",
            )
        })
    }
}

fn overlap(path: &TreePath, rules: String) -> Finding {
    Finding::error(
        "overlapping-rules",
        &path.to_string(),
        format!("more than one rule of the policy is about this path: {rules}"),
        "keep the one that is meant",
    )
}

fn unexplained(fact: &Fact) -> Finding {
    Finding::error(
        "unexplained-file",
        &fact.path.to_string(),
        format!(
            "is not in git at the tag, and no rule explains it: {} of {} bytes, SHA-256 {}",
            fact.mode.describe(),
            fact.size,
            fact.sha256
        ),
        "find out where it comes from; if it belongs there, the preset or the policy must name evidence for it",
    )
}

#[cfg(test)]
mod tests;
