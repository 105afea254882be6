//! Complete retrieval over anything that fetches a page, and how far it is proven.
//!
//! The window is cut into pieces that fit a page. A piece is proven by its own count before its events go on; pieces
//! are fetched side by side, and meet at events that both sides have seen. Nothing here knows a connection or a clock
//! other than tokio's, so that tests run it in virtual time.
//!
//! `run` asks; `chain` keeps the stretches of the window in their order, `next` says which is asked for, `settle` lets go
//! on what has been read; `piece` reads one, `once` after `once`, to its proof, `crowd` one that no cut in time makes small
//! enough, both into `gathered`; `split` and `seam` are the arithmetic of cutting and joining; `learned` is what the answers have told about
//! the server.

mod chain;
mod crowd;
mod gathered;
mod learned;
mod next;
mod once;
mod piece;
mod run;
mod seam;
mod settle;
mod span;
mod split;
mod verdict;

use std::{io, ops::ControlFlow, sync::Arc};

use crate::{
    api::{Event, Field, Page, Timestamp},
    query::{Order, Query, Request, Sendable},
};

pub use verdict::{Doubt, Gap, Piece, Verdict};

/// What fetches pages.
pub trait Pages: Send + Sync + 'static {
    /// Why a page could not be fetched. It ends the walk.
    type Error: Send + 'static;

    /// Fetches one page; what may pass by itself has been asked again already.
    fn fetch(&self, request: Request) -> impl Future<Output = Result<Answer, Self::Error>> + Send;

    /// Whether the server refused the request for its `limit`: then a smaller one is worth a try.
    fn refuses_limit(error: &Self::Error) -> bool;
}

/// A page, and the server's clock when it was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The page.
    pub page: Page,
    /// The `Date` header: whole seconds.
    pub date: Option<Timestamp>,
}

/// What is to be read, and how.
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
    /// Requests side by side, at most.
    pub concurrency: usize,
    /// The clock of this machine at the start.
    pub now: Timestamp,
}

impl Reading {
    /// The first request that a server gets.
    ///
    /// As few events as are wanted, and one more, which tells whether the last instant is whole; a full page where it
    /// is not known how many are wanted, since filters are applied here or everything is.
    pub fn first_request(&self, sent: &Sendable) -> Request {
        let limit = match self.wanted {
            Some(wanted) if sent.rest.is_empty() && self.order == Order::NewestFirst => {
                u32::try_from(wanted.saturating_add(1)).unwrap_or(u32::MAX)
            }
            _ => u32::MAX,
        };
        Request {
            query: sent.query.clone(),
            limit: limit.clamp(1, self.page_size),
            offset: 0,
        }
    }
}

/// What is known after the first answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Begun {
    /// The question as it is sent, with the window frozen, its end included.
    pub sent: Query,
    /// What the source holds for what was sent, if it says.
    pub total: Option<u64>,
}

/// What there is to say about an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadReport {
    /// What the source was asked.
    pub begun: Begun,
    /// The filters that were applied here.
    pub applied_here: Vec<Field>,
    /// The filters that the server was sent, and let other events through.
    pub leaky: Vec<Field>,
    /// Events that came again, and were given once.
    pub doubles: u64,
    /// Events that turned up in places that had been read already: they were recorded late, and may be left out.
    pub late: u64,
    /// Whether the answer is all there is.
    pub verdict: Verdict,
}

/// Takes an answer. Each method may fail for reasons of its own, which ends the reading.
pub trait Sink {
    /// Called before the first event; again where the first of several questions is followed by another.
    fn begun(&mut self, _begun: &Begun) -> io::Result<()> {
        Ok(())
    }

    /// Takes an event; matches alone come, in order. Says when it has enough.
    fn event(&mut self, event: Event) -> io::Result<ControlFlow<()>>;

    /// Told of each piece after its last event.
    fn piece(&mut self, _piece: &Piece) -> io::Result<()> {
        Ok(())
    }
}

impl<F: FnMut(Event) -> io::Result<ControlFlow<()>>> Sink for F {
    fn event(&mut self, event: Event) -> io::Result<ControlFlow<()>> {
        self(event)
    }
}

/// Why a walk ended early.
#[derive(Debug)]
pub enum WalkError<E> {
    /// A page could not be fetched.
    Fetch(E),
    /// What takes the events failed.
    Sink(io::Error),
}

/// Reads every event of the window into `sink`, in order, each once, and says how far that is proven.
///
/// Dropping the future ends all requests under way.
pub async fn walk<P: Pages>(
    pages: Arc<P>,
    reading: &Reading,
    sink: &mut dyn Sink,
) -> Result<ReadReport, WalkError<P::Error>> {
    run::Run::new(pages, reading).run(sink).await
}
