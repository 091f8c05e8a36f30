//! The one YAML writer: every string in double quotes.
//!
//! Ansible reads YAML 1.1, where a plain `no`, `1:30` or `2026-11-20` is not
//! a string and a plain `=` loses the document. A contributor chooses file
//! and branch names, so no string is ever written plain. The escapes are
//! those that JSON and YAML share (YAML 1.2.2 section 5.7).

use serde_json::Value;

/// Writes `value` as one YAML document in block style, ended by a line feed.
pub fn to_string(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => mapping(&mut out, map, 0),
        Value::Array(items) if !items.is_empty() => sequence(&mut out, items, 0),
        _ => {
            scalar(&mut out, value);
            out.push('\n');
        }
    }
    out
}

fn mapping(out: &mut String, map: &serde_json::Map<String, Value>, indent: usize) {
    for (index, (name, value)) in map.iter().enumerate() {
        if index > 0 {
            pad(out, indent);
        }
        key(out, name);
        out.push(':');
        child(out, value, indent);
    }
}

fn sequence(out: &mut String, items: &[Value], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            pad(out, indent);
        }
        out.push('-');
        match item {
            Value::Object(map) if !map.is_empty() => {
                out.push(' ');
                mapping(out, map, indent + 2);
            }
            _ => child(out, item, indent),
        }
    }
}

fn child(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            pad(out, indent + 2);
            mapping(out, map, indent + 2);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            pad(out, indent + 2);
            sequence(out, items, indent + 2);
        }
        _ => {
            out.push(' ');
            scalar(out, value);
            out.push('\n');
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Our own field names are written plain; a key that is data is quoted.
fn key(out: &mut String, name: &str) {
    const READ_AS_OTHER_TYPES: [&str; 9] = ["y", "n", "no", "yes", "on", "off", "null", "true", "false"];
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
        && !READ_AS_OTHER_TYPES.contains(&name);
    if plain {
        out.push_str(name);
    } else {
        quoted(out, name);
    }
}

fn scalar(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => quoted(out, text),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

/// Beside what JSON must escape, everything that a YAML reader refuses, folds
/// or takes for a line break is escaped: C0, DEL, C1, U+2028, U+2029, the
/// byte order mark and non-characters; characters beyond the basic plane too,
/// since some readers cannot hold them.
fn quoted(out: &mut String, text: &str) {
    use std::fmt::Write as _;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c if u32::from(c) > 0xffff => {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn block_style_and_order() {
        let value = json!({
            "format": "x", "list": [{"b": 1, "a": [true, null]}, [], ["n", ["m"]], {}],
            "map": {"no": "no", "x y": "1:30"}, "empty": {},
        });
        let expected = "format: \"x\"\nlist:\n  - b: 1\n    a:\n      - true\n      - null\n  - []\n  -\n    - \"n\"\n    -\n      - \"m\"\n  - {}\nmap:\n  \"no\": \"no\"\n  \"x y\": \"1:30\"\nempty: {}\n";
        assert_eq!(to_string(&value), expected);
    }

    #[test]
    fn reads_back_the_same() {
        let value = json!({"k": [{"a": {"b": [[1, 2], {"c": "\u{85}\u{1F389}\u{7f}\\\"\n"}]}}]});
        let read: Value = serde_yaml::from_str(&to_string(&value)).unwrap();
        assert_eq!(read, value);
    }

    proptest::proptest! {
        #[test]
        fn any_string_survives(text: String, other: String) {
            let value = json!({"s": text, "m": {&other: [other]}});
            let read: Value = serde_yaml::from_str(&to_string(&value)).unwrap();
            proptest::prop_assert_eq!(read, value);
        }
    }
}
