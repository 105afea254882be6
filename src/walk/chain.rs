//! The stretches of a walk in their order, and the joints between them.
//!
//! A joint lies at an instant that was seen, so that both neighbours must show it, or where nobody has looked yet:
//! then one side is asked first, and what it shows puts the joint in its place before the other is asked. So every
//! second stretch is asked for with free ends, side by side, and those between them with both ends known.

use std::collections::VecDeque;

use super::{
    gathered::Read,
    learned::Learned,
    span::{MS, Span, ceil, floor, place_of},
    split::{self, Cut, Sight},
};
use crate::{api::Event, query::Order};

/// How far beyond a joint both sides are asked once they differed: a server may cut the ends of windows to seconds.
const WIDE: i64 = 2_000 * MS;

/// Where two stretches meet, or the window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Joint {
    pub at: i64,
    pub kind: Kind,
    /// Whether the instant holds so much that the older side waits for what the newer has shown of it.
    pub heavy: bool,
    /// How far beyond it both sides are asked.
    pub margin: i64,
    /// Times that the two sides differed.
    pub tries: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The end of the window, as it is sent.
    End,
    /// Nobody has looked.
    Guess,
    /// The instant of an event.
    Seen,
}

impl Joint {
    pub fn end(at: i64) -> Self {
        Self::new(at, Kind::End)
    }

    pub fn new(at: i64, kind: Kind) -> Self {
        Self {
            at,
            kind,
            heavy: false,
            margin: MS,
            tries: 0,
        }
    }
}

/// A stretch from its joint to the next one's.
pub(super) struct Part {
    pub id: u64,
    pub front: Joint,
    pub state: State,
    /// Whether no cut in time makes it smaller.
    pub crowd: bool,
    /// How many events it is thought to have.
    pub expect: Option<u64>,
    /// Nothing lies before this place.
    pub clear: i64,
    /// Requests that it took already.
    pub spent: u64,
}

pub(super) enum State {
    Open,
    Asked,
    Read(Box<Read>),
}

impl Part {
    pub fn read(&self) -> Option<&Read> {
        match &self.state {
            State::Read(read) => Some(read),
            _ => None,
        }
    }

    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }
}

/// The stretches that have not gone on, in the order of reading.
pub(super) struct Chain {
    pub order: Order,
    pub parts: VecDeque<Part>,
    /// Events that a part may hold.
    pub capacity: usize,
    /// Events that a page may hold.
    pub page: usize,
    /// Whether nothing may be spent on guesses.
    pub thrifty: bool,
    /// Whether cutting leads nowhere: what is left is read as it is.
    pub hopeless: bool,
    /// Microseconds an event, where it was read last.
    pub pace: Option<f64>,
    /// The end behind the last part.
    end: Joint,
    next_id: u64,
}

impl Chain {
    pub fn new(order: Order) -> Self {
        Self {
            order,
            parts: VecDeque::new(),
            capacity: 1,
            page: 1,
            thrifty: false,
            hopeless: false,
            pace: None,
            end: Joint::end(0),
            next_id: 0,
        }
    }

    /// Takes over how large the parts may be.
    pub fn fit(&mut self, learned: &Learned) {
        self.capacity = learned.capacity();
        self.page = learned.page_size();
    }

    /// Begins with one stretch.
    pub fn begin(&mut self, whole: Span, expect: Option<u64>) {
        self.parts.clear();
        self.end = Joint::end(whole.back);
        self.insert(0, Joint::end(whole.front), expect);
    }

    /// Begins anew with what has not gone on.
    pub fn restart(&mut self) {
        if let Some(front) = self.parts.front().map(|part| part.front) {
            self.parts.clear();
            self.insert(0, front, None);
        }
    }

    pub fn insert(&mut self, index: usize, front: Joint, expect: Option<u64>) {
        self.next_id += 1;
        let part = Part {
            id: self.next_id,
            front,
            state: State::Open,
            crowd: false,
            expect,
            clear: i64::MIN,
            spent: 0,
        };
        self.parts.insert(index, part);
    }

    pub fn index_of(&self, id: u64) -> Option<usize> {
        self.parts.iter().position(|part| part.id == id)
    }

    /// The joint before a part; behind the last it is the end.
    pub fn joint(&self, index: usize) -> Joint {
        self.parts.get(index).map_or(self.end, |part| part.front)
    }

    /// The stretch that is sent for a part.
    pub fn span(&self, index: usize) -> Span {
        let edge = |joint: Joint, towards: i64| match joint.kind {
            Kind::End => joint.at,
            _ if towards < 0 => floor(joint.at) - joint.margin,
            _ => ceil(joint.at) + joint.margin,
        };
        let front = edge(self.joint(index), -1);
        Span {
            front,
            back: edge(self.joint(index + 1), 1).max(front),
        }
    }

