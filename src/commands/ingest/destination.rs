//! Where the events go: into a store, or to a server.

use std::{
    io::{self, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use uuid::Uuid;

use super::{IngestError, state::State, storing::Storing};
use crate::{
    api::Event,
    client::{Client, Told},
    store::{Advance, SourceProgress, StoreError, Writer},
};

/// Most events of a request.
const MAX_EVENTS: usize = 1_000;
/// Most bytes of a request before they are compressed; a single event may have more.
const MAX_BYTES: usize = 4 << 20;

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
}

impl Destination {
    /// A store, created where there is none.
    pub fn store(path: &Path) -> Result<Self, IngestError> {
        Ok(Self::Store(Box::new(Storing::new(Writer::open(path)?))))
    }

    /// A server that is called `to`.
    pub fn server(client: Client, state: &Path, to: String) -> Result<Self, IngestError> {
        let state = State::open(state, to)?;
        Ok(Self::Server(Box::new(Server { client, state })))
    }

    /// Whether it counts for itself what it takes.
    pub fn is_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    /// Every file that has been read, and how far.
    pub fn sources(&self) -> Result<Vec<SourceProgress>, IngestError> {
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

impl Server {
    /// Remembers the id of a file before the first of its events is sent: the id is made from a part that will be
    /// longer when a file that grows is read again, and then its events would be others to the server.
    pub fn begin(&mut self, advance: &Advance) -> Result<(), IngestError> {
        self.state.begin(&advance.after)
    }

    /// Sends the events of a portion, and then remembers how far their file was read.
    pub async fn append(
        &mut self,
        events: &[Event],
        advance: Option<&Advance>,
    ) -> Result<Told, IngestError> {
        let told = match events {
            [] => Told::default(),
            events => self.client.send(compressed(events)).await?,
        };
        if let Some(advance) = advance {
            self.state.advance(&advance.after)?;
        }
        Ok(told)
    }
}

/// Whether the same may go well later, nothing being changed here.
pub fn may_pass(error: &IngestError) -> bool {
    match error {
        IngestError::Store(error) => matches!(error, StoreError::Locked | StoreError::Full),
        IngestError::Send(error) => error.may_pass(),
        IngestError::State { reason, .. } => reason.kind() == io::ErrorKind::StorageFull,
        _ => false,
    }
}

/// Events in portions that [`Server::append`] takes; one at least.
pub fn portions(events: &[Event]) -> Vec<&[Event]> {
    let (mut found, mut rest) = (Vec::new(), events);
    loop {
        let mut bytes = 0;
        let fits = |event: &&Event| {
            bytes += event.json().len() + 1;
            bytes <= MAX_BYTES
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
    use super::portions;
    use crate::api::Event;

    #[test]
    fn a_request_has_at_most_a_thousand_events_and_four_mebibytes() {
        let event = |bytes: usize| {
            let id = "x".repeat(bytes - 45);
            let json = format!(r#"{{"id":"{id}","event_time":"2026-01-01T00:00:00Z"}}"#);
            Event::from_json(&json).unwrap()
        };
        let lengths = |events: &[Event]| -> Vec<_> {
            portions(events).iter().map(|part| part.len()).collect()
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
