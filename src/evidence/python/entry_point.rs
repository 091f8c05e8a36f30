//! Entry points: names under which other programs find code of a project.

use super::ini::Value;
use super::{Check, No, show, undecided};
use std::collections::{BTreeMap, BTreeSet};

/// A name under which other programs find code of the project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EntryPoint {
    /// `console_scripts` or another group.
    pub group: String,
    /// The name in the group.
    pub name: String,
    /// Module, object and extras, without blanks that mean nothing.
    pub value: String,
}

/// Blanks that readers of entry points skip. What else counts as white space
/// differs among them.
const BLANKS: [char; 2] = [' ', '\t'];
/// What stands between the words of an entry point's value.
const SIGNS: [char; 4] = [':', '[', ']', ','];

/// An entry point from its group, to the byte, its name and its value. Blanks
/// mean nothing at the ends and beside the signs of a value; within a word
/// they would make another name of two.
///
/// # Errors
/// Undecided, if white space is anywhere else.
pub(super) fn one(group: &str, name: &str, value: &str) -> Check<EntryPoint> {
    let (name, value) = (name.trim_matches(BLANKS), value.trim_matches(BLANKS));
    let (mut plain, mut rest) = (String::new(), value);
    while let Some(at) = rest.find(BLANKS) {
        let (word, after) = rest.split_at(at);
        plain.push_str(word);
        rest = after.trim_start_matches(BLANKS);
        if !plain.ends_with(SIGNS) && !rest.starts_with(SIGNS) {
            plain.push(' ');
        }
    }
    plain.push_str(rest);
    let odd = |letter: char| letter.is_whitespace() && letter != ' ';
    match name.is_empty() || name.contains(odd) || plain.contains(char::is_whitespace) {
        true => Err(No::Undecided(format!(
            "has the entry point {} = {}, which is not understood",
            show(name),
            show(value)
        ))),
        false => Ok(EntryPoint { group: group.into(), name: name.into(), value: plain }),
    }
}

/// An entry point from a line `name = value`.
pub(super) fn of_line(group: &str, line: &str) -> Check<EntryPoint> {
    match line.split_once('=') {
        Some((name, value)) => one(group, name, value),
        None => Err(No::Undecided(format!("has the entry point {}, which is not understood", show(line)))),
    }
}

/// Entry points by group, as a section of `setup.cfg` has them.
pub(super) fn groups(groups: &BTreeMap<String, Value>) -> Check<BTreeSet<EntryPoint>> {
    let mut all = BTreeSet::new();
    for (group, lines) in groups {
        for line in lines {
            all.insert(of_line(group, line)?);
        }
    }
    Ok(all)
}

/// Entry points as a text with `[group]` headings. Blanks in a heading belong
/// to the group: pip takes them so, and finds no `console_scripts` there.
pub(super) fn sections(text: &str) -> Check<BTreeSet<EntryPoint>> {
    let mut all = BTreeSet::new();
    let mut group = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
        match (line.strip_prefix('[').and_then(|line| line.strip_suffix(']')), &group) {
            (Some(name), _) => group = Some(name.to_string()),
            (None, Some(group)) => {
                all.insert(of_line(group, line)?);
            }
            (None, None) => return undecided("has an entry point outside of any group"),
        }
    }
    Ok(all)
}
