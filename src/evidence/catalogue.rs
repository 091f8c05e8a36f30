//! Catalogues: signed lists of files that are known to be good, such as the
//! macros that gettext and gnulib hand out. They explain what is `pinned`.

use super::compare::Fact;
use super::shown::brief;
use crate::release::document::{self, BadDocument};
use crate::release::tree::Mode;
use crate::release::{Fingerprint, ReleaseName, Sha256Digest};
use serde::Deserialize;
use std::collections::BTreeMap;

/// First line of a catalogue.
pub const FORMAT: &str = "countersign/catalogue@v1";

/// A catalogue whose signature was good.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Its name, in the policy and in the file.
    pub name: String,
    /// Who signed it.
    pub certificate: Fingerprint,
    /// Digest of the file.
    pub sha256: Sha256Digest,
    /// What each known content is called.
    pub entries: Entries,
}

/// Names by digest.
pub type Entries = BTreeMap<Sha256Digest, String>;

impl Catalogue {
    /// How it explains a file.
    ///
    /// # Errors
    /// Why it does not.
    pub(super) fn explains(&self, fact: &Fact) -> Result<String, String> {
        let name = &self.name;
        if !matches!(fact.mode, Mode::Regular | Mode::Executable) {
            return Err(format!("is {}; the catalogue {name} knows files only", fact.mode.describe()));
        }
        match self.entries.get(&fact.sha256) {
            Some(entry) => {
                Ok(format!("{} in the catalogue {name} (SHA-256 {})", brief(entry.as_bytes()), self.sha256))
            }
            None => Err(format!("the catalogue {name} does not know SHA-256 {}", fact.sha256)),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(rename = "format")]
    _format: String,
    name: String,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    sha256: Sha256Digest,
    name: String,
    #[serde(default, rename = "note")]
    _note: String,
}

/// Reads a catalogue's name and entries.
///
/// # Errors
/// [`BadDocument`], also for no entries, and a digest that stands there twice.
pub fn parse(bytes: &[u8]) -> Result<(String, Entries), BadDocument> {
    let list: List = document::read(bytes, FORMAT)?;
    // Nobody has vouched for the file yet, and its name will be printed.
    if ReleaseName::parse(&list.name).is_err() {
        let message = "is none that the policy could name: a file name is expected".into();
        return Err(BadDocument::Meaning { place: "name".into(), message });
    }
    let mut entries = Entries::new();
    for (index, Entry { sha256, name, .. }) in list.entries.into_iter().enumerate() {
        if entries.insert(sha256, name).is_some() {
            let message = format!("{sha256} stands there twice");
            return Err(BadDocument::Meaning { place: format!("entries.{index}"), message });
        }
    }
    if entries.is_empty() {
        return Err(BadDocument::Meaning { place: "entries".into(), message: "is empty".into() });
    }
    Ok((list.name, entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::testing::candidate;

    #[test]
    fn catalogues_are_read_strictly() {
        let entry = |digit: &str| format!("  - {{sha256: {}, name: gettext 0.23}}\n", digit.repeat(64));
        let read = |items: &str| {
            parse(format!("format: {FORMAT}\nname: gnu\nentries:\n{items}").as_bytes())
                .map_err(|error| error.to_string())
        };
        let (name, entries) = read(&(entry("0") + &entry("1").replace("}", ", note: serial 5}"))).unwrap();
        assert_eq!((name.as_str(), entries.len()), ("gnu", 2));
        assert!(read(&entry("0").repeat(2)).unwrap_err().contains("twice"));
        assert!(read("  []\n").unwrap_err().contains("empty"));
        assert!(read(&entry("0").replace("}", ", path: x}")).unwrap_err().contains("unknown field"));
        for name in ["''", "'a/b'", "\"a\\e[31m\"", &"x".repeat(1000)] {
            let text = format!("format: {FORMAT}\nname: {name}\nentries:\n{}", entry("0"));
            assert!(parse(text.as_bytes()).unwrap_err().to_string().len() < 100, "{name}");
        }
        assert!(read(&entry("A")).is_err() && parse(b"format: countersign/policy@v1\n").is_err());
    }

    #[test]
    fn only_known_content_is_explained() {
        let good = candidate("m4/a.m4", "macro\n").fact;
        let certificate = Fingerprint::parse(&"0".repeat(40)).unwrap();
        let entries = Entries::from([(good.sha256, "gettext 0.23 a.m4".into())]);
        let catalogue = Catalogue { name: "gnu".into(), certificate, sha256: good.sha256, entries };
        assert!(catalogue.explains(&good).unwrap().starts_with("gettext 0.23 a.m4 in the catalogue gnu"));
        assert!(
            catalogue.explains(&candidate("m4/a.m4", "evil\n").fact).unwrap_err().contains("does not know")
        );
        assert!(catalogue.explains(&Fact { mode: Mode::Symlink, ..good }).is_err());
    }
}
