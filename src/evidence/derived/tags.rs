//! Which tags pbr takes for versions, and which of several it thinks highest.

use regex::Regex;
use std::sync::LazyLock;

/// The version that pbr reads in a tag's name: every `-` becomes a `.`, and
/// the result must be a version to its own parser
/// (`SemanticVersion.from_pip_string`), whose rules are not those of PEP 440.
///
/// A name can hold `refs/tags/` again, which pbr splits at.
pub(super) fn versions(name: &str) -> impl Iterator<Item = String> {
    name.split("refs/tags/").map(|part| part.replace('-', ".")).filter(|version| is_version(version))
}

/// `SemanticVersion.from_pip_string` without its result. Local versions (`+`)
/// are known since pbr 7.1.
fn is_version(text: &str) -> bool {
    // Python would take other scripts' digits too; no tool that orders them does.
    text.is_ascii() && parse(text.trim_start_matches(['v', 'V'])).is_some()
}

fn parse(text: &str) -> Option<()> {
    text.bytes().next().filter(u8::is_ascii_digit)?;
    let mut input: Vec<&str> = text.split('+').next()?.split('.').collect();
    let mut components: Vec<&str> = input.iter().copied().filter(|part| is_digits(part)).collect();
    let mut digits = components.len();
    if digits == 0 {
        return None;
    }
    if digits < 3 {
        // `1.2b3` and `1.2.3rc1`: the digits of the part that mixes both.
        if let Some(mixed) = input.get(digits).copied() {
            mixed.bytes().next()?;
            let end = mixed.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = mixed.split_at_checked(end)?;
            if !number.is_empty() {
                components.push(number);
                input.splice(digits..=digits, [number, rest]);
                digits += 1;
            }
        }
        components.resize(3, "0");
    }
    components.extend(input.get(digits..)?);
    if int(components.get(2)?).is_none() {
        components.insert(2, "0");
    }
    remainder(components.get(3..)?)
}

/// What follows major, minor and patch level.
fn remainder(mut rest: &[&str]) -> Option<()> {
    let Some(first) = rest.first() else { return Some(()) };
    if int(first).is_some_and(|number| number) {
        // Old development versions, `0.1.2.3.g1234`: nothing after is looked at.
        return Some(());
    }
    if first.starts_with(['0', 'a', 'b', 'r']) {
        let kind = first.trim_start_matches(|c: char| c.is_ascii_digit());
        int(kind.trim_start_matches(|c: char| c.is_ascii_alphabetic()))?;
        rest = rest.get(1..)?;
    }
    let (mut dev, mut post) = (false, false);
    for part in rest {
        if let Some(number) = part.strip_prefix("dev") {
            dev = int(number)?;
        } else {
            post = int(part.strip_prefix("post")?)?;
            dev = false;
        }
    }
    (!(post && dev)).then_some(())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether Python's `int` takes the text, and whether it is more than zero.
fn int(text: &str) -> Option<bool> {
    // Single underscores may stand between digits.
    text.split('_').all(is_digits).then(|| text.bytes().any(|byte| matches!(byte, b'1'..=b'9')))
}

/// A number of any length: without leading zeros, shorter is smaller.
type Number = (usize, String);

fn number(text: &str) -> Number {
    let text = text.trim_start_matches('0');
    (text.len(), text.into())
}

/// Where a version stands among others, by PEP 440. Texts that are no version
/// there come before all that are, as in old releases of `packaging`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Legacy(String),
    Version {
        epoch: Number,
        release: Vec<Number>,
        pre: (u8, Number),
        post: Post,
        dev: (bool, Number),
        local: String,
    },
}

type Post = Option<Number>;

static PEP_440: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?i)v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)(?:[._-]?(alpha|a|beta|b|preview|pre|c|rc)[._-]?([0-9]*))?",
        r"((?:-[0-9]+)|(?:[._-]?(?:post|rev|r)[._-]?[0-9]*))?([._-]?dev[._-]?[0-9]*)?(?:\+([a-z0-9._-]+))?$",
    ))
    .ok()
});

