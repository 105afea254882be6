//! A store in SQLite: a file, or the memory of this process.

mod appending;
mod loading;
mod location;
mod opened;
mod pool;
mod reader;
mod upkeep;
mod writer;

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::Connection;

use super::{
    error::StoreError,
    sql::{Param, Sql},
};

use location::Location;
use opened::Opened;
use pool::Readers;
use reader::Known;

pub(super) use writer::Writer;

/// Connections that read side by side.
const READERS: usize = 4;
/// KiB of pages that each of them keeps: what a question needs of the indexes of ten million events.
const CACHE: i64 = 12 << 10;

/// An open store. Clones share its connections.
#[derive(Clone, Debug)]
pub(super) struct Store {
    location: Location,
    opened: Option<Opened>,
    readers: Arc<Readers>,
    known: Arc<Known>,
}

impl Store {
    /// Opens the store at `path`; where there is none, creates it, readable by its owner alone.
    pub(super) fn open(path: &Path, bound: Duration) -> Result<Self, StoreError> {
        let (location, connection) = location::open_or_create(path)?;
        Self::new(location, connection, bound)
    }

    /// Opens a store that exists, also where it can only be read.
    pub(super) fn open_existing(path: &Path, bound: Duration) -> Result<Self, StoreError> {
        let (location, connection) = location::open_existing(path)?;
        Self::new(location, connection, bound)
    }

    /// A new, empty store in memory, which lives as long as its clones and writers.
    pub(super) fn in_memory(bound: Duration) -> Result<Self, StoreError> {
        let location = Location::new_memory();
        let connection = location.open()?;
        Self::new(location, connection, bound)
    }

    fn new(location: Location, first: Connection, bound: Duration) -> Result<Self, StoreError> {
        let mut connections = vec![first];
        while connections.len() < READERS {
            connections.push(location.connect()?);
        }
        for connection in &connections {
            connection.pragma_update(None, "query_only", true)?;
            connection.pragma_update(None, "cache_size", -CACHE)?;
        }
        Ok(Self {
            opened: Opened::new(&location),
            location,
            readers: Arc::new(Readers::new(connections, bound)),
            known: Arc::default(),
        })
    }

    /// A connection that writes to this store.
    pub(super) fn writer(&self) -> Result<Writer, StoreError> {
        Writer::new(self.location.connect()?, self.opened.clone())
    }
}

/// The statement of `sql`, ready to be stepped through.
fn prepared<'c>(
    connection: &'c Connection,
    sql: &Sql,
) -> Result<rusqlite::CachedStatement<'c>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(&sql.text)?;
    for (at, param) in sql.params.iter().enumerate() {
        bind(&mut statement, at + 1, param)?;
    }
    Ok(statement)
}

fn bind(
    statement: &mut rusqlite::Statement<'_>,
    at: usize,
    param: &Param,
) -> Result<(), rusqlite::Error> {
    match param {
        Param::Integer(number) => statement.raw_bind_parameter(at, number),
        Param::Text(text) => statement.raw_bind_parameter(at, text),
        // SQLite has no lists: its JSON stands in.
        Param::Integers(numbers) => {
            let list = serde_json::Value::from(numbers.as_slice()).to_string();
            statement.raw_bind_parameter(at, list)
        }
        Param::Texts(texts) => {
            let list = serde_json::Value::from(texts.as_slice()).to_string();
            statement.raw_bind_parameter(at, list)
        }
    }
}
