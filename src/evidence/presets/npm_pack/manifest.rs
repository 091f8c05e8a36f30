//! A `package.json` that differs from git's: npm writes none, but pnpm and
//! yarn resolve what only means something within a workspace.

use crate::evidence::case::{Answer, Case, Unavailable};
use crate::evidence::explain::Level;
use crate::evidence::json;
use crate::release::path::printable;
use crate::release::tree::{Mode, TreeEntry};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Tables of dependencies, in which ranges are resolved.
const DEPENDENCIES: [&str; 4] =
    ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
/// Keys that pnpm drops.
const DROPPED: [&str; 2] = ["packageManager", "pnpm"];
/// Scripts that pnpm drops: they run before publishing only.
const SCRIPTS: [&str; 6] = ["postpack", "postpublish", "prepack", "prepare", "prepublishOnly", "publish"];
/// Keys of `publishConfig` that pnpm puts at the top.
const HOISTED: [&str; 18] = [
    "bin",
    "browser",
    "cpu",
    "engines",
    "es2015",
    "esnext",
    "exports",
    "imports",
    "libc",
    "main",
    "module",
    "os",
    "type",
    "types",
    "typesVersions",
    "typings",
    "umd:main",
    "unpkg",
];
/// Manifests of the repository that are looked through for members.
const MAX_MEMBERS: usize = 1000;
/// Bytes of one of them.
const MAX_MEMBER: u64 = 64 << 10;
/// Characters of a value that are shown.
const SHOWN: usize = 80;

/// Judges the artifact's manifest by git's.
pub(super) fn judge(case: &Case<'_>, expected: &[u8], found: &[u8]) -> Result<Answer, Unavailable> {
    let expected = match object(expected) {
        Ok(map) => map,
        Err(why) => return Ok(Answer::undecided(format!("git's package.json is {why}"))),
    };
    let found = match object(found) {
        Ok(map) => map,
        Err(why) => return Ok(Answer::mismatch(format!("is {why}"))),
    };
    if let Some(name) = unknown_range(&expected, &found) {
        let told = format!("{}: its range in git is of a form that is not known", shown(&name));
        return Ok(Answer::undecided(told));
    }
    let expected = hoisted(expected, &found);
    let versions = if uses_workspace(&expected) { members(case)? } else { BTreeMap::new() };
    Ok(match differs(&versions, &expected, &found) {
        Some(told) => Answer::mismatch(told),
        None => Answer::explained(
            Level::Structured,
            "means the same as git's, with ranges of the workspace resolved",
        ),
    })
}

/// What `publishConfig` overrides is put in its place by pnpm; npm leaves it
/// where it is.
fn hoisted(mut expected: Map<String, Value>, found: &Map<String, Value>) -> Map<String, Value> {
    if expected.get("publishConfig") == found.get("publishConfig") {
        return expected;
    }
    let Some(Value::Object(config)) = expected.get("publishConfig").cloned() else { return expected };
    let mut left = Map::new();
    for (key, value) in config {
        let place = if HOISTED.contains(&key.as_str()) { &mut expected } else { &mut left };
        place.insert(key, value);
    }
    match left.is_empty() {
        true => expected.shift_remove("publishConfig"),
        false => expected.insert("publishConfig".into(), Value::Object(left)),
    };
    expected
}

/// The first dependency that differs and whose range in git only means
/// something with other files: a catalogue, another registry, an alias.
fn unknown_range(expected: &Map<String, Value>, found: &Map<String, Value>) -> Option<String> {
    let tables = DEPENDENCIES.iter().filter_map(|key| Some((*key, expected.get(*key)?.as_object()?)));
    let mut ranges =
        tables.flat_map(|(key, table)| table.iter().map(move |(name, range)| (key, name, range)));
    let unknown = |range: &str| {
        let alias = range.strip_prefix("workspace:").is_some_and(special);
        alias || range.starts_with("catalog:") || range.starts_with("jsr:")
    };
    let (_, name, _) = ranges.find(|(key, name, range)| {
        let published = found.get(*key).and_then(|table| table.get(name.as_str()));
        published.is_some_and(|published| published != *range) && range.as_str().is_some_and(unknown)
    })?;
    Some(name.clone())
}

