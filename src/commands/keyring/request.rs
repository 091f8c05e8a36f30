//! `keyring request`: asking to be taken into a keyring; and reading what
//! was asked.

use super::super::ages;
use super::super::signature::{self, Ask, Court};
use super::super::{Failure, failure, key};
use super::{given, offered};
use crate::cli;
use crate::files::{self, FileError};
use crate::openpgp::{Certificate, Keyring, MAX_SIGNATURE_BYTES, SigningKey};
use crate::release::policy::SignatureRules;
use crate::release::request::{FORMAT, MAX_STATEMENT, Request};
use crate::release::{Finding, Fingerprint, Time, finding};
use crate::report::{Report, yaml};
use crate::trust::{self, KeyQuestion, Outlook};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Twice the size of a certificate, which stands in it in armour.
const MAX_REQUEST: u64 = 2 << 20;

/// A request that was read, and all that speaks against it.
pub(super) struct Asked {
    pub certificate: Option<Certificate>,
    pub projects: Vec<String>,
    pub statement: String,
    pub date: Option<Time>,
    pub findings: Vec<Finding>,
}

/// Where a request's signature lies.
fn signature_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".asc");
    name.into()
}

/// A keyring of this one certificate.
fn alone(certificate: &Certificate) -> Result<Keyring, Failure> {
    let name = format!("{}.asc", certificate.fingerprint());
    Ok(Keyring::load(vec![(name, certificate.to_armored())])?)
}

/// Reads a request and judges its certificate and its signature.
pub(super) fn read(path: &Path, at: Time) -> Result<Asked, Failure> {
    let bytes = files::read_given(path, MAX_REQUEST).map_err(given)?;
    let request = Request::parse(&bytes).map_err(|error| Failure::document("bad-request", path, &error))?;
    let subject = failure::shown(path);
    let mut asked = Asked {
        certificate: None,
        projects: request.projects,
        statement: request.statement,
        date: Some(request.date),
        findings: vec![],
    };
    let certificate = match super::certificate_of(&subject, request.certificate.as_bytes()) {
        Ok(certificate) => certificate,
        Err(finding) => {
            asked.findings.push(finding);
            return Ok(asked);
        }
    };
    if *certificate.fingerprint() != request.fingerprint {
        let told =
            format!("names {}, and holds the certificate {}", request.fingerprint, certificate.fingerprint());
        let hint = "Ask for a new request; this one contradicts itself.";
        asked.findings.push(Finding::error("fingerprint-mismatch", &subject, told, hint));
        return Ok(asked);
    }
    asked.findings = judge(path, &bytes, &certificate, at)?;
    asked.certificate = Some(certificate);
    Ok(asked)
}

fn judge(path: &Path, bytes: &[u8], certificate: &Certificate, at: Time) -> Result<Vec<Finding>, Failure> {
    let keyring = &alone(certificate)?;
    let facts = keyring.facts(certificate.fingerprint());
    let problems = facts.map(|facts| Outlook::new(&facts, at).problems()).unwrap_or_default();
    if !problems.is_empty() {
        return Ok(problems);
    }
    let (beside, subject) = (signature_of(path), failure::shown(path));
    // A little more, so that one that is too large is told as such.
    let signature = match files::read_given(&beside, MAX_SIGNATURE_BYTES as u64 * 2) {
        Ok(signature) => signature,
        Err(FileError::Missing { .. }) => {
            let told = format!("there is no {} beside it", failure::shown(&beside));
            let hint = "Sign it with the certificate's own key: gpg --armor --detach-sign FILE.";
            return Ok(vec![Finding::error("signature-missing", &subject, told, hint)]);
        }
        Err(error) => return Err(given(error)),
    };
    signed(&subject, bytes, &signature, keyring, certificate.fingerprint(), at)
}

fn signed(
    subject: &str,
    bytes: &[u8],
    signature: &[u8],
    keyring: &Keyring,
    by: &Fingerprint,
    at: Time,
) -> Result<Vec<Finding>, Failure> {
    let allowed = &signature::only(by);
    // The key must be good now; how long ago the request was signed is for
    // those who review it.
    let court = Court {
        keyring,
        allowed,
        ask: Ask::Tag,
        at,
        project: None,
        version: None,
        rules: SignatureRules::default(),
        ages: &ages::CLAIMED,
    };
    Ok(court.judge(subject, signature, &mut &*bytes)?.findings)
}

