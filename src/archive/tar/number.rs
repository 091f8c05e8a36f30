//! Numbers in tar headers: octal text, or binary where text cannot hold them.

use super::super::codes;
use super::super::error::Fault;

/// Reads the number in `field`; `None` if the field is empty (all NUL or all
/// blank), which writers leave where they have nothing to say.
///
/// Text is octal digits, padded with blanks in front (Perl's Archive::Tar) or
/// zeros, and closed by NULs or blanks. Only a number that needs the whole
/// field may do without the close (libarchive does that). Binary ("base-256",
/// first byte 0x80, or 0xff for negative) is a GNU extension and taken only
/// for what text cannot hold: one number, one spelling.
pub(super) fn number(name: &str, field: &[u8]) -> Result<Option<i128>, Fault> {
    match field.first() {
        Some(0x80 | 0xff) => binary(name, field).map(Some),
        _ => octal(name, field).map(|value| value.map(i128::from)),
    }
}

/// As [`number`], but text only.
pub(super) fn octal(name: &str, field: &[u8]) -> Result<Option<u64>, Fault> {
    let text = field.trim_ascii_start();
    let digits = text.iter().take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let (digits, rest) = text.split_at(digits);
    if text.len() < field.len() && !field.starts_with(b" ")
        || rest.iter().any(|byte| !matches!(byte, 0 | b' '))
    {
        return Err(malformed(name, field));
    }
    if digits.is_empty() {
        // Blanks and NULs mixed are no empty field that any writer leaves.
        let uniform = field.iter().all(|byte| Some(byte) == field.first());
        return if uniform { Ok(None) } else { Err(malformed(name, field)) };
    }
    if rest.is_empty() && (digits.len() < field.len() || digits.starts_with(b"0")) {
        return Err(malformed(name, field));
    }
    // At most 12 digits of 3 bits each.
    Ok(Some(digits.iter().fold(0, |value, digit| value * 8 + u64::from(digit - b'0'))))
}

fn binary(name: &str, field: &[u8]) -> Result<i128, Fault> {
    let negative = field.starts_with(&[0xff]);
    let start: i128 = if negative { -1 } else { 0 };
    let value = field.iter().skip(1).fold(start, |value, byte| value << 8 | i128::from(*byte));
    // The text form holds one digit less than the field has bytes.
    let text_holds = 1i128 << (3 * field.len().saturating_sub(1));
    if (negative && value >= 0) || (0..text_holds).contains(&value) {
        let message = format!("the {name} field is written in binary although octal digits can hold it");
        return Err(Fault::new(codes::TAR_NUMBER, message));
    }
    Ok(value)
}

fn malformed(name: &str, field: &[u8]) -> Fault {
    let shown = crate::release::path::printable(field);
    Fault::new(codes::TAR_NUMBER, format!("the {name} field is not a well-formed octal number: \"{shown}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_real_writers() {
        for (field, value) in [
            (&b"0000644\0"[..], 0o644), // GNU tar, Python, git archive, Go
            (b"000644 \0", 0o644),      // bsdtar, node-tar
            (b"00000001750 ", 0o1750),  // bsdtar
            (b"006253\0 ", 0o6253),     // checksums
            (b"0006253\0", 0o6253),     // checksums of the Rust crate, git archive
            (b"         12 ", 0o12),    // Perl's Archive::Tar
            (b"77777777", 0o7777_7777), // libarchive, when it needs the room
            (b"0\0\0\0\0\0\0\0", 0),
            (b"\x80\0\0\0\0\x20\0\0", 1 << 21), // GNU tar
            (b"\x80\0\0\0\xff\xff\xff\xff", 0xffff_ffff),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff", -1), // time before 1970
        ] {
            assert_eq!(number("x", field), Ok(Some(value)), "{field:?}");
        }
        assert_eq!(number("x", &[0; 8]), Ok(None));
        assert_eq!(number("x", &[b' '; 8]), Ok(None));
    }

    #[test]
    fn ambiguous_numbers_are_refused() {
        for field in [
            &b"0000648\0"[..],
            b"-000644\0",
            b"+000644\0",
            b"0x00644\0",
            b"00644\0 7",
            b"00644\0\x01\0",
            b"\x000000644",
            b"\t000644\0",
            b" \0\0\0\0\0\0\0",
            b"\0\0\0\0\0\0\0 ",
            b"00000644",
            b" 0000644",
            b"000 644\0",
            b"\x80\0\0\0\0\0\0\x01",
            b"\x80\0\0\0\0\x1f\xff\xff",
            b"\x81\0\0\0\0\0\0\0",
            b"\xfe\xff\xff\xff\xff\xff\xff\xff",
            b"abcdefg\0",
        ] {
            assert!(number("x", field).is_err(), "{field:?}");
        }
    }

    #[test]
    fn octal_never_takes_binary() {
        assert!(octal("mode", b"\x80\0\0\0\0\x20\0\0").is_err());
    }
}
