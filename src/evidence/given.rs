//! Evidence that the policy names and the operator brings along: second
//! builds and catalogues, for the paths that the policy's globs fit.
//!
//! Globs are safe here, unlike for anything that goes by names: a path that
//! one fits is explained by its content or not at all.

use super::catalogue::Catalogue;
use super::compare::Fact;
use super::explain::Level;
use super::rebuilt::SecondBuild;
use crate::release::policy::Pattern;
use crate::release::{Finding, TreePath};
use std::rc::Rc;

/// What the operator brought, as far as the policy names it.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Paths of submodules whose repository is there.
    pub submodules: Vec<TreePath>,
    /// Second builds, and the paths that they may explain.
    pub rebuilt: Vec<(Vec<Pattern>, Rc<SecondBuild>)>,
    /// Catalogues, and the paths that they may explain.
    pub catalogues: Vec<(Vec<Pattern>, Rc<Catalogue>)>,
}

#[derive(Debug)]
enum Source {
    Build(Rc<SecondBuild>),
    Catalogue(Rc<Catalogue>),
}

impl Source {
    fn describe(&self) -> String {
        match self {
            Self::Build(build) => format!("the second build {}", build.name),
            Self::Catalogue(catalogue) => format!("the catalogue {}", catalogue.name),
        }
    }

    /// What explains the file, or why nothing does.
    fn judge(&self, fact: &Fact) -> Result<(Level, String), String> {
        match self {
            Self::Build(build) => build.explains(fact).map(|detail| (Level::Rebuilt, detail)),
            Self::Catalogue(catalogue) => catalogue.explains(fact).map(|detail| (Level::Pinned, detail)),
        }
    }
}

/// The same, with the account of what was used.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<(Source, Vec<(Pattern, bool)>)>);

/// What the rules say of a path.
#[derive(Debug, Default)]
pub(super) struct Says {
    /// The rules about it, in words.
    pub rules: Vec<String>,
    /// The answer of the first.
    pub answer: Option<Result<(Level, String), String>>,
}

impl Rules {
    pub(super) fn new(given: Given) -> Self {
        let fresh = |patterns: Vec<Pattern>| patterns.into_iter().map(|pattern| (pattern, false)).collect();
        let builds =
            given.rebuilt.into_iter().map(|(patterns, build)| (Source::Build(build), fresh(patterns)));
        let catalogues = given.catalogues.into_iter();
        let catalogues =
            catalogues.map(|(patterns, catalogue)| (Source::Catalogue(catalogue), fresh(patterns)));
        Self(builds.chain(catalogues).collect())
    }

    pub(super) fn ask(&mut self, fact: &Fact) -> Says {
        let mut says = Says::default();
        for (source, patterns) in &mut self.0 {
            let mut about = false;
            for (pattern, used) in patterns {
                if pattern.matches(fact.path.as_bytes()) {
                    *used = true;
                    about = true;
                }
            }
            if about {
                says.rules.push(source.describe());
                says.answer.get_or_insert_with(|| source.judge(fact));
            }
        }
        says
    }

    /// A warning for each glob that nothing needed.
    pub(super) fn unused(&self) -> Vec<Finding> {
        let unused = self.0.iter().flat_map(|(source, patterns)| {
            patterns.iter().filter(|(_, used)| !used).map(move |(pattern, _)| (source, pattern))
        });
        unused
            .map(|(source, pattern)| {
                Finding::warning(
                    "unused-rule",
                    &pattern.text,
                    format!("this glob of {} fits no path that needs evidence", source.describe()),
                    "remove it from the policy, or correct its spelling",
                )
            })
            .collect()
    }
}
