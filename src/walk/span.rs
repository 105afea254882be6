//! Places on the walk: instants in microseconds that grow in the direction of reading, whichever that is.

use crate::{
    api::{Event, Timestamp},
    query::{Order, Window},
};

/// A millisecond, the unit in which windows are sent: some servers keep no finer times.
pub const MS: i64 = 1_000;

/// Where an instant lies on the walk.
pub fn place(order: Order, time: Timestamp) -> i64 {
    match order {
        Order::NewestFirst => -time.micros(),
        Order::OldestFirst => time.micros(),
    }
}

/// Where an event lies on the walk.
pub fn place_of(order: Order, event: &Event) -> i64 {
    place(order, event.time())
}

/// The last whole millisecond at or before `x`.
pub fn floor(x: i64) -> i64 {
    x - x.rem_euclid(MS)
}

/// The first whole millisecond at or behind `x`.
pub fn ceil(x: i64) -> i64 {
    floor(x.saturating_add(MS - 1))
}

/// A stretch of the walk as a window of it is sent: whole milliseconds, both ends named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The end that is read first.
    pub front: i64,
    /// The other end; never before `front`.
    pub back: i64,
}

impl Span {
    /// The window that is sent for it.
    pub fn window(self, order: Order) -> Window {
        let (start, end) = match order {
            Order::NewestFirst => (-self.back, -self.front),
            Order::OldestFirst => (self.front, self.back),
        };
        Window {
            start: Timestamp::from_micros(start),
            end: Timestamp::from_micros(end),
        }
    }

    /// Its length in microseconds.
    pub fn length(self) -> i64 {
        self.back - self.front
    }

    /// Whether a server surely counts an event at `x`: it may leave out either end, and show a millisecond where it
    /// keeps something finer.
    pub fn surely_holds(self, x: i64) -> bool {
        self.front + MS <= x && x <= self.back - MS
    }

    /// Whether an event at `x` can be an answer to this window at all.
    pub fn may_hold(self, x: i64) -> bool {
        self.front - MS <= x && x <= self.back + MS
    }
}
