//! What stands in a signature file and around it.

use std::io::Write as _;

use sequoia_openpgp as sq;
use sq::armor::Kind;
use sq::packet::Tag;
use sq::serialize::stream::{LiteralWriter, Message, Signer};

use super::{Vector, bare};
use crate::openpgp_support::*;

pub fn vectors() -> Vec<Vector> {
    let mut all = several();
    all.extend(around());
    all.extend(labels());
    all.extend(other_documents());
    all.extend(nothing());
    all
}

fn several() -> Vec<Vector> {
    let (holder, stranger) = (Holder::new(), Holder::new());
    let good = || holder.sign(0, DATA);
    let bad = || holder.sign(0, b"other data");
    let unknown = || stranger.sign(0, DATA);
    let blocks = |one: Signature, two: Signature| [armored(&[one]), armored(&[two])].concat();
    let once = good();
    let many: Vec<Signature> = (0..100).map(|_| once.clone()).collect();
    let more: Vec<Signature> = (0..600).map(|_| once.clone()).collect();
    let mut changed = Vector::new("3", "data changed", &holder, good(), "bad-signature");
    changed.data = b"hello\nWorld\n".to_vec();
    vec![
        changed,
        Vector::new("21", "good, then unknown key", &holder, [good(), unknown()], "ok (unknown-signer)"),
        Vector::new("22", "unknown key, then good", &holder, [unknown(), good()], "ok (unknown-signer)"),
        Vector::new("23", "good and bad by one key", &holder, [good(), bad()], "bad-signature"),
        Vector::new("24", "one signature twice", &holder, [once.clone(), once], "ok (duplicate-signature)"),
        Vector::new(
            "25",
            "two armour blocks: unknown, good",
            &holder,
            blocks(unknown(), good()),
            "multiple-armor-blocks",
        ),
        Vector::new(
            "26",
            "two armour blocks: good, unknown",
            &holder,
            blocks(good(), unknown()),
            "multiple-armor-blocks",
        ),
        Vector::new("45", "100 signatures in a file", &holder, armored(&many), "too-many-signatures"),
        Vector::new("45a", "600 signatures in a file", &holder, armored(&more), "signature-too-large"),
    ]
}

fn around() -> Vec<Vector> {
    let holder = Holder::new();
    let signature = || holder.sign(0, DATA);
    let before = [b"Dear packager,\n".to_vec(), armored(&[signature()])].concat();
    let after = [armored(&[signature()]), b"\nregards\n".to_vec()].concat();
    let mut stray = bare(signature());
    stray.0.extend(b"\x01\x02\x03");
    let bare_as_asc = binary(&[signature()]);
    vec![
        Vector::new("27", "text before the armour", &holder, before, "text-outside-armor"),
        Vector::new("28", "text after the armour", &holder, after, "text-outside-armor"),
        Vector::new("29", "binary signature, as .sig", &holder, bare(signature()), "ok"),
        Vector::new("29a", "binary signature, as .asc", &holder, bare_as_asc, "binary-signature"),
        Vector::new("30", "binary signature and 3 stray bytes", &holder, stray, "trailing-data"),
    ]
}

fn labels() -> Vec<Vector> {
    let holder = Holder::new();
    let packets = binary(&[holder.sign(0, DATA)]);
    let message = armored_as(Kind::Message, &packets);
    let key = armored_as(Kind::PublicKey, &packets);
    vec![
        Vector::new("31", "label MESSAGE", &holder, message, "wrong-armor-label"),
        Vector::new("32", "label PUBLIC KEY BLOCK", &holder, key, "wrong-armor-label"),
    ]
}

fn other_documents() -> Vec<Vector> {
    let holder = Holder::new();
    let cleartext = |text: &[u8]| {
        let mut sink = Vec::new();
        let message = Message::new(&mut sink);
        let mut signer =
            Signer::new(message, holder.pair(0)).unwrap().creation_time(day(0)).cleartext().build().unwrap();
        signer.write_all(text).unwrap();
        signer.finalize().unwrap();
        sink
    };
    let inline = {
        let mut sink = Vec::new();
        let message = Message::new(&mut sink);
        let signer = Signer::new(message, holder.pair(0)).unwrap().creation_time(day(0)).build().unwrap();
        let mut literal = LiteralWriter::new(signer).build().unwrap();
        literal.write_all(DATA).unwrap();
        literal.finalize().unwrap();
        sink
    };
    // A compressed data packet whose algorithm is "none".
    let mut compressed = vec![0xc0 | u8::from(Tag::CompressedData), 255];
    compressed.extend((inline.len() as u32 + 1).to_be_bytes());
    compressed.push(0);
    compressed.extend(&inline);
    let certificate = holder.public();
    let ssh = b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n".to_vec();
    let v3 = vec![
        0x88, 0x1c, 3, 5, 0, 0x66, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 1, 8, 0, 0, 0, 7, 0x7f, 0, 0, 0, 0, 0, 0,
    ];
    vec![
        Vector::new(
            "33",
            "inline-signed message",
            &holder,
            armored_as(Kind::Message, &inline),
            "not-a-detached-signature",
        ),
        Vector::new(
            "33a",
            "compressed message",
            &holder,
            armored_as(Kind::Message, &compressed),
            "not-a-detached-signature",
        ),
        Vector::new("34", "cleartext-signed document", &holder, cleartext(DATA), "not-a-detached-signature"),
        Vector::new(
            "34a",
            "cleartext-signed document with another text",
            &holder,
            cleartext(b"other data\n"),
            "not-a-detached-signature",
        ),
        Vector::new(
            "50",
            "a public key in place of a signature",
            &holder,
            certificate,
            "not-a-detached-signature",
        ),
        Vector::new("62", "an SSH signature", &holder, ssh, "unsupported-signature-format"),
        Vector::new(
            "63",
            "version 3 signature",
            &holder,
            armored_as(Kind::Signature, &v3),
            "unsupported-signature-version",
        ),
    ]
}

fn nothing() -> Vec<Vector> {
    let holder = Holder::new();
    let empty = b"-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n".to_vec();
    let good = String::from_utf8(armored(&[holder.sign(0, DATA)])).unwrap();
    let unsummed: String =
        good.lines().filter(|line| !line.starts_with('=')).map(|line| format!("{line}\n")).collect();
    let checksum = unsummed.replace("\n-----END", "\n=AAAA\n-----END").into_bytes();
    let cut = good.split_at(good.len() / 2).0.as_bytes().to_vec();
    vec![
        Vector::new("49", "empty file", &holder, Vec::new(), "no-signature"),
        Vector::new("51", "empty armour", &holder, empty, "no-signature"),
        Vector::new("52", "armour cut in the middle", &holder, cut, "malformed-armor"),
        Vector::new("52a", "armour with a wrong checksum line", &holder, checksum, "ok"),
    ]
}
