//! The attributes of a tree's paths, by its own `.gitattributes` files
//! (gitattributes(5)).
//!
//! Only files of the tree count: not `$GIT_DIR/info/attributes`, not the
//! user's or the system's file, which on a build worker or signer are
//! somebody else's. A `.gitattributes` that is a link is not followed, as in
//! git. Attributes explain how bytes may differ; nothing here runs a filter.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use super::wildmatch::Pattern;
use crate::release::TreePath;

/// Longer lines are passed over by git too.
const MAX_LINE: usize = 2048;
/// Lines with a pattern in all files together. Linux has fewer than 200.
const MAX_RULES: usize = 20_000;
/// Steps of matching for one tree, some seconds' worth; 100,000 paths and 100
/// patterns with stars take a tenth. It ends what is made to take hours.
const MAX_STEPS: u64 = 2_000_000_000;

/// A tree whose attributes no honest project has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAttributes {
    /// Too many rules.
    #[error("the .gitattributes files hold more than 20000 rules")]
    TooMany,
    /// Too much matching.
    #[error("the patterns of the .gitattributes files take too long to match")]
    TooCostly,
}

impl BadAttributes {
    /// Stable word of `docs/findings.md`.
    pub fn code(self) -> &'static str {
        "attributes-too-costly"
    }
}

/// What an attribute is set to. One that no rule mentions, or that `!name`
/// takes back, is unspecified and has no state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// `name`
    Set,
    /// `-name`
    Unset,
    /// `name=value`
    Value(Vec<u8>),
}

/// What one line says of one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    name: Vec<u8>,
    /// `None`: back to unspecified.
    state: Option<State>,
}

#[derive(Debug)]
struct Rule {
    /// Whether the pattern holds for the last part of a path alone.
    basename: bool,
    folders_only: bool,
    pattern: Pattern,
    settings: Vec<Setting>,
}

/// All attributes of one tree.
#[derive(Debug)]
pub struct Attributes {
    /// By folder without a slash at the end; rules in the order of their lines.
    files: BTreeMap<Vec<u8>, Vec<Rule>>,
    macros: HashMap<Vec<u8>, Vec<Setting>>,
    steps: AtomicU64,
}

/// The attributes of one path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathAttributes<'a>(HashMap<&'a [u8], Option<&'a State>>);

impl<'a> PathAttributes<'a> {
    /// An attribute's state; `None` if it is unspecified.
    pub fn get(&self, name: &str) -> Option<&'a State> {
        self.0.get(name.as_bytes()).copied().flatten()
    }

    /// Whether the attribute is set as `name`, without a value.
    pub fn is_set(&self, name: &str) -> bool {
        self.get(name) == Some(&State::Set)
    }
}

impl Attributes {
    /// Parses the tree's `.gitattributes` files, given with their folders
    /// (empty for the root).
    ///
    /// # Errors
    /// [`BadAttributes::TooMany`].
    pub fn parse(files: impl IntoIterator<Item = (TreePath, Vec<u8>)>) -> Result<Self, BadAttributes> {
        let mut all = Self { files: BTreeMap::new(), macros: HashMap::new(), steps: AtomicU64::new(0) };
        let unset = |name: &str| Setting { name: name.into(), state: Some(State::Unset) };
        all.macros.insert(b"binary".to_vec(), vec![unset("diff"), unset("merge"), unset("text")]);
        let mut count = 0;
        for (folder, bytes) in files {
            let mut rules = Vec::new();
            for line in lines(&bytes) {
                match parse_line(line) {
                    Some(Line::Rule(rule)) => rules.push(rule),
                    // A macro elsewhere than at the root is none.
                    Some(Line::Macro(name, settings)) if folder.as_bytes().is_empty() => {
                        all.macros.insert(name, settings);
                    }
                    Some(Line::Macro(..)) | None => continue,
                }
                count += 1;
                if count > MAX_RULES {
                    return Err(BadAttributes::TooMany);
                }
            }
            all.files.insert(folder.as_bytes().to_vec(), rules);
        }
        Ok(all)
    }

    /// Whether no path has any attribute.
    pub fn is_empty(&self) -> bool {
        self.files.values().all(Vec::is_empty)
    }

