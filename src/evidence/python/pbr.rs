//! pbr: `setup.cfg` in its own words, and requirements files.

use super::entry_point;
use super::legacy::{self, Legacy};
use super::project::{Extras, Project, Readme, Sources, Stated, requirement_lines, requirements};
use super::requirement::Dependency;
use super::{Check, No, normal_name, show, specifier};
use crate::evidence::case::Unavailable;
use std::collections::BTreeSet;

/// Requirements files, the first that exists counts.
const FILES: [&str; 2] = ["requirements.txt", "tools/pip-requires"];
/// What pbr makes an extra named `test` of, if there is none.
const TEST_FILES: [&str; 2] = ["test-requirements.txt", "tools/test-requires"];
/// Requirements files that name further ones.
const MAX_NESTED: usize = 8;

/// Whether the project is built with pbr.
pub(super) fn is_used(sources: &Sources<'_>) -> bool {
    let script = sources.setup_py.as_deref().unwrap_or_default();
    let argument = sources.call().is_some_and(|call| call.arguments.contains_key("pbr"));
    argument || sources.backend().starts_with("pbr") || script.windows(9).any(|part| part == b"from pbr ")
}

/// Reads what pbr reads.
pub(super) fn read(sources: &Sources<'_>) -> Result<Project, Unavailable> {
    let legacy = Legacy::new(sources);
    let project = legacy::read(sources)?;
    let option = |section: &str, names: &[&str]| legacy.option(section, names);
    let python = option("metadata", &["python_requires", "requires_python"])
        .or_else(|| option("options", &["python_requires"]));
    let requires_python = match python.map(|lines| specifier::canonical(&lines.join(","))) {
        None => Stated::Is(String::new()),
        Some(Some(versions)) => Stated::Is(versions),
        Some(None) => Stated::Unknown("python_requires in setup.cfg is not understood".into()),
    };
    let entry_points = match sources.setup_cfg.0.get("entry_points") {
        Some(groups) => Stated::from_check(entry_point::groups(groups))?,
        None => match sources.setup_cfg.0.get("options.entry_points") {
            Some(groups) => Stated::from_check(entry_point::groups(groups))?,
            None => Stated::Is(BTreeSet::new()),
        },
    };
    let readme = match option("metadata", &["description_file"]) {
        Some(files) => Readme::Files(files.clone()),
        None => match project.readme {
            Readme::Files(files) => Readme::Files(files),
            _ => Readme::Unknown("pbr makes it of the options of setup.cfg".into()),
        },
    };
    // Where nothing is stated, pbr goes by the file.
    let readme_type = match option("metadata", &["description_content_type", "long_description_content_type"])
    {
        Some(lines) => Stated::Is(lines.concat()),
        None => Stated::Unknown("pbr makes it of the file's name".into()),
    };
    let first =
        |section: &str, names: &[&str]| option(section, names).and_then(|lines| lines.first().cloned());
    let mut folders = project.folders;
    folders.extend(first("files", &["packages_root"]).map(|folder| format!("{}/", folder.trim_matches('/'))));
    let listed = option("files", &["packages"]).into_iter().chain(option("files", &["modules"]));
    Ok(Project {
        source: "requirements.txt and setup.cfg",
        name: first("metadata", &["name"]),
        dependencies: Stated::from_check(dependencies(sources, &legacy))?,
        extras: Stated::from_check(extras(sources, &legacy))?,
        requires_python,
        entry_points,
        readme,
        readme_type,
        folders,
        packages: legacy::listed_names(listed.flatten().cloned().collect()),
        slips: slips(&legacy),
        evaluates_conditions: !sources.is_wheel(),
        ..project
    })
}

/// What pbr 7.0.0 to 7.0.2 wrote where the description is to come from a file:
/// the summary, or the option's own text.
fn slips(legacy: &Legacy<'_>) -> Vec<String> {
    let metadata = |names: &[&str]| legacy.option("metadata", names).map(|lines| lines.join("\n"));
    match metadata(&["long_description"]) {
        Some(option) if option.starts_with("file:") => {
            [Some(option), metadata(&["description", "summary"])].into_iter().flatten().collect()
        }
        _ => vec![],
    }
}

fn dependencies(sources: &Sources<'_>, legacy: &Legacy<'_>) -> Check<BTreeSet<Dependency>> {
    let mut all = from_files(sources, &FILES, "", 0)?;
    for (section, name) in [("metadata", "requires_dist"), ("options", "install_requires")] {
        let lines = legacy.option(section, &[name]).into_iter().flatten();
        all.extend(requirements(lines.map(|line| without_comment(line)), "", None)?);
    }
    Ok(all)
}

/// The requirements of the first of these files that git has.
fn from_files(
    sources: &Sources<'_>,
    files: &[&str],
    extra: &str,
    depth: usize,
) -> Check<BTreeSet<Dependency>> {
    let mut all = BTreeSet::new();
    let Some(text) = files.iter().find_map(|file| sources.text(file).ok()) else { return Ok(all) };
    for line in requirement_lines(&text) {
        if let Some(file) = line.strip_prefix("-r") {
            if depth >= MAX_NESTED {
                return Err(No::Undecided("requirements files in git name each other".into()));
            }
            all.extend(from_files(sources, &[file.trim()], extra, depth + 1)?);
        } else if line.starts_with('-') && !line.starts_with("-e") {
            // Places of packages, which pbr skips.
        } else {
            all.extend(requirements([line.split_once('#').map_or(line, |(line, _)| line)], extra, None)?);
        }
    }
    Ok(all)
}

/// `[extras]`: a colon, or round brackets at the end, begin a condition.
fn extras(sources: &Sources<'_>, legacy: &Legacy<'_>) -> Check<Extras> {
    let Some(section) = sources.setup_cfg.0.get("extras") else { return setuptools_extras(sources, legacy) };
    let mut extras = Extras::default();
    for (name, lines) in section {
        extras.names.insert(normal_name(name));
        for line in lines {
            extras.dependencies.extend(extra_line(name, without_comment(line))?);
        }
    }
    if !section.contains_key("test") {
        extras.dependencies.extend(from_files(sources, &TEST_FILES, "test", 0)?);
        extras.names.insert("test".into());
    }
    Ok(extras)
}

fn extra_line(name: &str, line: &str) -> Check<BTreeSet<Dependency>> {
    match line.split_once(':') {
        Some((_, rest)) if rest.starts_with("//") => {
            Err(No::Undecided(format!("setup.cfg has the requirement {}", show(line))))
        }
        Some((what, condition)) => requirements([what], name, Some(condition.trim())),
        None => requirements([line], name, None),
    }
}

fn setuptools_extras(sources: &Sources<'_>, legacy: &Legacy<'_>) -> Check<Extras> {
    let mut extras = Extras::default();
    if sources.setup_cfg.0.contains_key("options.extras_require") {
        extras = legacy.extras()?;
    }
    Ok(extras)
}

fn without_comment(line: &str) -> &str {
    line.split_once('#').map_or(line, |(line, _)| line).trim()
}
