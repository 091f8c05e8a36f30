//! Certificates and signatures of any shape, made at run time.
#![allow(dead_code, reason = "every test binary uses a part of it")]

pub mod peers;
pub mod vectors;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign::openpgp::{Form, Keyring, inspect};
use countersign::release::signature::Inspection;
use countersign::release::{Fingerprint, Severity, Time};
use countersign::trust::{Age, Judgement, Membership, Mode, Question, judge};
use sequoia_openpgp as sq;
use sq::armor::{Kind, Writer};
pub use sq::cert::prelude::*;
use sq::crypto::KeyPair;
use sq::packet::key::{Key4, PrimaryRole, SecretParts, SubordinateRole};
pub use sq::packet::prelude::*;
use sq::serialize::{Serialize, SerializeInto};
pub use sq::types::*;

pub const DAY: i64 = 24 * 60 * 60;
pub const DATA: &[u8] = b"hello\nworld\n";

/// The present, once for the whole run: gpg and sqv have no other clock.
pub fn now() -> i64 {
    static NOW: std::sync::OnceLock<i64> = std::sync::OnceLock::new();
    *NOW.get_or_init(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64)
}

/// `days` from the present.
pub fn day(days: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs((now() + days * DAY) as u64)
}

pub fn days(days: i64) -> Option<Duration> {
    Some(Duration::from_secs((days * DAY) as u64))
}

type Primary = Key<SecretParts, PrimaryRole>;
type Subkey = Key<SecretParts, SubordinateRole>;

/// How a signing subkey is made and bound.
#[derive(Clone)]
pub struct SubkeySpec {
    pub key: Option<Key<SecretParts, SubordinateRole>>,
    pub created: i64,
    pub life: Option<Duration>,
    pub flags: KeyFlags,
    pub back_signature: bool,
}

impl Default for SubkeySpec {
    fn default() -> Self {
        Self { key: None, created: -400, life: None, flags: KeyFlags::signing(), back_signature: true }
    }
}

/// How a certificate is made.
#[derive(Clone)]
pub struct Spec {
    pub created: i64,
    pub life: Option<Duration>,
    pub hash: HashAlgorithm,
    pub name: &'static str,
    pub subkeys: Vec<SubkeySpec>,
    /// When the self-signatures are made, in days; with the key if not given.
    pub bound: Option<i64>,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            created: -400,
            life: None,
            hash: HashAlgorithm::SHA512,
            name: "Release <release@example.org>",
            subkeys: vec![SubkeySpec::default()],
            bound: None,
        }
    }
}

/// A certificate with all its secrets.
#[derive(Clone)]
pub struct Holder {
    pub cert: Cert,
}

pub fn ed25519(created: i64) -> Subkey {
    let mut key = Key4::<SecretParts, SubordinateRole>::generate_ecc(true, Curve::Ed25519).unwrap();
    key.set_creation_time(day(created)).unwrap();
    key.into()
}

pub fn rsa(created: i64, bits: usize) -> Subkey {
    let mut key = Key4::<SecretParts, SubordinateRole>::generate_rsa(bits).unwrap();
    key.set_creation_time(day(created)).unwrap();
    key.into()
}

impl Spec {
    pub fn make(&self) -> Holder {
        let primary: Primary = ed25519(self.created).role_into_primary();
        let bound = day(self.bound.unwrap_or(self.created));
        let mut pair = primary.clone().into_keypair().unwrap();
        let user_id = UserID::from(self.name);
        let certification = SignatureBuilder::new(SignatureType::PositiveCertification)
            .set_hash_algo(self.hash)
            .set_signature_creation_time(bound)
            .unwrap()
            .set_key_flags(KeyFlags::certification())
            .unwrap()
            .set_primary_userid(true)
            .unwrap()
            .set_key_validity_period(self.life)
            .unwrap()
            .sign_userid_binding(&mut pair, None, &user_id)
            .unwrap();
        let mut packets: Vec<Packet> = vec![primary.clone().into(), user_id.into(), certification.into()];
        for spec in &self.subkeys {
            let subkey = spec.key.clone().unwrap_or_else(|| ed25519(spec.created));
            let binding = self.bind(spec, &primary, &mut pair, &subkey);
            packets.push(subkey.into());
            packets.push(binding.into());
        }
        Holder { cert: Cert::from_packets(packets.into_iter()).unwrap() }
    }

    fn bind(&self, spec: &SubkeySpec, primary: &Primary, pair: &mut KeyPair, subkey: &Subkey) -> Signature {
        let bound = day(self.bound.unwrap_or(spec.created.max(self.created)));
        let mut builder = SignatureBuilder::new(SignatureType::SubkeyBinding)
            .set_hash_algo(self.hash)
            .set_signature_creation_time(bound)
            .unwrap()
            .set_key_flags(spec.flags.clone())
            .unwrap()
            .set_key_validity_period(spec.life)
            .unwrap();
        if spec.back_signature && spec.flags.for_signing() {
            let back = SignatureBuilder::new(SignatureType::PrimaryKeyBinding)
                .set_hash_algo(self.hash)
                .set_signature_creation_time(bound)
                .unwrap()
                .sign_primary_key_binding(&mut subkey.clone().into_keypair().unwrap(), primary, subkey)
                .unwrap();
            builder = builder.set_embedded_signature(back).unwrap();
        }
        builder.sign_subkey_binding(pair, None, subkey).unwrap()
    }
}

impl Holder {
    pub fn new() -> Self {
        Spec::default().make()
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::parse(&self.cert.fingerprint().to_hex()).unwrap()
    }

