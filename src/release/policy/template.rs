//! Templates with one hole, `{version}`, and what may stand in the hole.

use regex::Regex;

/// A text with `{version}` in it, such as `v{version}` or
/// `nova-{version}.tar.gz`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template(String);

const HOLE: &str = "{version}";

impl Template {
    /// Wraps a template.
    ///
    /// # Errors
    /// A sentence, if there is any other `{` or `}`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = text.replace(HOLE, "");
        if rest.contains(['{', '}']) {
            return Err(format!("{text:?} has a brace outside {HOLE}, the only thing that is filled in"));
        }
        Ok(Self(text.into()))
    }

    /// The text with the hole filled in.
    pub fn fill(&self, version: &str) -> String {
        self.0.replace(HOLE, version)
    }

    /// The template with the hole filled in: one text only.
    #[must_use]
    pub fn filled(&self, version: &str) -> Self {
        Self(self.fill(version))
    }

    /// Whether the version occurs at all.
    pub fn has_hole(&self) -> bool {
        self.0.contains(HOLE)
    }

    /// The version that makes this template equal `text`, if there is one.
    /// Anchored at both ends; with one hole the answer is unique.
    pub fn version_in<'t>(&self, text: &'t str) -> Option<&'t str> {
        let (before, after) = self.0.split_once(HOLE)?;
        text.strip_prefix(before)?.strip_suffix(after).filter(|version| !version.is_empty())
    }

    /// The template as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a version may look like. Always anchored at both ends.
#[derive(Debug, Clone)]
pub enum VersionGrammar {
    /// Starts with a digit; then letters, digits and `. + - _ ! ~`.
    Plain,
    /// PEP 440, the canonical form of its appendix B and local versions.
    Pep440,
    /// Semantic Versioning 2.0.0.
    Semver,
    /// The policy's own pattern.
    Pattern(Regex),
}

const PLAIN: &str = r"[0-9][0-9A-Za-z.+_!~-]*";
const PEP440: &str = r"([1-9][0-9]*!)?(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*((a|b|rc)(0|[1-9][0-9]*))?(\.post(0|[1-9][0-9]*))?(\.dev(0|[1-9][0-9]*))?(\+[a-z0-9]+([.][a-z0-9]+)*)?";
const SEMVER: &str = r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?";

impl VersionGrammar {
    /// A grammar by the name it has in the policy.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "plain" => Some(Self::Plain),
            "pep440" => Some(Self::Pep440),
            "semver" => Some(Self::Semver),
            _ => None,
        }
    }

    /// A grammar from a policy's own pattern, anchored here.
    ///
    /// # Errors
    /// The pattern's fault in words.
    pub fn pattern(text: &str) -> Result<Self, String> {
        anchored(text).map(Self::Pattern).map_err(|error| error.to_string())
    }

    /// Whether `version` is one. Whatever the grammar, a version never holds
    /// more than what a file name may.
    pub fn accepts(&self, version: &str) -> bool {
        let pattern = match self {
            Self::Plain => anchored(PLAIN),
            Self::Pep440 => anchored(PEP440),
            Self::Semver => anchored(SEMVER),
            Self::Pattern(regex) => Ok(regex.clone()),
        };
        super::super::ReleaseName::parse(version).is_ok()
            && pattern.is_ok_and(|regex| regex.is_match(version))
    }

    /// The grammar in words, for messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Plain => "a plain version (a digit, then letters, digits and . + - _ ! ~)".into(),
            Self::Pep440 => "a canonical PEP 440 version".into(),
            Self::Semver => "a semantic version (semver.org 2.0.0)".into(),
            Self::Pattern(regex) => format!("a version matching {}", regex.as_str()),
        }
    }
}

fn anchored(pattern: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(&format!(r"\A(?:{pattern})\z")).size_limit(1 << 20).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_anchored() {
        let tag = Template::parse("v{version}").unwrap();
        assert_eq!(tag.version_in("v1.2"), Some("1.2"));
        for other in ["1.2", "xv1.2", "v"] {
            assert_eq!(tag.version_in(other), None, "{other}");
        }
        let name = Template::parse("nova-{version}.tar.gz").unwrap();
        assert_eq!(name.version_in("nova-1.tar.gz.asc"), None);
        assert!(Template::parse("{name}-1").is_err());
        assert!(Template::parse("{version").is_err());
    }

    #[test]
    fn grammars_refuse_what_could_steer_a_path_or_an_option() {
        for grammar in ["plain", "pep440", "semver"] {
            let grammar = VersionGrammar::named(grammar).unwrap();
            for bad in ["", "../1", "1/2", "-1", "1 2", "1\n", "v1"] {
                assert!(!grammar.accepts(bad), "{bad:?} by {}", grammar.describe());
            }
            assert!(grammar.accepts("1.2.3"));
        }
        let own = VersionGrammar::pattern(".*").unwrap();
        assert!(!own.accepts("../x") && !own.accepts("a/b"));
        let alternatives = VersionGrammar::pattern("1|2").unwrap();
        assert!(alternatives.accepts("2") && !alternatives.accepts("12"), "anchored as a whole");
    }

    #[test]
    fn grammars_follow_their_specifications() {
        let pep440 = VersionGrammar::named("pep440").unwrap();
        for good in ["33.0.2", "1.0rc1", "1!2.0", "1.0.post1.dev2", "1.0+local.1"] {
            assert!(pep440.accepts(good), "{good}");
        }
        for bad in ["1.0-rc1", "1.0RC1", "01.0"] {
            assert!(!pep440.accepts(bad), "{bad}");
        }
        let semver = VersionGrammar::named("semver").unwrap();
        assert!(semver.accepts("1.0.0-beta.1") && !semver.accepts("1.0") && !semver.accepts("1.0.0-01"));
    }
}