    /// The attributes of a file, link or submodule by its path from the
    /// tree's root.
    ///
    /// # Errors
    /// [`BadAttributes::TooCostly`], in all calls together.
    pub fn of(&self, path: &TreePath) -> Result<PathAttributes<'_>, BadAttributes> {
        self.look_up(path.as_bytes(), false)
    }

    /// The attributes of a folder, which only `git archive` asks for.
    ///
    /// # Errors
    /// As [`Attributes::of`].
    pub fn of_folder(&self, path: &TreePath) -> Result<PathAttributes<'_>, BadAttributes> {
        self.look_up(path.as_bytes(), true)
    }

    /// Whether `git archive` leaves the path out: it or a folder above it has
    /// `export-ignore`. A submodule counts as folder.
    ///
    /// # Errors
    /// As [`Attributes::of`].
    pub fn export_ignored(&self, path: &TreePath, submodule: bool) -> Result<bool, BadAttributes> {
        let bytes = path.as_bytes();
        for (slash, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            let folder = bytes.get(..slash).unwrap_or_default();
            if self.look_up(folder, true)?.is_set("export-ignore") {
                return Ok(true);
            }
        }
        Ok(self.look_up(bytes, submodule)?.is_set("export-ignore"))
    }

    fn look_up(&self, path: &[u8], is_folder: bool) -> Result<PathAttributes<'_>, BadAttributes> {
        let mut found = PathAttributes::default();
        let known = self.steps.load(Ordering::Relaxed);
        let mut cost = 0;
        // The file nearest to the path first, its last line first: what is
        // settled once stays.
        let ends = path.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        for end in ends.map(Some).chain([None]) {
            let folder = end.map_or(&b""[..], |end| path.get(..end).unwrap_or_default());
            let Some(rules) = self.files.get(folder) else { continue };
            let below = end.map_or(path, |end| path.get(end + 1..).unwrap_or_default());
            for rule in rules.iter().rev() {
                if rule.matches(below, is_folder, &mut cost) {
                    self.settle(&rule.settings, &mut found);
                }
                if known.saturating_add(cost) > MAX_STEPS {
                    return Err(BadAttributes::TooCostly);
                }
            }
        }
        self.steps.fetch_add(cost, Ordering::Relaxed);
        Ok(found)
    }

    /// Takes over the settings of a line that are not settled yet, the last
    /// first; a macro that is set brings its own at once.
    fn settle<'a>(&'a self, settings: &'a [Setting], found: &mut PathAttributes<'a>) {
        // Each attribute is settled once, so macros naming each other end.
        let mut todo: Vec<&'a Setting> = settings.iter().collect();
        while let Some(setting) = todo.pop() {
            if found.0.contains_key(setting.name.as_slice()) {
                continue;
            }
            found.0.insert(&setting.name, setting.state.as_ref());
            if setting.state == Some(State::Set)
                && let Some(settings) = self.macros.get(&setting.name)
            {
                todo.extend(settings);
            }
        }
    }
}

impl Rule {
    /// `path` is relative to the rule's file.
    fn matches(&self, path: &[u8], is_folder: bool, cost: &mut u64) -> bool {
        if self.folders_only && !is_folder {
            return false;
        }
        let last = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        self.pattern.matches(if self.basename { last } else { path }, cost)
    }
}

enum Line {
    Rule(Rule),
    Macro(Vec<u8>, Vec<Setting>),
}

/// git reads up to the first NUL.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    text.split(|byte| *byte == b'\n')
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(byte)).count();
    text.get(blanks..).unwrap_or_default()
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(is_blank).unwrap_or(text.len()))
}

