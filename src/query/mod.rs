//! A question to an audit trail, as a plain value: filters, a window, and what they mean.
//!
//! A server answers it over HTTP, a store in SQL; [`Query::matches`] is its meaning. Pure: the clock is handed in.

mod filter;
mod params;
mod time;

use std::cmp::Ordering;

use crate::api::{Event, Timestamp, newest_first};

pub use filter::{Filter, FilterError};
pub use params::{ParamError, Request, Sendable};
pub use time::{Period, TimeError, Zone, parse_duration};

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// The instants that are asked for.
    pub window: Window,
    /// All of these must let an event through.
    pub filters: Vec<Filter>,
}

/// Which events come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `event_time` descending, then `id` descending.
    NewestFirst,
    /// The other way round.
    OldestFirst,
}

impl Order {
    /// Compares two events in this order.
    pub fn compare(self, a: &Event, b: &Event) -> Ordering {
        match self {
            Self::NewestFirst => newest_first(a, b),
            Self::OldestFirst => newest_first(b, a),
        }
    }
}

/// A span of `event_time`; both ends belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// First instant, or no bound.
    pub start: Option<Timestamp>,
    /// Last instant, or no bound.
    pub end: Option<Timestamp>,
}

impl Window {
    /// Whether `time` lies in the window.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.start.is_none_or(|start| start <= time) && self.end.is_none_or(|end| time <= end)
    }

    /// First and last instant in microseconds; where there is no bound, the ends of the numbers.
    pub fn micros(&self) -> (i64, i64) {
        (
            self.start.map_or(i64::MIN, Timestamp::micros),
            self.end.map_or(i64::MAX, Timestamp::micros),
        )
    }
}

impl Query {
    /// Whether `event` answers the question. This is the meaning that servers and stores are held against.
    pub fn matches(&self, event: &Event) -> bool {
        self.window.contains(event.time())
            && self.filters.iter().all(|filter| filter.lets_through(event))
    }
}
