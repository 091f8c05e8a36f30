//! `verify`: signatures, checksum lists and records, as anyone can check them.

use super::ages::{self, Proven};
use super::checksum::release_name;
use super::signature::{self, Ask, Court};
use super::{Failure, inputs, progress};
use crate::cli::{self, Mode};
use crate::files::{self, FileError, Kind};
use crate::release::checksums::{self, SUFFIX};
use crate::release::policy::SignatureRules;
use crate::release::record::{self, Record, Signer};
use crate::release::{Finding, Sha256Digest, Time, finding};
use crate::report::Report;
use crate::site;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

/// Signatures and checksum lists beyond it are no such thing.
const MAX_DOCUMENT: u64 = 16 << 20;
/// Largest signature file that is read; `openpgp` has a smaller bound of its own.
const MAX_SIGNATURE: u64 = 1 << 20;
const FETCH_AGAIN: &str = "do not use it; fetch it again, from another mirror";

fn mismatch(list: &str, wanted: Sha256Digest, found: Sha256Digest) -> String {
    format!("{list} says SHA-256 {wanted}, the file has {found}")
}

/// How to judge.
pub(super) struct Judge<'a> {
    pub court: Court<'a>,
}

/// What was verified.
#[derive(Debug, Default)]
pub(super) struct Verified {
    pub findings: Vec<Finding>,
    /// Signed files by name: digest and signers.
    pub files: BTreeMap<String, (Sha256Digest, Vec<Signer>)>,
    /// Checksum lists by name: their entries and signers.
    pub lists: BTreeMap<String, List>,
}

/// A checksum list whose signature was judged.
#[derive(Debug)]
pub(super) struct List {
    pub sha256: Sha256Digest,
    pub signature_sha256: Sha256Digest,
    pub entries: BTreeMap<String, Sha256Digest>,
    pub signers: Vec<Signer>,
}

pub(super) fn run(args: &cli::Verify, now: Time) -> Result<Report, Failure> {
    let keyring = inputs::keyring(&args.keyring)?;
    let ask = match args.mode {
        Mode::Archive => Ask::Archive,
        Mode::Release => Ask::Release,
    };
    let (allowed, rules, policy_sha256) = match (&args.policy, &args.project) {
        (Some(path), Some(id)) => {
            let (policy, sha256) = inputs::policy(path)?;
            let project = inputs::project(&policy, id)?;
            let signer = signature::vetted_for(signature::signers(project, ask), &keyring, id);
            (signer, project.signatures, Some(sha256))
        }
        _ => (signature::anyone(&keyring), SignatureRules::default(), None),
    };
    let at = args.at.unwrap_or(now);
    if ask == Ask::Release && (args.age.is_some() || !args.age_proof.is_empty()) {
        let told = "a release that goes out now needs no proof of age: its key must be alive";
        return Err(Failure::usage("usage", "verify", told, "leave out --age and --age-proof"));
    }
    let claimed = args.age == Some(cli::Age::Claimed);
    let project = args.project.as_deref();
    let Proven { ages, documents, findings } = ages::read(&args.age_proof, claimed, &keyring, project, at)?;
    let court =
        Court { keyring: &keyring, allowed: &allowed, ask, at, project, version: None, rules, ages: &ages };
    let judge = Judge { court };
    let mut verified = Verified { findings, ..Verified::default() };
    for path in &args.paths {
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => verified.folder(path, &judge)?,
            Ok(_) => verified.given_file(path, &judge)?,
            Err(error) => return Err(FileError::io(path, "look at it", error).into()),
        }
    }
    let mut result = json!({
        "at": at,
        "keyring_sha256": keyring.digest(),
        "policy_sha256": policy_sha256,
        "project": args.project,
        "files": verified.files.iter().map(file_document).collect::<Vec<_>>(),
        "checksum_lists": verified.lists.iter().map(list_document).collect::<Vec<_>>(),
    });
    inputs::add_list(&mut result, "age_proofs", documents);
    Ok(Report::judged("verify", verified.findings, result))
}

fn file_document((name, (sha256, signers)): (&String, &(Sha256Digest, Vec<Signer>))) -> Value {
    json!({"name": name, "sha256": sha256, "signers": signers})
}

fn list_document((name, list): (&String, &List)) -> Value {
    json!({"name": name, "sha256": list.sha256, "entries": list.entries.len(), "signers": list.signers})
}

impl Verified {
    fn tell(&mut self, code: &'static str, subject: &str, message: impl Into<String>, hint: &str) {
        self.findings.push(Finding::error(code, subject, message, hint));
    }

