//! The sample trail of `--demo`: four weeks of a made-up company, ending now.
//!
//! `company` says who lives there, `kind` what can happen, `office`, `machines` and `night` what does; `trail` writes
//! it down. Everything is a function of the day: no clock, no files, no chance. It knows only what an event is.

mod admin;
mod catalog;
mod company;
mod kind;
mod machines;
mod night;
mod office;
mod scaffolder;
mod trail;

use chrono::{Datelike, Days, NaiveDate};

use crate::api::{Event, Timestamp};
use trail::Trail;

/// Days that are told, today among them.
const DAYS: u64 = 28;

/// The trail as it is stored at `now`, newest first: today and the 27 days before it (UTC), about 5,000 events.
///
/// The same for every `now` of a day, but for what `now` has not seen yet; and a day is told the same on the next one,
/// but for the night that is worth finding (`night`), which moves to the last Sunday.
pub fn sample_trail(now: Timestamp) -> Vec<Event> {
    let today = now.utc().date_naive();
    let mut trail = Trail::new();
    for day in (0..DAYS)
        .rev()
        .filter_map(|ago| today.checked_sub_days(Days::new(ago)))
    {
        trail.open(day, 0);
        machines::work(&mut trail, day);
        office::work(&mut trail, day);
    }
    if let Some(sunday) = last_sunday(today) {
        night::happens(&mut trail, sunday);
    }
    trail.into_events(now)
}

/// The last Sunday that is over at any time of `today`.
fn last_sunday(today: NaiveDate) -> Option<NaiveDate> {
    let ago = match today.weekday().num_days_from_sunday() {
        0 => 7,
        days => days,
    };
    today.checked_sub_days(Days::new(ago.into()))
}

#[cfg(test)]
mod tests;
