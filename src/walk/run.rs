//! A walk under way: asks for the parts of the chain side by side, and takes what becomes of them.

use std::{io, sync::Arc};

use tokio::{task::JoinSet, time::Instant};

use super::{
    Begun, Pages, ReadReport, Reading, Sink, WalkError,
    chain::{Chain, Part, State},
    learned::Learned,
    piece::{Outcome, Reader},
    span::{MS, Span, ceil, floor, place, place_of},
    split::Sight,
    verdict::Account,
};
use crate::{
    api::{Event, Field},
    query::{Filter, Order, Query, Request, Sendable},
};

/// Bytes of events that may wait for their turn, those asked for included, for each request side by side: one page that
/// is asked for, and two that wait for it.
const MAX_HELD: usize = 3 << 19;
/// Requests a full page, at most, all in all.
const MOST_A_PAGE: f64 = 2.9;
/// Requests a full page where nothing is guessed: one to see where to cut, one to read.
const SURE_A_PAGE: f64 = 2.4;

/// Requests after which something must have gone on.
const MAX_IN_VAIN: u64 = 5_000;

type Done<P> = (u64, Result<Outcome, <P as Pages>::Error>, Reader<P>);

/// A walk under way.
pub(super) struct Run<P: Pages> {
    pages: Arc<P>,
    reading: Reading,
    /// The question with its frozen window.
    query: Query,
    cut: Sendable,
    leaky: Vec<Field>,
    begun: Begun,
    learned: Learned,
    chain: Chain,
    tasks: JoinSet<Done<P>>,
    requests: u64,
    /// How many of them there were when something went on last.
    progress: u64,
    /// Events that came, those that came again included.
    rows: u64,
    /// Events of parts that have been read.
    read: u64,
    account: Account,
}

impl<P: Pages> Run<P> {
    pub fn new(pages: Arc<P>, reading: &Reading) -> Self {
        Self {
            pages,
            reading: reading.clone(),
            query: reading.query.clone(),
            cut: reading.query.sendable(&[]),
            leaky: Vec::new(),
            begun: Begun::default(),
            learned: Learned::new(reading.page_size, reading.now),
            chain: Chain::new(reading.order),
            tasks: JoinSet::new(),
            requests: 0,
            progress: 0,
            rows: 0,
            read: 0,
            account: Account::default(),
        }
    }

