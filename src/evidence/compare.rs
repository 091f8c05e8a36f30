//! The engine: takes facts one at a time and keeps the account of what is explained.

use super::case::{Answer, Candidate, Case, Origin, Unavailable};
use super::derived::Memo;
use super::explain::{Content, Explanation, Level, tree_digest};
use super::omitted::{self, Omissions};
use super::submodule::Submodules;
use super::{converted, difference, given, identical};
use crate::release::record::Unverified;
use crate::release::tree::{Mode, TreeEntry};
use crate::release::{Finding, TreePath};
use std::any::Any;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

mod facts;
mod rules;

pub use facts::{Fact, FileRule, Question, Unexplained, Unmet, Verdict};

/// Findings kept in full; a hostile archive can cause as many as it has entries.
const MAX_FINDINGS: usize = 1000;
/// Bytes of one file that a rule may read.
const MAX_READ: u64 = 8 << 20;
/// Differences that are shown.
const MAX_DIFFERENCES: usize = 20;
/// Bytes of all files that rules may read.
const MAX_READ_TOTAL: u64 = 32 << 20;
/// Bytes of one file that is kept to show how it differs.
const MAX_SHOWN: u64 = 256 << 10;
/// Bytes of all files that are kept to show how they differ.
const MAX_SHOWN_TOTAL: u64 = 4 << 20;

/// What is known of one path of the tag's tree.
#[derive(Debug, Clone)]
pub(super) enum State {
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
    question: Question,
    states: Vec<State>,
    added: Vec<Explanation>,
    /// What is not identical to git; judged when everything was met.
    candidates: BTreeMap<TreePath, Candidate>,
    memo: Memo,
    converting: converted::Memo,
    read: u64,
    shown: u64,
    memory: OnceCell<Box<dyn Any>>,
    omissions: Omissions,
    files: BTreeMap<TreePath, (FileRule, bool)>,
    given: given::Rules,
    submodules: Submodules,
    unknown_folders: BTreeSet<TreePath>,
    unverified: Vec<Unverified>,
    unexplained: Vec<Unexplained>,
    findings: Vec<Finding>,
    findings_left_out: u64,
}

