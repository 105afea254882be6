//! One transaction that stores or deletes events, and keeps the counts true.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::loading;
use crate::{
    api::{Event, Field, Timestamp},
    store::{
        counts::Deltas,
        error::StoreError,
        kind::{KindId, fields_of},
        text::escaped,
    },
};

/// Kinds that a writer remembers. There are some hundreds; more are looked up again.
const MAX_KINDS: usize = 20_000;

const INSERT: &str = "INSERT INTO events \
    (source, id, event_time, recorded_at, kind, actor_id, request_url, entity_ref, body) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id, source) DO NOTHING";
/// The same of events that are new for certain.
const INSERT_NEW: &str = "INSERT INTO events \
    (source, id, event_time, recorded_at, kind, actor_id, request_url, entity_ref, body) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
const COUNT: &str = "INSERT INTO counts (grain, kind, start, n) VALUES (?, ?, ?, ?) \
    ON CONFLICT (grain, kind, start) DO UPDATE SET n = n + excluded.n";

/// Numbers of kinds that are in the database for good.
pub(super) type KnownKinds = HashMap<String, KindId>;

/// A transaction under way. Dropped, it has changed nothing.
pub(super) struct Appending<'a> {
    pub(super) transaction: Transaction<'a>,
    known: &'a mut KnownKinds,
    /// Kinds that this transaction has looked up, and may have added.
    seen: KnownKinds,
    deltas: Deltas,
    insert: &'static str,
}

impl<'a> Appending<'a> {
    /// Waits until nobody else writes.
    pub(super) fn begin(
        connection: &'a mut Connection,
        known: &'a mut KnownKinds,
    ) -> Result<Self, StoreError> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Self::within(transaction, known))
    }

    pub(super) fn within(transaction: Transaction<'a>, known: &'a mut KnownKinds) -> Self {
        Self {
            transaction,
            known,
            seen: KnownKinds::new(),
            deltas: Deltas::default(),
            insert: INSERT,
        }
    }

    /// Takes events that are new for certain, as long as nothing could tell: see [`loading`].
    pub(super) fn new_events(&mut self) -> Result<(), StoreError> {
        if !loading::is_indexed(&self.transaction)? {
            self.insert = INSERT_NEW;
        }
        Ok(())
    }

    /// Gives 1 where the event is new to the source, else 0.
    pub(super) fn store(&mut self, source: i64, event: &Event) -> Result<u64, StoreError> {
        let kind = self.kind(fields_of(event))?;
        let recorded = event.text(Field::RecordedAt).and_then(Timestamp::parse);
        let text = |field| event.text(field).map(escaped);
        let mut statement = self.transaction.prepare_cached(self.insert)?;
        let stored = statement.execute((
            source,
            escaped(event.id()),
            event.time().micros(),
            recorded.map(Timestamp::micros),
            kind,
            text(Field::ActorId),
            text(Field::RequestUrl),
            text(Field::EntityRef),
            event.json(),
        ))?;
        if stored == 1 {
            self.deltas.add(kind, event.time().micros(), 1);
        }
        Ok(stored.try_into().unwrap_or_default())
    }

    /// Deletes at most `most` of the events before `time`, the oldest first. Gives how many.
    pub(super) fn delete_before(&mut self, time: Timestamp, most: u32) -> Result<u64, StoreError> {
        let mut select = self.transaction.prepare_cached(
            "SELECT rowid, kind, event_time FROM events INDEXED BY events_by_time \
             WHERE event_time < ? ORDER BY event_time, id, source LIMIT ?",
        )?;
        let mut delete = self
            .transaction
            .prepare_cached("DELETE FROM events WHERE rowid = ?")?;
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let old: Vec<(i64, KindId, i64)> = select
            .query_map((time.micros(), most), row)?
            .collect::<Result<_, _>>()?;
        for (rowid, kind, time) in &old {
            delete.execute([rowid])?;
            self.deltas.add(*kind, *time, -1);
        }
        Ok(old.len() as u64)
    }

    /// Makes it last.
    pub(super) fn commit(self) -> Result<(), StoreError> {
        let mut count = self.transaction.prepare_cached(COUNT)?;
        let mut clear = self.transaction.prepare_cached(
            "DELETE FROM counts WHERE grain = ? AND kind = ? AND start = ? AND n = 0",
        )?;
        for (grain, kind, start, by) in self.deltas.into_changes() {
            count.execute((grain as i64, kind, start, by))?;
            if by < 0 {
                clear.execute((grain as i64, kind, start))?;
            }
        }
        drop((count, clear));
        self.transaction.commit()?;
        if self.known.len() + self.seen.len() > MAX_KINDS {
            self.known.clear();
        }
        self.known.extend(self.seen);
        Ok(())
    }

    /// The number of a kind, which it is given where it has none.
    fn kind(&mut self, fields: String) -> Result<KindId, StoreError> {
        if let Some(id) = self.known.get(&fields).or_else(|| self.seen.get(&fields)) {
            return Ok(*id);
        }
        let mut select = self
            .transaction
            .prepare_cached("SELECT id FROM kinds WHERE fields = ?")?;
        let found = select.query_row([&fields], |row| row.get(0)).optional()?;
        let id = match found {
            Some(id) => id,
            None => {
                let mut insert = self
                    .transaction
                    .prepare_cached("INSERT INTO kinds (fields) VALUES (?)")?;
                insert.insert([&fields])?
            }
        };
        drop(select);
        self.seen.insert(fields, id);
        Ok(id)
    }
}
