//! `PKG-INFO` of sdists and `METADATA` of wheels against what git states.

use super::describe::{Described, is_about_people_and_texts};
use super::metadata::Metadata;
use super::project::{self, Project, Stated};
use super::requirement::{Dependency, Requirement};
use super::version::Version;
use super::{Check, No, dependencies, mismatch, normal_name, readme, show, specifier, undecided};
use crate::evidence::case::Case;
use crate::evidence::explain::Level;
use crate::release::TreePath;
use std::collections::BTreeSet;

/// Versions of the format whose headers are all known.
const FORMATS: [&str; 8] = ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"];
/// Requirements of one file.
const MAX_REQUIREMENTS: usize = 20_000;

/// What the artifact's file name or root says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// Normal name.
    pub name: String,
    /// Version.
    pub version: Version,
}

/// Name and version by the artifact's file name; by its root, if the policy
/// gives the file another name. The policy's version must be the same.
///
/// # Errors
/// If neither holds a name and version.
pub(crate) fn named(case: &Case<'_>) -> Check<Named> {
    let identity = case.identity;
    let file = identity.artifact.as_str();
    let stem = match file.strip_suffix(".whl") {
        Some(stem) => stem.split('-').take(2).collect::<Vec<_>>().join("-"),
        None => {
            let endings = [".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar", ".zip"];
            endings.iter().find_map(|ending| file.strip_suffix(ending)).unwrap_or(file).to_string()
        }
    };
    let found = [stem.as_str(), identity.root.as_str()].into_iter().find_map(split);
    let Some(named) = found else {
        return undecided(format!("has nothing to compare with: {} is no NAME-VERSION", show(file)));
    };
    for other in [split(&identity.root)].into_iter().flatten() {
        if other != named {
            return mismatch(format!("lies in {}, but the artifact is {}", show(&identity.root), show(file)));
        }
    }
    if let Some(version) = &identity.version
        && Version::parse(version).as_ref() != Some(&named.version)
    {
        return mismatch(format!("belongs to version {}, the tag's is {}", named.version, show(version)));
    }
    Ok(named)
}

fn split(stem: &str) -> Option<Named> {
    let (name, version) = stem.rsplit_once('-')?;
    Some(Named { name: normal_name(name), version: Version::parse(version)? })
}

/// Checks a metadata file of the artifact.
pub(crate) fn check(case: &Case<'_>, bytes: &[u8]) -> Check<(Level, String)> {
    let metadata = Metadata::parse(bytes)?;
    let project = project::of(case)?;
    identity(case, project, &metadata)?;
    let apart = headers(case, project, &metadata)?;
    requirements(case, project, &metadata)?;
    let description = description(case, project, &metadata)?;
    let mut detail = format!("every header agrees with {}; {description}", project.source);
    if !apart.is_empty() {
        let apart = apart.into_iter().collect::<Vec<_>>().join(", ");
        detail.push_str(&format!("; not compared, and without meaning for code: {apart}"));
    }
    Ok((Level::Structured, detail))
}

/// Format, name and version.
fn identity(case: &Case<'_>, project: &Project, metadata: &Metadata) -> Check {
    let one = |name: &str| metadata.one(name).ok_or_else(|| No::Mismatch(format!("has no header {name}")));
    let format = one("metadata-version")?;
    if !FORMATS.contains(&format) {
        return undecided(format!("has metadata version {}, whose headers are not known here", show(format)));
    }
    let named = named(case)?;
    let (name, version) = (one("name")?, one("version")?);
    if normal_name(name) != named.name {
        return mismatch(format!(
            "names the project {}, the artifact is of {}",
            show(name),
            show(&named.name)
        ));
    }
    if Version::parse(version).as_ref() != Some(&named.version) {
        return mismatch(format!("has version {}, the artifact has {}", show(version), named.version));
    }
    if let Some(stated) = &project.name
        && normal_name(stated) != named.name
    {
        return mismatch(format!("names the project {}, git states {}", show(name), show(stated)));
    }
    if let Some(stated) = &project.version
        && Version::parse(stated).as_ref() != Some(&named.version)
    {
        return mismatch(format!("has version {}, git states {}", show(version), show(stated)));
    }
    Ok(())
}

/// Every header but those that `requirements` and `description` are about.
/// Tells those that were not compared.
fn headers(case: &Case<'_>, project: &Project, metadata: &Metadata) -> Check<BTreeSet<String>> {
    let described = Described::new(project);
    let mut apart = BTreeSet::new();
    for (header, value) in &metadata.headers {
        match header.as_str() {
            "metadata-version" | "name" | "version" | "requires-dist" | "provides-extra" | "description" => {}
            "requires-python" => {
                let wanted = project.requires_python.known("requires-python")?;
                if specifier::canonical(value).as_ref() != Some(wanted) {
                    let told = format!("requires Python {}, git states {}", show(value), show(wanted));
                    return if project.rewrites { undecided(told) } else { mismatch(told) };
                }
            }
            "dynamic" => dynamic(value)?,
            "description-content-type" => content_type(project, value)?,
            "license-file" => license_file(case, value)?,
            "import-name" | "import-namespace" => {
                let module = value.split([';', '.']).next().unwrap_or_default().trim();
                if !value.is_empty() && !project::known(case)?.modules.contains(module) {
                    return mismatch(format!("names the module {}, which git does not have", show(module)));
                }
            }
            header if is_about_people_and_texts(header) => {
                if !described.check(header, value)? {
                    apart.insert(header.to_string());
                }
            }
            header => {
                return undecided(format!(
                    "has the header {}, which this preset does not know",
                    show(header)
                ));
            }
        }
    }
    described.all_there(metadata)?;
    let python = project.requires_python.known("requires-python")?;
    if metadata.one("requires-python").is_none() && !python.is_empty() {
        return mismatch(format!("has no Requires-Python, git states {}", show(python)));
    }
    Ok(apart)
}

