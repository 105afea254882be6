//! Where two pieces meet: an event that both have shown.

use std::{collections::HashSet, sync::Arc};

use super::{
    piece::Read,
    span::{Span, place_of},
};
use crate::{
    api::{Event, Timestamp},
    query::Order,
};

/// How two neighbours meet.
#[derive(Debug, PartialEq, Eq)]
pub enum Seam {
    /// At this place: what lies before it is the front piece's, all else the other's. So many events of the overlap
    /// were recorded after one of them had been read.
    At(i64, u64),
    /// Nothing was seen from both sides.
    Open,
    /// One has not shown what the other has, and should have.
    Differs,
}

/// Joins two neighbours, each with the stretch that it was asked for.
pub fn join(order: Order, front: (Span, &Read), back: (Span, &Read)) -> Seam {
    let both = Span {
        front: front.0.front.max(back.0.front),
        back: front.0.back.min(back.0.back),
    };
    let (ours, theirs) = (
        shown(order, both, &front.1.events),
        shown(order, both, &back.1.events),
    );
    let (our_ids, their_ids) = (ids(ours), ids(theirs));
    let Some(common) = ours.iter().find(|event| their_ids.contains(event.id())) else {
        return Seam::Open;
    };
    let late = |events: &[Arc<Event>], others: &HashSet<&str>, as_of: Option<Timestamp>| {
        let lacking = events.iter().filter(|event| !others.contains(event.id()));
        lacking
            .map(|event| event.recorded_at() >= as_of && as_of.is_some())
            .collect::<Vec<_>>()
    };
    let lacking = [
        late(theirs, &our_ids, front.1.piece.as_of),
        late(ours, &their_ids, back.1.piece.as_of),
    ]
    .concat();
    match lacking.iter().all(|late| *late) {
        true => Seam::At(place_of(order, common), lacking.len() as u64),
        false => Seam::Differs,
    }
}

/// The events that lie in a stretch for sure.
fn shown(order: Order, span: Span, events: &[Arc<Event>]) -> &[Arc<Event>] {
    let from = events.partition_point(|event| place_of(order, event) < span.first_sure());
    let to = events.partition_point(|event| place_of(order, event) <= span.last_sure());
    events.get(from..to).unwrap_or_default()
}

fn ids(events: &[Arc<Event>]) -> HashSet<&str> {
    events.iter().map(|event| event.id()).collect()
}
