//! Versions of Python packages (PEP 440): read, written in normal form, compared.

use std::cmp::Ordering;
use std::fmt;

/// Letters of a version's text.
const MAX_VERSION: usize = 200;

/// A part of a local version. Letters sort before numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Local {
    Text(String),
    Number(u64),
}

/// A version.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    epoch: u64,
    release: Vec<u64>,
    pre: Option<(&'static str, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Vec<Local>,
}

impl Version {
    /// Reads any spelling that PEP 440 allows; `None` if it is not one, or has
    /// a number beyond 64 bits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_VERSION {
            return None;
        }
        let lower = text.trim().to_ascii_lowercase();
        let lower = lower.strip_prefix('v').unwrap_or(&lower);
        let (public, local) = match lower.split_once('+') {
            Some((public, local)) => (public, parse_local(local)?),
            None => (lower, vec![]),
        };
        let (epoch, public) = match public.split_once('!') {
            Some((epoch, rest)) => (number(epoch)?, rest),
            None => (0, public),
        };
        let mut rest = Reader(public);
        let mut release = vec![rest.number()?];
        while let Some(next) = rest.dotted_number() {
            release.push(next);
        }
        let pre = rest.word(&[
            ("alpha", "a"),
            ("a", "a"),
            ("beta", "b"),
            ("b", "b"),
            ("preview", "rc"),
            ("pre", "rc"),
            ("rc", "rc"),
            ("c", "rc"),
        ])?;
        let post = match rest.implicit_post() {
            Some(post) => Some(post),
            None => rest.word(&[("post", "post"), ("rev", "post"), ("r", "post")])?.map(|(_, number)| number),
        };
        let dev = rest.word(&[("dev", "dev")])?.map(|(_, number)| number);
        rest.0.is_empty().then_some(Self { epoch, release, pre, post, dev, local })
    }

    /// The release numbers without the zeros at their end.
    fn significant(&self) -> &[u64] {
        let end = self.release.iter().rposition(|number| *number != 0).map_or(0, |last| last + 1);
        self.release.get(..end).unwrap_or_default()
    }

    /// The normal form without the zeros at the end of the release numbers:
    /// the same for all versions that are equal.
    pub fn canonical(&self) -> String {
        let release = match self.significant() {
            [] => vec![0],
            numbers => numbers.to_vec(),
        };
        Self { release, ..self.clone() }.to_string()
    }

    /// The release numbers.
    pub fn release(&self) -> &[u64] {
        &self.release
    }

    /// The tuples that generations of setuptools-scm write for this version,
    /// as Python's `repr` has them, the newest first. Up to 8.1 pre- and
    /// post-release parts and the epoch were left out.
    pub fn tuples(&self) -> Vec<String> {
        let full = [
            (self.epoch > 0).then(|| format!("'{}!'", self.epoch)),
            Some(join(&self.release)),
            self.pre.map(|(letter, number)| format!("'{letter}{number}'")),
            self.post.map(|number| format!("'post{number}'")),
        ];
        let ends =
            [self.dev.map(|number| format!("'dev{number}'")), self.local().map(|text| format!("'{text}'"))];
        let old = [Some(join(&self.release))];
        let write = |parts: &[Option<String>]| {
            let parts: Vec<&str> = parts.iter().chain(&ends).flatten().map(String::as_str).collect();
            let single = parts.len() == 1 && self.release.len() == 1;
            format!("({}{})", parts.join(", "), if single { "," } else { "" })
        };
        let mut tuples = vec![write(&full), write(&old)];
        tuples.dedup();
        tuples
    }

    fn local(&self) -> Option<String> {
        let parts: Vec<String> = self.local.iter().map(ToString::to_string).collect();
        (!parts.is_empty()).then(|| parts.join("."))
    }

    /// Sorts as PEP 440 says: dev releases before pre-releases before the
    /// release before post-releases.
    fn key(&self) -> impl Ord + '_ {
        let pre = match (self.pre, self.post, self.dev) {
            (Some((letter, number)), _, _) => (1, letter, number),
            (None, None, Some(_)) => (0, "", 0),
            (None, _, _) => (2, "", 0),
        };
        let post = self.post.map_or((0, 0), |number| (1, number));
        let dev = self.dev.map_or((1, 0), |number| (0, number));
        (self.epoch, self.significant(), pre, post, dev, self.local.as_slice())
    }
}

