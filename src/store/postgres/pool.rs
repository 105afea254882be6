//! A few connections that only read, lent to one question at a time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Client;

use super::connection::Database;
use crate::store::error::StoreError;

/// Connections that read side by side.
const READERS: usize = 8;

/// The connections, made when they are first needed.
#[derive(Debug)]
pub(super) struct Pool {
    database: Database,
    bound: Duration,
    idle: Arc<Mutex<Vec<Client>>>,
    permits: Arc<Semaphore>,
}

impl Pool {
    /// `bound` is how long one statement may take.
    pub(super) fn new(database: Database, bound: Duration) -> Self {
        Self {
            database,
            bound,
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(READERS)),
        }
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// A connection that nobody else has.
    pub(super) async fn lend(&self) -> Result<Lent, StoreError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::BrokenOff)?;
        let idle = loop {
            let idle = self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            match idle {
                // The server has ended it meanwhile.
                Some(client) if client.is_closed() => {}
                idle => break idle,
            }
        };
        let client = match idle {
            Some(client) => client,
            None => self.database.connect(self.bound).await?,
        };
        Ok(Lent {
            client: Some(client),
            idle: Arc::clone(&self.idle),
            database: self.database.clone(),
            _permit: permit,
        })
    }
}

/// A connection on its way. Dropped before it is given back, it is in the middle of something that nobody waits for any
/// more: that is stopped, and the connection closed.
pub(super) struct Lent {
    client: Option<Client>,
    idle: Arc<Mutex<Vec<Client>>>,
    database: Database,
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    pub(super) fn client(&mut self) -> Result<&mut Client, StoreError> {
        self.client.as_mut().ok_or(StoreError::BrokenOff)
    }

    /// Whoever comes next can use it.
    pub(super) fn give_back(mut self) {
        let client = self.client.take().filter(|client| !client.is_closed());
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(client);
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        let (cancel, tls) = (client.cancel_token(), self.database.tls());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // It ends by its time limit at the latest.
                let _ = cancel.cancel_query(tls).await;
                drop(client);
            });
        }
    }
}
