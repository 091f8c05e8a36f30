//! What the policy itself says of a path.

use super::{Comparison, State, overlap};
use crate::evidence::case::{Origin, Unavailable};
use crate::evidence::compare::Fact;
use crate::evidence::explain::{Content, Explanation, Level};
use crate::evidence::submodule::Submodules;
use crate::evidence::{exact, identical, omitted, pinned, same_as, unverified};
use crate::release::policy::FileEvidence;
use crate::release::record::Unverified;
use crate::release::tree::Mode;
use crate::release::{Finding, Severity, TreePath};

/// What explains a path; the finding if a rule does not hold, nothing if there
/// is none.
pub(super) type ByRule = Result<(Level, String), Option<Finding>>;

const RENEW: &str = "if the new content is right, the policy's entry for this path must be renewed";

impl Comparison {
    /// Whether the path's rule can be judged only when all others were.
    pub(super) fn waits(&self, path: &TreePath) -> bool {
        matches!(self.files.get(path), Some((rule, _)) if matches!(rule.evidence, FileEvidence::SameAs(_)))
    }

    /// The policy's evidence for a path.
    pub(super) fn by_rule(&mut self, fact: &Fact) -> ByRule {
        let says = self.given.ask(fact);
        let of_submodule = self.submodules.explain(fact);
        let mut rules = says.rules;
        let listed = self.files.get_mut(&fact.path).map(|(rule, used)| {
            *used = true;
            rule.clone()
        });
        if listed.is_some() {
            rules.push("an entry under files".into());
        }
        if rules.len() > 1 {
            self.tell(overlap(&fact.path, rules.join(" and ")));
        }
        let told = match listed {
            Some(rule) => {
                let wanted = if rule.executable { Mode::Executable } else { Mode::Regular };
                if fact.mode != wanted {
                    let (wanted, found) = (wanted.describe(), fact.mode.describe());
                    Err(format!("the policy expects {wanted}, found {found}"))
                } else if let FileEvidence::Unverified { reason, until } = &rule.evidence {
                    return self.unverified(fact, reason, *until);
                } else {
                    self.by_evidence(fact, &rule.evidence)
                }
            }
            None => match (of_submodule, says.answer) {
                (Some(explained), _) => Ok(explained),
                (None, Some(answer)) => answer,
                (None, None) => match self.submodules.expected(&fact.path) {
                    Some(entry) => return Err(Some(identical::finding(fact, entry))),
                    None => return Err(None),
                },
            },
        };
        told.map_err(|told| Some(Finding::error("rule-mismatch", &fact.path.to_string(), told, RENEW)))
    }

    fn by_evidence(&self, fact: &Fact, evidence: &FileEvidence) -> Result<(Level, String), String> {
        match evidence {
            FileEvidence::Pinned(digest) => match pinned::defect(fact.sha256, *digest) {
                None => Ok((Level::Pinned, "SHA-256 in the policy".into())),
                Some(told) => Err(told),
            },
            FileEvidence::Exact(text) if exact::holds(fact.sha256, fact.size, text) => {
                Ok((Level::Exact, "text in the policy".into()))
            }
            FileEvidence::Exact(text) => Err(format!(
                "is not the policy's exact text ({} bytes expected, {} found)",
                text.len(),
                fact.size
            )),
            FileEvidence::SameAs(path) => {
                let path = TreePath::from(path.as_str());
                same_as::judge(fact, &path, &self.other(&path))
            }
            FileEvidence::Unverified { .. } => Err("has no evidence".into()),
        }
    }

    fn unverified(&mut self, fact: &Fact, reason: &str, until: crate::release::Time) -> ByRule {
        let path = fact.path.to_string();
        let finding = unverified::finding(&path, reason, until, self.question.at);
        if finding.severity == Severity::Error {
            return Err(Some(finding));
        }
        self.unverified.push(Unverified { path, reason: reason.into(), until });
        self.tell(finding);
        Ok((Level::Unverified, reason.into()))
    }

    /// The file that another one must be like.
    fn other(&self, path: &TreePath) -> same_as::Other<'_> {
        let file = |mode| matches!(mode, Mode::Regular | Mode::Executable);
        let index = self.index(path);
        let explained = match index.and_then(|index| self.states.get(index)) {
            Some(State::Explained { level, mode, content, .. }) => Some((*level, *mode, *content)),
            Some(_) => None,
            None => {
                let mut added = self.added.iter();
                let found = added.find(|explanation| explanation.path == *path);
                found.map(|explanation| (explanation.level, explanation.mode, explanation.content))
            }
        };
        match (explained, index.and_then(|index| self.question.tree.get(index))) {
            (Some((level, mode, Content::Artifact(sha256))), _)
                if file(mode) && !matches!(level, Level::SameAs | Level::Unverified) =>
            {
                same_as::Other::Explained(sha256)
            }
            (_, Some(entry)) if file(entry.mode) => same_as::Other::InGit(entry),
            _ => same_as::Other::Unknown,
        }
    }

    /// Reads the submodules whose repositories are there.
    pub(super) fn read_submodules(&mut self, origin: &dyn Origin) -> Result<(), Unavailable> {
        let paths = std::mem::take(&mut self.question.given.submodules);
        if paths.is_empty() {
            return Ok(());
        }
        let subdirectory = self.question.subdirectory.clone();
        let from_root = |path: &TreePath| path.below(&subdirectory);
        let (submodules, findings) = Submodules::read(paths, &self.question.tree, origin, &from_root)?;
        self.submodules = submodules;
        findings.into_iter().for_each(|finding| self.tell(finding));
        Ok(())
    }

    /// Tells the files of submodules that the artifact lacks, and explains the
    /// submodules themselves.
    pub(super) fn missing_of_submodules(&mut self) {
        let links: Vec<_> = self.submodules.links().map(|(path, commit)| (path.clone(), *commit)).collect();
        for (path, commit) in links {
            let state = State::Explained {
                level: Level::Submodule,
                mode: Mode::Submodule,
                size: 0,
                content: Content::Git(commit),
                detail: "its files are compared with its own repository".into(),
            };
            match self.index(&path).and_then(|index| self.states.get_mut(index)) {
                Some(slot) => *slot = state,
                None => self.added.push(Explanation {
                    path,
                    level: Level::Submodule,
                    mode: Mode::Submodule,
                    content: Content::Git(commit),
                    detail: "its files are compared with its own repository".into(),
                }),
            }
        }
        for entry in self.submodules.missing() {
            let rules = self.omissions.matching(&entry.path);
            if rules.len() > 1 {
                self.tell(overlap(&entry.path, format!("the omissions {}", rules.join(" and "))));
            }
            match rules.into_iter().next() {
                Some(detail) => self.added.push(Explanation {
                    path: entry.path,
                    level: Level::Omitted,
                    mode: entry.mode,
                    content: Content::Git(entry.id),
                    detail,
                }),
                None => {
                    self.tell(omitted::finding(&entry));
                    self.leave(entry.path.clone(), None, Some(entry));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