fn join(numbers: &[u64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn parse_local(text: &str) -> Option<Vec<Local>> {
    let part = |part: &str| {
        let known = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        known.then(|| number(part).map_or_else(|| Local::Text(part.into()), Local::Number))
    };
    text.split(['.', '-', '_']).map(part).collect()
}

/// What is left of a version's text.
struct Reader<'t>(&'t str);

impl<'t> Reader<'t> {
    fn digits(&mut self) -> &'t str {
        let end = self.0.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        digits
    }

    fn number(&mut self) -> Option<u64> {
        number(self.digits())
    }

    fn dotted_number(&mut self) -> Option<u64> {
        let mut rest = Reader(self.0.strip_prefix('.')?);
        let number = rest.number()?;
        self.0 = rest.0;
        Some(number)
    }

    /// `-1`, the short way to write a post-release.
    fn implicit_post(&mut self) -> Option<u64> {
        let mut rest = Reader(self.0.strip_prefix('-')?);
        let number = rest.number()?;
        self.0 = rest.0;
        Some(number)
    }

    /// A word with its number, each after an optional separator; `Some(None)`
    /// if there is no such word, `None` if its number is too large.
    fn word(&mut self, words: &[(&str, &'static str)]) -> Option<Option<(&'static str, u64)>> {
        let rest = self.0.strip_prefix(['.', '-', '_']).unwrap_or(self.0);
        let found = words.iter().find_map(|(word, normal)| Some((rest.strip_prefix(word)?, *normal)));
        let Some((rest, normal)) = found else { return Some(None) };
        let mut after = Reader(rest.strip_prefix(['.', '-', '_']).unwrap_or(rest));
        let digits = after.digits();
        if digits.is_empty() {
            self.0 = rest;
            return Some(Some((normal, 0)));
        }
        self.0 = after.0;
        number(digits).map(|number| Some((normal, number)))
    }
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch > 0 {
            write!(f, "{}!", self.epoch)?;
        }
        f.write_str(&join(&self.release).replace(", ", "."))?;
        if let Some((letter, number)) = self.pre {
            write!(f, "{letter}{number}")?;
        }
        if let Some(number) = self.post {
            write!(f, ".post{number}")?;
        }
        if let Some(number) = self.dev {
            write!(f, ".dev{number}")?;
        }
        self.local().map_or(Ok(()), |local| write!(f, "+{local}"))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Option<String> {
        Version::parse(text).map(|version| version.to_string())
    }

    #[test]
    fn spellings_have_one_normal_form() {
        for (text, wanted) in [
            ("1.0", "1.0"),
            ("v1.0", "1.0"),
            ("1.0.RC1", "1.0rc1"),
            ("1.0-alpha.2", "1.0a2"),
            ("1.0c3", "1.0rc3"),
            ("1.0preview", "1.0rc0"),
            ("1.0-1", "1.0.post1"),
            ("1.0.rev2", "1.0.post2"),
            ("1.0dev", "1.0.dev0"),
            ("2!1.0a1.post3.dev4+Ubuntu-1", "2!1.0a1.post3.dev4+ubuntu.1"),
            ("007.01", "7.1"),
        ] {
            assert_eq!(normal(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_versions() {
        for text in
            ["", "a", "1.", ".1", "1..2", "1.0+", "1.0+a+b", "1.0x", "1!", "1 0", "1.0\n2", "1.0-", "-1"]
        {
            assert_eq!(normal(text), None, "{text:?}");
        }
        assert_eq!(normal("99999999999999999999999"), None);
        assert_eq!(normal(&"1.".repeat(1000)), None);
    }

    #[test]
    fn versions_sort_by_the_specification() {
        let sorted = [
            "1.0.dev1",
            "1.0a1.dev1",
            "1.0a1",
            "1.0a1.post1",
            "1.0b2",
            "1.0rc1",
            "1.0",
            "1.0+abc",
            "1.0+5",
            "1.0.post1.dev1",
            "1.0.post1",
            "1.0.1",
            "1.10",
            "1!0.1",
        ];
        for pair in sorted.windows(2) {
            assert!(Version::parse(pair[0]) < Version::parse(pair[1]), "{pair:?}");
        }
        assert_eq!(Version::parse("1.0"), Version::parse("1.0.0"));
        assert_eq!(Version::parse("1.0.0").unwrap().canonical(), "1");
        assert_eq!(Version::parse("0.0").unwrap().canonical(), "0");
    }

    #[test]
    fn tuples_are_those_of_setuptools_scm() {
        let tuples = |text| Version::parse(text).unwrap().tuples();
        assert_eq!(tuples("2.7.0"), ["(2, 7, 0)"]);
        assert_eq!(tuples("7"), ["(7,)"]);
        assert_eq!(tuples("1.0rc1"), ["(1, 0, 'rc1')", "(1, 0)"]);
        assert_eq!(tuples("1!2.post1.dev3+x.1"), ["('1!', 2, 'post1', 'dev3', 'x.1')", "(2, 'dev3', 'x.1')"]);
        assert_eq!(tuples("7rc1"), ["(7, 'rc1')", "(7,)"]);
    }
}
