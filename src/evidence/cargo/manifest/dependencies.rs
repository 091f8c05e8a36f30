//! Dependencies and features as cargo publishes them.

use crate::evidence::cargo::value::{Table, Value, name as shown};
use crate::evidence::cargo::workspace::Manifests;
use std::collections::BTreeSet;

/// The tables of dependencies, in the spelling that counts and in the old one.
const KINDS: [(&str, &str); 3] = [
    ("dependencies", "dependencies"),
    ("dev-dependencies", "dev_dependencies"),
    ("build-dependencies", "build_dependencies"),
];
/// All spellings of them.
pub(super) const TABLES: [&str; 5] =
    ["dependencies", "dev-dependencies", "dev_dependencies", "build-dependencies", "build_dependencies"];
/// Where a dependency comes from, other than a registry: never published.
const PLACES: [&str; 6] = ["path", "base", "git", "branch", "tag", "rev"];
/// How crates.io is spelled where a registry is named.
const CRATES_IO: [&str; 2] =
    ["https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];

/// Whose manifest it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Git,
    Published,
}

type OfOne<'f> = &'f dyn Fn(&str, &Value) -> Result<Table, String>;

/// All tables of dependencies of git's manifest, as cargo would publish them.
pub(super) fn of_git(manifests: &Manifests) -> Result<Table, String> {
    all(&manifests.own, Side::Git, &|name, value| {
        let mut table = inherited(manifests, name, value)?;
        PLACES.iter().for_each(|key| {
            table.remove(*key);
        });
        Ok(table)
    })
}

/// All tables of dependencies of the artifact's manifest.
pub(super) fn of_published(manifest: &Table) -> Result<Table, String> {
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    for place in platforms.filter_map(Value::as_table).chain([manifest]) {
        if let Some((_, old)) = KINDS.iter().find(|(kind, old)| kind != old && place.contains_key(*old)) {
            return Err(format!("has {old}, which cargo never publishes"));
        }
    }
    all(manifest, Side::Published, &|name, value| {
        let table = plain(name, value)?;
        let never = PLACES.iter().chain(["workspace", "registry"].iter());
        match never.copied().find(|key| table.contains_key(*key)) {
            Some(key) => Err(format!("dependency {} has {key}, which cargo never publishes", shown(name))),
            None => Ok(table),
        }
    })
}

fn all(manifest: &Table, side: Side, one: OfOne<'_>) -> Result<Table, String> {
    let mut tables = kinds(manifest, side, one)?;
    let platforms = match manifest.get("target") {
        None => return Ok(tables),
        Some(target) => target.as_table().ok_or("has a target that is not a table")?,
    };
    let mut normal = Table::new();
    for (platform, value) in platforms {
        let value = value.as_table().ok_or_else(|| format!("target.{} is not a table", shown(platform)))?;
        let mut kinds = kinds(value, side, one)?;
        let others = value.iter().filter(|(key, _)| !TABLES.contains(&key.as_str()));
        kinds.extend(others.map(|(key, value)| (key.clone(), value.clone())));
        if !kinds.is_empty() {
            normal.insert(platform.clone(), Value::Table(kinds));
        }
    }
    if !normal.is_empty() {
        tables.insert("target".into(), Value::Table(normal));
    }
    Ok(tables)
}

fn kinds(manifest: &Table, side: Side, one: OfOne<'_>) -> Result<Table, String> {
    let mut tables = Table::new();
    for (kind, old) in KINDS {
        let Some(value) = manifest.get(kind).or_else(|| manifest.get(old)) else { continue };
        let listed = value.as_table().ok_or_else(|| format!("has {kind} that are not a table"))?;
        let mut normal = Table::new();
        for (name, value) in listed {
            let table = tidy(name, one(name, value)?)?;
            // cargo drops what is only there to test the workspace. So what was
            // published cannot have it.
            if side == Side::Published || kind != "dev-dependencies" || table.contains_key("version") {
                normal.insert(name.clone(), Value::Table(table));
            }
        }
        if !normal.is_empty() {
            tables.insert(kind.into(), Value::Table(normal));
        }
    }
    Ok(tables)
}

