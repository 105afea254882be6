//! One poll: a page held against the memory, or the whole window.

use super::{
    FollowError, Follower, Keep, Note, Position, Trail,
    follower::FIRST_LIMIT,
    taking::{Taking, Task},
};
use crate::{
    api::{Event, Field, Timestamp},
    query::{Order, Query, Window},
    source::{Newest, ReadReport, Reading, SourceError, Verdict},
};

impl Position {
    /// Where a poll begins to look: the overlap before the frontier, not before the start, and where no event makes the
    /// window's edge doubtful.
    pub(super) fn look_from(&self, overlap: chrono::Duration) -> Timestamp {
        // A start in the future is waited for.
        let first = self.start.min(self.frontier).max(self.memory.from());
        let at = self.frontier.minus(overlap);
        match at <= first {
            true => first,
            false => self.memory.seam(at).max(first),
        }
    }
}

impl<T: Trail, K: Keep> Follower<T, K> {
    /// Looks at what has happened since the last poll, and a little before.
    pub(super) async fn poll(&mut self) -> Result<(), FollowError<K::Error>> {
        let Some(position) = &self.position else {
            return Ok(());
        };
        let window = Window {
            start: Some(position.look_from(self.question.overlap)),
            end: self.question.query.window.end,
        };
        let mut newest = self.newest(window, self.limit).await?;
        // What belongs elsewhere is no answer to this question; edges may be off by a millisecond.
        let edge = window
            .start
            .map(|start| start.minus(chrono::Duration::milliseconds(1)));
        newest
            .events
            .retain(|event| edge.is_none_or(|edge| edge <= event.time()));
        self.tally.fresh = 0;
        let before = std::mem::replace(&mut self.clock, newest.clock);
        if self.leaks(window, &newest.events) || !self.is_accounted_for(window, &newest) {
            self.read(window, Task::Poll).await?;
        } else {
            self.report_return();
            self.take_page(newest.events)?;
        }
        self.advance(before);
        Ok(())
    }

    /// Asks for the newest events of a window, as many as the server gives at once.
    pub(super) async fn newest(
        &mut self,
        window: Window,
        limit: u32,
    ) -> Result<Newest, FollowError<K::Error>> {
        let mut limit = limit;
        loop {
            let query = self.sent(window);
            match self.trail.newest(&query, limit).await {
                Err(SourceError::Client(error)) if error.refuses_limit() && limit > 1 => {
                    limit /= 2;
                    self.question.page_size = limit;
                }
                Err(error) => return Err(error.into()),
                Ok(newest) => {
                    let rows = newest.events.len() as u64;
                    self.counts |= rows > 0 && newest.total.is_some_and(|total| total > rows);
                    return Ok(newest);
                }
            }
        }
    }

    /// The question as it is sent for a window.
    fn sent(&self, window: Window) -> Query {
        let query = Query {
            window,
            filters: self.question.query.filters.clone(),
        };
        self.trail.sendable(&query, &self.withheld).query
    }

    fn leaks(&mut self, window: Window, events: &[Event]) -> bool {
        let sent = self.sent(window);
        let leaky = sent.filters.iter().filter(|filter| {
            let leaks = |event: &Event| !filter.lets_through(event);
            events.iter().any(leaks)
        });
        let fields: Vec<_> = leaky.map(|filter| filter.field).collect();
        self.withhold(&fields)
    }

    /// Goes on without filters that let other events through. Says whether there is one more of them.
    fn withhold(&mut self, fields: &[Field]) -> bool {
        let before = self.withheld.len();
        for field in fields {
            if !self.withheld.contains(field) {
                self.withheld.push(*field);
                self.keep.say(Note::Leaky(*field));
            }
        }
        self.withheld.len() > before
    }

    /// Whether the memory and this page are all that the server counts.
    ///
    /// A count that is as large as the page may be the page's own length: of a server that never counted more than it
    /// gave, no new event is taken on trust.
    fn is_accounted_for(&self, window: Window, newest: &Newest) -> bool {
        let Some(position) = &self.position else {
            return false;
        };
        let memory = &position.memory;
        // Without an end the server counts up to its own now.
        let now = newest
            .clock
            .whole_second()
            .plus(chrono::Duration::seconds(1));
        let counted = Window {
            end: Some(window.end.map_or(now, |end| end.min(now))),
            ..window
        };
        let known = memory.count_with(counted, &newest.events);
        let is_new = |event: &Event| !memory.holds(event);
        newest.total == Some(known) && (self.counts || !newest.events.iter().any(is_new))
    }

    fn take_page(&mut self, mut events: Vec<Event>) -> Result<(), FollowError<K::Error>> {
        events.sort_by(|a, b| Order::OldestFirst.compare(a, b));
        let Some((_, mut taking)) = self.taking(Task::Poll) else {
            return Ok(());
        };
        for event in &events {
            if taking.take(event).map_err(FollowError::Output)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Reads a window whole, and takes what is new.
    pub(super) async fn read(
        &mut self,
        window: Window,
        task: Task,
    ) -> Result<(), FollowError<K::Error>> {
        self.round = self.round.wrapping_add(1);
        let reading = self.reading(self.sent(window), Order::OldestFirst);
        let Some((trail, mut taking)) = self.taking(task) else {
            return Ok(());
        };
        let told = trail.read(&reading, &mut taking).await;
        if let Some(error) = taking.failed {
            return Err(FollowError::Keep(error));
        }
        let told = told?;
        self.withhold(&told.leaky);
        self.judge(&told);
        Ok(())
    }

    fn judge(&mut self, told: &ReadReport) {
        match &told.verdict {
            Verdict::Complete { .. } => {
                // The walk has looked behind what the server counts.
                self.counts |= told.begun.total.is_some_and(|total| total > 0);
                if let Some(position) = &mut self.position {
                    position.memory.settle(told.begun.sent.window, self.round);
                }
            }
            Verdict::Incomplete { gaps, .. } => {
                if !std::mem::replace(&mut self.said.unproven, true) {
                    let why = gaps.first().map(|gap| gap.doubt.to_string());
                    let why = why.unwrap_or_default();
                    self.keep.say(Note::Unproven { why });
                }
            }
            Verdict::Stopped => {}
        }
    }

    pub(super) fn reading(&self, query: Query, order: Order) -> Reading {
        Reading {
            query,
            order,
            page_size: self.question.page_size,
            wanted: None,
            concurrency: self.question.concurrency,
            now: self.clock,
        }
    }

    /// The source, and what takes its events.
    pub(super) fn taking(&mut self, task: Task) -> Option<(&T, Taking<'_, K>)> {
        let taking = Taking {
            keep: &mut self.keep,
            position: self.position.as_mut()?,
            tally: &mut self.tally,
            question: &self.question,
            task,
            round: self.round,
            clock: self.clock,
            failed: None,
        };
        Some((&self.trail, taking))
    }

    /// The frontier is the earlier of the server's last two clocks: one answer with a wrong one must not move the
    /// window away from what happens.
    fn advance(&mut self, before: Timestamp) {
        if std::mem::take(&mut self.tally.wrote) {
            self.last_new = self.clock;
        }
        let twice = u32::try_from(self.tally.fresh.saturating_mul(2)).unwrap_or(u32::MAX);
        self.limit = twice.max(FIRST_LIMIT).min(self.question.page_size);
        let enough = self.question.is_enough(&self.tally);
        if let Some(position) = self.position.as_mut().filter(|_| !enough) {
            position.frontier = before.min(self.clock);
        }
    }
}
