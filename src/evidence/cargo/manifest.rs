//! `Cargo.toml` as cargo writes it into a crate: compared by its whole meaning
//! with the manifest that git has.
//!
//! Both are brought into one normal form, which holds everything that cargo
//! reads out of a manifest, with what it would discover or inherit spelled
//! out. The two must then be equal. So it does not matter which version of
//! cargo wrote the file: older ones leave to the reader what newer ones spell
//! out.

use super::targets::{Of, Packed};
use super::value::{Table, Value, name as shown, parse};
use super::workspace::{Manifests, join, normal, package};
use super::{Stop, program};
use crate::evidence::case::{Answer, Case};
use crate::evidence::explain::Level;
use crate::release::TreePath;
use std::collections::BTreeMap;

mod dependencies;
mod diff;
mod git;

pub(crate) use git::copied;
use git::{Git, Named};

/// Bytes of a manifest that is judged.
const MAX_MANIFEST: usize = 1 << 20;
/// What cargo takes for the readme if none is named.
const READMES: [&str; 3] = ["README.md", "README.txt", "README"];
/// Fields of `[package]` that a workspace can give.
const INHERITABLE: [&str; 16] = [
    "authors",
    "categories",
    "description",
    "documentation",
    "edition",
    "exclude",
    "homepage",
    "include",
    "keywords",
    "license",
    "license-file",
    "publish",
    "readme",
    "repository",
    "rust-version",
    "version",
];
/// Keys of `[package]` that the normal form has in another way, or that say
/// nothing once the package stands alone.
const RESOLVED: [&str; 10] = [
    "workspace",
    "autolib",
    "autobins",
    "autoexamples",
    "autotests",
    "autobenches",
    "build",
    "readme",
    "license-file",
    "resolver",
];
/// Tables that cargo never publishes.
const NEVER: [&str; 4] = ["workspace", "patch", "replace", "project"];

/// A manifest in its normal form.
#[derive(Debug)]
pub(crate) struct Normal {
    /// Everything.
    table: Table,
    /// Listed targets whose file is not packed.
    unpacked: BTreeMap<(String, String), Value>,
    /// Name of the package.
    pub name: String,
    /// Its version; 0.0.0 if none is given.
    pub version: String,
}

impl Normal {
    /// Whether the package has a program or an example, be its file there or
    /// not.
    pub fn has_program(&self) -> bool {
        let mut unpacked = self.unpacked.keys().map(|(kind, _)| kind.as_str());
        ["bin", "example"].iter().any(|kind| self.table.contains_key(*kind))
            || unpacked.any(|kind| matches!(kind, "bin" | "example"))
    }
}

/// Judges the artifact's `Cargo.toml`.
pub(crate) fn judge(case: &Case<'_>, bytes: &[u8]) -> Result<Answer, Stop> {
    if bytes.len() > MAX_MANIFEST {
        return Err(Stop::Undecided("is too large to be compared".into()));
    }
    let files = packed(case);
    let manifests = Manifests::of(case)?;
    let mut expected = of_git(case, &manifests, &files)?;
    let published = parse(bytes).map_err(|why| Stop::Mismatch(format!("is {why}")))?;
    let found = of_published(&published, &files).map_err(|why| Stop::Mismatch(clip(why)))?;
    let stem = format!("{}-{}", expected.name, expected.version);
    let root = &case.identity.root;
    if !root.is_empty() && *root != stem {
        return Err(Stop::Mismatch(format!(
            "git's manifest is of {}, the artifact's folder is {}",
            shown(&stem),
            shown(root)
        )));
    }
    // cargo before 1.62 left a readme from outside of the crate where it was.
    let readme = package(&manifests.own).and_then(|own| own.get("readme"));
    if let (Some(Value::Text(_)), Some(Value::Table(fields))) = (readme, expected.table.get_mut("package"))
        && found.table.get("package").and_then(Value::as_table).and_then(|found| found.get("readme"))
            == readme
    {
        fields.extend(readme.map(|readme| ("readme".into(), readme.clone())));
    }
    // Since 1.78 cargo drops features of dependencies that it has dropped.
    let plain = expected.table.get("features").cloned();
    dependencies::strip_features(&mut expected.table);
    if let Some(plain) = plain.filter(|plain| found.table.get("features") == Some(plain)) {
        expected.table.insert("features".into(), plain);
    }
    let differences = diff::of(&expected.table, &found.table);
    if !differences.is_empty() {
        return Err(Stop::Mismatch(differences.join("; ")));
    }
    unpacked(case, &manifests, &expected, &found)?;
    program::workspace_lock(case, &manifests)?;
    Ok(Answer::explained(Level::Structured, "means the same as git's manifest, as cargo publishes it"))
}

