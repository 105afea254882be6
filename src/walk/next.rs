//! What is asked next: which part of the chain, over which stretch, and what of it is known already.

use std::collections::HashSet;

use super::{
    chain::{Chain, Joint, Kind, Part, State},
    gathered::Known,
    piece::Ask,
    span::{MS, Span, floor, place_of},
};
use crate::{
    api::Event,
    query::{Filter, Order},
};

/// Stretches shorter than this are not cut where nothing was seen.
const SHORTEST: i64 = 16 * MS;
/// Events of a heavy seam that are fetched again, to have been shown by both sides.
const SHOWN_AGAIN: usize = 16;
/// Milliseconds in which an edge is looked for that lies between events.
const CLEAR: i64 = 8;

impl Chain {
    /// Whether a part can be asked for, as far as its neighbours are concerned.
    pub fn is_askable(&self, index: usize) -> bool {
        let before = index.checked_sub(1).and_then(|i| self.parts.get(i));
        let behind = self.parts.get(index + 1);
        let (newer, older) = match self.order {
            Order::NewestFirst => (before, behind),
            Order::OldestFirst => (behind, before),
        };
        let allows = |joint: Joint, neighbour: Option<&Part>, is_newer: bool| match joint.kind {
            Kind::End => true,
            Kind::Guess => neighbour.is_none_or(Part::is_open),
            Kind::Seen => {
                !(joint.heavy && is_newer) || neighbour.is_none_or(|part| part.read().is_some())
            }
        };
        let Some(front) = self.parts.get(index).map(|part| part.front) else {
            return false;
        };
        let (newer_joint, older_joint) = match self.order {
            Order::NewestFirst => (front, self.joint(index + 1)),
            Order::OldestFirst => (self.joint(index + 1), front),
        };
        allows(newer_joint, newer, true) && allows(older_joint, older, false)
    }

    /// Takes back the guesses that nobody has looked at.
    pub fn take_back(&mut self) {
        let mut index = 1;
        while let Some(part) = self.parts.get(index) {
            let (joint, expect) = (part.front, part.expect);
            let before = self.parts.get(index - 1).is_some_and(Part::is_open);
            let is_idle = joint.kind == Kind::Guess && joint.tries == 0;
            if !(is_idle && before && part.is_open()) {
                index += 1;
                continue;
            }
            self.parts.remove(index);
            if let Some(before) = self.parts.get_mut(index - 1) {
                before.expect = before.expect.zip(expect).map(|(a, b)| a + b);
            }
        }
    }

    /// Cuts off as much of a large part as a page is thought to hold, so that others can be asked for beside it.
    pub fn narrow(&mut self, index: usize) {
        if self.thrifty || !self.is_wide(index) {
            return;
        }
        let span = self.between(index);
        // So much less than fits that chance alone does not exceed it: three times the square root, and a little.
        let spare = (3.5 * (self.capacity as f64).sqrt()) as usize;
        let fill = self
            .capacity
            .saturating_sub(spare)
            .max(self.capacity / 2)
            .max(1) as u64;
        let Some(part) = self.parts.get_mut(index) else {
            return;
        };
        let from = span.front.max(part.clear);
        let expect = part.expect.unwrap_or_default();
        let average = (span.back - from) as f64 / expect.max(1) as f64;
        let pace = self.pace.unwrap_or(average);
        let reach = pace.clamp(average / 8.0, average * 8.0) * fill as f64;
        // Where there was nothing, as far again.
        let reach = reach.max((from - span.front) as f64);
        // Something must be left, or the same would be asked again.
        let most = (span.back - from) / 8 * 7;
        let at = floor(from + (reach as i64).clamp(4 * MS, most));
        part.expect = Some(fill);
        let rest = expect.saturating_sub(fill);
        self.insert(index + 1, Joint::new(at, Kind::Guess), Some(rest));
    }

