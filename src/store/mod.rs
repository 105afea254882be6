//! A trail of one's own: events in SQLite, in a file or in memory, asked the same questions as a server.
//!
//! A [`Store`] reads, a [`Writer`] writes. Nothing here knows what a question is typed as or where events come from.
//! Kinds, counts, where a page lies and the SQL are pure; `sqlite` holds connections and transactions.

mod counts;
mod error;
mod kind;
mod narrowing;
mod scan;
mod sql;
mod sqlite;
mod text;
mod upkeep;
mod writer;

use std::{path::Path, time::Duration};

use crate::query::{Order, Query};

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
pub struct Store(sqlite::Store);

/// A page of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPage {
    /// Events as JSON, newest first; fewer than were asked for where they are large.
    pub bodies: Vec<String>,
    /// Matches, counted at the moment at which the page was read.
    pub total: u64,
}

impl Store {
    /// Opens the store at `path`; where there is none, creates it, readable by its owner alone.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self(sqlite::Store::open(path, BOUND)?))
    }

    /// Opens a store that exists, also where it can only be read.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        Ok(Self(sqlite::Store::open_existing(path, PATIENCE)?))
    }

    /// A new, empty store in memory, which lives as long as its clones and writers.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self(sqlite::Store::in_memory(BOUND)?))
    }

    /// A connection that writes to this store.
    pub fn writer(&self) -> Result<Writer, StoreError> {
        Ok(Writer(self.0.writer()?))
    }

    /// What is in the store.
    pub async fn info(&self) -> Result<StoreInfo, StoreError> {
        self.0.info().await
    }

    /// Reads all of it, and gives what is wrong: nothing, where it is sound.
    pub async fn check(&self) -> Result<Vec<Fault>, StoreError> {
        self.0.check().await
    }

    /// Copies one moment of the store to a new file, whole or not at all, readable by its owner alone.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.0.backup(to).await
    }

    /// A page and the number of all matches, both from one moment of the store.
    pub async fn page(
        &self,
        query: &Query,
        limit: u32,
        offset: u64,
    ) -> Result<StoredPage, StoreError> {
        self.0.page(query, limit, offset).await
    }

    /// The number of matches.
    pub async fn count(&self, query: &Query) -> Result<u64, StoreError> {
        self.0.count(query).await
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
        self.0.scan(query, order, after, limit).await
    }
}
