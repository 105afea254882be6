//! The writing side: events, and how far their source has been read, in one transaction.

use uuid::Uuid;

use super::{StoreError, postgres, sqlite};
use crate::{
    address::StoreAddress,
    api::{Event, Timestamp},
};

/// Row of the source of events that no file brought.
pub(super) const NO_FILE: i64 = 1;

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

/// A connection that writes. Its methods wait for the database, and block the thread meanwhile.
#[derive(Debug)]
pub struct Writer(Database);

#[derive(Debug)]
enum Database {
    Sqlite(Box<sqlite::Writer>),
    Postgres(Box<postgres::Writer>),
}

impl Writer {
    /// Opens a store for writing, and creates it where there is none.
    pub fn open(at: impl Into<StoreAddress>) -> Result<Self, StoreError> {
        Ok(match at.into() {
            StoreAddress::File(path) => Self::sqlite(sqlite::Writer::open(&path)?),
            StoreAddress::Database(url) => Self::postgres(postgres::Writer::open(&url)?),
        })
    }

    pub(super) fn sqlite(writer: sqlite::Writer) -> Self {
        Self(Database::Sqlite(Box::new(writer)))
    }

    pub(super) fn postgres(writer: postgres::Writer) -> Self {
        Self(Database::Postgres(Box::new(writer)))
    }

    /// Every file that has been read, and how far.
    pub fn sources(&mut self) -> Result<Vec<SourceProgress>, StoreError> {
        match &mut self.0 {
            Database::Sqlite(writer) => writer.sources(),
            Database::Postgres(writer) => writer.sources(),
        }
    }

    /// Events from which on a transaction is better ended: larger ones save time, but let others wait to write, and
    /// PostgreSQL has a time limit for each statement.
    pub fn most_events(&self) -> usize {
        match self.0 {
            Database::Sqlite(_) => 50_000,
            Database::Postgres(_) => 5_000,
        }
    }

    /// Fills the store, if it is empty when events are appended: until [`Writer::finish_load`] all of them must be new
    /// to it, and questions about an id, an actor, a URL or an entity may find it locked.
    /// Nothing is different with PostgreSQL.
    pub fn begin_load(&mut self) {
        match &mut self.0 {
            Database::Sqlite(writer) => writer.begin_load(),
            Database::Postgres(_) => {}
        }
    }

    /// Ends what [`Writer::begin_load`] began, if it did.
    pub fn finish_load(&mut self) -> Result<(), StoreError> {
        match &mut self.0 {
            Database::Sqlite(writer) => writer.finish_load(),
            Database::Postgres(_) => Ok(()),
        }
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
        self.write(events, advance, None)
    }

    /// As [`Writer::append`]; events without `recorded_at` get `now`, which is read as in [`Writer::append_new`].
    pub fn append_recorded(
        &mut self,
        events: &[Event],
        advance: Option<&Advance>,
        now: impl Fn() -> Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(events, advance, Some(&now))
    }

    fn write(
        &mut self,
        events: &[Event],
        advance: Option<&Advance>,
        now: Option<&dyn Fn() -> Timestamp>,
    ) -> Result<u64, StoreError> {
        match &mut self.0 {
            Database::Sqlite(writer) => writer.append(events, advance, now),
            Database::Postgres(writer) => writer.append(events, advance, now),
        }
    }

    /// Stores the events of all senders, or of none. Gives for each sender how many were new: an id
    /// that the store has from anywhere is left as it is. What does not say when it was recorded is recorded at `now`,
    /// read when nobody else writes any more: a reader who has seen that moment pass has seen what came before.
    pub fn append_new(
        &mut self,
        senders: &[&[Event]],
        now: impl Fn() -> Timestamp,
    ) -> Result<Vec<u64>, StoreError> {
        match &mut self.0 {
            Database::Sqlite(writer) => writer.append_new(senders, now),
            Database::Postgres(writer) => writer.append_new(senders, now),
        }
    }

    /// Deletes at most `most` of the events before `time`, the oldest first, and gives back their space. Gives how
    /// many there were: fewer than `most` means that none is left.
    pub fn delete_before(&mut self, time: Timestamp, most: u32) -> Result<u64, StoreError> {
        match &mut self.0 {
            Database::Sqlite(writer) => writer.delete_before(time, most),
            Database::Postgres(writer) => writer.delete_before(time, most),
        }
    }
}
