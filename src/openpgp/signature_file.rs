//! A detached signature file, taken apart before any cryptography.
//!
//! Every refusal here is cheap and happens first: size, armour, number and
//! type of packets. Only then is a packet parsed.

use sequoia_openpgp as sq;
use sq::Packet;
use sq::packet::Signature;
use sq::parse::{Dearmor, PacketParserBuilder, PacketParserResult, Parse};

use super::armor::{self, ArmorDefect};
use super::framing::{self, Frame};
use crate::release::signature::SignatureDefect;

/// A signature file that is larger is not looked at. The largest honest
/// signature, SLH-DSA-SHAKE-256s in armour, takes 41 KB.
pub const MAX_SIGNATURE_BYTES: usize = 64 * 1024;

/// A file with more signature packets is not looked at.
pub const MAX_SIGNATURES: usize = 16;

/// How the file may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Exactly one armour block `PGP SIGNATURE` and nothing around it: what
    /// lies beside an artifact as `.asc`, and what ends a tag.
    Armored,
    /// Bare packets, as in `.sig`.
    Binary,
}

/// The packets of a signature file, or what is wrong with it.
pub struct SignatureFile {
    pub(super) packets: Result<Vec<Signature>, SignatureDefect>,
}

impl SignatureFile {
    /// Takes a file apart. Reading [`MAX_SIGNATURE_BYTES`] and one more byte
    /// of it is enough.
    pub fn parse(bytes: &[u8], form: Form) -> Self {
        Self { packets: parse(bytes, form) }
    }

    /// What is wrong with the file as a whole, if anything is.
    pub fn defect(&self) -> Option<&SignatureDefect> {
        self.packets.as_ref().err()
    }
}

fn defect(code: &'static str, message: impl Into<String>) -> SignatureDefect {
    SignatureDefect { code, message: message.into() }
}

fn parse(bytes: &[u8], form: Form) -> Result<Vec<Signature>, SignatureDefect> {
    if bytes.len() > MAX_SIGNATURE_BYTES {
        return Err(defect(
            "signature-too-large",
            format!("the signature is larger than {MAX_SIGNATURE_BYTES} bytes"),
        ));
    }
    match form {
        Form::Binary => packets(bytes),
        Form::Armored => {
            let body = armor::decode(bytes, "PGP SIGNATURE").map_err(|found| armor_defect(bytes, found))?;
            packets(&body)
        }
    }
}

fn armor_defect(bytes: &[u8], found: ArmorDefect) -> SignatureDefect {
    match found {
        ArmorDefect::NoArmor if bytes.first().is_some_and(|byte| byte & 0x80 != 0) => defect(
            "binary-signature",
            "expected an armoured signature, found bytes that look like a binary one",
        ),
        ArmorDefect::NoArmor => defect("no-signature", "expected an armoured signature, found none"),
        ArmorDefect::TextOutside(text) => defect(
            "text-outside-armor",
            format!("expected nothing but one armour block, found the text \"{text}\" outside of it"),
        ),
        ArmorDefect::SeveralBlocks => {
            defect("multiple-armor-blocks", "expected one armour block, found another one after it")
        }
        ArmorDefect::WrongLabel { label, body } => wrong_label(&label, body.as_deref()),
        ArmorDefect::Cleartext => defect(
            "not-a-detached-signature",
            "expected a detached signature, found a cleartext-signed document, whose own text is what is signed",
        ),
        ArmorDefect::OtherFormat(label) => {
            defect("unsupported-signature-format", format!("expected an OpenPGP signature, found {label}"))
        }
        ArmorDefect::HeadersTooLong => {
            defect("malformed-armor", "the armour headers are longer than 4096 bytes")
        }
        ArmorDefect::Malformed(why) => defect("malformed-armor", format!("the armour cannot be read: {why}")),
    }
}

