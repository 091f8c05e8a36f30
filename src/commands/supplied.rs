//! Evidence that the operator brings along: repositories of submodules,
//! second builds, signed catalogues. Only the policy says what they may
//! explain.

use super::ages;
use super::explain::{Plan, below_root};
use super::signature::{self, Ask, Court};
use super::{Failure, failure, inputs};
use crate::archive::{self, ArchiveError, Entry, EntryKind, Format, Sink, Stop};
use crate::cli;
use crate::evidence::Verdict;
use crate::evidence::catalogue::{self, Catalogue, Entries};
use crate::evidence::given::Given;
use crate::evidence::rebuilt::{self, Files, SecondBuild};
use crate::files::{self, FileError, Hashing};
use crate::git::Repository;
use crate::openpgp::Keyring;
use crate::release::policy::SignatureRules;
use crate::release::policy::{ArtifactRule, CatalogueRule, Project, RebuiltRule};
use crate::release::tree::Mode;
use crate::release::{Finding, ObjectId, Sha256Digest, Time, TreePath, record};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Largest signature file that is read; `openpgp` has a smaller bound of its own.
const MAX_SIGNATURE: u64 = 1 << 20;

/// What was given on the command line, by the names of the policy.
#[derive(Debug, Default)]
pub(super) struct Supplied {
    submodules: BTreeMap<String, Rc<Repository>>,
    rebuilt: BTreeMap<String, PathBuf>,
    catalogues: BTreeMap<String, (PathBuf, Vec<u8>, Entries)>,
}

/// What of it is evidence for one artifact.
#[derive(Debug, Clone, Default)]
pub(super) struct Brought {
    pub given: Given,
    /// Repositories of submodules, by path from the repository's root.
    pub repositories: BTreeMap<TreePath, Rc<Repository>>,
    /// What speaks against something that was given, or that was not.
    pub findings: Vec<Finding>,
    /// For the record.
    pub rebuilt: Vec<record::Rebuilt>,
    /// For the record.
    pub catalogues: Vec<record::Catalogue>,
    /// Where the policy says that submodules live, by path.
    submodules: BTreeMap<TreePath, String>,
}

/// By which certificates and for which time catalogues are judged.
pub(super) struct Judges<'k> {
    pub keyring: Option<&'k Keyring>,
    pub at: Time,
}

impl Supplied {
    /// Opens what was given. Nothing that the policy does not name is taken:
    /// it would be passed over in silence.
    pub fn read(args: &cli::Supplied, project: &Project) -> Result<Self, Failure> {
        let mut supplied = Self::default();
        let rules = &project.artifacts;
        for (path, folder) in &args.submodule {
            let named = rules.iter().flat_map(|rule| &rule.submodules).any(|rule| rule.path == *path);
            known(named, "--submodule", path, supplied.submodules.contains_key(path))?;
            supplied.submodules.insert(path.clone(), Rc::new(inputs::repository(folder)?));
        }
        for (name, file) in &args.rebuilt {
            let named = rules.iter().flat_map(|rule| &rule.rebuilt).any(|rule| rule.name.as_str() == name);
            known(named, "--rebuilt", name, supplied.rebuilt.contains_key(name))?;
            supplied.rebuilt.insert(name.clone(), file.clone());
        }
        for file in &args.catalogue {
            let bytes = inputs::given(file)?;
            let (name, entries) =
                catalogue::parse(&bytes).map_err(|error| Failure::document("bad-catalogue", file, &error))?;
            let mut named = rules.iter().flat_map(|rule| &rule.catalogues);
            let named = named.any(|rule| rule.name.as_str() == name);
            known(named, "--catalogue", &name, supplied.catalogues.contains_key(&name))?;
            supplied.catalogues.insert(name, (file.clone(), bytes, entries));
        }
        Ok(supplied)
    }

