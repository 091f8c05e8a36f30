//! Records of pax extended headers (POSIX.1-2017, pax, "pax Extended Header").

use super::super::codes;
use super::super::error::Fault;
use super::header::{OWNER, TIME, is_owner};

/// What the records of one `x` header change about the next entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pax {
    pub path: Option<Vec<u8>>,
    pub link: Option<Vec<u8>>,
    pub size: Option<u64>,
}

/// What the value of a known key must look like.
enum Value {
    /// Not empty, UTF-8, without NUL and line feed.
    Text,
    Number,
    /// A number of a user or group.
    Owner,
    /// The name of one: text without any control character.
    OwnerName,
    Time,
}

/// The keys that are let through. Only the first three change anything that
/// is read here. The others are checked and dropped: owner, times, and what
/// node-tar and libarchive note about the inode, which readers ignore when
/// they list or unpack. Every other key may change content (`GNU.sparse.*`),
/// encoding (`hdrcharset`) or rights (`SCHILY.xattr.*`, `SCHILY.acl.*`,
/// `SCHILY.fflags`, `LIBARCHIVE.xattr.*`), or is not known to be harmless.
const KEYS: &[(&[u8], Value)] = &[
    (b"path", Value::Text),
    (b"linkpath", Value::Text),
    (b"size", Value::Number),
    (b"mtime", Value::Time),
    (b"atime", Value::Time),
    (b"ctime", Value::Time),
    (b"uid", Value::Owner),
    (b"gid", Value::Owner),
    (b"uname", Value::OwnerName),
    (b"gname", Value::OwnerName),
    (b"LIBARCHIVE.creationtime", Value::Time),
    (b"SCHILY.dev", Value::Number),
    (b"SCHILY.ino", Value::Number),
    (b"SCHILY.nlink", Value::Number),
];

/// Reads the records of an `x` header.
pub(super) fn parse(mut body: &[u8]) -> Result<Pax, Fault> {
    if body.is_empty() {
        return Err(Fault::new(codes::TAR_PAX, "a pax header without records"));
    }
    let mut pax = Pax::default();
    let mut seen = [false; KEYS.len()];
    while !body.is_empty() {
        let ((key, value), rest) = record(body)?;
        body = rest;
        let found = KEYS.iter().zip(&mut seen).find(|((name, _), _)| *name == key);
        let Some(((_, form), seen)) = found else {
            return Err(bad(key, "is not one of the keys that are known to be harmless"));
        };
        if std::mem::replace(seen, true) {
            return Err(bad(key, "is given twice"));
        }
        if !form.fits(value) {
            return Err(bad(key, "has a malformed value"));
        }
        match key {
            b"path" => pax.path = Some(value.to_vec()),
            b"linkpath" => pax.link = Some(value.to_vec()),
            b"size" => pax.size = Some(decimal(value).ok_or_else(|| bad(key, "is out of range"))?),
            _ => {}
        }
    }
    Ok(pax)
}

/// Reads the global header that `git archive` writes: the one record
/// `comment`, which is the id of the commit.
pub(super) fn commit(body: &[u8]) -> Result<String, Fault> {
    let wrong = || {
        let message = "a pax global header other than git archive's (one comment record with a commit id)";
        Fault::new(codes::TAR_PAX, message)
    };
    let ((key, value), rest) = record(body)?;
    let hex = value.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if key != b"comment" || !rest.is_empty() || !hex || !matches!(value.len(), 40 | 64) {
        return Err(wrong());
    }
    String::from_utf8(value.to_vec()).map_err(|_| wrong())
}

type Record<'a> = (&'a [u8], &'a [u8]);

/// Takes `LENGTH KEY=VALUE\n` off the front; LENGTH counts all of it.
fn record(body: &[u8]) -> Result<(Record<'_>, &[u8]), Fault> {
    let malformed = || Fault::new(codes::TAR_PAX, "a pax record is malformed");
    let blank = body.iter().position(|byte| *byte == b' ').ok_or_else(malformed)?;
    let length = body.get(..blank).and_then(decimal).and_then(|length| usize::try_from(length).ok());
    let (record, rest) = length.and_then(|length| body.split_at_checked(length)).ok_or_else(malformed)?;
    let pair = record.get(blank + 1..).and_then(|pair| pair.strip_suffix(b"\n")).ok_or_else(malformed)?;
    let equals = pair.iter().position(|byte| *byte == b'=').ok_or_else(malformed)?;
    let (key, value) = pair.split_at(equals);
    Ok(((key, value.get(1..).unwrap_or_default()), rest))
}

