//! A note by which somebody else than the tagger vouches for a tag object:
//! a small signed document, since a tag carries one signature block only.

use super::document::{self, BadDocument};
use super::name;
use super::{ObjectId, Time};

/// First line of every note.
pub const FORMAT: &str = "countersign/tag-note@v1";

/// What an SSH signature over a note is made for; a tag's is for `git`.
pub const NAMESPACE: &str = "tag-note@countersign.invalid";

/// Largest note that is read, in bytes.
pub const MAX_SIZE: u64 = 4096;

/// What a note says: this project's tag of this name is this object.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagNote {
    #[serde(rename = "format")]
    _format: String,
    /// The project's name in the policy.
    pub project: String,
    /// The tag's name, without `refs/tags/`.
    pub tag: String,
    /// The tag object.
    pub object: ObjectId,
    /// When it was written, by its maker's word. An OpenPGP signature states
    /// that itself; one by an SSH key needs it.
    pub date: Option<Time>,
}

impl TagNote {
    /// Reads a note. Whether its signature is good must be known before.
    ///
    /// # Errors
    /// [`BadDocument`]; unknown keys are refused, since whoever signed meant
    /// something by them.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadDocument> {
        let note: Self = document::read(bytes, FORMAT)?;
        let fault = |place: &str, error: name::BadName| BadDocument::Meaning {
            place: place.into(),
            message: error.to_string(),
        };
        name::check_place("the project", &note.project).map_err(|error| fault("project", error))?;
        name::check_tag_name(&note.tag).map_err(|error| fault("tag", error))?;
        Ok(note)
    }

    /// What it vouches for instead of this tag, in words; `None` if for this.
    pub fn differs(&self, project: &str, tag: &str, object: &ObjectId) -> Option<String> {
        let same = self.project == project && self.tag == tag && self.object == *object;
        (!same).then(|| {
            format!(
                "vouches for tag {} of {} as object {}, this is tag {tag} of {project}, object {object}",
                self.tag, self.project, self.object
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789012345678901234567890123456789";

    fn note(project: &str, tag: &str) -> String {
        format!("format: {FORMAT}\nproject: {project}\ntag: {tag}\nobject: {ID}\n")
    }

    #[test]
    fn a_note_is_for_one_object_of_one_tag_of_one_project() {
        let id = ObjectId::parse(ID).unwrap();
        let read = TagNote::parse(note("example/hello", "v1.10").as_bytes()).unwrap();
        assert_eq!(read.differs("example/hello", "v1.10", &id), None);
        assert!(read.differs("example/other", "v1.10", &id).is_some());
        assert!(read.differs("example/hello", "v1.1", &id).is_some());
        let other = ObjectId::parse(&ID.replace('0', "f")).unwrap();
        assert!(read.differs("example/hello", "v1.10", &other).unwrap().contains(ID));
        // YAML would read 1.10 as a number and this as an octal one.
        assert_eq!(TagNote::parse(note("a", "1.10").as_bytes()).unwrap().tag, "1.10");
    }

    #[test]
    fn a_note_says_that_and_nothing_else() {
        let fault = |text: String| TagNote::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(fault(note("a", "v1") + "except: sundays\n").contains("unknown field"));
        assert!(fault(note("a", "v1") + "tag: v2\n").contains("duplicate"));
        assert!(fault(note("a", "v1") + "date: today\n").contains("not a time"));
        assert!(fault(note("a", "v1").replace(ID, "0123")).contains("object"));
        assert!(fault(note("../a", "v1")).contains("project"));
        assert!(fault(note("a", "v..1")).contains("tag"));
        assert!(fault(note("a", "v1").replace("note@v1", "note@v2")).contains("reads"));
        assert!(fault(format!("format: {FORMAT}\nproject: a\ntag: v1\n")).contains("missing field"));
    }
}