    /// Adds to a plan what the artifact's rules name.
    pub fn complete(&self, plan: &mut Plan, rule: &ArtifactRule, judges: &Judges<'_>) -> Result<(), Failure> {
        let mut brought = Brought::default();
        for submodule in &rule.submodules {
            let Some(repository) = self.submodules.get(&submodule.path) else {
                brought.lacks("submodule", &submodule.path, "--submodule PATH=DIR");
                continue;
            };
            let path = TreePath::from(submodule.path.as_str());
            let from_root = path.below(&plan.subdirectory.as_str().into());
            brought.repositories.insert(from_root, Rc::clone(repository));
            brought.submodules.insert(path.clone(), submodule.repository.clone());
            brought.given.submodules.push(path);
        }
        for build in &rule.rebuilt {
            match self.rebuilt.get(build.name.as_str()) {
                Some(file) => brought.second_build(build, file, plan)?,
                None => brought.lacks("second build", build.name.as_str(), "--rebuilt NAME=FILE"),
            }
        }
        for rule in &rule.catalogues {
            match self.catalogues.get(rule.name.as_str()) {
                Some((file, bytes, entries)) => brought.catalogue(rule, file, bytes, entries, judges)?,
                None => brought.lacks("catalogue", rule.name.as_str(), "--catalogue FILE"),
            }
        }
        plan.brought = brought;
        Ok(())
    }
}

fn known(named: bool, option: &str, name: &str, twice: bool) -> Result<(), Failure> {
    if twice {
        let told = format!("{option} names it twice");
        return Err(Failure::usage("unknown-evidence", name, told, "give each once"));
    }
    if !named {
        let told = format!("{option} gives it, but no artifact of the project has a rule of this name");
        let hint = "check the spelling; the policy says what is evidence for what";
        return Err(Failure::usage("unknown-evidence", name, told, hint));
    }
    Ok(())
}

impl Brought {
    fn lacks(&mut self, what: &str, name: &str, option: &str) {
        self.findings.push(Finding::error(
            "evidence-not-given",
            name,
            format!("the policy names this {what} as evidence, and it was not given"),
            &format!("give it with {option}"),
        ));
    }

