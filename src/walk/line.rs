//! The pieces of a walk in their order: what is asked next, and what becomes of the answers.

use std::{collections::VecDeque, io, sync::Arc};

use tokio::{task::JoinSet, time::Instant};

use super::{
    Begun, Pages, Reading, Sink, Told, WalkError,
    learned::Learned,
    piece::{Ask, Outcome, Read, Reader},
    span::{MS, Span, ceil, floor, place, place_of},
    split::{self, Cut},
    verdict::Account,
};
use crate::{
    api::{Event, Field, Timestamp},
    query::{Filter, Order, Query, Request, Sendable},
};

/// Bytes of events that may wait for their turn before no further piece is asked for.
const MAX_HELD: usize = 12 << 20;

/// A stretch of the window on its way to a piece.
pub(super) struct Part {
    id: u64,
    pub(super) span: Span,
    pub(super) state: State,
    /// Whether no cut in time makes it smaller.
    crowd: bool,
    /// Whether it begins so that it does not hold the last instant of the part before it.
    apart: bool,
    /// How many events it is thought to have.
    expect: Option<u64>,
    /// Times that it did not meet a neighbour; more than none in one that is there because two did not meet.
    pub(super) tries: u32,
    /// Requests that went before those that read it.
    spent: u64,
}

pub(super) enum State {
    Open,
    Asked,
    Read(Box<Read>),
}

