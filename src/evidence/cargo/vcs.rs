//! `.cargo_vcs_info.json`: the commit that cargo says it packed.

use super::Stop;
use super::value::name;
use crate::evidence::case::{Answer, Case};
use crate::evidence::explain::Level;
use crate::evidence::json;
use crate::release::path::printable;
use serde_json::{Map, Value};

/// Judges the file's bytes.
pub(crate) fn judge(case: &Case<'_>, bytes: &[u8]) -> Result<Answer, Stop> {
    let value = json::parse(bytes).map_err(|why| Stop::Mismatch(format!("is {why}")))?;
    let top = object(&value, "the document")?;
    let git = top.get("git").ok_or_else(|| Stop::Undecided("names no git commit".into()))?;
    let git = object(git, "git")?;
    known(top, &["git", "path_in_vcs"])?;
    known(git, &["sha1", "dirty"])?;
    let commit = case.origin.commit().to_string();
    match git.get("sha1") {
        Some(Value::String(sha1)) if *sha1 == commit => {}
        Some(Value::String(sha1)) => {
            return Err(Stop::Mismatch(format!("expected commit {commit}, the tag's; found {}", name(sha1))));
        }
        _ => return Err(Stop::Undecided("git.sha1 is not a string".into())),
    }
    match git.get("dirty") {
        None | Some(Value::Bool(false)) => {}
        Some(Value::Bool(true)) => {
            return Err(Stop::Mismatch(
                "says that the checkout had changes that are not in git (dirty)".into(),
            ));
        }
        Some(_) => return Err(Stop::Undecided("git.dirty is not a boolean".into())),
    }
    let folder = case.subdirectory.as_bytes();
    match top.get("path_in_vcs") {
        // cargo before 1.57 did not write it.
        None => Ok(Answer::explained(Level::Structured, "the tag's commit; it names no folder")),
        Some(Value::String(path)) if path.as_bytes() == folder => {
            Ok(Answer::explained(Level::Structured, "the tag's commit and the crate's folder"))
        }
        Some(Value::String(path)) => Err(Stop::Mismatch(format!(
            "expected path_in_vcs \"{}\", the subdirectory; found \"{}\"",
            printable(folder),
            name(path)
        ))),
        Some(_) => Err(Stop::Undecided("path_in_vcs is not a string".into())),
    }
}

fn object<'v>(value: &'v Value, what: &str) -> Result<&'v Map<String, Value>, Stop> {
    value.as_object().ok_or_else(|| Stop::Undecided(format!("{what} is not a JSON object")))
}

fn known(map: &Map<String, Value>, keys: &[&str]) -> Result<(), Stop> {
    match map.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(Stop::Undecided(format!("has a key that is not known: {}", name(key)))),
        None => Ok(()),
    }
}
