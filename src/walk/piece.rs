//! One piece: asked for, and read until its events are all that the server counts.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    Doubt, Pages, Piece,
    crowd::Crowd,
    learned::Learned,
    span::{Span, place_of},
};
use crate::{
    api::{Event, Field, Timestamp},
    query::{Filter, Order, Query, Request},
};

/// Times that a piece is read anew because something changed under it.
const MAX_READINGS: u32 = 6;
/// The pause before that.
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
    /// Events of it that neighbours have shown.
    pub known: Vec<Arc<Event>>,
}

/// What became of it.
#[derive(Debug)]
pub enum Outcome {
    /// Read, and proven or not.
    Read(Read),
    /// There is more than a piece may hold. The times of its newest events, newest first.
    TooLarge {
        total: Option<u64>,
        rows: Vec<Timestamp>,
    },
    /// Filters let other events through.
    Leaks(Vec<Field>),
}

/// A piece that was read.
#[derive(Debug)]
pub struct Read {
    /// Its account.
    pub piece: Piece,
    /// Its events, each once, in order.
    pub events: Vec<Arc<Event>>,
}

/// Events of a piece, each once.
#[derive(Debug, Default)]
pub struct Gathered {
    pub events: Vec<Arc<Event>>,
    ids: HashSet<String>,
    pub bytes: usize,
}

impl Gathered {
    /// Takes events; gives how many were new.
    pub fn add(&mut self, events: impl IntoIterator<Item = impl Into<Arc<Event>>>) -> usize {
        let before = self.events.len();
        for event in events.into_iter().map(Into::into) {
            if self.ids.insert(event.id().to_owned()) {
                self.bytes += event.json().len();
                self.events.push(event);
            }
        }
        self.events.len() - before
    }

    pub fn len(&self) -> u64 {
        self.events.len() as u64
    }
}

/// A page that belongs to a piece.
pub struct Seen {
    pub events: Vec<Event>,
    pub total: Option<u64>,
    /// A moment, by the server's clock, before which it had not begun to count.
    pub moment: Timestamp,
}

/// The reading of one piece.
pub struct Reader<P> {
    pub pages: Arc<P>,
    pub ask: Ask,
    pub learned: Learned,
    pub requests: u64,
    leaks: Vec<Field>,
}

/// What one reading of the piece came to.
enum Told {
    /// All that there is, by this count, at this moment.
    All(Gathered, u64, Timestamp),
    /// As much as came; the count is another.
    Other(Gathered, Option<u64>, Timestamp),
    /// Something changed meanwhile.
    Changed,
    Large(Option<u64>, Vec<Timestamp>),
}

impl<P: Pages> Reader<P> {
    pub fn new(pages: Arc<P>, ask: Ask, learned: Learned) -> Self {
        Self {
            pages,
            ask,
            learned,
            requests: 0,
            leaks: Vec::new(),
        }
    }

    pub async fn read(&mut self) -> Result<Outcome, P::Error> {
        let mut last = None;
        for reading in 0..MAX_READINGS {
            if reading > 0 {
                sleep(PAUSE).await;
            }
            let told = self.once().await?;
            if !self.leaks.is_empty() {
                return Ok(Outcome::Leaks(std::mem::take(&mut self.leaks)));
            }
            match told {
                Told::Large(total, rows) => return Ok(Outcome::TooLarge { total, rows }),
                Told::All(gathered, total, moment) => {
                    self.learned.miscounts = 0;
                    let alone =
                        gathered.len() <= self.learned.limit.into() && self.ask.known.is_empty();
                    if recorded_before(&gathered.events, moment, alone) {
                        return Ok(self.done(gathered, Some(total), moment, None));
                    }
                    last = Some((gathered, Some(total), moment, Doubt::Unsettled));
                }
                Told::Other(gathered, total, moment) => {
                    let doubt = match total {
                        None => Doubt::NoTotal,
                        _ if gathered.bytes > super::crowd::MAX_BYTES => Doubt::Crowded,
                        Some(total) => Doubt::Counts {
                            total,
                            distinct: gathered.len(),
                        },
                    };
                    let again = matches!(doubt, Doubt::Counts { .. })
                        && reading < 2
                        && !self.learned.is_distrusted();
                    if !again {
                        self.learned.miscounts = self.learned.miscounts.saturating_add(1);
                        return Ok(self.done(gathered, total, moment, Some(doubt)));
                    }
                    last = Some((gathered, total, moment, doubt));
                }
                // What neighbours showed may be gone.
                Told::Changed => self.ask.known.clear(),
            }
        }
        let (gathered, total, moment, doubt) = match last {
            Some((gathered, total, moment, doubt)) => (gathered, total, moment, doubt),
            None => {
                let seen = self.fetch(&[], self.learned.limit, 0).await?;
                let mut gathered = Gathered::default();
                gathered.add(seen.events);
                (gathered, seen.total, seen.moment, Doubt::Unsettled)
            }
        };
        Ok(self.done(gathered, total, moment, Some(doubt)))
    }