/// A wrong label around signatures is told apart from something that is no
/// signature at all.
fn wrong_label(label: &str, body: Option<&[u8]>) -> SignatureDefect {
    let signatures = body.is_some_and(|body| {
        let (frames, rest) = framing::split(body, MAX_SIGNATURES);
        !frames.is_empty() && rest.is_empty() && frames.iter().all(|frame| frame.tag == framing::SIGNATURE)
    });
    if signatures {
        defect("wrong-armor-label", format!("expected the label PGP SIGNATURE, found {label}"))
    } else {
        defect("not-a-detached-signature", format!("expected a detached signature, found a block {label}"))
    }
}

fn packets(body: &[u8]) -> Result<Vec<Signature>, SignatureDefect> {
    if body.is_empty() {
        return Err(defect("no-signature", "expected a signature, found nothing"));
    }
    let (frames, rest) = framing::split(body, MAX_SIGNATURES + 1);
    if let Some(other) = frames.iter().find(|frame| frame.tag != framing::SIGNATURE) {
        let message = format!("expected only signature packets, found a packet of type {}", other.tag);
        return Err(defect("not-a-detached-signature", message));
    }
    if frames.is_empty() {
        return Err(defect("not-a-detached-signature", "expected a signature packet, found other bytes"));
    }
    if frames.len() > MAX_SIGNATURES {
        return Err(defect(
            "too-many-signatures",
            format!("expected at most {MAX_SIGNATURES} signatures, found more"),
        ));
    }
    if !rest.is_empty() {
        let message =
            format!("expected only signature packets, found {} bytes after the last one", rest.len());
        return Err(defect("trailing-data", message));
    }
    frames.iter().map(packet).collect()
}

/// Parses one signature packet whose frame is known.
fn packet(frame: &Frame<'_>) -> Result<Signature, SignatureDefect> {
    match parse_packet(frame.bytes) {
        Some(Packet::Signature(signature)) if matches!(signature.version(), 4 | 6) => Ok(signature),
        Some(Packet::Signature(signature)) => Err(defect(
            "unsupported-signature-version",
            format!("expected a signature of version 4 or 6, found version {}", signature.version()),
        )),
        _ => Err(defect("malformed-signature", "a signature packet cannot be read")),
    }
}

fn parse_packet(bytes: &[u8]) -> Option<Packet> {
    let parser = PacketParserBuilder::from_bytes(bytes).ok()?.dearmor(Dearmor::Disabled).build().ok()?;
    let PacketParserResult::Some(parser) = parser else { return None };
    let (packet, next) = parser.next().ok()?;
    matches!(next, PacketParserResult::EOF(_)).then_some(packet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: &[u8], form: Form) -> Option<&'static str> {
        SignatureFile::parse(bytes, form).defect().map(|defect| defect.code)
    }

    #[test]
    fn what_is_no_signature_file_is_told_before_any_cryptography() {
        for (bytes, form, expected) in [
            (&b""[..], Form::Armored, "no-signature"),
            (b"\n\n", Form::Armored, "no-signature"),
            (b"hello", Form::Armored, "no-signature"),
            (b"\xc2\x00", Form::Armored, "binary-signature"),
            (b"", Form::Binary, "no-signature"),
            (b"hello", Form::Binary, "not-a-detached-signature"),
            (b"\xcb\x01x", Form::Binary, "not-a-detached-signature"),
            (b"\xc2\x00", Form::Binary, "malformed-signature"),
            (b"\xc2\x01\x05", Form::Binary, "malformed-signature"),
            (b"\xc2\x01\x04rest", Form::Binary, "trailing-data"),
        ] {
            assert_eq!(code(bytes, form), Some(expected), "{bytes:?}");
        }
    }

    #[test]
    fn caps_come_first() {
        assert_eq!(code(&[b' '; MAX_SIGNATURE_BYTES + 1], Form::Armored), Some("signature-too-large"));
        assert_eq!(code(&[0xc2, 1, 4].repeat(17), Form::Binary), Some("too-many-signatures"));
    }
}
