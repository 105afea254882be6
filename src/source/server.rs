//! Reads a server's answer page by page, by offset.
//!
//! Newest first from the front; oldest first from the end, which `total` tells. The window's end is frozen by the
//! first answer, so that events that happen meanwhile do not shift the pages. What offset pages cannot do is prove
//! that nothing was lost: an event recorded late, or ties that a server orders differently each time, can still slip
//! through.

use std::ops::ControlFlow;

use super::{
    Reading, Sink, SourceError, Told,
    order::{Ordered, Pushed},
};
use crate::{
    api::{Event, Field},
    client::{Answer, Client},
    query::{Order, Query, Request, Sendable},
};

/// Times in a row that a page may be the one before it: a server that does not page gives it for ever.
const MAX_SAME: u32 = 3;
/// Pages in a row that may bring nothing new. Ties in a new order each time can do that for a while.
const MAX_FRUITLESS: u32 = 50;
/// Times in a row that the number of all events may have changed.
const MAX_CHANGES: u32 = 20;

pub async fn read(
    client: &Client,
    reading: &Reading,
    sink: &mut Sink<'_>,
) -> Result<Told, SourceError> {
    let mut walk = Walk::new(client, reading);
    let flow = match reading.order {
        Order::NewestFirst => walk.forwards(sink).await?,
        Order::OldestFirst => walk.backwards(sink).await?,
    };
    if flow.is_continue() {
        let rest = walk.ordered.finish();
        let _ = walk.give(rest, sink)?;
    }
    Ok(walk.told())
}

struct Walk<'a> {
    client: &'a Client,
    reading: &'a Reading,
    /// The question with its frozen window.
    query: Query,
    cut: Sendable,
    leaky: Vec<Field>,
    ordered: Ordered,
    total: Option<u64>,
    /// Whether a page gave events again while the total stood still: then it kept others back.
    overlaps: bool,
    /// Whether the last two answers had the same total.
    steady: bool,
    /// Events that came, each counted once.
    read: u64,
    /// Whether the server gave events that nobody asked for, outside of the window or of a filter.
    unasked: bool,
    /// The ids of the page before, and how often in a row it came.
    page: Vec<String>,
    same: u32,
    /// Pages in a row that brought nothing new.
    fruitless: u32,
}

/// What a page did to the walk.
enum Step {
    /// The sink has enough.
    Enough,
    /// On with the next page.
    On,
    /// A filter leaks: from the start again, without it.
    Restart,
}

impl<'a> Walk<'a> {
    fn new(client: &'a Client, reading: &'a Reading) -> Self {
        Self {
            client,
            reading,
            query: reading.query.clone(),
            cut: reading.query.sendable(&[]),
            leaky: Vec::new(),
            ordered: Ordered::new(reading.order),
            total: None,
            overlaps: false,
            steady: false,
            read: 0,
            unasked: false,
            page: Vec::new(),
            same: 0,
            fruitless: 0,
        }
    }

    async fn forwards(&mut self, sink: &mut Sink<'_>) -> Result<ControlFlow<()>, SourceError> {
        let mut offset = 0;
        loop {
            let limit = self.page_size();
            let answer = self.fetch(limit, offset).await?;
            let count = answer.page.events.len() as u64;
            let passed = match offset {
                0 => count - self.beyond_the_end(&answer.page.events),
                _ => count,
            };
            match self.take(answer, offset, sink)? {
                Step::Enough => return Ok(ControlFlow::Break(())),
                Step::Restart => {
                    offset = 0;
                    continue;
                }
                Step::On => offset += passed,
            }
            // A short page alone is no end: a server may lower the limit.
            let counted = self.total.is_some_and(|total| offset >= total);
            if count == 0 || (counted && (count < u64::from(limit) || self.fruitless > 0)) {
                return Ok(ControlFlow::Continue(()));
            }
        }
    }

