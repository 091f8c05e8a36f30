//! Extra fields of zip headers (APPNOTE 4.5; Info-ZIP's extrafld.txt).

use super::super::codes;
use super::super::error::Fault;

/// Which of an entry's two headers the fields stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Local,
    Central,
}

/// Fields that hold times and owners, which change nothing that is read, with
/// the forms that writers give them: a reader that knows a field gives up on a
/// malformed one. Every other field is refused: zip64 and AES change sizes and
/// data, Info-ZIP's Unicode path is a second name that some readers follow.
const HARMLESS: [(u16, Form); 5] = [
    (0x000a, |value, _| value.len() == 32),             // NTFS times
    (0x5455, timestamps),                               // Info-ZIP times
    (0x5855, |value, _| matches!(value.len(), 8 | 12)), // Info-ZIP Unix, first kind
    (0x7855, |value, _| matches!(value.len(), 0 | 4)),  // Info-ZIP Unix, second kind
    (0x7875, |value, _| matches!(value, [1, 4, _, _, _, _, 4, _, _, _, _])), // uid and gid
];

type Form = fn(&[u8], Side) -> bool;

/// A byte of flags, then one time for each flag; the central directory has at
/// most the first, whatever the flags say.
fn timestamps(value: &[u8], side: Side) -> bool {
    let Some((flags @ 0..=7, times)) = value.split_first() else { return false };
    let wanted = match side {
        Side::Local => flags.count_ones(),
        Side::Central => u32::from(flags & 1),
    };
    u32::try_from(times.len()) == Ok(4 * wanted)
}

/// Checks that `extra` is a row of harmless fields, each once, without a rest.
pub(super) fn check(mut extra: &[u8], side: Side) -> Result<(), Fault> {
    let mut seen = [false; HARMLESS.len()];
    while !extra.is_empty() {
        let (id, value, rest) =
            field(extra).ok_or_else(|| fault("the extra fields of a zip header are malformed"))?;
        let Some(((_, form), seen)) = HARMLESS.iter().zip(&mut seen).find(|((known, _), _)| *known == id)
        else {
            return Err(fault(&format!(
                "zip extra field {id:#06x} is not one of those known to be harmless"
            )));
        };
        if std::mem::replace(seen, true) {
            return Err(fault(&format!("zip extra field {id:#06x} is given twice")));
        }
        if !form(value, side) {
            return Err(fault(&format!("zip extra field {id:#06x} is malformed")));
        }
        extra = rest;
    }
    Ok(())
}

/// Id and value of the first field, and what follows it.
fn field(extra: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (id, rest) = extra.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (value, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    Some((u16::from_le_bytes(*id), value, rest))
}

fn fault(message: &str) -> Fault {
    Fault::new(codes::ZIP_EXTRA, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_real_writers() {
        for (extra, side) in [
            (&b""[..], Side::Local),
            (b"UT\x09\0\x03aaaabbbb", Side::Local),
            (b"UT\x05\0\x03aaaa", Side::Central),
            (b"UT\x05\0\x01aaaaux\x0b\0\x01\x04aaaa\x04bbbb", Side::Central),
        ] {
            assert_eq!(check(extra, side), Ok(()), "{extra:?}");
        }
    }

    #[test]
    fn unknown_repeated_and_malformed_fields_are_refused() {
        for (bad, side) in [
            (&b"UT\x05\0\x01aaa"[..], Side::Local),
            (b"UT\x01", Side::Local),
            (b"UT\0\0", Side::Local),
            (b"UT\x05\0\x03aaaa", Side::Local),
            (b"UT\x05\0\x09aaaa", Side::Local),
            (b"UT\x09\0\x03aaaabbbb", Side::Central),
            (b"ux\x0b\0\x02\x04aaaa\x04bbbb", Side::Local),
            (b"\x0a\0\x04\0aaaa", Side::Local),
            (b"\0\0\0\0", Side::Local),
            (b"UT\x05\0\x01aaaaUT\x05\0\x01aaaa", Side::Local),
            (b"up\x01\0a", Side::Central),
            (b"\x01\0\0\0", Side::Central),
            (b"UT\x05\0\x01aaaa\0", Side::Central),
        ] {
            assert_eq!(check(bad, side).unwrap_err().code, codes::ZIP_EXTRA, "{bad:?}");
        }
    }
}
