//! hatch-fancy-pypi-readme: a long description put together from pieces of
//! files, as `pyproject.toml` says.

use super::project::{Readme, Sources};
use super::toml::Toml;
use super::{Check, No, undecided};
use regex::{Regex, RegexBuilder};

/// Bytes of the description, at any step of making it.
const MAX_DESCRIPTION: usize = 4 << 20;

/// Pieces and substitutions of one description.
const MAX_STEPS: usize = 200;
/// Steps that all patterns of one description may take: the bytes of the text
/// times the size of the compiled pattern in KiB, as a text may go through
/// every state of it at every byte.
const MAX_WORK: usize = 1 << 27;
/// Sizes of compiled patterns in KiB; the smallest that is enough counts.
const SIZES: [usize; 3] = [8, 64, 256];

/// What may still be spent on a description.
struct Budget {
    steps: usize,
    work: usize,
}

impl Budget {
    fn step(&mut self, work: usize) -> Check {
        match (self.steps.checked_sub(1), self.work.checked_sub(work)) {
            (Some(steps), Some(work)) => {
                *self = Self { steps, work };
                Ok(())
            }
            _ => undecided("the description in git's pyproject.toml takes too much work"),
        }
    }

    /// Pays for a pattern to go over a text.
    fn pattern(&mut self, text: &str, (_, size): &(Regex, usize)) -> Check {
        self.step(text.len().saturating_mul(*size))
    }
}

/// The description; nothing if the project does not use the plugin.
///
/// Patterns are matched in linear time. What Python's patterns can say and
/// these cannot, such as looking around, is not understood.
pub(super) fn readme(sources: &Sources<'_>) -> Option<Readme> {
    let toml = sources.pyproject.as_ref()?;
    let table = toml.at(&["tool", "hatch", "metadata", "hooks", "fancy-pypi-readme"])?;
    let name = toml.at(&["project", "name"]).and_then(Toml::text).unwrap_or_default();
    let text = built(sources, table).and_then(|text| filled(text, "$HFPR_PACKAGE_NAME", name));
    Some(match text.and_then(|text| filled(text, "$HFPR_VERSION", &sources.version())) {
        Ok(text) => Readme::Text(text),
        Err(No::Mismatch(why) | No::Undecided(why)) => Readme::Unknown(why),
        Err(No::Unavailable) => Readme::Unknown("git could not be read".into()),
    })
}

fn built(sources: &Sources<'_>, table: &Toml) -> Check<String> {
    let list = |key: &str| match table.at(&[key]) {
        Some(Toml::List(list)) => list.as_slice(),
        _ => &[],
    };
    let mut budget = Budget { steps: MAX_STEPS, work: MAX_WORK };
    let mut text = String::new();
    for fragment in list("fragments") {
        text.push_str(&piece(sources, fragment, &mut budget)?);
        bounded(text.len())?;
    }
    for substitution in list("substitutions") {
        text = substituted(&text, substitution, &mut budget)?;
    }
    Ok(text)
}

/// The text with a value in the place of a word.
fn filled(text: String, word: &str, value: &str) -> Check<String> {
    let more = text.matches(word).count().saturating_mul(value.len());
    bounded(text.len().saturating_add(more))?;
    Ok(text.replace(word, value))
}

fn bounded(size: usize) -> Check {
    match size <= MAX_DESCRIPTION {
        true => Ok(()),
        false => undecided("the description in git's pyproject.toml is too large"),
    }
}

fn piece(sources: &Sources<'_>, fragment: &Toml, budget: &mut Budget) -> Check<String> {
    let get = |key: &str| fragment.at(&[key]).and_then(Toml::text);
    budget.step(0)?;
    if let Some(text) = get("text") {
        return Ok(text.into());
    }
    let odd = || No::Undecided("a piece of the description in git's pyproject.toml is not understood".into());
    let file = sources.text(get("path").ok_or_else(odd)?)?;
    budget.step(file.len())?;
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
            let pattern = compiled(pattern, true, false)?;
            budget.pattern(text, &pattern)?;
            let found = pattern.0.captures(text);
            let group = found.and_then(|found| found.get(1).map(|group| group.as_str().to_string()));
            group.ok_or_else(odd)
        }
        None => Ok(text.into()),
    }
}

/// A pattern and its size.
fn compiled(pattern: &str, all_lines: bool, any_case: bool) -> Check<(Regex, usize)> {
    let mut builder = RegexBuilder::new(pattern);
    builder.dot_matches_new_line(all_lines).case_insensitive(any_case);
    let built = SIZES.iter().find_map(|size| Some((builder.size_limit(size << 10).build().ok()?, *size)));
    built.ok_or_else(|| No::Undecided("a pattern in git's pyproject.toml is not understood".into()))
}

