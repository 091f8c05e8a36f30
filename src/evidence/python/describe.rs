//! Headers that describe a project to people: no installer acts on them.
//! Where git states the same thing statically they are compared; where a
//! script computes it, they pass and the explanation says so.

use super::metadata::Metadata;
use super::project::{Project, Stated};
use super::{Check, collapse, mismatch, show, undecided};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of one header that is compared piece by piece.
const MAX_VALUE: usize = 20_000;
/// Names and addresses that are tried at each place of a header.
const MAX_PEOPLE: usize = 2000;
/// The headers, each with its kind.
const KINDS: [(&str, &str); 12] = [
    ("summary", "summary"),
    ("home-page", "url"),
    ("download-url", "url"),
    ("project-url", "url"),
    ("author", "people"),
    ("author-email", "people"),
    ("maintainer", "people"),
    ("maintainer-email", "people"),
    ("license", "license"),
    ("license-expression", "license"),
    ("keywords", "keywords"),
    ("classifier", "classifier"),
];

/// Whether a header describes and does nothing else.
pub(super) fn is_about_people_and_texts(header: &str) -> bool {
    header == "platform" || KINDS.iter().any(|(name, _)| *name == header)
}

/// Descriptive texts of a project, ready to be compared with many headers.
pub(super) struct Described<'p> {
    project: &'p Project,
    /// Each text with runs of white space as one blank.
    sets: RefCell<BTreeMap<&'static str, BTreeSet<String>>>,
}

impl<'p> Described<'p> {
    pub fn new(project: &'p Project) -> Self {
        Self { project, sets: Default::default() }
    }

    /// Checks one header; tells whether it was compared.
    pub fn check(&self, header: &str, value: &str) -> Check<bool> {
        let kind = KINDS.iter().find(|(name, _)| *name == header).map_or("platform", |(_, kind)| kind);
        // The word that older tools write for nothing, and nothing.
        if value.is_empty() || value == "UNKNOWN" {
            return Ok(true);
        }
        if value.len() > MAX_VALUE && kind != "license" {
            return undecided(format!("has a header {header} of {} bytes", value.len()));
        }
        let stated = match (self.project.texts.stated.get(kind), &self.project.texts.silence) {
            (Some(Stated::Is(texts)), _) => texts.as_slice(),
            (None, Stated::Is(())) => &[],
            (Some(Stated::Unknown(_)), _) | (None, Stated::Unknown(_)) => return Ok(false),
        };
        if self.holds(header, kind, value, stated) {
            return Ok(true);
        }
        mismatch(format!("has {header}: {}, which {} does not state", show(value), self.project.source))
    }

    /// Classifiers and addresses that git states must all be there, each once.
    pub fn all_there(&self, metadata: &Metadata) -> Check {
        let stated = |kind: &str| match self.project.texts.stated.get(kind) {
            Some(Stated::Is(texts)) => texts.as_slice(),
            _ => &[],
        };
        let classifiers = stated("classifier");
        let found: Vec<String> = metadata.many("classifier").map(collapse).collect();
        let set: BTreeSet<&str> = found.iter().map(String::as_str).collect();
        let wanted: BTreeSet<String> = classifiers.iter().map(|text| collapse(text)).collect();
        if let Some(lost) = wanted.iter().find(|text| !text.is_empty() && !set.contains(text.as_str())) {
            return mismatch(format!(
                "lacks the classifier {}, which {} states",
                show(lost),
                self.project.source
            ));
        }
        if set.len() != found.len() && wanted.len() == classifiers.len() {
            return mismatch("has one classifier twice");
        }
        let address = |text: &str| text.rsplit_once(", ").map_or(text, |(_, url)| url).trim().to_string();
        let headers = ["project-url", "home-page", "download-url"];
        let found: BTreeSet<String> =
            headers.iter().flat_map(|header| metadata.many(header)).map(address).collect();
        match stated("url")
            .iter()
            .map(|text| address(text))
            .find(|url| !url.is_empty() && !found.contains(url))
        {
            Some(lost) => {
                mismatch(format!("lacks the address {}, which {} states", show(&lost), self.project.source))
            }
            None => Ok(()),
        }
    }

