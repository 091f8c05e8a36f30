//! The head of a pack's entry (gitformat-pack).

use crate::git::objects::Kind;
use crate::release::ObjectId;

/// What an entry's head says: a plain object, or a delta on an entry so many
/// bytes before it or on an object by id.
pub(super) enum RawContent {
    Plain(Kind),
    Back(u64),
    On(ObjectId),
}

/// Content, inflated size and length of an entry's head.
pub(super) fn parse_entry(bytes: &[u8], id_length: usize) -> Option<(RawContent, u64, usize)> {
    let (first, mut rest) = bytes.split_first()?;
    let mut size = u64::from(first & 0x0f);
    let mut more = first & 0x80 != 0;
    let mut shift = 4;
    while more {
        let (byte, after) = rest.split_first()?;
        rest = after;
        size |= u64::from(byte & 0x7f).checked_shl(shift).filter(|_| shift < 57)?;
        shift += 7;
        more = byte & 0x80 != 0;
    }
    let content = match first >> 4 & 7 {
        1 => RawContent::Plain(Kind::Commit),
        2 => RawContent::Plain(Kind::Tree),
        3 => RawContent::Plain(Kind::Blob),
        4 => RawContent::Plain(Kind::Tag),
        6 => {
            let (back, after) = distance(rest)?;
            rest = after;
            RawContent::Back(back)
        }
        7 => {
            let (id, after) = rest.split_at_checked(id_length)?;
            rest = after;
            RawContent::On(ObjectId::from_bytes(id)?)
        }
        _ => return None,
    };
    Some((content, size, bytes.len() - rest.len()))
}

/// The distance to a delta's base: seven bits a byte, the highest first, one
/// added for each byte that follows.
fn distance(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (byte, mut rest) = bytes.split_first()?;
    let mut value = u64::from(byte & 0x7f);
    let mut more = byte & 0x80 != 0;
    while more {
        let (byte, after) = rest.split_first()?;
        rest = after;
        value = value.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
        more = byte & 0x80 != 0;
    }
    Some((value, rest))
}