    fn given_file(&mut self, path: &Path, judge: &Judge) -> Result<(), Failure> {
        let name = release_name(path.file_name().unwrap_or_default()).map_err(Failure::wrong)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if name.as_str().ends_with(".asc") {
            let hint = "give the file that was signed; its .asc is found beside it";
            return Err(Failure::usage(
                "signature-given",
                name.as_str(),
                "is a signature, not what it signs",
                hint,
            ));
        }
        if name.as_str().ends_with(SUFFIX) {
            return self.list(folder, name.as_str(), judge);
        }
        let mut file = files::open_regular(&folder.join(name.as_str()))?;
        self.signed_file(&mut file, folder, name.as_str(), judge)?;
        Ok(())
    }

    /// Everything in a folder: each file is covered by a signed list, and
    /// each list is complete.
    pub fn folder(&mut self, folder: &Path, judge: &Judge) -> Result<(), Failure> {
        let mut present = BTreeSet::new();
        for (name, kind) in site::contents(folder)? {
            match (release_name(&name), kind) {
                (Ok(name), Kind::Regular) => {
                    present.insert(name.to_string());
                }
                (Ok(name), Kind::Other("a folder")) => self.findings.push(Finding::warning(
                    "folder-not-checked",
                    name.as_str(),
                    "is a folder; what lies in it was not looked at",
                    "verify it by itself",
                )),
                (Ok(name), Kind::Other(found)) => {
                    let told = format!("is {found}, which no checksum list can cover");
                    self.tell("not-a-regular-file", name.as_str(), told, "remove it");
                }
                (Err(finding), _) => self.findings.push(finding),
            }
        }
        let lists: Vec<&String> = present.iter().filter(|name| name.ends_with(SUFFIX)).collect();
        if lists.is_empty() {
            self.tell(
                "no-checksum-list",
                &super::failure::shown(folder),
                "holds no signed checksum list (NAME-VERSION.SHA256SUMS): nothing here is vouched for",
                "check the path; a release has such a list beside its files",
            );
        }
        let (mut covered, mut refused) = (BTreeSet::new(), false);
        for name in lists {
            self.list(folder, name, judge)?;
            covered.extend([name.clone(), format!("{name}.asc")]);
            match self.lists.get(name) {
                Some(list) => covered.extend(list.entries.keys().cloned()),
                None => refused = true,
            }
        }
        // What a refused list would have covered is not known, since it is not
        // read: only the finding about the list itself is told.
        if refused && finding::rejects(&self.findings) {
            return Ok(());
        }
        for name in present.difference(&covered) {
            self.tell(
                "unlisted-file",
                name,
                "is in no signed checksum list of this folder",
                "do not use it; find out who put it there",
            );
        }
        Ok(())
    }

    /// A checksum list and everything that it names.
    pub fn list(&mut self, folder: &Path, name: &str, judge: &Judge) -> Result<(), Failure> {
        progress::say(&format!("verifying {name}"));
        let path = folder.join(name);
        let bytes = files::read_all(&mut files::open_regular(&path)?, &path, MAX_DOCUMENT)?;
        let Some((signature_sha256, signature)) = self.signature(folder, name)? else { return Ok(()) };
        let judged = judge.court.judge(name, &signature, &mut bytes.as_slice())?;
        let good = judged.accepted();
        self.findings.extend(judged.findings);
        if !good {
            // Nobody vouches for what it says, so it is not even read.
            return Ok(());
        }
        let entries = match checksums::parse(&bytes) {
            Ok(entries) => entries,
            Err(error) => {
                let hint = "a release's list is made by countersign sign, or with sha256sum";
                self.tell("bad-checksum-list", name, error.to_string(), hint);
                return Ok(());
            }
        };
        // Usually each artifact has the same record beside it, which grows with
        // their number: it is read once.
        let mut records = BTreeMap::<Sha256Digest, Vec<&str>>::new();
        for (entry, wanted) in &entries {
            let sound = self.entry(folder, name, entry, *wanted, &entries, judge)?;
            if sound && entry.ends_with(record::SUFFIX) {
                records.entry(*wanted).or_default().push(entry);
            }
        }
        for (sha256, files) in records {
            self.record(folder, name, sha256, &files, &entries, judge)?;
        }
        let sha256 = Sha256Digest::of(&bytes);
        self.lists.insert(name.into(), List { sha256, signature_sha256, entries, signers: judged.signers });
        Ok(())
    }