/// Targets of the artifact's manifest whose file is not there: git's manifest
/// lists the same, or cargo would discover it in git's tree. cargo 1.80 and
/// 1.81 wrote those down too, with the file excluded or not.
fn unpacked(case: &Case<'_>, manifests: &Manifests, expected: &Normal, found: &Normal) -> Result<(), Stop> {
    let listed = |key: &(String, String), target: &Value| expected.unpacked.get(key) == Some(target);
    let mut others = found.unpacked.iter().filter(|(key, target)| !listed(key, target)).peekable();
    if others.peek().is_none() {
        return Ok(());
    }
    let mut files = packed(case);
    files.extend(case.tree.iter().map(|entry| entry.path.as_bytes()));
    let all = of_git(case, manifests, &files)?;
    for ((kind, name), target) in others {
        let known = all.table.get(kind).and_then(Value::as_table);
        let known = known.and_then(|known| if kind == "lib" { all.table.get(kind) } else { known.get(name) });
        if known != Some(target) {
            return Err(Stop::Mismatch(format!(
                "{kind} {}: its file is missing, and git has no such target",
                shown(name)
            )));
        }
    }
    Ok(())
}

/// Every path of the artifact.
pub(crate) fn packed<'c>(case: &'c Case<'_>) -> Packed<'c> {
    let candidates = case.candidates().map(|candidate| candidate.fact.path.as_bytes());
    candidates.chain(case.identical().map(|entry| entry.path.as_bytes())).collect()
}

/// The normal form of git's manifest.
pub(crate) fn of_git(case: &Case<'_>, manifests: &Manifests, files: &Packed<'_>) -> Result<Normal, Stop> {
    let git = Git { case, manifests };
    let undecided = |why: String| Stop::Undecided(clip(format!("git's manifest {why}")));
    let own = git.package()?;
    let mut fields = Table::new();
    for (key, value) in own.iter().filter(|(key, _)| !RESOLVED.contains(&key.as_str())) {
        fields.insert(key.clone(), git.inherit(key, value)?.clone());
    }
    for Named { key, base, path } in git.relocatable()? {
        let full = normal(&join(&base, path.as_bytes()));
        let full = full.map(TreePath::new);
        let inside = full.as_ref().and_then(|full| full.strip_prefix(&manifests.folder));
        let place = match inside {
            Some(inside) => String::from_utf8_lossy(inside.as_bytes()).into_owned(),
            None => path.rsplit('/').next().unwrap_or_default().to_string(),
        };
        fields.insert(key.into(), Value::Text(place));
    }
    fields.insert("resolver".into(), Value::Text(git.resolver().map_err(undecided)?));
    let dependencies = dependencies::of_git(manifests).map_err(undecided)?;
    let lints = match manifests.own.get("lints").and_then(Value::as_table) {
        Some(lints) if lints.get("workspace").and_then(Value::as_bool) == Some(true) => {
            manifests.shared("lints")
        }
        _ => manifests.own.get("lints"),
    };
    finish(&manifests.own, own, fields, dependencies, lints, files).map_err(undecided)
}

/// The normal form of the artifact's manifest.
fn of_published(manifest: &Table, files: &Packed<'_>) -> Result<Normal, String> {
    if let Some(key) = NEVER.into_iter().find(|key| manifest.contains_key(*key)) {
        return Err(format!("has [{key}], which cargo never publishes"));
    }
    let own = package(manifest).ok_or("has no [package]")?;
    if let Some((key, _)) = own.iter().find(|(key, value)| *key == "workspace" || refers(value)) {
        return Err(format!("package.{}: refers to a workspace", shown(key)));
    }
    let kept = own.iter().filter(|(key, _)| !RESOLVED.contains(&key.as_str()));
    let mut fields: Table = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
    match own.get("readme") {
        Some(Value::Text(path)) => fields.insert("readme".into(), Value::Text(lexical(path))),
        Some(Value::Bool(true)) => fields.insert("readme".into(), Value::text("README.md")),
        Some(_) => None,
        None => READMES
            .into_iter()
            .find(|name| files.contains(name.as_bytes()))
            .and_then(|name| fields.insert("readme".into(), Value::text(name))),
    };
    if let Some(value) = own.get("license-file") {
        let value = value.as_text().map_or_else(|| value.clone(), |path| Value::Text(lexical(path)));
        fields.insert("license-file".into(), value);
    }
    let resolver = match own.get("resolver") {
        Some(Value::Text(text)) => text.clone(),
        Some(_) => return Err("package.resolver is not a string".into()),
        None => default_resolver(edition(own.get("edition"))?)?.into(),
    };
    fields.insert("resolver".into(), Value::Text(resolver));
    let dependencies = dependencies::of_published(manifest)?;
    let lints = manifest.get("lints");
    if lints.is_some_and(refers) {
        return Err("lints: refers to a workspace".into());
    }
    finish(manifest, own, fields, dependencies, lints, files)
}

