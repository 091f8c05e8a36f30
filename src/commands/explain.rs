//! From one artifact to its verdict: the stream is read once, hashed whole,
//! and each entry is handed to the comparison as a fact.

use super::origin::{AtTag, Tagged};
use super::supplied::Brought;
use super::{Failure, claims, nearest};
use crate::archive::{self, ArchiveError, Entry, EntryKind, Format, Limits, Sink, Stop};
use crate::evidence::compare::{FileRule, Unmet};
use crate::evidence::{Comparison, Fact, Identity, Question, Verdict, presets};
use crate::files::{self, FileError, Hashing};
use crate::git;
use crate::release::policy::{ArtifactRule, LimitRules, Pattern};
use crate::release::tree::Mode;
use crate::release::{
    ArtifactDigests, BlobHasher, Finding, ObjectFormat, ObjectId, ReleaseName, Sha256Digest, Time, TreePath,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

/// Top-level names that are told of an archive without the expected one.
const MAX_TOPS: usize = 4;

/// How an artifact of one version is to be explained.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub name: ReleaseName,
    pub version: Option<String>,
    pub root: String,
    pub subdirectory: String,
    pub preset: &'static presets::Preset,
    pub omit: Vec<Pattern>,
    pub files: Vec<FileRule>,
    pub limits: Limits,
    pub brought: Brought,
}

/// What was found out about an artifact.
#[derive(Debug)]
pub(super) struct Explained {
    pub digests: ArtifactDigests,
    pub verdict: Verdict,
    /// Whether the archive has the root folder that was expected.
    pub rooted: bool,
}

impl Plan {
    /// The plan that the policy has for a version.
    pub fn of(rule: &ArtifactRule, version: &str) -> Result<Self, Failure> {
        let name = rule.name.fill(version);
        let name = ReleaseName::parse(&name)
            .map_err(|error| Failure::usage("unsafe-name", &name, error.to_string(), "correct the policy"))?;
        let files = rule.files.iter().map(|file| FileRule {
            path: file.path.fill(version).as_str().into(),
            executable: file.executable,
            evidence: file.evidence.fill(version),
        });
        Ok(Self {
            version: Some(version.into()),
            root: rule.root.fill(version),
            subdirectory: rule.subdirectory.clone(),
            preset: preset(&rule.preset)?,
            omit: rule.omit.clone(),
            files: files.collect(),
            limits: limits(&rule.limits),
            brought: Brought::default(),
            name,
        })
    }
}

impl Plan {
    /// A plan without a policy: the preset alone must explain everything.
    pub fn by_preset(
        name: ReleaseName,
        preset: &'static presets::Preset,
        root: String,
        subdirectory: String,
    ) -> Self {
        Self {
            name,
            version: None,
            root,
            subdirectory,
            preset,
            omit: vec![],
            files: vec![],
            limits: Limits::default(),
            brought: Brought::default(),
        }
    }

    fn question(
        &self,
        repository: &git::Repository,
        commit: &ObjectId,
        at: Time,
    ) -> Result<Question, Failure> {
        let subdirectory: TreePath = self.subdirectory.as_str().into();
        Ok(Question {
            tree: repository.tree(commit, &subdirectory)?,
            subdirectory,
            identity: Identity {
                artifact: self.name.to_string(),
                root: self.root.clone(),
                version: self.version.clone(),
            },
            preset: self.preset,
            omit: self.omit.clone(),
            files: self.files.clone(),
            given: self.brought.given.clone(),
            at,
        })
    }
}

/// The preset of this name.
pub(super) fn preset(name: &str) -> Result<&'static presets::Preset, Failure> {
    presets::find(name).ok_or_else(|| {
        let hint = format!("use one of: {}", presets::names());
        Failure::usage("unknown-preset", name, "there is no preset of this name and version", &hint)
    })
}

fn limits(rules: &LimitRules) -> Limits {
    let built_in = Limits::default();
    Limits {
        entries: rules.entries.unwrap_or(built_in.entries),
        unpacked: rules.unpacked.unwrap_or(built_in.unpacked),
        ratio: rules.ratio.unwrap_or(built_in.ratio),
        ..built_in
    }
}

