//! How a following begins: the server is met, and what is there already is learnt, and shown as far as it was asked for.

use std::ops::ControlFlow;

use super::{FollowError, Follower, Keep, Memory, Note, Position, Trail, taking::Task};
use crate::{
    api::{DEFAULT_DAYS, Event},
    query::{Order, Window},
};

impl<T: Trail, K: Keep> Follower<T, K> {
    /// Meets the server, whose clock says what is now, and learns what is there already.
    pub(super) async fn begin(&mut self) -> Result<(), FollowError<K::Error>> {
        if !self.met {
            self.meet().await?;
        }
        if self.begun {
            return Ok(());
        }
        let clock = self.clock;
        let since = self.question.query.window.start;
        let before = clock.minus(self.question.overlap).whole_second();
        let from = since.map_or(before, |since| since.min(clock));
        self.position = Some(Position {
            start: since.unwrap_or(before),
            frontier: since.unwrap_or(clock).min(clock),
            memory: Memory::new(from, self.question.most_ids),
            tail_due: self.question.tail.is_some(),
        });
        if since.is_none() {
            let window = Window {
                start: Some(before),
                end: self.question.query.window.end,
            };
            self.read(window, Task::Baseline).await?;
        }
        self.checked = Some(clock);
        self.begun = true;
        // From here on nothing that is recorded is lost, whatever happens to this program.
        self.close()
    }

    /// The newest event of all tells the clock, whether the server counts, and when something happened last.
    async fn meet(&mut self) -> Result<(), FollowError<K::Error>> {
        let newest = self.newest(Window::default(), 1).await?;
        self.met = true;
        self.clock = newest.clock;
        self.last_new = newest.clock;
        let filters = &self.question.query.filters;
        let passes = |event: &&Event| filters.iter().all(|filter| filter.lets_through(event));
        self.tally.newest = newest.events.iter().find(passes).map(Event::time);
        if let Some(position) = self.position.as_ref().filter(|_| self.begun) {
            let frontier = position.frontier;
            self.keep.say(Note::Resumed { frontier });
            self.said.following = true;
        }
        Ok(())
    }

    /// Shows the newest events, oldest first, for `--tail`.
    ///
    /// After the memory knows what is there: what is recorded between the two is written by the first poll, unless it
    /// is among these.
    pub(super) async fn show_tail(&mut self) -> Result<(), FollowError<K::Error>> {
        let is_due = self.position.as_ref().is_some_and(|it| it.tail_due);
        let Some(count) = self.question.tail.filter(|_| is_due) else {
            return Ok(());
        };
        let mut query = self.question.query.clone();
        query.window.start = Some(self.clock.minus(chrono::Duration::days(DEFAULT_DAYS)));
        let mut reading = self.reading(query, Order::NewestFirst);
        reading.wanted = Some(count);
        let mut events: Vec<Event> = Vec::new();
        let mut sink = |event| {
            events.push(event);
            Ok(match events.len() as u64 >= count {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        };
        self.trail.read(&reading, &mut sink).await?;
        let Some((_, mut taking)) = self.taking(Task::Poll) else {
            return Ok(());
        };
        for event in events.iter().rev() {
            if taking.is_enough() {
                break;
            }
            taking.write(event).map_err(FollowError::Output)?;
            let round = taking.round;
            taking.position.memory.remember(event, round);
        }
        taking.position.tail_due = false;
        taking.keep_position()
    }
}
