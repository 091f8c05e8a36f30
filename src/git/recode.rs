//! Commit texts in UTF-8, as `git log` shows them.
//!
//! git re-codes a commit by its `encoding` header with the system's iconv,
//! and shows it as it is where that fails. The encodings that histories hold
//! in practice are done here; for others the result cannot be told, because
//! iconv's tables differ from system to system.

use std::borrow::Cow;

/// The commit's text cannot be re-coded here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnknownEncoding;

/// `text`, which is in `encoding`, in UTF-8.
pub(super) fn to_utf8<'a>(text: &'a [u8], encoding: Option<&[u8]>) -> Result<Cow<'a, [u8]>, UnknownEncoding> {
    let Some(encoding) = encoding else { return Ok(Cow::Borrowed(text)) };
    let label = String::from_utf8_lossy(encoding).to_ascii_lowercase().replace('_', "-");
    let same = Cow::Borrowed(text);
    match label.as_str() {
        // iconv fails at the first byte that is not ASCII: it stays as it is.
        "utf-8" | "utf8" | "ascii" | "us-ascii" | "ansi-x3.4-1968" => Ok(same),
        "iso-8859-1" | "iso8859-1" | "latin1" | "latin-1" | "l1" | "cp819" => {
            Ok(Cow::Owned(decode(text, char::from)))
        }
        "iso-8859-15" | "iso8859-15" | "latin9" | "latin-9" => Ok(Cow::Owned(decode(text, latin9))),
        label if text.is_ascii() && extends_ascii(label) => Ok(same),
        _ => Err(UnknownEncoding),
    }
}

fn decode(text: &[u8], table: impl Fn(u8) -> char) -> Vec<u8> {
    text.iter().map(|byte| table(*byte)).collect::<String>().into_bytes()
}

/// ISO/IEC 8859-15:1999, which differs from Latin 1 in eight places.
fn latin9(byte: u8) -> char {
    match byte {
        0xa4 => '€',
        0xa6 => 'Š',
        0xa8 => 'š',
        0xb4 => 'Ž',
        0xb8 => 'ž',
        0xbc => 'Œ',
        0xbd => 'œ',
        0xbe => 'Ÿ',
        byte => char::from(byte),
    }
}

/// Whether an encoding leaves ASCII bytes alone.
fn extends_ascii(label: &str) -> bool {
    const FAMILIES: [&str; 9] =
        ["iso-8859-", "iso8859-", "latin", "windows-125", "cp125", "koi8-", "euc-", "gb18030", "gbk"];
    FAMILIES.iter().any(|family| label.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recode(text: &[u8], encoding: &str) -> Result<Vec<u8>, UnknownEncoding> {
        to_utf8(text, Some(encoding.as_bytes())).map(Cow::into_owned)
    }

    #[test]
    fn western_texts_become_utf8() {
        assert_eq!(recode(b"na\xefve", "ISO-8859-1"), Ok("naïve".into()));
        assert_eq!(recode(b"5 \xa4", "iso8859-15"), Ok("5 €".into()));
        assert_eq!(recode("naïve".as_bytes(), "UTF-8"), Ok("naïve".into()));
        assert_eq!(recode(b"\xff", "utf8"), Ok(vec![0xff]));
        assert_eq!(to_utf8(b"\xff", None), Ok(Cow::Borrowed(&b"\xff"[..])));
    }

    #[test]
    fn other_encodings_cannot_be_told_unless_nothing_is_to_do() {
        assert_eq!(recode(b"\xe0", "iso-8859-8"), Err(UnknownEncoding));
        assert_eq!(recode(b"abc", "iso-8859-8"), Ok(b"abc".to_vec()));
        assert_eq!(recode(b"abc", "utf-7"), Err(UnknownEncoding));
        assert_eq!(recode(b"abc", "bogus"), Err(UnknownEncoding));
    }
}
