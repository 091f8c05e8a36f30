//! The targets of a package: listed in its manifest, or discovered by cargo
//! from the names of files.

use super::value::{Table, Value, name as shown};
use super::workspace::normal;
use std::collections::{BTreeMap, BTreeSet};

/// The paths of the artifact.
pub(crate) type Packed<'a> = BTreeSet<&'a [u8]>;

/// The kinds of targets of which a package can have many: the manifest's key,
/// the key that switches discovery, and the folder that is looked through.
const KINDS: [(&str, &str, &str); 4] = [
    ("bin", "autobins", "src/bin/"),
    ("example", "autoexamples", "examples/"),
    ("test", "autotests", "tests/"),
    ("bench", "autobenches", "benches/"),
];

/// Discovered files by the name of their target.
type Places<'f> = BTreeMap<&'f str, Vec<&'f str>>;

/// What cargo makes of a manifest's targets.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// By kind; `lib` is one table, each other a table by name.
    pub packed: Table,
    /// Listed targets whose file is not packed, by kind and name. cargo leaves
    /// them out of the manifest since 1.82; before, it kept them.
    pub unpacked: BTreeMap<(String, String), Value>,
}

/// The package that targets are looked for in.
pub(super) struct Of<'a> {
    pub manifest: &'a Table,
    pub package: &'a Table,
    pub name: &'a str,
    pub edition_2015: bool,
    pub files: &'a Packed<'a>,
}