impl Comparison {
    /// Starts a comparison.
    pub fn new(mut question: Question) -> Self {
        let files = std::mem::take(&mut question.files);
        let mut comparison = Self {
            states: vec![State::Unseen; question.tree.len()],
            added: Vec::new(),
            candidates: BTreeMap::new(),
            memo: Memo::default(),
            converting: converted::Memo::default(),
            read: 0,
            shown: 0,
            memory: OnceCell::new(),
            omissions: Omissions::new(std::mem::take(&mut question.omit)),
            files: BTreeMap::new(),
            given: given::Rules::new(question.given.clone()),
            submodules: Submodules::default(),
            unknown_folders: BTreeSet::new(),
            unverified: Vec::new(),
            unexplained: Vec::new(),
            findings: Vec::new(),
            findings_left_out: 0,
            question,
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

    /// Whether the bytes of a file are worth keeping until its end, when it is
    /// known whether it is identical to git.
    pub fn wants(&self, path: &TreePath, size: u64) -> bool {
        (size <= MAX_READ && self.question.preset.rules.reads(path))
            || (size <= MAX_SHOWN && self.index(path).is_some())
    }

    /// Takes a file or link of the artifact, with its bytes if they were
    /// wanted. They are taken out of `content` if they are kept.
    pub fn entry(&mut self, fact: Fact, content: Option<&mut Vec<u8>>) {
        let index = self.index(&fact.path);
        let entry = index.and_then(|index| self.question.tree.get(index));
        if entry.is_some_and(|entry| identical::holds(&fact, entry)) {
            let content = Content::Artifact(fact.sha256);
            let state = State::Explained {
                level: Level::Identical,
                mode: fact.mode,
                size: fact.size,
                content,
                detail: String::new(),
            };
            if let Some(slot) = index.and_then(|index| self.states.get_mut(index)) {
                *slot = state;
            }
            return;
        }
        if let Some(slot) = index.and_then(|index| self.states.get_mut(index)) {
            *slot = State::Wrong;
        }
        let (kept, most) = match self.question.preset.rules.reads(&fact.path) {
            true => (&mut self.read, MAX_READ_TOTAL),
            false => (&mut self.shown, MAX_SHOWN_TOTAL),
        };
        let content = content.filter(|_| *kept + fact.size <= most).map(|content| {
            *kept += fact.size;
            Rc::new(std::mem::take(content))
        });
        self.candidates.insert(fact.path.clone(), Candidate { fact, content });
    }

    /// Takes another name for an entry that was met before.
    ///
    /// # Errors
    /// If none of this name was met.
    pub fn hard_link(&mut self, path: TreePath, target: &TreePath) -> Result<(), Unmet> {
        let (fact, content) = match self.candidates.get(target) {
            Some(candidate) => (candidate.fact.clone(), candidate.content.clone()),
            None => (self.identical_fact(target).ok_or(Unmet)?, None),
        };
        self.entry(Fact { path: path.clone(), ..fact }, None);
        if let Some(candidate) = self.candidates.get_mut(&path) {
            candidate.content = content;
        }
        Ok(())
    }

    fn identical_fact(&self, path: &TreePath) -> Option<Fact> {
        let index = self.index(path)?;
        let entry = self.question.tree.get(index)?;
        match self.states.get(index)? {
            State::Explained { mode, size, content: Content::Artifact(sha256), .. } => {
                Some(Fact { path: path.clone(), mode: *mode, size: *size, id: entry.id, sha256: *sha256 })
            }
            _ => None,
        }
    }

    /// Takes a folder of the artifact. git knows no folders: one is right if
    /// something explained lies in it, or if git has files there.
    pub fn folder(&mut self, path: TreePath) {
        let mut prefix = path.as_bytes().to_vec();
        prefix.push(b'/');
        let from = self.question.tree.partition_point(|entry| entry.path.as_bytes() < prefix.as_slice());
        let in_git =
            self.question.tree.get(from).is_some_and(|entry| entry.path.as_bytes().starts_with(&prefix));
        // `git archive` leaves an empty folder where a submodule would be.
        let entry = self.index(&path).and_then(|index| self.question.tree.get(index));
        let gitlink = entry.is_some_and(|entry| entry.mode == Mode::Submodule);
        if !in_git && !gitlink {
            self.unknown_folders.insert(path);
        }
    }

    /// Ends the comparison: judges what is not identical to git, looks for
    /// what is missing, and for rules that nothing needed.
    ///
    /// # Errors
    /// If the origin could not be read.
    pub fn finish(mut self, origin: &dyn Origin) -> Result<Verdict, Unavailable> {
        let candidates = std::mem::take(&mut self.candidates);
        self.read_submodules(origin)?;
        self.judge(origin, &candidates)?;
        self.missing_of_submodules();
        self.missing(origin, &candidates)?;
        self.never_written(origin, &candidates);
        self.empty_folders(&candidates);
        let unused: Vec<Finding> =
            self.omissions.unused().chain(self.unused_files()).chain(self.given.unused()).collect();
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
        for (entry, state) in self.question.tree.into_iter().zip(self.states) {
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
        let submodules = self.submodules.links().map(|(path, commit)| (path.clone(), *commit)).collect();
        Ok(Verdict {
            findings: self.findings,
            explanations,
            levels,
            tree_sha256,
            unverified: self.unverified,
            unexplained: self.unexplained,
            submodules,
        })
    }

    /// Gives each candidate its explanation or its finding.
    fn judge(
        &mut self,
        origin: &dyn Origin,
        candidates: &BTreeMap<TreePath, Candidate>,
    ) -> Result<(), Unavailable> {
        let mut judged = Vec::with_capacity(candidates.len());
        for (path, candidate) in candidates.iter().filter(|(path, _)| !self.waits(path)).collect::<Vec<_>>() {
            let answer = match self.by_rule(&candidate.fact) {
                Err(None) => {
                    let case = self.case(origin, candidates);
                    match self.question.preset.rules.explain(&case, candidate)? {
                        Answer::Silent => Err(None),
                        Answer::Explained(level, detail) => Ok((level, detail)),
                        Answer::Refused(why) => {
                            Err(Some(Finding::error(why.code, &path.to_string(), why.message, why.hint)))
                        }
                    }
                }
                answer => answer,
            };
            judged.push((candidate, answer));
        }
        for (candidate, answer) in judged {
            self.settle(origin, candidate, answer)?;
        }
        for (path, candidate) in candidates {
            if self.waits(path) {
                let answer = self.by_rule(&candidate.fact);
                self.settle(origin, candidate, answer)?;
            }
        }
        Ok(())
    }

    /// Writes down what was judged of a candidate.
    fn settle(
        &mut self,
        origin: &dyn Origin,
        candidate: &Candidate,
        answer: Result<(Level, String), Option<Finding>>,
    ) -> Result<(), Unavailable> {
        let fact = &candidate.fact;
        let index = self.index(&fact.path);
        let content = Content::Artifact(fact.sha256);
        match (answer, index.and_then(|index| self.states.get_mut(index))) {
            (Ok((level, detail)), Some(slot)) => {
                *slot = State::Explained { level, mode: fact.mode, size: fact.size, content, detail };
            }
            (Ok((level, detail)), None) => {
                let (path, mode) = (fact.path.clone(), fact.mode);
                self.added.push(Explanation { path, level, mode, content, detail });
            }
            (Err(finding), _) => {
                let expected = index.and_then(|index| self.question.tree.get(index)).cloned();
                let finding = finding.unwrap_or_else(|| match &expected {
                    Some(entry) => identical::finding(fact, entry),
                    None => unexplained(fact),
                });
                let diff = match &expected {
                    Some(entry) => self.difference(origin, entry, candidate)?,
                    None => None,
                };
                self.tell(finding.with_diff(diff));
                self.leave(fact.path.clone(), Some(candidate.clone()), expected);
            }
        }
        Ok(())
    }

    /// How a file of git was changed, for the first few.
    fn difference(
        &self,
        origin: &dyn Origin,
        entry: &TreeEntry,
        candidate: &Candidate,
    ) -> Result<Option<String>, Unavailable> {
        let file = |mode: Mode| matches!(mode, Mode::Regular | Mode::Executable);
        let Some(content) = candidate.content.as_deref() else { return Ok(None) };
        if !file(entry.mode) || !file(candidate.fact.mode) || self.unexplained.len() >= MAX_DIFFERENCES {
            return Ok(None);
        }
        let old = origin.blob(&entry.id, MAX_SHOWN)?;
        Ok(old.filter(|old| old != content).and_then(|old| difference::unified(&old, content)))
    }

    /// Remembers a path that ended with a finding.
    fn leave(&mut self, path: TreePath, found: Option<Candidate>, expected: Option<TreeEntry>) {
        if self.unexplained.len() < MAX_FINDINGS {
            self.unexplained.push(Unexplained { path, found, expected });
        }
    }

    fn case<'c>(&'c self, origin: &'c dyn Origin, candidates: &'c BTreeMap<TreePath, Candidate>) -> Case<'c> {
        Case {
            origin,
            identity: &self.question.identity,
            subdirectory: &self.question.subdirectory,
            tree: &self.question.tree,
            states: &self.states,
            candidates,
            memo: &self.memo,
            converting: &self.converting,
            memory: &self.memory,
        }
    }

    /// Where the tag's tree has this path.
    fn index(&self, path: &TreePath) -> Option<usize> {
        self.question.tree.binary_search_by(|entry| entry.path.cmp(path)).ok()
    }

    fn missing(
        &mut self,
        origin: &dyn Origin,
        candidates: &BTreeMap<TreePath, Candidate>,
    ) -> Result<(), Unavailable> {
        let unseen = self.question.tree.iter().zip(&self.states).enumerate();
        let unseen = unseen.filter(|(_, (_, state))| matches!(state, State::Unseen));
        let unseen: Vec<_> = unseen.map(|(index, (entry, _))| (index, entry.clone())).collect();
        for (index, entry) in unseen {
            let rules = self.omissions.matching(&entry.path);
            let answer = match rules.first() {
                Some(rule) => Answer::explained(Level::Omitted, rule),
                None => self.question.preset.rules.omits(&self.case(origin, candidates), &entry)?,
            };
            if rules.len() > 1 {
                self.tell(overlap(&entry.path, format!("the omissions {}", rules.join(" and "))));
            }
            let finding = match answer {
                Answer::Explained(level, detail) => {
                    let (mode, content) = (entry.mode, Content::Git(entry.id));
                    if let Some(slot) = self.states.get_mut(index) {
                        *slot = State::Explained { level, mode, size: 0, content, detail };
                    }
                    continue;
                }
                Answer::Silent => omitted::finding(&entry),
                Answer::Refused(why) => {
                    Finding::error(why.code, &entry.path.to_string(), why.message, why.hint)
                }
            };
            self.tell(finding);
            self.leave(entry.path.clone(), None, Some(entry));
        }
        Ok(())
    }

    /// Files that the packaging tool would have written.
    fn never_written(&mut self, origin: &dyn Origin, candidates: &BTreeMap<TreePath, Candidate>) {
        let case = self.case(origin, candidates);
        let always = self.question.preset.rules.always(&case);
        let lacking: Vec<_> = always.into_iter().filter(|path| !case.in_artifact(path)).collect();
        for path in lacking {
            self.tell(Finding::error(
                "evidence-mismatch",
                &path.to_string(),
                "is not there; the packaging tool writes it into every artifact",
                "build it again from a clean checkout of the tag with the project's own tool",
            ));
        }
    }

    fn empty_folders(&mut self, candidates: &BTreeMap<TreePath, Candidate>) {
        for folder in std::mem::take(&mut self.unknown_folders) {
            // A file in it that is wrong has been told already.
            // Looked up, not searched: both lists may be as long as an archive.
            let mut from = folder.as_bytes().to_vec();
            from.push(b'/');
            let next = candidates.range(TreePath::new(from.as_slice())..).next();
            let used = next.is_some_and(|(path, _)| path.as_bytes().starts_with(&from));
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
        "find out where it comes from; if it belongs there, name evidence for it in the policy: files, rebuilt or catalogues (docs/policy.md)",
    )
}

#[cfg(test)]
mod tests;
