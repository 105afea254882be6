//! One piece: asked for, and read until its events are all that the server counts.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    Doubt, Pages, Piece,
    crowd::MAX_BYTES,
    gathered::{Gathered, Known, Read, recorded_before},
    learned::Learned,
    once::{Attempt, Once},
    run::leaks,
    span::{Span, place_of},
    split::Sight,
};
use crate::{
    api::{Event, Field, Timestamp},
    query::{Filter, Order, Query, Request},
};

/// Times that a piece is read anew because something changed under it.
const MAX_READINGS: u32 = 12;
/// Readings in a row after which counts that do not agree are taken for wrong ones.
const MAX_COUNTS: u32 = 3;
/// Readings in vain after which a piece is not read in several pages any more: what fits one cannot change under it.
const MAX_IN_PAGES: u32 = 3;
/// Requests after which a piece is not read anew.
const MAX_REQUESTS: u64 = 1_000;
/// The pause before another reading.
const PAUSE: Duration = Duration::from_secs(1);

/// What a piece is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The stretch.
    pub span: Span,
    /// The filters that are sent.
    pub filters: Vec<Filter>,
    /// The direction of the walk.
    pub order: Order,
    /// Whether no cut in time makes it smaller.
    pub crowd: bool,
    /// What a neighbour has shown.
    pub known: Known,
}

/// What became of it.
#[derive(Debug)]
pub enum Outcome {
    /// Read, and proven or not.
    Read(Read),
    /// There is more than a piece may hold.
    TooLarge {
        /// The server's count.
        total: Option<u64>,
        /// Where it can be cut.
        sight: Sight,
    },
    /// Filters let other events through.
    Leaks(Vec<Field>),
}

/// A page that belongs to a piece.
pub struct Seen {
    pub events: Vec<Event>,
    /// Events of the page, those that belong elsewhere included.
    pub came: u64,
    pub total: Option<u64>,
    /// A moment, by the server's clock, before which it had not begun to count.
    pub moment: Timestamp,
    /// Whether it may be as large as the server gives them, so that there may be more behind it.
    pub full: bool,
    /// Whether it is shorter than was asked for.
    pub short: bool,
}

/// The reading of one piece.
pub struct Reader<P> {
    pages: Arc<P>,
    pub ask: Ask,
    pub learned: Learned,
    pub requests: u64,
    /// Events that came, those that came again included.
    pub rows: u64,
    leaks: Vec<Field>,
    /// Whether events came that the window does not hold: the server ignores it, and its counts are of another.
    pub strays: bool,
    /// Readings that brought more than was counted.
    pub surpluses: u32,
    /// Events beside those that a piece may hold, since neighbours hold them too.
    pub allowance: u64,
    /// Whether it changes too often to be read in several pages.
    pub restless: bool,
}

impl<P: Pages> Reader<P> {
    pub fn new(pages: Arc<P>, ask: Ask, learned: Learned) -> Self {
        Self {
            pages,
            ask,
            learned,
            requests: 0,
            rows: 0,
            leaks: Vec::new(),
            strays: false,
            surpluses: 0,
            allowance: 0,
            restless: false,
        }
    }

