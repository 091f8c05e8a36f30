//! hatch-fancy-pypi-readme: a long description put together from pieces of
//! files, as `pyproject.toml` says.

use super::project::{Readme, Sources};
use super::toml::Toml;
use super::{Check, No, undecided};
use regex::{Regex, RegexBuilder};

/// Bytes of the description, at any step of making it.
const MAX_DESCRIPTION: usize = 4 << 20;

/// The description; nothing if the project does not use the plugin.
///
/// Patterns are matched in linear time. What Python's patterns can say and
/// these cannot, such as looking around, is not understood.
pub(super) fn readme(sources: &Sources<'_>) -> Option<Readme> {
    let toml = sources.pyproject.as_ref()?;
    let table = toml.at(&["tool", "hatch", "metadata", "hooks", "fancy-pypi-readme"])?;
    let name = toml.at(&["project", "name"]).and_then(Toml::text).unwrap_or_default();
    Some(match built(sources, table) {
        Ok(text) => {
            let text = text.replace("$HFPR_PACKAGE_NAME", name);
            Readme::Text(text.replace("$HFPR_VERSION", &sources.version()))
        }
        Err(No::Mismatch(why) | No::Undecided(why)) => Readme::Unknown(why),
        Err(No::Unavailable) => Readme::Unknown("git could not be read".into()),
    })
}

fn built(sources: &Sources<'_>, table: &Toml) -> Check<String> {
    let list = |key: &str| match table.at(&[key]) {
        Some(Toml::List(list)) => list.as_slice(),
        _ => &[],
    };
    let mut text = String::new();
    for fragment in list("fragments") {
        text.push_str(&piece(sources, fragment)?);
        bounded(&text)?;
    }
    for substitution in list("substitutions") {
        text = substituted(&text, substitution)?;
    }
    Ok(text)
}

fn bounded(text: &str) -> Check {
    match text.len() <= MAX_DESCRIPTION {
        true => Ok(()),
        false => undecided("the description in git's pyproject.toml is too large"),
    }
}

fn piece(sources: &Sources<'_>, fragment: &Toml) -> Check<String> {
    let get = |key: &str| fragment.at(&[key]).and_then(Toml::text);
    if let Some(text) = get("text") {
        return Ok(text.into());
    }
    let odd = || No::Undecided("a piece of the description in git's pyproject.toml is not understood".into());
    let file = sources.text(get("path").ok_or_else(odd)?)?;
    let mut text = file.as_str();
    if let Some(mark) = get("start-after") {
        text = text.split_once(mark).ok_or_else(odd)?.1;
    } else if let Some(mark) = get("start-at") {
        text = text.find(mark).and_then(|at| text.get(at..)).ok_or_else(odd)?;
    }
    if let Some(mark) = get("end-before") {
        text = text.split_once(mark).ok_or_else(odd)?.0;
    }
    match get("pattern") {
        Some(pattern) => {
            let found = compiled(pattern, true, false)?.captures(text);
            let group = found.and_then(|found| found.get(1).map(|group| group.as_str().to_string()));
            group.ok_or_else(odd)
        }
        None => Ok(text.into()),
    }
}

fn compiled(pattern: &str, all_lines: bool, any_case: bool) -> Check<Regex> {
    let built = RegexBuilder::new(pattern).dot_matches_new_line(all_lines).case_insensitive(any_case).build();
    built.map_err(|_| No::Undecided("a pattern in git's pyproject.toml is not understood".into()))
}

fn substituted(text: &str, table: &Toml) -> Check<String> {
    let get = |key: &str| table.at(&[key]).and_then(Toml::text);
    let (Some(pattern), Some(replacement)) = (get("pattern"), get("replacement")) else {
        return undecided("a substitution in git's pyproject.toml is not understood");
    };
    let pattern = compiled(pattern, false, table.at(&["ignore-case"]) == Some(&Toml::Bool(true)))?;
    let replacement = as_rust_writes_it(replacement)?;
    let (mut made, mut end) = (String::new(), 0);
    for found in pattern.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        made.push_str(text.get(end..whole.start()).unwrap_or_default());
        found.expand(&replacement, &mut made);
        end = whole.end();
        bounded(&made)?;
    }
    made.push_str(text.get(end..).unwrap_or_default());
    bounded(&made)?;
    Ok(made)
}

/// `\1` and `\g<name>` as `${1}` and `${name}`.
fn as_rust_writes_it(python: &str) -> Check<String> {
    let mut made = String::new();
    let mut letters = python.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '$' => made.push_str("$$"),
            '\\' => match letters.next() {
                Some(digit @ '1'..='9') => made.push_str(&format!("${{{digit}}}")),
                Some('g') if letters.next() == Some('<') => {
                    let name: String = letters.by_ref().take_while(|letter| *letter != '>').collect();
                    made.push_str(&format!("${{{name}}}"));
                }
                Some('n') => made.push('\n'),
                Some('\\') => made.push('\\'),
                _ => return undecided("a replacement in git's pyproject.toml is not understood"),
            },
            letter => made.push(letter),
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substitutions_are_those_of_python() {
        let table = Toml::parse(
            br#"pattern = "src=.(d/.*?)\""
replacement = '$=\1 \g<1>'"#,
        )
        .unwrap();
        assert_eq!(substituted("a src=\"d/x\" b", &table).unwrap(), "a $=d/x d/x b");
        let odd = Toml::parse(b"pattern = '(?<=x)y'\nreplacement = 'z'\n").unwrap();
        assert!(substituted("xy", &odd).is_err());
    }

    #[test]
    fn a_replacement_that_grows_is_stopped() {
        let table = format!("pattern = ''\nreplacement = '{}'\n", "x".repeat(10_000));
        let table = Toml::parse(table.as_bytes()).unwrap();
        assert!(substituted(&"y".repeat(100_000), &table).is_err());
    }
}