impl Part {
    pub(super) fn read(&self) -> Option<&Read> {
        match &self.state {
            State::Read(read) => Some(read),
            _ => None,
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Where the first and last of the events lie that it surely holds.
    pub(super) fn reach(&self, order: Order) -> Option<(i64, i64)> {
        let events = &self.read()?.events;
        let place = |event: &Arc<Event>| place_of(order, event);
        let from = events.partition_point(|event| place(event) < self.span.first_sure());
        let to = events.partition_point(|event| place(event) <= self.span.last_sure());
        let sure = events.get(from..to)?;
        Some((place(sure.first()?), place(sure.last()?)))
    }
}

type Done<E> = (u64, Result<Outcome, E>, Learned, u64);

/// A walk under way.
pub struct Line<P: Pages> {
    pages: Arc<P>,
    reading: Reading,
    pub(super) order: Order,
    /// The question with its frozen window.
    pub(super) query: Query,
    cut: Sendable,
    leaky: Vec<Field>,
    begun: Begun,
    learned: Learned,
    pub(super) parts: VecDeque<Part>,
    next_id: u64,
    tasks: JoinSet<Done<P::Error>>,
    /// Everything before this place has gone on.
    pub(super) gone: i64,
    requests: u64,
    /// Events of pieces that have been read.
    read: u64,
    /// Events that have gone on.
    pub(super) given: u64,
    pub(super) account: Account,
}

impl<P: Pages> Line<P> {
    pub fn new(pages: Arc<P>, reading: &Reading) -> Self {
        Self {
            pages,
            reading: reading.clone(),
            order: reading.order,
            query: reading.query.clone(),
            cut: reading.query.sendable(&[]),
            leaky: Vec::new(),
            begun: Begun::default(),
            learned: Learned::new(reading.page_size, reading.now),
            parts: VecDeque::new(),
            next_id: 0,
            tasks: JoinSet::new(),
            gone: i64::MIN,
            requests: 0,
            read: 0,
            given: 0,
            account: Account::default(),
        }
    }

    pub async fn run(mut self, sink: &mut dyn Sink) -> Result<Told, WalkError<P::Error>> {
        self.begin().await.map_err(WalkError::Fetch)?;
        sink.begun(&self.begun).map_err(WalkError::Sink)?;
        loop {
            if self.settle(sink).map_err(WalkError::Sink)?.is_break() {
                self.account.stop();
                break;
            }
            self.dispatch();
            let (id, outcome, learned, requests) = match self.tasks.join_next().await {
                Some(done) => done.map_err(|error| WalkError::Sink(io::Error::other(error)))?,
                None if self.parts.is_empty() => break,
                None => {
                    self.account.give_up(self.query.window);
                    break;
                }
            };
            let outcome = outcome.map_err(WalkError::Fetch)?;
            self.absorb(id, outcome, &learned, requests);
        }
        Ok(Told {
            begun: self.begun,
            applied_here: self.cut.rest.iter().map(|filter| filter.field).collect(),
            leaky: self.leaky,
            doubles: self.account.doubles,
            late: self.account.late,
            verdict: self.account.verdict(),
        })
    }

    /// The first answer: it freezes the window, and tells how much there is.
    async fn begin(&mut self) -> Result<(), P::Error> {
        let (rows, total) = loop {
            let sent = Instant::now();
            self.requests += 1;
            let answer = match self.pages.fetch(self.first_request()).await {
                Err(error) if P::refuses_limit(&error) && self.learned.limit > 1 => {
                    self.learned.limit /= 2;
                    continue;
                }
                answer => answer?,
            };
            self.learned.heard(&answer, sent);
            let second = chrono::Duration::seconds(1);
            let end = answer.date.unwrap_or(self.reading.now).plus(second);
            self.query.window.end.get_or_insert(end);
            let leaks = self.leaks(&answer.page.events);
            if leaks.is_empty() {
                break (answer.page.events, answer.page.total);
            }
            self.withhold(leaks);
        };
        self.cut.query.window = self.query.window;
        self.begun = Begun {
            sent: self.cut.query.clone(),
            total,
        };
        self.learned.largest = self.learned.largest.max(rows.len());
        let Some(whole) = self.whole() else {
            return Ok(());
        };
        if !rows.is_empty() && total.is_some_and(|total| total > rows.len() as u64) {
            self.learned.counts = true;
            self.learned.page = Some(rows.len());
        }
        self.insert(0, whole, total);
        let inside = |x: &i64| whole.first_sure() <= *x && *x <= whole.last_sure();
        let places = rows.iter().map(|row| place_of(self.order, row));
        let places: Vec<_> = places.filter(inside).collect();
        if total.is_none_or(|total| total > self.capacity()) && places.len() > 1 {
            self.cut_at_seen(0, total, places);
        }
        Ok(())
    }

    /// The whole question, a millisecond wider.
    fn first_request(&self) -> Request {
        let wider = chrono::Duration::microseconds(MS);
        let mut query = self.cut.query.clone();
        query.window = self.query.window;
        query.window.start = query.window.start.map(|start| start.minus(wider));
        query.window.end = query.window.end.map(|end| end.plus(wider));
        Request {
            query,
            limit: self.learned.limit,
            offset: 0,
        }
    }

    /// The stretch that holds the whole window, whatever the server makes of its ends.
    fn whole(&self) -> Option<Span> {
        let (start, end) = (self.query.window.start?, self.query.window.end?);
        let (front, back) = match self.order {
            Order::NewestFirst => (end, start),
            Order::OldestFirst => (start, end),
        };
        let front = floor(place(self.order, front)) - MS;
        let back = ceil(place(self.order, back)) + MS;
        (front + 2 * MS <= back).then_some(Span { front, back })
    }

    fn leaks(&self, events: &[Event]) -> Vec<Field> {
        let leaky = |filter: &&Filter| events.iter().any(|event| !filter.lets_through(event));
        let filters = self.cut.query.filters.iter().filter(leaky);
        filters.map(|filter| filter.field).collect()
    }

    /// Goes on without filters that let other events through; what they hid cannot be known.
    fn withhold(&mut self, leaks: Vec<Field>) {
        self.leaky.extend(leaks);
        self.leaky.dedup();
        self.cut = self.query.sendable(&self.leaky);
        self.begun.sent = self.cut.query.clone();
    }

    pub(super) fn insert(&mut self, index: usize, span: Span, expect: Option<u64>) {
        self.next_id += 1;
        let part = Part {
            id: self.next_id,
            span,
            state: State::Open,
            crowd: false,
            apart: false,
            expect,
            tries: 0,
            spent: 0,
        };
        self.parts.insert(index, part);
    }

    fn capacity(&self) -> u64 {
        self.learned.capacity() as u64
    }

    /// Asks for pieces, those first that are needed first.
    fn dispatch(&mut self) {
        while self.tasks.len() < self.reading.concurrency.max(1) {
            let Some(index) = self.parts.iter().position(Part::is_open) else {
                return;
            };
            if self.is_ahead(index) {
                return;
            }
            if !self.meet_before(index) {
                self.parts.remove(index);
                continue;
            }
            self.narrow(index);
            let known = self.known(index);
            let Some(part) = self.parts.get_mut(index) else {
                return;
            };
            part.state = State::Asked;
            let id = part.id;
            let ask = Ask {
                span: part.span,
                filters: self.cut.query.filters.clone(),
                order: self.order,
                crowd: part.crowd,
                known,
            };
            let mut reader = Reader::new(Arc::clone(&self.pages), ask, self.learned.clone());
            self.tasks.spawn(async move {
                let outcome = reader.read().await;
                (id, outcome, reader.learned, reader.requests)
            });
        }
    }

    /// Whether a part is too far ahead of what has gone on, in events or in memory.
    fn is_ahead(&self, index: usize) -> bool {
        if self.tasks.is_empty() {
            // All else waits for it.
            return false;
        }
        let before = self.parts.iter().take(index);
        let waiting = before.clone().filter(|part| !part.is_open()).count();
        let events = |part: &Part| match part.read() {
            Some(read) => read.events.len(),
            None => part.expect.unwrap_or_default().min(self.capacity()) as usize,
        };
        let events: usize = before.map(events).sum();
        let wanted = self.reading.wanted.unwrap_or(u64::MAX);
        let held = events.saturating_mul(self.learned.size);
        self.given + events as u64 >= wanted
            || held > MAX_HELD
            || waiting > 2 * self.reading.concurrency
    }

    /// Lets a part begin at the last event before it, where that is known. Says whether anything is left of it.
    fn meet_before(&mut self, index: usize) -> bool {
        let mut at = index;
        let last = loop {
            let before = at.checked_sub(1).and_then(|at| self.parts.get(at));
            let (Some(part), Some(before)) = (self.parts.get(at), before) else {
                return true;
            };
            let proven = before.read().is_some_and(|read| read.piece.doubt.is_none());
            if part.apart || !proven {
                return true;
            }
            if let Some((_, last)) = before.reach(self.order) {
                break last;
            }
            at -= 1;
        };
        let front = floor(last) - MS;
        let is_last = index + 1 == self.parts.len();
        match self.parts.get_mut(index) {
            Some(part) if part.tries > 0 => true,
            Some(part) if front + 4 * MS < part.span.back => {
                part.span.front = front;
                true
            }
            _ => is_last,
        }
    }

    /// Cuts off as much of a large part as a page is thought to hold, so that others can be asked for beside it.
    fn narrow(&mut self, index: usize) {
        let (capacity, fill) = (self.capacity(), self.capacity() * 3 / 4);
        let Some(part) = self.parts.get(index) else {
            return;
        };
        let (span, expect) = (part.span, part.expect.unwrap_or_default());
        if expect <= capacity || part.crowd || span.length() < 16 * MS || self.slack() < 0.0 {
            return;
        }
        let reach = self.guess(index, span, expect, fill);
        let overlap = (reach as f64 * (8.0 / fill.max(1) as f64).min(0.125)) as i64;
        if span.front + reach + overlap + 4 * MS < span.back {
            let (front, back) = split::guess(span, span.front + reach, overlap);
            self.resize(index, front, Some(fill));
            self.insert(index + 1, back, Some(expect - fill));
        }
    }

    /// How far `fill` events are thought to reach: as densely as they were last, held against the average.
    fn guess(&self, index: usize, span: Span, expect: u64, fill: u64) -> i64 {
        let average = span.length() as f64 * fill as f64 / expect.max(1) as f64;
        let parts = self.parts.iter().take(index).rev();
        let local = parts
            .filter_map(|part| part.read().map(|read| (part.span, read.events.len())))
            .find(|(_, events)| *events > 0)
            .map(|(span, events)| span.length() as f64 * fill as f64 / events as f64);
        let reach = local.unwrap_or(average).clamp(average / 8.0, average * 8.0);
        (reach as i64).max(4 * MS)
    }

    /// Requests that may still be spent on guesses, so that all in all they stay below three a page.
    fn slack(&self) -> f64 {
        let expected: u64 = self.parts.iter().filter_map(|part| part.expect).sum();
        let total = self.begun.total.unwrap_or_default();
        let all = total.max(self.read).max(expected) as f64;
        let page = self.learned.page.unwrap_or(self.learned.limit as usize);
        let page = page.max(1) as f64;
        let asked = self.requests as f64 + self.tasks.len() as f64;
        3.0 * all / page - asked - 2.2 * (all - self.read as f64) / page - 1.0
    }

    /// Asks for a part over another stretch.
    pub(super) fn resize(&mut self, index: usize, span: Span, expect: Option<u64>) {
        if let Some(part) = self.parts.get_mut(index) {
            part.span = span;
            part.expect = expect;
            part.state = State::Open;
        }
    }

    /// Cuts a part that holds too much at the instants of its newest events.
    fn cut_at_seen(&mut self, index: usize, total: Option<u64>, mut places: Vec<i64>) {
        let Some(part) = self.parts.get(index) else {
            return;
        };
        let newest_first = |a: &i64, b: &i64| match self.order {
            Order::NewestFirst => a.cmp(b),
            Order::OldestFirst => b.cmp(a),
        };
        places.sort_unstable_by(newest_first);
        let fill = (self.learned.capacity() * 19 / 20).max(1);
        let Cut {
            seen,
            rest,
            events,
            apart,
        } = split::at_seen(self.order, part.span, &places, fill);
        let Some(rest) = rest else {
            self.resize(index, seen, total);
            self.mark(index, |part| part.crowd = true);
            return;
        };
        let left = total.map(|total| total.saturating_sub(events.unwrap_or_default()));
        let (front, back, newest) = match self.order {
            Order::NewestFirst => ((seen, events), (rest, left), index),
            Order::OldestFirst => ((rest, left), (seen, events), index + 1),
        };
        self.resize(index, front.0, front.1);
        self.insert(index + 1, back.0, back.1);
        self.mark(newest, |part| part.crowd = events.is_none());
        self.mark(index + 1, |part| part.apart = apart);
    }

    fn mark(&mut self, index: usize, mark: impl FnOnce(&mut Part)) {
        if let Some(part) = self.parts.get_mut(index) {
            mark(part);
        }
    }

    /// Takes what became of a part.
    fn absorb(&mut self, id: u64, outcome: Outcome, learned: &Learned, requests: u64) {
        self.requests += requests;
        let Some(index) = self.parts.iter().position(|part| part.id == id) else {
            return;
        };
        self.learned.join(learned);
        match outcome {
            Outcome::Read(mut read) => {
                self.learned.miscounts = match read.piece.doubt {
                    None => 0,
                    Some(_) => self.learned.miscounts.max(learned.miscounts),
                };
                let came = read.events.len() as u64;
                self.read += came;
                let mut thought = None;
                self.mark(index, |part| {
                    read.piece.requests += part.spent;
                    thought = part.expect.take();
                    part.state = State::Read(Box::new(read));
                });
                let mut behind = self.parts.iter_mut().skip(index + 1);
                if let (Some(thought), Some(next)) = (thought, behind.find(|part| part.is_open())) {
                    next.expect = next
                        .expect
                        .map(|rest| (rest + thought).saturating_sub(came));
                }
            }
            Outcome::TooLarge { total, rows } => {
                self.learned.miscounts = self.learned.miscounts.max(learned.miscounts);
                self.mark(index, |part| part.spent += requests);
                let places = rows
                    .into_iter()
                    .map(|time: Timestamp| place(self.order, time));
                self.cut_at_seen(index, total, places.collect());
            }
            Outcome::Leaks(fields) => self.restart(fields),
        }
    }

    /// Lets a part that is cut at its front reach to the end of the next one: where both are too large, both would be
    /// cut through what they have in common. Gives how many events are thought to come with that.
    fn take_in_next(&mut self, index: usize) -> u64 {
        let next = self.parts.get(index + 1);
        let next = next.filter(|next| next.is_open() && !next.apart && !next.crowd);
        let Some(next) = next.filter(|_| self.order == Order::NewestFirst) else {
            return 0;
        };
        let (back, expect) = (next.span.back, next.expect.unwrap_or_default());
        self.parts.remove(index + 1);
        self.mark(index, |part| part.span.back = part.span.back.max(back));
        expect
    }

    /// Reads the rest anew without filters that leak.
    fn restart(&mut self, fields: Vec<Field>) {
        self.tasks = JoinSet::new();
        self.withhold(fields);
        self.begun.total = None;
        let front = self.parts.front().map(|part| part.span.front);
        let back = self.parts.back().map(|part| part.span.back);
        self.parts.clear();
        if let (Some(front), Some(back)) = (front, back) {
            self.insert(0, Span { front, back }, None);
        }
    }

    /// What the neighbours of a part that is there to join them have shown of it.
    fn known(&self, index: usize) -> Vec<Arc<Event>> {
        let Some(part) = self.parts.get(index).filter(|part| part.tries > 0) else {
            return Vec::new();
        };
        let inside = |event: &&Arc<Event>| {
            let x = place_of(self.order, event);
            part.span.front <= x && x <= part.span.back
        };
        let mut before = self.parts.iter().take(index).rev();
        let before = before.find(|part| part.reach(self.order).is_some());
        let neighbours = [before, self.parts.get(index + 1)];
        let read = neighbours.into_iter().flatten().filter_map(Part::read);
        read.flat_map(|read| read.events.iter().filter(inside))
            .cloned()
            .collect()
    }
}
