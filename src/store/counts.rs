//! Counts that are kept beside the events: how many of each kind lie in each hour, day and month.
//!
//! Who stores or deletes events changes the counts in the same transaction, so that a sum over them is never an
//! estimate.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Months, NaiveDate};

use super::{
    kind::{EVERY_KIND, KindId},
    stretches::Stretch,
};

/// Microseconds of an hour.
pub(super) const HOUR: i64 = 3_600_000_000;

/// The spans that events are counted in. Their numbers are those of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grain {
    Hour = 0,
    Day = 1,
    Month = 2,
}

/// Hours since 1970. The least and the greatest stand for no bound.
pub(super) type Hour = i64;

impl Grain {
    pub(super) const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Month];

    pub(super) fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|grain| *grain as i64 == number)
    }

    /// The grain that divides it.
    pub(super) fn finer(self) -> Option<Self> {
        match self {
            Self::Hour => None,
            Self::Day => Some(Self::Hour),
            Self::Month => Some(Self::Day),
        }
    }

    /// First hour of the span that `hour` lies in.
    pub(super) fn floor(self, hour: Hour) -> Hour {
        match self {
            _ if hour == Hour::MIN || hour == Hour::MAX => hour,
            Self::Hour => hour,
            Self::Day => hour.div_euclid(24) * 24,
            Self::Month => month(hour).map_or(hour, first_hour),
        }
    }

    /// First hour behind the span that begins at `start`.
    pub(super) fn next(self, start: Hour) -> Hour {
        match self {
            _ if start == Hour::MIN || start == Hour::MAX => start,
            Self::Hour => start + 1,
            Self::Day => start + 24,
            Self::Month => month(start)
                .and_then(|month| month.checked_add_months(Months::new(1)))
                .map_or(start + 24, first_hour),
        }
    }
}

/// The first day of the month of an hour.
fn month(hour: Hour) -> Option<NaiveDate> {
    DateTime::from_timestamp(hour.checked_mul(3600)?, 0)?
        .date_naive()
        .with_day(1)
}

fn first_hour(day: NaiveDate) -> Hour {
    day.and_time(Default::default()).and_utc().timestamp() / 3600
}

/// What a transaction changes: for each grain, kind and first hour, how many events are there more, or fewer.
#[derive(Debug, Default)]
pub(super) struct Deltas(BTreeMap<(Grain, KindId, Hour), i64>);

impl Deltas {
    /// Counts `by` events of `kind` at a time in microseconds.
    pub(super) fn add(&mut self, kind: KindId, time: i64, by: i64) {
        *self
            .0
            .entry((Grain::Hour, kind, time.div_euclid(HOUR)))
            .or_default() += by;
    }

    /// Each change of a count: grain, kind, first hour, and the change.
    pub(super) fn into_changes(self) -> impl Iterator<Item = (Grain, KindId, Hour, i64)> {
        let mut all: BTreeMap<(Grain, KindId, Hour), i64> = BTreeMap::new();
        for ((_, kind, hour), by) in self.0 {
            for grain in Grain::ALL {
                for kind in [kind, EVERY_KIND] {
                    *all.entry((grain, kind, grain.floor(hour))).or_default() += by;
                }
            }
        }
        all.into_iter()
            .filter(|(_, by)| *by != 0)
            .map(|((grain, kind, start), by)| (grain, kind, start, by))
    }
}

/// Events of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    /// What it can be divided into by counts, if it can.
    finer: Option<Grain>,
    /// Whether it is what was left of a larger one.
    is_rest: bool,
    /// First instant, in microseconds.
    pub(super) first: i64,
    /// Last instant.
    pub(super) last: i64,
    pub(super) events: u64,
}

impl Bucket {
    /// A counted span, which the table names by its first hour.
    pub(super) fn whole(grain: Grain, start: Hour, events: u64) -> Self {
        Self {
            finer: grain.finer(),
            is_rest: false,
            first: micros(start),
            last: micros(grain.next(start)).saturating_sub(1),
            events,
        }
    }

    /// A row of an answer about `stretches`: number of the grain, or of the stretch below zero; first hour; events.
    pub(super) fn read(
        number: i64,
        start: Hour,
        events: u64,
        stretches: &[Stretch],
    ) -> Option<Self> {
        if let Some(grain) = Grain::from_number(number) {
            return Some(Self::whole(grain, start, events));
        }
        match stretches.get(usize::try_from(-1 - number).ok()?)? {
            Stretch::Part { first, last } => Some(Self {
                finer: None,
                is_rest: false,
                first: *first,
                last: *last,
                events,
            }),
            Stretch::Whole { .. } => None,
        }
    }

    /// The newest of the finer spans that it can be divided into: twice as many as hold the newest `wanted` of its events
    /// where these lie evenly, and all of them where that was too few before.
    pub(super) fn divided(&self, wanted: u64) -> Option<Stretch> {
        let finer = self.finer?;
        let (from, to) = (self.first.div_euclid(HOUR), self.last.div_euclid(HOUR) + 1);
        let hours = match finer {
            Grain::Hour => 1,
            Grain::Day | Grain::Month => 24,
        };
        let spans = (to - from) / hours;
        let even =
            u128::from(wanted) * spans.unsigned_abs() as u128 / u128::from(self.events.max(1));
        let taken = i64::try_from(2 * even + 1).unwrap_or(spans).min(spans);
        Some(Stretch::Whole {
            grain: finer,
            from: if self.is_rest {
                from
            } else {
                to - taken * hours
            },
            to,
        })
    }

    /// What is left of it without its newest part and the events in that.
    pub(super) fn without(&self, newest: &Stretch, events: u64) -> Option<Self> {
        let Stretch::Whole { from, .. } = *newest else {
            return None;
        };
        (micros(from) > self.first).then(|| Self {
            last: micros(from) - 1,
            events: self.events.saturating_sub(events),
            is_rest: true,
            ..*self
        })
    }
}

pub(super) fn micros(hour: Hour) -> i64 {
    hour.saturating_mul(HOUR)
}

#[cfg(test)]
mod tests {
    use chrono::Timelike;

    use super::{Deltas, Grain, HOUR};
    use crate::api::Timestamp;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_month_is_the_calendars() {
        for text in [
            "2024-02-29T23:59:59Z",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
        ] {
            let utc = time(text).utc();
            let hour = utc.timestamp().div_euclid(3600);
            let first = utc.format("%Y-%m-01T00:00:00Z").to_string();
            assert_eq!(
                Grain::Month.floor(hour),
                time(&first).micros().div_euclid(HOUR)
            );
            assert_eq!(Grain::Day.floor(hour), hour - i64::from(utc.hour()));
        }
    }

    #[test]
    fn a_change_reaches_every_grain_and_the_count_of_all() {
        let mut deltas = Deltas::default();
        let at = time("2026-11-05T10:20:00Z").micros();
        deltas.add(7, at, 1);
        deltas.add(7, at + HOUR, 1);
        deltas.add(8, at, 1);
        deltas.add(8, at, -1);
        let hour = at / HOUR;
        let (day, month) = (hour - 10, hour - 10 - 4 * 24);
        let expected = [
            (Grain::Hour, 0, hour, 1),
            (Grain::Hour, 0, hour + 1, 1),
            (Grain::Hour, 7, hour, 1),
            (Grain::Hour, 7, hour + 1, 1),
            (Grain::Day, 0, day, 2),
            (Grain::Day, 7, day, 2),
            (Grain::Month, 0, month, 2),
            (Grain::Month, 7, month, 2),
        ];
        assert_eq!(deltas.into_changes().collect::<Vec<_>>(), expected);
    }
}
