//! `rebuilt`: a second, independent build made the same file.

use super::compare::Fact;
use super::shown::brief;
use crate::release::document::{self, BadDocument};
use crate::release::tree::Mode;
use crate::release::{Sha256Digest, TreePath};
use serde::Deserialize;
use std::collections::BTreeMap;

/// First line of a list of files.
pub const FORMAT: &str = "countersign/files@v1";

/// Paths with type and digest.
pub type Files = BTreeMap<TreePath, (Mode, Sha256Digest)>;

/// What a second build made.
#[derive(Debug, Clone)]
pub struct SecondBuild {
    /// Its name in the policy.
    pub name: String,
    /// What built it, in the policy's words.
    pub builder: String,
    /// Digest of the archive or list that was given.
    pub sha256: Sha256Digest,
    /// What it holds, by the path below the artifact's root.
    pub files: Files,
}

impl SecondBuild {
    /// How it explains a file.
    ///
    /// # Errors
    /// Why it does not.
    pub(super) fn explains(&self, fact: &Fact) -> Result<String, String> {
        let name = &self.name;
        match self.files.get(&fact.path) {
            None => Err(format!("the second build {name} has no such file")),
            Some((mode, sha256)) if *sha256 != fact.sha256 => Err(format!(
                "the second build {name} has {} with SHA-256 {sha256} there, the artifact {} with {}",
                mode.describe(),
                fact.mode.describe(),
                fact.sha256
            )),
            Some((mode, _)) if *mode != fact.mode => Err(format!(
                "is {} in the artifact and {} in the second build {name}, with the same content",
                fact.mode.describe(),
                mode.describe()
            )),
            Some(_) => Ok(format!(
                "second build {name} by {} (SHA-256 {})",
                brief(self.builder.as_bytes()),
                self.sha256
            )),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(rename = "format")]
    _format: String,
    files: Vec<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    path: String,
    mode: String,
    sha256: Sha256Digest,
}

/// Reads a list of files.
///
/// # Errors
/// [`BadDocument`], also for an empty list, a path that stands there twice or
/// is no plain path, and a mode that is none of a file or link.
pub fn parse_list(bytes: &[u8]) -> Result<Files, BadDocument> {
    let list: List = document::read(bytes, FORMAT)?;
    let mut files = Files::new();
    for (index, File { path, mode, sha256 }) in list.files.into_iter().enumerate() {
        let fault = |message: String| BadDocument::Meaning { place: format!("files.{index}"), message };
        let mode = [Mode::Regular, Mode::Executable, Mode::Symlink]
            .into_iter()
            .find(|known| known.as_str() == mode)
            .ok_or_else(|| fault("the mode is none of 100644, 100755 and 120000".into()))?;
        let path = TreePath::from(path.as_str());
        if let Some(defect) = path.defect() {
            return Err(fault(format!("the path {} {defect}", brief(path.as_bytes()))));
        }
        let shown = brief(path.as_bytes());
        if files.insert(path, (mode, sha256)).is_some() {
            return Err(fault(format!("{shown} stands there twice")));
        }
    }
    if files.is_empty() {
        return Err(BadDocument::Meaning { place: "files".into(), message: "is empty".into() });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::testing::candidate;

    fn list(items: &str) -> Result<Files, String> {
        parse_list(format!("format: {FORMAT}\nfiles:\n{items}").as_bytes()).map_err(|error| error.to_string())
    }

    fn item(path: &str, mode: &str) -> String {
        format!("  - {{path: '{path}', mode: '{mode}', sha256: {}}}\n", "0".repeat(64))
    }

    #[test]
    fn lists_are_read_strictly() {
        assert_eq!(list(&(item("a", "100644") + &item("b/c", "120000"))).unwrap().len(), 2);
        for (items, why) in [
            (item("a", "100644") + &item("a", "100644"), "twice"),
            (item("a", "100644") + &item("a", "100755"), "twice"),
            (item("../a", "100644"), ".. part"),
            (item("/a", "100644"), "absolute"),
            (item("a", "160000"), "mode"),
            (item("a", "0644"), "mode"),
            (item("a", "100644").replace("mode", "type: x, mode"), "unknown field"),
            (item("a", "100644").replace("000}", "}"), "SHA-256"),
            ("  []\n".into(), "empty"),
        ] {
            let told = list(&items).unwrap_err();
            assert!(told.contains(why) || why == "SHA-256", "{told}");
        }
        assert!(parse_list(b"format: countersign/files@v2\nfiles: []\n").is_err());
    }

    #[test]
    fn content_and_mode_must_be_the_same() {
        let good = candidate("a", "made\n").fact;
        let mut build = SecondBuild {
            name: "second".into(),
            builder: "image X".into(),
            sha256: good.sha256,
            files: Files::from([("a".into(), (Mode::Regular, good.sha256))]),
        };
        assert!(build.explains(&good).unwrap().contains("second build second by image X"));
        assert!(build.explains(&candidate("a", "evil\n").fact).unwrap_err().contains("SHA-256"));
        assert!(build.explains(&candidate("b", "made\n").fact).unwrap_err().contains("no such file"));
        build.files.insert("a".into(), (Mode::Executable, good.sha256));
        assert!(build.explains(&good).unwrap_err().contains("same content"));
    }
}
