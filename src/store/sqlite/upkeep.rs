//! Looking after a store: what is in it, whether it is sound, and a copy of it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, Transaction};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;

use super::Store;
use crate::{
    api::{Event, Field, Timestamp},
    store::{
        counts::Deltas,
        error::StoreError,
        kind::fields_of,
        text::escaped,
        upkeep::{Fault, StoreInfo},
    },
};

/// Faults that are named; where there are more, the store is not sound anyway.
const MOST_FAULTS: usize = 20;

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
                faults.extend(wrong_events(&transaction)?);
                faults.extend(wrong_counts(&transaction)?);
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
    let name = file.path().to_str().ok_or(StoreError::BrokenOff)?;
    connection.execute("VACUUM INTO ?", [name])?;
    // Another handle than SQLite's: its file is closed by now.
    let written = fs::File::open(file.path()).and_then(|file| file.sync_all());
    written.map_err(failed)?;
    let kept = file.persist_noclobber(&to);
    kept.map(|_| ()).map_err(|error| failed(error.error))
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
        free_bytes: natural(number("PRAGMA freelist_count")? * number("PRAGMA page_size")?),
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

/// Events whose columns are not what their JSON says.
fn wrong_events(transaction: &Transaction<'_>) -> Result<Vec<Fault>, StoreError> {
    let mut statement = transaction.prepare(
        "SELECT id, event_time, recorded_at, fields, actor_id, request_url, entity_ref, body \
         FROM events LEFT JOIN kinds ON kinds.id = events.kind",
    )?;
    let mut rows = statement.query([])?;
    let mut faults = Vec::new();
    while let Some(row) = rows.next()?
        && faults.len() < MOST_FAULTS
    {
        let text = |at: usize| row.get_ref(at).map(|value| value.as_str().ok());
        let event = Event::from_json(text(7)?.unwrap_or_default()).ok();
        let is_right = match &event {
            None => false,
            Some(event) => {
                let stored = |field| event.text(field).map(escaped);
                let recorded = event.recorded_at().map(Timestamp::micros);
                text(0)? == Some(&*escaped(event.id()))
                    && row.get::<_, i64>(1)? == event.time().micros()
                    && row.get::<_, Option<i64>>(2)? == recorded
                    && text(3)? == Some(&*fields_of(event))
                    && text(4)? == stored(Field::ActorId).as_deref()
                    && text(5)? == stored(Field::RequestUrl).as_deref()
                    && text(6)? == stored(Field::EntityRef).as_deref()
            }
        };
        if !is_right {
            faults.push(Fault::Event(text(0)?.unwrap_or_default().to_owned()));
        }
    }
    Ok(faults)
}

/// Counts that are not what counting the events gives.
fn wrong_counts(transaction: &Transaction<'_>) -> Result<Vec<Fault>, StoreError> {
    let mut deltas = Deltas::default();
    let mut events =
        transaction.prepare("SELECT kind, event_time FROM events INDEXED BY events_by_time")?;
    let mut rows = events.query([])?;
    while let Some(row) = rows.next()? {
        deltas.add(row.get(0)?, row.get(1)?, 1);
    }
    let counted = deltas.into_changes();
    let mut left: BTreeMap<_, _> = counted
        .map(|(grain, kind, start, n)| ((grain as i64, kind, start), n))
        .collect();
    let mut kept = transaction.prepare("SELECT grain, kind, start, n FROM counts")?;
    let mut rows = kept.query([])?;
    let mut wrong = 0;
    while let Some(row) = rows.next()? {
        let place = (row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?);
        wrong += u64::from(left.remove(&place) != Some(row.get(3)?));
    }
    wrong += left.len() as u64;
    Ok(match wrong {
        0 => Vec::new(),
        wrong => vec![Fault::Counts(wrong)],
    })
}
