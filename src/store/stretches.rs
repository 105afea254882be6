//! Windows as counted spans: months, days and hours by the counts, and what is less than an hour by the index.

use super::counts::{Grain, HOUR, Hour, micros};
use crate::query::Window;

/// A part of a window, and what its events are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stretch {
    /// Whole hours, days or months: those that begin from `from` on and before `to`.
    Whole { grain: Grain, from: Hour, to: Hour },
    /// Less than an hour: the events from `first` to `last`, in microseconds, both included.
    Part { first: i64, last: i64 },
}

/// Spans whose events, added and taken away, are those of a window.
#[derive(Debug, Default)]
pub(super) struct Cover {
    pub(super) added: Vec<Stretch>,
    pub(super) taken: Vec<Stretch>,
}

/// Where a bound that lies within a span is moved.
#[derive(Clone, Copy)]
enum Rounding {
    /// Into the window, so that all spans lie in it.
    Inward,
    /// To the nearer bound of the span.
    Nearest,
}

/// Cuts a window into as few counted spans as it holds, newest first.
pub(super) fn stretches(window: &Window) -> Vec<Stretch> {
    cut(window, Rounding::Inward).added
}

/// Covers a window with as few counted spans as possible, of which some may have to be taken away again.
pub(super) fn cover(window: &Window) -> Cover {
    cut(window, Rounding::Nearest)
}

fn cut(window: &Window, rounding: Rounding) -> Cover {
    let (from, last) = window.micros();
    let to = last.saturating_add(1);
    let mut cover = Cover::default();
    cover.push(Some(Grain::Month), from, to, rounding, true);
    cover
}

impl Cover {
    /// Adds, or takes away, the instants from `from` on and before `to`, in microseconds.
    fn push(&mut self, grain: Option<Grain>, from: i64, to: i64, rounding: Rounding, adds: bool) {
        if from >= to {
            return;
        }
        let Some(grain) = grain else {
            let last = to - 1;
            return self.side(adds).push(Stretch::Part { first: from, last });
        };
        let (begin, end) = match rounding {
            Rounding::Inward => (ceil(grain, from), floor(grain, to)),
            Rounding::Nearest => (nearest(grain, from), nearest(grain, to)),
        };
        let finer = grain.finer();
        if begin >= end {
            return self.push(finer, from, to, rounding, adds);
        }
        self.push(finer, end, to, rounding, adds);
        self.push(finer, to, end, rounding, !adds);
        self.side(adds).push(Stretch::Whole {
            grain,
            from: hour(begin),
            to: hour(end),
        });
        self.push(finer, from, begin, rounding, adds);
        self.push(finer, begin, from, rounding, !adds);
    }

    fn side(&mut self, adds: bool) -> &mut Vec<Stretch> {
        match adds {
            true => &mut self.added,
            false => &mut self.taken,
        }
    }
}

/// The hour that an instant lies in.
fn hour(at: i64) -> Hour {
    match at {
        i64::MIN | i64::MAX => at,
        at => at.div_euclid(HOUR),
    }
}

/// First instant of the span that `at` lies in.
fn floor(grain: Grain, at: i64) -> i64 {
    micros(grain.floor(hour(at)))
}

/// First instant of the first span that begins at `at` or later.
fn ceil(grain: Grain, at: i64) -> i64 {
    match floor(grain, at) {
        floor if floor == at => at,
        floor => micros(grain.next(hour(floor))),
    }
}

