//! The first filling of a store: the indexes that an event enters at a place of its own are made when all is there,
//! each in one pass from its beginning to its end, instead of page by page at random.
//!
//! Meanwhile everything else is as ever, and what was stored stays. Who opens such a store, or writes to it, makes the
//! indexes, so that a filling that was cut off leaves nothing behind; who fills it then goes on with them.

use rusqlite::{Connection, Transaction};

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
pub(super) fn begin(transaction: &Transaction<'_>) -> Result<bool, StoreError> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM events)";
    let is_empty = transaction.query_row(sql, [], |row| row.get(0))?;
    if is_empty {
        for (name, _) in INDEXES {
            transaction.execute_batch(&format!("DROP INDEX IF EXISTS {name}"))?;
        }
    }
    Ok(is_empty)
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::Connection;
    use uuid::Uuid;

    use super::{super::Writer, begin, finish, is_indexed};
    use crate::{
        api::{Event, Field, Timestamp},
        query::{Filter, Query},
        store::{Advance, SourceProgress, Store, StoreError},
    };

    fn event(id: &str) -> Event {
        let json = format!(
            r#"{{"id":"{id}","event_time":"2026-01-01T00:00:00Z","plugin_id":"p","actor_id":"a"}}"#
        );
        Event::from_json(&json).unwrap()
    }

    fn step(before: u64, read_to: u64) -> Advance {
        Advance {
            before,
            after: SourceProgress {
                source: Uuid::from_u128(7),
                read_to,
                prefix_sha256: [0; 32],
            },
        }
    }

    fn of(field: Field, value: &str) -> Query {
        Query {
            filters: vec![Filter::equals(field, value)],
            ..Query::default()
        }
    }

    /// Every index but SQLite's own, and its definition.
    fn indexes(connection: &Connection) -> Vec<(String, String)> {
        let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn open(path: &Path) -> (Store, Connection) {
        let store = Store::open(path).unwrap();
        (store, Connection::open(path).unwrap())
    }

    #[test]
    fn a_filled_store_has_the_indexes_of_every_other_one() {
        let folder = tempfile::tempdir().unwrap();
        let (_store, mut connection) = open(&folder.path().join("a.db"));
        let before = indexes(&connection);
        assert_eq!(before.len(), 6);
        let transaction = connection.transaction().unwrap();
        assert!(begin(&transaction).unwrap());
        transaction.commit().unwrap();
        assert!(!is_indexed(&connection).unwrap());
        assert_eq!(indexes(&connection).len(), 2);
        finish(&connection).unwrap();
        assert_eq!(indexes(&connection), before);
    }

    #[tokio::test]
    async fn a_filling_that_was_cut_off_is_ended_by_who_opens_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let (served, connection) = open(&path);
        let mut writer = Writer::open(&path).unwrap();
        writer.begin_load();
        let stored = writer.append(&[event("1"), event("2")], Some(&step(0, 10)), None);
        assert_eq!(stored.unwrap(), 2);
        // Who asks meanwhile is answered, or told to come again.
        assert_eq!(served.count(&of(Field::PluginId, "p")).await.unwrap(), 2);
        let refused = served.count(&of(Field::ActorId, "a")).await;
        assert!(matches!(refused, Err(StoreError::Locked)), "{refused:?}");
        drop(Store::open_existing(&path).unwrap());
        assert!(is_indexed(&connection).unwrap());
        // The filling goes on, and tells what is new from what is not.
        let more = [event("2"), event("3")];
        let stored = writer.append(&more, Some(&step(10, 20)), None);
        assert_eq!(stored.unwrap(), 1);
        writer.finish_load().unwrap();
        assert_eq!(served.count(&of(Field::ActorId, "a")).await.unwrap(), 3);
        assert_eq!(served.check().await.unwrap(), []);
    }

    #[test]
    fn who_writes_to_a_store_that_is_being_filled_makes_its_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let (_store, connection) = open(&path);
        let [mut one, mut other] = [(); 2].map(|()| Writer::open(&path).unwrap());
        one.begin_load();
        one.append(&[event("1")], None, None).unwrap();
        assert!(!is_indexed(&connection).unwrap());
        let at = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let stored = other.append_new(&[&[event("1"), event("2")]], || at);
        assert_eq!(stored.unwrap(), [1]);
        assert!(is_indexed(&connection).unwrap());
        assert_eq!(one.append(&[event("2")], None, None).unwrap(), 0);
        // What has events is not filled.
        one.finish_load().unwrap();
        one.begin_load();
        one.append(&[event("3")], None, None).unwrap();
        assert!(is_indexed(&connection).unwrap());
    }
}