fn substituted(text: &str, table: &Toml, budget: &mut Budget) -> Check<String> {
    let get = |key: &str| table.at(&[key]).and_then(Toml::text);
    let (Some(pattern), Some(replacement)) = (get("pattern"), get("replacement")) else {
        return undecided("a substitution in git's pyproject.toml is not understood");
    };
    let pattern = compiled(pattern, false, table.at(&["ignore-case"]) == Some(&Toml::Bool(true)))?;
    budget.pattern(text, &pattern)?;
    let replacement = as_rust_writes_it(replacement)?;
    let (mut made, mut end) = (String::new(), 0);
    for found in pattern.0.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        made.push_str(text.get(end..whole.start()).unwrap_or_default());
        found.expand(&replacement, &mut made);
        end = whole.end();
        bounded(made.len())?;
    }
    made.push_str(text.get(end..).unwrap_or_default());
    bounded(made.len())?;
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
    use crate::evidence::testing::Repository;

    fn budget() -> Budget {
        Budget { steps: MAX_STEPS, work: MAX_WORK }
    }

    /// The messages about an sdist with this table of the plugin, whose
    /// description is the readme.
    fn with(table: &str, readme: &str) -> Vec<String> {
        let toml = format!(
            "[build-system]\nbuild-backend='hatchling.build'\n[project]\nname='x'\nversion='1'\ndynamic=['readme']\n\
             [tool.hatch.metadata.hooks.fancy-pypi-readme]\n{table}"
        );
        let git = [("pyproject.toml", toml.as_str()), ("R.md", readme)];
        let info =
            format!("Metadata-Version: 2.4\nName: x\nVersion: 1\n\n{}", &readme[..readme.len().min(1000)]);
        let files = [git[0], git[1], ("PKG-INFO", &info)];
        let verdict = Repository::new(&git).compare("python-hatch@1", "x-1.tar.gz", &files);
        verdict.findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn many_substitutions_and_pieces_end_soon() {
        let piece = "{path='R.md'},";
        let one = "{pattern='y',replacement='y'},";
        let table = |pieces: usize, substitutions: usize| {
            format!("fragments=[{}]\nsubstitutions=[{}]\n", piece.repeat(pieces), one.repeat(substitutions))
        };
        assert_eq!(with(&table(1, 100), "xxx\n"), Vec::<String>::new());
        let big = "x".repeat(1 << 20);
        for table in [
            table(1, 30_000),
            table(30_000, 0),
            format!("fragments=[{}]\n", "{path='R.md',start-after='xx',end-before='x'},".repeat(10_000)),
            format!("fragments=[{}]\n", "{path='R.md',pattern='(x)'},".repeat(10_000)),
            format!(
                "fragments=[{piece}]\nsubstitutions=[{}]\n",
                "{pattern='(x|xx)*y(x|y){900}',replacement=''},".repeat(200)
            ),
        ] {
            let told = with(&table, &big);
            let bounded = ["takes too much work", "is too large"].iter().any(|end| told[0].ends_with(end));
            assert!(bounded && told.len() == 1, "{told:?}");
        }
    }

    #[test]
    fn a_long_name_in_the_place_of_many_words_is_stopped() {
        assert_eq!(filled("a $W b $W".into(), "$W", "xy").unwrap(), "a xy b xy");
        assert!(filled("$W".repeat(100_000), "$W", &"x".repeat(100_000)).is_err());
    }

    #[test]
    fn patterns_of_real_projects_are_small() {
        for pattern in [
            r"#(\d+)",
            r"(.+?)\n\n## ",
            r"\[([^\]]+)\]\((?P<path>[\w./-]+)\)",
            r":(?:meth|class):`~?([\w.]+)`",
        ] {
            let (_, size) = compiled(pattern, true, true).unwrap();
            assert!(size <= 64, "{pattern}: {size}");
        }
    }

    #[test]
    fn substitutions_are_those_of_python() {
        let table = Toml::parse(
            br#"pattern = "src=.(d/.*?)\""
replacement = '$=\1 \g<1>'"#,
        )
        .unwrap();
        assert_eq!(substituted("a src=\"d/x\" b", &table, &mut budget()).unwrap(), "a $=d/x d/x b");
        let odd = Toml::parse(b"pattern = '(?<=x)y'\nreplacement = 'z'\n").unwrap();
        assert!(substituted("xy", &odd, &mut budget()).is_err());
    }

    #[test]
    fn a_replacement_that_grows_is_stopped() {
        let table = format!("pattern = ''\nreplacement = '{}'\n", "x".repeat(10_000));
        let table = Toml::parse(table.as_bytes()).unwrap();
        assert!(substituted(&"y".repeat(100_000), &table, &mut budget()).is_err());
    }
}
