//! A store's file: what it becomes, what is refused, and what two programs do to it.

use std::{fs, path::Path};

use auditlog::{
    api::Event,
    query::{Order, Query},
    store::{Advance, SourceProgress, Store, StoreError, Writer},
};
use uuid::Uuid;

use crate::support::{Home, events::oldest_first};

async fn total(store: &Store) -> u64 {
    store.count(&Query::default()).await.unwrap()
}

fn progress(source: u128, read_to: u64) -> SourceProgress {
    SourceProgress {
        source: Uuid::from_u128(source),
        read_to,
        prefix_sha256: [read_to as u8; 32],
    }
}

fn advance(source: u128, before: u64, read_to: u64) -> Advance {
    Advance {
        before,
        after: progress(source, read_to),
    }
}

/// Runs SQL on a file with a connection of the test's own.
fn sqlite(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[tokio::test]
async fn what_is_written_is_there_when_the_store_is_opened_again() {
    let home = Home::new();
    let path = home.path("trail 100%?#.db");
    let events = oldest_first(3);
    let mut writer = Writer::open(&path).unwrap();
    assert_eq!(writer.append(&events, None).unwrap(), 3);
    drop(writer);
    let store = Store::open_existing(&path).unwrap();
    let page = store.page(&Query::default(), 10, 0).await.unwrap();
    let expected: Vec<_> = events.iter().rev().map(Event::json).collect();
    assert_eq!(page.bodies, expected);
    assert_eq!(page.total, 3);
    drop(store);
    assert_eq!(home.names(), ["trail 100%?#.db"]);
}

#[tokio::test]
async fn an_event_that_is_there_already_is_not_stored_again() {
    let store = Store::in_memory().unwrap();
    let mut writer = store.writer().unwrap();
    assert_eq!(writer.append(&oldest_first(3), None).unwrap(), 3);
    assert_eq!(writer.append(&oldest_first(5), None).unwrap(), 2);
    assert_eq!(total(&store).await, 5);
}

#[tokio::test]
async fn two_stores_in_memory_share_nothing() {
    let (one, other) = (Store::in_memory().unwrap(), Store::in_memory().unwrap());
    one.writer()
        .unwrap()
        .append(&oldest_first(2), None)
        .unwrap();
    assert_eq!((total(&one).await, total(&other).await), (2, 0));
}

#[cfg(unix)]
#[test]
fn a_new_store_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let path = home.path("store.db");
    let mut writer = Writer::open(&path).unwrap();
    writer.append(&oldest_first(1), None).unwrap();
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        let mode = fs::metadata(home.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_store_that_must_exist_is_not_created() {
    let home = Home::new();
    let path = home.path("store.db");
    let refused = Store::open_existing(&path).unwrap_err();
    assert!(matches!(refused, StoreError::NotFound(at) if at.file() == Some(&path)));
    fs::write(&path, "").unwrap();
    let refused = Store::open_existing(&path).unwrap_err();
    assert!(matches!(refused, StoreError::NotAStore(_)));
    assert_eq!(fs::read(&path).unwrap(), b"");
    // What an interrupted creation leaves behind is taken up again.
    Writer::open(&path)
        .unwrap()
        .append(&oldest_first(1), None)
        .unwrap();
    assert!(Store::open_existing(&path).is_ok());
}

#[test]
fn a_file_that_is_not_ours_is_refused_and_not_touched() {
    let home = Home::new();
    sqlite(
        &home.path("rollback.db"),
        "CREATE TABLE t (x); PRAGMA user_version = 1",
    );
    sqlite(
        &home.path("wal.db"),
        "PRAGMA journal_mode = wal; CREATE TABLE events (id); PRAGMA application_id = 7",
    );
    home.write("text.db", "id,event_time\n".repeat(100));
    home.write("short.db", "x");
    fs::create_dir(home.path("folder.db")).unwrap();
    let before = home.names();
    for name in ["rollback.db", "wal.db", "text.db", "short.db"] {
        let path = home.path(name);
        let content = fs::read(&path).unwrap();
        for refused in [
            Store::open(&path).unwrap_err(),
            Store::open_existing(&path).unwrap_err(),
            Writer::open(&path).unwrap_err(),
        ] {
            assert!(
                matches!(refused, StoreError::NotAStore(_)),
                "{name}: {refused}"
            );
        }
        assert_eq!(fs::read(&path).unwrap(), content, "{name}");
    }
    let folder = Store::open(home.path("folder.db")).unwrap_err();
    assert!(matches!(folder, StoreError::CannotOpen { .. }), "{folder}");
    let nowhere = Store::open(home.path("no/such/folder.db")).unwrap_err();
    assert!(
        matches!(nowhere, StoreError::CannotOpen { .. }),
        "{nowhere}"
    );
    assert_eq!(home.names(), before);
}

#[test]
fn a_store_of_a_later_version_is_refused_and_not_touched() {
    let home = Home::new();
    let path = home.path("store.db");
    drop(Store::open(&path).unwrap());
    sqlite(&path, "PRAGMA user_version = 99");
    let content = fs::read(&path).unwrap();
    for refused in [
        Store::open(&path).unwrap_err(),
        Store::open_existing(&path).unwrap_err(),
    ] {
        assert_eq!(
            refused.to_string(),
            "the store has version 99; this program knows versions up to 2"
        );
    }
    assert_eq!(fs::read(&path).unwrap(), content);
}

#[tokio::test]
async fn a_damaged_store_is_told_from_an_empty_one() {
    let home = Home::new();
    let path = home.path("store.db");
    Writer::open(&path)
        .unwrap()
        .append(&oldest_first(500), None)
        .unwrap();
    let mut content = fs::read(&path).unwrap();
    content[4096..].fill(0xAA);
    fs::write(&path, content).unwrap();
    let store = Store::open_existing(&path);
    let failed = match store {
        Ok(store) => store.page(&Query::default(), 100, 0).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(failed, StoreError::Damaged(_)), "{failed}");
}

/// As root, whom no mode keeps from writing, this still shows that reading works and leaves nothing behind.
#[cfg(unix)]
#[tokio::test]
async fn a_store_that_cannot_be_written_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let dir = home.path("kept");
    fs::create_dir(&dir).unwrap();
    let path = dir.join("store.db");
    Writer::open(&path)
        .unwrap()
        .append(&oldest_first(3), None)
        .unwrap();
    let chmod = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    chmod(&path, 0o400);
    for dir_mode in [0o700, 0o500] {
        chmod(&dir, dir_mode);
        let store = Store::open_existing(&path).unwrap();
        assert_eq!(total(&store).await, 3, "{dir_mode:o}");
        // The effective user may write all the same, if it is root.
        if fs::OpenOptions::new().append(true).open(&path).is_err() {
            let refused = store.writer().unwrap_err();
            assert!(matches!(refused, StoreError::ReadOnly), "{refused}");
        }
    }
    chmod(&dir, 0o700);
}

#[tokio::test]
async fn events_and_progress_are_stored_together() {
    let store = Store::in_memory().unwrap();
    let mut writer = store.writer().unwrap();
    assert_eq!(writer.sources().unwrap(), []);
    let events = oldest_first(4);
    writer
        .append(&events[..2], Some(&advance(1, 0, 10)))
        .unwrap();
    writer
        .append(&events[2..], Some(&advance(1, 10, 20)))
        .unwrap();
    writer.append(&[], Some(&advance(2, 0, 5))).unwrap();
    assert_eq!(writer.sources().unwrap(), [progress(1, 20), progress(2, 5)]);
    assert_eq!(total(&store).await, 4);
}

#[tokio::test]
async fn a_source_that_has_moved_on_is_refused_and_nothing_is_written() {
    let store = Store::in_memory().unwrap();
    let mut writer = store.writer().unwrap();
    writer
        .append(&oldest_first(1), Some(&advance(1, 0, 10)))
        .unwrap();
    for step in [advance(1, 0, 10), advance(1, 9, 20), advance(2, 10, 20)] {
        let refused = writer.append(&oldest_first(5), Some(&step)).unwrap_err();
        assert!(matches!(refused, StoreError::Moved), "{step:?}");
    }
    assert_eq!(writer.sources().unwrap(), [progress(1, 10)]);
    assert_eq!(total(&store).await, 1);
}

/// The same events through two sources: same times, same ids.
#[tokio::test]
async fn a_scan_keeps_the_same_id_of_two_sources_apart() {
    let store = Store::in_memory().unwrap();
    let mut writer = store.writer().unwrap();
    let events = oldest_first(3);
    writer.append(&events, Some(&advance(1, 0, 1))).unwrap();
    writer.append(&events, Some(&advance(2, 0, 1))).unwrap();
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let scanned = store
                .scan(&Query::default(), order, after.as_ref(), 1)
                .await
                .unwrap();
            seen.extend(scanned.events);
            match scanned.next {
                None => break,
                next => after = next,
            }
        }
        let mut expected: Vec<_> = events
            .iter()
            .flat_map(|event| [event.clone(), event.clone()])
            .collect();
        if order == Order::NewestFirst {
            expected.reverse();
        }
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn a_reader_sees_what_a_writer_adds() {
    let home = Home::new();
    let path = home.path("store.db");
    let store = Store::open(&path).unwrap();
    let mut writer = Writer::open(&path).unwrap();
    for stored in 1..=5 {
        writer.append(&oldest_first(stored), None).unwrap();
        assert_eq!(total(&store).await, stored as u64);
    }
}

#[tokio::test]
async fn several_programs_may_create_one_store_at_the_same_time() {
    let home = Home::new();
    let path = home.path("store.db");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let path = &path;
            scope.spawn(move || {
                let mut writer = Writer::open(path).unwrap();
                writer
                    .append(&oldest_first(20), Some(&advance(number, 0, 1)))
                    .unwrap();
            });
        }
    });
    let store = Store::open_existing(&path).unwrap();
    assert_eq!(total(&store).await, 8 * 20);
    assert_eq!(store.writer().unwrap().sources().unwrap().len(), 8);
}
