//! `converted`: the bytes that git itself writes for a blob, by the
//! attributes of the tag's tree (gitattributes(5)).
//!
//! The content is computed anew from the blob, and its digest compared; the
//! artifact's bytes are never converted back, since what a conversion forgets
//! could hide anything. No filter is run: the place of an LFS pointer may be
//! taken by the object that it names, and other filters explain nothing.
//! Nothing is assumed of the builder's configuration, so `core.autocrlf` and
//! `core.eol` explain nothing either.

mod commit;
mod date;
mod encoding;
mod eol;
mod filled;
mod ident;
mod lfs;
mod placeholder;
mod subst;

pub use commit::CommitText;
pub(super) use filled::Memo;
pub use subst::{Budget, Refs, Substitution};

use super::case::{Answer, Candidate, Case, Origin, Unavailable};
use super::compare::Fact;
use super::explain::Level;
use super::shown::brief;
use crate::release::tree::{Mode, TreeEntry};
use crate::release::{AttributeState, ObjectId, Sha256Digest, TreePath};

/// Bytes of the largest file that is converted.
const MAX_BLOB: u64 = 8 << 20;

/// Which of git's commands wrote the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Checkout,
    Archive,
}

/// The attributes of one path that change its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// `text`
    pub text: Option<AttributeState>,
    /// `crlf`, the older name of `text`
    pub crlf: Option<AttributeState>,
    /// `eol`
    pub eol: Option<AttributeState>,
    /// `ident`
    pub ident: Option<AttributeState>,
    /// `working-tree-encoding`
    pub encoding: Option<AttributeState>,
    /// `filter`
    pub filter: Option<AttributeState>,
    /// `export-subst`
    pub export_subst: Option<AttributeState>,
}

/// What git would do cannot be told here; with the reason in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown(pub String);

impl Settings {
    /// Those of a path, which counts from the repository's root.
    fn of(origin: &dyn Origin, path: &TreePath) -> Result<Self, Unavailable> {
        let state = |name| origin.attribute(path, name);
        Ok(Self {
            text: state("text")?,
            crlf: state("crlf")?,
            eol: state("eol")?,
            ident: state("ident")?,
            encoding: state("working-tree-encoding")?,
            filter: state("filter")?,
            export_subst: state("export-subst")?,
        })
    }

    /// Whether a checkout may write anything but the blob.
    fn converts(&self) -> bool {
        eol::writes_crlf(self) || self.ident == Some(AttributeState::Set) || self.names_encoding()
    }

    fn names_encoding(&self) -> bool {
        encoding::label(self.encoding.as_ref()) != Ok(None)
    }

    /// The bytes that `git checkout` writes for a blob. Nearly always one
    /// form; some encodings leave the order of bytes to the system, and git
    /// has two ways to fill in `$Id$`.
    ///
    /// # Errors
    /// If git would fail, or the encoding is not known here.
    pub fn checkout(&self, blob: &[u8], id: &ObjectId) -> Result<Vec<Vec<u8>>, Unknown> {
        let label = encoding::label(self.encoding.as_ref())?;
        let with_ident = match self.ident {
            Some(AttributeState::Set) => ident::forms(blob, id),
            _ => vec![blob.to_vec()],
        };
        let mut forms = Vec::new();
        for bytes in with_ident {
            let bytes = eol::convert(self, &bytes).unwrap_or(bytes);
            match &label {
                Some(label) => forms.extend(encoding::encode(bytes, label)?),
                None => forms.push(bytes),
            }
        }
        Ok(forms)
    }

