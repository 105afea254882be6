//! One question, asked of a server or of a store: the same events in the same order from either.

mod newest;
mod server;
mod store;

use std::{io, sync::Arc};

use crate::{
    client::{Client, ClientError, Counts},
    store::{Store, StoreError},
};

pub use newest::Newest;

pub use crate::walk::{Begun, Doubt, Gap, Piece, ReadReport, Reading, Sink, Verdict};

/// What can be asked.
pub enum Source {
    /// A server of the audit-event API.
    Server(Arc<Client>),
    /// A store's file.
    Store(Store),
}

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
}

impl Source {
    /// What has been sent so far; nothing is sent to a store.
    pub fn counts(&self) -> Counts {
        match self {
            Self::Server(client) => client.counts(),
            Self::Store(_) => Counts::default(),
        }
    }

    /// Reads the answer into `sink`, page by page.
    pub async fn read(
        &self,
        reading: &Reading,
        sink: &mut dyn Sink,
    ) -> Result<ReadReport, SourceError> {
        match self {
            Self::Server(client) => server::read(client, reading, sink).await,
            Self::Store(store) => store::read(store, reading, sink).await,
        }
    }
}