/// Explains an open artifact from the tag's tree.
pub(super) fn explain(
    plan: &Plan,
    file: &mut File,
    path: &Path,
    tagged: &Tagged<'_>,
    at: Time,
) -> Result<Explained, Failure> {
    let format = Format::from_name(plan.name.as_str()).ok_or_else(|| {
        let hint = "docs/evidence.md lists the endings of archives that can be read";
        Failure::usage(
            "unknown-archive-format",
            plan.name.as_str(),
            "its ending names no known archive format",
            hint,
        )
    })?;
    let Tagged { repository, commit, .. } = tagged;
    let mut comparison = Comparison::new(plan.question(repository, commit, at)?);
    plan.brought.findings.iter().cloned().for_each(|finding| comparison.tell(finding));
    let object_format = repository.object_format();
    let mut account = Account {
        comparison,
        root: plan.root.as_bytes(),
        object_format,
        current: None,
        name: &plan.name,
        kept: vec![],
        rooted: plan.root.is_empty(),
        tops: BTreeSet::new(),
    };
    let (read, digests) = if format == Format::Zip {
        // A zip is read here and there, so what was hashed and what was read
        // could differ if somebody writes meanwhile. Nobody can write here.
        let (copy, digests) = files::private_copy(file, path)?;
        (archive::read_zip(copy, &plan.limits, &mut account), digests)
    } else {
        let mut input = Hashing::start(file, path)?;
        let read = archive::read(format, &mut input, &plan.limits, &mut account);
        // Whatever the reader left unread belongs to the digests too.
        (read, input.finish()?)
    };
    let (mut comparison, rooted, tops) = (account.comparison, account.rooted, account.tops);
    let mut claimed = vec![];
    match read {
        Ok(summary) => claimed = claims::judge(&summary, plan.name.as_str(), commit),
        Err(ArchiveError::Defect(defect)) => return Ok(broken(plan, defect, digests)),
        Err(ArchiveError::Io { source }) => return Err(FileError::io(path, "read it", source).into()),
        Err(ArchiveError::Stopped(Stop)) => {}
        Err(ArchiveError::NotAStream) => unreachable!("zips are read above"),
    }
    claimed.iter().cloned().for_each(|finding| comparison.tell(finding));
    let origin = AtTag::new(tagged).with_submodules(&plan.brought.repositories);
    let Ok(mut verdict) = comparison.finish(&origin) else { return Err(origin.failure()) };
    if rooted || tops.is_empty() {
        let subdirectory = plan.subdirectory.as_str().into();
        verdict.findings.extend(nearest::search(repository, commit, &subdirectory, &verdict));
    } else {
        // One cause: no path could be compared, so what each of them lacks says nothing.
        verdict.findings = plan.brought.findings.iter().cloned().chain(claimed).collect();
        verdict.findings.push(other_root(plan, &tops));
    }
    Ok(Explained { digests, verdict, rooted })
}

/// The finding that the archive's root folder has another name, or none.
fn other_root(plan: &Plan, tops: &BTreeSet<String>) -> Finding {
    let found = tops.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let root = crate::release::path::printable(plan.root.as_bytes());
    let told = format!("nothing in it lies in {root}/, the one folder that it may hold; it holds {found}");
    let hint = match tops.iter().next().and_then(|top| top.strip_suffix('/')).filter(|_| tops.len() == 1) {
        Some(top) => format!(
            "if {top}/ is the right folder, name it: \"root: {top}\" for this artifact in the policy, or \
             compare --root {top}"
        ),
        None => "artifacts unpack into exactly one folder: build it so; if this one has none for good \
                 reason, say root: \"\" for it in the policy, or compare --root \"\""
            .into(),
    };
    Finding::error("outside-root", plan.name.as_str(), told, &hint)
}

/// An archive that is malformed or ambiguous is rejected as such: what was
/// understood of it so far is not told, since another reader may see it otherwise.
fn broken(plan: &Plan, defect: archive::Defect, digests: ArtifactDigests) -> Explained {
    let at = format!("{} (byte {} of the archive)", defect.message, defect.offset);
    let told = match &defect.path {
        Some(path) => format!("{path}: {at}"),
        None => at,
    };
    let hint = "make the archive anew with an ordinary tool; ambiguous archives are never accepted";
    let mut verdict = Verdict::of_nothing();
    verdict.findings.push(Finding::error(defect.code, plan.name.as_str(), told, hint));
    Explained { digests, verdict, rooted: true }
}

