//! Files that a wheel installs outside of packages: its `.data` folder
//! (binary distribution format, PEP 427, "The .data directory").
//!
//! Which file of git goes where is stated in `setup.cfg` and `pyproject.toml`
//! at the tag. A file that lies elsewhere than stated, or that nobody stated,
//! is not explained by its content alone: where it lands decides what it does.

use super::ini::{Ini, Value};
use super::project::{self, Sources};
use super::toml::Toml;
use super::{Check, MAX_TEXT};
use crate::evidence::case::{Candidate, Case};
use crate::evidence::explain::Level;
use crate::release::TreePath;
use crate::release::policy::Pattern;
use crate::release::tree::{Mode, TreeEntry};
use std::collections::BTreeMap;

/// Statements of one project, for each kind.
const MAX_STATED: usize = 5000;

/// What git states about files that are installed outside of packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Installed {
    data: Vec<Stated>,
    scripts: Vec<Stated>,
}

/// One statement about data files or scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stated {
    /// Path below the prefix of the installation, or below its scripts.
    target: String,
    /// Path in git, or a pattern of paths.
    source: String,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// setuptools: the source's files, into the folder `target`.
    Into,
    /// pbr: as setuptools, but `FOLDER/*` takes the folders in it too.
    IntoDeep,
    /// hatchling: the source becomes `target`, whether file or folder.
    As,
}

/// Reads what all tools know; `pbr` tells whether it is in use.
pub(super) fn read(sources: &Sources<'_>, pbr: bool) -> Installed {
    let mut installed = Installed::default();
    let cfg = &sources.setup_cfg;
    if pbr {
        installed.pbr(cfg);
    }
    for (target, lines) in cfg.0.get("options.data_files").into_iter().flatten() {
        let sources = lines.iter().flat_map(|line| line.split(','));
        installed.add(How::Into, target, sources);
    }
    installed.scripts(option(cfg, "options", "scripts").flat_map(|line| line.split(',')));
    if let Some(toml) = &sources.pyproject {
        installed.toml(toml);
    }
    installed.data.truncate(MAX_STATED);
    installed.scripts.truncate(MAX_STATED);
    installed
}

fn option<'i>(cfg: &'i Ini, section: &str, name: &str) -> impl Iterator<Item = &'i String> + use<'i> {
    let options: Option<&BTreeMap<String, Value>> = cfg.0.get(section);
    options.and_then(|options| options.get(name)).into_iter().flatten()
}

/// A path as it is stated: without quotes, and without `./`.
fn clean(path: &str) -> &str {
    path.trim().trim_matches(['\'', '"']).trim_start_matches("./")
}

impl Installed {
    fn add<'t>(&mut self, how: How, target: &str, sources: impl IntoIterator<Item = &'t str>) {
        let target = clean(target).trim_end_matches('/');
        let sources = sources.into_iter().map(clean).filter(|source| !source.is_empty());
        self.data.extend(sources.map(|source| Stated { target: target.into(), source: source.into(), how }));
    }

    /// Scripts that keep their names.
    fn scripts<'t>(&mut self, sources: impl IntoIterator<Item = &'t str>) {
        let sources = sources.into_iter().map(clean).filter(|source| !source.is_empty());
        self.scripts.extend(sources.map(|source| Stated {
            target: source.rsplit('/').next().unwrap_or_default().into(),
            source: source.into(),
            how: How::As,
        }));
    }

    /// `[files]`: a line with `=` begins a target, whose sources may follow.
    fn pbr(&mut self, cfg: &Ini) {
        let mut target = "";
        for line in option(cfg, "files", "data_files") {
            let (of, rest) = line.split_once('=').unwrap_or((target, line));
            target = of;
            self.add(How::IntoDeep, target, rest.split_whitespace());
        }
        self.scripts(option(cfg, "files", "scripts").flat_map(|line| line.split(' ')));
    }

    fn toml(&mut self, toml: &Toml) {
        let data = toml.at(&["tool", "setuptools", "data-files"]).and_then(Toml::table);
        for (target, sources) in data.into_iter().flatten() {
            self.add(How::Into, target, sources.one_or_more().unwrap_or_default());
        }
        let scripts = toml.at(&["tool", "setuptools", "script-files"]).and_then(Toml::texts);
        self.scripts(scripts.into_iter().flatten());
        let hatch = ["tool", "hatch", "build", "targets", "wheel"];
        let shared = toml.at(&[&hatch[..], &["shared-data"]].concat()).and_then(Toml::table);
        for (source, target) in shared.into_iter().flatten() {
            self.add(How::As, target.text().unwrap_or_default(), [source.as_str()]);
        }
        let scripts = toml.at(&[&hatch[..], &["shared-scripts"]].concat()).and_then(Toml::table);
        self.scripts.extend(scripts.into_iter().flatten().filter_map(|(source, target)| {
            let target = clean(target.text()?).trim_end_matches('/');
            Some(Stated { target: target.into(), source: clean(source).into(), how: How::As })
        }));
    }
}

