//! The one YAML reader: strict, bounded, and exact about where a fault lies.

use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// The largest document that is read, in bytes; a policy of some thousand
/// projects stays below it.
pub const MAX_SIZE: usize = 16 << 20;

/// Why a document cannot be used. Its text names line and column where known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDocument {
    /// Larger than [`MAX_SIZE`].
    #[error("is larger than {MAX_SIZE} bytes")]
    TooLarge,
    /// Not UTF-8.
    #[error("is not UTF-8 from byte {0} on")]
    NotUtf8(usize),
    /// `format` is missing or names something else.
    #[error("has the format {found:?}; this helper reads {wanted}")]
    Format {
        /// What stands there.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// Not YAML, or a key or value that the format does not have.
    #[error("{0}")]
    Syntax(String),
    /// Well-formed, but it contradicts itself.
    #[error("{place}: {message}")]
    Meaning {
        /// The key, as a dotted path.
        place: String,
        /// What is wrong there.
        message: String,
    },
}

/// Reads one document of the format `wanted`. Keys that `T` does not have are
/// ignored or refused as `T` says; duplicate keys are always refused.
///
/// # Errors
/// [`BadDocument`]; a format other than `wanted` is told as such, before any
/// complaint about keys that belong to a format of another version.
pub fn read<T: DeserializeOwned>(bytes: &[u8], wanted: &'static str) -> Result<T, BadDocument> {
    if bytes.len() > MAX_SIZE {
        return Err(BadDocument::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| BadDocument::NotUtf8(error.valid_up_to()))?;
    let Probe { format } = parse(text)?;
    if format != wanted {
        return Err(BadDocument::Format { found: format, wanted });
    }
    parse(text)
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, BadDocument> {
    serde_yaml::from_str(text).map_err(|error| BadDocument::Syntax(in_words(&error.to_string())))
}

/// A fault without the name that a mapping has in this program.
fn in_words(fault: &str) -> String {
    match fault.split_once("expected struct ") {
        Some((before, rest)) => {
            format!("{before}expected a mapping{}", rest.trim_start_matches(char::is_alphanumeric))
        }
        None => fault.into(),
    }
}

#[derive(serde::Deserialize)]
struct Probe {
    #[serde(default)]
    format: String,
}

/// A mapping whose keys are data. A key that stands twice is an error, where
/// most readers silently let the last one win.
#[derive(Debug, Clone)]
pub struct UniqueMap<V>(pub BTreeMap<String, V>);

impl<V> Default for UniqueMap<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, V: serde::Deserialize<'de>> serde::Deserialize<'de> for UniqueMap<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique<V>(std::marker::PhantomData<V>);
        impl<'de, V: serde::Deserialize<'de>> Visitor<'de> for Unique<V> {
            type Value = UniqueMap<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut out = BTreeMap::new();
                while let Some(key) = map.next_key::<String>()? {
                    if out.contains_key(&key) {
                        return Err(A::Error::custom(format!("duplicate key {key:?}")));
                    }
                    out.insert(key, map.next_value()?);
                }
                Ok(UniqueMap(out))
            }
        }
        deserializer.deserialize_map(Unique(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(rename = "format")]
        _format: String,
        #[serde(default)]
        map: UniqueMap<String>,
    }

    fn fault(text: &str) -> String {
        read::<Sample>(text.as_bytes(), "x@v1").unwrap_err().to_string()
    }

    #[test]
    fn faults_are_told_with_their_place() {
        assert!(fault("format: x@v1\nmapp: {}\n").contains("unknown field `mapp`"));
        assert!(fault("format: x@v1\nmapp: {}\n").contains("line 2"));
        assert!(fault("format: x@v1\nformat: x@v1\n").contains("duplicate"));
        assert!(fault("format: x@v1\nmap:\n  a: b\n  a: c\n").contains("duplicate key \"a\""));
        assert!(fault("format: x@v1\nmap:\n  a: b\n  a: c\n").contains("line 3"));
        assert!(fault("format: x@v2\nnew: 1\n").contains("reads x@v1"));
        assert!(fault("map: {}\n").contains("reads x@v1"));
        assert_eq!(fault("text"), "invalid type: string \"text\", expected a mapping");
        assert!(fault("format: x@v1\nmap: [\n").contains("line 3"));
        assert!(fault("format: x@v1\n---\nformat: x@v1\n").contains("more than one document"));
    }

    #[test]
    fn aliases_cannot_blow_up() {
        let mut text = String::from("format: x@v1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let refs = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
        }
        assert!(read::<serde_yaml::Value>(text.as_bytes(), "x@v1").is_err());
        let nested = format!("format: x@v1\nmap: {}{}", "[".repeat(5000), "]".repeat(5000));
        let error = read::<serde_yaml::Value>(nested.as_bytes(), "x@v1").unwrap_err().to_string();
        assert!(error.contains("recursion"), "{error}");
    }

    #[test]
    fn plain_scalars_of_other_types_stay_text() {
        let sample: Sample = read(b"format: x@v1\nmap: {a: 1.10, b: 'no'}\n", "x@v1").unwrap();
        assert_eq!(sample.map.0["a"], "1.10");
    }

    #[test]
    fn size_and_encoding_are_bounded() {
        assert_eq!(read::<Sample>(&vec![b'#'; MAX_SIZE + 1], "x@v1").unwrap_err(), BadDocument::TooLarge);
        assert_eq!(read::<Sample>(b"format: \xff", "x@v1").unwrap_err(), BadDocument::NotUtf8(8));
    }
}
