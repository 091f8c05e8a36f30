//! TOML documents as plain trees of what packaging metadata is made of.

use super::{Check, No};
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Toml {
    /// A string.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// A list.
    List(Vec<Toml>),
    /// A table.
    Table(BTreeMap<String, Toml>),
    /// A number or date, which no rule asks for.
    Other,
}

impl Toml {
    /// Reads a document.
    ///
    /// # Errors
    /// If it is not TOML.
    pub fn parse(bytes: &[u8]) -> Check<Self> {
        let text = std::str::from_utf8(bytes).ok();
        let table = text.and_then(|text| DeTable::parse(text).ok());
        let table = table.ok_or_else(|| No::Undecided("git's pyproject.toml is no TOML document".into()))?;
        Ok(from_table(table.get_ref()))
    }

    /// The value at a path of keys.
    pub fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |value, key| value.table()?.get(*key))
    }

    /// The entries, if this is a table.
    pub fn table(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The text, if this is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The texts, if this is a list of them.
    pub fn texts(&self) -> Option<Vec<&str>> {
        match self {
            Self::List(list) => list.iter().map(Self::text).collect(),
            _ => None,
        }
    }

    /// The texts, if this is a list of them or a single one.
    pub fn one_or_more(&self) -> Option<Vec<&str>> {
        self.text().map(|text| vec![text]).or_else(|| self.texts())
    }
}

// The parser bounds how deep values may lie in each other.
fn from_table(table: &DeTable<'_>) -> Toml {
    let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
        let key: &std::borrow::Cow<'_, str> = key.get_ref();
        (key.to_string(), from_value(value.get_ref()))
    };
    Toml::Table(table.iter().map(entry).collect())
}

fn from_value(value: &DeValue<'_>) -> Toml {
    match value {
        DeValue::String(text) => Toml::Text(text.to_string()),
        DeValue::Boolean(value) => Toml::Bool(*value),
        DeValue::Array(list) => Toml::List(list.iter().map(|value| from_value(value.get_ref())).collect()),
        DeValue::Table(table) => from_table(table),
        _ => Toml::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::Toml;

    #[test]
    fn values_are_found_by_their_keys() {
        let toml = Toml::parse(b"[project]\nname = \"a\"\nd = [\"x\", \"y\"]\n[tool.\"x.y\"]\nz = {n = 1}\n")
            .unwrap();
        assert_eq!(toml.at(&["project", "name"]).and_then(Toml::text), Some("a"));
        assert_eq!(toml.at(&["project", "d"]).and_then(Toml::texts), Some(vec!["x", "y"]));
        assert_eq!(toml.at(&["tool", "x.y", "z", "n"]), Some(&Toml::Other));
        assert_eq!(toml.at(&["project", "name", "x"]), None);
    }

    #[test]
    fn hostile_documents_are_refused() {
        assert!(Toml::parse(b"a = ").is_err());
        assert!(Toml::parse(b"a = 1\na = 2\n").is_err());
        assert!(Toml::parse(format!("a = {}", "[".repeat(100_000)).as_bytes()).is_err());
        assert!(Toml::parse(format!("a{} = 1", ".b".repeat(100_000)).as_bytes()).is_err());
    }
}