/// `Dynamic` names headers that another build may fill otherwise.
fn dynamic(value: &str) -> Check {
    let value = value.to_ascii_lowercase();
    let known = [
        "author",
        "author-email",
        "classifier",
        "description",
        "description-content-type",
        "download-url",
        "home-page",
        "import-name",
        "import-namespace",
        "keywords",
        "license",
        "license-expression",
        "license-file",
        "maintainer",
        "maintainer-email",
        "obsoletes",
        "platform",
        "project-url",
        "provides",
        "provides-extra",
        "requires",
        "requires-dist",
        "requires-python",
        "summary",
    ];
    match known.contains(&value.as_str()) {
        true => Ok(()),
        false => undecided(format!("has Dynamic: {}, which is not known", show(&value))),
    }
}

/// What the description is written in: a known type, and the one that git
/// states; if a script computes it, any known one.
fn content_type(project: &Project, value: &str) -> Check {
    let lower = value.to_ascii_lowercase();
    let kind = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let mut parameters = lower.split(';').skip(1).map(str::trim);
    let known = ["text/plain", "text/x-rst", "text/markdown"].contains(&kind(value).as_str())
        && parameters.all(|one| ["charset=utf-8", "variant=gfm", "variant=commonmark"].contains(&one));
    if !known {
        return undecided(format!("has the description type {}, which is not known", show(value)));
    }
    match &project.readme_type {
        Stated::Is(stated) if kind(stated) != kind(value) => {
            mismatch(format!("has the description type {}, git states {}", show(value), show(stated)))
        }
        _ => Ok(()),
    }
}

/// A license file must be in the artifact, where the form puts it.
fn license_file(case: &Case<'_>, value: &str) -> Check {
    let folder = super::wheel::dist_info(case);
    let base = value.rsplit('/').next().unwrap_or_default();
    let places = match &folder {
        None => vec![value.to_string()],
        Some(folder) => {
            vec![
                format!("{folder}/licenses/{value}"),
                format!("{folder}/{base}"),
                format!("{folder}/licenses/{base}"),
            ]
        }
    };
    match places.iter().any(|place| case.in_artifact(&TreePath::from(place.as_str()))) {
        true => Ok(()),
        false => {
            mismatch(format!("names the license file {}, which the artifact does not hold", show(value)))
        }
    }
}

/// Dependencies and extras of a metadata file.
fn stated_dependencies(metadata: &Metadata) -> Check<(BTreeSet<Dependency>, BTreeSet<String>)> {
    let mut all = BTreeSet::new();
    for (index, text) in metadata.many("requires-dist").enumerate() {
        let found = Requirement::parse(text).and_then(|requirement| requirement.dependencies());
        match found {
            Some(dependencies) if index < MAX_REQUIREMENTS => all.extend(dependencies),
            _ => return undecided(format!("has Requires-Dist: {}, which is not understood", show(text))),
        }
    }
    Ok((all, metadata.many("provides-extra").map(normal_name).collect()))
}

fn requirements(case: &Case<'_>, project: &Project, metadata: &Metadata) -> Check {
    let (found, extras) = stated_dependencies(metadata)?;
    for header in ["requires-dist", "provides-extra", "license-file"] {
        let mut values = BTreeSet::new();
        // A tool that drops conditions may write the same twice.
        if !project.evaluates_conditions && !metadata.many(header).all(|value| values.insert(value)) {
            return mismatch(format!("has one {header} twice"));
        }
    }
    // setuptools before 68 wrote dependencies into requires.txt only, which is
    // judged on its own.
    let old =
        found.is_empty() && matches!(metadata.one("metadata-version"), Some("1.0" | "1.1" | "1.2" | "2.1"));
    let listed =
        |folder: &String| case.in_artifact(&TreePath::from(format!("{folder}/requires.txt").as_str()));
    if old && project::known(case)?.egg_infos.iter().any(listed) {
        let (_, wanted) = project.all_dependencies()?;
        return dependencies::names(project, &extras, wanted);
    }
    dependencies::compare(project, &found, &extras)
}

/// The description, in the body or in the header of older formats.
fn description(case: &Case<'_>, project: &Project, metadata: &Metadata) -> Check<String> {
    let body_is_empty = metadata.body.iter().all(u8::is_ascii_whitespace);
    match metadata.one("description") {
        Some(text) if body_is_empty => header_description(case, project, &super::collapse(text)),
        Some(_) => undecided("has a description in a header and another one after the headers"),
        None => readme::check(case, project, &metadata.body),
    }
}

/// Folding loses the indent of lines, so blanks do not count here.
fn header_description(case: &Case<'_>, project: &Project, text: &str) -> Check<String> {
    let project::Readme::Files(files) = &project.readme else {
        return undecided("has its description in a header, and git does not name a file for it");
    };
    let mut wanted = String::new();
    for file in files {
        let file = TreePath::from(file.trim());
        let bytes = case.git_file(&file, super::MAX_TEXT)?.unwrap_or_default();
        wanted.push_str(&String::from_utf8_lossy(&bytes));
        wanted.push('\n');
    }
    match super::collapse(&wanted.replace("\n|", "\n")) == text {
        true => Ok(format!("the description is git's {}", files.join(" and "))),
        false => mismatch("has another description than git states"),
    }
}
