//! Extra fields of zip headers (APPNOTE 4.5; Info-ZIP's list).

use super::super::codes;
use super::super::error::Fault;

/// Fields that hold times and owners, which change nothing that is read.
/// Everything else is refused: zip64 and AES change sizes and data, Info-ZIP's
/// Unicode path is a second name that only some readers follow.
const HARMLESS: [u16; 5] = [
    0x000a, // NTFS times
    0x5455, // Info-ZIP extended timestamps
    0x5855, // Info-ZIP Unix, first kind
    0x7855, // Info-ZIP Unix, second kind
    0x7875, // Info-ZIP Unix, uid and gid
];

/// Checks that `extra` is a row of harmless fields, each once, without a rest.
pub(super) fn check(mut extra: &[u8]) -> Result<(), Fault> {
    let mut seen = [false; HARMLESS.len()];
    while !extra.is_empty() {
        let (id, rest) =
            field(extra).ok_or_else(|| fault("the extra fields of a zip header are malformed"))?;
        let Some((_, seen)) = HARMLESS.iter().zip(&mut seen).find(|(known, _)| **known == id) else {
            return Err(fault(&format!(
                "zip extra field {id:#06x} is not one of those known to be harmless"
            )));
        };
        if std::mem::replace(seen, true) {
            return Err(fault(&format!("zip extra field {id:#06x} is given twice")));
        }
        extra = rest;
    }
    Ok(())
}

/// Id of the first field, and what follows it.
fn field(extra: &[u8]) -> Option<(u16, &[u8])> {
    let (id, rest) = extra.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (_, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    Some((u16::from_le_bytes(*id), rest))
}

fn fault(message: &str) -> Fault {
    Fault::new(codes::ZIP_EXTRA, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_fields_once_and_whole() {
        assert!(check(b"").is_ok());
        assert!(check(b"UT\x05\x00\x01aaaaux\x01\x00\x01").is_ok());
        for bad in [
            &b"UT\x05\x00\x01aaa"[..],
            b"UT\x01",
            b"\0\0\0\0",
            b"UT\x01\x00aUT\x01\x00a",
            b"up\x01\x00a",
            b"\x01\x00\x00\x00",
            b"UT\x01\x00a\0",
        ] {
            assert_eq!(check(bad).unwrap_err().code, codes::ZIP_EXTRA, "{bad:?}");
        }
    }
}
