//! Critical subpackets and notations that nobody here knows, and the
//! notations of our own (RFC 9580 sections 5.2.3.7 and 5.2.3.24).

use sequoia_openpgp as sq;
use sq::packet::Signature;
use sq::packet::signature::subpacket::{SubpacketTag, SubpacketValue};

/// Domain of our notation names. `.invalid` belongs to nobody and never will
/// (RFC 2606), so nobody else can give these names another meaning.
pub const NOTATION_DOMAIN: &str = "countersign.invalid";

/// What signature libraries put in to make signatures unpredictable.
const SALT: &str = "salt@notations.sequoia-pgp.org";

/// Critical subpackets and notations without a known meaning, in words.
///
/// Only the hashed area counts: whoever passes the file on can write into the
/// other one.
pub(super) fn unknown(signature: &Signature) -> Vec<String> {
    let critical = signature.hashed_area().iter().filter(|subpacket| subpacket.critical());
    critical
        .filter_map(|subpacket| match subpacket.value() {
            SubpacketValue::NotationData(notation) => {
                let known = notation.name() == SALT || local_name(notation.name()).is_some();
                (!known).then(|| {
                    format!("notation {}", crate::release::path::printable(notation.name().as_bytes()))
                })
            }
            SubpacketValue::Unknown { tag, .. } => Some(format!("subpacket {}", u8::from(*tag))),
            _ => match subpacket.tag() {
                tag @ (SubpacketTag::Reserved(_) | SubpacketTag::Private(_) | SubpacketTag::Unknown(_)) => {
                    Some(format!("subpacket {}", u8::from(tag)))
                }
                _ => None,
            },
        })
        .collect()
}

/// Hashed notations in our domain: the part before the `@`, and the value.
pub(super) fn ours(signature: &Signature) -> Vec<(String, String)> {
    let subpackets = signature.hashed_area().subpackets(SubpacketTag::NotationData);
    subpackets
        .filter_map(|subpacket| match subpacket.value() {
            SubpacketValue::NotationData(notation) => {
                let name = local_name(notation.name())?;
                Some((name.to_owned(), String::from_utf8_lossy(notation.value()).into_owned()))
            }
            _ => None,
        })
        .collect()
}

fn local_name(name: &str) -> Option<&str> {
    name.strip_suffix(NOTATION_DOMAIN)?.strip_suffix('@')
}