/// An alias or a path of the workspace.
fn special(range: &str) -> bool {
    range.contains(['@', '/']) || range.starts_with('.')
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    match json::parse(bytes)? {
        Value::Object(map) => Ok(map),
        _ => Err("not a JSON object".into()),
    }
}

fn differs(
    versions: &BTreeMap<String, String>,
    expected: &Map<String, Value>,
    found: &Map<String, Value>,
) -> Option<String> {
    let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    keys.into_iter().find_map(|key| match (expected.get(key), found.get(key)) {
        (expected, found) if expected == found => None,
        (Some(_), None) if DROPPED.contains(&key.as_str()) => None,
        (Some(Value::Object(expected)), Some(Value::Object(found))) if key == "scripts" => {
            each(key, expected, found, |name, _, found| found.is_none() && SCRIPTS.contains(&name))
        }
        (Some(Value::Object(expected)), Some(Value::Object(found)))
            if DEPENDENCIES.contains(&key.as_str()) =>
        {
            each(key, expected, found, |name, expected, found| {
                let range =
                    expected.and_then(Value::as_str).and_then(|range| range.strip_prefix("workspace:"));
                let resolved = range.and_then(|range| resolve(versions, name, range));
                resolved.is_some() && resolved.as_deref() == found.and_then(Value::as_str)
            })
        }
        (expected, found) => Some(told(key, expected, found)),
    })
}

/// The first key of two tables that differs and that no rule allows.
fn each(
    table: &str,
    expected: &Map<String, Value>,
    found: &Map<String, Value>,
    allowed: impl Fn(&str, Option<&Value>, Option<&Value>) -> bool,
) -> Option<String> {
    let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    keys.into_iter().find_map(|key| {
        let (expected, found) = (expected.get(key), found.get(key));
        let fine = expected == found || allowed(key, expected, found);
        (!fine).then(|| told(&format!("{table}.{key}"), expected, found))
    })
}

fn told(key: &str, expected: Option<&Value>, found: Option<&Value>) -> String {
    let shown = |value: Option<&Value>| value.map_or("nothing".into(), |value| shown(&value.to_string()));
    format!("{}: expected {}, found {}", self::shown(key), shown(expected), shown(found))
}

fn shown(text: &str) -> String {
    let head: String = text.chars().take(SHOWN).collect();
    let more = if head.len() < text.len() { "…" } else { "" };
    format!("{}{more}", printable(head.as_bytes()))
}

/// A range of the workspace as it is published: `workspace:^` becomes `^` and
/// the member's version, `workspace:*` that version, and anything else loses
/// its prefix.
fn resolve(versions: &BTreeMap<String, String>, name: &str, range: &str) -> Option<String> {
    match range {
        "*" => versions.get(name).cloned(),
        "^" | "~" => versions.get(name).map(|version| format!("{range}{version}")),
        other if special(other) => None,
        other => Some(other.into()),
    }
}

fn uses_workspace(manifest: &Map<String, Value>) -> bool {
    let tables = DEPENDENCIES.iter().filter_map(|key| manifest.get(*key)?.as_object());
    let mut ranges = tables.flat_map(Map::values).filter_map(Value::as_str);
    ranges.any(|range| range.starts_with("workspace:"))
}

/// Name and version of every package of the repository. A name that two
/// packages have says nothing.
fn members(case: &Case<'_>) -> Result<BTreeMap<String, String>, Unavailable> {
    let regular =
        |entry: &&TreeEntry| entry.mode == Mode::Regular && entry.path.file_name() == super::MANIFEST;
    let mut versions: BTreeMap<String, Option<String>> = BTreeMap::new();
    for entry in case.origin.tree()?.iter().filter(regular).take(MAX_MEMBERS) {
        let Some(bytes) = case.origin.blob(&entry.id, MAX_MEMBER)? else { continue };
        let Ok(manifest) = object(&bytes) else { continue };
        let text = |key: &str| manifest.get(key).and_then(Value::as_str).map(String::from);
        if let (Some(name), Some(version)) = (text("name"), text("version")) {
            versions.entry(name).and_modify(|twice| *twice = None).or_insert(Some(version));
        }
    }
    Ok(versions.into_iter().filter_map(|(name, version)| Some((name, version?))).collect())
}
