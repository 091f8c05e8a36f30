//! `sign`: signatures over bytes that were just explained, or that a record
//! explains whose digest came by a trusted way.

use super::ages;
use super::inputs::{self, Inputs};
use super::seen::Unseen;
use super::signature::{self, Ask, Court, Key};
use super::validate::{self, documents};
use super::verify::documents_of;
use super::{Failure, agent, key, progress};
use crate::cli;
use crate::files::{self, FileError};
use crate::release::policy::Project;
use crate::release::record::Record;
use crate::release::{ArtifactDigests, Finding, ReleaseName, Sha256Digest, Time, checksums, finding};
use crate::report::Report;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Seek as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What is to be signed: judged, and still open.
struct Release<'p> {
    project: &'p Project,
    record: Record,
    record_bytes: Vec<u8>,
    artifacts: Vec<Open>,
    /// The tag, if it is to be added to the record of those that were met.
    unseen: Option<Unseen>,
}

struct Open {
    name: ReleaseName,
    path: PathBuf,
    file: File,
    digests: ArtifactDigests,
}

/// A document of a release.
struct Document {
    name: String,
    /// Shared, because each artifact has the same record beside it.
    bytes: Rc<[u8]>,
    sha256: Sha256Digest,
}

impl Document {
    fn new(name: String, bytes: Vec<u8>) -> Self {
        Self { name, sha256: Sha256Digest::of(&bytes), bytes: bytes.into() }
    }

    fn file(&self) -> files::Document<'_> {
        files::Document { name: &self.name, bytes: &self.bytes, private: false }
    }
}

/// How the first half ended: the findings, the result's common part, and the
/// release if nothing speaks against it.
type Judged<'p> = (Vec<Finding>, Value, Option<Release<'p>>);

pub(super) fn run(args: &cli::Sign, now: Time) -> Result<Report, Failure> {
    // A secret is read before anything that strangers wrote.
    let secret = (!args.agent).then(|| key::given(args.key_fd)).transpose()?;
    let passphrase = args.passphrase_fd.map(key::passphrase_of).transpose()?;
    let inputs = Inputs::read(&args.rules, now)?;
    let (mut findings, mut result, release) = match (&args.record, args.record_sha256) {
        (Some(record), Some(sha256)) => by_record(args, record, sha256, &inputs)?,
        _ => by_validation(args, &inputs)?,
    };
    let project = project_of(args, release.as_ref(), &inputs)?;
    let (key, told) = match (&secret, &args.agent_socket) {
        (None, Some(socket)) => signature::key_of_agent(&agent::at(socket), project, &inputs)?,
        (secret, _) => {
            let secret = secret.as_deref().unwrap_or_default();
            signature::key(secret, passphrase.as_deref(), project, &inputs)
        }
    };
    findings.extend(told);
    let output = args.output_dir.as_deref().unwrap_or(&args.artifacts);
    if let Some(release) = &release {
        findings.extend(in_the_way(output, project, &release.record.version)?);
    }
    let (Some(mut release), Some(key), false) = (release, key, finding::rejects(&findings)) else {
        return Ok(Report::judged("sign", findings, result));
    };
    let unseen = release.unseen.take().filter(|_| !args.check);
    let (made, told) = make(release, &key, &inputs)?;
    findings.extend(told);
    if let Value::Object(result) = &mut result {
        let signer = json!({"certificate": key.certificate(), "key": key.fingerprint()});
        result.insert("signer".into(), signer);
        let files = made
            .iter()
            .map(|made| json!({"name": made.name, "size": made.bytes.len(), "sha256": made.sha256}));
        result.insert("files".into(), json!(files.collect::<Vec<_>>()));
    }
    if !finding::rejects(&findings)
        && let Some(unseen) = unseen
    {
        findings.extend(unseen.remember()?);
    }
    if finding::rejects(&findings) {
        return Ok(Report::judged("sign", findings, result));
    }
    if !args.check {
        files::create_all(output, made.iter().map(Document::file))?;
    }
    Ok(Report::judged("sign", findings, result).with_changed(true))
}

/// The project, which both forms know, by the argument or by the record.
fn project_of<'p>(
    args: &cli::Sign,
    release: Option<&Release<'p>>,
    inputs: &'p Inputs,
) -> Result<&'p Project, Failure> {
    match (release, &args.project) {
        (Some(release), _) => Ok(release.project),
        (None, Some(id)) => inputs::project(&inputs.policy, id),
        (None, None) => {
            let (record, _) = inputs::record(args.record.as_deref().unwrap_or(Path::new("")))?;
            inputs::project(&inputs.policy, &record.project)
        }
    }
}

