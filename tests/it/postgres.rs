//! A store in PostgreSQL, over a real server: what a database is taken for one, several programs at once, a server that
//! goes away, and what nobody may read.

#![cfg(unix)]

use std::{collections::HashSet, time::Duration};

use auditlog::{
    api::{Event, Field, Timestamp},
    query::{Filter, Query},
    store::{Fault, Store, StoreError, Writer},
};

use crate::{
    counts::{event, long_trail, pages_are_those_of_a_sorted_list},
    support::postgres::{Postgres, connected, name_of},
};

const START: i64 = 1_769_896_800_000_000;
const HOUR: i64 = 3_600_000_000;

/// The counts that differ from what the events give, counted by PostgreSQL's own calendar.
const WRONG_COUNTS: &str = "WITH hours AS (SELECT kind, floor(event_time / 3600000000.0)::bigint AS hour FROM events),
    starts AS (
        SELECT 0 AS grain, kind, hour AS start FROM hours
        UNION ALL SELECT 1, kind, extract(epoch FROM date_trunc('day', to_timestamp(hour * 3600)))::bigint / 3600 FROM hours
        UNION ALL SELECT 2, kind, extract(epoch FROM date_trunc('month', to_timestamp(hour * 3600)))::bigint / 3600 FROM hours),
    counted AS (
        SELECT grain, kind, start, count(*) AS n FROM starts GROUP BY 1, 2, 3
        UNION ALL SELECT grain, 0, start, count(*) FROM starts GROUP BY 1, 2, 3)
    SELECT count(*) FROM counted FULL JOIN counts USING (grain, kind, start) WHERE counted.n IS DISTINCT FROM counts.n";