    async fn backwards(&mut self, sink: &mut Sink<'_>) -> Result<ControlFlow<()>, SourceError> {
        let mut total = self.count().await?;
        let mut left = total;
        let mut changes = 0;
        let mut most = u64::from(self.reading.page_size);
        while left > 0 {
            let limit = u64::from(self.page_size()).min(left).min(most);
            let offset = left - limit;
            let answer = self
                .fetch(u32::try_from(limit).unwrap_or(u32::MAX), offset)
                .await?;
            let now = answer.page.total.ok_or(SourceError::NoTotal)?;
            if now != total {
                // What came or went lies before the oldest, and has moved them by as much.
                left = left.saturating_add(now).saturating_sub(total);
                total = now;
                changes += 1;
                if changes > MAX_CHANGES {
                    return Err(SourceError::Unsteady);
                }
                continue;
            }
            changes = 0;
            let count = answer.page.events.len() as u64;
            if count == 0 {
                return Err(SourceError::Repeats { offset });
            }
            if count < limit {
                // The limit was lowered: the events before `left` are not in this page.
                most = count;
                continue;
            }
            match self.take(answer, offset, sink)? {
                Step::Enough => return Ok(ControlFlow::Break(())),
                Step::Restart => {
                    total = self.count().await?;
                    left = total;
                }
                Step::On => left = offset,
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Events of the first page that happened behind the end that its answer froze: the next requests do not count
    /// them.
    fn beyond_the_end(&self, events: &[Event]) -> u64 {
        let beyond = |event: &&Event| self.query.window.end.is_some_and(|end| event.time() > end);
        events.iter().filter(beyond).count() as u64
    }

    /// Matches on the server; freezes the window.
    async fn count(&mut self) -> Result<u64, SourceError> {
        let answer = self.fetch(1, 0).await?;
        answer.page.total.ok_or(SourceError::NoTotal)
    }

    async fn fetch(&mut self, limit: u32, offset: u64) -> Result<Answer, SourceError> {
        let request = Request {
            query: self.cut.query.clone(),
            limit,
            offset,
        };
        let answer = self.client.fetch(&request).await?;
        self.steady = answer.page.total.is_some() && answer.page.total == self.total;
        self.total = answer.page.total;
        if self.query.window.end.is_none() {
            let clock = answer.date.unwrap_or(self.reading.now);
            let end = clock.plus(chrono::Duration::seconds(1));
            self.query.window.end = Some(end);
            self.cut.query.window.end = Some(end);
        }
        Ok(answer)
    }

    fn page_size(&self) -> u32 {
        let filtered = self.unasked || !self.cut.rest.is_empty();
        self.reading.limit(self.read, filtered)
    }

    fn take(
        &mut self,
        answer: Answer,
        offset: u64,
        sink: &mut Sink<'_>,
    ) -> Result<Step, SourceError> {
        let events = answer.page.events;
        if self.notice_leaks(&events) {
            return Ok(Step::Restart);
        }
        let ids: Vec<_> = events.iter().map(|event| event.id().to_owned()).collect();
        let same = !ids.is_empty() && ids == self.page;
        self.page = ids;
        let count = events.len();
        let Pushed { ready, new } = self.ordered.push(events)?;
        self.overlaps |= self.steady && new < count;
        self.read += new as u64;
        self.same = if same { self.same + 1 } else { 0 };
        self.fruitless = if new == 0 { self.fruitless + 1 } else { 0 };
        if self.same >= MAX_SAME || self.fruitless >= MAX_FRUITLESS {
            return Err(SourceError::Repeats { offset });
        }
        Ok(match self.give(ready, sink)? {
            ControlFlow::Break(()) => Step::Enough,
            ControlFlow::Continue(()) => Step::On,
        })
    }

    /// Whether a filter that was sent let other events through. Then what it hid cannot be known either (it may match
    /// in part), so that it is not sent again and the pages are read anew.
    fn notice_leaks(&mut self, events: &[Event]) -> bool {
        let leaks = |field: &Field| {
            let mut filters = self
                .cut
                .query
                .filters
                .iter()
                .filter(|filter| filter.field == *field);
            filters.any(|filter| events.iter().any(|event| !filter.lets_through(event)))
        };
        let found: Vec<Field> = Field::FILTERED.into_iter().filter(leaks).collect();
        if found.is_empty() {
            return false;
        }
        self.leaky.extend(found);
        self.cut = self.query.sendable(&self.leaky);
        self.ordered.restart();
        (self.read, self.same, self.fruitless) = (0, 0, 0);
        true
    }

    fn give(
        &mut self,
        events: Vec<Event>,
        sink: &mut Sink<'_>,
    ) -> Result<ControlFlow<()>, SourceError> {
        for event in events {
            if !self.query.matches(&event) {
                self.unasked = true;
            } else if sink(event).map_err(SourceError::Sink)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn told(self) -> Told {
        Told {
            window: self.query.window,
            total: self.total,
            applied_here: self.cut.rest.iter().map(|filter| filter.field).collect(),
            leaky: self.leaky,
            late: self.ordered.late(),
            overlaps: self.overlaps,
        }
    }
}
