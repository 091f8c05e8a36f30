//! SSH signatures (OpenSSH's PROTOCOL.sshsig): facts, no verdict.
//!
//! The only room that names the crates for Ed25519, NIST P-256 and RSA, and it
//! only ever verifies with them: no secret comes near.

use crate::release::signature::{HashKind, SignatureDefect, Verification};
use crate::release::ssh::{SshKeyMaterial, SshPublicKey, SshSignatureFacts, Wire};
use crate::release::{base64, path::printable};
use sha2::{Digest as _, Sha256, Sha512};

/// Largest armoured signature that is read: one by an RSA key of 8192 bit has
/// 3 KiB.
pub const MAX_BYTES: usize = 16 << 10;

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----\n";
const END: &str = "-----END SSH SIGNATURE-----";

/// Takes one armoured signature apart and verifies it over `data`.
///
/// Everything that this does not know exactly is a defect: version, key type,
/// algorithm, reserved bytes, a second spelling.
///
/// # Errors
/// The defect, by the code of its finding. A signature that does not verify is
/// no defect but a fact.
pub fn inspect(armored: &[u8], data: &[u8]) -> Result<SshSignatureFacts, SignatureDefect> {
    let blob = unarmor(armored)?;
    let mut wire = Wire::new(&blob, "the SSH signature");
    if wire.take(6)? != b"SSHSIG" {
        return Err(wire.malformed("does not begin with SSHSIG"));
    }
    let version = wire.uint32()?;
    if version != 1 {
        let message = format!("expected version 1 of SSH signatures, found {version}");
        return Err(defect("unsupported-signature-version", message));
    }
    let key = SshPublicKey::parse(wire.string()?)?;
    let namespace = wire.string()?;
    if namespace.is_empty() {
        return Err(wire.malformed("has an empty namespace"));
    }
    // Reserved for extensions, which nobody has defined.
    if !wire.string()?.is_empty() {
        return Err(wire.malformed("uses the reserved bytes"));
    }
    let (hash_name, (hash, digest)) = {
        let name = wire.string()?;
        (name, digest(name, data)?)
    };
    let signature = wire.string()?;
    wire.end()?;
    let mut message = b"SSHSIG".to_vec();
    for part in [namespace, b"", hash_name, &digest] {
        message.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        message.extend(part);
    }
    let (verification, user_present) = verify(&key.material, signature, &message)?;
    Ok(SshSignatureFacts { key, namespace: namespace.into(), hash, verification, user_present })
}

fn defect(code: &'static str, message: impl Into<String>) -> SignatureDefect {
    SignatureDefect { code, message: message.into() }
}

fn digest(name: &[u8], data: &[u8]) -> Result<(HashKind, Vec<u8>), SignatureDefect> {
    match name {
        b"sha256" => Ok((HashKind::Sha256, Sha256::digest(data).to_vec())),
        b"sha512" => Ok((HashKind::Sha512, Sha512::digest(data).to_vec())),
        _ => {
            let found = printable(name.get(..64).unwrap_or(name));
            Err(defect("weak-hash", format!("expected sha256 or sha512, found {found:?}")))
        }
    }
}

/// The bytes of exactly one block with nothing around it.
fn unarmor(armored: &[u8]) -> Result<Vec<u8>, SignatureDefect> {
    if armored.len() > MAX_BYTES {
        let message = format!("expected at most {MAX_BYTES} bytes, found {}", armored.len());
        return Err(defect("signature-too-large", message));
    }
    let text = std::str::from_utf8(armored)
        .map_err(|_| defect("malformed-armor", "the SSH signature's armour is no text"))?;
    let Some(body) = text.strip_prefix(BEGIN) else {
        return Err(match text.find(BEGIN) {
            Some(_) => defect("text-outside-armor", "text stands before the SSH signature"),
            None => defect("no-signature", "expected an SSH signature, found none"),
        });
    };
    let Some((digits, after)) = body.split_once(END) else {
        return Err(defect("malformed-armor", "the SSH signature's armour has no last line"));
    };
    if !matches!(after, "" | "\n") {
        let second = after.contains("-----BEGIN ");
        let code = if second { "multiple-armor-blocks" } else { "text-outside-armor" };
        return Err(defect(code, "something follows the SSH signature"));
    }
    let lines = || digits.split_terminator('\n');
    if !digits.ends_with('\n') || lines().any(|line| line.is_empty() || line.len() > 76) {
        return Err(defect("malformed-armor", "the SSH signature's armour has odd lines"));
    }
    let joined: Vec<u8> = lines().flat_map(str::bytes).collect();
    base64::decode(&joined).ok_or_else(|| defect("malformed-armor", "the SSH signature is no clean base64"))
}

