//! Reading a store from end to end: where a reading stands.

use crate::api::Event;

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