    /// Whether a part is thought to hold too much, and can be cut where nothing was seen.
    fn is_wide(&self, index: usize) -> bool {
        let span = self.between(index);
        self.parts.get(index).is_some_and(|part| {
            let expect = part.expect.unwrap_or_default();
            let from = span.front.max(part.clear);
            // Where most of it is known to hold nothing, the rest is asked for whole.
            let length = span.back - from;
            let is_long = length > SHORTEST && length > from - span.front;
            !part.crowd && expect > self.capacity as u64 && is_long
        })
    }

    /// The stretch from a part's joint to the next one's.
    fn between(&self, index: usize) -> Span {
        let front = self.joint(index).at;
        Span {
            front,
            back: self.joint(index + 1).at.max(front),
        }
    }

    /// What is asked for a part; from now on it is asked for.
    pub fn ask(&mut self, index: usize, filters: &[Filter]) -> Option<(u64, Ask)> {
        let mut span = self.span(index);
        let known = self.known(index, &mut span);
        let order = self.order;
        let part = self.parts.get_mut(index)?;
        part.state = State::Asked;
        let ask = Ask {
            span,
            filters: filters.to_vec(),
            order,
            crowd: part.crowd,
            known,
        };
        Some((part.id, ask))
    }

    /// What the neighbours have shown of a part, where that is much, and how much of it need not come again.
    fn known(&self, index: usize, span: &mut Span) -> Known {
        let front = self.shown_by(index.checked_sub(1), index, -1, span);
        let back = self.shown_by(Some(index + 1), index + 1, 1, span);
        let (front_joint, back_joint) = (self.joint(index).at, self.joint(index + 1).at);
        let ((newer, newer_joint), (older, older_joint)) = match self.order {
            Order::NewestFirst => ((front, front_joint), (back, back_joint)),
            Order::OldestFirst => ((back, back_joint), (front, front_joint)),
        };
        let side = |event: &Event, joint: i64| match self.order {
            Order::NewestFirst => place_of(self.order, event).cmp(&joint),
            Order::OldestFirst => joint.cmp(&place_of(self.order, event)),
        };
        let before = newer
            .iter()
            .filter(|e| side(e, newer_joint).is_lt())
            .count();
        let at = newer
            .iter()
            .filter(|e| side(e, newer_joint).is_eq())
            .count();
        let again = SHOWN_AGAIN.min(self.page.div_ceil(2));
        let skip = before + at - again.min(at.div_ceil(4));
        let last = older
            .iter()
            .filter(|e| side(e, older_joint).is_ge())
            .count();
        let known: HashSet<_> = newer.iter().map(|event| event.id().to_owned()).collect();
        let others = older
            .into_iter()
            .filter(|event| !known.contains(event.id()));
        Known {
            skip: skip as u64,
            older: last as u64,
            events: newer.into_iter().chain(others).collect(),
        }
    }

    /// What a neighbour has shown of a stretch. Its edge on that side is put where the neighbour shows nothing, so that
    /// it is sure what is counted.
    fn shown_by(
        &self,
        neighbour: Option<usize>,
        joint: usize,
        sign: i64,
        span: &mut Span,
    ) -> Vec<Event> {
        let joint = self.parts.get(joint).map(|part| part.front);
        let neighbour = neighbour.and_then(|index| self.parts.get(index));
        let (Some(joint), Some(read)) = (joint, neighbour.and_then(Part::read)) else {
            return Vec::new();
        };
        if joint.kind != Kind::Seen {
            return Vec::new();
        }
        let base = if sign < 0 { span.front } else { span.back };
        let places = || read.events.iter().map(|event| place_of(self.order, event));
        let near = |edge: i64| places().any(|x| (x - edge).abs() < MS);
        let mut edges = (0..CLEAR).map(|step| base + sign * step * MS);
        let Some(edge) = edges.find(|edge| !near(*edge)) else {
            return Vec::new();
        };
        let wider = match sign {
            -1 => Span {
                front: edge,
                ..*span
            },
            _ => Span {
                back: edge,
                ..*span
            },
        };
        let held = |event: &&Event| wider.surely_holds(place_of(self.order, event));
        let events: Vec<_> = read.events.iter().filter(held).cloned().collect();
        if events.len() < 2 || events.len() <= self.capacity / 8 {
            return Vec::new();
        }
        *span = wider;
        events
    }
}
