//! Instants, as whole microseconds since 1970-01-01T00:00:00Z.

use std::fmt;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};

/// An instant in microseconds since the Unix epoch; finer digits are cut off.
///
/// Microseconds, because both SQLite and PostgreSQL keep them exactly; a Backstage gives milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `micros` microseconds after the epoch, if RFC 3339 can name it: its year must have four digits.
    pub fn from_micros(micros: i64) -> Option<Self> {
        let time = DateTime::<Utc>::from_timestamp_micros(micros)?;
        (0..=9999).contains(&time.year()).then_some(Self(micros))
    }

    /// Microseconds since the epoch.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 with any offset, as servers write it. In UTC, too, its year must have four digits.
    pub fn parse(text: &str) -> Option<Self> {
        let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
        (0..=9999).contains(&time.year()).then(|| Self::from(time))
    }

    /// This instant as a chrono value in UTC.
    pub fn utc(self) -> DateTime<Utc> {
        // Every constructor went through chrono, so that the fallback is never taken.
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// The beginning of its second.
    pub fn whole_second(self) -> Self {
        Self(self.0 - self.0.rem_euclid(1_000_000))
    }

    /// `duration` later, or the last instant that can be named.
    pub fn plus(self, duration: chrono::Duration) -> Self {
        self.utc().checked_add_signed(duration).map_or(
            Self(DateTime::<Utc>::MAX_UTC.timestamp_micros()),
            Self::from,
        )
    }

    /// `duration` earlier, or the first instant that can be named.
    pub fn minus(self, duration: chrono::Duration) -> Self {
        self.utc().checked_sub_signed(duration).map_or(
            Self(DateTime::<Utc>::MIN_UTC.timestamp_micros()),
            Self::from,
        )
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_micros())
    }
}

/// ISO 8601 in UTC with `Z`, with as many digits behind the second as are needed: none, three or six.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_time_comes_out_with_the_digits_that_it_needs() {
        for (text, out) in [
            ("2026-11-21T20:15:46.100Z", "2026-11-21T20:15:46.100Z"),
            ("2026-11-21T20:15:46Z", "2026-11-21T20:15:46Z"),
            ("2026-11-21T20:15:46.123456Z", "2026-11-21T20:15:46.123456Z"),
            (
                "2026-11-21T21:15:46.123456789+01:00",
                "2026-11-21T20:15:46.123456Z",
            ),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), out);
        }
        let early = Timestamp::parse("1969-12-31T23:59:59.25Z").unwrap();
        assert_eq!(early.whole_second().to_string(), "1969-12-31T23:59:59Z");
        assert_eq!(Timestamp::parse("2026-02-30T00:00:00Z"), None);
        assert_eq!(Timestamp::parse("9999-12-31T23:59:59-12:00"), None);
    }
}
