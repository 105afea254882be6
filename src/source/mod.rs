//! One question, asked of a server or of a store: the same events in the same order from either.

mod order;
mod server;
mod store;

use std::{io, ops::ControlFlow};

use crate::{
    api::{DEFAULT_LIMIT, Event, Field, Timestamp},
    client::{Client, ClientError},
    query::{Order, Query, Request, Sendable, Window},
    store::{Store, StoreError},
};

/// What can be asked.
pub enum Source {
    /// A server of the audit-event API.
    Server(Client),
    /// A store's file.
    Store(Store),
}

/// How a question is read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What is asked. Its window has a start.
    pub query: Query,
    /// Which events come first.
    pub order: Order,
    /// Events a request, at most.
    pub page_size: u32,
    /// Matches that will be taken at most; all of them without it.
    pub wanted: Option<u64>,
    /// The clock, for a server that does not tell its own.
    pub now: Timestamp,
}

impl Reading {
    /// The `limit` of the next request after `read` events: as few as are wanted, and one more, which tells whether
    /// the last instant is whole. If it is not, its other events are wanted too, to put them in order; nobody knows
    /// how many those are, nor how many are wanted where filters are applied here (`filtered`).
    pub fn limit(&self, read: u64, filtered: bool) -> u32 {
        let all = u64::from(self.page_size.max(1));
        let wanted = match self.wanted {
            _ if filtered => all,
            Some(wanted) if read < wanted => (wanted - read).saturating_add(1),
            Some(_) => DEFAULT_LIMIT.into(),
            None => all,
        };
        u32::try_from(wanted.clamp(1, all)).unwrap_or(self.page_size)
    }

    /// The first request that a server gets. Oldest first begins with the number of all.
    pub fn first_request(&self, sent: &Sendable) -> Request {
        let limit = match self.order {
            Order::NewestFirst => self.limit(0, !sent.rest.is_empty()),
            Order::OldestFirst => 1,
        };
        Request {
            query: sent.query.clone(),
            limit,
            offset: 0,
        }
    }
}

/// What there is to say about an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The window that was asked for, its end included.
    pub window: Window,
    /// What the source holds for the filters that it applied itself, if it says.
    pub total: Option<u64>,
    /// The filters that were applied here.
    pub applied_here: Vec<Field>,
    /// The filters that the server was sent, and let other events through.
    pub leaky: Vec<Field>,
    /// Events that came too late to be put in order, and are left out.
    pub late: u64,
    /// Whether the server gave events again while its total stood still: then it kept others back.
    pub overlaps: bool,
}

/// Takes the events, matches alone, in order; says when it has enough.
pub type Sink<'a> = dyn FnMut(Event) -> io::Result<ControlFlow<()>> + 'a;

/// Why a reading failed.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The server could not be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What takes the events failed.
    #[error("cannot write the answer: {0}")]
    Sink(io::Error),
    /// The server gives the same page whatever offset is asked for.
    #[error("the server gives the same events again and again (offset {offset})")]
    Repeats {
        /// The offset that was asked for last.
        offset: u64,
    },
    /// Offsets from the end mean nothing while the end moves.
    #[error("the number of events changes with every request")]
    Unsteady,
    /// Oldest first is read from the end, which only a total tells.
    #[error(
        "the server does not say how many events there are, so that the oldest cannot be found"
    )]
    NoTotal,
    /// Too many events of one instant to put them in order in memory.
    #[error("more than {max} events have the time {time}")]
    Crowded {
        /// How many are held at most.
        max: usize,
        /// Their time.
        time: Timestamp,
    },
}

impl Source {
    /// Reads the answer into `sink`, page by page.
    pub async fn read(&self, reading: &Reading, sink: &mut Sink<'_>) -> Result<Told, SourceError> {
        match self {
            Self::Server(client) => server::read(client, reading, sink).await,
            Self::Store(store) => store::read(store, reading, sink).await,
        }
    }
}
