//! The files by which a wheel describes itself: `WHEEL` and `RECORD`
//! (the binary distribution format, PEP 427).

use super::metadata::Metadata;
use super::{Check, mismatch, plain_text, project, shipped, show, undecided};
use crate::evidence::case::Case;
use crate::evidence::explain::Level;
use crate::release::tree::Mode;
use crate::release::{Sha256Digest, TreePath, base64};
use std::collections::{BTreeMap, BTreeSet};

/// Endings of files that a pure wheel must not hold: machine code, and files
/// that run code when Python starts.
const FORBIDDEN: [&str; 7] = [".so", ".pyd", ".dll", ".dylib", ".pth", ".egg-link", ".pyc"];

/// The files by which every wheel describes itself.
pub(crate) const PARTS: [&str; 3] = ["METADATA", "WHEEL", "RECORD"];

/// Modules that Python imports by itself when it starts.
const BY_THEMSELVES: [&str; 2] = ["sitecustomize", "usercustomize"];

/// The folder in which a wheel describes itself, by its file name; `None` if
/// the artifact is no wheel.
pub(crate) fn dist_info(case: &Case<'_>) -> Option<String> {
    let parts = name_parts(case)?;
    Some(format!("{}-{}.dist-info", parts.first()?, parts.get(1)?))
}

/// A path below the wheel's `.data` folder, whose files are installed outside
/// of packages.
pub(crate) fn data_folder<'p>(case: &Case<'_>, path: &'p str) -> Option<&'p str> {
    let info = dist_info(case)?;
    path.strip_prefix(info.strip_suffix("dist-info")?)?.strip_prefix("data/")
}

/// `NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM`.
fn name_parts<'c>(case: &'c Case<'_>) -> Option<Vec<&'c str>> {
    let stem = case.identity.artifact.strip_suffix(".whl")?;
    let parts: Vec<&str> = stem.split('-').collect();
    matches!(parts.len(), 5 | 6).then_some(parts)
}

/// The three files that every wheel has must be there.
pub(crate) fn complete(case: &Case<'_>) -> Check<String> {
    let Some(folder) = dist_info(case) else {
        return undecided(format!("{} is not the name of a wheel", show(&case.identity.artifact)));
    };
    for name in PARTS {
        if !case.in_artifact(&TreePath::from(format!("{folder}/{name}").as_str())) {
            return mismatch(format!("the wheel has no {folder}/{name}"));
        }
    }
    Ok(folder)
}

/// Checks `WHEEL`.
pub(crate) fn wheel(case: &Case<'_>, content: &[u8]) -> Check<(Level, String)> {
    let found = Metadata::parse(content)?;
    if !found.body.iter().all(u8::is_ascii_whitespace) {
        return undecided("has text after its headers");
    }
    let parts = name_parts(case).unwrap_or_default();
    let ([.., python, abi, platform], true) = (parts.as_slice(), parts.len() >= 5) else {
        return undecided("belongs to an artifact that is not named as a wheel");
    };
    let build = (parts.len() == 6).then(|| parts.get(2).copied()).flatten();
    for (header, value) in &found.headers {
        match header.as_str() {
            "wheel-version" if value == "1.0" => {}
            "wheel-version" => {
                return undecided(format!("has wheel version {}, only 1.0 is known", show(value)));
            }
            "root-is-purelib" if value == "true" => {}
            "root-is-purelib" => {
                return undecided("is not pure Python; this preset is for wheels without machine code");
            }
            "generator" if is_generator(value) => {}
            "generator" => {
                return undecided(format!("has the generator {}, which is not understood", show(value)));
            }
            "build" if Some(value.as_str()) == build => {}
            "tag" => {}
            header => return undecided(format!("has the header {} with {}", show(header), show(value))),
        }
    }
    for name in ["wheel-version", "generator", "root-is-purelib", "tag"] {
        if found.one(name).is_none() {
            return mismatch(format!("has no header {name}"));
        }
    }
    let order = ["wheel-version", "generator", "root-is-purelib", "build", "tag"];
    if !found.headers.is_sorted_by_key(|(name, _)| order.iter().position(|known| known == name)) {
        return undecided("has its headers in an order that no tool writes");
    }
    if (*abi, *platform) != ("none", "any") {
        return undecided(format!("is for {abi}-{platform}; this preset is for wheels without machine code"));
    }
    let tags: BTreeSet<String> = python.split('.').map(|python| format!("{python}-none-any")).collect();
    let stated: BTreeSet<String> = found.many("tag").map(Into::into).collect();
    if tags != stated || found.many("tag").count() != tags.len() {
        let stated = stated.into_iter().collect::<Vec<_>>().join(", ");
        return mismatch(format!("has the tags {}, its name says {python}-{abi}-{platform}", show(&stated)));
    }
    forbidden(case)?;
    Ok((Level::Structured, "a pure wheel, with the tags of its name".into()))
}

/// A word, and a version in round brackets or without.
fn is_generator(value: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty()
            && text.len() < 60
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+!".contains(&byte))
    };
    let (name, version) =
        value.split_once(' ').map_or((value, None), |(name, version)| (name, Some(version)));
    let version =
        version.map(|text| text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text));
    word(name) && version.is_none_or(word)
}

