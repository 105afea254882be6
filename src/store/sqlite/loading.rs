//! The first filling of a store: the indexes that an event enters at a place of its own are made when all is there,
//! each in one pass from its beginning to its end, instead of page by page at random.
//!
//! Meanwhile everything else is as ever, and what was stored stays. Who opens such a store makes the indexes, so that a
//! filling that was cut off leaves nothing behind; who fills it then goes on with them.

use rusqlite::{Connection, TransactionBehavior};

use crate::store::error::StoreError;

/// The indexes, as the migrations make them.
const INDEXES: [(&str, &str); 4] = [
    (
        "events_by_id",
        "CREATE UNIQUE INDEX IF NOT EXISTS events_by_id ON events (id, source)",
    ),
    (
        "events_by_actor",
        "CREATE INDEX IF NOT EXISTS events_by_actor ON events (actor_id, event_time, id, source, kind) WHERE actor_id IS NOT NULL",
    ),
    (
        "events_by_url",
        "CREATE INDEX IF NOT EXISTS events_by_url ON events (request_url, event_time, id, source, kind) WHERE request_url IS NOT NULL",
    ),
    (
        "events_by_entity",
        "CREATE INDEX IF NOT EXISTS events_by_entity ON events (entity_ref, event_time, id, source, kind) WHERE entity_ref IS NOT NULL",
    ),
];

/// Whether an index is there. Within a transaction that writes it stays so.
pub(super) fn has_index(connection: &Connection, name: &str) -> Result<bool, rusqlite::Error> {
    let mut statement = connection
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?")?;
    statement.exists([name])
}

/// Whether events can be told apart by the index that does it.
pub(super) fn is_indexed(connection: &Connection) -> Result<bool, rusqlite::Error> {
    has_index(connection, "events_by_id")
}

/// Takes the indexes away, if there is no event yet. Says whether it did.
pub(super) fn begin(connection: &mut Connection) -> Result<bool, StoreError> {
    if !is_empty(connection)? {
        return Ok(false);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let is_empty = is_empty(&transaction)?;
    if is_empty {
        for (name, _) in INDEXES {
            transaction.execute_batch(&format!("DROP INDEX IF EXISTS {name}"))?;
        }
    }
    transaction.commit()?;
    Ok(is_empty)
}

fn is_empty(connection: &Connection) -> Result<bool, rusqlite::Error> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM events)";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Makes the indexes that are not there: each in a transaction, so that the write-ahead log holds one of them at most.
pub(super) fn finish(connection: &Connection) -> Result<(), StoreError> {
    for (name, create) in INDEXES {
        if !has_index(connection, name)? {
            connection.execute_batch(create)?;
        }
    }
    Ok(())
}
