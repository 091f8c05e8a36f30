//! Which tag objects were met: by project and tag the first one that was
//! accepted. A tag that later names another object was moved, whoever signed
//! it.

use super::document::{self, BadDocument, UniqueMap};
use super::{Finding, ObjectId, Time, name};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// First line of every record of this kind.
pub const FORMAT: &str = "countersign/seen@v1";

/// Tags by name.
type Tags = BTreeMap<String, Entry>;

/// The whole record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    format: Form,
    projects: BTreeMap<String, Tags>,
}

/// [`FORMAT`], where it is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Form;

impl Serialize for Form {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(FORMAT)
    }
}

/// One tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The tag object.
    pub object: ObjectId,
    /// The time for which the run that accepted it first had judged.
    pub first_seen: Time,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(rename = "format")]
    _format: String,
    projects: UniqueMap<UniqueMap<Entry>>,
}

impl Seen {
    /// Reads the record.
    ///
    /// # Errors
    /// [`BadDocument`]: nothing in it is passed over, since whatever cannot be
    /// understood may be the entry that matters.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadDocument> {
        let raw: Raw = document::read(bytes, FORMAT)?;
        let mut projects = BTreeMap::new();
        for (project, tags) in raw.projects.0 {
            let fault = |place: String, error: name::BadName| BadDocument::Meaning {
                place,
                message: error.to_string(),
            };
            name::check_place("the project", &project).map_err(|error| fault("projects".into(), error))?;
            for tag in tags.0.keys() {
                name::check_tag_name(tag).map_err(|error| fault(format!("projects.{project}"), error))?;
            }
            projects.insert(project, tags.0);
        }
        Ok(Self { format: Form, projects })
    }

    /// The entry of a tag.
    pub fn get(&self, project: &str, tag: &str) -> Option<Entry> {
        self.projects.get(project)?.get(tag).copied()
    }

    /// Adds a tag that is not in it yet; whether that changed anything. An
    /// entry is never replaced.
    pub fn add(&mut self, project: &str, tag: &str, entry: Entry) -> bool {
        let tags = self.projects.entry(project.into()).or_default();
        let new = !tags.contains_key(tag);
        if new {
            tags.insert(tag.into(), entry);
        }
        new
    }
}

impl Entry {
    /// The finding that a tag is now another object than it was.
    pub fn moved(&self, tag: &str, object: &ObjectId) -> Option<Finding> {
        (self.object != *object).then(|| {
            let told = format!(
                "was object {} at {}, and is {object} now: it was moved",
                self.object, self.first_seen
            );
            let hint = "find out who moved it and why, even if the new one is signed; release a new version";
            Finding::error("tag-moved", tag, told, hint)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789012345678901234567890123456789";

    fn entry(id: &str) -> Entry {
        Entry { object: ObjectId::parse(id).unwrap(), first_seen: Time::from_unix(0) }
    }

    #[test]
    fn what_was_added_first_stays() {
        let mut seen = Seen::default();
        assert!(seen.add("a/b", "v1", entry(ID)));
        assert!(!seen.add("a/b", "v1", entry(&ID.replace('0', "f"))));
        assert!(seen.add("a/b", "v2", entry(ID)) && seen.add("a/c", "v1", entry(ID)));
        assert_eq!(seen.get("a/b", "v1"), Some(entry(ID)));
        assert_eq!(seen.get("a", "v1"), None);
        let text = serde_json::to_string(&seen).unwrap();
        assert_eq!(Seen::parse(text.as_bytes()).unwrap(), seen);
        assert!(text.starts_with(&format!("{{\"format\":\"{FORMAT}\"")));
    }

    #[test]
    fn another_object_is_a_moved_tag() {
        assert_eq!(entry(ID).moved("v1", &ObjectId::parse(ID).unwrap()), None);
        let finding = entry(ID).moved("v1", &ObjectId::parse(&ID.replace('0', "f")).unwrap()).unwrap();
        assert!(finding.code == "tag-moved" && finding.message.contains("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn nothing_is_passed_over() {
        let text = format!(
            "format: {FORMAT}\nprojects:\n  a/b:\n    v1: {{object: {ID}, first_seen: 2026-01-01T00:00:00Z}}\n"
        );
        Seen::parse(text.as_bytes()).unwrap();
        let fault = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            Seen::parse(text.replace(from, to).as_bytes()).unwrap_err().to_string()
        };
        assert!(fault("first_seen", "seen").contains("unknown field"));
        assert!(fault("projects:", "later: 1\nprojects:").contains("unknown field"));
        assert!(fault(ID, "0123").contains("object"));
        assert!(fault("    v1:", "    v..1:").contains("git forbids"));
        assert!(fault("  a/b:", "  /a:").contains("project"));
        assert!(fault("seen@v1", "seen@v2").contains("reads"));
        let twice = text.clone() + &text.lines().skip(2).collect::<Vec<_>>().join("\n");
        assert!(Seen::parse(twice.as_bytes()).unwrap_err().to_string().contains("duplicate"));
        let tag = text.lines().last().unwrap();
        assert!(fault(tag, &format!("{tag}\n{tag}")).contains("duplicate"));
    }
}
