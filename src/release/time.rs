//! Points in time, whole seconds in UTC.

use std::fmt;

/// A point in time with the resolution of OpenPGP and git: whole seconds.
///
/// Shown as RFC 3339 in UTC, `2026-11-20T10:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time: write it like 2026-11-20T10:00:00Z or 2026-11-20")]
pub struct BadTime(pub String);

impl Time {
    /// Seconds since 1970-01-01T00:00:00Z; out of the years -9999 to 9999 the
    /// nearest representable second.
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.clamp(jiff::Timestamp::MIN.as_second(), jiff::Timestamp::MAX.as_second()))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix(self) -> i64 {
        self.0
    }

    /// Parses RFC 3339 with any offset, or a bare date, which means its first
    /// second in UTC.
    ///
    /// # Errors
    /// [`BadTime`] for anything else, fractions of a second included: they
    /// would not be written back identically.
    pub fn parse(text: &str) -> Result<Self, BadTime> {
        let bad = || BadTime(text.into());
        if text.len() == 10 {
            let date: jiff::civil::Date = text.parse().map_err(|_| bad())?;
            let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| bad())?;
            return Ok(Self(midnight.timestamp().as_second()));
        }
        if text.as_bytes().get(10) != Some(&b'T') || text.contains('[') {
            return Err(bad());
        }
        let time: jiff::Timestamp = text.parse().map_err(|_| bad())?;
        if time.subsec_nanosecond() != 0 {
            return Err(bad());
        }
        Ok(Self(time.as_second()))
    }

    /// This time moved by whole seconds.
    pub fn plus(self, seconds: i64) -> Self {
        Self::from_unix(self.0.saturating_add(seconds))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(time) => write!(f, "{time}"),
            Err(_) => write!(f, "@{}", self.0),
        }
    }
}

impl std::str::FromStr for Time {
    type Err = BadTime;
    fn from_str(text: &str) -> Result<Self, BadTime> {
        Self::parse(text)
    }
}

crate::release::text::serde_as_text!(Time);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_trip() {
        for text in ["2026-11-20T10:00:00Z", "1970-01-01T00:00:00Z"] {
            assert_eq!(Time::parse(text).map(|t| t.to_string()), Ok(text.to_string()));
        }
        assert_eq!(Time::parse("2026-11-20"), Time::parse("2026-11-20T00:00:00Z"));
        assert_eq!(Time::parse("2026-11-20T11:00:00+01:00"), Time::parse("2026-11-20T10:00:00Z"));
        for bad in [
            "",
            "now",
            "2026-13-01",
            "2026-11-20T10:00:00",
            "2026-11-20T10:00:00.5Z",
            "20261120",
            "2026-11-20 10:00:00Z",
            "2026-11-20T10:00:00Z[UTC]",
        ] {
            assert!(Time::parse(bad).is_err(), "{bad}");
        }
    }
}
