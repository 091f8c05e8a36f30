//! What a signature packet says: hash, type, subpackets.

use sequoia_openpgp as sq;
use sq::packet::signature::subpacket::*;
use sq::types::*;

use super::Vector;
use crate::openpgp_support::*;

pub fn vectors() -> Vec<Vector> {
    let mut all = hashes();
    all.extend(types());
    all.extend(subpackets());
    all.extend(unhashed());
    all
}

fn hashes() -> Vec<Vector> {
    let rows = [
        ("17", "hash SHA-1", HashAlgorithm::SHA1),
        ("18", "hash MD5", HashAlgorithm::MD5),
        ("19", "hash RIPEMD-160", HashAlgorithm::RipeMD),
        ("20", "hash SHA-224", HashAlgorithm::SHA224),
    ];
    rows.map(|(row, what, hash)| {
        let holder = Holder::new();
        let signature = sign(&mut holder.pair(0), 0, DATA, SignatureType::Binary, hash, Ok);
        Vector::new(row, what, &holder, signature, "weak-hash")
    })
    .into()
}

fn types() -> Vec<Vector> {
    let rows = [
        ("39a", "type standalone", SignatureType::Standalone),
        ("39b", "type generic certification", SignatureType::GenericCertification),
        ("39c", "type positive certification", SignatureType::PositiveCertification),
        ("39d", "type direct key", SignatureType::DirectKey),
        ("39e", "type timestamp", SignatureType::Timestamp),
        ("39f", "type confirmation", SignatureType::Confirmation),
        ("39g", "type key revocation", SignatureType::KeyRevocation),
        ("39h", "type unknown", SignatureType::Unknown(0x77)),
    ];
    let mut all: Vec<Vector> = rows
        .map(|(row, what, kind)| {
            let holder = Holder::new();
            let signature = sign(&mut holder.pair(0), 0, DATA, kind, HashAlgorithm::SHA512, Ok);
            Vector::new(row, what, &holder, signature, "wrong-signature-type")
        })
        .into();
    // Text signatures hash CRLF whatever the file has.
    let holder = Holder::new();
    let signature =
        sign(&mut holder.pair(0), 0, b"hello\r\nworld\r\n", SignatureType::Text, HashAlgorithm::SHA512, Ok);
    let as_signed = Vector::new("40", "text signature", &holder, signature.clone(), "text-mode-signature");
    let mut changed = Vector::new(
        "40a",
        "text signature, LF changed to CRLF in the file",
        &holder,
        signature,
        "text-mode-signature",
    );
    changed.data = b"hello\r\nworld\r\n".to_vec();
    all.extend([as_signed, changed]);
    all
}

fn subpackets() -> Vec<Vector> {
    let holder = Holder::new();
    let notation = |critical| {
        holder.sign_with(0, DATA, |builder| {
            builder.add_notation(
                "odd@example.org",
                b"x",
                NotationDataFlags::empty().set_human_readable(),
                critical,
            )
        })
    };
    let unknown = holder.sign_with(0, DATA, |builder| {
        let body = SubpacketValue::Unknown { tag: SubpacketTag::Private(101), body: b"x".to_vec() };
        builder.modify_hashed_area(|mut area| {
            area.add(Subpacket::new(body, true)?)?;
            Ok(area)
        })
    });
    let other = Holder::new();
    let recipient =
        holder.sign_with(0, DATA, |builder| builder.set_intended_recipients([other.cert.fingerprint()]));
    vec![
        Vector::new("35", "critical unknown notation", &holder, notation(true), "unknown-critical-subpacket"),
        Vector::new("36", "unknown notation, not critical", &holder, notation(false), "ok"),
        Vector::new("37", "critical unknown subpacket", &holder, unknown, "unknown-critical-subpacket"),
        Vector::new("38", "intended for another recipient", &holder, recipient, "intended-recipient"),
    ]
}

fn unhashed() -> Vec<Vector> {
    let (holder, other) = (Holder::new(), Holder::new());
    let mut nobody = holder.sign_with(0, DATA, |builder| {
        builder.modify_unhashed_area(|mut area| {
            area.add(Subpacket::new(SubpacketValue::Issuer(sq::KeyID::wildcard()), false)?)?;
            Ok(area)
        })
    });
    nobody.unhashed_area_mut().clear();
    assert!(nobody.get_issuers().is_empty());
    let with = |values: Vec<SubpacketValue>| {
        let mut signature = holder.sign(0, DATA);
        for value in values {
            signature.unhashed_area_mut().add(Subpacket::new(value, false).unwrap()).unwrap();
        }
        signature
    };
    let old = Timestamp::try_from(day(-4000)).unwrap();
    let dated = with(vec![SubpacketValue::SignatureCreationTime(old)]);
    let foreign = with(vec![
        SubpacketValue::Issuer(other.cert.keyid()),
        SubpacketValue::IssuerFingerprint(other.cert.fingerprint()),
    ]);
    let filler =
        |_| SubpacketValue::NotationData(NotationData::new("fill@example.org", vec![0x55; 6000], None));
    let large = with((0..10).map(filler).collect());
    vec![
        Vector::new("41", "no issuer named", &holder, nobody, "ok"),
        Vector::new("42", "another creation time, unhashed", &holder, dated, "ok"),
        Vector::new("43", "another issuer, unhashed", &holder, foreign, "ok"),
        Vector::new("44", "60 KB in the unhashed area", &holder, large, "signature-too-large"),
    ]
}
