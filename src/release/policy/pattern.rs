//! Globs of the policy.

use crate::release::wildmatch;

/// Texts that the braces of one glob may stand for.
const MAX_TEXTS: usize = 256;

/// A glob with its text: `*` and `?` do not cross `/`, `**` does.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As written in the policy.
    pub text: String,
    /// One of these must match: braces are written out.
    matchers: Vec<wildmatch::Pattern>,
}

impl Pattern {
    /// Compiles a glob.
    ///
    /// # Errors
    /// The glob's fault in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut texts = Vec::new();
        written_out(text, &mut texts)?;
        let matchers: Vec<_> =
            texts.iter().map(|text| wildmatch::Pattern::new(text.as_bytes(), true)).collect();
        if matchers.iter().any(wildmatch::Pattern::is_malformed) {
            return Err("holds a set without end, an unknown class or a backslash at the end".into());
        }
        Ok(Self { text: text.into(), matchers })
    }

    /// Whether the whole of `bytes` matches.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        self.matchers.iter().any(|matcher| matcher.matches(bytes, &mut 0))
    }
}

/// The texts that a glob's braces stand for. `{a,b}` may stand in each other.
fn written_out(text: &str, texts: &mut Vec<String>) -> Result<(), String> {
    let Some((before, choices, after)) = first_braces(text)? else {
        if texts.len() == MAX_TEXTS {
            return Err(format!("its braces stand for more than {MAX_TEXTS} texts"));
        }
        texts.push(text.into());
        return Ok(());
    };
    for choice in choices {
        written_out(&format!("{before}{choice}{after}"), texts)?;
    }
    Ok(())
}

type Braces<'t> = (&'t str, Vec<&'t str>, &'t str);

/// What comes before the first outer braces, the texts in them, and what comes
/// after.
fn first_braces(text: &str) -> Result<Option<Braces<'_>>, String> {
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let (mut depth, mut open, mut from, mut choices) = (0usize, 0, 0, Vec::new());
    let (mut escaped, mut in_set) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // In a set a brace is a brace. A set that begins with ] or !] goes
            // on behind it.
            '[' if !in_set => in_set = true,
            ']' if in_set => {
                in_set = matches!(text.get(..at), Some(t) if t.ends_with('[') || t.ends_with("[!") || t.ends_with("[^"))
            }
            _ if in_set => {}
            '{' => {
                depth += 1;
                if depth == 1 {
                    (open, from) = (at, at + 1);
                }
            }
            ',' if depth == 1 => {
                choices.push(part(from, at));
                from = at + 1;
            }
            '}' if depth == 0 => return Err("has a } without its {; write \\} for a brace".into()),
            '}' => {
                depth -= 1;
                if depth == 0 {
                    choices.push(part(from, at));
                    return Ok(Some((part(0, open), choices, part(at + 1, text.len()))));
                }
            }
            _ => {}
        }
    }
    if depth > 0 { Err("has a { without its }; write \\{ for a brace".into()) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(glob: &str, path: &str) -> bool {
        Pattern::parse(glob).unwrap_or_else(|fault| panic!("{glob}: {fault}")).matches(path.as_bytes())
    }

    #[test]
    fn stars_and_folders() {
        for (glob, yes, no) in [
            ("*.o", "a.o", "dir/a.o"),
            ("**/*.o", "dir/sub/a.o", "a.c"),
            ("**/*.o", "a.o", "a.o/b"),
            ("doc/**", "doc/a/b", "doc"),
            ("a/**/b", "a/b", "a/xb"),
            ("a/**/b", "a/x/y/b", "a/b/c"),
            ("stable/*", "stable/2026.1", "stable/a/b"),
            ("?", "a", "/"),
            ("[a-c]x", "bx", "dx"),
            ("[!a]x", "bx", "ax"),
            ("\\*", "*", "a"),
            ("**", "any/thing", ""),
        ] {
            assert!(fits(glob, yes), "{glob} {yes}");
            assert!(no.is_empty() || !fits(glob, no), "{glob} {no}");
        }
    }

    #[test]
    fn braces_stand_for_each_of_their_texts() {
        for (glob, yes, no) in [
            ("{a,b}.c", "b.c", "c.c"),
            ("{,x}y", "y", "x"),
            ("{a,b{c,d}}/e", "bd/e", "b/e"),
            ("x{1,2}{3,4}", "x23", "x12"),
            ("\\{a,b\\}", "{a,b}", "a"),
            ("[{]a", "{a", "a"),
            ("[]{]a", "{a", "]"),
            ("{*.o,**/*.a}", "d/x.a", "d/x.o"),
        ] {
            assert!(fits(glob, yes), "{glob} {yes}");
            assert!(!fits(glob, no), "{glob} {no}");
        }
    }

    #[test]
    fn what_is_malformed_is_told() {
        for glob in ["{a", "a}", "[a", "a\\", "{a,b", "[[:none:]]", &"{a,b}".repeat(9)] {
            assert!(Pattern::parse(glob).is_err(), "{glob}");
        }
        assert!(Pattern::parse(&"{a,b}".repeat(8)).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_glob_makes_it_fail(glob: String, path: Vec<u8>) {
            if let Ok(pattern) = Pattern::parse(&glob) {
                let _ = pattern.matches(&path);
            }
        }
    }
}
