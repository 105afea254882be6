//! Time expressions: RFC 3339, dates, `7d` ago, `yesterday`, weekdays, months and quarters.
//!
//! An expression names a [`Period`]: an instant, or everything from the first to the last microsecond of a second
//! (`now`, `7d`), a day, a month, a quarter or a year. `--since` takes its first instant, `--until` its last, so that
//! `--since 2026-01-01 --until 2026-01-31` has the whole of January in it.

use chrono::{
    DateTime, Datelike, Days, Duration, Local, LocalResult, Months, NaiveDate, NaiveDateTime,
    NaiveTime, TimeZone, Utc, Weekday,
};

use crate::api::Timestamp;

/// Where bare dates and wall-clock times are read and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// The zone of the machine.
    Local,
    /// A zone of the IANA database; UTC is one.
    Named(chrono_tz::Tz),
}

/// First and last instant of what a time expression names; the same instant twice for a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First instant.
    pub first: Timestamp,
    /// Last instant; it belongs to the period.
    pub last: Timestamp,
}

/// Why a time expression cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// None of the known forms.
    #[error("'{0}' is not a time")]
    Unreadable(String),
    /// Not a length of time.
    #[error("'{0}' is not a length of time")]
    NotADuration(String),
    /// The clocks jumped over this time.
    #[error("'{text}' does not exist in {zone}: the clocks are put forward over it")]
    Skipped {
        /// What was given.
        text: String,
        /// The zone.
        zone: String,
    },
    /// Before or after every date that can be named.
    #[error("'{0}' is too far away")]
    OutOfRange(String),
    /// Not a name of the IANA database.
    #[error("'{0}' is not the name of a time zone")]
    UnknownZone(String),
}

impl Zone {
    /// UTC.
    pub const UTC: Self = Self::Named(chrono_tz::UTC);

    /// Reads an IANA name, like `Europe/Berlin`.
    pub fn parse(name: &str) -> Result<Self, TimeError> {
        name.parse()
            .map(Self::Named)
            .map_err(|_| TimeError::UnknownZone(name.to_owned()))
    }

    /// What a clock on the wall shows at `time`.
    pub fn wall_clock(self, time: Timestamp) -> NaiveDateTime {
        match self {
            Self::Local => time.utc().with_timezone(&Local).naive_local(),
            Self::Named(zone) => time.utc().with_timezone(&zone).naive_local(),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Local => "the local time zone".to_owned(),
            Self::Named(zone) => zone.name().to_owned(),
        }
    }

    /// The instants at which clocks show `wall`: none, one, or two.
    fn instants(self, wall: NaiveDateTime) -> LocalResult<Timestamp> {
        fn of<Z: TimeZone>(zone: &Z, wall: NaiveDateTime) -> LocalResult<Timestamp> {
            zone.from_local_datetime(&wall)
                .map(|time| Timestamp::from(time.with_timezone(&Utc)))
        }
        match self {
            Self::Local => of(&Local, wall),
            Self::Named(zone) => of(&zone, wall),
        }
    }

    /// The first instant of a day. Clocks can jump over midnight, and once jumped over a whole day.
    fn start_of(self, day: NaiveDate) -> Option<Timestamp> {
        let midnight = day.and_time(NaiveTime::MIN);
        (0..=26 * 4)
            .filter_map(|quarters| midnight.checked_add_signed(Duration::minutes(15 * quarters)))
            .find_map(|wall| self.instants(wall).earliest())
    }
}

impl Period {
    /// Reads what `--since` and `--until` take. `now` is the clock.
    pub fn parse(text: &str, now: Timestamp, zone: Zone) -> Result<Self, TimeError> {
        Self::read(text, now, zone)?.checked(text)
    }

    /// Reads what `--last` takes: from a length of time ago until `now`.
    pub fn parse_last(text: &str, now: Timestamp) -> Result<Self, TimeError> {
        let first = ago(now, parse_duration(text)?);
        let first = first.ok_or_else(|| TimeError::OutOfRange(text.to_owned()))?;
        let (first, last) = (Self::second(first).first, now);
        Self { first, last }.checked(text)
    }