/// What both sides have in common.
fn finish(
    manifest: &Table,
    own: &Table,
    mut fields: Table,
    dependencies: Table,
    lints: Option<&Value>,
    files: &Packed<'_>,
) -> Result<Normal, String> {
    let text = |key: &str| fields.get(key).and_then(Value::as_text).map(String::from);
    let name = text("name").ok_or("has no package.name")?;
    let version = text("version").unwrap_or_else(|| "0.0.0".into());
    let edition_2015 = edition(fields.get("edition"))? == "2015";
    let targets = Of { manifest, package: own, name: &name, edition_2015, files }.targets()?;
    if let Some(build) = build(own.get("build"), files)? {
        fields.insert("build".into(), build);
    }
    // An empty list or table of these says as much as none.
    let mut table: Table = dependencies;
    table.extend(targets.packed);
    table.insert("package".into(), Value::Table(fields));
    let resolved = ["package", "lib", "bin", "example", "test", "bench", "target", "lints", "profile"];
    for (key, value) in manifest {
        let key = key.as_str();
        let known = resolved.contains(&key) || NEVER.contains(&key) || dependencies::TABLES.contains(&key);
        let empty = matches!(value, Value::Table(inner) if inner.is_empty());
        if !known && !empty {
            table.insert(key.into(), value.clone());
        }
    }
    if let Some(profile) = manifest.get("profile") {
        table.insert("profile".into(), profiles(profile));
    }
    if let Some(lints) = lints.map(lint_table).filter(|lints| !lints.is_empty()) {
        table.insert("lints".into(), Value::Table(lints));
    }
    Ok(Normal { table, unpacked: targets.unpacked, name, version })
}

fn refers(value: &Value) -> bool {
    value.as_table().and_then(|table| table.get("workspace")).is_some_and(|value| *value == Value::Bool(true))
}

fn lexical(path: &str) -> String {
    normal(path.as_bytes()).map_or_else(|| path.into(), |path| String::from_utf8_lossy(&path).into_owned())
}

fn edition(value: Option<&Value>) -> Result<&str, String> {
    match value {
        None => Ok("2015"),
        Some(value) => value.as_text().ok_or_else(|| "has an edition that is not a string".into()),
    }
}

fn default_resolver(edition: &str) -> Result<&'static str, String> {
    match edition {
        "2015" | "2018" => Ok("1"),
        "2021" => Ok("2"),
        "2024" => Ok("3"),
        other => Err(format!("has an edition that is not known: {}", shown(other))),
    }
}

/// The build scripts that are packed; `None` if there are none.
fn build(value: Option<&Value>, files: &Packed<'_>) -> Result<Option<Value>, String> {
    let named = match value {
        None | Some(Value::Bool(true)) => vec!["build.rs".to_string()],
        Some(Value::Bool(false)) => vec![],
        Some(Value::Text(path)) => vec![lexical(path)],
        Some(Value::List(list)) => {
            let paths = list.iter().map(|path| path.as_text().map(lexical));
            paths.collect::<Option<_>>().ok_or("has a build script that is not a string")?
        }
        Some(_) => return Err("has a build key that is not known".into()),
    };
    let mut packed = named.into_iter().filter(|path| files.contains(path.as_bytes())).map(Value::Text);
    Ok(match (packed.next(), packed.next()) {
        (None, _) => None,
        (Some(one), None) => Some(one),
        (Some(one), Some(two)) => Some(Value::List([one, two].into_iter().chain(packed).collect())),
    })
}

/// Profiles with one spelling for each level of debug information.
fn profiles(value: &Value) -> Value {
    let Value::Table(table) = value else { return value.clone() };
    let pair = |(key, value): (&String, &Value)| {
        let value = match (key.as_str(), value) {
            ("debug", Value::Bool(false)) => Value::Integer(0),
            ("debug", Value::Bool(true)) => Value::Integer(2),
            ("debug", Value::Text(text)) => match text.as_str() {
                "none" => Value::Integer(0),
                "limited" => Value::Integer(1),
                "full" => Value::Integer(2),
                _ => value.clone(),
            },
            _ => profiles(value),
        };
        (key.clone(), value)
    };
    Value::Table(table.iter().map(pair).collect())
}

/// Lints with their priority spelled out, as cargo does.
fn lint_table(value: &Value) -> Table {
    let mut lints = Table::new();
    for (tool, of_tool) in value.as_table().into_iter().flatten() {
        let Value::Table(of_tool) = of_tool else {
            if tool != "workspace" {
                lints.insert(tool.clone(), of_tool.clone());
            }
            continue;
        };
        let pair = |(name, lint): (&String, &Value)| {
            let mut lint = lint.clone();
            if let Value::Table(config) = &mut lint {
                config.entry("priority".into()).or_insert(Value::Integer(0));
            }
            (name.clone(), lint)
        };
        if !of_tool.is_empty() {
            lints.insert(tool.clone(), Value::Table(of_tool.iter().map(pair).collect()));
        }
    }
    lints
}

fn clip(told: String) -> String {
    super::value::clipped_to(&told, 200)
}
