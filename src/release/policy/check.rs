//! From the policy as written to the policy as meant: every reference is
//! resolved, every template and glob compiled, and nothing is left to guess.

use super::template::{Template, VersionGrammar};
use super::{
    ArtifactRule, CatalogueRule, FileEvidence, FileRule, Group, LimitRules, Pattern, Policy, Project,
    RebuiltRule, SignatureRules, SubmoduleRule, Taggers, group, raw,
};
use crate::release::document::BadDocument;
use crate::release::record::KeyName;
use crate::release::{ReleaseName, TreePath, name};
use std::collections::{BTreeMap, BTreeSet};

/// Where in the file we are, as a dotted path.
#[derive(Clone)]
pub(super) struct Place(String);

impl Place {
    pub(super) fn top() -> Self {
        Self(String::new())
    }

    pub(super) fn at(&self, key: impl std::fmt::Display) -> Self {
        Self(if self.0.is_empty() { key.to_string() } else { format!("{}.{key}", self.0) })
    }

    pub(super) fn fault(&self, message: impl std::fmt::Display) -> BadDocument {
        BadDocument::Meaning { place: self.0.clone(), message: message.to_string() }
    }

    pub(super) fn not_empty<T>(&self, items: &[T]) -> Result<(), BadDocument> {
        if items.is_empty() { Err(self.fault("is empty: then nothing could be accepted")) } else { Ok(()) }
    }
}

pub(super) fn policy(raw: raw::Policy) -> Result<Policy, BadDocument> {
    let top = Place::top();
    let mut groups = BTreeMap::new();
    for (name, group) in raw.groups.0 {
        let place = top.at("groups").at(&name);
        groups.insert(name, group::check(&place, group)?);
    }
    let holders = group::holders(&groups)?;
    let mut projects = BTreeMap::new();
    for (id, project) in raw.projects.0 {
        let place = top.at("projects").at(&id);
        name::check_place("the project", &id).map_err(|error| place.fault(error))?;
        let project = check_project(&place, &id, project, &groups, &holders)?;
        projects.insert(id, project);
    }
    shared_names(&projects)?;
    Ok(Policy { groups, projects, holders })
}

/// Who may sign tags, and how many people must: no more than there are.
fn check_taggers(
    place: &Place,
    raw: raw::Taggers,
    groups: &BTreeMap<String, Group>,
    holders: &BTreeMap<KeyName, String>,
) -> Result<Taggers, BadDocument> {
    place.at("any").not_empty(&raw.any)?;
    if let Some(unknown) = raw.any.iter().find(|group| !groups.contains_key(*group)) {
        return Err(place.at("any").fault(format!("{unknown:?} is no group of this policy")));
    }
    let keys = raw.any.iter().filter_map(|name| groups.get(name)).flat_map(Group::keys);
    let people: BTreeSet<_> = keys.map(|key| holders.get(&key).ok_or(key)).collect();
    let threshold = raw.threshold.unwrap_or(1);
    if !(1..=people.len()).contains(&threshold) {
        let told = format!("is {threshold}, and the groups have {} people", people.len());
        return Err(place.at("threshold").fault(told));
    }
    Ok(Taggers { any: raw.any, threshold })
}

fn check_project(
    place: &Place,
    id: &str,
    raw: raw::Project,
    groups: &BTreeMap<String, Group>,
    holders: &BTreeMap<KeyName, String>,
) -> Result<Project, BadDocument> {
    let tag = template(&place.at("tag"), &raw.tag)?;
    if raw.tag.matches("{version}").count() != 1 {
        return Err(place.at("tag").fault("must hold {version} exactly once"));
    }
    let version = grammar(place, raw.version.as_deref(), raw.version_pattern.as_deref())?;
    let taggers = check_taggers(&place.at("taggers"), raw.taggers, groups, holders)?;
    let mut signers = vec![&raw.signer];
    for former in &raw.former_signers {
        if signers.contains(&former) {
            return Err(place
                .at("former-signers")
                .fault(format!("{former} stands there twice, or is the signer")));
        }
        signers.push(former);
    }
    let raw::Signatures { max_age, max_life, weak_keys_until } = raw.signatures;
    place.at("branches").not_empty(&raw.branches)?;
    let branches = patterns(&place.at("branches"), &raw.branches)?;
    let last_part = id.rsplit('/').next().unwrap_or(id);
    let name = ReleaseName::parse(raw.name.as_deref().unwrap_or(last_part))
        .map_err(|error| place.at("name").fault(error))?;
    let destination = raw.destination.unwrap_or_else(|| id.into());
    name::check_place("the destination", &destination)
        .map_err(|error| place.at("destination").fault(error))?;
    place.at("artifacts").not_empty(&raw.artifacts)?;
    let mut artifacts = Vec::new();
    for (index, artifact) in raw.artifacts.into_iter().enumerate() {
        artifacts.push(check_artifact(&place.at("artifacts").at(index), artifact)?);
    }
    Ok(Project {
        repository: raw.repository,
        name,
        tag,
        version,
        branches,
        taggers,
        signer: raw.signer,
        former_signers: raw.former_signers,
        signatures: SignatureRules { max_age, max_life, weak_keys_until },
        destination,
        artifacts,
    })
}

