//! Takes events: each is written once, and remembered.

use std::{io, ops::ControlFlow, time::Duration};

use tokio::time::Instant;

use super::{FollowError, Keep, Position, Question};
use crate::{
    api::{Event, Timestamp},
    query::Window,
    source::{Piece, Sink},
};

/// While a window is read, the position is kept as often as this.
const KEEP_EVERY: Duration = Duration::from_secs(1);

/// What has been written.
#[derive(Debug)]
pub struct Tally {
    /// Events, in this run.
    pub written: u64,
    /// Time of the newest of them.
    pub newest: Option<Timestamp>,
    /// The longest time that one of them took to be recorded, since this was last looked at.
    pub longest: chrono::Duration,
    /// Events that were new to the memory, since this was last looked at.
    pub fresh: u64,
    /// Whether an event was written, since this was last looked at.
    pub wrote: bool,
    /// Whether there is something to keep.
    pub changed: bool,
    /// When the position was kept last.
    pub kept: Option<Instant>,
}

impl Tally {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            written: 0,
            newest: None,
            longest: chrono::Duration::zero(),
            fresh: 0,
            wrote: false,
            changed: false,
            kept: None,
        }
    }
}

impl Question {
    /// Whether as many have been written as are wanted.
    pub fn is_enough(&self, tally: &Tally) -> bool {
        self.max_events.is_some_and(|most| tally.written >= most)
    }
}

/// What a reading is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// To know what is there already.
    Baseline,
    /// To write what is new.
    Poll,
    /// To write what polls did not find.
    Check,
}

/// One reading under way.
pub struct Taking<'a, K: Keep> {
    pub keep: &'a mut K,
    pub position: &'a mut Position,
    pub tally: &'a mut Tally,
    pub question: &'a Question,
    pub task: Task,
    pub round: u32,
    pub clock: Timestamp,
    /// Why the position could not be kept, which a sink cannot tell.
    pub failed: Option<K::Error>,
}

impl<K: Keep> Taking<'_, K> {
    /// Takes an event, unless it was seen. Says when there are enough.
    pub fn take(&mut self, event: &Event) -> io::Result<ControlFlow<()>> {
        if self.is_enough() {
            return Ok(ControlFlow::Break(()));
        }
        let memory = &self.position.memory;
        if event.time() < memory.from() {
            return Ok(ControlFlow::Continue(()));
        }
        if !memory.holds(event) {
            self.tally.fresh += 1;
            if self.task != Task::Baseline && self.is_asked_for(event) {
                self.write(event)?;
            }
        }
        self.tally.changed |= self.position.memory.remember(event, self.round);
        Ok(ControlFlow::Continue(()))
    }

    /// Writes an event that was asked for.
    pub fn write(&mut self, event: &Event) -> io::Result<()> {
        self.keep.event(event)?;
        let tally = &mut *self.tally;
        tally.written += 1;
        tally.wrote = true;
        tally.changed = true;
        tally.newest = tally.newest.max(Some(event.time()));
        let recorded = event.recorded_at().unwrap_or(self.clock);
        let took = recorded.utc().signed_duration_since(event.time().utc());
        tally.longest = tally.longest.max(took);
        Ok(())
    }

    pub fn is_enough(&self) -> bool {
        self.question.is_enough(self.tally)
    }

    /// Whether an event answers the question: filters that the source was not sent are applied here.
    fn is_asked_for(&self, event: &Event) -> bool {
        let window = Window {
            start: Some(self.position.start),
            end: self.question.query.window.end,
        };
        let mut filters = self.question.query.filters.iter();
        window.contains(event.time()) && filters.all(|filter| filter.lets_through(event))
    }

    /// Writes down where it stands.
    pub fn keep_position(&mut self) -> Result<(), FollowError<K::Error>> {
        self.keep.flush().map_err(FollowError::Output)?;
        self.keep.keep(self.position).map_err(FollowError::Keep)?;
        self.tally.changed = false;
        self.tally.kept = Some(Instant::now());
        Ok(())
    }
}

impl<K: Keep> Sink for Taking<'_, K> {
    fn event(&mut self, event: Event) -> io::Result<ControlFlow<()>> {
        self.take(&event)
    }

    /// A long reading that breaks off goes on behind its last piece.
    fn piece(&mut self, piece: &Piece) -> io::Result<()> {
        if self.task == Task::Baseline {
            return Ok(());
        }
        let read_to = piece.window.end.filter(|_| self.task == Task::Poll);
        if let Some(read_to) = read_to.map(|end| end.min(self.clock)) {
            self.position.frontier = self.position.frontier.max(read_to);
        }
        if self
            .tally
            .kept
            .is_some_and(|kept| kept.elapsed() < KEEP_EVERY)
        {
            return Ok(());
        }
        match self.keep_position() {
            Ok(()) => Ok(()),
            Err(FollowError::Keep(error)) => {
                self.failed = Some(error);
                Err(io::Error::other("the position cannot be kept"))
            }
            Err(FollowError::Output(error)) => Err(error),
            Err(FollowError::Source(error)) => Err(io::Error::other(error)),
        }
    }
}
