//! `Cargo.lock`: every package but the crate itself comes from crates.io with
//! a checksum, and git's own lock file, if there is one, has it too.

use super::Stop;
use super::manifest::{of_git, packed};
use super::value::{Table, Value, clipped_to, name as shown, parse};
use super::workspace::{Manifests, join};
use crate::evidence::case::{Answer, Case};
use crate::evidence::explain::Level;
use crate::release::TreePath;
use crate::release::tree::Mode;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a lock file; the largest known have some 300 kB.
const MAX_LOCK: u64 = 4 << 20;
/// How lock files spell crates.io, by its git index and by its sparse one.
const CRATES_IO: [&str; 2] =
    ["registry+https://github.com/rust-lang/crates.io-index", "registry+sparse+https://index.crates.io/"];
/// The same without the prefix, as some versions wrote it.
const CRATES_IO_SPARSE: &str = "sparse+https://index.crates.io/";

/// One package of a lock file.
#[derive(Debug)]
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    /// As written: `NAME`, `NAME VERSION` or `NAME VERSION (SOURCE)`.
    dependencies: Vec<String>,
}

/// The packages of one name, by version and source: a member of the workspace
/// and the same release of the registry can stand side by side.
type Versions = BTreeMap<(String, Option<String>), Locked>;

/// A lock file.
#[derive(Debug)]
struct Lock {
    packages: BTreeMap<String, Versions>,
}

/// Judges the artifact's `Cargo.lock`.
pub(crate) fn judge(case: &Case<'_>, bytes: &[u8]) -> Result<Answer, Stop> {
    if bytes.len() as u64 > MAX_LOCK {
        return Err(Stop::Undecided("is too large to be compared".into()));
    }
    let manifests = Manifests::of(case)?;
    let own = of_git(case, &manifests, &packed(case))?;
    let found = Lock::read(bytes)?;
    let known = of_repository(case, &manifests)?;
    let (mut registry, mut members, mut itself) = (0_u64, 0_u64, false);
    for package in found.all() {
        if package.name == own.name && package.source.is_none() {
            if package.version != own.version {
                let (expected, version) = (shown(&own.version), shown(&package.version));
                return Err(Stop::Mismatch(format!(
                    "expected the crate itself as {expected}, found {version}"
                )));
            }
            itself = true;
            continue;
        }
        from_registry(package)?;
        registry += 1;
        if let Some(known) = &known {
            members += u64::from(in_git(known, package)?);
        }
    }
    if !itself {
        return Err(Stop::Mismatch(format!(
            "does not hold {} {} itself",
            shown(&own.name),
            shown(&own.version)
        )));
    }
    for package in found.all() {
        let wanted = found.resolve(package)?;
        if let Some(known) = &known {
            dependencies(known, package, &wanted)?;
        }
    }
    let detail = match known {
        None => format!("registry and checksum only, as git has no lock file: {registry} packages"),
        Some(_) => format!(
            "{registry} packages with registry and checksum, {} of them locked alike in git, {members} members of \
             the workspace",
            registry - members
        ),
    };
    Ok(Answer::explained(Level::Structured, detail))
}

/// The lock file of git that cargo uses: that of the workspace's root.
fn of_repository(case: &Case<'_>, manifests: &Manifests) -> Result<Option<Lock>, Stop> {
    let path = TreePath::new(join(&manifests.root_folder, b"Cargo.lock"));
    let Some(entry) = case.in_repository(&path)? else { return Ok(None) };
    if !matches!(entry.mode, Mode::Regular | Mode::Executable) {
        return Err(Stop::Undecided(format!("git's {path} is {}", entry.mode.describe())));
    }
    let bytes = case.origin.blob(&entry.id, MAX_LOCK)?;
    let bytes = bytes.ok_or_else(|| Stop::Undecided(format!("git's {path} is too large to be read")))?;
    Lock::read(&bytes).map(Some).map_err(|stop| match stop {
        Stop::Mismatch(why) | Stop::Undecided(why) => Stop::Undecided(format!("git's {path} {why}")),
        Stop::Unavailable => Stop::Unavailable,
    })
}

fn crates_io(source: &str) -> bool {
    CRATES_IO.contains(&source) || source == CRATES_IO_SPARSE
}

/// A source in one spelling.
fn plain_source(source: &str) -> String {
    if crates_io(source) { "crates.io".into() } else { source.into() }
}

