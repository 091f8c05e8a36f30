//! `.mailmap` (gitmailmap(5)): which names and addresses are one person's.

use std::collections::HashMap;

use super::commit::{is_space, trim_end};

/// git reads a work tree's `.mailmap` in pieces of this length; a longer line
/// counts as several.
const MAX_LINE: usize = 1023;

/// A parsed `.mailmap`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mailmap {
    /// By the commit's address in lower case.
    people: HashMap<Vec<u8>, Person>,
}

/// What becomes of a name and an address; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Proper {
    name: Option<Vec<u8>>,
    email: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Person {
    /// For every name at the address,
    any: Proper,
    /// except these, in lower case.
    named: HashMap<Vec<u8>, Proper>,
}

impl Mailmap {
    /// Parses the file. Lines that map nothing are passed over, as in git.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut map = Self::default();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        for line in lines.flat_map(|line| line.chunks(MAX_LINE)) {
            // A NUL ends a line early.
            let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
            if !line.starts_with(b"#") {
                map.add(line);
            }
        }
        map
    }

    /// `NAME <EMAIL>` or `NAME <EMAIL> OLD-NAME <OLD-EMAIL>`, names optional.
    fn add(&mut self, line: &[u8]) {
        let Some((name, email, rest)) = person(line, false) else { return };
        let (old_name, old_email, email) = match person(rest, true) {
            Some((old_name, old_email, _)) => (old_name, old_email, Some(email)),
            // With one address alone it is the one to look for.
            None => (None, email, None),
        };
        let entry = self.people.entry(old_email.to_ascii_lowercase()).or_default();
        let proper = match old_name {
            Some(old_name) => {
                // A later line for the same name takes the place of an earlier.
                let proper = entry.named.entry(old_name.to_ascii_lowercase()).or_default();
                *proper = Proper::default();
                proper
            }
            None => &mut entry.any,
        };
        if let Some(name) = name {
            proper.name = Some(name.into());
        }
        if let Some(email) = email {
            proper.email = Some(email.into());
        }
    }

    /// The proper name and address of a commit's name and address.
    pub fn map<'a>(&'a self, name: &'a [u8], email: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let Some(person) = self.people.get(&email.to_ascii_lowercase()) else { return (name, email) };
        let proper = person.named.get(&name.to_ascii_lowercase()).unwrap_or(&person.any);
        (proper.name.as_deref().unwrap_or(name), proper.email.as_deref().unwrap_or(email))
    }
}

type Found<'a> = (Option<&'a [u8]>, &'a [u8], &'a [u8]);

/// A name, if any, an address in angle brackets, and what follows. Only the
/// second address of a line may be empty.
fn person(text: &[u8], may_be_empty: bool) -> Option<Found<'_>> {
    let open = text.iter().position(|byte| *byte == b'<')?;
    let (name, rest) = text.split_at(open);
    let rest = rest.get(1..)?;
    let close = rest.iter().position(|byte| *byte == b'>')?;
    let (email, rest) = rest.split_at(close);
    if email.is_empty() && !may_be_empty {
        return None;
    }
    let spaces = name.iter().take_while(|byte| is_space(**byte)).count();
    let name = trim_end(name.get(spaces..).unwrap_or_default());
    Some(((!name.is_empty()).then_some(name), email, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str, name: &str, email: &str) -> String {
        let map = Mailmap::parse(text.as_bytes());
        let (name, email) = map.map(name.as_bytes(), email.as_bytes());
        format!("{} <{}>", String::from_utf8_lossy(name), String::from_utf8_lossy(email))
    }

    #[test]
    fn the_four_forms() {
        let text = "Jane <jane@x>\n<proper@x> <old@x>\nBob <bob@x> <bobby@x>\nAnn <ann@x> A <shared@x>\n";
        assert_eq!(map(text, "j", "jane@x"), "Jane <jane@x>");
        assert_eq!(map(text, "o", "old@x"), "o <proper@x>");
        assert_eq!(map(text, "b", "BOBBY@x"), "Bob <bob@x>");
        assert_eq!(map(text, "a", "shared@x"), "Ann <ann@x>");
        assert_eq!(map(text, "b", "shared@x"), "b <shared@x>");
        assert_eq!(map(text, "Jane", "unknown@x"), "Jane <unknown@x>");
    }

    #[test]
    fn lines_that_map_nothing_are_passed_over() {
        let text = "# Jane <a@x>\nJane\nJane <a@x\nJane <>\n\n<a@x\n> x <a@x>\n";
        assert_eq!(map(text, "a", "b@x"), "a <b@x>");
        assert_eq!(map("A <a@x> # why", "x", "a@x"), "A <a@x>");
        assert_eq!(map("A <a@x> <>", "x", ""), "A <a@x>");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_fail(text: Vec<u8>, name: Vec<u8>, email: Vec<u8>) {
            Mailmap::parse(&text).map(&name, &email);
        }
    }
}
