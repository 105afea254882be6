//! A trail of one's own: events in SQLite, in a file or in memory, asked the same questions as a server.
//!
//! A [`Store`] reads, a [`Writer`] writes. Nothing here knows what a question is typed as or where events come from.

mod error;
mod pool;
mod scan;
mod sql;
mod sqlite;
mod text;
mod writer;

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::{Connection, params_from_iter};

use crate::{
    api::Event,
    query::{Order, Query},
};

pub use error::StoreError;
pub use scan::{Position, Scanned};
pub use writer::{Advance, SourceProgress, Writer};

use pool::Readers;
use sqlite::Location;

/// Connections that read side by side.
const READERS: usize = 4;
/// Longest time for one question of a store that is served. Who asks has given up by then.
const BOUND: Duration = Duration::from_secs(30);
/// The same where a person reads a file and can interrupt it.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// Most bytes of events in one page or part: a thousand events can be far larger than memory. A page that ends early
/// is a short page, which every client has to expect.
const MAX_BYTES: usize = 32 << 20;

/// An open store. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    location: Location,
    readers: Arc<Readers>,
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
    /// Opens the store at `path`; where there is none, creates it, readable by its owner alone.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let (location, connection) = sqlite::open_or_create(path)?;
        Self::new(location, connection, BOUND)
    }

    /// Opens a store that exists, also where it can only be read.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let (location, connection) = sqlite::open_existing(path)?;
        Self::new(location, connection, PATIENCE)
    }

    /// A new, empty store in memory, which lives as long as its clones and writers.
    pub fn in_memory() -> Result<Self, StoreError> {
        let location = Location::new_memory();
        let connection = location.open()?;
        Self::new(location, connection, BOUND)
    }

    fn new(location: Location, first: Connection, bound: Duration) -> Result<Self, StoreError> {
        let mut connections = vec![first];
        while connections.len() < READERS {
            connections.push(location.connect()?);
        }
        for connection in &connections {
            connection.pragma_update(None, "query_only", true)?;
        }
        Ok(Self {
            location,
            readers: Arc::new(Readers::new(connections, bound)),
        })
    }

    /// A connection that writes to this store.
    pub fn writer(&self) -> Result<Writer, StoreError> {
        Writer::new(self.location.connect()?)
    }

    /// A page and the number of all matches, both from one moment of the store.
    pub async fn page(
        &self,
        query: &Query,
        limit: u32,
        offset: u64,
    ) -> Result<StoredPage, StoreError> {
        let (count, page) = (sql::count(query)?, sql::page(query, limit, offset)?);
        let read = move |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            let total = read_count(&transaction, count)?;
            let mut statement = transaction.prepare(&page.text)?;
            let mut rows = statement.query(params_from_iter(page.params))?;
            let (mut bodies, mut bytes) = (Vec::new(), 0);
            while bytes < MAX_BYTES
                && let Some(row) = rows.next()?
            {
                let body: String = row.get(0)?;
                bytes += body.len();
                bodies.push(body);
            }
            Ok(StoredPage { bodies, total })
        };
        self.readers.run(read).await
    }

    /// The number of matches.
    pub async fn count(&self, query: &Query) -> Result<u64, StoreError> {
        let count = sql::count(query)?;
        let read = move |connection: &mut Connection| read_count(connection, count);
        self.readers.run(read).await
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
        let scan = sql::scan(query, order, after, limit)?;
        let read = move |connection: &mut Connection| read_scan(connection, scan, limit);
        self.readers.run(read).await
    }
}

fn read_count(connection: &Connection, count: sql::Sql) -> Result<u64, StoreError> {
    let mut statement = connection.prepare(&count.text)?;
    let count: i64 = statement.query_row(params_from_iter(count.params), |row| row.get(0))?;
    Ok(count.try_into().unwrap_or_default())
}

fn read_scan(connection: &Connection, scan: sql::Sql, limit: u32) -> Result<Scanned, StoreError> {
    let mut statement = connection.prepare(&scan.text)?;
    let mut rows = statement.query(params_from_iter(scan.params))?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    let mut last = None;
    while bytes < MAX_BYTES
        && let Some(row) = rows.next()?
    {
        let body = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        bytes += body.len();
        let event = Event::from_json(body);
        events.push(event.map_err(|error| StoreError::Damaged(format!("an event: {error}")))?);
        last = Some(Position {
            time: row.get(1)?,
            id: row.get(2)?,
            source: row.get(3)?,
        });
    }
    let more = bytes >= MAX_BYTES || events.len() as u64 >= u64::from(limit);
    Ok(Scanned {
        events,
        next: last.filter(|_| more),
    })
}
