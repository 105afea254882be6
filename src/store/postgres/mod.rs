//! A store in PostgreSQL, for any number of programs on any number of machines.
//!
//! Whoever writes waits until nobody else does, as with SQLite: what is recorded at a moment is seen by all who look
//! after it, an id is stored once, and counts have one writer.

mod address;
mod connection;
mod pool;
mod reader;
mod session;
mod tls;
mod upkeep;
mod writer;
mod writing;

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{runtime::Handle, task::block_in_place};

use super::{error::StoreError, kind::Catalogue};
use crate::address::DatabaseUrl;

use connection::Database;
use pool::Pool;

pub(super) use writer::Writer;

/// An open store. Clones share its connections.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pool: Arc<Pool>,
    /// The kinds that have been read so far, for all connections.
    known: Arc<Mutex<Catalogue>>,
}

/// Says why nobody can open a URL. Nothing is connected to.
pub(super) fn check_url(url: &DatabaseUrl) -> Result<(), StoreError> {
    Database::new(url).map(drop)
}

impl Store {
    /// Opens the store in a database; where there is none, makes one if `create` says so.
    pub(super) fn open(
        url: &DatabaseUrl,
        create: bool,
        bound: Duration,
    ) -> Result<Self, StoreError> {
        let database = Database::new(url)?;
        wait(async {
            let mut client = database.connect(bound).await?;
            database.prepare(&mut client, create).await
        })?;
        Ok(Self {
            pool: Arc::new(Pool::new(database, bound)),
            known: Arc::default(),
        })
    }

    /// A connection that writes to this store.
    pub(super) fn writer(&self) -> Writer {
        Writer::new(self.pool.database().clone())
    }
}

/// Waits on this thread for what the database answers.
fn wait<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let runtime = Handle::try_current().map_err(|_| StoreError::BrokenOff)?;
    block_in_place(|| runtime.block_on(answer))
}
