//! Strings from strangers, in messages.

use crate::release::path::printable;

/// Characters of a stranger's string in a message.
const MOST: usize = 120;

/// Bytes as harmless text of bounded length.
pub(super) fn brief(bytes: &[u8]) -> String {
    let text = printable(bytes.get(..MOST).unwrap_or(bytes));
    let mut out: String = text.chars().take(MOST).collect();
    if out.len() < text.len() || bytes.len() > MOST {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn long_and_hostile_strings_stay_short_and_harmless() {
        assert_eq!(super::brief(b"a\x1b[31m"), "a\\x1b[31m");
        assert!(super::brief(&[b'x'; 100_000]).chars().count() <= 121);
        assert!(super::brief(&[0xff; 100_000]).chars().count() <= 121);
    }
}