/// First form: validate here and now.
fn by_validation<'p>(args: &cli::Sign, inputs: &'p Inputs) -> Result<Judged<'p>, Failure> {
    let (Some(repository), Some(tag), Some(id)) = (&args.repository, &args.tag, &args.project) else {
        let hint = "see countersign sign --help";
        return Err(Failure::usage(
            "usage",
            "sign",
            "needs --repository, --tag and --project, or --record",
            hint,
        ));
    };
    let project = inputs::project(&inputs.policy, id)?;
    let source = cli::Source {
        repository: repository.clone(),
        tag: tag.clone(),
        tag_object: args.tag_object,
        project: id.clone(),
        beside: args.beside.clone(),
    };
    let (folder, manifest) = (&args.artifacts, args.manifest.as_deref());
    let validated = validate::validate(&source, project, inputs, folder, manifest, &args.supplied)?;
    let mut result = validated.document(id, inputs);
    let Some(record) = validated.record else { return Ok((validated.findings, result, None)) };
    let record_bytes = validate::text(&record).into_bytes();
    tell_record(&mut result, &record_bytes);
    let artifacts = validated.artifacts.into_iter().map(|artifact| Open {
        name: artifact.plan.name,
        path: artifact.path,
        file: artifact.file,
        digests: artifact.digests,
    });
    let (artifacts, unseen) = (artifacts.collect(), validated.tag.unseen);
    Ok((validated.findings, result, Some(Release { project, record, record_bytes, artifacts, unseen })))
}

fn tell_record(result: &mut Value, bytes: &[u8]) {
    if let Value::Object(result) = result {
        result.insert("record".into(), json!({"sha256": Sha256Digest::of(bytes)}));
    }
}