/// The only item there is. A member of the workspace counts before releases:
/// cargo names a source only where it must.
fn only<'l>(mut items: impl Iterator<Item = &'l Locked>) -> Option<&'l Locked> {
    let first = items.next()?;
    (items.next().is_none() || first.source.is_none()).then_some(first)
}

fn from_registry(package: &Locked) -> Result<(), Stop> {
    let told = |what: String| Err(Stop::Mismatch(format!("{}: {what}", package.shown())));
    match &package.source {
        None => return told("expected crates.io as source, found none".into()),
        Some(source) if crates_io(source) => {}
        Some(source) => return told(format!("expected crates.io as source, found {}", shown(source))),
    }
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    match &package.checksum {
        None => told("has no checksum".into()),
        Some(checksum) if checksum.len() == 64 && checksum.bytes().all(hex) => Ok(()),
        Some(checksum) => {
            told(format!("expected 64 hexadecimal digits as checksum, found {}", shown(checksum)))
        }
    }
}

/// Whether git's lock has a package of the registry as a member of the
/// workspace; else it has the same one of the registry.
fn in_git(known: &Lock, package: &Locked) -> Result<bool, Stop> {
    let told = |what: String| Err(Stop::Mismatch(format!("{}: {what}", package.shown())));
    let versions = known.packages.get(&package.name);
    if let Some(same) = known.exact(package) {
        if same.checksum == package.checksum {
            return Ok(false);
        }
        let checksum = |package: &Locked| package.checksum.as_deref().map_or("none".into(), shown);
        return told(format!("expected checksum {}, found {}", checksum(same), checksum(package)));
    }
    let alike = versions.and_then(|versions| of_version(versions, &package.version).next());
    match alike.map(|alike| &alike.source) {
        Some(None) => Ok(true),
        Some(Some(source)) => told(format!("git's lock file has it from {}", shown(source))),
        None => {
            let others =
                versions.into_iter().flat_map(BTreeMap::keys).take(3).map(|(version, _)| shown(version));
            let others: Vec<_> = others.collect();
            let mut all = versions.into_iter().flat_map(BTreeMap::values);
            if all.any(|known| known.source.is_none()) {
                // cargo takes whatever release of a member the registry has.
                return Err(Stop::Undecided(format!(
                    "{}: a member of the workspace, in git as version {}; which release of it is right, git does \
                     not say",
                    package.shown(),
                    others.join(", ")
                )));
            }
            told(match others.as_slice() {
                [] => "is not in git's lock file".into(),
                others => format!("git's lock file has version {} of it", others.join(", ")),
            })
        }
    }
}

/// The packages of one version, those without a source first.
fn of_version<'v>(versions: &'v Versions, version: &str) -> impl Iterator<Item = &'v Locked> {
    let from = (version.to_string(), None);
    versions.range(from.clone()..).take_while(move |(key, _)| key.0 == from.0).map(|(_, package)| package)
}

/// A package depends on nothing that git's lock does not name for it. Where
/// that names a member of the workspace, here stands a published release of
/// it, of which the version can differ. What such a release depends on itself,
/// git does not say: its optional dependencies follow the features in use.
fn dependencies(known: &Lock, package: &Locked, wanted: &BTreeSet<(&str, &str)>) -> Result<(), Stop> {
    let Some(same) = known.exact(package) else { return Ok(()) };
    let versions = known.packages.get(&package.name).into_iter().flat_map(BTreeMap::values);
    if package.source.is_some() && versions.into_iter().any(|known| known.source.is_none()) {
        return Ok(());
    }
    let allowed =
        known.resolve(same).map_err(|_| Stop::Undecided("git's lock file contradicts itself".into()))?;
    let member = |name: &str| {
        let versions = known.packages.get(name).into_iter().flat_map(BTreeMap::values);
        let mut members = versions.filter(|package| package.source.is_none());
        members.any(|member| allowed.contains(&(member.name.as_str(), member.version.as_str())))
    };
    match wanted.difference(&allowed).find(|(name, _)| !member(name)) {
        None => Ok(()),
        Some((name, version)) => Err(Stop::Mismatch(format!(
            "{}: depends on {} {}, which git's lock file does not say of it",
            package.shown(),
            shown(name),
            shown(version)
        ))),
    }
}