/// The rank of a version.
pub(super) fn rank(text: &str) -> Rank {
    let legacy = || Rank::Legacy(text.into());
    let Some(found) = PEP_440.as_ref().and_then(|pattern| pattern.captures(text)) else { return legacy() };
    let get = |index| found.get(index).map(|part| part.as_str());
    let digits = |text: &str| number(text.trim_start_matches(|c: char| !c.is_ascii_digit()));
    let mut release: Vec<Number> = get(2).unwrap_or_default().split('.').map(number).collect();
    while release.last().is_some_and(|part| part.0 == 0) {
        release.pop();
    }
    let (post, dev) = (get(5).map(digits), get(6).map(digits));
    let pre = match get(3).and_then(|kind| kind.bytes().next()) {
        Some(kind @ (b'a' | b'A' | b'b' | b'B')) => {
            (kind.to_ascii_lowercase(), number(get(4).unwrap_or_default()))
        }
        Some(_) => (b'c', number(get(4).unwrap_or_default())),
        None if post.is_none() && dev.is_some() => (0, number("")),
        None => (u8::MAX, number("")),
    };
    Rank::Version {
        epoch: number(get(1).unwrap_or_default()),
        release,
        pre,
        post,
        dev: (dev.is_none(), dev.unwrap_or_default()),
        local: get(7).unwrap_or_default().to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_what_pbr_takes_for_versions() {
        // Each was given to pbr 7.1.3.
        let valid = [
            "1.0",
            "v1.0",
            "vv1.0",
            "V1",
            "1",
            "1.0.0a1",
            "1.0.0.0a1",
            "1.0a1",
            "1.0.0.0rc1",
            "1.0.dev5",
            "1.0.0.dev5",
            "0.1.2.3.g1234",
            "1.2.3.4",
            "1.2.3.4.5",
            "1.2b3",
            "1.2.b4",
            "1.0.post1",
            "1.0.0rc1.dev3",
            "2015.1.0rc1",
            "2015.1.0b1.dev5",
            "1.0.0+x",
            "1.0.0.rc1",
            "1.0.0.post0",
            "1.0.0.dev1_0",
            "1.0.0a1_0",
            "00001.2",
            "1.x.3.4",
            "1.0.0.000a3",
            "2.0.0.rc1.post3",
            "1.0.0.dev2.post3",
            "1.3a2.dev1",
            "1.0.0.post0.dev2",
        ];
        let invalid = [
            "",
            "v",
            "1.2.3.0",
            "1..2",
            "1.2.",
            "1.0.0.post1.dev2",
            "1.0rc",
            "1.0.0.c1",
            "x1",
            "1.a",
            "1a",
            "1a1",
            "1.0.0.0.0a1",
            "1.2.3.00",
            "1.0.0.dev",
            "1.0.0.devx",
            "1.0.0.post",
            "1a.2",
            "1.x.3",
            "1.0.0.r",
            "1.0.0.b1c",
            "havana.eol",
            "1.0.0.post3.dev2",
            "1.3.dev1a",
            "1.3..dev1",
            "1.2.3.",
            "1.2.3.a",
            "1.0.0.dev1__0",
            "+1",
        ];
        valid.iter().for_each(|text| assert!(is_version(text), "{text}"));
        invalid.iter().for_each(|text| assert!(!is_version(text), "{text}"));
    }

    #[test]
    fn hyphens_become_dots_and_nested_names_are_split() {
        let found = |name| versions(name).collect::<Vec<_>>();
        assert_eq!(found("1.0-rc1"), ["1.0.rc1"]);
        assert_eq!(found("1.0-0"), ["1.0.0"]);
        assert_eq!(found("release-1.0"), [""; 0]);
        assert_eq!(found("old/refs/tags/2.0"), ["2.0"]);
    }

    #[test]
    fn ranks_are_those_of_pep_440() {
        // As packaging 26.3 sorts them.
        let sorted = [
            "0.1.2.3.g1234",
            "1.0.dev1",
            "1.0a1.dev1",
            "1.0a1",
            "1.0a2",
            "1.0a10",
            "1.0b1",
            "1.0rc1",
            "1.0",
            "1.0+x",
            "1.0.post1.dev1",
            "1.0.post1",
            "1.0.1.dev1",
            "1.0.1",
            "1.2.3",
            "1.2.3.4",
            "1.10",
            "1!0.1",
        ];
        for pair in sorted.windows(2) {
            assert!(rank(pair[0]) < rank(pair[1]), "{pair:?}");
        }
        assert_eq!(rank("1.0"), rank("v1.0.0"));
        assert_eq!(rank("1.0rc1"), rank("1.0.0.c1"));
    }

    proptest::proptest! {
        #[test]
        fn no_name_makes_the_parser_fail(name in r"\PC{0,20}|v?[0-9a-c.+_-]{0,12}") {
            versions(&name).for_each(|version| { rank(&version); });
        }
    }
}
