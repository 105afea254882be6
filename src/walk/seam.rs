//! Whether two neighbours meet: at an instant of which both have shown the same events.

use std::collections::HashSet;

use super::{gathered::Read, span::place_of};
use crate::{
    api::{Event, Timestamp},
    query::Order,
};

/// How two neighbours meet.
#[derive(Debug, PartialEq, Eq)]
pub enum Seam {
    /// They show the same. So many events of the instant were recorded after one of them had been read.
    Meets(u64),
    /// One has not shown what the other has, and should have.
    Differs,
}

/// Holds two neighbours against each other at the instant `at`.
pub fn join(order: Order, at: i64, front: &Read, back: &Read) -> Seam {
    let (ours, theirs) = (at_instant(order, at, front), at_instant(order, at, back));
    let (our_ids, their_ids) = (ids(ours), ids(theirs));
    // What both have only heard of proves nothing. What one has, its count has confirmed.
    let both = |event: &Event| {
        their_ids.contains(event.id()) && !(front.borrows(event) && back.borrows(event))
    };
    if !ours.iter().any(both) {
        return Seam::Differs;
    }
    let late =
        |event: &Event, as_of: Option<Timestamp>| as_of.is_some() && event.recorded_at() >= as_of;
    let ours = ours.iter().filter(|event| !their_ids.contains(event.id()));
    let theirs = theirs.iter().filter(|event| !our_ids.contains(event.id()));
    let lacking: Vec<_> = ours
        .map(|event| late(event, back.piece.as_of))
        .chain(theirs.map(|event| late(event, front.piece.as_of)))
        .collect();
    match lacking.iter().all(|late| *late) {
        true => Seam::Meets(lacking.len() as u64),
        false => Seam::Differs,
    }
}

fn at_instant(order: Order, at: i64, read: &Read) -> &[Event] {
    let events = &read.events;
    let from = events.partition_point(|event| place_of(order, event) < at);
    let to = events.partition_point(|event| place_of(order, event) <= at);
    events.get(from..to).unwrap_or_default()
}

fn ids(events: &[Event]) -> HashSet<&str> {
    events.iter().map(|event| event.id()).collect()
}