/// The path below the artifact's one top-level folder, if it has one.
pub(super) fn below_root(path: &TreePath, root: &[u8]) -> Option<TreePath> {
    if root.is_empty() { Some(path.clone()) } else { path.strip_prefix(root) }
}

/// Turns entries into facts.
struct Account<'p> {
    comparison: Comparison,
    root: &'p [u8],
    name: &'p ReleaseName,
    object_format: ObjectFormat,
    current: Option<Current>,
    /// Bytes of the current entry, if they may be needed.
    kept: Vec<u8>,
    /// Whether the root folder, or something in it, was met.
    rooted: bool,
    /// The first names beside it, folders with a `/`.
    tops: BTreeSet<String>,
}

/// A file or link whose content is passing by.
struct Current {
    path: TreePath,
    mode: Mode,
    size: u64,
    id: BlobHasher,
    sha256: Sha256,
    keep: bool,
}

impl Account<'_> {
    fn start(&mut self, path: TreePath, mode: Mode, size: u64) {
        let (id, sha256) = (BlobHasher::new(self.object_format, size), Sha256::new());
        let keep = self.comparison.wants(&path, size);
        self.kept.clear();
        self.current = Some(Current { path, mode, size, id, sha256, keep });
    }

    /// Keeps the top-level name of an entry that is not in the root folder.
    fn beside(&mut self, entry: &Entry) {
        if self.tops.len() < MAX_TOPS {
            let path = entry.path.as_bytes();
            let top = path.split(|byte| *byte == b'/').next().unwrap_or_default();
            let folder = top.len() < path.len() || entry.kind == EntryKind::Directory;
            let slash = if folder { "/" } else { "" };
            self.tops.insert(crate::release::path::printable(top) + slash);
        }
    }

    fn tell(&mut self, code: &'static str, path: &TreePath, message: String, hint: &str) {
        self.comparison.tell(Finding::error(code, &path.to_string(), message, hint));
    }
}

impl Sink for Account<'_> {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        let Some(path) = below_root(&entry.path, self.root) else {
            if entry.path.as_bytes() == self.root && entry.kind == EntryKind::Directory {
                self.rooted = true;
            } else {
                self.beside(entry);
                let root = crate::release::path::printable(self.root);
                self.tell(
                    "outside-root",
                    &entry.path,
                    format!("lies outside of {root}/, the one folder that {} may hold", self.name),
                    "look at what put it there; artifacts unpack into exactly one folder",
                );
            }
            return Ok(());
        };
        self.rooted = true;
        match &entry.kind {
            EntryKind::Directory => self.comparison.folder(path),
            EntryKind::File { executable: true } => self.start(path, Mode::Executable, entry.size),
            EntryKind::File { executable: false } => self.start(path, Mode::Regular, entry.size),
            EntryKind::Symlink { target } => {
                self.start(path, Mode::Symlink, target.len() as u64);
                self.data(target)?;
            }
            EntryKind::HardLink { target } => {
                let below = below_root(target, self.root).ok_or(Unmet);
                let linked = below.and_then(|target| self.comparison.hard_link(path.clone(), &target));
                if linked.is_err() {
                    self.tell(
                        "archive-hard-link",
                        &path,
                        format!("is a hard link to {target}, whose content is not known"),
                        "make the archive without hard links",
                    );
                }
            }
        }
        Ok(())
    }

    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        if let Some(current) = &mut self.current {
            current.id.update(chunk);
            current.sha256.update(chunk);
            if current.keep {
                self.kept.extend_from_slice(chunk);
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        let Some(Current { path, mode, size, id, sha256, keep }) = self.current.take() else { return Ok(()) };
        match id.finish() {
            Ok(id) => {
                let sha256 = Sha256Digest(sha256.finalize().into());
                let content = keep.then_some(&mut self.kept);
                self.comparison.entry(Fact { path, mode, size, id, sha256 }, content);
            }
            Err(collision) => {
                self.tell(
                    "sha1-collision",
                    &path,
                    collision.to_string(),
                    "somebody attacks: find out who brought it",
                );
            }
        }
        Ok(())
    }
}