impl Locked {
    fn shown(&self) -> String {
        format!("{} {}", shown(&self.name), shown(&self.version))
    }

    fn of(value: &Value) -> Result<Self, String> {
        let table = value.as_table().ok_or("has a package that is not a table")?;
        let known = ["name", "version", "source", "checksum", "dependencies"];
        if let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("has a package with a key that is not known: {}", shown(key)));
        }
        let text = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("has a package whose {key} is not a string")),
        };
        let list = table.get("dependencies").map_or(Some(&[][..]), Value::as_list);
        let list = list.and_then(|list| list.iter().map(|item| item.as_text().map(String::from)).collect());
        Ok(Self {
            name: text("name")?.ok_or("has a package without a name")?,
            version: text("version")?.ok_or("has a package without a version")?,
            source: text("source")?,
            checksum: text("checksum")?,
            dependencies: list.ok_or("has a package whose dependencies are not a list of strings")?,
        })
    }
}

impl Lock {
    /// Reads a lock file of any of cargo's four formats.
    fn read(bytes: &[u8]) -> Result<Self, Stop> {
        let table = parse(bytes).map_err(|why| Stop::Mismatch(format!("is {why}")))?;
        let known = ["version", "package", "metadata"];
        if let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(Stop::Undecided(format!("has a key that is not known: {}", shown(key))));
        }
        match table.get("version") {
            None | Some(Value::Integer(1..=4)) => {}
            Some(other) => {
                return Err(Stop::Undecided(format!("has a format that is not known: {}", other.shown())));
            }
        }
        let clip = |why: String| Stop::Undecided(clipped_to(&why, 200));
        let mut packages: BTreeMap<String, Versions> = BTreeMap::new();
        for value in table.get("package").and_then(Value::as_list).unwrap_or_default() {
            let package = Locked::of(value).map_err(clip)?;
            let versions = packages.entry(package.name.clone()).or_default();
            let source = package.source.as_deref().map(plain_source);
            if let Some(twice) = versions.insert((package.version.clone(), source), package) {
                return Err(Stop::Mismatch(format!("has two packages {}", twice.shown())));
            }
        }
        let mut lock = Self { packages };
        lock.old_checksums(&table).map_err(clip)?;
        Ok(lock)
    }

    /// Format 1 keeps checksums in a table of their own, under
    /// `checksum NAME VERSION (SOURCE)`.
    fn old_checksums(&mut self, table: &Table) -> Result<(), String> {
        let Some(metadata) = table.get("metadata") else { return Ok(()) };
        let metadata = metadata.as_table().ok_or("has metadata that are not a table")?;
        for package in self.packages.values_mut().flat_map(BTreeMap::values_mut) {
            let Some(source) = &package.source else { continue };
            let key = format!("checksum {} {} ({source})", package.name, package.version);
            if let (None, Some(Value::Text(checksum))) = (&package.checksum, metadata.get(&key)) {
                package.checksum = Some(checksum.clone());
            }
        }
        Ok(())
    }

    fn all(&self) -> impl Iterator<Item = &Locked> {
        self.packages.values().flat_map(BTreeMap::values)
    }

    /// The package of the same name, version and source.
    fn exact(&self, package: &Locked) -> Option<&Locked> {
        let source = package.source.as_deref().map(plain_source);
        self.packages.get(&package.name)?.get(&(package.version.clone(), source))
    }

    /// What a package depends on, by name and version.
    fn resolve<'l>(&'l self, package: &'l Locked) -> Result<BTreeSet<(&'l str, &'l str)>, Stop> {
        let mut found = BTreeSet::new();
        for written in &package.dependencies {
            let mut parts = written.splitn(3, ' ');
            let (name, version) = (parts.next().unwrap_or_default(), parts.next());
            let source = parts.next().map(|source| plain_source(source.trim_matches(['(', ')'])));
            let target = self.packages.get(name).and_then(|versions| match (version, source) {
                (None, _) => only(versions.values()),
                (Some(version), None) => only(of_version(versions, version)),
                (Some(version), source) => versions.get(&(version.into(), source)),
            });
            match target {
                Some(target) => found.insert((target.name.as_str(), target.version.as_str())),
                None => {
                    let (package, written) = (package.shown(), shown(written));
                    return Err(Stop::Mismatch(format!(
                        "{package}: depends on {written}, which it does not hold"
                    )));
                }
            };
        }
        Ok(found)
    }
}
