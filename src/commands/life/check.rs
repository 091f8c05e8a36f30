//! `key check`: the daily look at what readers have and what CI signs with.

use super::{Done, Stop, certificate, dates, signing_subkeys};
use crate::cli;
use crate::commands::signature::{self, Ask, Court};
use crate::commands::{Failure, agent, ages, failure, inputs, key};
use crate::files;
use crate::openpgp::{Keyring, MAX_SIGNATURE_BYTES, PublicCertificate, Secret, SigningKey};
use crate::release::path::printable;
use crate::release::policy::SignatureRules;
use crate::release::signature::CertificateFacts;
use crate::release::signature::notation::ARTIFACT;
use crate::release::{Finding, Fingerprint, Time};
use crate::trust::{self, KeyQuestion};
use serde_json::{Value, json};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

const DAY: i64 = 24 * 60 * 60;

/// What is signed to try a key, and the name that the signature says it is
/// for: no file of a release has it.
const WORD: (&str, &[u8]) = ("countersign key check", b"countersign key check\n");

pub(super) fn run(args: &cli::KeyCheck, now: Time) -> Result<Done, Stop> {
    let at = args.at.unwrap_or(now);
    let wanted = !args.agent && (args.key.is_some() || args.key_fd.is_some());
    let secret = wanted.then(|| key::given(args.key_fd)).transpose()?;
    let passphrase = args.passphrase_fd.map(key::passphrase_of).transpose()?;
    let public = certificate(&args.public)?;
    let facts = public.facts();
    let mut findings = ends(&facts, at, args.days);
    findings.extend(named(args, &facts)?);
    findings.extend(known(args, &public)?);
    if let Some(path) = &args.dates {
        findings.extend(recorded(path, &facts, at)?);
    }
    let keyring = Keyring::load(vec![(format!("{}.asc", public.fingerprint()), public.to_armored())]);
    let keyring = keyring.map_err(Failure::from)?;
    let allowed = signature::only(public.fingerprint());
    let court = Court {
        keyring: &keyring,
        allowed: &allowed,
        ask: Ask::Archive,
        at,
        project: None,
        version: None,
        rules: SignatureRules::default(),
        ages: &ages::CLAIMED,
    };
    let key = match (&secret, &args.agent_socket) {
        (Some(secret), _) => Some(read_key(secret, passphrase.as_ref(), at)),
        (None, Some(socket)) => of_agent(socket, &facts, &court)?,
        (None, None) => None,
    };
    let mut tried = Value::Null;
    match key {
        Some(Ok(key)) => {
            let (good, told) = try_key(&key, &facts, &court)?;
            tried = json!(good);
            findings.extend(told);
        }
        Some(Err(refusal)) => findings.push(refusal),
        None => {}
    }
    let mut signed = Vec::new();
    for path in &args.signed {
        let (document, told) = judge_file(path, &court)?;
        signed.push(document);
        findings.extend(told);
    }
    let mut result = dates::described(&facts, at);
    if let Value::Object(map) = &mut result {
        map.insert("days".into(), json!(args.days));
        map.insert("tried".into(), tried);
        map.insert("signed".into(), json!(signed));
    }
    Ok(Done { findings, result, changed: false })
}

/// What has ended, and what will soon.
fn ends(facts: &CertificateFacts, at: Time, days: u16) -> Vec<Finding> {
    let name = facts.fingerprint.as_str();
    let soon = |end: Option<Time>| end.filter(|end| *end <= at.plus(i64::from(days) * DAY));
    let certificate = trust::certificate_standing(facts, at);
    if let Some(problem) = certificate.problem {
        return vec![problem];
    }
    let mut findings = Vec::new();
    if let Some(end) = soon(certificate.expires) {
        let message = format!("the certificate ends at {end}");
        let hint = "countersign key extend, then publish; or make the next key and have this one certify it.";
        findings.push(Finding::warning("expires-soon", name, message, hint));
    }
    let usable: Vec<_> =
        signing_subkeys(facts, at).into_iter().filter(|(_, standing)| standing.problem.is_none()).collect();
    // One that ends while another goes on is how a rotation looks.
    let last = usable.iter().max_by_key(|(_, standing)| standing.expires.map_or(i64::MAX, Time::unix));
    match last {
        None => {
            let message = "the published certificate has no signing subkey that is alive";
            let hint =
                "countersign key rotate or extend, then publish: nothing that is signed now can be verified.";
            findings.push(Finding::error("no-usable-subkey", name, message, hint));
        }
        Some((key, standing)) => {
            if let Some(end) = soon(standing.expires) {
                let message = format!("the last signing subkey ends at {end}");
                let hint = "countersign key rotate, publish, then give the new subkey to CI.";
                findings.push(Finding::warning("expires-soon", key.fingerprint.as_str(), message, hint));
            }
        }
    }
    findings
}

