//! Totals come from counts that are kept beside the events. They are held against the events themselves, one by one, and
//! pages against a sorted list.

use auditlog::{
    api::{Event, Field, Timestamp, newest_first},
    query::{Filter, Query, Window},
    store::{Store, Writer},
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use rusqlite::Connection;

use crate::support::Home;

/// 2026-01-31T22:00:00Z, near the ends of an hour, a day and a month.
const START: i64 = 1_769_896_800_000_000;
const HOUR: i64 = 3_600_000_000;

/// The first version of a store, as it was written.
const FIRST_VERSION: &str = include_str!("../../src/store/sqlite/migrations/0001_events.sql");

pub fn event(number: u64, time: i64, plugin: &str, actor: &str) -> Event {
    let time = Timestamp::from_micros(time).unwrap();
    let json = serde_json::json!({
        "id": format!("{number:06}"), "event_time": time.to_string(), "plugin_id": plugin,
        "event_id": "entity-fetch", "status": "succeeded", "actor_id": actor, "meta": {},
    });
    Event::from_json(&json.to_string()).unwrap()
}

/// The counts of a store that differ from what its events give, counted by SQLite's own calendar.
fn wrong_counts(connection: &Connection) -> i64 {
    // SQLite divides towards zero.
    let hours = "((event_time - (event_time % 3600000000 + 3600000000) % 3600000000) / 3600000000)";
    let start = |format: &str| {
        format!(
            "CAST(strftime('%s', strftime('{format}', {hours} * 3600, 'unixepoch')) AS INTEGER) / 3600"
        )
    };
    let grains = [
        (0, hours.to_owned()),
        (1, start("%Y-%m-%d")),
        (2, start("%Y-%m-01")),
    ];
    let counted: Vec<_> = grains
        .iter()
        .flat_map(|(grain, start)| {
            ["kind", "0"].map(|kind| {
                format!("SELECT {grain}, {kind}, {start}, count(*) FROM events GROUP BY 1, 2, 3")
            })
        })
        .collect();
    let counted = counted.join(" UNION ALL ");
    let kept = "SELECT grain, kind, start, n FROM counts";
    let differing = format!(
        "SELECT (SELECT count(*) FROM (SELECT * FROM ({counted}) EXCEPT {kept})) \
         + (SELECT count(*) FROM ({kept} EXCEPT SELECT * FROM ({counted})))"
    );
    connection
        .query_row(&differing, [], |row| row.get(0))
        .unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    Store(Vec<(u64, i64, &'static str)>),
    DeleteBefore(i64, u32),
}

fn instant() -> impl Strategy<Value = i64> {
    // Around bounds of hours, days and months, before 1970, too.
    let hours = select(vec![0i64, 1, 2, 3, 26, 27, 28 * 24 + 2, 400 * 24, -600_000]);
    let within = select(vec![-1i64, 0, 1, HOUR / 2]);
    (hours, within).prop_map(|(hours, within)| START + hours * HOUR + within)
}

fn step() -> impl Strategy<Value = Step> {
    let plugin = select(vec!["catalog", "scaffolder", "search\0"]);
    prop_oneof![
        3 => vec((0..60u64, instant(), plugin), 0..12).prop_map(Step::Store),
        1 => (instant(), 1..9u32).prop_map(|(time, most)| Step::DeleteBefore(time, most)),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    let bound = || option::of(instant().prop_map(|at| Timestamp::from_micros(at).unwrap()));
    let filter = select(vec!["catalog", "s*", "!catalog", "nothing"])
        .prop_map(|list| Filter::parse(Field::PluginId, &[list.to_owned()]).unwrap());
    (bound(), bound(), option::of(filter)).prop_map(|(start, end, filter)| Query {
        window: Window { start, end },
        filters: filter.into_iter().collect(),
    })
}

#[test]
fn counts_are_what_counting_the_events_gives_whatever_is_stored_and_deleted() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let case = (vec(step(), 1..8), vec(query(), 6));
    let run = TestRunner::new(config).run(&case, |(steps, queries)| {
        let home = Home::new();
        let path = home.path("s.db");
        let store = Store::open(&path).unwrap();
        let mut writer = Writer::open(&path).unwrap();
        let mut model: Vec<Event> = Vec::new();
        for step in steps {
            match step {
                Step::Store(drafts) => {
                    let drafts = drafts
                        .iter()
                        .map(|(id, time, plugin)| event(*id, *time, plugin, "a"));
                    let events: Vec<_> = drafts.collect();
                    let before = model.len() as u64;
                    for event in &events {
                        if model.iter().all(|known| known.id() != event.id()) {
                            model.push(event.clone());
                        }
                    }
                    let stored = writer.append(&events, None).unwrap();
                    prop_assert_eq!(stored, model.len() as u64 - before);
                }
                Step::DeleteBefore(time, most) => {
                    model.sort_by(newest_first);
                    let old = model.iter().filter(|it| it.time().micros() < time).count();
                    let old = old.min(most as usize);
                    let time = Timestamp::from_micros(time).unwrap();
                    prop_assert_eq!(writer.delete_before(time, most).unwrap(), old as u64);
                    model.truncate(model.len() - old);
                }
            }
            let connection = Connection::open(&path).unwrap();
            prop_assert_eq!(wrong_counts(&connection), 0);
        }
        for query in &queries {
            let expected = model.iter().filter(|event| query.matches(event)).count();
            let counted = runtime.block_on(store.count(query)).unwrap();
            prop_assert_eq!(counted, expected as u64, "{:?}", query);
        }
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
}

/// The test that counts can tell.
#[test]
fn a_wrong_count_is_noticed() {
    let home = Home::new();
    let path = home.path("s.db");
    Writer::open(&path)
        .unwrap()
        .append(&[event(1, START, "catalog", "a")], None)
        .unwrap();
    let connection = Connection::open(&path).unwrap();
    assert_eq!(wrong_counts(&connection), 0);
    connection
        .execute("UPDATE counts SET n = 2 WHERE grain = 2", [])
        .unwrap();
    assert_ne!(wrong_counts(&connection), 0);
}

/// A busy plugin with crowded hours and a rare one beside it.
pub fn long_trail() -> Vec<Event> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut events = Vec::new();
    for number in 0..12_000u64 {
        let time = match number % 3 {
            // One crowded hour, many equal instants in it.
            0 => START + 50 * HOUR + random.i64(0..200) * 1_000_000,
            _ => START + random.i64(0..100 * 24 * HOUR),
        };
        let plugin = if number % 97 == 0 { "rare" } else { "catalog" };
        let actor = if number % 5 == 0 {
            "user:default/ann"
        } else {
            "plugin:catalog"
        };
        events.push(event(number, time, plugin, actor));
    }
    events
}

#[tokio::test]
async fn pages_at_any_place_of_a_long_trail_are_those_of_a_sorted_list() {
    let store = Store::in_memory().unwrap();
    pages_are_those_of_a_sorted_list(&store, long_trail()).await;
}

/// Stores a trail and asks for pages at random places of it.
pub async fn pages_are_those_of_a_sorted_list(store: &Store, mut sorted: Vec<Event>) {
    store.writer().unwrap().append(&sorted, None).unwrap();
    sorted.sort_by(newest_first);
    let mut random = fastrand::Rng::with_seed(11);
    let lists = [
        &[][..],
        &[(Field::PluginId, "rare")],
        &[(Field::PluginId, "catalog")],
        &[(Field::PluginId, "!catalog"), (Field::Status, "succeeded")],
        &[(Field::ActorId, "user:default/ann")],
        &[(Field::ActorId, "user:*"), (Field::PluginId, "rare")],
    ];
    for round in 0..240 {
        let filter =
            |(field, list): &(Field, &str)| Filter::parse(*field, &[(*list).to_owned()]).unwrap();
        let bound = |random: &mut fastrand::Rng| {
            let at = START + random.i64(-24 * HOUR..101 * 24 * HOUR);
            random.bool().then(|| Timestamp::from_micros(at).unwrap())
        };
        let query = Query {
            window: Window {
                start: bound(&mut random),
                end: bound(&mut random),
            },
            filters: lists[round % lists.len()].iter().map(filter).collect(),
        };
        let matching: Vec<_> = sorted.iter().filter(|event| query.matches(event)).collect();
        let limit = random.u32(1..=1000);
        let offset = random.u64(0..=matching.len() as u64 + 5);
        let page = store.page(&query, limit, offset).await.unwrap();
        let expected = matching.iter().skip(offset as usize).take(limit as usize);
        let expected: Vec<_> = expected.map(|event| event.json()).collect();
        assert!(page.bodies == expected, "{query:?} {limit} {offset}");
        assert_eq!(page.total, matching.len() as u64);
    }
}

#[tokio::test]
async fn a_store_of_the_first_version_becomes_one_of_the_newest() {
    let home = Home::new();
    let path = home.path("old.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(FIRST_VERSION).unwrap();
    let bodies: Vec<_> = (0..2_500)
        .map(|n| event(n, START + n as i64 * HOUR, "a\0b\u{1}\u{2}", "user:x"))
        .collect();
    connection.execute_batch("BEGIN").unwrap();
    for event in &bodies {
        connection
            .execute(
                "INSERT INTO events (source, id, event_time, plugin_id, body) VALUES (1, ?, ?, ?, ?)",
                (event.id(), event.time().micros(), "a\u{1}\u{1}b\u{1}\u{2}\u{2}", event.json()),
            )
            .unwrap();
    }
    connection
        .execute_batch("COMMIT; PRAGMA user_version = 1; PRAGMA application_id = 0x616c6f67;")
        .unwrap();
    drop(connection);
    let store = Store::open(&path).unwrap();
    let query = Query {
        window: Window::default(),
        filters: vec![Filter::equals(Field::PluginId, "a\0b\u{1}\u{2}")],
    };
    let page = store.page(&query, 2, 0).await.unwrap();
    assert_eq!(page.total, 2_500);
    assert_eq!(page.bodies, [bodies[2_499].json(), bodies[2_498].json()]);
    let connection = Connection::open(&path).unwrap();
    assert_eq!(wrong_counts(&connection), 0);
    let vacuum = "SELECT auto_vacuum FROM pragma_auto_vacuum";
    let vacuum: i64 = connection.query_row(vacuum, [], |row| row.get(0)).unwrap();
    assert_eq!(vacuum, 2, "deleted events give their space back");
    let left = "SELECT count(*) FROM sqlite_schema WHERE name = 'old_events'";
    let left: i64 = connection.query_row(left, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn a_store_gives_back_the_space_of_what_is_deleted() {
    let home = Home::new();
    let path = home.path("s.db");
    let mut writer = Writer::open(&path).unwrap();
    writer.append(&long_trail(), None).unwrap();
    let size = || {
        let connection = Connection::open(&path).unwrap();
        let pages = "SELECT page_count FROM pragma_page_count";
        connection
            .query_row(pages, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let before = size();
    let end = Timestamp::from_micros(START + 1000 * 24 * HOUR).unwrap();
    while writer.delete_before(end, 1000).unwrap() > 0 {}
    assert!(size() * 10 < before, "{before} pages became {}", size());
}