    fn holds(&self, header: &str, kind: &'static str, value: &str, stated: &[String]) -> bool {
        let value = collapse(value);
        match kind {
            "people" => people(&value, stated),
            "summary" => {
                stated.iter().any(|text| collapse(text) == value)
                    || stated
                        .iter()
                        .any(|text| text.trim().lines().next().map(collapse).as_deref() == Some(&value))
                    || collapse(&stated.join(" ")) == value
            }
            "keywords" => {
                // Tools join keywords by commas, or take the text as it is.
                let whole = stated.iter().map(|text| collapse(text));
                let parts = stated.iter().flat_map(|text| text.split(',').map(collapse));
                let words = stated.iter().flat_map(|text| text.split([',', ' ', '\n']).map(collapse));
                let known: BTreeSet<String> = whole.chain(parts).chain(words).collect();
                let all = |separator: char| value.split(separator).all(|word| known.contains(word.trim()));
                known.contains(&value) || all(',') || all(' ')
            }
            "license" => {
                let value = value.to_lowercase();
                stated.iter().any(|text| collapse(text).to_lowercase() == value)
            }
            "url" if header == "project-url" => {
                // Blanks after the comma, and the case of the label, are the tool's choice.
                let tight = |text: &str| match text.split_once(',') {
                    Some((label, url)) => format!("{},{}", label.trim().to_lowercase(), url.trim()),
                    None => text.to_string(),
                };
                let wanted = tight(&value);
                self.among(kind, stated, &wanted, tight)
            }
            "url" => self.among("bare", stated, &value, |text| {
                let url = text.split_once(',').map_or(text, |(_, url)| url);
                url.trim().to_string()
            }),
            "classifier" => {
                self.among(kind, stated, &value, str::to_string)
                    || (self.project.rewrites && is_automatic(&value))
            }
            _ => value == "any" || self.among(kind, stated, &value, str::to_string),
        }
    }

    /// Whether a text is among the stated ones, each brought into a form that
    /// is made once for all headers.
    fn among(
        &self,
        kind: &'static str,
        stated: &[String],
        text: &str,
        form: impl Fn(&str) -> String,
    ) -> bool {
        let mut sets = self.sets.borrow_mut();
        let set =
            sets.entry(kind).or_insert_with(|| stated.iter().map(|text| form(&collapse(text))).collect());
        set.contains(text)
    }
}

/// Classifiers that poetry makes of the versions of Python and the license.
fn is_automatic(value: &str) -> bool {
    let python = value.strip_prefix("Programming Language :: Python :: ");
    let version = python.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
    version || value.starts_with("License :: ")
}

/// Whether a list of names and addresses holds nothing but stated ones.
fn people(value: &str, stated: &[String]) -> bool {
    if stated.len() > MAX_PEOPLE {
        return false;
    }
    let mut known: Vec<String> =
        stated.iter().map(|text| collapse(text)).filter(|text| !text.is_empty()).collect();
    // The longest first: a name may begin with another.
    known.sort_by_key(|text| std::cmp::Reverse(text.len()));
    let mut rest = value;
    'next: while !rest.is_empty() {
        for text in &known {
            if let Some(after) = rest.strip_prefix(text.as_str()) {
                rest = after;
                continue 'next;
            }
        }
        let mut letters = rest.chars();
        match letters.next() {
            Some(' ' | ',' | '<' | '>' | '"' | '\\') => rest = letters.as_str(),
            // Other spellings, such as words encoded for mail.
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(header: &str, value: &str, kind: &'static str, stated: &[&str]) -> bool {
        let mut project = Project::unknown("test");
        project.texts.silence = Stated::Is(());
        let stated = stated.iter().map(|text| (*text).to_string()).collect();
        project.texts.stated.insert(kind, Stated::Is(stated));
        Described::new(&project).check(header, value).is_ok()
    }

    #[test]
    fn spellings_of_tools_are_accepted() {
        let people = ["A. B", "a@b.c", "D, E", "d@e.f"];
        assert!(holds("author-email", "\"D, E\" <d@e.f>, A. B <a@b.c>", "people", &people));
        assert!(holds("author", "A. B, D, E", "people", &people));
        assert!(holds("keywords", "a,b c", "keywords", &["b c", "a"]));
        assert!(holds("keywords", "a b", "keywords", &["a b"]));
        assert!(holds("license", "mit", "license", &["MIT"]));
        assert!(holds("project-url", "Home, https://x", "url", &["Home, https://x"]));
        assert!(holds("home-page", "https://x", "url", &["Home, https://x"]));
        assert!(holds("summary", "One line", "summary", &["One  line\nand more"]));
        assert!(holds("platform", "any", "platform", &[]));
    }

    #[test]
    fn texts_that_git_does_not_state_are_refused() {
        assert!(!holds("author-email", "A <a@b.c>, Mallory <m@x>", "people", &["A", "a@b.c"]));
        assert!(!holds("project-url", "Home, https://evil", "url", &["Home, https://x"]));
        assert!(!holds("home-page", "https://evil", "url", &["Home, https://x"]));
        assert!(!holds("summary", "Other", "summary", &["One"]));
        assert!(!holds("summary", "Other", "summary", &[]));
        assert!(!holds("keywords", "a,evil", "keywords", &["a"]));
        assert!(!holds("license", "GPL", "license", &["MIT"]));
        assert!(!holds("classifier", "License :: OSI Approved", "classifier", &["X"]));
    }

    #[test]
    fn what_a_script_computes_is_not_compared() {
        let project = Project::unknown("setup.py computes it");
        assert_eq!(Described::new(&project).check("author", "anybody"), Ok(false));
    }
}
