//! How a text file of the artifact differs from git's, for people to read.

use crate::release::path::printable;
use similar::{Algorithm, DiffTag, capture_diff_slices, group_diff_ops};

/// Lines that one difference shows.
const MAX_LINES: usize = 60;
/// Bytes that one line shows.
const MAX_LINE: usize = 240;
/// Product of the numbers of changed lines on both sides: Myers' algorithm
/// takes as many steps when nothing is alike.
const MAX_WORK: usize = 4_000_000;
/// Which side is which.
const SIDES: &str = "--- git\n+++ artifact\n";
/// Lines of context around a change.
const CONTEXT: usize = 3;

/// A unified difference, bounded, every line escaped for a terminal; `None`
/// if one side is no text, or nothing differs.
pub(super) fn unified(old: &[u8], new: &[u8]) -> Option<String> {
    let text = |bytes| std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    let (old, new) = (text(old)?, text(new)?);
    if old == new {
        return None;
    }
    let (start, olds, news) = middle(old, new);
    if olds.len().saturating_mul(news.len()) > MAX_WORK {
        let (olds, news) = (olds.len(), news.len());
        return Some(format!("(too much differs to show: {olds} lines in git, {news} in the artifact)\n"));
    }
    let ops = capture_diff_slices(Algorithm::Myers, &olds, &news);
    let mut lines = Vec::new();
    for group in group_diff_ops(ops, CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let range = |from: usize, to: usize| match to - from {
            1 => format!("{}", start + from + 1),
            0 => format!("{},0", start + from),
            length => format!("{},{length}", start + from + 1),
        };
        let (old, new) = (
            range(first.old_range().start, last.old_range().end),
            range(first.new_range().start, last.new_range().end),
        );
        lines.push(format!("@@ -{old} +{new} @@"));
        for op in &group {
            let (old, new) = (olds.get(op.old_range()), news.get(op.new_range()));
            let mut show = |sign, part: Option<&[&str]>| {
                lines.extend(part.unwrap_or_default().iter().map(|line| shown(sign, line)));
            };
            match op.tag() {
                DiffTag::Equal => show(' ', old),
                DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => {
                    show('-', old);
                    show('+', new);
                }
            }
        }
    }
    let more = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    if more > 0 {
        lines.push(format!("({more} more lines)"));
    }
    Some(format!("{SIDES}{}\n", lines.join("\n")))
}

/// One line of a difference. What is invisible is made visible: a carriage
/// return or a missing line feed may be all that differs.
fn shown(sign: char, line: &str) -> String {
    let (line, end) = match line.strip_suffix('\n') {
        Some(line) => (line, ""),
        None => (line, " (no line feed)"),
    };
    let mut cut = line.len().min(MAX_LINE);
    while !line.is_char_boundary(cut) {
        cut -= 1;
    }
    let more = if cut < line.len() { "…" } else { "" };
    // Tabs are ordinary in source; `printable` would escape them.
    let parts: Vec<String> =
        line.get(..cut).unwrap_or_default().split('\t').map(|part| printable(part.as_bytes())).collect();
    format!("{sign}{}{more}{end}", parts.join("\t"))
}

/// The lines of both sides without those that both begin and end with, except
/// for some context; and how many were left out at the beginning.
fn middle<'t>(old: &'t str, new: &'t str) -> (usize, Vec<&'t str>, Vec<&'t str>) {
    let olds: Vec<&str> = old.split_inclusive('\n').collect();
    let news: Vec<&str> = new.split_inclusive('\n').collect();
    let same = |(a, b): &(&&str, &&str)| a == b;
    let before = olds.iter().zip(&news).take_while(same).count();
    let rest = olds.len().min(news.len()) - before;
    let after = olds.iter().rev().zip(news.iter().rev()).take(rest).take_while(same).count();
    let start = before.saturating_sub(CONTEXT);
    let end = after.saturating_sub(CONTEXT);
    let cut = |lines: Vec<&'t str>| lines.get(start..lines.len() - end).unwrap_or_default().to_vec();
    (start, cut(olds), cut(news))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(numbers: std::ops::Range<u32>) -> String {
        numbers.map(|n| format!("line {n}\n")).collect()
    }

    #[test]
    fn a_changed_line_stands_in_its_context_with_its_number() {
        let old = lines(1..100);
        let new = old.replace("line 50\n", "line fifty\n");
        let expected = "@@ -47,7 +47,7 @@\n line 47\n line 48\n line 49\n-line 50\n+line fifty\n line 51\n line \
                        52\n line 53\n";
        let told = unified(old.as_bytes(), new.as_bytes()).unwrap();
        assert_eq!(told.strip_prefix("--- git\n+++ artifact\n"), Some(expected));
    }

    #[test]
    fn additions_and_removals_at_the_ends() {
        let told = |old: &[u8], new: &[u8]| unified(old, new).unwrap().replace(SIDES, "");
        assert_eq!(told(b"", b"a\n"), "@@ -0,0 +1 @@\n+a\n");
        assert_eq!(told(b"a\nb\n", b"a\n"), "@@ -1,2 +1 @@\n a\n-b\n");
        assert_eq!(told(b"a", b"a\n"), "@@ -1 +1 @@\n-a (no line feed)\n+a\n");
    }

    #[test]
    fn what_is_invisible_is_shown_and_nothing_reaches_the_terminal_raw() {
        let told = unified(b"a\n", b"a\r\n\x1b[2Jb\tc\n").unwrap();
        assert!(told.contains("+a\\x0d"), "{told:?}");
        assert!(told.contains("b\tc") && !told.contains('\x1b') && !told.contains('\r'), "{told:?}");
    }

    #[test]
    fn no_text_and_too_much() {
        assert_eq!(unified(b"\xff", b"a"), None);
        assert_eq!(unified(b"a\0", b"a"), None);
        let many = |word: &str| (0..5000).map(|n| format!("{word} {n}\n")).collect::<String>();
        assert!(unified(many("a").as_bytes(), many("b").as_bytes()).unwrap().starts_with("(too much"));
        let long = unified("x".repeat(100_000).as_bytes(), b"").unwrap();
        assert!(long.len() < 400, "{}", long.len());
        let long = unified(lines(0..1500).as_bytes(), b"").unwrap();
        assert!(long.ends_with("(1441 more lines)\n"), "{long}");
    }

    proptest::proptest! {
        /// Applying what is shown gives the new text again.
        #[test]
        fn both_sides_can_be_read_back(old in "([ab]\n){0,12}", new in "([ab]\n){0,12}") {
            let told = unified(old.as_bytes(), new.as_bytes());
            proptest::prop_assert_eq!(told.is_none(), old == new);
            let told = told.unwrap_or_default();
            let changed = |sign: char| told.lines().filter(|line| line.starts_with(sign)).count();
            let (olds, news) = (old.lines().count(), new.lines().count());
            proptest::prop_assert_eq!(olds + changed('+'), news + changed('-'));
        }
    }
}