/// Verifies the inner signature; for a security key also tells whether it
/// says that its user was present.
fn verify(
    key: &SshKeyMaterial,
    signature: &[u8],
    message: &[u8],
) -> Result<(Verification, Option<bool>), SignatureDefect> {
    let mut wire = Wire::new(signature, "the signature's value");
    let algorithm = wire.string()?;
    let mut user_present = None;
    let good = match (key, algorithm) {
        (SshKeyMaterial::Ed25519(key), b"ssh-ed25519") => {
            let value = wire.array()?;
            wire.end()?;
            ed25519(key, &value, message)
        }
        (SshKeyMaterial::SkEd25519 { key, application }, b"sk-ssh-ed25519@openssh.com") => {
            let value = wire.array()?;
            let flags_and_counter = wire.take(5)?;
            wire.end()?;
            // Bit 0: user present; bit 2: user verified (WebAuthn, 6.1).
            user_present = Some(flags_and_counter.first().is_some_and(|flags| flags & 1 == 1));
            let mut signed = Sha256::digest(application).to_vec();
            signed.extend(flags_and_counter);
            signed.extend(Sha256::digest(message));
            ed25519(key, &value, &signed)
        }
        (SshKeyMaterial::EcdsaP256(point), b"ecdsa-sha2-nistp256") => {
            let value = wire.string()?;
            wire.end()?;
            let mut wire = Wire::new(value, "the ECDSA signature");
            let (r, s) = (wire.number()?, wire.number()?);
            wire.end()?;
            p256(point, r, s, message)
        }
        (SshKeyMaterial::Rsa { exponent, modulus }, b"rsa-sha2-256" | b"rsa-sha2-512") => {
            let value = wire.string()?;
            wire.end()?;
            rsa(exponent, modulus, algorithm == b"rsa-sha2-256", value, message)
        }
        _ => {
            let found = printable(algorithm.get(..64).unwrap_or(algorithm));
            let why = if algorithm == b"ssh-rsa" { ", which means SHA-1" } else { "" };
            let message = format!("expected an algorithm of the key with SHA-2, found {found:?}{why}");
            return Err(defect("unsupported-ssh-signature", message));
        }
    };
    Ok((if good { Verification::Good } else { Verification::Bad }, user_present))
}

/// Refuses keys and points of small order, which many signatures fit.
fn ed25519(key: &[u8; 32], value: &[u8; 64], message: &[u8]) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(value);
    ed25519_dalek::VerifyingKey::from_bytes(key)
        .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}

fn p256(point: &[u8; 65], r: &[u8], s: &[u8], message: &[u8]) -> bool {
    use p256::ecdsa::signature::Verifier as _;
    let scalar = |digits: &[u8]| {
        let mut out = [0; 32];
        let at = 32usize.checked_sub(digits.len())?;
        out.get_mut(at..)?.copy_from_slice(digits);
        Some(out)
    };
    let (Some(r), Some(s)) = (scalar(r), scalar(s)) else { return false };
    let signature = p256::ecdsa::Signature::from_scalars(r, s);
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point);
    key.is_ok_and(|key| signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
}

fn rsa(exponent: &[u8], modulus: &[u8], short: bool, value: &[u8], message: &[u8]) -> bool {
    use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
    let (n, e) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
    let Ok(key) = RsaPublicKey::new_with_max_size(n, e, modulus.len() * 8) else { return false };
    // The value has the length of the modulus (RFC 8332 section 3), as
    // `verify` demands.
    let verified = if short {
        key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), value)
    } else {
        key.verify(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(message), value)
    };
    verified.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(armored: &str) -> &'static str {
        inspect(armored.as_bytes(), b"").unwrap_err().code
    }

    #[test]
    fn the_frame_is_exactly_one_block() {
        let whole = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";
        assert_eq!(code(whole), "malformed-ssh-signature", "the frame is fine, its content is not");
        assert_eq!(code(""), "no-signature");
        assert_eq!(code(&format!(" {whole}")), "text-outside-armor");
        assert_eq!(code(&format!("{whole}x")), "text-outside-armor");
        assert_eq!(code(&format!("{whole}{whole}")), "multiple-armor-blocks");
        assert_eq!(code(&whole.replace("END", "BEGIN")), "malformed-armor");
        for (from, to) in
            [("AAAA\n", "\nAAAA\n"), ("AAAA\n", "AAA\n"), ("AAAA\n", "AAAA"), ("AAAA", "AA\r\nAA")]
        {
            assert_eq!(code(&whole.replace(from, to)), "malformed-armor", "{to:?}");
        }
        assert_eq!(code(&whole.replace("AAAA", &"AAAA".repeat(20))), "malformed-armor", "a long line");
        assert_eq!(code(&whole.replace("AAAA\n", &"AAAA\n".repeat(4000))), "signature-too-large");
        assert_eq!(inspect(b"\xff", b"").unwrap_err().code, "malformed-armor");
    }
}