impl Of<'_> {
    /// All targets, each with its name and path spelled out.
    pub fn targets(&self) -> Result<Targets, String> {
        let mut targets = Targets::default();
        self.lib(&mut targets)?;
        for (kind, switch, folder) in KINDS {
            let mut named = Table::new();
            for (name, table) in self.many(kind, switch, folder)? {
                let packed = table.get("path").and_then(Value::as_text).is_some_and(|path| self.has(path));
                let place = match packed {
                    true => named.insert(name.clone(), Value::Table(table)),
                    false => targets.unpacked.insert((kind.into(), name.clone()), Value::Table(table)),
                };
                if place.is_some() {
                    return Err(format!("has two [[{kind}]] named {}", shown(&name)));
                }
            }
            if !named.is_empty() {
                targets.packed.insert(kind.into(), Value::Table(named));
            }
        }
        Ok(targets)
    }

    fn has(&self, path: &str) -> bool {
        self.files.contains(path.as_bytes())
    }

    fn auto(&self, switch: &str) -> Option<bool> {
        self.package.get(switch).and_then(Value::as_bool)
    }

    fn lib(&self, targets: &mut Targets) -> Result<(), String> {
        let inferred = self.has("src/lib.rs").then_some("src/lib.rs");
        let mut table = match self.manifest.get("lib") {
            Some(Value::Table(table)) => tidy(table)?,
            Some(_) => return Err("has a lib that is not a table".into()),
            None if inferred.is_some() && self.auto("autolib") != Some(false) => Table::new(),
            None => return Ok(()),
        };
        let name = table.entry("name".into()).or_insert_with(|| Value::Text(self.name.replace('-', "_")));
        let name = name.as_text().unwrap_or_default().to_string();
        if !table.contains_key("path") {
            let legacy = format!("src/{name}.rs");
            let legacy = (self.edition_2015 && self.has(&legacy)).then_some(legacy);
            if let Some(path) = inferred.map(String::from).or(legacy) {
                table.insert("path".into(), Value::Text(path));
            }
        }
        if table.get("path").and_then(Value::as_text).is_some_and(|path| self.has(path)) {
            targets.packed.insert("lib".into(), Value::Table(table));
        } else {
            targets.unpacked.insert(("lib".into(), name), Value::Table(table));
        }
        Ok(())
    }

    fn many(&self, kind: &str, switch: &str, folder: &str) -> Result<Vec<(String, Table)>, String> {
        let mut found = self.discover(folder);
        if kind == "bin" && self.has("src/main.rs") {
            found.push((self.name.into(), "src/main.rs".into()));
        }
        let Some(listed) = self.manifest.get(kind) else {
            let found = if self.auto(switch) == Some(false) { vec![] } else { found };
            return Ok(found
                .into_iter()
                .map(|(name, path)| (name.clone(), discovered(&name, &path)))
                .collect());
        };
        let listed = listed.as_list().ok_or_else(|| format!("has a {kind} that is not an array"))?;
        let mut places: Places<'_> = BTreeMap::new();
        for (name, path) in &found {
            places.entry(name).or_default().push(path);
        }
        let mut targets = Vec::with_capacity(listed.len());
        let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
        for item in listed {
            let table = item.as_table().ok_or_else(|| format!("has a {kind} that is not a table"))?;
            let mut table = tidy(table)?;
            let name = table.get("name").and_then(Value::as_text);
            let name = name.ok_or_else(|| format!("has a [[{kind}]] without a name"))?.to_string();
            match table.get("path").and_then(Value::as_text) {
                Some(path) => {
                    paths.insert(path.to_string());
                }
                None => {
                    if let Some(path) = self.path_of(kind, &name, &places)? {
                        table.insert("path".into(), Value::Text(path));
                    }
                }
            }
            names.insert(name.clone());
            targets.push((name, table));
        }
        if self.auto(switch).unwrap_or(!self.edition_2015) {
            let more = found.iter().filter(|(name, path)| !names.contains(name) && !paths.contains(path));
            targets.extend(more.map(|(name, path)| (name.clone(), discovered(name, path))));
        }
        Ok(targets)
    }

    /// The file of a listed target that gives no path; `None` if it is not in
    /// the artifact.
    fn path_of(&self, kind: &str, name: &str, found: &Places<'_>) -> Result<Option<String>, String> {
        match found.get(name).map(Vec::as_slice) {
            Some([path]) => return Ok(Some((*path).into())),
            Some([_, ..]) if !self.edition_2015 => {
                return Err(format!("has two files for the [[{kind}]] {}", shown(name)));
            }
            _ => {}
        }
        // What cargo takes for edition 2015 only.
        let legacy = match kind {
            "bin" if self.edition_2015 => {
                let own = (!self.has("src/lib.rs")).then(|| format!("src/{name}.rs"));
                own.into_iter().chain(["src/main.rs".into(), "src/bin/main.rs".into()]).collect()
            }
            "bench" if self.edition_2015 && name == "bench" => vec!["src/bench.rs".to_string()],
            _ => vec![],
        };
        Ok(legacy.into_iter().find(|path| self.has(path)))
    }

    /// `NAME.rs` and `NAME/main.rs` right below a folder.
    fn discover(&self, folder: &str) -> Vec<(String, String)> {
        let from = self.files.range(folder.as_bytes()..);
        let inside = from.map_while(|path| Some((*path, path.strip_prefix(folder.as_bytes())?)));
        let target = |(path, below): (&[u8], &[u8])| {
            let name = match below.strip_suffix(b"/main.rs") {
                Some(name) if !name.contains(&b'/') => name,
                _ => below.strip_suffix(b".rs").filter(|name| !name.contains(&b'/'))?,
            };
            let usable = !name.is_empty() && !name.starts_with(b".");
            let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(String::from);
            usable.then(|| Some((text(name)?, text(path)?))).flatten()
        };
        inside.filter_map(target).collect()
    }
}

fn discovered(name: &str, path: &str) -> Table {
    [("name".to_string(), Value::text(name)), ("path".to_string(), Value::text(path))].into()
}

/// A listed target with the spellings that cargo takes for the same.
fn tidy(table: &Table) -> Result<Table, String> {
    let mut tidy = Table::new();
    for (key, value) in table {
        let plain = match key.as_str() {
            "crate_type" => "crate-type",
            "proc_macro" => "proc-macro",
            key => key,
        };
        if plain == key || !table.contains_key(plain) {
            tidy.insert(plain.into(), value.clone());
        }
    }
    for key in ["name", "path"] {
        if tidy.get(key).is_some_and(|value| value.as_text().is_none()) {
            return Err(format!("has a target whose {key} is not a string"));
        }
    }
    if let Some(path) = tidy.get("path").and_then(Value::as_text).and_then(|path| normal(path.as_bytes())) {
        tidy.insert("path".into(), Value::Text(String::from_utf8_lossy(&path).into_owned()));
    }
    Ok(tidy)
}