/// A pattern or `[attr]NAME`, then settings; `None` for comments and for
/// lines that git passes over with a warning.
fn parse_line(line: &[u8]) -> Option<Line> {
    let text = skip_blanks(line);
    if text.is_empty() || text.starts_with(b"#") || line.len() >= MAX_LINE {
        return None;
    }
    let quoted = unquote(text);
    let (name, rest) = match &quoted {
        Some((name, rest)) => (name.as_slice(), *rest),
        None => word(text),
    };
    let mut settings = Vec::new();
    let mut rest = skip_blanks(rest);
    while !rest.is_empty() {
        let (text, after) = word(rest);
        settings.push(setting(text)?);
        rest = skip_blanks(after);
    }
    if let Some(name) = name.strip_prefix(b"[attr]").filter(|name| !name.is_empty()) {
        let (name, _) = word(skip_blanks(name));
        return valid_name(name).then(|| Line::Macro(name.into(), settings));
    }
    // An octal escape can bring a NUL, where git's pattern then ends.
    let pattern = name.split(|byte| *byte == 0).next().unwrap_or_default();
    if pattern.starts_with(b"!") {
        return None;
    }
    let (pattern, folders_only) = match pattern.strip_suffix(b"/") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let basename = !pattern.contains(&b'/');
    let anchored = pattern.strip_prefix(b"/").unwrap_or(pattern);
    Some(Line::Rule(Rule { basename, folders_only, pattern: Pattern::new(anchored, !basename), settings }))
}

fn setting(text: &[u8]) -> Option<Setting> {
    let (sign, body) = match text {
        [sign @ (b'-' | b'!'), body @ ..] => (Some(*sign), body),
        _ => (None, text),
    };
    let equals = body.iter().position(|byte| *byte == b'=');
    let (name, value) = body.split_at(equals.unwrap_or(body.len()));
    let state = match sign {
        Some(b'-') => Some(State::Unset),
        Some(_) => None,
        None if equals.is_none() => Some(State::Set),
        None => Some(State::Value(value.get(1..).unwrap_or_default().into())),
    };
    valid_name(name).then(|| Setting { name: name.into(), state })
}

fn valid_name(name: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    !name.is_empty() && !name.starts_with(b"-") && name.iter().all(allowed) && !name.starts_with(b"builtin_")
}

fn octal(digits: [u8; 3]) -> Option<u8> {
    let all = digits.iter().all(|digit| (b'0'..=b'7').contains(digit));
    all.then(|| digits.iter().fold(0, |value, digit| value * 8 + (digit - b'0')))
}

/// A name in double quotes with C escapes, and what follows it; `None` if it
/// is not quoted, or not well (then git takes the quote as part of a name).
fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut name = Vec::new();
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        let byte = match byte {
            b'"' => return Some((name, rest)),
            b'\\' => {
                let (escape, after) = rest.split_first()?;
                rest = after;
                match escape {
                    b'a' => 7,
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    b'\\' | b'"' => *escape,
                    b'0'..=b'3' => {
                        let ([second, third], after) = rest.split_first_chunk::<2>()?;
                        rest = after;
                        octal([*escape, *second, *third])?
                    }
                    _ => return None,
                }
            }
            byte => *byte,
        };
        name.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Attributes {
        Attributes::parse([(TreePath::default(), text.into())]).expect("few rules")
    }

    #[test]
    fn patterns_made_to_take_hours_are_refused() {
        let slow = parse(&format!("{}b one\n", "*a".repeat(200)));
        let path = TreePath::new("a".repeat(1000));
        assert!(slow.of(&path).is_ok());
        let cost = slow.steps.load(Ordering::Relaxed);
        assert!(cost > 100_000, "{cost}");
        slow.steps.store(MAX_STEPS - cost, Ordering::Relaxed);
        assert!(slow.of(&path).is_ok());
        assert_eq!(slow.of(&path), Err(BadAttributes::TooCostly));
    }

    #[test]
    fn macros_that_name_each_other_end() {
        let attributes = parse("[attr]a b\n[attr]b a -c\n* a\n");
        let found = attributes.of(&"x".into()).expect("cheap");
        assert!(found.is_set("a") && found.is_set("b"));
        assert_eq!(found.get("c"), Some(&State::Unset));
    }

    #[test]
    fn a_value_is_not_set() {
        let attributes = parse("* one=1 two -three !four\n");
        let found = attributes.of(&"x".into()).expect("cheap");
        assert_eq!(found.get("one"), Some(&State::Value(b"1".to_vec())));
        assert!(!found.is_set("one") && found.is_set("two") && !found.is_set("three"));
        assert_eq!((found.get("three"), found.get("four")), (Some(&State::Unset), None));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_fail(text: Vec<u8>, path: Vec<u8>) {
            let attributes = Attributes::parse([(TreePath::default(), text)]).expect("few rules");
            let _ = attributes.of(&TreePath::new(path));
        }
    }
}
