//! Following a trail: what is recorded from now on, once each, also what is recorded late, for days on end.
//!
//! A poll looks at the window from a little before the last poll until now. One page of its newest events and the
//! server's count of the window are held against the ids that are remembered: where they agree, nothing else has
//! happened; where they do not, the window is read whole. Once an hour the count of a day is held against the memory in
//! the same way.
//!
//! All times are the server's: the frontier is what it said in an answer, so that this machine's clock may be wrong and
//! its sleep long. Nothing here knows a terminal, a file or a token: these are behind [`Trail`] and [`Keep`], so that
//! tests run days in virtual time.

mod begin;
mod check;
mod checkpoint;
mod follower;
mod memory;
mod poll;
mod taking;
mod trouble;

use std::{io, time::Duration};

use crate::{
    api::{Event, Field, Timestamp},
    query::{Query, Sendable},
    source::{Newest, ReadReport, Reading, Sink, SourceError},
};

pub use checkpoint::{Checkpoint, FollowIdentity, Position, Unusable};
pub use follower::Follower;
pub use memory::{MOST, Memory};

/// What is followed.
pub trait Trail {
    /// What the source can be asked of a question, without the filters of some fields.
    fn sendable(&self, query: &Query, withheld: &[Field]) -> Sendable;

    /// The newest events of a window, how many it holds, and the source's clock.
    fn newest(
        &self,
        query: &Query,
        limit: u32,
    ) -> impl Future<Output = Result<Newest, SourceError>>;

    /// Reads a window whole, or its first matches.
    fn read(
        &self,
        reading: &Reading,
        sink: &mut dyn Sink,
    ) -> impl Future<Output = Result<ReadReport, SourceError>>;

    /// Fetches the token anew, because the one in use is refused.
    fn renew(&mut self) -> impl Future<Output = Renewed>;
}

/// What fetching the token anew came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// It is another one.
    Other,
    /// It is the same as before.
    Same,
    /// It cannot be read, and why.
    Unreadable(String),
    /// It comes from where it cannot change.
    Fixed,
}

/// Where the events go, and what is said about them.
pub trait Keep {
    /// Why a position cannot be kept.
    type Error;

    /// Writes an event.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// Hands on all that was written.
    fn flush(&mut self) -> io::Result<()>;

    /// Keeps what was written, and then the position, through the end of the program and of the machine.
    fn keep(&mut self, position: &Position) -> Result<(), Self::Error>;

    /// Tells a person.
    fn say(&mut self, note: Note<'_>);
}

/// What a person should know.
#[derive(Debug)]
pub enum Note<'a> {
    /// The first poll is over: this is followed.
    Following {
        /// Events of this instant or later.
        start: Timestamp,
    },
    /// A checkpoint is gone on from.
    Resumed {
        /// Where it stood, by the server's clock.
        frontier: Timestamp,
    },
    /// The server has been away for some time.
    Away {
        /// Why the last request failed.
        why: &'a SourceError,
        /// Since the first that failed.
        ago: Duration,
    },
    /// The server is back.
    Back {
        /// Since the first request that failed.
        after: Duration,
    },
    /// The token is refused, and there is no other.
    Refused {
        /// Why not, if it cannot be read.
        why: Option<String>,
    },
    /// The server lets other events through a filter.
    Leaky(Field),
    /// A reading of the whole window could not be proven complete.
    Unproven {
        /// Why.
        why: String,
    },
    /// The hourly look at a day found events that the polls had not.
    Late {
        /// How many were written.
        count: u64,
        /// The longest time between happening and being recorded.
        longest: chrono::Duration,
    },
    /// There are too many events to remember those of a day.
    Forgets {
        /// Events that are recorded longer after they happened than this are missed.
        reach: chrono::Duration,
    },
}

/// How a trail is followed.
#[derive(Clone, Debug)]
pub struct Question {
    /// All filters; of the window, the start if one was asked for, and the end.
    pub query: Query,
    /// Events that are recorded this much after they happened are found by the polls.
    pub overlap: chrono::Duration,
    /// The pause between two polls.
    pub interval: Duration,
    /// The newest events that are shown first.
    pub tail: Option<u64>,
    /// Events after which it ends.
    pub max_events: Option<u64>,
    /// Time without an event after which it ends.
    pub stall_after: Option<chrono::Duration>,
    /// Events a request, at most.
    pub page_size: u32,
    /// Requests side by side, at most.
    pub concurrency: usize,
    /// Ids that are remembered, at most.
    pub most_ids: usize,
}

/// Why it ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The window's end has passed, or enough events have come.
    Done,
    /// No event was recorded for too long.
    Stalled {
        /// The time of the last event, if one is known.
        last: Option<Timestamp>,
        /// The server's clock.
        clock: Timestamp,
    },
}

/// Why it cannot go on.
#[derive(Debug)]
pub enum FollowError<E> {
    /// The source will not answer.
    Source(SourceError),
    /// An event cannot be written.
    Output(io::Error),
    /// The position cannot be kept.
    Keep(E),
}

impl<E> From<SourceError> for FollowError<E> {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Sink(error) => Self::Output(error),
            error => Self::Source(error),
        }
    }
}
