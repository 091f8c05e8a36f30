//! A file with `export-subst`, held against all that `git archive` may have
//! filled in.

use super::subst::{Budget, Refs, Substitution};
use super::{CommitText, Unknown, with_mode};
use crate::evidence::case::{Answer, Case, Refusal, Unavailable};
use crate::evidence::compare::Fact;
use crate::evidence::shown::brief;
use crate::release::tree::TreeEntry;
use std::cell::{Cell, OnceCell};

/// Bytes of git's that are converted for all files of an artifact. Many paths
/// may have one large blob.
const MAX_READ: u64 = 1 << 30;

/// What the files of a comparison share: the values, and the work that they
/// may make together.
#[derive(Debug, Default)]
pub(in crate::evidence) struct Memo {
    read: Cell<u64>,
    commit: OnceCell<Result<CommitText, Unknown>>,
    refs: OnceCell<Refs>,
    budget: Budget,
}

impl Memo {
    /// Counts a blob that is to be converted; false if there were too many.
    pub(super) fn may_read(&self, bytes: &[u8]) -> bool {
        self.read.set(self.read.get().saturating_add(bytes.len() as u64));
        self.read.get() <= MAX_READ
    }
}

/// Compares a file with all values that `$Format:…$` in it can have.
///
/// # Errors
/// If the repository cannot be read.
pub(super) fn substituted(
    case: &Case<'_>,
    forms: &[Vec<u8>],
    fact: &Fact,
    entry: &TreeEntry,
) -> Result<Answer, Unavailable> {
    let commit = match commit(case)? {
        Ok(commit) => commit,
        Err(Unknown(why)) => return Ok(Answer::undecided(why.clone())),
    };
    let mut open = false;
    for form in forms {
        let parsed = match Substitution::parse(form) {
            Ok(parsed) => parsed,
            Err(Unknown(why)) => return Ok(Answer::undecided(why)),
        };
        let none = Refs::default();
        let refs = if parsed.needs_refs() { refs(case)? } else { &none };
        match parsed.matches(commit, refs, fact.size, &fact.sha256, &case.converting.budget) {
            Ok(true) => return Ok(with_mode(fact, entry, "as git archive writes it: export-subst".into())),
            Ok(false) => {}
            Err(Unknown(why)) => return Ok(Answer::undecided(why)),
        }
        open |= parsed.needs_refs();
    }
    if open {
        return Ok(other_refs(case));
    }
    Ok(Answer::mismatch(format!(
        "git archive fills in $Format:…$ here; nothing that it can write gives the {} bytes with SHA-256 {} \
         that were found",
        fact.size, fact.sha256
    )))
}

/// The file may be honest, but only somebody who looks at it can tell.
fn other_refs(case: &Case<'_>) -> Answer {
    Answer::Refused(Refusal {
        code: "undecided-file",
        message: format!(
            "git archive fills in what depends on the builder's repository (refs, .mailmap); the tag {} and the \
             branches main and master, where the repository has them, do not give this content. Other tags and \
             branches are not accepted here: nobody vetted their names",
            brief(case.origin.tag().as_bytes())
        ),
        hint: "build it in a clone that has no other tag on this commit, and compare; or look at the file \
               yourself, and pin or state it in the policy",
    })
}

fn commit<'c>(case: &'c Case<'_>) -> Result<&'c Result<CommitText, Unknown>, Unavailable> {
    if let Some(commit) = case.converting.commit.get() {
        return Ok(commit);
    }
    let commit = CommitText::parse(case.origin.commit(), &case.origin.commit_object()?);
    Ok(case.converting.commit.get_or_init(|| commit))
}

/// What may be filled in besides what the commit itself says.
fn refs<'c>(case: &'c Case<'_>) -> Result<&'c Refs, Unavailable> {
    if let Some(refs) = case.converting.refs.get() {
        return Ok(refs);
    }
    let commit = case.origin.commit();
    let mut refs =
        Refs { tag: Some(case.origin.tag().into()), branches: case.origin.branches()?, author: None };
    case.origin.history(&mut |entry| {
        if entry.id == commit {
            refs.author = Some((entry.author_name, entry.author_email));
        }
    })?;
    Ok(case.converting.refs.get_or_init(|| refs))
}