    fn second_build(&mut self, rule: &RebuiltRule, path: &Path, plan: &Plan) -> Result<(), Failure> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (files, sha256) = match Format::from_name(&name) {
            Some(format) => archive_files(path, format, plan)?,
            None => {
                let bytes = inputs::given(path)?;
                let files = rebuilt::parse_list(&bytes)
                    .map_err(|error| Failure::document("bad-second-build", path, &error))?;
                (files, Sha256Digest::of(&bytes))
            }
        };
        let (name, builder) = (rule.name.to_string(), rule.builder.clone());
        self.rebuilt.push(record::Rebuilt { name: name.clone(), builder: builder.clone(), sha256 });
        let build = SecondBuild { name, builder, sha256, files };
        self.given.rebuilt.push((rule.paths.clone(), Rc::new(build)));
        Ok(())
    }

    fn catalogue(
        &mut self,
        rule: &CatalogueRule,
        path: &Path,
        bytes: &[u8],
        entries: &Entries,
        judges: &Judges<'_>,
    ) -> Result<(), Failure> {
        let Some(keyring) = judges.keyring else {
            let told = "its signature can be judged by a keyring only";
            return Err(Failure::usage("usage", &failure::shown(path), told, "give --keyring"));
        };
        let mut beside = path.as_os_str().to_os_string();
        beside.push(".asc");
        let beside = PathBuf::from(beside);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let signature = match files::open_regular(&beside) {
            Ok(mut file) => files::read_all(&mut file, &beside, MAX_SIGNATURE)?,
            Err(FileError::Missing { .. }) => {
                let told = format!("there is no {name}.asc beside it");
                let hint = "a catalogue counts with the signature of the certificate that the policy names";
                self.findings.push(Finding::error("signature-missing", &name, told, hint));
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let allowed = signature::only(&rule.certificate);
        // Like a tag: it may be of any age, the key must be good today.
        let court = Court {
            keyring,
            allowed: &allowed,
            ask: Ask::Tag,
            at: judges.at,
            project: None,
            version: None,
            rules: SignatureRules::default(),
            ages: &ages::CLAIMED,
        };
        let judgement = court.judge(&name, &signature, &mut &*bytes)?;
        let accepted = judgement.accepted();
        self.findings.extend(judgement.findings);
        if accepted {
            let (name, certificate, sha256) =
                (rule.name.to_string(), rule.certificate.clone(), Sha256Digest::of(bytes));
            self.catalogues.push(record::Catalogue {
                name: name.clone(),
                certificate: certificate.clone(),
                sha256,
            });
            let catalogue = Catalogue { name, certificate, sha256, entries: entries.clone() };
            self.given.catalogues.push((rule.paths.clone(), Rc::new(catalogue)));
        }
        Ok(())
    }

    /// Adds to a result what was evidence.
    pub fn tell(&self, result: &mut Value, verdict: &Verdict) {
        let submodules = self.submodules(&verdict.submodules);
        inputs::add_list(result, "submodules", submodules.iter().map(|one| json!(one)).collect());
        inputs::add_list(result, "rebuilt", self.rebuilt.iter().map(|one| json!(one)).collect());
        inputs::add_list(result, "catalogues", self.catalogues.iter().map(|one| json!(one)).collect());
    }

    /// The submodules that were compared, for the record.
    pub fn submodules(&self, compared: &[(TreePath, ObjectId)]) -> Vec<record::Submodule> {
        let one = |(path, commit): &(TreePath, ObjectId)| record::Submodule {
            path: path.to_string(),
            repository: self.submodules.get(path).cloned().unwrap_or_default(),
            commit: *commit,
        };
        compared.iter().map(one).collect()
    }
}

/// The files of a second build's archive, and its digest.
fn archive_files(path: &Path, format: Format, plan: &Plan) -> Result<(Files, Sha256Digest), Failure> {
    let mut sink = Listing { root: plan.root.as_bytes(), files: Files::new(), current: None, fault: None };
    let mut file = files::open_regular(path)?;
    let (read, digests) = if format == Format::Zip {
        let (copy, digests) = files::private_copy(&mut file, path)?;
        (archive::read_zip(copy, &plan.limits, &mut sink), digests)
    } else {
        let mut input = Hashing::start(&mut file, path)?;
        let read = archive::read(format, &mut input, &plan.limits, &mut sink);
        (read, input.finish()?)
    };
    let bad = |told: String| {
        let hint = "a second build is an archive of the artifact's own form, or a list of its files";
        Err(Failure::usage("bad-second-build", &failure::shown(path), told, hint))
    };
    match read {
        Ok(_) if sink.files.is_empty() => bad("holds no files".into()),
        Ok(_) => Ok((sink.files, digests.sha256)),
        Err(ArchiveError::Defect(defect)) => bad(format!("{} ({})", defect.message, defect.code)),
        Err(ArchiveError::Stopped(Stop)) => bad(sink.fault.unwrap_or_default()),
        Err(ArchiveError::Io { source }) => Err(FileError::io(path, "read it", source).into()),
        Err(ArchiveError::NotAStream) => unreachable!("zips are read above"),
    }
}

/// Collects type and digest of each path.
struct Listing<'p> {
    root: &'p [u8],
    files: Files,
    current: Option<(TreePath, Mode, Sha256)>,
    fault: Option<String>,
}

impl Sink for Listing<'_> {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        let is_root = entry.path.as_bytes() == self.root && entry.kind == EntryKind::Directory;
        let Some(path) = below_root(&entry.path, self.root) else {
            if is_root {
                return Ok(());
            }
            self.fault = Some(format!("{} lies outside of the artifact's own root folder", entry.path));
            return Err(Stop);
        };
        let mut start = |mode| self.current = Some((path.clone(), mode, Sha256::new()));
        match &entry.kind {
            EntryKind::Directory => {}
            EntryKind::File { executable: true } => start(Mode::Executable),
            EntryKind::File { executable: false } => start(Mode::Regular),
            EntryKind::Symlink { target } => {
                start(Mode::Symlink);
                self.data(target)?;
            }
            EntryKind::HardLink { target } => {
                let known = below_root(target, self.root).and_then(|target| self.files.get(&target));
                let Some(known) = known.copied() else {
                    self.fault = Some(format!("{path} is a hard link to what is not there"));
                    return Err(Stop);
                };
                self.files.insert(path, known);
            }
        }
        Ok(())
    }

    fn data(&mut self, chunk: &[u8]) -> Result<(), Stop> {
        if let Some((.., sha256)) = &mut self.current {
            sha256.update(chunk);
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        if let Some((path, mode, sha256)) = self.current.take() {
            self.files.insert(path, (mode, Sha256Digest(sha256.finalize().into())));
        }
        Ok(())
    }
}