impl Stated {
    /// The path in git of what is installed at `place`, if this states one.
    fn source_of(&self, place: &str) -> Option<String> {
        if self.how == How::As {
            let rest = place.strip_prefix(&self.target)?;
            let below = rest.is_empty() || rest.starts_with('/');
            return below.then(|| format!("{}{rest}", self.source.trim_end_matches('/')));
        }
        let rest = match self.target.as_str() {
            "" | "." => place,
            target => place.strip_prefix(target)?.strip_prefix('/')?,
        };
        let (folder, last) = match self.source.rsplit_once('/') {
            Some((folder, last)) => (format!("{folder}/"), last),
            None => (String::new(), self.source.as_str()),
        };
        let path = format!("{folder}{rest}");
        let fits = match (self.how, last) {
            (How::IntoDeep, "*") => true,
            _ if rest.contains('/') => false,
            _ if self.source.contains(['*', '?', '[']) => {
                Pattern::parse(&self.source).is_ok_and(|pattern| pattern.matches(path.as_bytes()))
            }
            _ => rest == last,
        };
        fits.then_some(path)
    }
}

/// Checks a file of the wheel's `.data` folder, at `place` in it; `None` if
/// git states nothing about it.
pub(crate) fn check(case: &Case<'_>, found: &Candidate, place: &str) -> Check<Option<(Level, String)>> {
    let installed = &project::of(case)?.installed;
    if let Some(place) = place.strip_prefix("data/") {
        let sources = installed.data.iter().filter_map(|stated| stated.source_of(place));
        let source = sources.filter_map(|path| case.in_git(&TreePath::from(path.as_str())));
        let source = source.filter(|entry| entry.id == found.fact.id).find(|entry| modes_fit(entry, found));
        return Ok(source.map(|entry| (Level::SameAs, format!("installs {} of git", entry.path))));
    }
    let Some(name) = place.strip_prefix("scripts/") else { return Ok(None) };
    for path in installed.scripts.iter().filter_map(|stated| stated.source_of(name)) {
        let Some(script) = case.git_file(&TreePath::from(path.as_str()), MAX_TEXT)? else { continue };
        if found.content.as_deref().is_some_and(|content| *content == script || *content == wheeled(&script))
        {
            return Ok(Some((Level::SameAs, format!("installs the script {path} of git"))));
        }
    }
    Ok(None)
}

fn modes_fit(entry: &TreeEntry, found: &Candidate) -> bool {
    entry.mode == found.fact.mode || (entry.mode, found.fact.mode) == (Mode::Executable, Mode::Regular)
}

