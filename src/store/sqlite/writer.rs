//! The writing side: events, and how far their source has been read, in one transaction.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction};
use uuid::Uuid;

use super::{
    appending::{Appending, KnownKinds},
    loading, location,
    opened::Opened,
};
use crate::{
    api::{Event, Timestamp},
    store::{Advance, NO_FILE, PATIENCE, SourceProgress, error::StoreError, text::escaped},
};

/// Memory for pages, in KiB: an event changes five indexes, each at a place of its own.
const CACHE: i64 = 64 << 10;
/// The part of a store that its write-ahead log may be as large as, and the least and the most for it, in pages.
const LOG_SHARE: i64 = 4;
const MIN_LOG: i64 = 1_000;
const MAX_LOG: i64 = 128 << 10;

/// A connection that writes.
#[derive(Debug)]
pub(in crate::store) struct Writer {
    connection: Connection,
    opened: Option<Opened>,
    known: KnownKinds,
    loading: Loading,
}

/// Whether this one fills an empty store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loading {
    No,
    /// If it is empty.
    Wanted,
    Begun,
}

impl Writer {
    pub(in crate::store) fn open(path: &Path) -> Result<Self, StoreError> {
        let (location, connection) = location::open_or_create(path)?;
        Self::new(connection, Opened::new(&location))
    }

    pub(super) fn new(connection: Connection, opened: Option<Opened>) -> Result<Self, StoreError> {
        match connection.is_readonly("main")? {
            true => Err(StoreError::ReadOnly),
            false => {
                connection.pragma_update(None, "cache_size", -CACHE)?;
                Ok(Self {
                    connection,
                    opened,
                    known: KnownKinds::new(),
                    loading: Loading::No,
                })
            }
        }
    }

    pub(in crate::store) fn sources(&self) -> Result<Vec<SourceProgress>, StoreError> {
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

    pub(in crate::store) fn begin_load(&mut self) {
        if self.loading == Loading::No {
            self.loading = Loading::Wanted;
        }
    }

    pub(in crate::store) fn finish_load(&mut self) -> Result<(), StoreError> {
        if self.loading == Loading::Begun {
            self.fit_log()?;
            loading::finish(&self.connection)?;
            self.connection.busy_timeout(location::BUSY)?;
        }
        self.loading = Loading::No;
        Ok(())
    }

    /// Refuses to write to a file that has lost its name.
    fn check_file(&self) -> Result<(), StoreError> {
        self.opened.as_ref().map_or(Ok(()), Opened::check)
    }

    /// What somebody else has begun to fill, and perhaps not ended, gets its indexes.
    fn make_ready(&self) -> Result<(), StoreError> {
        self.check_file()?;
        match self.loading == Loading::Begun || loading::is_indexed(&self.connection)? {
            true => Ok(()),
            false => loading::finish(&self.connection),
        }
    }

    /// Lets the write-ahead log grow with the store. What changes a page often before it goes back to its place costs
    /// one such way, and a large store has more pages that an event can be put into.
    fn fit_log(&self) -> Result<(), StoreError> {
        let pages: i64 = self
            .connection
            .pragma_query_value(None, "page_count", |row| row.get(0))?;
        let log = (pages / LOG_SHARE).clamp(MIN_LOG, MAX_LOG);
        let set = "wal_autocheckpoint";
        Ok(self
            .connection
            .pragma_update_and_check(None, set, log, |_| Ok(()))?)
    }

    pub(in crate::store) fn append(
        &mut self,
        events: &[Event],
        advance: Option<&Advance>,
        now: Option<&dyn Fn() -> Timestamp>,
    ) -> Result<u64, StoreError> {
        self.fit_log()?;
        self.make_ready()?;
        let mut appending = Appending::begin(&mut self.connection, &mut self.known)?;
        let is_loading = match self.loading {
            Loading::No => false,
            Loading::Wanted => loading::begin(&appending.transaction)?,
            Loading::Begun => true,
        };
        if is_loading {
            appending.new_events()?;
        }
        let now = now.map(|now| now());
        let source = match advance {
            Some(advance) => write_progress(&appending.transaction, advance)?,
            None => NO_FILE,
        };
        let mut stored = 0;
        for event in events {
            stored += store(&mut appending, source, event, now)?;
        }
        appending.commit()?;
        if is_loading && self.loading == Loading::Wanted {
            self.loading = Loading::Begun;
            // Who opens the store meanwhile makes its indexes, which takes a while.
            self.connection.busy_timeout(PATIENCE)?;
        }
        Ok(stored)
    }

    pub(in crate::store) fn append_new(
        &mut self,
        senders: &[&[Event]],
        now: impl Fn() -> Timestamp,
    ) -> Result<Vec<u64>, StoreError> {
        self.make_ready()?;
        let mut appending = Appending::begin(&mut self.connection, &mut self.known)?;
        let now = now();
        let mut stored = Vec::new();
        for events in senders {
            let mut new = 0;
            for event in *events {
                if !is_known(&appending.transaction, event)? {
                    new += store(&mut appending, NO_FILE, event, Some(now))?;
                }
            }
            stored.push(new);
        }
        appending.commit()?;
        Ok(stored)
    }

    pub(in crate::store) fn delete_before(
        &mut self,
        time: Timestamp,
        most: u32,
    ) -> Result<u64, StoreError> {
        self.check_file()?;
        let mut appending = Appending::begin(&mut self.connection, &mut self.known)?;
        let deleted = appending.delete_before(time, most)?;
        appending.commit()?;
        match self.give_back_space() {
            // The next deletion does it, too.
            Ok(()) | Err(StoreError::Locked) => Ok(deleted),
            Err(error) => Err(error),
        }
    }

    /// Pages that hold nothing any more leave the file. Each one is a step of this statement.
    fn give_back_space(&self) -> Result<(), StoreError> {
        let mut vacuum = self
            .connection
            .prepare_cached("PRAGMA incremental_vacuum")?;
        let mut rows = vacuum.query([])?;
        while rows.next()?.is_some() {}
        Ok(())
    }
}

/// Stores an event; one that does not say when it was recorded is recorded at `now`, if that is given.
fn store(
    appending: &mut Appending<'_>,
    source: i64,
    event: &Event,
    now: Option<Timestamp>,
) -> Result<u64, StoreError> {
    let Some(now) = now.filter(|_| event.recorded_at().is_none()) else {
        return appending.store(source, event);
    };
    let recorded = event.recorded(now);
    let recorded =
        recorded.map_err(|error| StoreError::Damaged(format!("an event on its way: {error}")))?;
    appending.store(source, &recorded)
}

fn is_known(transaction: &Transaction<'_>, event: &Event) -> Result<bool, StoreError> {
    let mut statement =
        transaction.prepare_cached("SELECT 1 FROM events INDEXED BY events_by_id WHERE id = ?")?;
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

/// No file is longer than SQLite's integers reach.
fn integer(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
