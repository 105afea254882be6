//! Reading a store from end to end: where a reading stands, and which way it goes.

use crate::api::Event;

/// Which way a scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `event_time` descending, then `id` descending: the order of the API.
    NewestFirst,
    /// The same order from its other end.
    OldestFirst,
}

/// The row behind which a scan goes on. The source is part of it, because two sources can hold one id at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub(super) time: i64,
    pub(super) id: String,
    pub(super) source: i64,
}

/// Part of a scan.
#[derive(Clone, Debug, PartialEq)]
pub struct Scanned {
    /// The next events, in the order of the scan.
    pub events: Vec<Event>,
    /// Where to go on; none at the end.
    pub next: Option<Position>,
}
