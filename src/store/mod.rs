//! A trail of one's own: events in SQLite, in a file or in memory, or in PostgreSQL, asked the same questions as a server.
//!
//! A [`Store`] reads, a [`Writer`] writes. Nothing here knows what a question is typed as or where events come from.
//! Kinds, counts, where a page lies and the SQL are pure; `sqlite` and `postgres` hold connections and transactions.

mod counts;
mod error;
mod kind;
mod narrowing;
mod postgres;
mod scan;
mod sql;
mod sqlite;
mod stretches;
mod text;
mod upkeep;
mod writer;

use std::{path::Path, time::Duration};

use crate::{
    address::StoreAddress,
    query::{Order, Query},
};

pub use error::StoreError;
pub use scan::{Position, Scanned};
pub use upkeep::{Fault, StoreInfo};
pub use writer::{Advance, SourceProgress, Writer};

use writer::NO_FILE;

/// Longest time for one question of a store that is served. Who asks has given up by then.
const BOUND: Duration = Duration::from_secs(30);
/// The same where a person reads a file and can interrupt it.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// Most bytes of events in one page or part: a thousand events can be far larger than memory. A page that ends early
/// is a short page, which every client has to expect.
const MAX_BYTES: usize = 32 << 20;

/// An open store. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store(Database);

#[derive(Clone, Debug)]
enum Database {
    Sqlite(sqlite::Store),
    Postgres(postgres::Store),
}

/// A page of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPage {
    /// Events as JSON, newest first; fewer than were asked for where they are large.
    pub bodies: Vec<String>,
    /// Matches, counted at the moment at which the page was read.
    pub total: u64,
}

impl Store {
    /// Says why nobody could open a store there, as far as the address alone tells. Any path will do.
    pub fn check_address(at: &StoreAddress) -> Result<(), StoreError> {
        match at {
            StoreAddress::File(_) => Ok(()),
            StoreAddress::Database(url) => postgres::check_url(url),
        }
    }

    /// Opens a store; where there is none, creates it: a file readable by its owner alone, or tables in a database.
    ///
    /// Waits for a database, and blocks the thread meanwhile.
    pub fn open(at: impl Into<StoreAddress>) -> Result<Self, StoreError> {
        Ok(Self(match at.into() {
            StoreAddress::File(path) => Database::Sqlite(sqlite::Store::open(&path, BOUND)?),
            StoreAddress::Database(url) => {
                Database::Postgres(postgres::Store::open(&url, true, BOUND)?)
            }
        }))
    }

    /// Opens a store that exists, also where it can only be read. Waits as [`Store::open`] does.
    pub fn open_existing(at: impl Into<StoreAddress>) -> Result<Self, StoreError> {
        Ok(Self(match at.into() {
            StoreAddress::File(path) => {
                Database::Sqlite(sqlite::Store::open_existing(&path, PATIENCE)?)
            }
            StoreAddress::Database(url) => {
                Database::Postgres(postgres::Store::open(&url, false, PATIENCE)?)
            }
        }))
    }

    /// A new, empty store in memory, which lives as long as its clones and writers.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self(Database::Sqlite(sqlite::Store::in_memory(BOUND)?)))
    }

    /// A connection that writes to this store.
    pub fn writer(&self) -> Result<Writer, StoreError> {
        Ok(match &self.0 {
            Database::Sqlite(store) => Writer::sqlite(store.writer()?),
            Database::Postgres(store) => Writer::postgres(store.writer()),
        })
    }

    /// What is in the store.
    pub async fn info(&self) -> Result<StoreInfo, StoreError> {
        match &self.0 {
            Database::Sqlite(store) => store.info().await,
            Database::Postgres(store) => store.info().await,
        }
    }

    /// Reads all of it, and gives what is wrong: nothing, where it is sound.
    pub async fn check(&self) -> Result<Vec<Fault>, StoreError> {
        match &self.0 {
            Database::Sqlite(store) => store.check().await,
            Database::Postgres(store) => store.check().await,
        }
    }

    /// Copies one moment of a file to a new one, whole or not at all, readable by its owner alone. A database has tools
    /// of its own for that: [`StoreError::NoFile`].
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        match &self.0 {
            Database::Sqlite(store) => store.backup(to).await,
            Database::Postgres(_) => Err(StoreError::NoFile),
        }
    }

    /// A page and the number of all matches, both from one moment of the store.
    pub async fn page(
        &self,
        query: &Query,
        limit: u32,
        offset: u64,
    ) -> Result<StoredPage, StoreError> {
        match &self.0 {
            Database::Sqlite(store) => store.page(query, limit, offset).await,
            Database::Postgres(store) => store.page(query, limit, offset).await,
        }
    }

    /// The number of matches.
    pub async fn count(&self, query: &Query) -> Result<u64, StoreError> {
        match &self.0 {
            Database::Sqlite(store) => store.count(query).await,
            Database::Postgres(store) => store.count(query).await,
        }
    }

    /// The next `limit` matches behind `after`, or the first.
    ///
    /// Events that are stored meanwhile come if they lie ahead; no other is lost or comes twice.
    pub async fn scan(
        &self,
        query: &Query,
        order: Order,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Scanned, StoreError> {
        match &self.0 {
            Database::Sqlite(store) => store.scan(query, order, after, limit).await,
            Database::Postgres(store) => store.scan(query, order, after, limit).await,
        }
    }
}
