//! The same report as one page for a browser: the artifact that a build page
//! links to.
//!
//! Self-contained: no script, nothing loaded from anywhere, readable without
//! its style. Everything that strangers chose is escaped as text.

use super::Report;
use crate::exit::Outcome;
use crate::release::{Finding, Severity};
use serde_json::Value;

/// Findings shown in full; the document has them all.
const SHOWN: usize = 1000;

const STYLE: &str = include_str!("page.css");

/// The page.
pub fn page(report: &Report) -> String {
    let artifacts = artifacts(&report.result);
    let subject = artifacts.iter().map(|artifact| name(artifact)).collect::<Vec<_>>().join(", ");
    let word = match report.outcome {
        Outcome::Ok => "explained",
        Outcome::Rejected => "rejected",
        Outcome::Usage => "not run: the request is wrong",
        Outcome::Unavailable => "could not look: nothing is known",
    };
    let title = match subject.is_empty() {
        true => word.to_string(),
        false => format!("{subject}: {word}"),
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light \
         dark\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'unsafe-inline'\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1 \
         class=\"{}\">{}</h1>\n",
        text(&title),
        report.outcome.as_str(),
        text(&title),
    );
    out.push_str(&facts(report));
    out.push_str(&findings(&report.findings));
    for artifact in &artifacts {
        out.push_str(&levels(artifact, artifacts.len() > 1));
    }
    let mut helper = format!("countersign {} {}", super::HELPER_VERSION, report.command);
    if !report.findings.is_empty() {
        helper.push_str("; its docs/findings.md explains every code");
    }
    out.push_str(&format!("</main>\n<footer><p>{}</p></footer>\n</body>\n</html>\n", text(&helper)));
    out
}

/// The artifacts of a result: those of `validate`, or the one of `compare`.
fn artifacts(result: &Value) -> Vec<&Value> {
    match result.get("artifacts").and_then(Value::as_array) {
        Some(artifacts) => artifacts.iter().collect(),
        None if result.get("artifact").is_some() => vec![result],
        None => vec![],
    }
}

fn name(artifact: &Value) -> String {
    word(artifact.get("name").or_else(|| artifact.pointer("/artifact/name")))
}

/// What was judged, as a list of terms.
fn facts(report: &Report) -> String {
    let result = &report.result;
    let tag = result.get("tag");
    let lines = [
        ("Project", result.get("project")),
        ("Version", result.get("version")),
        ("Tag", tag.and_then(|tag| tag.get("name")).or(tag)),
        ("Commit", result.get("commit").or_else(|| result.pointer("/tag/commit"))),
        ("Artifact SHA-256", result.pointer("/artifact/sha256")),
        ("Explained by", result.get("preset")),
        ("Judged as of", result.get("at")),
        ("Policy SHA-256", result.get("policy_sha256")),
        ("Explained tree SHA-256", result.get("tree_sha256")),
    ];
    let lines: String = lines
        .iter()
        .filter_map(|(term, value)| Some((term, value.and_then(|value| value.as_str())?)))
        .map(|(term, value)| format!("<dt>{term}</dt><dd><code>{}</code></dd>\n", text(value)))
        .collect();
    if lines.is_empty() { String::new() } else { format!("<dl>\n{lines}</dl>\n") }
}

/// Findings, those of one kind under one heading.
fn findings(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "<p>Nothing was found that speaks against it.</p>\n".into();
    }
    let mut out = String::new();
    let shown = findings.get(..SHOWN).unwrap_or(findings);
    for group in shown.chunk_by(|a, b| (a.code, a.severity) == (b.code, b.severity)) {
        let Some(first) = group.first() else { continue };
        let severity = match first.severity {
            Severity::Error | Severity::Failure => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let count = match group.len() {
            1 => String::new(),
            number => format!(" ({number})"),
        };
        out.push_str(&format!(
            "<section class=\"{severity}\">\n<h2><span>{severity}</span> {}{count}</h2>\n<ul>\n",
            text(first.code)
        ));
        for part in group.chunk_by(|a, b| a.hint == b.hint) {
            part.iter().for_each(|finding| out.push_str(&item(finding)));
        }
        out.push_str("</ul>\n");
        let mut hints: Vec<&str> = group.iter().map(|finding| finding.hint.as_str()).collect();
        hints.sort_unstable();
        hints.dedup();
        for hint in hints.into_iter().filter(|hint| !hint.is_empty()) {
            out.push_str(&format!("<p class=\"help\"><strong>What to do:</strong> {}</p>\n", text(hint)));
        }
        out.push_str("</section>\n");
    }
    if findings.len() > shown.len() {
        let more = findings.len() - shown.len();
        out.push_str(&format!("<p>{more} more findings stand in the document.</p>\n"));
    }
    out
}

fn item(finding: &Finding) -> String {
    let (subject, message) = (text(&finding.subject), text(&finding.message));
    let diff = finding.diff.as_deref().map(difference).unwrap_or_default();
    format!("<li><code>{subject}</code>: {message}{diff}</li>\n")
}