    /// One entry of a list; whether it is there with the digest listed.
    fn entry(
        &mut self,
        folder: &Path,
        list: &str,
        name: &str,
        wanted: Sha256Digest,
        entries: &BTreeMap<String, Sha256Digest>,
        judge: &Judge,
    ) -> Result<bool, Failure> {
        let path = folder.join(name);
        let mut file = match files::open_regular(&path) {
            Err(FileError::Missing { .. }) => {
                let told = format!("is listed in {list}, but it is not there");
                self.tell("listed-file-missing", name, told, "fetch it; the release is whole only with it");
                return Ok(false);
            }
            opened => opened?,
        };
        let is_document = name.ends_with(".asc") || name.ends_with(record::SUFFIX);
        let found = if is_document {
            files::sha256(&mut file, &path)?
        } else if entries.contains_key(&format!("{name}.asc")) {
            self.signed_file(&mut file, folder, name, judge)?
        } else {
            let told = format!("has no signature of its own in {list}");
            self.tell("signature-missing", name, told, "a release has NAME.asc for each artifact");
            files::sha256(&mut file, &path)?
        };
        if found != wanted {
            self.tell("checksum-mismatch", name, mismatch(list, wanted, found), FETCH_AGAIN);
        }
        Ok(found == wanted)
    }

    /// Holds a record against the list that covers it. `names` are the files,
    /// all of them with these bytes.
    fn record(
        &mut self,
        folder: &Path,
        list: &str,
        sha256: Sha256Digest,
        names: &[&str],
        entries: &BTreeMap<String, Sha256Digest>,
        judge: &Judge,
    ) -> Result<(), Failure> {
        const HINT: &str = "the release was not made by countersign sign; ask its makers";
        let [first, ..] = names else { return Ok(()) };
        let path = folder.join(first);
        let bytes = files::read_all(&mut files::open_regular(&path)?, &path, MAX_DOCUMENT)?;
        let found = Sha256Digest::of(&bytes);
        if found != sha256 {
            self.tell("checksum-mismatch", first, mismatch(list, sha256, found), FETCH_AGAIN);
            return Ok(());
        }
        let record = match Record::parse(&bytes) {
            Ok(record) => record,
            Err(error) => {
                self.tell("bad-record", first, error.to_string(), "use a helper that knows this format");
                return Ok(());
            }
        };
        if let Some(project) = judge.court.project.filter(|project| *project != record.project) {
            let told = format!("is about project {}, not {project}", record.project);
            self.tell("record-of-other-project", first, told, "check project and folder");
        }
        for artifact in &record.artifacts {
            let name = artifact.name.as_str();
            match entries.get(name) {
                Some(listed) if *listed == artifact.sha256 => {}
                Some(listed) => {
                    let told =
                        format!("says that {name} has SHA-256 {}, {list} says {listed}", artifact.sha256);
                    self.tell("record-mismatch", first, told, HINT);
                }
                None => self.tell(
                    "record-mismatch",
                    first,
                    format!("speaks of {name}, which {list} does not list"),
                    HINT,
                ),
            }
        }
        for name in names {
            let subject = name.strip_suffix(record::SUFFIX).unwrap_or(name);
            if record.artifact(subject).is_none() {
                self.tell("record-mismatch", name, format!("does not speak of {subject}"), HINT);
            }
        }
        Ok(())
    }

    /// A file with its own signature beside it; returns its digest.
    fn signed_file(
        &mut self,
        file: &mut File,
        folder: &Path,
        name: &str,
        judge: &Judge,
    ) -> Result<Sha256Digest, Failure> {
        let path = folder.join(name);
        let (signers, sha256) = match self.signature(folder, name)? {
            None => (vec![], files::sha256(file, &path)?),
            Some((_, signature)) => {
                let (judged, sha256) = judge.court.judge_file(name, &signature, file, &path)?;
                self.findings.extend(judged.findings);
                (judged.signers, sha256)
            }
        };
        self.files.insert(name.into(), (sha256, signers));
        Ok(sha256)
    }

    /// The signature beside a file, or the finding that there is none.
    fn signature(&mut self, folder: &Path, name: &str) -> Result<Option<(Sha256Digest, Vec<u8>)>, Failure> {
        let path = folder.join(format!("{name}.asc"));
        match files::open_regular(&path) {
            Ok(mut file) => {
                let bytes = files::read_all(&mut file, &path, MAX_SIGNATURE)?;
                Ok(Some((Sha256Digest::of(&bytes), bytes)))
            }
            Err(FileError::Missing { .. }) => {
                let told = format!("there is no {name}.asc beside it");
                self.tell("signature-missing", name, told, "fetch the signature too");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The names of all documents that belong to one artifact.
pub(super) fn documents_of(artifact: &str) -> [String; 2] {
    [format!("{artifact}.asc"), record::file_name(artifact)]
}
