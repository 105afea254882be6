//! One piece: asked for, and read until its events are all that the server counts.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    Doubt, Pages, Piece,
    crowd::{Crowd, MAX_BYTES},
    gathered::{Gathered, Known, Read, recorded_before},
    learned::{Learned, MAX_STUCK},
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
    /// Readings that brought more than was counted.
    surpluses: u32,
    /// Events beside those that a piece may hold, since neighbours hold them too.
    allowance: u64,
}

/// One reading under way.
struct Once {
    gathered: Gathered,
    /// Where the next page begins.
    offset: u64,
    total: Option<u64>,
    moment: Timestamp,
    /// Whether the last page may not be the end.
    full: bool,
    /// Whether the last page was shorter than was asked for.
    short: bool,
    /// Whether one answer brought all: then nothing can have moved under it.
    alone: bool,
    /// Events that are no help in cutting, and how many are newer than the others.
    passed_over: usize,
    newer: usize,
}

/// What one reading came to.
enum Told {
    /// All that there is.
    All(Once),
    /// As much as came; the count is another, or there is none.
    Other(Once),
    /// Something changed meanwhile.
    Changed,
    /// More than fits.
    Large(Once),
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
            surpluses: 0,
            allowance: 0,
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
                Told::Large(once) => return Ok(self.large(&once)),
                Told::All(once) => {
                    // What one answer brought is whole as of that answer, however often more comes.
                    let settled = recorded_before(&once.gathered.events, once.moment);
                    if settled || (once.alone && reading == MAX_READINGS) {
                        return Ok(self.done(once, None));
                    }
                    disagreed = 0;
                    best = Some((once, Doubt::Unsettled));
                }
                Told::Other(once) => {
                    let doubt = doubt(&once);
                    disagreed += 1;
                    let is_hopeless = !matches!(doubt, Doubt::Counts { .. })
                        || disagreed >= MAX_COUNTS
                        || self.learned.is_distrusted();
                    if is_hopeless {
                        return Ok(self.done(once, Some(doubt)));
                    }
                    best = Some((once, doubt));
                }
                Told::Changed => disagreed = 0,
            }
            if self.requests >= MAX_REQUESTS {
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

    /// The first page, beside what is known.
    async fn first(&mut self) -> Result<Once, P::Error> {
        let offset = self.ask.known.skip;
        let seen = self.fetch(&[], offset).await?;
        let mut gathered = Gathered::beside(&self.ask.known.events);
        let offset = offset + seen.events.len() as u64;
        gathered.add(seen.events);
        Ok(Once {
            gathered,
            offset,
            total: seen.total,
            moment: seen.moment,
            full: seen.full,
            short: seen.short,
            alone: !seen.full,
            passed_over: 0,
            newer: 0,
        })
    }

    /// Fetches the next page; gives how many of its events are new.
    async fn next(&mut self, once: &mut Once) -> Result<Next, P::Error> {
        let seen = self.fetch(&[], once.offset).await?;
        let count = seen.events.len();
        once.offset += count as u64;
        once.alone = false;
        (once.full, once.short) = (seen.full, seen.short);
        let new = once.gathered.add(seen.events);
        if count > 0 {
            self.learned.paged(new);
        }
        Ok(Next {
            count,
            new,
            total: seen.total,
        })
    }

    /// Reads the piece once through.
    async fn once(&mut self) -> Result<Told, P::Error> {
        let mut once = self.first().await?;
        let Some(total) = once.total.filter(|_| !self.learned.is_distrusted()) else {
            once.total = None;
            return self.without_total(once).await;
        };
        let (came, known) = (once.gathered.len(), self.ask.known.events.len() as u64);
        if came > total {
            return Ok(self.surplus(once));
        }
        if came == total && once.offset < self.ask.known.enough(total) {
            return Ok(self.without_known());
        }
        if came == total {
            return match total == 0 || (self.learned.counts && once.alone) {
                true => Ok(Told::All(once)),
                false => self.look_behind(once, total).await,
            };
        }
        let (rows, short) = (once.offset - self.ask.known.skip, once.short);
        if !once.full && self.next(&mut once).await?.count == 0 {
            // Fewer than are counted, and no more to come.
            return Ok(Told::Other(once));
        }
        self.learned.cut_off(short.then_some(rows as usize));
        if known > 0 {
            let is_small = total <= self.learned.most() || rows < self.learned.capacity() as u64;
            return Ok(match self.ask.crowd || is_small {
                true => self.without_known(),
                false => Told::Large(once),
            });
        }
        if total > self.learned.most() + self.allowance && !self.ask.crowd {
            self.look_ahead(&mut once).await?;
            return Ok(Told::Large(once));
        }
        self.read_on(once, total).await
    }

    /// Between several answers what a neighbour has shown may go while something else is missed: all of it is read here.
    fn without_known(&mut self) -> Told {
        self.allowance = self.ask.known.events.len() as u64;
        Told::Changed
    }

    /// Looks where a piece can end, where pages are smaller than pieces.
    async fn look_ahead(&mut self, once: &mut Once) -> Result<(), P::Error> {
        let ahead = self.learned.capacity() * 9 / 10 + self.allowance as usize;
        let came = once.gathered.events.len();
        if came < ahead {
            once.offset = ahead as u64;
            if self.next(once).await?.new > 0 {
                once.newer = ahead;
                once.passed_over = came;
            }
        }
        Ok(())
    }

    /// Reads on by offset, and in other ways, until as many have come as are counted.
    async fn read_on(&mut self, mut once: Once, total: u64) -> Result<Told, P::Error> {
        once.alone = false;
        while once.gathered.len() < total && once.offset < total {
            let next = self.next(&mut once).await?;
            if next.total != Some(total) {
                return Ok(Told::Changed);
            }
            if next.count == 0 || once.gathered.bytes > MAX_BYTES {
                break;
            }
        }
        let is_large = total > self.learned.capacity() as u64 + self.allowance;
        if once.gathered.len() == total {
            return match once.full {
                true => self.look_behind(once, total).await,
                false => Ok(Told::All(once)),
            };
        }
        if is_large && !self.ask.crowd {
            return Ok(Told::Large(once));
        }
        let mut crowd = Crowd::new(self, std::mem::take(&mut once.gathered), total);
        let is_whole = crowd.read().await?;
        let changed = crowd.changed;
        once.gathered = crowd.gathered;
        match (changed, is_whole) {
            (true, _) => Ok(Told::Changed),
            (false, true) => self.look_behind(once, total).await,
            (false, false) => Ok(Told::Other(once)),
        }
    }

    /// As many have come as are counted. That proves nothing while the count may be the page's own length, or end
    /// where the page ends: nothing may lie behind, and the count must stay.
    async fn look_behind(&mut self, mut once: Once, total: u64) -> Result<Told, P::Error> {
        once.offset = once.offset.max(total);
        let next = self.next(&mut once).await?;
        let own_length = next.total == Some(next.count as u64);
        if next.total == Some(total) {
            if next.count == 0 {
                self.learned.counts = true;
                return Ok(Told::All(once));
            }
            return Ok(self.surplus(once));
        }
        if !self.learned.counts && own_length && total > 1 {
            self.learned.distrust();
            once.total = None;
            return self.without_total(once).await;
        }
        Ok(Told::Changed)
    }

    /// More has come than the server counts, which does not count on from there; or something was recorded just then.
    fn surplus(&mut self, mut once: Once) -> Told {
        self.surpluses += 1;
        if self.surpluses < 2 || !self.ask.known.events.is_empty() {
            return Told::Changed;
        }
        self.learned.cap(once.total.unwrap_or_default());
        if self.ask.crowd || once.gathered.len() <= self.learned.capacity() as u64 {
            return Told::Other(once);
        }
        once.total = None;
        Told::Large(once)
    }

    /// Nothing can be proven without a count; still nothing is to be left out.
    async fn without_total(&mut self, mut once: Once) -> Result<Told, P::Error> {
        let mut fruitless = 0;
        while once.full && fruitless < MAX_STUCK && once.gathered.bytes <= MAX_BYTES {
            if !self.ask.crowd && once.gathered.events.len() >= self.learned.capacity() {
                return Ok(Told::Large(once));
            }
            let next = self.next(&mut once).await?;
            // A page that was shorter for once is no end.
            once.full = next.count > 0;
            fruitless = match next.new {
                0 => fruitless + 1,
                _ => 0,
            };
        }
        Ok(Told::Other(once))
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
        self.leaks = leaks(&self.ask.filters, &events);
        let (span, order) = (self.ask.span, self.ask.order);
        // What belongs elsewhere is no answer to this question.
        events.retain(|event| span.may_hold(place_of(order, event)));
        let rows = events.len();
        self.rows += rows as u64;
        let full = rows > 0 && (rows >= limit as usize || rows >= self.learned.largest);
        self.learned.largest = self.learned.largest.max(rows);
        Ok(Seen {
            events,
            total: answer.page.total,
            moment,
            full,
            short: rows < limit as usize,
        })
    }
}

/// A page more of a reading.
struct Next {
    count: usize,
    new: usize,
    total: Option<u64>,
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
