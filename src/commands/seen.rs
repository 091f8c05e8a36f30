//! The record of tags that were met (`--seen`): read before judging, added to
//! after a run that said yes, under a lock.

use super::Failure;
use super::inputs;
use crate::files::{self, FileError};
use crate::release::document::MAX_SIZE;
use crate::release::seen::{Entry, Seen};
use crate::release::{Finding, ObjectId, Time};
use crate::report::yaml;
use std::path::{Path, PathBuf};

/// A tag on its way into the record.
#[derive(Debug)]
pub(super) struct Unseen {
    path: PathBuf,
    project: String,
    tag: String,
    entry: Entry,
}

/// What the record says of a tag.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub findings: Vec<Finding>,
    pub first_seen: Option<Time>,
    /// Present if the tag is not in it yet.
    pub unseen: Option<Unseen>,
}

/// Looks a tag up.
pub(super) fn look(
    path: &Path,
    project: &str,
    tag: &str,
    object: ObjectId,
    at: Time,
) -> Result<Look, Failure> {
    let mut look = Look::default();
    let known = read(path)?;
    if known.is_none() {
        look.findings.push(Finding::note(
            "seen-file-new",
            &super::failure::shown(path),
            "there is no such file yet: no tag was met before",
            "nothing to do for the first release; else find out where the file went",
        ));
    }
    match known.unwrap_or_default().get(project, tag) {
        Some(entry) => {
            look.findings.extend(entry.moved(tag, &object));
            look.first_seen = Some(entry.first_seen);
        }
        None => {
            let entry = Entry { object, first_seen: at };
            look.first_seen = Some(at);
            look.unseen = Some(Unseen { path: path.into(), project: project.into(), tag: tag.into(), entry });
        }
    }
    Ok(look)
}

impl Unseen {
    /// Adds the tag to the record. Only for a run that says yes.
    ///
    /// Another run may have met the tag meanwhile; if as another object, that
    /// is the finding here, and nothing is written.
    pub fn remember(&self) -> Result<Option<Finding>, Failure> {
        // What a link leads to is replaced, not the link.
        let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let mut lock = path.clone().into_os_string();
        lock.push(".lock");
        let _lock = files::lock(Path::new(&lock))?;
        let mut seen = read(&path)?.unwrap_or_default();
        if let Some(entry) = seen.get(&self.project, &self.tag) {
            return Ok(entry.moved(&self.tag, &self.entry.object));
        }
        seen.add(&self.project, &self.tag, self.entry);
        let text = yaml::to_string(&serde_json::to_value(&seen).unwrap_or_default());
        if text.len() > MAX_SIZE {
            return Err(FileError::TooLarge { path: self.path.clone(), max: MAX_SIZE as u64 }.into());
        }
        files::replace(&path, text.as_bytes())?;
        Ok(None)
    }
}

/// The record of a file; `None` if there is no such file.
fn read(path: &Path) -> Result<Option<Seen>, Failure> {
    let bytes = match files::read_given(path, MAX_SIZE as u64) {
        Ok(bytes) => bytes,
        Err(FileError::Missing { .. }) => return Ok(None),
        Err(error) => return Err(inputs::as_request(error)),
    };
    Seen::parse(&bytes).map(Some).map_err(|error| Failure::document("bad-seen-file", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_that_another_run_met_meanwhile_as_another_object_was_moved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen.yaml");
        let id = |digit: &str| ObjectId::parse(&digit.repeat(40)).unwrap();
        let look = |id| look(&path, "a/b", "v1", id, Time::from_unix(0)).unwrap().unseen.unwrap();
        let (one, other, same) = (look(id("1")), look(id("2")), look(id("1")));
        assert_eq!(one.remember().unwrap(), None);
        let written = std::fs::read(&path).unwrap();
        assert_eq!(other.remember().unwrap().unwrap().code, "tag-moved");
        assert_eq!(same.remember().unwrap(), None);
        assert_eq!(std::fs::read(&path).unwrap(), written);
    }

    #[test]
    fn a_lock_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = files::lock(&path).unwrap();
        let other = std::thread::spawn(move || files::lock(&path).map(drop));
        std::thread::sleep(std::time::Duration::from_millis(150));
        assert!(!other.is_finished(), "the lock is held");
        drop(held);
        other.join().unwrap().unwrap();
    }
}
