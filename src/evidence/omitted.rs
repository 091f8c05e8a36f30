//! `omitted`: in git, not in the artifact, and a rule says that this is right.

use crate::release::policy::Pattern;
use crate::release::tree::{Mode, TreeEntry};
use crate::release::{Finding, TreePath};

/// Omission rules with the number of paths each has explained.
#[derive(Debug, Default)]
pub(super) struct Omissions {
    rules: Vec<(Pattern, u64)>,
}

impl Omissions {
    pub(super) fn new(patterns: Vec<Pattern>) -> Self {
        Self { rules: patterns.into_iter().map(|pattern| (pattern, 0)).collect() }
    }

    /// The texts of all rules that match; each is counted as used.
    pub(super) fn matching(&mut self, path: &TreePath) -> Vec<String> {
        let mut texts = Vec::new();
        for (pattern, used) in &mut self.rules {
            if pattern.matches(path.as_bytes()) {
                *used += 1;
                texts.push(pattern.text.clone());
            }
        }
        texts
    }

    /// A warning for each rule that explained nothing: it is stale, or
    /// misspelt and one day hides what nobody meant.
    pub(super) fn unused(&self) -> impl Iterator<Item = Finding> {
        self.rules.iter().filter(|(_, used)| *used == 0).map(|(pattern, _)| {
            Finding::warning(
                "unused-rule",
                &pattern.text,
                "this omission matches no path that is missing from the artifact",
                "remove it from the policy, or correct its spelling",
            )
        })
    }
}

/// What is told when no rule allows the omission.
pub(super) fn finding(entry: &TreeEntry) -> Finding {
    let (told, hint) = if entry.mode == Mode::Submodule {
        (
            format!("is a submodule at commit {} and not part of the artifact", entry.id),
            "if it rightly stays out, list it under omit in the policy",
        )
    } else {
        (
            format!("is in git (blob {}) but not in the artifact", entry.id),
            "if it rightly stays out, list it under omit in the policy; else the build lost it",
        )
    };
    Finding::error("missing-file", &entry.path.to_string(), told, hint)
}