/// Second form: a record made elsewhere, believed only for its digest.
fn by_record<'p>(
    args: &cli::Sign,
    path: &Path,
    wanted: Sha256Digest,
    inputs: &'p Inputs,
) -> Result<Judged<'p>, Failure> {
    if !args.supplied.is_empty() {
        let told = "with --record nothing is explained anew, so evidence cannot be given";
        return Err(Failure::usage("usage", "sign", told, "give it to validate"));
    }
    let bytes = inputs::given(path)?;
    let found = Sha256Digest::of(&bytes);
    let mut result = json!({});
    tell_record(&mut result, &bytes);
    if found != wanted {
        let told = format!("the caller was told of a record with SHA-256 {wanted}, this one has {found}");
        let hint = "this is not the record that was made: validate again";
        return Ok((
            vec![Finding::error("record-digest-mismatch", &super::failure::shown(path), told, hint)],
            result,
            None,
        ));
    }
    let record = Record::parse(&bytes).map_err(|error| Failure::document("bad-record", path, &error))?;
    let project = inputs::project(&inputs.policy, &record.project)?;
    let mut findings = record_fits(&record, args.project.as_deref(), project, inputs);
    let mut artifacts = Vec::new();
    for entry in &record.artifacts {
        let path = args.artifacts.join(entry.name.as_str());
        let mut file = match files::open_regular(&path) {
            Ok(file) => file,
            Err(error @ (FileError::Missing { .. } | FileError::NotRegular { .. })) => {
                let hint = "put the artifact that the record speaks of in the folder";
                findings.push(Finding::error(
                    "missing-artifact",
                    entry.name.as_str(),
                    error.to_string(),
                    hint,
                ));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let digests = files::digests(&mut file, &path)?;
        if (digests.sha256, digests.sha512, digests.size) != (entry.sha256, entry.sha512, entry.size) {
            let told =
                format!("the record explains SHA-256 {}, the file has {}", entry.sha256, digests.sha256);
            let hint = "these are other bytes than the validated ones: validate again";
            findings.push(Finding::error("record-mismatch", entry.name.as_str(), told, hint));
        }
        artifacts.push(Open { name: entry.name.clone(), path, file, digests });
    }
    let document = json!({
        "project": record.project, "version": record.version, "at": inputs.at,
        "policy_sha256": inputs.policy_sha256, "keyring_sha256": inputs.keyring.digest(),
        "tag": record.tag, "artifacts": record.artifacts,
        "record": {"sha256": found},
    });
    let rejected = finding::rejects(&findings);
    let release = Release { project, record, record_bytes: bytes, artifacts, unseen: None };
    Ok((findings, document, (!rejected).then_some(release)))
}

/// Holds a record against the policy and keyring of this run: it must be what
/// they would have led to.
pub(super) fn record_fits(
    record: &Record,
    project_id: Option<&str>,
    project: &Project,
    inputs: &Inputs,
) -> Vec<Finding> {
    const AGAIN: &str = "validate and sign again under the present rules";
    let subject = format!("record of {} {}", record.project, record.version);
    let mut findings = Vec::new();
    let mut tell = |code, told: String, hint| findings.push(Finding::error(code, &subject, told, hint));
    if let Some(id) = project_id.filter(|id| **id != *record.project) {
        let told = format!("is about project {}, not {id}", record.project);
        tell("record-of-other-project", told, "check which release this is");
    }
    if record.policy_sha256 != inputs.policy_sha256 {
        let told =
            format!("was made under policy {}, this one is {}", record.policy_sha256, inputs.policy_sha256);
        tell("record-policy-differs", told, AGAIN);
    }
    if record.keyring_sha256 != inputs.keyring.digest() {
        let digest = inputs.keyring.digest();
        tell(
            "record-keyring-differs",
            format!("was made with keyring {}, this one is {digest}", record.keyring_sha256),
            AGAIN,
        );
    }
    if project.version_of_tag(&record.tag.name) != Ok(record.version.as_str()) {
        let told = format!("says that tag {} is version {}", record.tag.name, record.version);
        tell("record-mismatch", told, AGAIN);
    }
    let mut expected: Vec<_> = project.artifacts.iter().map(|rule| rule.name.fill(&record.version)).collect();
    expected.sort();
    if !record.artifacts.iter().map(|artifact| artifact.name.as_str()).eq(expected.iter().map(String::as_str))
    {
        let told = format!("does not speak of exactly the policy's artifacts: {}", expected.join(", "));
        tell("record-mismatch", told, AGAIN);
    }
    if record.tag.signers.is_empty() {
        tell("record-mismatch", "names nobody who signed the tag".into(), AGAIN);
    }
    findings
}

/// Documents of this release that lie there already: whose they are cannot be
/// known, and they may be the only copy.
fn in_the_way(output: &Path, project: &Project, version: &str) -> Result<Vec<Finding>, Failure> {
    let there: BTreeSet<_> = files::list(output)?.into_iter().map(|(name, _)| name).collect();
    let taken = documents(project, version).into_iter().filter(|name| there.contains(OsStr::new(name)));
    let told = |name: String| {
        let hint =
            "if an earlier run made it, remove it or give another --output-dir; nothing is overwritten";
        Finding::error("output-exists", &name, "lies where the signer would write", hint)
    };
    Ok(taken.map(told).collect())
}

/// Makes every document in memory, and verifies each fresh signature with the
/// published certificate. The order is the order of writing.
fn make(release: Release, key: &Key, inputs: &Inputs) -> Result<(Vec<Document>, Vec<Finding>), Failure> {
    let Release { project, record, record_bytes, artifacts, unseen: _ } = release;
    let (mut made, mut findings, mut sums) = (Vec::new(), Vec::new(), BTreeMap::new());
    let record_sha256 = Sha256Digest::of(&record_bytes);
    let record_bytes: Rc<[u8]> = record_bytes.into();
    let (at, keyring, rules) = (inputs.at, &inputs.keyring, project.signatures);
    let allowed = &signature::vetted_for(signature::signer(project), keyring, &record.project);
    let (project_id, version) = (Some(record.project.as_str()), Some(record.version.as_str()));
    let court = Court {
        keyring,
        allowed,
        ask: Ask::Release,
        at,
        project: project_id,
        version,
        rules,
        ages: &ages::CLAIMED,
    };
    for mut artifact in artifacts {
        progress::say(&format!("signing {}", artifact.name));
        let (name, path) = (artifact.name.as_str(), &artifact.path);
        let (signature, again) = key.sign_file(at, about(&record, name), &mut artifact.file, path)?;
        if again != artifact.digests {
            let hint = "somebody writes into the artifacts folder: find out who, then validate again";
            findings.push(Finding::error(
                "file-changed",
                name,
                "changed between validating and signing",
                hint,
            ));
        }
        artifact.file.rewind().map_err(|error| FileError::io(path, "read it", error))?;
        findings.extend(court.judge(name, &signature, &mut artifact.file)?.findings);
        let [asc, validation] = documents_of(name);
        sums.insert(name.to_string(), artifact.digests.sha256);
        let signature = Document::new(asc, signature);
        let record = Document { name: validation, bytes: Rc::clone(&record_bytes), sha256: record_sha256 };
        for document in [signature, record] {
            sums.insert(document.name.clone(), document.sha256);
            made.push(document);
        }
    }
    let list = project.checksum_list(&record.version);
    let text = checksums::write(&sums).into_bytes();
    let signature = key.sign_bytes(at, about(&record, &list), &text)?;
    findings.extend(court.judge(&list, &signature, &mut text.as_slice())?.findings);
    made.push(Document::new(list.clone(), text));
    // Last, so that a release is complete once its list is signed.
    made.push(Document::new(format!("{list}.asc"), signature));
    Ok((made, findings))
}

/// What a signature says that it is for: project, version, file.
fn about<'a>(record: &'a Record, name: &'a str) -> (&'a str, &'a str, &'a str) {
    (&record.project, &record.version, name)
}
