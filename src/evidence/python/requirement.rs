//! Requirements on other packages (PEP 508), in a form that is the same for
//! all spellings.

use super::marker::Marker;
use super::{is_name, normal_name, show, specifier};
use std::collections::BTreeSet;
use std::fmt;

/// Bytes of one requirement.
const MAX_REQUIREMENT: usize = 8000;
/// Extras that one requirement asks for.
const MAX_EXTRAS: usize = 100;

/// A requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requirement {
    /// Normal name of the package.
    pub name: String,
    /// Normal names of the extras it asks for.
    pub extras: BTreeSet<String>,
    /// Specifiers in normal form; empty for any version.
    pub versions: String,
    /// Where to fetch it, if it says so.
    pub url: Option<String>,
    /// The condition.
    pub marker: Option<Marker>,
}

/// A requirement of a project under one extra of the project, or under none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Dependency {
    /// Normal name of the extra; empty for what is always needed.
    pub extra: String,
    /// Package, its extras, versions and place, in normal form.
    pub what: String,
    /// The rest of the condition, in normal form; empty if there is none.
    pub condition: String,
}

impl Requirement {
    /// Reads one requirement; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_REQUIREMENT {
            return None;
        }
        let text = text.trim();
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let end = text.bytes().position(|byte| !known(byte)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if !is_name(name) {
            return None;
        }
        let (extras, rest) = extras(rest.trim_start())?;
        let (url, versions, marker) = match rest.strip_prefix('@') {
            Some(place) => {
                // A blank must stand before the semicolon: a URL may hold one.
                let (url, marker) = match place.trim_start().split_once(char::is_whitespace) {
                    Some((url, rest)) => (url, Some(rest.trim_start().strip_prefix(';')?)),
                    None => (place.trim_start(), None),
                };
                let plain = !url.is_empty() && url.bytes().all(|byte| byte.is_ascii_graphic());
                (Some(plain.then(|| url.to_string())?), String::new(), marker)
            }
            None => {
                let (versions, marker) = match rest.split_once(';') {
                    Some((versions, marker)) => (versions, Some(marker)),
                    None => (rest, None),
                };
                (None, specifier::canonical(versions)?, marker)
            }
        };
        let marker = match marker {
            Some(text) => Some(Marker::parse(text)?),
            None => None,
        };
        Some(Self { name: normal_name(name), extras, versions, url, marker })
    }

    /// Package, its extras, versions and place, in normal form.
    pub fn what(&self) -> String {
        let mut text = self.name.clone();
        if !self.extras.is_empty() {
            let extras: Vec<&str> = self.extras.iter().map(String::as_str).collect();
            text.push_str(&format!("[{}]", extras.join(",")));
        }
        text.push_str(&self.versions);
        if let Some(url) = &self.url {
            text.push_str(&format!(" @ {url}"));
        }
        text
    }

    /// This requirement under each extra that its marker asks for.
    pub fn dependencies(&self) -> Option<Vec<Dependency>> {
        let branches = match &self.marker {
            Some(marker) => marker.branches()?,
            None => vec![Default::default()],
        };
        let what = self.what();
        let one = |(extra, condition)| Dependency { extra, what: what.clone(), condition };
        Some(branches.into_iter().map(one).collect())
    }

    /// This requirement under an extra of the project.
    pub fn under(mut self, extra: &str, condition: Option<Marker>) -> Option<Vec<Dependency>> {
        if let Some(condition) = condition {
            self.marker = Some(match self.marker {
                Some(marker) => marker.and(condition),
                None => condition,
            });
        }
        let mut dependencies = self.dependencies()?;
        if !extra.is_empty() {
            for dependency in &mut dependencies {
                // An extra of the requirement's own would be a second one.
                if !dependency.extra.is_empty() && dependency.extra != normal_name(extra) {
                    return None;
                }
                dependency.extra = normal_name(extra);
            }
        }
        Some(dependencies)
    }
}

/// The name of the package in a dependency's normal form.
pub(crate) fn package(what: &str) -> &str {
    let known = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    what.split(|letter| !known(letter)).next().unwrap_or_default()
}

fn extras(text: &str) -> Option<(BTreeSet<String>, &str)> {
    let Some(rest) = text.strip_prefix('[') else { return Some((BTreeSet::new(), text)) };
    let (list, rest) = rest.split_once(']')?;
    let mut extras = BTreeSet::new();
    if !list.trim().is_empty() {
        for (index, extra) in list.split(',').enumerate() {
            if index >= MAX_EXTRAS || !is_name(extra.trim()) {
                return None;
            }
            extras.insert(normal_name(extra.trim()));
        }
    }
    Some((extras, rest.trim_start()))
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.what.clone();
        if !self.condition.is_empty() {
            text.push_str(&format!("; {}", self.condition));
        }
        f.write_str(&show(&text))?;
        match self.extra.as_str() {
            "" => Ok(()),
            extra => write!(f, " under the extra {}", show(extra)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Option<Vec<String>> {
        let found = Requirement::parse(text)?.dependencies()?;
        Some(found.iter().map(|one| format!("{}|{}|{}", one.extra, one.what, one.condition)).collect())
    }

    #[test]
    fn equal_requirements_have_one_form() {
        for text in [
            "Foo.Bar[b,A]>=1.0,<2; python_version<'3'",
            "foo_bar [A, b] (<2.0,>=1) ; (python_version < \"3\")",
        ] {
            assert_eq!(all(text).unwrap(), ["|foo-bar[a,b]<2,>=1|python_version < \"3\""], "{text}");
        }
        assert_eq!(all("foo").unwrap(), ["|foo|"]);
        assert_eq!(all("foo[]>1").unwrap(), ["|foo>1|"]);
        assert_eq!(all("foo@https://h/a;b ; extra == 'x'").unwrap(), ["x|foo @ https://h/a;b|"]);
    }

    #[test]
    fn every_part_counts() {
        let base = all("foo>=1");
        for other in ["foo>=2", "foo", "bar>=1", "foo[x]>=1", "foo>=1; os_name=='nt'", "foo>=1; extra=='x'"] {
            assert_ne!(all(other), base, "{other}");
        }
        assert_ne!(all("foo @ https://a/"), all("foo @ https://b/"));
    }

    #[test]
    fn other_texts_are_no_requirements() {
        for bad in
            ["", "-r x", "foo bar", "foo>=1 <2", "foo[x", "foo @", "foo;", "foo>=1\nevil", "foo==*", "é"]
        {
            assert_eq!(Requirement::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Requirement::parse(&"x".repeat(10_000)), None);
    }

    #[test]
    fn a_requirement_of_an_extra_is_one_under_it() {
        let under = Requirement::parse("foo; os_name == 'nt'").unwrap().under("Use_It", None).unwrap();
        assert_eq!(
            Some(under),
            Requirement::parse("foo; os_name=='nt' and extra=='use-it'").unwrap().dependencies()
        );
    }
}
