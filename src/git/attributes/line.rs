//! The lines of a `.gitattributes` file.

use super::{Rule, Setting, State};
use crate::release::wildmatch::Pattern;

/// Longer lines are passed over by git too.
const MAX_LINE: usize = 2048;

/// What a line says.
pub(super) enum Line {
    Rule(Rule),
    Macro(Vec<u8>, Vec<Setting>),
}

/// git reads up to the first NUL.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    text.split(|byte| *byte == b'\n')
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(byte)).count();
    text.get(blanks..).unwrap_or_default()
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(is_blank).unwrap_or(text.len()))
}

/// A pattern or `[attr]NAME`, then settings; `None` for comments and for
/// lines that git passes over with a warning.
pub(super) fn parse_line(line: &[u8]) -> Option<Line> {
    let text = skip_blanks(line);
    if text.is_empty() || text.starts_with(b"#") || line.len() >= MAX_LINE {
        return None;
    }
    let quoted = unquote(text);
    let (name, rest) = match &quoted {
        Some((name, rest)) => (name.as_slice(), *rest),
        None => word(text),
    };
    let mut settings = Vec::new();
    let mut rest = skip_blanks(rest);
    while !rest.is_empty() {
        let (text, after) = word(rest);
        settings.push(setting(text)?);
        rest = skip_blanks(after);
    }
    if let Some(name) = name.strip_prefix(b"[attr]").filter(|name| !name.is_empty()) {
        let (name, _) = word(skip_blanks(name));
        return valid_name(name).then(|| Line::Macro(name.into(), settings));
    }
    // An octal escape can bring a NUL, where git's pattern then ends.
    let pattern = name.split(|byte| *byte == 0).next().unwrap_or_default();
    if pattern.starts_with(b"!") {
        return None;
    }
    let (pattern, folders_only) = match pattern.strip_suffix(b"/") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let basename = !pattern.contains(&b'/');
    let anchored = pattern.strip_prefix(b"/").unwrap_or(pattern);
    Some(Line::Rule(Rule { basename, folders_only, pattern: Pattern::new(anchored, !basename), settings }))
}

fn setting(text: &[u8]) -> Option<Setting> {
    let (sign, body) = match text {
        [sign @ (b'-' | b'!'), body @ ..] => (Some(*sign), body),
        _ => (None, text),
    };
    let equals = body.iter().position(|byte| *byte == b'=');
    let (name, value) = body.split_at(equals.unwrap_or(body.len()));
    let state = match sign {
        Some(b'-') => Some(State::Unset),
        Some(_) => None,
        None if equals.is_none() => Some(State::Set),
        None => Some(State::Value(value.get(1..).unwrap_or_default().into())),
    };
    valid_name(name).then(|| Setting { name: name.into(), state })
}

fn valid_name(name: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    !name.is_empty() && !name.starts_with(b"-") && name.iter().all(allowed) && !name.starts_with(b"builtin_")
}

fn octal(digits: [u8; 3]) -> Option<u8> {
    let all = digits.iter().all(|digit| (b'0'..=b'7').contains(digit));
    all.then(|| digits.iter().fold(0, |value, digit| value * 8 + (digit - b'0')))
}

/// A name in double quotes with C escapes, and what follows it; `None` if it
/// is not quoted, or not well (then git takes the quote as part of a name).
fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut name = Vec::new();
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        let byte = match byte {
            b'"' => return Some((name, rest)),
            b'\\' => {
                let (escape, after) = rest.split_first()?;
                rest = after;
                match escape {
                    b'a' => 7,
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    b'\\' | b'"' => *escape,
                    b'0'..=b'3' => {
                        let ([second, third], after) = rest.split_first_chunk::<2>()?;
                        rest = after;
                        octal([*escape, *second, *third])?
                    }
                    _ => return None,
                }
            }
            byte => *byte,
        };
        name.push(byte);
    }
}