    pub async fn run(mut self, sink: &mut dyn Sink) -> Result<ReadReport, WalkError<P::Error>> {
        self.begin().await.map_err(WalkError::Fetch)?;
        sink.begun(&self.begun).map_err(WalkError::Sink)?;
        loop {
            let before = self.account.taken;
            let settled = self.chain.settle(&self.query, &mut self.account, sink);
            if self.account.taken > before {
                self.progress = self.requests;
            } else if self.requests > self.progress + MAX_IN_VAIN {
                self.chain.hopeless = true;
                self.learned.distrust();
            }
            if settled.map_err(WalkError::Sink)?.is_break() {
                self.account.stop();
                break;
            }
            self.dispatch();
            match self.tasks.join_next().await {
                Some(Ok((id, outcome, reader))) => {
                    let outcome = outcome.map_err(WalkError::Fetch)?;
                    self.absorb(id, outcome, &reader);
                }
                Some(Err(error)) => return Err(WalkError::Sink(io::Error::other(error))),
                None => {
                    if !self.chain.parts.is_empty() {
                        self.account.give_up(self.query.window);
                    }
                    break;
                }
            }
        }
        Ok(ReadReport {
            begun: self.begun,
            applied_here: self.cut.rest.iter().map(|filter| filter.field).collect(),
            leaky: self.leaky,
            doubles: self.rows.saturating_sub(self.account.taken),
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
            let leaks = leaks(&self.cut.query.filters, &answer.page.events);
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
        self.rows += rows.len() as u64;
        self.learned.largest = rows.len();
        if !rows.is_empty() && total.is_some_and(|total| total > rows.len() as u64) {
            let short = rows.len() < self.learned.limit as usize;
            self.learned.cut_off(short.then_some(rows.len()));
        }
        let Some(whole) = self.whole() else {
            return Ok(());
        };
        self.chain.begin(whole, total);
        self.chain.fit(&self.learned);
        let places = rows.iter().map(|row| place_of(self.reading.order, row));
        let places: Vec<_> = places.filter(|x| whole.surely_holds(*x)).collect();
        let is_large = total.is_none_or(|total| total > self.learned.most());
        if is_large && places.len() >= self.learned.capacity() {
            let sight = Sight::new(self.reading.order, 0, places);
            self.chain.cut(0, total, &sight);
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
        let (front, back) = match self.reading.order {
            Order::NewestFirst => (end, start),
            Order::OldestFirst => (start, end),
        };
        let front = floor(place(self.reading.order, front)) - MS;
        let back = ceil(place(self.reading.order, back)) + MS;
        (front + 2 * MS <= back).then_some(Span { front, back })
    }

    /// Goes on without filters that let other events through; what they hid cannot be known.
    fn withhold(&mut self, leaks: Vec<Field>) {
        for field in leaks {
            if !self.leaky.contains(&field) {
                self.leaky.push(field);
            }
        }
        let window = self.query.window;
        self.cut = self.query.sendable(&self.leaky);
        self.cut.query.window = window;
        self.begun.sent = self.cut.query.clone();
    }

    /// Asks for parts, those first that are needed first.
    fn dispatch(&mut self) {
        while self.tasks.len() < self.reading.concurrency.max(1) {
            self.chain.fit(&self.learned);
            self.chain.thrifty = self.slack() < 0.0 || self.chain.hopeless;
            if self.chain.thrifty {
                self.chain.take_back();
            }
            let Some(index) = self.next_part() else {
                return;
            };
            self.chain.narrow(index);
            let Some((id, ask)) = self.chain.ask(index, &self.cut.query.filters) else {
                return;
            };
            let mut reader = Reader::new(Arc::clone(&self.pages), ask, self.learned.clone());
            self.tasks.spawn(async move {
                let outcome = reader.read().await;
                (id, outcome, reader)
            });
        }
    }

    /// The first part that can be asked for. One that has to wait for a neighbour is cut, so that what lies behind it
    /// need not wait, too.
    fn next_part(&mut self) -> Option<usize> {
        let mut index = 0;
        while let Some(part) = self.chain.parts.get(index) {
            if part.is_open() {
                if self.is_ahead(index) {
                    return None;
                }
                if self.chain.is_askable(index) {
                    return Some(index);
                }
                self.chain.narrow(index);
            }
            index += 1;
        }
        None
    }

    /// Whether a part is too far ahead of what has gone on, in events or in memory. What all else waits for never is,
    /// and nothing is where nothing is under way.
    fn is_ahead(&self, index: usize) -> bool {
        let parts = &self.chain.parts;
        let is_first = !parts.iter().take(index).any(Part::is_open);
        if is_first || self.tasks.is_empty() {
            return false;
        }
        let capacity = self.learned.capacity();
        let (mut events, mut held, mut waiting) = (0, 0, 0);
        for (place, part) in parts.iter().enumerate() {
            let (count, bytes) = match &part.state {
                State::Read(read) => (read.events.len(), read.bytes),
                _ => (capacity, capacity.saturating_mul(self.learned.size)),
            };
            if place < index {
                events += count;
                waiting += usize::from(!part.is_open());
            }
            // What is left open before this part will be held beside it.
            if place < index || !part.is_open() {
                held += bytes;
            }
        }
        let wanted = self.reading.wanted.unwrap_or(u64::MAX);
        self.account.given + events as u64 >= wanted
            || held > MAX_HELD * self.reading.concurrency.max(4)
            || waiting > 3 * self.reading.concurrency
    }

    /// Requests that may still be spent on guesses, so that all in all they stay below three a page.
    fn slack(&self) -> f64 {
        let known = self.begun.total.unwrap_or_default();
        let all = known.max(self.read) as f64;
        let page = self.learned.page_size() as f64;
        let asked = self.requests as f64 + self.tasks.len() as f64;
        MOST_A_PAGE * all / page - asked - SURE_A_PAGE * (all - self.read as f64) / page
    }

    /// Takes what became of a part.
    fn absorb(&mut self, id: u64, outcome: Outcome, reader: &Reader<P>) {
        self.requests += reader.requests;
        self.rows += reader.rows;
        let Some(index) = self.chain.index_of(id) else {
            return;
        };
        self.learned.join(&reader.learned);
        match outcome {
            Outcome::Read(read) => {
                self.read += read.events.len() as u64;
                self.learned.counted(read.piece.doubt.is_none());
                self.chain.take(index, Box::new(read));
            }
            Outcome::TooLarge { total, sight } => {
                if let Some(part) = self.chain.parts.get_mut(index) {
                    part.spent += reader.requests;
                }
                self.chain.fit(&self.learned);
                self.chain.cut(index, total, &sight);
            }
            Outcome::Leaks(fields) => {
                self.tasks = JoinSet::new();
                self.withhold(fields);
                self.begun.total = None;
                self.chain.restart();
            }
        }
    }
}

/// The filters that let one of these events through, and should not.
pub(super) fn leaks(filters: &[Filter], events: &[Event]) -> Vec<Field> {
    let leaky = |filter: &&Filter| events.iter().any(|event| !filter.lets_through(event));
    let leaky = filters.iter().filter(leaky);
    leaky.map(|filter| filter.field).collect()
}