fn nearest(grain: Grain, at: i64) -> i64 {
    let (floor, ceil) = (floor(grain, at), ceil(grain, at));
    match at.abs_diff(floor) <= at.abs_diff(ceil) {
        true => floor,
        false => ceil,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{Cover, HOUR, Stretch, cover, stretches};
    use crate::{api::Timestamp, query::Window};

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn window(start: &str, end: &str) -> Window {
        let bound = |text: &str| (!text.is_empty()).then(|| time(text));
        Window {
            start: bound(start),
            end: bound(end),
        }
    }

    fn shown(stretches: &[Stretch]) -> Vec<String> {
        let date = |hour: i64| match hour {
            i64::MIN => "…".to_owned(),
            i64::MAX => "…".to_owned(),
            hour => DateTime::<Utc>::from_timestamp(hour * 3600, 0)
                .unwrap()
                .format("%m-%d %H")
                .to_string(),
        };
        let part = |micros: i64| {
            DateTime::<Utc>::from_timestamp_micros(micros)
                .unwrap()
                .format("%m-%d %H:%M:%S%.6f")
                .to_string()
        };
        let show = |stretch: &Stretch| match *stretch {
            Stretch::Whole { grain, from, to } => {
                format!("{grain:?} {} to {}", date(from), date(to))
            }
            Stretch::Part { first, last } => format!("{} to {}", part(first), part(last)),
        };
        stretches.iter().map(show).collect()
    }

    fn shown_of(window: &Window) -> Vec<String> {
        shown(&stretches(window))
    }

    #[test]
    fn a_window_is_cut_into_the_largest_spans_that_it_holds() {
        assert_eq!(
            shown_of(&window("2026-01-30T22:30:00Z", "2026-04-02T01:15:00Z")),
            [
                "04-02 01:00:00.000000 to 04-02 01:15:00.000000",
                "Hour 04-02 00 to 04-02 01",
                "Day 04-01 00 to 04-02 00",
                "Month 02-01 00 to 04-01 00",
                "Day 01-31 00 to 02-01 00",
                "Hour 01-30 23 to 01-31 00",
                "01-30 22:30:00.000000 to 01-30 22:59:59.999999",
            ]
        );
        assert_eq!(shown_of(&window("", "")), ["Month … to …"]);
        assert_eq!(
            shown_of(&window("2026-01-01T00:00:00Z", "")),
            ["Month 01-01 00 to …"]
        );
        assert_eq!(
            shown_of(&window("", "2026-01-31T23:59:59.999999Z")),
            ["Month … to 02-01 00"]
        );
        assert_eq!(
            shown_of(&window("2026-01-01T05:10:00Z", "2026-01-01T06:59:59Z")),
            ["01-01 05:10:00.000000 to 01-01 06:59:59.000000"]
        );
        assert_eq!(
            shown_of(&window("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z")),
            [""; 0]
        );
    }

    /// Every instant near a bound of hours is in exactly one part of each window, or outside as the window says.
    #[test]
    fn the_parts_of_a_window_hold_each_of_its_instants_once() {
        let base = time("2026-02-27T00:00:00Z").micros();
        let instants: Vec<i64> = (0..40)
            .flat_map(|n| [-1, 0, 1].map(|by| base + n * 7 * HOUR + by))
            .collect();
        let holds = |stretch: &Stretch, at: i64| match *stretch {
            Stretch::Part { first, last } => (first..=last).contains(&at),
            Stretch::Whole { grain, from, to } => {
                let start = grain.floor(at.div_euclid(HOUR));
                (from..to).contains(&start)
            }
        };
        for &start in &instants {
            for &end in instants.iter().step_by(5) {
                let window = Window {
                    start: Timestamp::from_micros(start),
                    end: Timestamp::from_micros(end),
                };
                let (parts, cover) = (stretches(&window), cover(&window));
                for &at in &instants {
                    let of =
                        |parts: &[Stretch]| parts.iter().filter(|part| holds(part, at)).count();
                    let expected = usize::from((start..=end).contains(&at));
                    assert_eq!(of(&parts), expected, "{start} {end} {at} {parts:?}");
                    let counted = of(&cover.added) - of(&cover.taken);
                    assert_eq!(counted, expected, "{start} {end} {at} {cover:?}");
                }
            }
        }
    }

    #[test]
    fn what_a_window_lacks_is_taken_away_where_that_is_less() {
        let of = |start, end| {
            let Cover { added, taken } = cover(&window(start, end));
            (shown(&added), shown(&taken))
        };
        let strings = |list: &[&str]| list.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            of("2026-01-01T00:00:00Z", "2026-12-31T23:59:59.999Z"),
            (
                strings(&["Month 01-01 00 to 01-01 00"]),
                strings(&["12-31 23:59:59.999001 to 12-31 23:59:59.999999"])
            )
        );
        assert_eq!(
            of("2026-01-30T22:30:00Z", "2026-04-02T01:15:00Z"),
            (
                strings(&[
                    "04-02 01:00:00.000000 to 04-02 01:15:00.000000",
                    "Hour 04-02 00 to 04-02 01",
                    "Day 04-01 00 to 04-02 00",
                    "Month 02-01 00 to 04-01 00",
                    "Day 01-31 00 to 02-01 00",
                    "Hour 01-30 22 to 01-31 00",
                ]),
                strings(&["01-30 22:00:00.000000 to 01-30 22:29:59.999999"])
            )
        );
        assert_eq!(
            of("", "2026-04-22T20:40:00Z"),
            (
                strings(&["Month … to 05-01 00"]),
                strings(&[
                    "Day 04-23 00 to 05-01 00",
                    "Hour 04-22 21 to 04-23 00",
                    "04-22 20:40:00.000001 to 04-22 20:59:59.999999",
                ])
            )
        );
    }
}