/// A difference whose lines say what they are without their colour too.
fn difference(diff: &str) -> String {
    let line = |(at, line): (usize, &str)| {
        let shown = text(line);
        match line.as_bytes().first() {
            // The first two lines name the sides.
            _ if at < 2 && (line.starts_with("---") || line.starts_with("+++")) => {
                format!("<b>{shown}</b>\n")
            }
            Some(b'+') => format!("<ins>{shown}</ins>\n"),
            Some(b'-') => format!("<del>{shown}</del>\n"),
            Some(b'@') => format!("<b>{shown}</b>\n"),
            _ => format!("{shown}\n"),
        }
    };
    let lines: String = diff.lines().enumerate().map(line).collect();
    // Focusable, so that what is too wide can be scrolled from the keyboard.
    format!("\n<pre tabindex=\"0\" role=\"region\" aria-label=\"difference from git\">{lines}</pre>")
}

/// How many paths each kind of evidence explains, and the paths themselves
/// where the document lists them.
fn levels(artifact: &Value, named: bool) -> String {
    let Some(levels) = artifact.get("levels").and_then(Value::as_object).filter(|levels| !levels.is_empty())
    else {
        return String::new();
    };
    let of = if named { format!(" of {}", text(&name(artifact))) } else { String::new() };
    let mut out = format!(
        "<table>\n<caption>Explained paths{of}</caption>\n<thead><tr><th scope=\"col\">evidence</th><th \
         scope=\"col\">paths</th></tr></thead>\n<tbody>\n"
    );
    for (level, count) in levels {
        let count = count.as_u64().unwrap_or_default();
        out.push_str(&format!("<tr><th scope=\"row\">{}</th><td>{count}</td></tr>\n", text(level)));
    }
    out.push_str("</tbody>\n</table>\n");
    let listed =
        artifact.get("explanations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let listed = listed.iter().filter(|line| line.get("level").and_then(Value::as_str) != Some("identical"));
    let rows: String = listed
        .map(|line| {
            format!(
                "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>\n",
                text(&word(line.get("path"))),
                text(&word(line.get("level"))),
                text(&word(line.get("detail")))
            )
        })
        .collect();
    if !rows.is_empty() {
        out.push_str(&format!(
            "<details>\n<summary>Paths that are not identical to git</summary>\n<table>\n<thead><tr><th \
             scope=\"col\">path</th><th scope=\"col\">evidence</th><th scope=\"col\">rule</th></tr></thead>\n\
             <tbody>\n{rows}</tbody>\n</table>\n</details>\n"
        ));
    }
    out
}

fn word(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().into()
}

/// Text for element content and quoted attributes. What could turn the
/// direction of writing, or hide, is shown by its number.
fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for character in raw.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(character),
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
            }
            character if character.is_control() => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
            }
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn compare(findings: Vec<Finding>) -> String {
        let artifact = json!({"name": "x-1.tar.gz", "sha256": "ab"});
        let explanations = json!([{"path": "AUTHORS", "level": "derived", "detail": "from history"}]);
        let levels = json!({"identical": 2, "derived": 1});
        page(&Report::judged(
            "compare",
            findings,
            json!({"tag": "v1", "artifact": artifact, "levels": levels, "explanations": explanations}),
        ))
    }

    #[test]
    fn the_verdict_comes_first_then_findings_grouped_then_counts() {
        let missing = |path| Finding::error("missing-file", path, "is lost", "look for it");
        let page = compare(vec![missing("a"), missing("b")]);
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("no {text} in {page}"));
        assert!(at("<h1 class=\"rejected\">x-1.tar.gz: rejected</h1>") < at("missing-file (2)"));
        assert!(at("missing-file (2)") < at("<code>a</code>: is lost"));
        assert_eq!(page.matches("look for it").count(), 1, "one advice for all of a kind");
        assert!(at("look for it") < at("<th scope=\"row\">derived</th><td>1</td>"));
        assert!(at("<dt>Tag</dt><dd><code>v1</code>") > 0);
        assert!(at("<td>from history</td>") > 0);
    }

    #[test]
    fn differences_are_marked_and_can_be_reached() {
        let changed = Finding::error("modified-file", "a", "differs", "")
            .with_diff(Some("--- git\n+++ artifact\n@@\n-<b>\n+c\n".into()));
        let page = compare(vec![changed]);
        assert!(page.contains("<b>--- git</b>\n<b>+++ artifact</b>\n<b>@@</b>\n"), "{page}");
        assert!(page.contains("<del>-&lt;b&gt;</del>\n<ins>+c</ins>\n</pre>"), "{page}");
        assert!(page.contains("its docs/findings.md explains every code</p></footer>"), "{page}");
        assert!(page.contains("<pre tabindex=\"0\""));
    }

    #[test]
    fn nothing_of_strangers_becomes_markup_or_turns_the_line() {
        let evil = "<script>alert(1)</script>\" onload='x' &lt; \u{202e}\u{7}";
        let page = compare(vec![Finding::error("e", evil, evil, evil).with_diff(Some(format!("+{evil}\n")))]);
        assert!(!page.contains("<script") && !page.contains("onload='") && !page.contains('\u{202e}'));
        assert!(page.contains("&amp;lt; \\u{202e}\\u{7}"));
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="));
    }

    #[test]
    fn a_good_artifact_says_so() {
        let page = compare(vec![]);
        assert!(page.contains("<h1 class=\"ok\">x-1.tar.gz: explained</h1>"));
        assert!(page.contains("Nothing was found that speaks against it."));
    }
}
