//! The writing side: events, and how far their source has been read, in one transaction.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use uuid::Uuid;

use super::{error::StoreError, sql, sqlite, text::escaped};
use crate::api::{Event, Field, Timestamp};

/// Row of the source of events that no file brought.
const NO_FILE: i64 = 1;

/// How far a file has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceProgress {
    /// The file's own number.
    pub source: Uuid,
    /// Bytes from its start that have been read.
    pub read_to: u64,
    /// SHA-256 of those bytes: a file that begins otherwise is another one.
    pub prefix_sha256: [u8; 32],
}

/// A step of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// `read_to` that the step begins at; 0 for a new source.
    pub before: u64,
    /// Where it ends.
    pub after: SourceProgress,
}

/// A connection that writes.
#[derive(Debug)]
pub struct Writer {
    connection: Connection,
}

impl Writer {
    /// Opens a store for writing, and creates it where there is none.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let (_, connection) = sqlite::open_or_create(path)?;
        Ok(Self { connection })
    }

    pub(super) fn new(connection: Connection) -> Result<Self, StoreError> {
        match connection.is_readonly("main")? {
            true => Err(StoreError::ReadOnly),
            false => Ok(Self { connection }),
        }
    }

    /// Every file that has been read, and how far.
    pub fn sources(&self) -> Result<Vec<SourceProgress>, StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT uuid, read_to, prefix_sha256 FROM sources WHERE read_to IS NOT NULL ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        let mut sources = Vec::new();
        while let Some(row) = rows.next()? {
            let uuid: String = row.get(0)?;
            let source = Uuid::try_parse(&uuid).map_err(|_| {
                StoreError::Damaged(format!("'{uuid}' is not the number of a source"))
            })?;
            sources.push(SourceProgress {
                source,
                read_to: u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default(),
                prefix_sha256: row.get(2)?,
            });
        }
        Ok(sources)
    }

    /// Stores events, and the step of the source that they came from, or neither. Gives how many were new.
    ///
    /// An event whose id the source has already is left as it is. [`StoreError::Moved`] where the source does not
    /// stand where the step begins.
    pub fn append(
        &mut self,
        events: &[Event],
        advance: Option<&Advance>,
    ) -> Result<u64, StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let source = match advance {
            Some(advance) => write_progress(&transaction, advance)?,
            None => NO_FILE,
        };
        let mut stored = 0;
        for event in events {
            stored += write_event(&transaction, source, event)?;
        }
        transaction.commit()?;
        Ok(stored)
    }

    /// Stores the events of several senders, or none of all of them. Gives for each sender how many were new: an id
    /// that the store has from anywhere is left as it is.
    pub fn append_new(&mut self, senders: &[&[Event]]) -> Result<Vec<u64>, StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut stored = Vec::new();
        for events in senders {
            let mut new = 0;
            for event in *events {
                if !is_known(&transaction, event)? {
                    new += write_event(&transaction, NO_FILE, event)?;
                }
            }
            stored.push(new);
        }
        transaction.commit()?;
        Ok(stored)
    }
}

fn is_known(transaction: &Transaction<'_>, event: &Event) -> Result<bool, StoreError> {
    let mut statement = transaction.prepare_cached("SELECT 1 FROM events WHERE id = ?")?;
    Ok(statement.exists([escaped(event.id())])?)
}

/// Moves the source and gives its row.
fn write_progress(transaction: &Transaction<'_>, advance: &Advance) -> Result<i64, StoreError> {
    let Advance { before, after } = advance;
    let uuid = after.source.to_string();
    let read_to = integer(after.read_to);
    let row = transaction
        .query_row(
            "SELECT id, read_to FROM sources WHERE uuid = ?",
            [&uuid],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)),
        )
        .optional()?;
    let reached = row.and_then(|(_, reached)| reached).unwrap_or_default();
    if reached != integer(*before) {
        return Err(StoreError::Moved);
    }
    match row {
        Some((id, _)) => transaction.execute(
            "UPDATE sources SET read_to = ?2, prefix_sha256 = ?3 WHERE id = ?1",
            (id, read_to, after.prefix_sha256),
        )?,
        None => transaction.execute(
            "INSERT INTO sources (uuid, read_to, prefix_sha256) VALUES (?1, ?2, ?3)",
            (&uuid, read_to, after.prefix_sha256),
        )?,
    };
    Ok(row.map_or_else(|| transaction.last_insert_rowid(), |(id, _)| id))
}

/// Gives 1 where the event is new to the source, else 0.
fn write_event(
    transaction: &Transaction<'_>,
    source: i64,
    event: &Event,
) -> Result<u64, StoreError> {
    let mut statement = transaction.prepare_cached(&sql::insert())?;
    let recorded = event.text(Field::RecordedAt).and_then(Timestamp::parse);
    statement.raw_bind_parameter(1, source)?;
    statement.raw_bind_parameter(2, escaped(event.id()))?;
    statement.raw_bind_parameter(3, event.time().micros())?;
    statement.raw_bind_parameter(4, recorded.map(Timestamp::micros))?;
    let mut index = 5;
    for field in Field::FILTERED {
        statement.raw_bind_parameter(index, event.text(field).map(escaped))?;
        index += 1;
    }
    statement.raw_bind_parameter(index, event.json())?;
    Ok(statement.raw_execute()?.try_into().unwrap_or_default())
}

/// No file is longer than SQLite's integers reach.
fn integer(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