impl Value {
    fn fits(&self, value: &[u8]) -> bool {
        match self {
            Self::Text => {
                let plain = !value.iter().any(|byte| matches!(byte, 0 | b'\n'));
                plain && !value.is_empty() && std::str::from_utf8(value).is_ok()
            }
            Self::OwnerName => !value.is_empty() && is_owner(value),
            Self::Number => decimal(value).is_some(),
            Self::Owner => decimal(value).is_some_and(|value| i128::from(value) <= OWNER),
            Self::Time => {
                let value = value.strip_prefix(b"-").unwrap_or(value);
                let mut parts = value.splitn(2, |byte| *byte == b'.');
                let whole = parts.next().unwrap_or_default();
                decimal(whole).is_some_and(|whole| i128::from(whole) <= TIME)
                    && parts.next().is_none_or(|part| !part.is_empty() && digits(part))
            }
        }
    }
}

fn digits(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

/// A decimal number as it would be written: no sign, no leading zero.
fn decimal(text: &[u8]) -> Option<u64> {
    let canonical = digits(text) && (text == b"0" || !text.starts_with(b"0"));
    canonical.then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
}

fn bad(key: &[u8], what: &str) -> Fault {
    let key = crate::release::path::printable(key.get(..key.len().min(64)).unwrap_or_default());
    Fault::new(codes::TAR_PAX, format!("the pax record \"{key}\" {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &[u8]) -> Option<&'static str> {
        parse(body).err().map(|fault| fault.code)
    }

    #[test]
    fn records_of_real_writers() {
        let body = b"14 path=r/a/b\n30 mtime=1700000000.123456789\n12 size=123\n15 uid=4294967\n20 SCHILY.ino=12345\n";
        let pax = parse(body).unwrap();
        assert_eq!(pax, Pax { path: Some(b"r/a/b".to_vec()), link: None, size: Some(123) });
        assert!(parse(b"12 mtime=-1\n").is_ok(), "before 1970");
    }

    #[test]
    fn unknown_and_repeated_keys_are_refused() {
        for body in [
            &b"22 GNU.sparse.major=1\n"[..],
            b"21 hdrcharset=BINARY\n",
            b"26 SCHILY.xattr.user.a=b\n\n",
            b"13 comment=xx\n",
            b"10 path=a\n10 path=a\n",
            b"10 path=a\n10 path=b\n",
            b"10 Path=a\n",
            b"11 path =a\n",
        ] {
            assert_eq!(code(body), Some(codes::TAR_PAX), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn malformed_records_are_refused() {
        for body in [
            &b""[..],
            b"9 path=ab\n",
            b"11 path=a\n",
            b"010 path=a\n",
            b" 10 path=a\n",
            b"+10 path=a\n",
            b"10  path=a\n",
            b"10 path=a ",
            b"10 pathxa\n",
            b"8 path=\n",
            b"11 path=a\0\n",
            b"10 path=\xff\n",
            b"10 path=a\n\n",
            b"10 path=a\n\0",
            b"99999999999999999999 path=a\n",
            b"3 \n",
            b"10",
            b"0 ",
            b"11 size=01\n",
            b"11 size=+1\n",
            b"12 size=1.0\n",
            b"29 size=99999999999999999999\n",
            b"13 mtime=1e9\n",
            b"12 mtime=1.\n",
            b"12 mtime=.1\n",
            b"24 mtime=99999999999999\n",
            b"12 mtime=01\n",
            b"18 uid=4294967296\n",
        ] {
            assert_eq!(code(body), Some(codes::TAR_PAX), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn the_only_global_header_is_git_archives() {
        let id = "a1".repeat(20);
        assert_eq!(commit(format!("52 comment={id}\n").as_bytes()).unwrap(), id);
        assert!(commit(format!("52 comment={}\n", id.to_uppercase()).as_bytes()).is_err());
        assert!(commit(format!("52 comment={id}\n10 path=a\n").as_bytes()).is_err());
        assert!(commit(b"10 path=a\n").is_err());
        assert!(commit(b"14 comment=abc\n").is_err());
        assert!(commit(b"").is_err());
    }
}
