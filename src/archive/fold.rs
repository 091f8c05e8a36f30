//! One spelling for all names that some file system takes for the same.

use unicode_normalization::UnicodeNormalization as _;

/// Writes into `out` what every case-insensitive or normalising file system
/// would hold `name` equal to.
///
/// Upper then lower case of the decomposed text is Unicode's full case
/// folding for all practical purposes (`ß` and `SS`, the long s, the Kelvin
/// sign, the final sigma), and a little more: two honest names that only meet
/// here would be trouble on somebody's machine. Code points that HFS+ ignores
/// are dropped.
pub(super) fn fold(name: &str, out: &mut Vec<u8>) {
    out.clear();
    if name.is_ascii() {
        out.extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
        return;
    }
    let visible = name.chars().filter(|c| !ignored(*c));
    let folded = visible.nfd().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    // Lower case of U+0130 and the like brings combining marks back.
    for c in folded.nfd() {
        let mut buffer = [0; 4];
        // The final sigma is a matter of position only; both become one.
        let c = if c == 'ς' { 'σ' } else { c };
        out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    }
}

fn ignored(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{206a}'..='\u{206f}'
        | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(name: &str) -> Vec<u8> {
        let mut out = b"left over".to_vec();
        fold(name, &mut out);
        out
    }

    #[test]
    fn spellings_of_one_name_meet() {
        for (a, b) in [
            ("README", "readme"),
            ("caf\u{e9}", "cafe\u{301}"),
            ("CAFE\u{301}", "caf\u{e9}"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{212a}elvin", "kelvin"),
            ("\u{17f}", "s"),
            ("\u{3a3}", "\u{3c2}"),
            ("\u{130}", "i\u{307}"),
            ("a\u{200d}b", "ab"),
            ("\u{fb01}", "fi"),
        ] {
            assert_eq!(folded(a), folded(b), "{a} {b}");
        }
    }

    #[test]
    fn different_names_stay_different() {
        for (a, b) in [("a", "b"), ("e", "\u{e9}"), ("i", "\u{131}"), ("\u{e4}", "ae"), ("1", "\u{b9}")] {
            if a == "i" {
                // The dotless i has I as its capital: they meet, on the safe side.
                assert_eq!(folded(a), folded(b));
            } else {
                assert_ne!(folded(a), folded(b), "{a} {b}");
            }
        }
    }
}
