//! `working-tree-encoding`: UTF-8 in git, something else in the work tree.
//!
//! git leaves this to the system's iconv. Done here are the encodings whose
//! result is the same everywhere, but for the order of bytes.

use super::Unknown;
use crate::evidence::shown::brief;
use crate::release::AttributeState as State;

/// The encoding that is asked for, in lower case; `None` for UTF-8.
pub(super) fn label(state: Option<&State>) -> Result<Option<String>, Unknown> {
    let value = match state {
        None => return Ok(None),
        Some(State::Value(value)) => value,
        Some(State::Set | State::Unset) => {
            return Err(Unknown("git refuses a working-tree-encoding without a value".into()));
        }
    };
    let label = String::from_utf8_lossy(value).to_ascii_lowercase().replace('_', "-");
    let label = match label.strip_prefix("utf") {
        Some(rest) if !rest.starts_with('-') => format!("utf-{rest}"),
        _ => label,
    };
    Ok(Some(label).filter(|label| !value.is_empty() && label != "utf-8"))
}

/// The forms that git may write for UTF-8 content. What iconv cannot convert,
/// git writes as it is.
pub(super) fn encode(bytes: Vec<u8>, label: &str) -> Result<Vec<Vec<u8>>, Unknown> {
    let encoder = Encoder::of(label);
    if encoder.is_none() && !(bytes.is_ascii() && extends_ascii(label)) {
        let label = brief(label.as_bytes());
        return Err(Unknown(format!("its working-tree-encoding {label} is not known here")));
    }
    let (Some(encoder), Ok(text)) = (encoder, std::str::from_utf8(&bytes)) else { return Ok(vec![bytes]) };
    if text.is_empty() {
        return Ok(vec![bytes]);
    }
    Ok(match encoder {
        Encoder::Utf16(forms) => {
            forms.iter().map(|form| form.write(text.encode_utf16().map(u32::from), 2)).collect()
        }
        Encoder::Utf32(forms) => {
            forms.iter().map(|form| form.write(text.chars().map(u32::from), 4)).collect()
        }
        Encoder::Table(table) => match text.chars().map(table).collect::<Option<Vec<u8>>>() {
            Some(out) => vec![out],
            None => vec![bytes],
        },
    })
}

enum Encoder {
    Utf16(&'static [Form]),
    Utf32(&'static [Form]),
    Table(fn(char) -> Option<u8>),
}

#[derive(Clone, Copy)]
struct Form {
    big: bool,
    mark: bool,
}

const LE: Form = Form { big: false, mark: false };
const BE: Form = Form { big: true, mark: false };
const LE_MARK: Form = Form { big: false, mark: true };
const BE_MARK: Form = Form { big: true, mark: true };

impl Encoder {
    fn of(label: &str) -> Option<Self> {
        Some(match label {
            // Which order goes with the mark is left to the system.
            "utf-16" => Self::Utf16(&[LE_MARK, BE_MARK]),
            "utf-16le" => Self::Utf16(&[LE]),
            "utf-16be" => Self::Utf16(&[BE]),
            "utf-16le-bom" => Self::Utf16(&[LE_MARK]),
            "utf-16be-bom" => Self::Utf16(&[BE_MARK]),
            "utf-32" => Self::Utf32(&[LE_MARK, BE_MARK]),
            "utf-32le" => Self::Utf32(&[LE]),
            "utf-32be" => Self::Utf32(&[BE]),
            "ascii" | "us-ascii" => Self::Table(|c| u8::try_from(c).ok().filter(u8::is_ascii)),
            "iso-8859-1" | "iso8859-1" | "latin1" | "latin-1" | "l1" | "cp819" => {
                Self::Table(|c| u8::try_from(c).ok())
            }
            "iso-8859-15" | "iso8859-15" | "latin9" | "latin-9" => Self::Table(latin9),
            "windows-1252" | "cp1252" => Self::Table(windows1252),
            _ => return None,
        })
    }
}

impl Form {
    /// Units of two or four bytes.
    fn write(self, units: impl Iterator<Item = u32>, width: usize) -> Vec<u8> {
        let mark = self.mark.then_some(0xfeff);
        let mut out = Vec::new();
        for unit in mark.into_iter().chain(units) {
            match self.big {
                true => out.extend(unit.to_be_bytes().iter().skip(4 - width)),
                false => out.extend(unit.to_le_bytes().iter().take(width)),
            }
        }
        out
    }
}

/// ISO/IEC 8859-15:1999, which differs from Latin 1 in eight places.
fn latin9(c: char) -> Option<u8> {
    Some(match c {
        '€' => 0xa4,
        'Š' => 0xa6,
        'š' => 0xa8,
        'Ž' => 0xb4,
        'ž' => 0xb8,
        'Œ' => 0xbc,
        'œ' => 0xbd,
        'Ÿ' => 0xbe,
        '¤' | '¦' | '¨' | '´' | '¸' | '¼' | '½' | '¾' => return None,
        c => return u8::try_from(c).ok(),
    })
}

/// Windows code page 1252: Latin 1, with other signs in place of most of C1.
fn windows1252(c: char) -> Option<u8> {
    const SIGNS: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’',
        '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    match u8::try_from(c) {
        Ok(byte) => Some(byte).filter(|byte| !(0x80..0xa0).contains(byte)),
        Err(_) => (0x80..).zip(SIGNS).find(|(_, sign)| *sign == c).map(|(byte, _)| byte),
    }
}

/// Whether an encoding leaves ASCII bytes alone.
fn extends_ascii(label: &str) -> bool {
    const FAMILIES: [&str; 9] =
        ["iso-8859-", "iso8859-", "latin", "windows-125", "cp125", "koi8-", "euc-", "gb18030", "gbk"];
    FAMILIES.iter().any(|family| label.starts_with(family))
}
