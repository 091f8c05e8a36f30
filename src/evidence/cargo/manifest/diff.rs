//! Where two normal forms differ.

use crate::evidence::cargo::value::{Table, Value, name as shown};
use std::collections::BTreeSet;

/// Differences that a message tells.
const TOLD: usize = 3;

/// What a table of the normal form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Top,
    Package,
    /// Tables by a name from the manifest, each of the next kind.
    Targets,
    Target,
    Platforms,
    Platform,
    Dependencies,
    Dependency,
    Profiles,
    Profile,
    /// Free content: every key counts.
    Free,
}

// `hints` is not here: cargo before 1.90 does not know it.
const TOP: [&str; 15] = [
    "badges",
    "bench",
    "bin",
    "build-dependencies",
    "cargo-features",
    "dependencies",
    "dev-dependencies",
    "example",
    "features",
    "lib",
    "lints",
    "package",
    "profile",
    "target",
    "test",
];
const PACKAGE: [&str; 27] = [
    "authors",
    "build",
    "categories",
    "default-run",
    "default-target",
    "description",
    "documentation",
    "edition",
    "exclude",
    "forced-target",
    "homepage",
    "im-a-teapot",
    "include",
    "keywords",
    "license",
    "license-file",
    "links",
    "metabuild",
    "metadata",
    "name",
    "publish",
    "readme",
    "repository",
    "resolver",
    "rust-version",
    "version",
    "workspace",
];
const TARGET: [&str; 13] = [
    "bench",
    "crate-type",
    "doc",
    "doc-scrape-examples",
    "doctest",
    "edition",
    "filename",
    "harness",
    "name",
    "path",
    "proc-macro",
    "required-features",
    "test",
];
// `public` is not here: cargo drops it where the feature is not switched on.
const DEPENDENCY: [&str; 9] = [
    "artifact",
    "default-features",
    "features",
    "lib",
    "optional",
    "package",
    "registry-index",
    "target",
    "version",
];
const PROFILE: [&str; 16] = [
    "build-override",
    "codegen-backend",
    "codegen-units",
    "debug",
    "debug-assertions",
    "dir-name",
    "incremental",
    "inherits",
    "lto",
    "opt-level",
    "overflow-checks",
    "package",
    "panic",
    "rpath",
    "split-debuginfo",
    "strip",
];

impl Kind {
    fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Top, "package") => Self::Package,
            (Self::Top, "lib") | (Self::Targets, _) => Self::Target,
            (Self::Top, "bin" | "example" | "test" | "bench") => Self::Targets,
            (Self::Top | Self::Platform, "dependencies" | "dev-dependencies" | "build-dependencies") => {
                Self::Dependencies
            }
            (Self::Top, "target") => Self::Platforms,
            (Self::Platforms, _) => Self::Platform,
            (Self::Dependencies, _) => Self::Dependency,
            (Self::Top, "profile") | (Self::Profile, "package") => Self::Profiles,
            (Self::Profiles, _) | (Self::Profile, "build-override") => Self::Profile,
            _ => Self::Free,
        }
    }

    /// Whether cargo may have dropped this key: it drops those that it does
    /// not know.
    fn droppable(self, key: &str) -> bool {
        match self {
            Self::Top => !TOP.contains(&key),
            Self::Package => !PACKAGE.contains(&key),
            Self::Target => !TARGET.contains(&key),
            Self::Dependency => !DEPENDENCY.contains(&key),
            Self::Profile => !PROFILE.contains(&key),
            Self::Targets
            | Self::Platforms
            | Self::Platform
            | Self::Dependencies
            | Self::Profiles
            | Self::Free => false,
        }
    }
}

/// The first differences, each `KEY: expected …, found …`.
pub(super) fn of(expected: &Table, found: &Table) -> Vec<String> {
    let mut told = Vec::new();
    compare(Kind::Top, "", expected, found, &mut told);
    told
}

fn compare(kind: Kind, at: &str, expected: &Table, found: &Table, told: &mut Vec<String>) {
    let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    for key in keys {
        if told.len() == TOLD {
            return;
        }
        let path = if at.is_empty() { shown(key) } else { shown(&format!("{at}.{key}")) };
        let line = match (expected.get(key), found.get(key)) {
            (Some(Value::Table(expected)), Some(Value::Table(found))) => {
                compare(kind.below(key), &path, expected, found, told);
                continue;
            }
            (Some(expected), Some(found)) if expected == found => continue,
            (Some(expected), Some(found)) => {
                let (expected, found) = apart(expected, found);
                format!("{path}: expected {expected}, found {found}")
            }
            (Some(_), None) if kind.droppable(key) => continue,
            (Some(expected), None) => format!("{path}: expected {}, found nothing", expected.shown()),
            (None, Some(found)) => format!("{path}: expected nothing, found {}", found.shown()),
            (None, None) => continue,
        };
        told.push(line);
    }
}

/// Two different values; of lists, their first different items.
fn apart(expected: &Value, found: &Value) -> (String, String) {
    if let (Some(expected), Some(found)) = (expected.as_list(), found.as_list()) {
        let end = || "its end".to_string();
        let at = expected.iter().zip(found).take_while(|(expected, found)| expected == found).count();
        let item = |list: &[Value]| list.get(at).map_or_else(end, Value::shown);
        return (item(expected), format!("{} (item {})", item(found), at + 1));
    }
    (expected.shown(), found.shown())
}
