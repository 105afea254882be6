//! Where the events go: into a store, or to a server.

use std::{
    io::{self, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use uuid::Uuid;

use super::{IngestError, state::State, storing::Storing};
use crate::{
    address::StoreAddress,
    api::Event,
    client::{Client, PostAnswer, Rejected},
    store::{Advance, SourceProgress, StoreError, Writer},
};

/// Most events of a request.
const MAX_EVENTS: usize = 1_000;
/// Most bytes of a request before they are compressed; a single event may have more.
const MAX_BYTES: usize = 4 << 20;
/// An event of no more bytes is too large for nobody: whoever says so would say it of every event.
const NEVER_TOO_LARGE: usize = 16 << 10;

/// What takes the events, and remembers how far each file was read.
pub enum Destination {
    /// A store, which does both in one transaction.
    Store(Box<Storing>),
    /// A server takes the events, a file of our own remembers.
    Server(Box<Server>),
}

/// A server, and what was sent to it.
pub struct Server {
    client: Client,
    state: State,
    /// Most bytes of a request; fewer where that was too much for what is in front of the server.
    most: usize,
}

impl Destination {
    /// A store, created where there is none.
    pub fn store(at: &StoreAddress) -> Result<Self, IngestError> {
        let writer = Writer::open(at.clone())?;
        Ok(Self::Store(Box::new(Storing::new(writer))))
    }

    /// A server that is called `to`.
    pub fn server(client: Client, state: &Path, to: String) -> Result<Self, IngestError> {
        let state = State::open(state, to)?;
        Ok(Self::Server(Box::new(Server {
            client,
            state,
            most: MAX_BYTES,
        })))
    }

    /// Whether it counts for itself what it takes.
    pub fn is_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    /// Every file that has been read, and how far.
    pub fn sources(&mut self) -> Result<Vec<SourceProgress>, IngestError> {
        match self {
            Self::Store(storing) => Ok(storing.sources()?),
            Self::Server(server) => Ok(server.state.sources()),
        }
    }

    /// Whether a file among [`Destination::sources`] has its id alone, and is still to be read from its beginning.
    pub fn is_unsent(&self, source: Uuid) -> bool {
        match self {
            Self::Store(_) => false,
            Self::Server(server) => server.state.is_unsent(source),
        }
    }
}

/// Events of one request.
struct Part<'a> {
    events: &'a [Event],
    /// How many of the portion stand before them.
    from: usize,
    /// Whether they were counted before, and are sent again so that each that is rejected is named.
    counted: bool,
}

impl Server {
    /// Remembers the id of a file before the first of its events is sent: the id is made from a part that will be
    /// longer when a file that grows is read again, and then its events would be others to the server.
    pub fn begin(&mut self, advance: &Advance) -> Result<(), IngestError> {
        self.state.begin(advance)
    }

    /// Events in portions that [`Server::append`] takes; one at least.
    pub fn portions<'a>(&self, events: &'a [Event]) -> Vec<&'a [Event]> {
        portions(events, self.most)
    }

    /// Remembers how far a file was read whose events the server has taken, or will never take.
    pub fn advance(&mut self, advance: &Advance) -> Result<(), IngestError> {
        self.state.advance(&advance.after)
    }

    /// Sends the events, in halves where they are too many or too large for one answer; the ids of those that arrive
    /// twice are known. Each event that is not taken is named in the answer.
    pub async fn append(&mut self, events: &[Event]) -> Result<PostAnswer, IngestError> {
        if events.is_empty() {
            return Ok(PostAnswer::default());
        }
        let mut all = PostAnswer::default();
        let mut parts = vec![Part {
            events,
            from: 0,
            counted: false,
        }];
        while let Some(part) = parts.pop() {
            let told = match (self.client.send(compressed(part.events)).await, part.events) {
                (Ok(told), _) => told,
                (Err(error), [one])
                    if error.is_too_large() && one.json().len() > NEVER_TOO_LARGE =>
                {
                    too_large()
                }
                (Err(error), [_, _, ..]) if error.is_too_large() => {
                    self.most = bytes(part.events) / 2;
                    parts.extend(part.halves(part.counted));
                    continue;
                }
                (Err(error), _) => return Err(error.into()),
            };
            let unnamed = told.rejected_count > told.rejected.len() as u64;
            if !part.counted {
                all.add(&told);
            }
            match part.events {
                [_, _, ..] if unnamed => parts.extend(part.halves(true)),
                _ => all
                    .rejected
                    .extend(told.rejected.into_iter().map(|it| Rejected {
                        index: part.from + it.index,
                        ..it
                    })),
            }
        }
        Ok(all)
    }
}

impl<'a> Part<'a> {
    /// Both halves, the first of them last.
    fn halves(&self, counted: bool) -> [Part<'a>; 2] {
        let (first, second) = self.events.split_at(self.events.len() / 2);
        let from = self.from + first.len();
        [(second, from), (first, self.from)].map(|(events, from)| Part {
            events,
            from,
            counted,
        })
    }
}

/// What becomes of an event that is too large alone.
fn too_large() -> PostAnswer {
    let reason = "413: it is too large for the server, or for what is in front of it".to_owned();
    PostAnswer {
        rejected_count: 1,
        rejected: vec![Rejected { index: 0, reason }],
        ..PostAnswer::default()
    }
}

/// Whether the same may go well later, nothing being changed here.
pub fn may_pass(error: &IngestError) -> bool {
    match error {
        IngestError::Store(error) => matches!(
            error,
            StoreError::Locked
                | StoreError::Full
                | StoreError::Away(_)
                | StoreError::Unsure(_)
                | StoreError::TooSlow
        ),
        IngestError::Send(error) => error.may_pass(),
        IngestError::State { reason, .. } => reason.kind() == io::ErrorKind::StorageFull,
        _ => false,
    }
}

fn portions(events: &[Event], most: usize) -> Vec<&[Event]> {
    let (mut found, mut rest) = (Vec::new(), events);
    loop {
        let mut bytes = 0;
        let fits = |event: &&Event| {
            bytes += event.json().len() + 1;
            bytes <= most
        };
        let count = rest.iter().take(MAX_EVENTS).take_while(fits).count();
        let (portion, left) = rest.split_at(count.max(1).min(rest.len()));
        found.push(portion);
        rest = left;
        if rest.is_empty() {
            return found;
        }
    }
}

fn bytes(events: &[Event]) -> usize {
    events.iter().map(|event| event.json().len() + 1).sum()
}

fn compressed(events: &[Event]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail; if it did, the server would refuse what is cut off.
    for event in events {
        let _ = gzip.write_all(event.json().as_bytes());
        let _ = gzip.write_all(b"\n");
    }
    gzip.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, portions};
    use crate::api::Event;

    #[test]
    fn a_request_has_at_most_a_thousand_events_and_four_mebibytes() {
        let event = |bytes: usize| {
            let id = "x".repeat(bytes - 45);
            let json = format!(r#"{{"id":"{id}","event_time":"2026-01-01T00:00:00Z"}}"#);
            Event::from_json(&json).unwrap()
        };
        let lengths = |events: &[Event]| -> Vec<_> {
            portions(events, MAX_BYTES)
                .iter()
                .map(|part| part.len())
                .collect()
        };
        assert_eq!(lengths(&[]), [0]);
        assert_eq!(lengths(&vec![event(100); 2_500]), [1_000, 1_000, 500]);
        assert_eq!(lengths(&vec![event(1 << 20); 5]), [3, 2]);
        assert_eq!(
            lengths(&[event(5 << 20), event(100), event(5 << 20)]),
            [1, 1, 1]
        );
    }
}