    /// Reads the piece until it is proven, or until there is no hope of that.
    pub async fn read(&mut self) -> Result<Outcome, P::Error> {
        let (mut best, mut disagreed) = (None, 0);
        for reading in 1..=MAX_READINGS {
            let told = self.once().await?;
            if !self.leaks.is_empty() {
                return Ok(Outcome::Leaks(std::mem::take(&mut self.leaks)));
            }
            match told {
                Attempt::Large(once) => return Ok(self.large(&once)),
                Attempt::All(once) => {
                    // What one answer brought is whole as of that answer, however often more comes.
                    let settled = recorded_before(&once.gathered.events, once.moment);
                    if settled || (once.alone && reading == MAX_READINGS) {
                        return Ok(self.done(once, None));
                    }
                    disagreed = 0;
                    best = Some((once, Doubt::Unsettled));
                }
                Attempt::Other(once) => {
                    let doubt = doubt(&once);
                    disagreed += 1;
                    let is_hopeless = !matches!(doubt, Doubt::Counts { .. })
                        || disagreed >= MAX_COUNTS
                        || self.strays
                        || self.learned.is_distrusted();
                    if is_hopeless {
                        return Ok(self.done(once, Some(doubt)));
                    }
                    best = Some((once, doubt));
                }
                Attempt::Changed => disagreed = 0,
            }
            self.restless = reading >= MAX_IN_PAGES;
            if self.requests >= MAX_REQUESTS {
                // Where so much is in vain, the rest is not worth as much again.
                self.learned.distrust();
                break;
            }
            // What a neighbour showed may be gone.
            if self.ask.known.events.is_empty() {
                sleep(PAUSE).await;
            }
            self.ask.known = Known::default();
        }
        let (once, doubt) = match best {
            Some(best) => best,
            None => (self.first().await?, Doubt::Unsettled),
        };
        Ok(self.done(once, Some(doubt)))
    }

    fn done(&self, once: Once, doubt: Option<Doubt>) -> Outcome {
        let order = self.ask.order;
        let Gathered {
            mut events,
            borrowed,
            bytes,
            ..
        } = once.gathered;
        if !events.is_sorted_by(|a, b| order.compare(a, b).is_le()) {
            events.sort_by(|a, b| order.compare(a, b));
        }
        Outcome::Read(Read {
            piece: Piece {
                window: self.ask.span.window(order),
                total: once.total,
                distinct: events.len() as u64,
                given: 0,
                requests: self.requests,
                as_of: Some(once.moment),
                doubt,
            },
            events,
            bytes,
            borrowed,
        })
    }

    /// What was known is no help in cutting: it is not fetched again.
    fn large(&self, once: &Once) -> Outcome {
        let known = self.ask.known.events.len();
        let order = self.ask.order;
        let rows = once.gathered.events.iter().skip(known + once.passed_over);
        let places = rows.map(|event| place_of(order, event)).collect();
        Outcome::TooLarge {
            total: once.total.map(|total| total.saturating_sub(known as u64)),
            sight: Sight::new(order, once.newer, places),
        }
    }

    /// Fetches a page of the piece, with filters beside its own.
    pub async fn fetch(&mut self, beside: &[Filter], offset: u64) -> Result<Seen, P::Error> {
        let limit = self.learned.limit();
        let request = Request {
            query: Query {
                window: self.ask.span.window(self.ask.order),
                filters: [&self.ask.filters, beside].concat(),
            },
            limit,
            offset,
        };
        let sent = Instant::now();
        self.requests += 1;
        let answer = self.pages.fetch(request).await?;
        let moment = self.learned.heard(&answer, sent);
        let mut events = answer.page.events;
        for field in leaks(&self.ask.filters, &events) {
            if !self.leaks.contains(&field) {
                self.leaks.push(field);
            }
        }
        let came = events.len();
        let (span, order) = (self.ask.span, self.ask.order);
        // What belongs elsewhere is no answer to this question.
        events.retain(|event| span.may_hold(place_of(order, event)));
        self.strays |= came > events.len();
        self.rows += events.len() as u64;
        let full = came > 0 && (came >= limit as usize || came >= self.learned.largest);
        self.learned.largest = self.learned.largest.max(came);
        Ok(Seen {
            events,
            came: came as u64,
            total: answer.page.total,
            moment,
            full,
            short: came < limit as usize,
        })
    }
}

fn doubt(once: &Once) -> Doubt {
    match once.total {
        None => Doubt::NoTotal,
        _ if once.gathered.bytes > MAX_BYTES => Doubt::Crowded,
        Some(total) => Doubt::Counts {
            total,
            distinct: once.gathered.len(),
        },
    }
}
