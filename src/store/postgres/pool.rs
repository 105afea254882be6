//! A few connections that only read, lent to one question at a time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{connection::Database, session::Session};
use crate::store::error::StoreError;

/// Connections that read side by side.
const READERS: usize = 8;

/// The connections, made when they are first needed.
#[derive(Debug)]
pub(super) struct Pool {
    database: Database,
    bound: Duration,
    idle: Arc<Mutex<Vec<Session>>>,
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

    /// What a question gives that has a connection to itself; the wait for one, and all its statements, are one bound.
    pub(super) async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let work = async {
            let mut lent = self.lend().await?;
            let answer = question(lent.session()?).await?;
            lent.end();
            Ok(answer)
        };
        timeout(self.bound, work)
            .await
            .unwrap_or(Err(StoreError::TooSlow))
    }

    /// A connection that nobody else has.
    pub(super) async fn lend(&self) -> Result<Lent, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::BrokenOff)?;
        let idle = loop {
            let idle = self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            match idle {
                // The server has ended it meanwhile.
                Some(session) if session.client.is_closed() => {}
                idle => break idle,
            }
        };
        let session = match idle {
            Some(session) => session,
            None => Session::open(&self.database, self.bound).await?,
        };
        Ok(Lent {
            session: Some(session),
            idle: Arc::clone(&self.idle),
            database: self.database.clone(),
            _permit: permit,
        })
    }
}

/// A connection on its way. Dropped before it is given back, it is in the middle of something that nobody waits for any
/// more: that is stopped, and the connection closed.
pub(super) struct Lent {
    session: Option<Session>,
    idle: Arc<Mutex<Vec<Session>>>,
    database: Database,
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    pub(super) fn session(&mut self) -> Result<&mut Session, StoreError> {
        self.session.as_mut().ok_or(StoreError::BrokenOff)
    }

    /// Whoever comes next can use it.
    pub(super) fn give_back(mut self) {
        let session = self.session.take();
        let usable = session.filter(|session| !session.client.is_closed());
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(usable);
    }

    /// The same, once what was begun has ended. Nobody needs to wait for that.
    pub(super) fn end(mut self) {
        tokio::spawn(async move {
            if let Ok(session) = self.session()
                && session.end().await.is_ok()
            {
                self.give_back();
            }
        });
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(Session { client, .. }) = self.session.take() else {
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