fn grammar(place: &Place, named: Option<&str>, pattern: Option<&str>) -> Result<VersionGrammar, BadDocument> {
    match (named, pattern) {
        (Some(_), Some(_)) => Err(place.fault("has both version and version-pattern; give one")),
        (None, Some(text)) => {
            VersionGrammar::pattern(text).map_err(|error| place.at("version-pattern").fault(error))
        }
        (named, None) => VersionGrammar::named(named.unwrap_or("plain"))
            .ok_or_else(|| place.at("version").fault("is none of plain, pep440, semver")),
    }
}

fn check_artifact(place: &Place, raw: raw::Artifact) -> Result<ArtifactRule, BadDocument> {
    let name = template(&place.at("name"), &raw.name)?;
    if !name.has_hole() {
        return Err(place.at("name").fault("has no {version}: two releases would share one file name"));
    }
    ReleaseName::parse(&name.fill("1")).map_err(|error| place.at("name").fault(error))?;
    let root = match raw.root {
        Some(text) => template(&place.at("root"), &text)?,
        None => template(&place.at("root"), without_archive_suffix(&raw.name))?,
    };
    // Wheels have no folder around their content: that must be said.
    if !root.as_str().is_empty() {
        tree_path(&place.at("root"), &root.fill("1"))?;
    }
    if !raw.subdirectory.is_empty() {
        tree_path(&place.at("subdirectory"), &raw.subdirectory)?;
    }
    let mut files = Vec::new();
    for (index, file) in raw.files.into_iter().enumerate() {
        files.push(check_file(&place.at("files").at(index), file)?);
    }
    let raw::Limits { entries, unpacked, ratio } = raw.limits;
    Ok(ArtifactRule {
        name,
        root,
        subdirectory: raw.subdirectory,
        preset: raw.preset,
        omit: patterns(&place.at("omit"), &raw.omit)?,
        files,
        submodules: submodules(&place.at("submodules"), raw.submodules)?,
        rebuilt: rebuilt(&place.at("rebuilt"), raw.rebuilt)?,
        catalogues: catalogues(&place.at("catalogues"), raw.catalogues)?,
        limits: LimitRules { entries, unpacked, ratio },
    })
}

fn submodules(place: &Place, raw: Vec<raw::Submodule>) -> Result<Vec<SubmoduleRule>, BadDocument> {
    let mut rules = Vec::new();
    for (index, raw::Submodule { path, repository }) in raw.into_iter().enumerate() {
        let place = place.at(index);
        tree_path(&place.at("path"), &path)?;
        if repository.trim().is_empty() {
            return Err(place.at("repository").fault("is empty"));
        }
        rules.push(SubmoduleRule { path, repository });
    }
    once(place, rules.iter().map(|rule| rule.path.as_str()))?;
    Ok(rules)
}

fn rebuilt(place: &Place, raw: Vec<raw::Rebuilt>) -> Result<Vec<RebuiltRule>, BadDocument> {
    let mut rules = Vec::new();
    for (index, raw::Rebuilt { name, builder, paths }) in raw.into_iter().enumerate() {
        let place = place.at(index);
        if builder.trim().is_empty() {
            return Err(place.at("builder").fault("is empty"));
        }
        let (name, paths) = named_paths(&place, &name, &paths)?;
        rules.push(RebuiltRule { name, builder, paths });
    }
    once(place, rules.iter().map(|rule| rule.name.as_str()))?;
    Ok(rules)
}