/// A script as a wheel has it: its first line asks for whatever Python
/// installs it (PEP 427, "Recommended installer features").
fn wheeled(script: &[u8]) -> Vec<u8> {
    let end = script.iter().position(|byte| *byte == b'\n').unwrap_or(script.len());
    let (first, rest) = script.split_at(end);
    let options = std::str::from_utf8(first).ok().and_then(|line| {
        let (_, after) = line.trim_end_matches('\r').strip_prefix("#!")?.rsplit_once("python")?;
        let after = after.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
        (after.is_empty() || after.starts_with([' ', '\t'])).then_some(after)
    });
    match options {
        Some(options) => [b"#!python", options.as_bytes(), rest].concat(),
        None => script.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(cfg: &str, toml: &str) -> Installed {
        let mut installed = Installed::default();
        installed.pbr(&Ini::parse(cfg.as_bytes()).unwrap());
        installed.toml(&Toml::parse(toml.as_bytes()).unwrap());
        installed
    }

    fn source(installed: &Installed, place: &str) -> Vec<String> {
        installed.data.iter().filter_map(|stated| stated.source_of(place)).collect()
    }

    #[test]
    fn pbr_takes_files_and_whole_folders() {
        let cfg = "[files]\ndata_files =\n    etc/x =\n        etc/a.ini\n        conf/b.ini\n    etc/x/d = etc/d/*\n    share/y = doc/y.1 doc/z.1\n";
        let installed = installed(cfg, "");
        assert_eq!(source(&installed, "etc/x/a.ini"), ["etc/a.ini"]);
        assert_eq!(source(&installed, "etc/x/b.ini"), ["conf/b.ini"]);
        assert_eq!(source(&installed, "etc/x/d/e/f"), ["etc/d/e/f"]);
        assert_eq!(source(&installed, "share/y/z.1"), ["doc/z.1"]);
        for other in ["etc/a.ini", "etc/x/c.ini", "etc/x/e/a.ini", "a.ini", "etc/xa.ini", "bin/a.ini"] {
            assert_eq!(source(&installed, other), Vec::<String>::new(), "{other}");
        }
    }

    #[test]
    fn setuptools_takes_files_by_pattern_and_no_folders() {
        let toml = "[tool.setuptools.data-files]\n\"etc/x\" = ['etc/*.ini', './b']\n'.' = ['top']\n";
        let installed = installed("", toml);
        assert_eq!(source(&installed, "etc/x/a.ini"), ["etc/a.ini"]);
        assert_eq!(source(&installed, "etc/x/b"), ["b"]);
        assert_eq!(source(&installed, "top"), ["top"]);
        for other in ["etc/x/a.txt", "etc/x/d/a.ini", "etc/x", "etc/x/", "etc/b"] {
            assert_eq!(source(&installed, other), Vec::<String>::new(), "{other}");
        }
    }

    #[test]
    fn hatchling_takes_a_file_or_folder_as_it_is() {
        let toml = "[tool.hatch.build.targets.wheel.shared-data]\n'man' = 'share/man'\n'a.1' = 'share/b.1'\n";
        let installed = installed("", toml);
        assert_eq!(source(&installed, "share/man/man1/x.1"), ["man/man1/x.1"]);
        assert_eq!(source(&installed, "share/b.1"), ["a.1"]);
        assert_eq!(source(&installed, "share/manual"), Vec::<String>::new());
        assert_eq!(source(&installed, "share/b.1x"), Vec::<String>::new());
    }

    #[test]
    fn only_the_first_line_of_a_script_is_written_anew() {
        assert_eq!(wheeled(b"#!/usr/bin/env python3\nx\n"), b"#!python\nx\n");
        assert_eq!(wheeled(b"#!/usr/bin/python3.12 -I\nx\n"), b"#!python -I\nx\n");
        for other in ["#!/bin/sh\nx\n", "x\n#!/usr/bin/python\n", "#!/usr/bin/pythonista\n", ""] {
            assert_eq!(wheeled(other.as_bytes()), other.as_bytes());
        }
    }
}