    fn read(text: &str, now: Timestamp, zone: Zone) -> Result<Self, TimeError> {
        if text == "now" {
            return Ok(Self::second(now));
        }
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::instant(Timestamp::from(time.with_timezone(&Utc))));
        }
        if let Some(wall) = wall_clock(text) {
            return Self::at_wall_clock(text, wall, zone);
        }
        if let Ok(duration) = parse_duration(text) {
            return ago(now, duration)
                .map(Self::second)
                .ok_or_else(|| TimeError::OutOfRange(text.to_owned()));
        }
        let day = day(text, zone.wall_clock(now).date())
            .ok_or_else(|| TimeError::Unreadable(text.to_owned()))?;
        Self::of_days(text, day, day.checked_add_days(Days::new(1)), zone)
    }

    /// Reads what `--on` takes: a day, a month (`2026-01`), a quarter (`2026-Q1`) or a year.
    pub fn parse_span(text: &str, now: Timestamp, zone: Zone) -> Result<Self, TimeError> {
        let (first, months) = match calendar_span(text) {
            Some(span) => span,
            None => {
                let day = day(text, zone.wall_clock(now).date());
                let day = day.ok_or_else(|| TimeError::Unreadable(text.to_owned()))?;
                return Self::of_days(text, day, day.checked_add_days(Days::new(1)), zone)?
                    .checked(text);
            }
        };
        let next = first.checked_add_months(Months::new(months));
        Self::of_days(text, first, next, zone)?.checked(text)
    }

    /// RFC 3339, which the API speaks, has four digits for a year.
    fn checked(self, text: &str) -> Result<Self, TimeError> {
        let sayable = |time: Timestamp| (1..=9999).contains(&time.utc().year());
        match sayable(self.first) && sayable(self.last) {
            true => Ok(self),
            false => Err(TimeError::OutOfRange(text.to_owned())),
        }
    }

    /// The second in which a time lies: nobody who says `7d` means its microsecond.
    fn second(time: Timestamp) -> Self {
        let first = time.whole_second();
        let last = first.plus(Duration::microseconds(999_999));
        Self { first, last }
    }

    fn instant(time: Timestamp) -> Self {
        Self {
            first: time,
            last: time,
        }
    }

    /// A time that clocks show twice, in autumn, is the first for `--since` and the second for `--until`.
    fn at_wall_clock(text: &str, wall: NaiveDateTime, zone: Zone) -> Result<Self, TimeError> {
        match zone.instants(wall) {
            LocalResult::Single(time) => Ok(Self::instant(time)),
            LocalResult::Ambiguous(first, last) => Ok(Self { first, last }),
            LocalResult::None => Err(TimeError::Skipped {
                text: text.to_owned(),
                zone: zone.name(),
            }),
        }
    }

    fn of_days(
        text: &str,
        first: NaiveDate,
        next: Option<NaiveDate>,
        zone: Zone,
    ) -> Result<Self, TimeError> {
        let start = zone.start_of(first);
        let end = next
            .and_then(|day| zone.start_of(day))
            .map(|end| end.minus(Duration::microseconds(1)));
        match (start, end) {
            (Some(first), Some(last)) => Ok(Self { first, last }),
            _ => Err(TimeError::OutOfRange(text.to_owned())),
        }
    }
}

/// Reads a length of time: `90s`, `2h30m`, `7d`, `2w`; a day is 24 hours, whatever the clocks do.
pub fn parse_duration(text: &str) -> Result<Duration, TimeError> {
    duration(text).ok_or_else(|| TimeError::NotADuration(text.to_owned()))
}

fn duration(text: &str) -> Option<Duration> {
    let mut total = Duration::zero();
    let mut units = ['w', 'd', 'h', 'm', 's']
        .iter()
        .zip([604_800, 86_400, 3_600, 60, 1]);
    let mut rest = text;
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let unit = after.chars().next()?;
        // Units must fall, so that `30m2h` and `5m5m` are slips and not sums.
        let (_, seconds) = units.by_ref().find(|(name, _)| **name == unit)?;
        let part = digits.parse::<i64>().ok()?.checked_mul(seconds)?;
        total = total.checked_add(&Duration::try_seconds(part)?)?;
        rest = after.get(unit.len_utf8()..)?;
    }
    (!text.is_empty()).then_some(total)
}

fn ago(now: Timestamp, duration: Duration) -> Option<Timestamp> {
    now.utc().checked_sub_signed(duration).map(Timestamp::from)
}

/// A date and a time without an offset; seconds and their fraction may be left out.
fn wall_clock(text: &str) -> Option<NaiveDateTime> {
    [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    .filter(|_| date(text.get(..10).unwrap_or_default()).is_some())
}

/// `2026-01-31`, every digit of it.
fn date(text: &str) -> Option<NaiveDate> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shaped
        .then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
        .flatten()
}

/// A date, `today`, `yesterday`, or the last such weekday, which may be today.
fn day(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    if let Some(date) = date(text) {
        return Some(date);
    }
    match text {
        "today" => Some(today),
        "yesterday" => today.pred_opt(),
        _ => {
            let weekday: Weekday = text.parse().ok()?;
            let back = today.weekday().days_since(weekday);
            today.checked_sub_days(Days::new(back.into()))
        }
    }
}