    fn done(
        &mut self,
        gathered: Gathered,
        total: Option<u64>,
        moment: Timestamp,
        doubt: Option<Doubt>,
    ) -> Outcome {
        let order = self.ask.order;
        let distinct = gathered.len();
        let mut events = gathered.events;
        if !events.is_sorted_by(|a, b| order.compare(a, b).is_le()) {
            events.sort_by(|a, b| order.compare(a, b));
        }
        Outcome::Read(Read {
            piece: Piece {
                window: self.ask.span.window(order),
                total,
                distinct,
                given: 0,
                requests: self.requests,
                as_of: Some(moment),
                doubt,
            },
            events,
        })
    }

    /// Reads the piece once through.
    async fn once(&mut self) -> Result<Told, P::Error> {
        let first = self.fetch(&[], self.learned.limit, 0).await?;
        let (rows, moment) = (first.events.len(), first.moment);
        let mut gathered = Gathered::default();
        gathered.add(first.events);
        gathered.add(self.ask.known.clone());
        let Some(total) = first.total.filter(|_| !self.learned.is_distrusted()) else {
            return self.without_total(gathered, rows, moment).await;
        };
        if gathered.len() == total {
            return match self.learned.counts
                && total == rows as u64
                && !self.learned.may_be_full(rows)
            {
                true => Ok(Told::All(gathered, total, moment)),
                false => self.look_behind(gathered, total, moment).await,
            };
        }
        if gathered.len() > total {
            if !self.ask.known.is_empty() {
                return Ok(Told::Changed);
            }
            return Ok(self.beyond_count(gathered, total, moment));
        }
        if self.learned.may_be_full(rows) || total > rows as u64 + self.ask.known.len() as u64 {
            // More than came, if what lies behind says so.
            let behind = match self.learned.may_be_full(rows) {
                true => None,
                false => Some(self.fetch(&[], self.learned.limit, rows as u64).await?),
            };
            if behind
                .as_ref()
                .is_some_and(|behind| behind.events.is_empty())
            {
                return Ok(Told::Other(gathered, Some(total), moment));
            }
            self.counted_beyond(rows);
            if let Some(behind) = behind {
                gathered.add(behind.events);
            }
        }
        if total > self.learned.capacity() as u64 && !self.ask.crowd {
            self.gather(&mut gathered, rows as u64).await?;
            return Ok(Told::Large(Some(total), newest_first(&gathered)));
        }
        self.crowd(gathered, total, moment).await
    }

    /// Reads on where pages are smaller than pieces, until it is known where a piece can end.
    async fn gather(&mut self, gathered: &mut Gathered, mut offset: u64) -> Result<(), P::Error> {
        let mut fruitless = 0;
        while gathered.events.len() < self.learned.capacity() && fruitless < 3 {
            let more = self.fetch(&[], self.learned.limit, offset).await?;
            offset += more.events.len() as u64;
            fruitless = match gathered.add(more.events) {
                0 => fruitless + 1,
                _ => 0,
            };
        }
        Ok(())
    }

    /// Takes note of a page that did not hold all that was counted.
    fn counted_beyond(&mut self, rows: usize) {
        self.learned.counts = true;
        if rows > 0 {
            self.learned.page = Some(rows);
        }
    }

    /// Reads on by offset, and in other ways, until as many have come as are counted.
    async fn crowd(
        &mut self,
        gathered: Gathered,
        total: u64,
        moment: Timestamp,
    ) -> Result<Told, P::Error> {
        let mut crowd = Crowd::new(self, gathered, total);
        let whole = crowd.read().await?;
        let (gathered, changed) = (crowd.gathered, crowd.changed);
        match (changed, whole) {
            (true, _) => Ok(Told::Changed),
            (false, true) => self.look_behind(gathered, total, moment).await,
            (false, false) => Ok(Told::Other(gathered, Some(total), moment)),
        }
    }

