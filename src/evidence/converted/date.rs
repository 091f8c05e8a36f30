//! A commit's date in the forms of git's `--date` (git's date.c).

/// Seconds since 1970, and the zone as it is written, `+0130` as 130.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub seconds: i64,
    zone: i32,
}

struct Fields {
    weekday: &'static str,
    month_name: &'static str,
    year: i64,
    month: i64,
    day: i64,
    clock: String,
}

/// The year 9999 ends before it.
const MAX_SECONDS: i64 = 253_000_000_000;
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Date {
    /// `SECONDS ZONE`, in the form that git writes.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (seconds, zone) = std::str::from_utf8(text).ok()?.split_once(' ')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (sign, hours) = zone.split_at_checked(1)?;
        let well_formed = matches!(sign, "+" | "-") && hours.len() == 4 && digits(hours) && digits(seconds);
        let zone =
            hours.parse::<i32>().ok().filter(|zone| well_formed && zone % 100 < 60 && *zone <= 1400)?;
        let seconds = seconds.parse().ok().filter(|seconds| (100_000..MAX_SECONDS).contains(seconds))?;
        Some(Self { seconds, zone: if sign == "-" { -zone } else { zone } })
    }

    fn fields(self) -> Fields {
        let minutes = i64::from(self.zone.abs() / 100 * 60 + self.zone.abs() % 100);
        let local = self.seconds + 60 * minutes * i64::from(self.zone.signum());
        let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        // Days to a date of the Gregorian calendar: years begin in March, so
        // that the leap day is the last of its year.
        let shifted = days + 719_468;
        let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let of_year = day - (365 * year + year / 4 - year / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let name = |names: &[&'static str], index: i64| {
            usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
        };
        Fields {
            weekday: name(&DAYS, days.rem_euclid(7)),
            month_name: name(&MONTHS, month - 1),
            year: 400 * era + year + i64::from(month <= 2),
            month,
            day: of_year - (153 * shifted_month + 2) / 5 + 1,
            clock: format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60),
        }
    }

    fn zone(self) -> String {
        format!("{:+05}", self.zone)
    }

    /// `%ad`: `Thu Jan 1 00:00:00 1970 +0000`
    pub fn normal(self) -> String {
        let Fields { weekday, month_name, year, day, clock, .. } = self.fields();
        format!("{weekday} {month_name} {day} {clock} {year} {}", self.zone())
    }

    /// `%aD`: as in mail (RFC 2822)
    pub fn mail(self) -> String {
        let Fields { weekday, month_name, year, day, clock, .. } = self.fields();
        format!("{weekday}, {day} {month_name} {year} {clock} {}", self.zone())
    }

    /// `%as`: `1970-01-01`
    pub fn short(self) -> String {
        let Fields { year, month, day, .. } = self.fields();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// `%ai`: `1970-01-01 00:00:00 +0000`
    pub fn iso(self) -> String {
        format!("{} {} {}", self.short(), self.fields().clock, self.zone())
    }

    /// `%aI`: `1970-01-01T00:00:00+00:00`; for UTC git writes `Z` since 2.45.
    pub fn strict(self) -> Vec<String> {
        let zone = self.zone();
        let (hours, minutes) = zone.split_at(3);
        let start = format!("{}T{}", self.short(), self.fields().clock);
        let mut forms = vec![format!("{start}{hours}:{minutes}")];
        if self.zone == 0 {
            forms.push(format!("{start}Z"));
        }
        forms
    }
}
