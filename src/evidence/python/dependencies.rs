//! Dependencies that a file of the artifact has, against those of git.

use super::project::Project;
use super::requirement::{Dependency, package};
use super::{Check, mismatch, normal_name, show, specifier, undecided};
use std::collections::BTreeSet;

/// Dependencies that self-references may grow to.
const MAX_REQUIREMENTS: usize = 20_000;
/// Extras of a project that ask for its other extras.
const MAX_NESTED: usize = 100;

/// Compares dependencies that a file of the artifact has with those of git.
pub(crate) fn compare(project: &Project, found: &BTreeSet<Dependency>, extras: &BTreeSet<String>) -> Check {
    let (wanted, wanted_extras) = project.all_dependencies()?;
    let form = |all: &BTreeSet<Dependency>| -> BTreeSet<Dependency> {
        match project.rewrites {
            true => all.iter().map(as_ranges).collect(),
            false => all.clone(),
        }
    };
    let (found, wanted) = (form(found), form(&wanted));
    let equal = found == wanted
        || (!project.unasked.is_empty() && without(&found, &form(&project.unasked)) == wanted)
        || (project.evaluates_conditions && evaluated(&found, &wanted))
        || project
            .name
            .as_deref()
            .filter(|_| project.merges_own_extras)
            .is_some_and(|name| found == with_own_extras(&normal_name(name), wanted.clone()));
    if equal {
        return names(project, extras, wanted_extras);
    }
    let more = found.difference(&wanted).next().map(|one| format!("needs {one}, which git does not state"));
    let less = wanted.difference(&found).next().map(|one| format!("lacks {one}, which git states"));
    let told: Vec<String> = [more, less].into_iter().flatten().collect();
    let told = format!("{} (git: {})", told.join("; "), project.source);
    // The same packages under the same extras in other words.
    let packages = |all: &BTreeSet<Dependency>| -> BTreeSet<(String, String)> {
        all.iter().map(|one| (one.extra.clone(), package(&one.what).to_string())).collect()
    };
    match project.rewrites && packages(&found) == packages(&wanted) {
        true => undecided(format!("states versions or conditions in words that are not understood: {told}")),
        false => mismatch(told),
    }
}

/// A dependency with its versions as ranges.
fn as_ranges(one: &Dependency) -> Dependency {
    // A place is not a version.
    if one.what.contains('@') {
        return one.clone();
    }
    let at = one.what.find(['<', '>', '=', '!', '~']).unwrap_or(one.what.len());
    let (what, versions) = one.what.split_at(at);
    Dependency { what: format!("{what}{}", specifier::ranges(versions)), ..one.clone() }
}

/// Extras that ask for other extras of the same project, replaced by what
/// those need, as hatchling writes them, whatever version they ask for.
fn with_own_extras(name: &str, mut all: BTreeSet<Dependency>) -> BTreeSet<Dependency> {
    for _ in 0..MAX_NESTED {
        let own = |one: &Dependency| {
            let (extras, rest) = one.what.strip_prefix(name)?.strip_prefix('[')?.split_once(']')?;
            let plain = one.condition.is_empty() && !one.extra.is_empty() && !rest.contains('@');
            let extras: BTreeSet<String> = extras.split(',').map(Into::into).collect();
            plain.then(|| (one.clone(), extras))
        };
        let Some((asking, extras)) = all.iter().find_map(own) else { break };
        all.remove(&asking);
        let needed = all.iter().filter(|one| extras.contains(&one.extra) && one.extra != asking.extra);
        let needed = needed.map(|one| Dependency { extra: asking.extra.clone(), ..one.clone() });
        all.extend(needed.collect::<Vec<_>>());
        if all.len() > MAX_REQUIREMENTS {
            break;
        }
    }
    all
}

/// Compares the names of extras.
pub(crate) fn names(project: &Project, found: &BTreeSet<String>, wanted: &BTreeSet<String>) -> Check {
    match found.symmetric_difference(wanted).next() {
        None => Ok(()),
        Some(name) => mismatch(format!(
            "has other extras than {} states: {} is only in one of them",
            project.source,
            show(name)
        )),
    }
}

/// Whether the only difference is in conditions that pbr evaluated while it
/// built: those that held were left out, and of those that did not, some
/// versions lose the dependency.
fn evaluated(found: &BTreeSet<Dependency>, wanted: &BTreeSet<Dependency>) -> bool {
    let bare = |one: &Dependency| Dependency { condition: String::new(), ..one.clone() };
    let all_bare: BTreeSet<Dependency> = wanted.iter().map(bare).collect();
    let allowed = |one: &Dependency| wanted.contains(one) || all_bare.contains(one);
    found.iter().all(allowed) && wanted.iter().all(|one| !one.condition.is_empty() || found.contains(one))
}

fn without(all: &BTreeSet<Dependency>, some: &BTreeSet<Dependency>) -> BTreeSet<Dependency> {
    all.difference(some).cloned().collect()
}
