//! Lengths of time as the policy writes them.

use serde::Deserialize;

/// A length of time: a number of days, weeks or years, `7d`, `2w`, `3y`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

impl Span {
    /// Parses a whole number from 1 to 9999 and its unit. A year has 365 days.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        const DAY: i64 = 24 * 60 * 60;
        let bad = || format!("{text:?} is no length of time: write days, weeks or years as 7d, 2w, 3y");
        let unit = match text.chars().next_back() {
            Some('d') => DAY,
            Some('w') => 7 * DAY,
            Some('y') => 365 * DAY,
            _ => return Err(bad()),
        };
        let digits = text.get(..text.len() - 1).unwrap_or_default();
        let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = digits.parse().map_err(|_| bad())?;
        if !plain || digits.starts_with('0') {
            return Err(bad());
        }
        Ok(Self(number * unit))
    }

    /// Its length in seconds.
    pub fn seconds(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_one_spelling_and_an_end() {
        assert_eq!(Span::parse("7d").map(Span::seconds), Ok(604_800));
        assert_eq!(Span::parse("1w"), Span::parse("7d"));
        assert_eq!(Span::parse("3y").map(Span::seconds), Ok(3 * 365 * 86_400));
        for bad in ["", "d", "7", "0d", "07d", "+7d", "-7d", "7 d", "7h", "7D", "12345d", "7é", "1.5y"] {
            assert!(Span::parse(bad).is_err(), "{bad}");
        }
    }
}