    /// As many have come as are counted. That proves nothing while the count may be the page's own length or have been
    /// cut off: nothing may lie behind, and the count must stay.
    async fn look_behind(
        &mut self,
        mut gathered: Gathered,
        total: u64,
        moment: Timestamp,
    ) -> Result<Told, P::Error> {
        if total == 0 {
            return Ok(Told::All(gathered, total, moment));
        }
        let behind = self.fetch(&[], self.learned.limit, total).await?;
        let more = !behind.events.is_empty();
        gathered.add(behind.events);
        if behind.total == Some(total) && !more {
            self.learned.counts = true;
            return Ok(Told::All(gathered, total, moment));
        }
        if self.learned.counts && behind.total != Some(total) {
            return Ok(Told::Changed);
        }
        if self.learned.counts {
            return Ok(self.beyond_count(gathered, total, moment));
        }
        // The count is the page's own length, or ends where the page does.
        self.learned.miscounts = u32::MAX;
        self.without_total(gathered, total as usize, moment).await
    }

    /// More has come than the server counts, which does not count on from there.
    fn beyond_count(&mut self, gathered: Gathered, total: u64, moment: Timestamp) -> Told {
        self.learned.ceiling = Some(total.max(8))
            .into_iter()
            .chain(self.learned.ceiling)
            .min();
        match self.ask.crowd || gathered.len() <= self.learned.capacity() as u64 {
            true => Told::Other(gathered, Some(total), moment),
            false => Told::Large(None, newest_first(&gathered)),
        }
    }

    /// Nothing can be proven without a count; still nothing is to be left out.
    async fn without_total(
        &mut self,
        mut gathered: Gathered,
        rows: usize,
        moment: Timestamp,
    ) -> Result<Told, P::Error> {
        if !self.learned.may_be_full(rows) {
            return Ok(Told::Other(gathered, None, moment));
        }
        if !self.ask.crowd && rows > 1 {
            return Ok(Told::Large(None, newest_first(&gathered)));
        }
        let mut offset = rows as u64;
        let mut fruitless = 0;
        while fruitless < 3 && gathered.bytes <= super::crowd::MAX_BYTES {
            let more = self.fetch(&[], self.learned.limit, offset).await?;
            let count = more.events.len();
            if count == 0 {
                break;
            }
            fruitless = match gathered.add(more.events) {
                0 => fruitless + 1,
                _ => 0,
            };
            offset += count as u64;
        }
        Ok(Told::Other(gathered, None, moment))
    }

    /// Fetches a page of the piece, with filters beside its own.
    pub async fn fetch(
        &mut self,
        beside: &[Filter],
        limit: u32,
        offset: u64,
    ) -> Result<Seen, P::Error> {
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
        self.notice_leaks(&events);
        let (span, order) = (self.ask.span, self.ask.order);
        // What belongs elsewhere is no answer to this question.
        events.retain(|event| span.may_hold(place_of(order, event)));
        self.learned.largest = self.learned.largest.max(events.len());
        Ok(Seen {
            events,
            total: answer.page.total,
            moment,
        })
    }

    /// What a filter hid that lets other events through cannot be known: it is not sent again.
    fn notice_leaks(&mut self, events: &[Event]) {
        let leaky = |filter: &&Filter| events.iter().any(|event| !filter.lets_through(event));
        let leaks = self.ask.filters.iter().filter(leaky);
        self.leaks.extend(leaks.map(|filter| filter.field));
    }
}

fn newest_first(gathered: &Gathered) -> Vec<Timestamp> {
    let mut times: Vec<_> = gathered.events.iter().map(|event| event.time()).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    times
}

/// Whether all of this was there when the counting began. Where one answer brought everything, an event that does not
/// say when it was recorded is taken for an old one.
fn recorded_before(events: &[Arc<Event>], moment: Timestamp, alone: bool) -> bool {
    events.iter().all(|event| {
        let recorded = event.recorded_at();
        recorded.map_or(alone, |recorded| recorded < moment)
    })
}