pub async fn wrong_counts(client: &tokio_postgres::Client) -> i64 {
    let set = "SET search_path = auditlog; SET timezone = 'UTC'";
    client.batch_execute(set).await.unwrap();
    client.query_one(WRONG_COUNTS, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn pages_at_any_place_of_a_long_trail_are_those_of_a_sorted_list() {
    let store = Store::open(Postgres::shared().database()).unwrap();
    pages_are_those_of_a_sorted_list(&store, long_trail()).await;
}

/// Stores random events, of which other writers have the same. Gives how many were new.
fn write_at_random(url: &str, seed: u64) -> u64 {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut to = Writer::open(url).unwrap();
    let mut stored = 0;
    for _ in 0..40 {
        let size = random.usize(1..60);
        let draft = |_| {
            // Ids of all writers meet, and their instants lie around bounds of hours, days and months.
            let id = random.u64(0..3_000);
            let hours = [0, 1, 2, 3, 26, 27, 674, 9_600, -600_000];
            let at = START + hours[(id % 9) as usize] * HOUR + id as i64 % 3 - 1;
            event(
                id,
                at,
                ["catalog", "scaffolder", "x\0"][(id % 3) as usize],
                "user:x",
            )
        };
        let events: Vec<_> = (0..size).map(draft).collect();
        stored += match random.bool() {
            true => to.append(&events, None).unwrap(),
            false => {
                let now = || Timestamp::from_micros(START).unwrap();
                to.append_new(&[&events, &events[..1]], now)
                    .unwrap()
                    .iter()
                    .sum()
            }
        };
    }
    stored
}

/// Four store, one deletes, and whoever looks sees the events and their counts agree at every moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
#[ignore = "needs PostgreSQL"]
async fn counts_are_what_counting_gives_while_several_write() {
    let url = Postgres::shared().database();
    let store = Store::open(&url).unwrap();
    let writers = (0..4).map(|seed| {
        tokio::task::spawn_blocking({
            let url = url.clone();
            move || write_at_random(&url, seed)
        })
    });
    let writers: Vec<_> = writers.collect();
    let deleter = {
        let url = url.clone();
        tokio::task::spawn_blocking(move || {
            let mut from = Writer::open(&url).unwrap();
            let mut deleted = 0;
            for round in 0..60 {
                let before = START + [-1_000, 1, 2, 30][round % 4] * HOUR;
                let before = Timestamp::from_micros(before).unwrap();
                deleted += from.delete_before(before, 7).unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
            deleted
        })
    };
    let client = connected(&url).await;
    let mut looks = 0;
    while !deleter.is_finished() || writers.iter().any(|it| !it.is_finished()) {
        assert_eq!(wrong_counts(&client).await, 0);
        looks += 1;
    }
    let mut stored = 0;
    for writer in writers {
        stored += writer.await.unwrap();
    }
    let left = stored - deleter.await.unwrap();
    assert!(looks > 10 && left > 0, "{looks} {left}");
    assert_eq!(store.count(&Query::default()).await.unwrap(), left);
    assert_eq!(wrong_counts(&client).await, 0);
    assert_eq!(store.check().await.unwrap(), []);
    // The tests that counts and rows can tell.
    let spoil = "UPDATE counts SET n = n + 1 WHERE kind = 0 AND grain = 2; UPDATE events SET actor_id = 'x'";
    client.batch_execute(spoil).await.unwrap();
    assert_ne!(wrong_counts(&client).await, 0);
    let faults = store.check().await.unwrap();
    assert!(
        faults.iter().any(|it| matches!(it, Fault::Event(_))),
        "{faults:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
#[ignore = "needs PostgreSQL"]
async fn many_programs_may_make_one_store_at_the_same_time() {
    let url = Postgres::shared().database();
    let open = |number: u64| {
        let url = url.clone();
        tokio::task::spawn_blocking(move || {
            let events = [event(number, START, "catalog", "a")];
            Store::open(&url)
                .unwrap()
                .writer()
                .unwrap()
                .append(&events, None)
        })
    };
    let opened: Vec<_> = (0..12).map(open).collect();
    for one in opened {
        assert_eq!(one.await.unwrap().unwrap(), 1);
    }
    let store = Store::open_existing(&url).unwrap();
    assert_eq!(store.count(&Query::default()).await.unwrap(), 12);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_database_that_is_not_ours_is_refused_and_not_touched() {
    let server = Postgres::shared();
    let url = server.database();
    let name = name_of(&url);
    let objects = "SELECT count(*) FROM pg_class WHERE relnamespace = 'auditlog'::regnamespace";
    assert!(matches!(
        Store::open_existing(&url),
        Err(StoreError::NotFound(_))
    ));
    server.psql(name, "CREATE SCHEMA auditlog CREATE TABLE theirs (x int)");
    for opened in [Store::open(&url), Store::open_existing(&url)] {
        assert!(matches!(opened, Err(StoreError::NotAStore(_))));
    }
    assert_eq!(server.psql(name, objects), "1");
    // An empty schema may have been made for us.
    server.psql(name, "DROP TABLE auditlog.theirs");
    let store = Store::open(&url).unwrap();
    server.psql(name, "UPDATE auditlog.version SET version = 99");
    assert!(matches!(
        Store::open(&url),
        Err(StoreError::TooNew {
            found: 99,
            known: 1
        })
    ));
    drop(store);
    server.psql(
        "postgres",
        "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0",
    );
    let refused = Store::open(server.url("ascii")).unwrap_err().to_string();
    assert!(
        refused.contains("its encoding is SQL_ASCII; UTF8 is needed"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn who_may_only_read_can_ask_and_nothing_else() {
    let server = Postgres::shared();
    let url = server.database();
    let store = Store::open(&url).unwrap();
    store
        .writer()
        .unwrap()
        .append(&[event(1, START, "catalog", "a")], None)
        .unwrap();
    server.psql(
        name_of(&url),
        "CREATE ROLE auditor LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA auditlog TO auditor; \
         GRANT SELECT ON ALL TABLES IN SCHEMA auditlog TO auditor",
    );
    let url = url.replace("postgres:sesame@", "auditor:x@");
    let store = Store::open_existing(&url).unwrap();
    let query = Query {
        filters: vec![Filter::equals(Field::PluginId, "catalog")],
        ..Query::default()
    };
    assert_eq!(store.page(&query, 9, 0).await.unwrap().total, 1);
    let refused = store.writer().unwrap().append(&[], None).unwrap_err();
    assert!(matches!(refused, StoreError::Denied(_)), "{refused:?}");
    assert!(
        refused.to_string().contains("permission denied"),
        "{refused}"
    );
}

/// A connection that the server has ended is made anew, and a question that nobody waits for is stopped.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_server_that_was_away_is_asked_again() {
    let mut server = Postgres::start(&["fsync=off"]);
    let url = server.database();
    let store = Store::open(&url).unwrap();
    let mut writer = store.writer().unwrap();
    writer
        .append(&[event(1, START, "catalog", "a")], None)
        .unwrap();
    assert_eq!(store.count(&Query::default()).await.unwrap(), 1);
    server.kill();
    let gone = writer
        .append(&[event(2, START, "catalog", "a")], None)
        .unwrap_err();
    assert!(matches!(gone, StoreError::Away(_)), "{gone:?}");
    let gone = store.count(&Query::default()).await.unwrap_err();
    assert!(matches!(gone, StoreError::Away(_)), "{gone:?}");
    server.run();
    writer
        .append(&[event(2, START, "catalog", "a")], None)
        .unwrap();
    assert_eq!(store.count(&Query::default()).await.unwrap(), 2);

    let holder = connected(&url).await;
    holder
        .batch_execute("BEGIN; LOCK TABLE auditlog.counts IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let everything = Query::default();
    let waiting = tokio::time::timeout(Duration::from_millis(300), store.count(&everything));
    assert!(waiting.await.is_err());
    let running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'auditlog' AND state = 'active'";
    let mut looks = 0;
    while server.psql("postgres", running) != "0" {
        looks += 1;
        assert!(looks < 200, "the question goes on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    holder.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(store.count(&Query::default()).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL, and half a minute"]
async fn a_question_of_a_server_takes_half_a_minute_and_no_longer() {
    let url = Postgres::shared().database();
    let store = Store::open(&url).unwrap();
    let mut writer = store.writer().unwrap();
    writer
        .append(&[event(1, START, "catalog", "a")], None)
        .unwrap();
    let slow = "ALTER TABLE auditlog.counts RENAME TO quick; CREATE VIEW auditlog.counts AS \
                WITH slow AS MATERIALIZED (SELECT pg_sleep(120)) SELECT quick.* FROM slow, auditlog.quick";
    let database = connected(&url).await;
    database.batch_execute(slow).await.unwrap();
    let begun = std::time::Instant::now();
    let stopped = store.count(&Query::default()).await;
    assert!(matches!(stopped, Err(StoreError::TooSlow)), "{stopped:?}");
    assert!(begun.elapsed() >= std::time::Duration::from_secs(29));
    let quick = "DROP VIEW auditlog.counts; ALTER TABLE auditlog.quick RENAME TO counts";
    database.batch_execute(quick).await.unwrap();
    assert_eq!(store.count(&Query::default()).await.unwrap(), 1);
}

/// A program that stands still in the middle of writing holds up others for a while, not for ever.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn who_holds_up_others_is_waited_for_so_long_and_no_longer() {
    let url = Postgres::shared().database();
    let store = Store::open(&url).unwrap();
    let holder = connected(&url).await;
    let hold = "SET idle_in_transaction_session_timeout = '13s'; BEGIN; SELECT FROM auditlog.writing FOR UPDATE";
    holder.batch_execute(hold).await.unwrap();
    let mut writer = store.writer().unwrap();
    let locked = writer
        .append(&[event(1, START, "catalog", "a")], None)
        .unwrap_err();
    assert!(matches!(locked, StoreError::Locked), "{locked:?}");
    // Readers never wait.
    assert_eq!(store.count(&Query::default()).await.unwrap(), 0);
    writer
        .append(&[event(1, START, "catalog", "a")], None)
        .unwrap();
    assert_eq!(store.count(&Query::default()).await.unwrap(), 1);
}

/// What is recorded later is recorded at a later time, whatever the clocks of two machines say.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_clock_that_is_behind_records_nothing_before_what_others_recorded() {
    let store = Store::open(Postgres::shared().database()).unwrap();
    let at = |seconds: i64| Timestamp::from_micros(START + seconds * 1_000_000).unwrap();
    let append = |id: u64, seconds: i64| {
        let events = [event(id, START, "catalog", "a")];
        let mut writer = store.writer().unwrap();
        writer.append_new(&[&events], || at(seconds)).unwrap();
    };
    append(1, 100);
    append(2, 40);
    append(3, 101);
    let page = store.page(&Query::default(), 9, 0).await.unwrap();
    let recorded = page.bodies.iter().map(|body| {
        let event = Event::from_json(body).unwrap();
        event.recorded_at().unwrap()
    });
    let recorded: HashSet<_> = recorded.map(Timestamp::micros).collect();
    assert_eq!(
        recorded,
        HashSet::from([at(100).micros(), at(101).micros()])
    );
}
