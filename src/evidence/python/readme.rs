//! The long description: text of git, however a tool joined it.

use super::project::{Project, Readme};
use super::{Check, MAX_TEXT, collapse, mismatch, undecided};
use crate::evidence::case::Case;
use crate::evidence::dereferenced;
use crate::release::TreePath;
use crate::release::tree::Mode;

/// Documents at the top of a project that descriptions are made of, by the
/// beginning of their names in lower case.
const DOCUMENTS: [&str; 9] =
    ["readme", "change", "history", "news", "authors", "contribut", "description", "release", "license"];
/// Documents that are looked at.
const MAX_DOCUMENTS: usize = 20;

/// Checks the description of a metadata file; tells what it equals.
pub(super) fn check(case: &Case<'_>, project: &Project, body: &[u8]) -> Check<String> {
    let Ok(body) = std::str::from_utf8(body) else { return undecided("has a description that is not UTF-8") };
    let body = body.replace("\r\n", "\n");
    let body = body.trim();
    if project.slips.iter().any(|slip| slip.trim() == body) {
        return Ok("the description is what pbr 7.0 takes by mistake for the one of git".into());
    }
    let wanted = match &project.readme {
        Readme::None if body.is_empty() => return Ok("no description".into()),
        // Older tools write the word where there is none.
        Readme::None if body == "UNKNOWN" => return Ok("no description".into()),
        Readme::None => return mismatch(format!("has a description, but {} states none", project.source)),
        Readme::Text(text) if same(text, body) => return Ok("the description stated in git".into()),
        Readme::Text(_) => {
            return mismatch(format!("has another description than {} states", project.source));
        }
        Readme::Files(files) => files,
        Readme::Unknown(why) => return by_documents(case, body, why),
    };
    let mut rest = body;
    for file in wanted {
        let file = file.trim().trim_start_matches("./");
        let text = match dereferenced::content(case, &TreePath::from(file), MAX_TEXT)?.map(String::from_utf8)
        {
            Some(Ok(text)) => text.replace("\r\n", "\n"),
            _ => {
                return undecided(format!(
                    "has a description from {}, which git does not have as a text file",
                    super::show(file)
                ));
            }
        };
        match without(rest, text.trim()) {
            Some(after) => rest = after.trim_start(),
            None => return mismatch(format!("has another description than git's {}", super::show(file))),
        }
    }
    match rest.is_empty() {
        true => Ok(format!("the description is git's {}", wanted.join(" and "))),
        false => mismatch("has more in its description than git states"),
    }
}

/// The rest of a text that begins with another.
fn without<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    text.strip_prefix(start).filter(|_| !start.is_empty() || text.is_empty())
}

fn same(a: &str, b: &str) -> bool {
    a.replace("\r\n", "\n").trim() == b || collapse(a) == collapse(b)
}

/// A description that a script computes: accepted if it is made of nothing
/// but whole documents of git.
fn by_documents(case: &Case<'_>, body: &str, why: &str) -> Check<String> {
    if body.is_empty() {
        return Ok("no description".into());
    }
    let document = |path: &TreePath| {
        let name = String::from_utf8_lossy(path.as_bytes()).to_lowercase();
        !name.contains('/') && DOCUMENTS.iter().any(|start| name.starts_with(start))
    };
    let entries = case.tree.iter().filter(|entry| entry.mode != Mode::Symlink && document(&entry.path));
    let mut documents = Vec::new();
    for entry in entries.take(MAX_DOCUMENTS) {
        if let Some(Ok(text)) = case.git_file(&entry.path, MAX_TEXT)?.map(String::from_utf8) {
            let text = text.replace("\r\n", "\n").trim().to_string();
            if !text.is_empty() {
                documents.push((entry.path.to_string(), text));
            }
        }
    }
    let (mut rest, mut used) = (body, Vec::new());
    while !rest.is_empty() && used.len() < MAX_DOCUMENTS {
        let longest = documents.iter().filter(|(_, text)| rest.starts_with(text.as_str()));
        let Some((name, text)) = longest.max_by_key(|(_, text)| text.len()) else { break };
        rest = rest.strip_prefix(text.as_str()).unwrap_or_default().trim_start();
        used.push(name.as_str());
    }
    if rest.is_empty() {
        return Ok(format!("the description is git's {}", used.join(" and ")));
    }
    undecided(format!("has a description that is not made of whole documents of git, and {why}"))
}