fn catalogues(place: &Place, raw: Vec<raw::Catalogue>) -> Result<Vec<CatalogueRule>, BadDocument> {
    let mut rules = Vec::new();
    for (index, raw::Catalogue { name, certificate, paths }) in raw.into_iter().enumerate() {
        let (name, paths) = named_paths(&place.at(index), &name, &paths)?;
        rules.push(CatalogueRule { name, certificate, paths });
    }
    once(place, rules.iter().map(|rule| rule.name.as_str()))?;
    Ok(rules)
}

fn named_paths(
    place: &Place,
    name: &str,
    paths: &[String],
) -> Result<(ReleaseName, Vec<Pattern>), BadDocument> {
    let name = ReleaseName::parse(name).map_err(|error| place.at("name").fault(error))?;
    place.at("paths").not_empty(paths)?;
    Ok((name, patterns(&place.at("paths"), paths)?))
}

/// Names that are given on the command line must mean one rule.
fn once<'n>(place: &Place, names: impl Iterator<Item = &'n str>) -> Result<(), BadDocument> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(place.fault(format!("{name:?} stands there twice")));
        }
    }
    Ok(())
}

/// `nova-1.tar.gz` without its archive suffix: the root that nearly every
/// archive has.
pub(crate) fn without_archive_suffix(name: &str) -> &str {
    const SUFFIXES: [&str; 9] =
        [".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst", ".zip", ".crate", ".whl"];
    SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name)
}

fn check_file(place: &Place, raw: raw::File) -> Result<FileRule, BadDocument> {
    let path = template(&place.at("path"), &raw.path)?;
    tree_path(&place.at("path"), &path.fill("1"))?;
    let given = [raw.sha256.is_some(), raw.exact.is_some(), raw.same_as.is_some(), raw.unverified.is_some()];
    if given.iter().filter(|given| **given).count() != 1 {
        return Err(place.fault("must have exactly one of sha256, exact, same-as, unverified"));
    }
    let evidence = match (raw.sha256, raw.exact, raw.same_as, raw.unverified) {
        (Some(digest), ..) => FileEvidence::Pinned(digest),
        (_, Some(text), ..) => FileEvidence::Exact(text),
        (_, _, Some(other), _) => {
            let place = place.at("same-as");
            let other = template(&place, &other)?;
            tree_path(&place, &other.fill("1"))?;
            if other == path {
                return Err(place.fault("names the file itself"));
            }
            FileEvidence::SameAs(other)
        }
        (.., Some(raw::Unverified { reason, until })) if !reason.trim().is_empty() => {
            FileEvidence::Unverified { reason, until }
        }
        _ => return Err(place.at("unverified.reason").fault("is empty")),
    };
    Ok(FileRule { path, executable: raw.executable, evidence })
}

fn template(place: &Place, text: &str) -> Result<Template, BadDocument> {
    Template::parse(text).map_err(|error| place.fault(error))
}

fn patterns(place: &Place, texts: &[String]) -> Result<Vec<Pattern>, BadDocument> {
    texts.iter().map(|text| Pattern::parse(text).map_err(|error| place.fault(error))).collect()
}

fn tree_path(place: &Place, text: &str) -> Result<(), BadDocument> {
    match TreePath::from(text).defect() {
        Some(defect) => Err(place.fault(format!("the path {text:?} {defect}"))),
        None => Ok(()),
    }
}

/// Two rules for one file name, in one project or in two projects that share
/// a folder of the site, could be played against each other.
fn shared_names(projects: &BTreeMap<String, Project>) -> Result<(), BadDocument> {
    let mut seen = BTreeMap::new();
    for (id, project) in projects {
        for (index, artifact) in project.artifacts.iter().enumerate() {
            let place = Place(format!("projects.{id}.artifacts.{index}.name"));
            if let Some(first) = seen.insert((&project.destination, &artifact.name), place.clone()) {
                let text = artifact.name.as_str();
                return Err(place.fault(format!("{text:?} is the name of the artifact at {} too", first.0)));
            }
        }
    }
    Ok(())
}