    /// Takes what was read of a part, and puts its joints where it has shown something.
    pub fn take(&mut self, index: usize, mut read: Box<Read>) {
        let span = self.span(index);
        let (least, most) = self.room(index);
        let Some(part) = self.parts.get_mut(index) else {
            return;
        };
        let sure = |event: &&Event| {
            let place = place_of(self.order, event);
            span.surely_holds(place) && least <= place && place <= most
        };
        let first = read.events.iter().find(sure);
        let last = read.events.iter().rev().find(sure);
        let places = first
            .zip(last)
            .map(|(first, last)| (place_of(self.order, first), place_of(self.order, last)));
        read.piece.requests += part.spent;
        let came = read.events.len() as u64;
        let begun = |event: &Event| place_of(self.order, event) <= part.front.at;
        let new = came - read.events.partition_point(begun) as u64;
        self.pace = Some(span.length() as f64 / new.max(1) as f64);
        let thought = part.expect.replace(came);
        part.state = State::Read(read);
        match places {
            Some((_, last)) if self.begins_at(index, last) => self.dissolve(index, span.back),
            Some((first, last)) => {
                self.pin(index, first);
                self.pin(index + 1, last);
                if let Some(next) = self.parts.get_mut(index + 1) {
                    next.clear = next.clear.max(span.back - 2 * MS);
                }
            }
            None => self.dissolve(index, span.back),
        }
        // What was not found here lies elsewhere.
        let last = self.parts.back_mut().filter(|part| part.is_open());
        if let (Some(thought), Some(expect)) = (thought, last.and_then(|part| part.expect.as_mut()))
        {
            *expect = (*expect + thought).saturating_sub(came.saturating_sub(1));
        }
    }

    /// Whether a part that ends at `last` has nothing but what was before it, and the next part can take its place.
    fn begins_at(&self, index: usize, last: i64) -> bool {
        let front = self.parts.get(index).map(|part| part.front);
        let is_front = front.is_some_and(|joint| joint.kind == Kind::Seen && last <= joint.at);
        is_front && self.parts.get(index + 1).is_some_and(Part::is_open)
    }

    /// Where the joints of a part may lie: those that a neighbour was asked for with stay in their places.
    fn room(&self, index: usize) -> (i64, i64) {
        let before = index.checked_sub(1).and_then(|i| self.parts.get(i));
        let least = match before.filter(|part| part.is_open()) {
            Some(before) => before.front.at,
            None => self.joint(index).at,
        };
        let behind = self.parts.get(index + 1).filter(|part| part.is_open());
        let most = match behind {
            Some(_) => self.joint(index + 2).at,
            None => self.joint(index + 1).at,
        };
        (least, most)
    }

    /// Puts a joint at an instant that one of its sides has shown, unless the other has been asked already.
    fn pin(&mut self, index: usize, at: i64) {
        let before = index.checked_sub(1).and_then(|i| self.parts.get(i));
        let (Some(before), Some(behind)) = (before, self.parts.get(index)) else {
            return;
        };
        if !before.is_open() && !behind.is_open() {
            return;
        }
        if let Some(part) = self.parts.get_mut(index) {
            part.front.at = at;
            part.front.kind = Kind::Seen;
        }
    }

    /// Leaves the stretch of a part that has nothing to a neighbour.
    fn dissolve(&mut self, index: usize, clear: i64) {
        let open = |index: Option<usize>| {
            index.is_some_and(|i| self.parts.get(i).is_some_and(Part::is_open))
        };
        let Some(front) = self.parts.get(index).map(|part| part.front) else {
            return;
        };
        if open(Some(index + 1)) {
            self.parts.remove(index);
            if let Some(next) = self.parts.get_mut(index) {
                next.front = front;
                next.clear = next.clear.max(clear - 2 * MS);
            }
        } else if open(index.checked_sub(1)) {
            self.parts.remove(index);
        }
    }

    /// Takes that there is more in a part than it may hold, and what was seen of it.
    pub fn cut(&mut self, index: usize, total: Option<u64>, sight: &Sight) {
        let span = self.span(index);
        let (order, capacity) = (self.order, self.capacity);
        let back = self.joint(index + 1);
        let Some(part) = self.parts.get_mut(index) else {
            return;
        };
        part.state = State::Open;
        let ends = (part.front.at, back.at);
        let cut = split::at_seen(order, span, sight, (capacity * 19 / 20).max(1));
        // A cut at a joint that is there already would be made again and again.
        let front = match part.front.kind {
            Kind::Seen => part.front.at + 2 * MS,
            _ => i64::MIN,
        };
        let back = match back.kind {
            Kind::Seen => back.at - 2 * MS,
            _ => i64::MAX,
        };
        let helps = |at: i64| match order {
            Order::NewestFirst => front < at,
            Order::OldestFirst => at < back,
        };
        let helps = |cut: &Cut| cut.seen.is_some() && front < back || helps(cut.at);
        let is_inside = |at: i64| ends.0 < at && at < ends.1;
        let Some(cut) = cut.filter(|cut| is_inside(cut.at) && helps(cut) && !self.hopeless) else {
            part.crowd = true;
            return;
        };
        let crowd = cut.seen.is_none();
        let rest = total.map(|total| total.saturating_sub(cut.seen.unwrap_or_default()));
        let joint = Joint {
            heavy: cut.heavy && (order == Order::NewestFirst || crowd),
            ..Joint::new(cut.at, Kind::Seen)
        };
        let (front, behind, newest) = match order {
            Order::NewestFirst => (cut.seen, rest, index),
            Order::OldestFirst => (rest, cut.seen, index + 1),
        };
        part.expect = front;
        self.insert(index + 1, joint, behind);
        if let Some(part) = self.parts.get_mut(newest) {
            part.crowd = crowd;
        }
    }

    /// Has two neighbours asked for again, further over their joint.
    pub fn part_again(&mut self, index: usize) {
        if let Some(part) = self.parts.get_mut(index) {
            part.front.kind = Kind::Guess;
            part.front.heavy = false;
            part.front.tries += 1;
        }
        for index in [index.saturating_sub(1), index, index + 1] {
            if let Some(part) = self.parts.get_mut(index) {
                part.front.margin = WIDE;
            }
        }
        for index in [index.saturating_sub(1), index] {
            if let Some(part) = self.parts.get_mut(index) {
                if let State::Read(read) = &part.state {
                    part.spent = read.piece.requests;
                }
                part.state = State::Open;
            }
        }
    }
}
