//! Looking after a store: what is in it, whether it is sound, and a copy of it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, Transaction};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;

use super::Store;
use crate::{
    api::Timestamp,
    store::{
        error::StoreError,
        upkeep::{Fault, MOST_FAULTS, Recount, StoreInfo, Stored},
    },
};

impl Store {
    /// What is in the store.
    pub(in crate::store) async fn info(&self) -> Result<StoreInfo, StoreError> {
        self.readers.run(info).await
    }

    /// Reads all of it, and gives what is wrong.
    pub(in crate::store) async fn check(&self) -> Result<Vec<Fault>, StoreError> {
        let check = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            let mut faults = damages(&transaction)?;
            if faults.is_empty() {
                faults.extend(wrong_rows(&transaction)?);
            }
            faults.truncate(MOST_FAULTS);
            Ok(faults)
        };
        self.readers.run(check).await
    }

    /// Copies one moment of the store to a new file, whole or not at all, readable by its owner alone.
    pub(in crate::store) async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let (location, to) = (self.location.clone(), to.to_owned());
        let copy = spawn_blocking(move || {
            let connection = location.connect()?;
            copy(&connection, to)
        });
        copy.await.unwrap_or(Err(StoreError::BrokenOff))
    }
}

fn copy(connection: &Connection, to: PathBuf) -> Result<(), StoreError> {
    let failed = |error| StoreError::cannot_open(to.clone(), error);
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let file = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    let not_text = || io::Error::new(io::ErrorKind::InvalidInput, "the path is not UTF-8");
    let name = file.path().to_str().ok_or_else(|| failed(not_text()))?;
    connection.execute("VACUUM INTO ?", [name])?;
    // Another handle than SQLite's: its file is closed by now.
    let written = fs::File::open(file.path()).and_then(|file| file.sync_all());
    written.map_err(failed)?;
    let kept = file.persist_noclobber(&to);
    kept.map(|_| ()).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => {
            failed(io::Error::other("a file of that name is there already"))
        }
        _ => failed(error.error),
    })
}

fn info(connection: &mut Connection) -> Result<StoreInfo, StoreError> {
    let transaction = connection.transaction()?;
    let number = |sql: &str| {
        let read = transaction.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
        read.map(Option::unwrap_or_default)
    };
    let time = |sql: &str| {
        let read = transaction.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
        read.map(|time| time.and_then(Timestamp::from_micros))
    };
    let natural = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(StoreInfo {
        version: number("PRAGMA user_version")?,
        events: natural(number(
            "SELECT sum(n) FROM counts WHERE grain = 2 AND kind = 0",
        )?),
        oldest: time("SELECT min(event_time) FROM events")?,
        newest: time("SELECT max(event_time) FROM events")?,
        kinds: natural(number("SELECT count(*) FROM kinds")?),
        bytes: natural(number("PRAGMA page_count")? * number("PRAGMA page_size")?),
        free_bytes: Some(natural(
            number("PRAGMA freelist_count")? * number("PRAGMA page_size")?,
        )),
    })
}

/// What SQLite finds.
fn damages(transaction: &Transaction<'_>) -> Result<Vec<Fault>, StoreError> {
    let mut statement = transaction.prepare("PRAGMA integrity_check(20)")?;
    let said = statement.query_map([], |row| row.get::<_, String>(0))?;
    let said: Vec<String> = said.collect::<Result<_, _>>()?;
    let damages = said.into_iter().filter(|said| said != "ok");
    Ok(damages.map(Fault::Damage).collect())
}

/// Events whose columns are not what their JSON says, and counts that are not what counting the events gives.
fn wrong_rows(transaction: &Transaction<'_>) -> Result<Vec<Fault>, StoreError> {
    let mut statement = transaction.prepare(
        "SELECT events.id, event_time, recorded_at, fields, actor_id, request_url, entity_ref, body, kind \
         FROM events LEFT JOIN kinds ON kinds.id = events.kind",
    )?;
    let mut rows = statement.query([])?;
    let (mut faults, mut recount) = (Vec::new(), Recount::default());
    while let Some(row) = rows.next()? {
        let text = |at: usize| row.get_ref(at).map(|value| value.as_str().ok());
        let stored = Stored {
            id: text(0)?.unwrap_or_default(),
            event_time: row.get(1)?,
            recorded_at: row.get(2)?,
            fields: text(3)?,
            actor_id: text(4)?,
            request_url: text(5)?,
            entity_ref: text(6)?,
            body: text(7)?.unwrap_or_default(),
        };
        if faults.len() < MOST_FAULTS {
            faults.extend(stored.fault());
        }
        recount.event(row.get(8)?, stored.event_time);
    }
    let mut kept = transaction.prepare("SELECT grain, kind, start, n FROM counts")?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let kept: Vec<_> = kept.query_map([], row)?.collect::<Result<_, _>>()?;
    faults.extend(recount.fault(kept));
    Ok(faults)
}