fn plain(name: &str, value: &Value) -> Result<Table, String> {
    match value {
        Value::Text(_) => Ok([("version".to_string(), value.clone())].into()),
        Value::Table(table) => Ok(table.clone()),
        _ => Err(format!("dependency {} is neither a string nor a table", shown(name))),
    }
}

/// One spelling for what means the same.
fn tidy(name: &str, mut table: Table) -> Result<Table, String> {
    if let Some(old) = table.remove("default_features") {
        table.entry("default-features".into()).or_insert(old);
    }
    let redundant = [
        ("default-features", Value::Bool(true)),
        ("optional", Value::Bool(false)),
        ("features", Value::List(vec![])),
    ];
    for (key, default) in redundant {
        if table.get(key) == Some(&default) {
            table.remove(key);
        }
    }
    match table.remove("registry") {
        None => {}
        Some(Value::Text(registry)) if registry == "crates-io" => {}
        Some(_) => {
            return Err(format!(
                "dependency {} comes from a registry whose index git does not name",
                shown(name)
            ));
        }
    }
    if table.get("registry-index").and_then(Value::as_text).is_some_and(|index| CRATES_IO.contains(&index)) {
        table.remove("registry-index");
    }
    Ok(table)
}

/// cargo's `inner_dependency_inherit_with`.
fn inherited(manifests: &Manifests, name: &str, value: &Value) -> Result<Table, String> {
    let member = plain(name, value)?;
    if member.get("workspace") != Some(&Value::Bool(true)) {
        return Ok(member);
    }
    let shared = manifests.shared("dependencies").and_then(Value::as_table).and_then(|table| table.get(name));
    let shared =
        shared.ok_or_else(|| format!("inherits {}, which no workspace in git gives", shown(name)))?;
    let mut merged = plain(name, shared)?;
    let default =
        |table: &Table| table.get("default-features").or_else(|| table.get("default_features")).cloned();
    if default(&member) == Some(Value::Bool(true)) && default(&merged) == Some(Value::Bool(false)) {
        merged.remove("default_features");
        merged.insert("default-features".into(), Value::Bool(true));
    }
    if let Some(more) = member.get("features") {
        let lists = merged.get("features").map(Value::as_list).unwrap_or(Some(&[])).zip(more.as_list());
        let (first, second) = lists.ok_or_else(|| format!("features of {} are not a list", shown(name)))?;
        let features = first.iter().chain(second).cloned().collect();
        merged.insert("features".into(), Value::List(features));
    }
    for key in ["optional", "public"] {
        merged.remove(key);
        if let Some(value) = member.get(key) {
            merged.insert(key.into(), value.clone());
        }
    }
    Ok(merged)
}

/// Drops, as cargo since 1.78, the parts of features that speak of
/// dependencies that are not published.
pub(super) fn strip_features(manifest: &mut Table) {
    let names = names(manifest);
    let Some(Value::Table(features)) = manifest.get_mut("features") else { return };
    for list in features.values_mut() {
        let Value::List(list) = list else { continue };
        list.retain(|value| match value.as_text().and_then(dependency) {
            Some(dependency) => names.contains(dependency),
            None => true,
        });
    }
}

/// The dependency that a part of a feature speaks of: `dep:NAME`,
/// `NAME/FEATURE` or `NAME?/FEATURE`.
fn dependency(part: &str) -> Option<&str> {
    match part.split_once('/') {
        Some((name, _)) => Some(name.strip_suffix('?').unwrap_or(name)),
        None => part.strip_prefix("dep:"),
    }
}

fn names(manifest: &Table) -> BTreeSet<String> {
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let places = platforms.filter_map(Value::as_table).chain([manifest]);
    let tables = places.flat_map(|place| KINDS.iter().filter_map(|(kind, _)| place.get(*kind)?.as_table()));
    tables.flat_map(Table::keys).cloned().collect()
}