    pub fn primary_pair(&self) -> KeyPair {
        self.cert.primary_key().key().clone().parts_into_secret().unwrap().into_keypair().unwrap()
    }

    /// The pair of the `index`th subkey.
    pub fn pair(&self, index: usize) -> KeyPair {
        let subkey = self.cert.keys().subkeys().nth(index).unwrap();
        subkey.key().clone().parts_into_secret().unwrap().into_keypair().unwrap()
    }

    pub fn with(mut self, packet: impl Into<Packet>) -> Self {
        self.cert = self.cert.insert_packets(packet.into()).unwrap().0;
        self
    }

    pub fn revoked(self, reason: ReasonForRevocation, at: i64) -> Self {
        let revocation = CertRevocationBuilder::new()
            .set_reason_for_revocation(reason, b"")
            .unwrap()
            .set_signature_creation_time(day(at))
            .unwrap()
            .build(&mut self.primary_pair(), &self.cert, None)
            .unwrap();
        self.with(revocation)
    }

    pub fn subkey_revoked(self, reason: ReasonForRevocation, at: i64) -> Self {
        let subkey = self.cert.keys().subkeys().next().unwrap().key().clone();
        let revocation = SubkeyRevocationBuilder::new()
            .set_reason_for_revocation(reason, b"")
            .unwrap()
            .set_signature_creation_time(day(at))
            .unwrap()
            .build(&mut self.primary_pair(), &self.cert, &subkey, None)
            .unwrap();
        self.with(revocation)
    }

    pub fn public(&self) -> Vec<u8> {
        self.cert.clone().strip_secret_key_material().armored().to_vec().unwrap()
    }

    pub fn binary(&self) -> Vec<u8> {
        self.cert.clone().strip_secret_key_material().to_vec().unwrap()
    }

    /// A signature over `data` by the first subkey, `at` days from now.
    pub fn sign(&self, at: i64, data: &[u8]) -> Signature {
        self.sign_with(at, data, Ok)
    }

    pub fn sign_with(
        &self,
        at: i64,
        data: &[u8],
        change: impl FnOnce(SignatureBuilder) -> sq::Result<SignatureBuilder>,
    ) -> Signature {
        sign(&mut self.pair(0), at, data, SignatureType::Binary, HashAlgorithm::SHA512, change)
    }
}

pub fn sign(
    pair: &mut KeyPair,
    at: i64,
    data: &[u8],
    kind: SignatureType,
    hash: HashAlgorithm,
    change: impl FnOnce(SignatureBuilder) -> sq::Result<SignatureBuilder>,
) -> Signature {
    let builder =
        SignatureBuilder::new(kind).set_hash_algo(hash).set_signature_creation_time(day(at)).unwrap();
    let builder = change(builder).unwrap().pre_sign(pair).unwrap();
    let mut context = hash.context().unwrap().for_signature(pair.public().version());
    context.update(builder.prefix_salt().unwrap_or_default());
    context.update(data);
    builder.sign_hash(pair, context).unwrap()
}

pub fn armored_as(kind: Kind, packets: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), kind).unwrap();
    std::io::Write::write_all(&mut writer, packets).unwrap();
    writer.finalize().unwrap()
}

pub fn binary(signatures: &[Signature]) -> Vec<u8> {
    let mut out = Vec::new();
    for signature in signatures {
        Packet::from(signature.clone()).serialize(&mut out).unwrap();
    }
    out
}

pub fn armored(signatures: &[Signature]) -> Vec<u8> {
    armored_as(Kind::Signature, &binary(signatures))
}

pub fn keyring(holders: &[&Holder]) -> Keyring {
    let entries = holders.iter().map(|holder| (format!("{}.asc", holder.fingerprint()), holder.public()));
    Keyring::load(entries.collect()).unwrap()
}

pub fn members(holders: &[&Holder]) -> BTreeMap<Fingerprint, Membership> {
    let groups = BTreeSet::from(["release-team".to_string()]);
    let membership = Membership { groups, ..Membership::default() };
    holders.iter().map(|holder| (holder.fingerprint(), membership.clone())).collect()
}

pub fn look(signature: &[u8], form: Form, data: &[u8], holders: &[&Holder]) -> Inspection {
    inspect(signature, form, &mut &data[..], &keyring(holders)).unwrap()
}

pub fn question(mode: Mode, allowed: &BTreeMap<Fingerprint, Membership>) -> Question<'_> {
    // As the commands ask, unless they are told otherwise.
    let age = Age::Unproven;
    Question { age, ..Question::new("hello.tar.gz", mode, Time::from_unix(now()), allowed) }
}

/// Judges with all `holders` in keyring and policy.
pub fn judged(signature: &[u8], form: Form, data: &[u8], holders: &[&Holder], mode: Mode) -> Judgement {
    judge(&look(signature, form, data, holders), &question(mode, &members(holders)))
}

/// The answer in one line: the codes of the errors or `ok`, then notes and
/// warnings in brackets.
pub fn answer(judgement: &Judgement) -> String {
    let codes = |error: bool| {
        let wanted = judgement.findings.iter().filter(|f| (f.severity == Severity::Error) == error);
        wanted.map(|finding| finding.code).collect::<Vec<_>>().join(" ")
    };
    let (errors, others) = (codes(true), codes(false));
    let verdict = match (errors.as_str(), judgement.accepted()) {
        ("", true) => "ok",
        ("", false) => panic!("rejected without an error: {judgement:?}"),
        (errors, false) => errors,
        (_, true) => panic!("accepted in spite of an error: {judgement:?}"),
    };
    if others.is_empty() { verdict.to_string() } else { format!("{verdict} ({others})") }
}