/// First day and months of `2026-01`, `2026-Q1` or `2026`.
fn calendar_span(text: &str) -> Option<(NaiveDate, u32)> {
    let (year, part) = match text.split_once('-') {
        Some((year, part)) => (year, Some(part)),
        None => (text, None),
    };
    let year = number(year, 4)?.try_into().ok()?;
    let (month, months) = match part.map(|part| (part, part.strip_prefix(['Q', 'q']))) {
        None => (1, 12),
        Some((_, Some(quarter))) => (number(quarter, 1)?.checked_sub(1)? * 3 + 1, 3),
        Some((month, None)) => (number(month, 2)?, 1),
    };
    Some((NaiveDate::from_ymd_opt(year, month, 1)?, months))
}

/// A number of just so many digits.
fn number(digits: &str, length: usize) -> Option<u32> {
    let shaped = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
    shaped.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Period, TimeError, Zone, parse_duration};
    use crate::api::Timestamp;

    /// A Saturday.
    const NOW: &str = "2026-11-21T12:34:56.789Z";

    fn instants(period: Result<Period, TimeError>) -> Result<(String, String), TimeError> {
        period.map(|period| (period.first.to_string(), period.last.to_string()))
    }

    fn at(text: &str, now: &str, zone: &str) -> Result<(String, String), TimeError> {
        let (now, zone) = (Timestamp::parse(now).unwrap(), Zone::parse(zone).unwrap());
        instants(Period::parse(text, now, zone))
    }

    fn on(text: &str, zone: &str) -> Result<(String, String), TimeError> {
        let (now, zone) = (Timestamp::parse(NOW).unwrap(), Zone::parse(zone).unwrap());
        instants(Period::parse_span(text, now, zone))
    }

    /// The cells of a table written as text, a row a line, `|` between cells.
    fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
        table
            .trim()
            .lines()
            .map(|row| row.split('|').map(str::trim).collect())
    }

    #[test]
    fn accepted_points_in_time() {
        let table = "
            2026-01-31T10:00:00Z             | Asia/Tokyo    | 2026-01-31T10:00:00Z
            2026-01-31T10:00:00.123456+02:00 | UTC           | 2026-01-31T08:00:00.123456Z
            2026-01-31 10:00                 | Asia/Tokyo    | 2026-01-31T01:00:00Z
            2026-01-31T10:00:07              | Europe/Berlin | 2026-01-31T09:00:07Z
            2026-01-31 10:00:07.5            | UTC           | 2026-01-31T10:00:07.500Z";
        for row in rows(table) {
            let expected = Ok((row[2].to_owned(), row[2].to_owned()));
            assert_eq!(at(row[0], NOW, row[1]), expected, "{row:?}");
        }
    }

    #[test]
    fn now_and_a_time_ago_name_their_second() {
        let table = "
            now        | 2026-11-21T12:34:56
            7d         | 2026-11-14T12:34:56
            2w         | 2026-11-07T12:34:56
            2h30m      | 2026-11-21T10:04:56
            1w2d3h4m5s | 2026-11-12T09:30:51
            0s         | 2026-11-21T12:34:56";
        for row in rows(table) {
            let expected = Ok((format!("{}Z", row[1]), format!("{}.999999Z", row[1])));
            assert_eq!(at(row[0], NOW, "UTC"), expected, "{row:?}");
        }
    }

    /// Berlin's days are 23 and 25 hours long here, Sao Paulo's clocks went from 0:00 to 1:00, and at the turn of
    /// the year it is still 31 December in New York.
    #[test]
    fn accepted_days_are_whole_and_in_the_zone() {
        let table = "
            2026-01-31 | 2026-11-21T12:00:00Z | UTC               | 2026-01-31T00:00:00Z | 2026-01-31T23:59:59.999999Z
            2024-02-29 | 2026-11-21T12:00:00Z | UTC               | 2024-02-29T00:00:00Z | 2024-02-29T23:59:59.999999Z
            2026-12-31 | 2026-11-21T12:00:00Z | America/New_York  | 2026-12-31T05:00:00Z | 2027-01-01T04:59:59.999999Z
            today      | 2026-11-21T12:00:00Z | Asia/Tokyo        | 2026-11-20T15:00:00Z | 2026-11-21T14:59:59.999999Z
            yesterday  | 2026-11-21T12:00:00Z | UTC               | 2026-11-20T00:00:00Z | 2026-11-20T23:59:59.999999Z
            yesterday  | 2026-01-01T00:00:00Z | UTC               | 2025-12-31T00:00:00Z | 2025-12-31T23:59:59.999999Z
            yesterday  | 2024-03-01T00:00:00Z | UTC               | 2024-02-29T00:00:00Z | 2024-02-29T23:59:59.999999Z
            today      | 2027-01-01T03:00:00Z | America/New_York  | 2026-12-31T05:00:00Z | 2027-01-01T04:59:59.999999Z
            saturday   | 2026-11-21T12:00:00Z | UTC               | 2026-11-21T00:00:00Z | 2026-11-21T23:59:59.999999Z
            Sun        | 2026-11-21T12:00:00Z | UTC               | 2026-11-15T00:00:00Z | 2026-11-15T23:59:59.999999Z
            Monday     | 2026-11-21T12:00:00Z | UTC               | 2026-11-16T00:00:00Z | 2026-11-16T23:59:59.999999Z
            2026-03-29 | 2026-11-21T12:00:00Z | Europe/Berlin     | 2026-03-28T23:00:00Z | 2026-03-29T21:59:59.999999Z
            2026-10-25 | 2026-11-21T12:00:00Z | Europe/Berlin     | 2026-10-24T22:00:00Z | 2026-10-25T22:59:59.999999Z
            2018-11-04 | 2026-11-21T12:00:00Z | America/Sao_Paulo | 2018-11-04T03:00:00Z | 2018-11-05T01:59:59.999999Z";
        for row in rows(table) {
            let expected = Ok((row[3].to_owned(), row[4].to_owned()));
            assert_eq!(at(row[0], row[1], row[2]), expected, "{row:?}");
        }
    }

    #[test]
    fn a_duration_is_exact_over_a_change_of_the_clocks() {
        let now = "2026-03-29T10:00:00Z";
        assert_eq!(
            at("1d", now, "Europe/Berlin").unwrap().0,
            "2026-03-28T10:00:00Z"
        );
    }

    #[test]
    fn a_time_that_clocks_show_twice_spans_both() {
        let both = (
            "2026-10-25T00:30:00Z".to_owned(),
            "2026-10-25T01:30:00Z".to_owned(),
        );
        assert_eq!(at("2026-10-25 02:30", NOW, "Europe/Berlin"), Ok(both));
    }

    #[test]
    fn a_time_that_clocks_skip_is_refused() {
        let skipped = at("2026-03-29 02:30", NOW, "Europe/Berlin").unwrap_err();
        let zone = "Europe/Berlin: the clocks are put forward over it";
        assert_eq!(
            skipped.to_string(),
            format!("'2026-03-29 02:30' does not exist in {zone}")
        );
    }

    #[test]
    fn refused_forms() {
        let forms = "|7|d|7x|-7d|7d ago|30m2h|5m5m|1.5h|7D|tomorrow|2026-02-29|2026-13-01|2026-1-31|26-01-31\
            |2026-01|2026-01-31T|2026-01-31 25:00|2026-01-31T10|31.01.2026|01/31/2026|noon\
            |2026-01-31T10:00:00+25:00|99999999999999999999w|2é";
        for form in forms.split('|').map(str::trim_end) {
            assert_eq!(
                at(form, NOW, "UTC"),
                Err(TimeError::Unreadable(form.into())),
                "{form:?}"
            );
        }
        assert_eq!(
            at("99999999w", NOW, "UTC"),
            Err(TimeError::OutOfRange("99999999w".into()))
        );
        assert!(Zone::parse("Mars/Olympus").is_err());
    }

    #[test]
    fn accepted_spans() {
        let table = "
            2026-01-31 | UTC           | 2026-01-31T00:00:00Z | 2026-01-31T23:59:59.999999Z
            2024-02    | UTC           | 2024-02-01T00:00:00Z | 2024-02-29T23:59:59.999999Z
            2026-12    | UTC           | 2026-12-01T00:00:00Z | 2026-12-31T23:59:59.999999Z
            2026-Q1    | Europe/Berlin | 2025-12-31T23:00:00Z | 2026-03-31T21:59:59.999999Z
            2026-q4    | UTC           | 2026-10-01T00:00:00Z | 2026-12-31T23:59:59.999999Z
            2026       | UTC           | 2026-01-01T00:00:00Z | 2026-12-31T23:59:59.999999Z
            yesterday  | UTC           | 2026-11-20T00:00:00Z | 2026-11-20T23:59:59.999999Z";
        for row in rows(table) {
            assert_eq!(
                on(row[0], row[1]),
                Ok((row[2].to_owned(), row[3].to_owned())),
                "{row:?}"
            );
        }
        for text in
            "2026-Q0 2026-Q5 2026-Q 2026-00 2026-13 2026-1 26 20260 7d now 2026-+1".split(' ')
        {
            assert!(on(text, "UTC").is_err(), "{text}");
        }
    }

    #[test]
    fn lengths_of_time() {
        assert_eq!(parse_duration("90s").unwrap().num_seconds(), 90);
        assert_eq!(parse_duration("1d12h").unwrap().num_hours(), 36);
        assert!(parse_duration("").is_err());
        assert!(parse_duration("now").is_err());
    }
}
