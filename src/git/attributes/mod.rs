//! The attributes of a tree's paths, by its own `.gitattributes` files
//! (gitattributes(5)).
//!
//! Only files of the tree count: not `$GIT_DIR/info/attributes`, not the
//! user's or the system's file, which on a build worker or signer are
//! somebody else's. A `.gitattributes` that is a link is not followed, as in
//! git. Attributes explain how bytes may differ; nothing here runs a filter.

mod line;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::release::wildmatch::Pattern;
use crate::release::{AttributeState as State, TreePath};
use line::{Line, lines, parse_line};

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