/// Whether the policy means this certificate.
fn named(args: &cli::KeyCheck, facts: &CertificateFacts) -> Result<Option<Finding>, Stop> {
    let (Some(policy), Some(id)) = (&args.policy, &args.project) else { return Ok(None) };
    let (policy, _) = inputs::policy(policy)?;
    let signer = &inputs::project(&policy, id)?.signer;
    Ok((*signer != facts.fingerprint).then(|| {
        let message =
            format!("the policy names {signer} as the signer of {id}, readers get this certificate");
        let hint = "One of the two is wrong: compare both with the people who look after the key.";
        Finding::error("wrong-signer", facts.fingerprint.as_str(), message, hint)
    }))
}

/// Whether readers have all that the keyring knows, and the other way round.
fn known(args: &cli::KeyCheck, public: &PublicCertificate) -> Result<Vec<Finding>, Stop> {
    let Some(folder) = &args.keyring else { return Ok(vec![]) };
    let keyring = inputs::keyring(folder)?;
    let name = public.fingerprint().as_str();
    let Some(kept) = keyring.get(public.fingerprint()) else {
        let message = "readers get this certificate, but the keyring does not have it";
        let hint = "Find out which certificate is meant; add it to the keyring if it is this one.";
        return Ok(vec![Finding::error("certificate-not-in-keyring", name, message, hint)]);
    };
    let kept = PublicCertificate::parse(&kept.to_armored())?;
    let lacks = public.lacks(&kept).into_iter().map(|what| {
        let message = format!("the keyring knows {what}, what readers get does not");
        let hint = "countersign key publish with this keyring, and put the result where readers get it.";
        Finding::error("published-outdated", name, message, hint)
    });
    let ahead = kept.lacks(public).into_iter().map(|what| {
        let message = format!("readers get {what}, the keyring does not know it");
        let hint = "Bring the keyring up to date with what is published.";
        Finding::warning("keyring-outdated", name, message, hint)
    });
    Ok(lacks.chain(ahead).collect())
}

/// Whether the record of dates speaks of this certificate as it is.
fn recorded(path: &Path, facts: &CertificateFacts, at: Time) -> Result<Vec<Finding>, Stop> {
    let bytes = inputs::given(path)?;
    let differing = dates::differing(&bytes, facts, at)
        .map_err(|error| Failure::document("bad-key-dates", path, &error))?;
    let hint = "Make it again with countersign key publish; never write a fingerprint by hand.";
    let tell = |what: String| Finding::error("dates-differ", &failure::shown(path), what, hint);
    Ok(differing.into_iter().map(tell).collect())
}

fn read_key(secret: &Secret, passphrase: Option<&Secret>, at: Time) -> Result<SigningKey, Finding> {
    let key = SigningKey::read(secret, passphrase.map(|secret| &**secret), at);
    key.map_err(|refusal| refusal.into_finding("signing key"))
}

/// The key that `sign --agent` would take, by what readers have.
fn of_agent(
    socket: &Path,
    facts: &CertificateFacts,
    court: &Court<'_>,
) -> Result<Option<Result<SigningKey, Finding>>, Stop> {
    let Some(certificate) = court.keyring.get(&facts.fingerprint) else { return Ok(None) };
    Ok(Some(signature::held_by_agent(&agent::at(socket), certificate, facts, court.at)?))
}

/// Signs a word as CI would sign a release, and verifies it as readers would.
fn try_key(
    key: &SigningKey,
    facts: &CertificateFacts,
    court: &Court<'_>,
) -> Result<(Option<Fingerprint>, Vec<Finding>), Stop> {
    let question = KeyQuestion {
        at: court.at,
        signer: &facts.fingerprint,
        published: Some(facts),
        weak_key_until: None,
        max_life: None,
    };
    let mut findings = trust::judge_signing_key(key.facts(), &question);
    let (name, word) = WORD;
    let mut signer = key.sign_detached(court.at, &[(ARTIFACT, name)]).map_err(Failure::from)?;
    signer.update(word);
    let signature = signer.finish().map_err(Failure::from)?;
    let fresh = Court { ask: Ask::Release, ..*court };
    let judgement = fresh.judge(name, &signature, &mut &*word)?;
    findings.extend(judgement.findings);
    let tried = judgement.signers.first().map(|_| key.facts().key.clone());
    Ok((tried, findings))
}

/// Verifies a file that CI signed with what readers have.
fn judge_file(path: &Path, court: &Court<'_>) -> Result<(Value, Vec<Finding>), Stop> {
    let name = printable(path.file_name().unwrap_or_default().as_bytes());
    let mut asc = path.as_os_str().to_os_string();
    asc.push(".asc");
    let asc = Path::new(&asc);
    let mut signature = files::open_regular(asc)?;
    let signature = files::read_all(&mut signature, asc, MAX_SIGNATURE_BYTES as u64 + 1)?;
    let mut data = files::open_regular(path)?;
    let judgement = court.judge(&name, &signature, &mut data)?;
    Ok((json!({"name": name, "signers": judgement.signers}), judgement.findings))
}