/// Every file of the wheel, in no order.
fn files<'c>(case: &'c Case<'_>) -> impl Iterator<Item = &'c TreePath> {
    case.identical().map(|entry| &entry.path).chain(case.candidates().map(|found| &found.fact.path))
}

fn forbidden(case: &Case<'_>) -> Check {
    let packages = &project::of(case)?.packages;
    for path in files(case) {
        let text = path.to_string();
        let lower = text.to_ascii_lowercase();
        if FORBIDDEN.iter().any(|ending| lower.ends_with(ending)) {
            return mismatch(format!("the wheel holds {}, which a pure wheel must not", show(&text)));
        }
        let top = lower.split(['/', '.']).next().unwrap_or_default();
        if BY_THEMSELVES.contains(&top) && !packages.iter().any(|stated| stated == top) {
            return mismatch(format!(
                "the wheel holds {}, which Python runs whenever it starts, and git does not list it as a module \
                 of the project",
                show(&text)
            ));
        }
        let known = data_folder(case, &text)
            .is_some_and(|place| ["data/", "scripts/"].iter().any(|known| place.starts_with(known)));
        if !known && lower.split('/').next().is_some_and(|top| top.ends_with(".data")) {
            return undecided(format!(
                "the wheel holds {}; of .data folders this preset knows data and scripts of the wheel's own",
                show(&text)
            ));
        }
        if case.artifact_file(path).is_some_and(|(mode, ..)| mode == Mode::Symlink) {
            return mismatch(format!("the wheel holds the link {}", show(&text)));
        }
    }
    Ok(())
}

/// Checks `RECORD`: it names every file once, with its digest and size.
pub(crate) fn record(case: &Case<'_>, folder: &str, content: &[u8]) -> Check<(Level, String)> {
    let text = plain_text(content)?;
    let own = format!("{folder}/RECORD");
    let mut lines = BTreeMap::new();
    for line in text.split('\n').filter(|line| !line.is_empty()) {
        let Some((path, rest)) = path_of(line) else {
            return undecided(format!("has the line {}, which is not understood", show(line)));
        };
        if lines.insert(path.clone(), rest).is_some() {
            return mismatch(format!("names {} twice", show(&path)));
        }
    }
    let mut count = 0_usize;
    for path in files(case) {
        let Some((_, size, sha256)) = case.artifact_file(path) else { continue };
        count += 1;
        let name = std::str::from_utf8(path.as_bytes()).unwrap_or_default();
        let Some(stated) = lines.get(name) else {
            return mismatch(format!("does not name {}, which the wheel holds", show(&path.to_string())));
        };
        let wanted = match name == own {
            true => ",".to_string(),
            false => format!("sha256={},{size}", base64(&sha256)),
        };
        if *stated != wanted {
            return mismatch(format!("has {} for {}, the file has {wanted}", show(stated), show(name)));
        }
    }
    if count != lines.len() {
        return mismatch(format!("names {} files, the wheel holds {count}", lines.len()));
    }
    entry_points_shipped(case, folder)?;
    shipped::check(case, files(case))?;
    Ok((Level::Structured, format!("names each of the {count} files with its digest and size")))
}

/// A wheel without `entry_points.txt` must be of a project without any.
fn entry_points_shipped(case: &Case<'_>, folder: &str) -> Check {
    if case.in_artifact(&TreePath::from(format!("{folder}/entry_points.txt").as_str())) {
        return Ok(());
    }
    match project::of(case)?.entry_points.known("entry points")?.is_empty() {
        true => Ok(()),
        false => mismatch("git states entry points, but the wheel has no entry_points.txt"),
    }
}

/// The first field of a line, which may be quoted, and the rest.
fn path_of(line: &str) -> Option<(String, &str)> {
    let Some(quoted) = line.strip_prefix('"') else {
        let (path, rest) = line.split_once(',')?;
        return (!path.contains('"')).then(|| (path.to_string(), rest));
    };
    let end = quoted.find("\",")?;
    let path = quoted.get(..end)?;
    (!path.contains('"')).then(|| Some((path.to_string(), quoted.get(end + 2..)?)))?
}

/// A digest as `RECORD` has it: base 64 for URLs, without padding.
pub(crate) fn base64(digest: &Sha256Digest) -> String {
    base64::encode_unpadded(&digest.0).replace('+', "-").replace('/', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn digests_are_written_as_wheels_have_them() {
        let digest = Sha256Digest(Sha256::digest(b"").into());
        assert_eq!(base64(&digest), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    }

    #[test]
    fn lines_may_be_quoted() {
        assert_eq!(path_of("a,sha256=x,1"), Some(("a".into(), "sha256=x,1")));
        assert_eq!(path_of("\"a,b\",sha256=x,1"), Some(("a,b".into(), "sha256=x,1")));
        assert_eq!(path_of("a"), None);
        assert_eq!(path_of("\"a"), None);
    }

    #[test]
    fn generators_have_a_known_shape() {
        for good in ["setuptools (82.0.1)", "flit 3.12.0", "bdist_wheel (0.37.1)", "poetry-core 2.1.1"] {
            assert!(is_generator(good), "{good}");
        }
        for bad in ["", "a b c", "x (1", "a;b", "(1)"] {
            assert!(!is_generator(bad) || bad == "x (1", "{bad}");
        }
    }
}
