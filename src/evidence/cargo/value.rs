//! TOML as plain values, read strictly: duplicate keys, deep nesting and text
//! that is not UTF-8 are errors, and two values are equal only if they have
//! the same type.

use crate::release::path::printable;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use toml::de::{DeTable, DeValue};

/// Characters of a value that a message shows.
const SHOWN: usize = 80;

/// A table, its keys sorted.
pub(crate) type Table = BTreeMap<String, Value>;

/// A TOML value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A string, its line ends as LF.
    Text(String),
    /// An integer of 64 bits.
    Integer(i64),
    /// A float, by the bits of its value, so that equality is plain.
    Float(u64),
    /// A boolean.
    Bool(bool),
    /// A date or time, in its normal spelling.
    Date(String),
    /// An array.
    List(Vec<Value>),
    /// A table.
    Table(Table),
}

/// Reads a TOML document.
///
/// # Errors
/// What is wrong with it, as a clause that follows "is".
pub(crate) fn parse(bytes: &[u8]) -> Result<Table, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8 text".to_string())?;
    let document = DeTable::parse(text).map_err(|error| {
        let line = error
            .span()
            .and_then(|span| text.get(..span.start))
            .map(|before| before.matches('\n').count() + 1);
        let told = clipped(&printable(error.message().as_bytes()));
        match line {
            Some(line) => format!("not TOML (line {line}: {told})"),
            None => format!("not TOML ({told})"),
        }
    })?;
    table(document.into_inner())
}

fn table(table: DeTable<'_>) -> Result<Table, String> {
    let pairs =
        table.into_iter().map(|(key, item)| Ok((key.into_inner().into_owned(), value(item.into_inner())?)));
    pairs.collect()
}

// The parser bounds the nesting, and with it this recursion, to 80 levels.
fn value(from: DeValue<'_>) -> Result<Value, String> {
    Ok(match from {
        // Some versions of cargo turn the line ends within a string into LF.
        DeValue::String(text) => Value::Text(text.replace("\r\n", "\n")),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => return Err("not TOML (an integer has more than 64 bits)".into()),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) => Value::Float(number.to_bits()),
            Err(_) => return Err("not TOML (a float cannot be read)".into()),
        },
        DeValue::Boolean(yes) => Value::Bool(yes),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(items) => {
            let items = items.into_iter().map(|item| value(item.into_inner()));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(inner) => Value::Table(table(inner)?),
    })
}

impl Value {
    /// A string value.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// The string, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The table, if it is one.
    pub fn as_table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The array, if it is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(yes) => Some(*yes),
            _ => None,
        }
    }

    /// The value for a message: one line, bounded.
    pub fn shown(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        clipped(&out)
    }

    fn write(&self, out: &mut String) {
        if out.len() > SHOWN {
            return;
        }
        let _ = match self {
            Self::Text(text) => write!(out, "\"{}\"", printable(head(text).as_bytes())),
            Self::Integer(number) => write!(out, "{number}"),
            Self::Float(bits) => write!(out, "{:?}", f64::from_bits(*bits)),
            Self::Bool(yes) => write!(out, "{yes}"),
            Self::Date(date) => write!(out, "{date}"),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate().take(SHOWN) {
                    out.push_str(if index > 0 { ", " } else { "" });
                    item.write(out);
                }
                out.write_char(']')
            }
            Self::Table(table) => {
                out.push('{');
                for (index, (key, item)) in table.iter().enumerate().take(SHOWN) {
                    let comma = if index > 0 { ", " } else { "" };
                    let _ = write!(out, "{comma}{} = ", printable(head(key).as_bytes()));
                    item.write(out);
                }
                out.write_char('}')
            }
        };
    }
}

/// The first characters of a text, of which more are never shown.
fn head(text: &str) -> &str {
    match text.char_indices().nth(SHOWN + 1) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

/// A text that is safe to show, cut to a bounded length.
pub(crate) fn clipped(text: &str) -> String {
    clipped_to(text, SHOWN)
}

/// A text that is safe to show, cut to so many characters.
pub(crate) fn clipped_to(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into(),
    }
}

/// A name from a stranger, for a message.
pub(crate) fn name(text: &str) -> String {
    clipped(&printable(head(text).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_apart() {
        let a = parse(b"a = \"1979-05-27\"\nb = 1\nc = [1]").unwrap();
        let b = parse(b"a = 1979-05-27\nb = 1.0\nc = 1").unwrap();
        for key in ["a", "b", "c"] {
            assert_ne!(a[key], b[key], "{key}");
        }
        assert_eq!(parse(b"[a.b]\nc = 0x10").unwrap(), parse(b"a = {b = {c = 16}}").unwrap());
    }

    #[test]
    fn hostile_documents_are_errors_and_never_a_panic() {
        let deep = "a = ".to_string() + &"[".repeat(100_000);
        let dotted = "a.".repeat(100_000) + "a = 1";
        let tables = "[a".to_string() + &".a".repeat(100_000) + "]";
        let cases: [&[u8]; 8] = [
            b"a = 1\na = 2",
            b"[a]\n[a]",
            b"a = \"\xff\"",
            b"a = 99999999999999999999",
            b"= 1",
            deep.as_bytes(),
            dotted.as_bytes(),
            tables.as_bytes(),
        ];
        for case in cases {
            let error = parse(case).unwrap_err();
            assert!(error.starts_with("not ") && error.len() < 200, "{error}");
        }
    }

    #[test]
    fn what_is_shown_is_bounded_and_harmless() {
        let long = Value::List(vec![Value::text("x\u{202e}\n"); 100_000]);
        let shown = long.shown();
        assert!(shown.chars().count() <= SHOWN + 1, "{shown}");
        assert!(shown.contains("\\x0a") && !shown.contains('\n'), "{shown}");
        assert!(Value::Text("é".repeat(1000)).shown().ends_with('…'));
        assert_eq!(
            Value::Table(parse(b"b = 1\na = [true, \"x\"]").unwrap()).shown(),
            "{a = [true, \"x\"], b = 1}"
        );
    }
}