    /// The settings in words, those that may have changed something.
    fn describe(&self) -> String {
        let names = [
            ("text", &self.text),
            ("crlf", &self.crlf),
            ("eol", &self.eol),
            ("ident", &self.ident),
            ("working-tree-encoding", &self.encoding),
        ];
        let words = names.iter().filter_map(|(name, state)| match state {
            None => None,
            Some(AttributeState::Set) => Some((*name).into()),
            Some(AttributeState::Unset) => Some(format!("-{name}")),
            Some(AttributeState::Value(value)) => Some(format!("{name}={}", brief(value))),
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// Explains a file by what `git checkout` writes at the tag.
///
/// # Errors
/// If the repository cannot be read.
pub(crate) fn checkout(case: &Case<'_>, candidate: &Candidate) -> Result<Answer, Unavailable> {
    by(case, candidate, Tool::Checkout)
}

/// Explains a file by what `git archive` writes at the tag.
///
/// # Errors
/// If the repository cannot be read.
pub(crate) fn archive(case: &Case<'_>, candidate: &Candidate) -> Result<Answer, Unavailable> {
    by(case, candidate, Tool::Archive)
}

fn by(case: &Case<'_>, candidate: &Candidate, tool: Tool) -> Result<Answer, Unavailable> {
    let fact = &candidate.fact;
    let Some(entry) = case.in_git(&fact.path) else { return Ok(Answer::Silent) };
    let entry = TreeEntry { path: case.from_root(&entry.path), ..entry.clone() };
    of_entry(case, &entry, fact, tool)
}

/// Compares a file with what git writes for an entry, whose path counts from
/// the repository's root.
///
/// # Errors
/// If the repository cannot be read.
pub(super) fn of_entry(
    case: &Case<'_>,
    entry: &TreeEntry,
    fact: &Fact,
    tool: Tool,
) -> Result<Answer, Unavailable> {
    let regular = |mode| matches!(mode, Mode::Regular | Mode::Executable);
    // With git's own bytes it is the mode that differs.
    if !regular(entry.mode) || !regular(fact.mode) || fact.id == entry.id {
        return Ok(Answer::Silent);
    }
    let settings = Settings::of(case.origin, &entry.path)?;
    let lfs = settings.filter == Some(AttributeState::Value(b"lfs".to_vec()));
    let subst = tool == Tool::Archive && settings.export_subst == Some(AttributeState::Set);
    if !settings.converts() && !lfs && !subst {
        return Ok(Answer::Silent);
    }
    let Some(blob) = case.origin.blob(&entry.id, MAX_BLOB)? else {
        return Ok(Answer::undecided(format!(
            "its attributes change the file's bytes, and it has more than {MAX_BLOB} bytes in git"
        )));
    };
    if !case.converting.may_read(&blob) {
        return Ok(Answer::undecided(
            "its attributes change the file's bytes, and too many others of the artifact had to be converted before",
        ));
    }
    if lfs && let Some(pointer) = lfs::Pointer::parse(&blob) {
        return Ok(pointed(fact, entry, &pointer));
    }
    let forms = match settings.checkout(&blob, &entry.id) {
        Ok(forms) => forms,
        Err(Unknown(why)) => return Ok(Answer::undecided(why)),
    };
    if forms.iter().any(|form| *form != blob && is(fact, form)) {
        return Ok(with_mode(fact, entry, format!("as git writes it: {}", settings.describe())));
    }
    if subst && blob.windows(subst::OPEN.len()).any(|window| window == subst::OPEN) {
        return filled::substituted(case, &forms, fact, entry);
    }
    match forms.iter().find(|form| *form != &blob) {
        None => Ok(Answer::Silent),
        Some(form) => Ok(Answer::mismatch(format!(
            "is neither git's file nor what its attributes ({}) make of it: {} bytes with SHA-256 {} are \
             expected, {} bytes with SHA-256 {} were found",
            settings.describe(),
            form.len(),
            Sha256Digest::of(form),
            fact.size,
            fact.sha256
        ))),
    }
}

fn is(fact: &Fact, bytes: &[u8]) -> bool {
    fact.size == bytes.len() as u64 && fact.sha256 == Sha256Digest::of(bytes)
}

/// The content is right; the exec bit must be too.
fn with_mode(fact: &Fact, entry: &TreeEntry, detail: String) -> Answer {
    if fact.mode == entry.mode {
        return Answer::explained(Level::Converted, detail);
    }
    let (found, wanted) = (fact.mode.describe(), entry.mode.describe());
    Answer::mismatch(format!("has git's content ({detail}), but is {found}, in git {wanted}"))
}

fn pointed(fact: &Fact, entry: &TreeEntry, pointer: &lfs::Pointer) -> Answer {
    if fact.size == pointer.size && fact.sha256 == pointer.sha256 {
        return with_mode(fact, entry, "the object that the LFS pointer in git names".into());
    }
    Answer::mismatch(format!(
        "git has an LFS pointer to {} bytes with SHA-256 {}; the artifact has {} bytes with SHA-256 {}",
        pointer.size, pointer.sha256, fact.size, fact.sha256
    ))
}

#[cfg(test)]
mod tests;