pub(super) fn run(args: &cli::KeyringRequest, now: Time) -> Result<Report, Failure> {
    let at = args.at.unwrap_or(now);
    // First, so that the process is closed before anything else is read.
    let secret =
        (args.key.is_some() || args.key_fd.is_some()).then(|| key::given(args.key_fd)).transpose()?;
    let passphrase = args.passphrase_fd.map(key::passphrase_of).transpose()?;
    if args.statement.len() > MAX_STATEMENT {
        let told = format!("has more than {MAX_STATEMENT} bytes");
        return Err(Failure::usage("usage", "--statement", told, "say it shorter"));
    }
    let certificate = match offered(&args.certificate)? {
        Ok(certificate) => certificate,
        Err(finding) => return Ok(done(args, None, at, vec![finding], false)),
    };
    let keyring = alone(&certificate)?;
    let Some(facts) = keyring.facts(certificate.fingerprint()) else {
        return Err(super::absent(certificate.fingerprint()));
    };
    let mut findings = Outlook::new(&facts, at).problems();
    let text = text(args, &certificate, at);
    let mut files = vec![(args.request.clone(), text.clone())];
    match secret.as_deref().map(|secret| SigningKey::read(secret, passphrase.as_deref(), at)) {
        None => {
            let hint = "Sign it with the certificate's own key: gpg --armor --detach-sign FILE.";
            let told = "no key was given, so the request is not signed yet";
            findings.push(Finding::warning("request-not-signed", &failure::shown(&args.request), told, hint));
        }
        Some(Err(refusal)) => findings.push(refusal.into_finding("signing key")),
        Some(Ok(key)) => {
            let question = KeyQuestion {
                at,
                signer: certificate.fingerprint(),
                published: Some(&facts),
                weak_key_until: None,
                max_life: None,
            };
            findings.extend(trust::judge_signing_key(key.facts(), &question));
            if !finding::rejects(&findings) {
                let mut signer = key.sign_detached(at, &[])?;
                signer.update(&text);
                let signature = signer.finish()?;
                let subject = failure::shown(&args.request);
                findings.extend(signed(
                    &subject,
                    &text,
                    &signature,
                    &keyring,
                    certificate.fingerprint(),
                    at,
                )?);
                // The signature first: a request without one is none yet.
                files.insert(0, (signature_of(&args.request), signature));
            }
        }
    }
    for path in [args.request.clone(), signature_of(&args.request)] {
        if path.symlink_metadata().is_ok() {
            let hint = "if it is an old request, remove it or give another name; nothing is overwritten";
            let told = "lies where the request would be written";
            findings.push(Finding::error("output-exists", &failure::shown(&path), told, hint));
        }
    }
    if finding::rejects(&findings) {
        return Ok(done(args, Some(&certificate), at, findings, false));
    }
    for (path, bytes) in files {
        files::create(&path, &bytes)?;
    }
    Ok(done(args, Some(&certificate), at, findings, true))
}

fn text(args: &cli::KeyringRequest, certificate: &Certificate, at: Time) -> Vec<u8> {
    let mut projects = args.projects.clone();
    projects.sort();
    projects.dedup();
    let document = json!({
        "format": FORMAT,
        "fingerprint": certificate.fingerprint(),
        "date": at,
        "projects": projects,
        "statement": args.statement,
        "certificate": String::from_utf8_lossy(&certificate.to_armored()),
    });
    yaml::to_string(&document).into_bytes()
}

fn done(
    args: &cli::KeyringRequest,
    certificate: Option<&Certificate>,
    at: Time,
    findings: Vec<Finding>,
    changed: bool,
) -> Report {
    let signed = changed && (args.key.is_some() || args.key_fd.is_some());
    let result = json!({
        "at": at,
        "fingerprint": certificate.map(Certificate::fingerprint),
        "projects": args.projects,
        "request": failure::shown(&args.request),
        "signature": if signed { json!(failure::shown(&signature_of(&args.request))) } else { Value::Null },
    });
    Report::judged("keyring-request", findings, result).with_changed(changed)
}
