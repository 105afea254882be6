//! No question reads the whole table: the plans that PostgreSQL took for the store's own statements, as it logged them.

#![cfg(unix)]

use auditlog::{
    api::{Event, Field, Timestamp},
    query::{Filter, Order, Query, Window},
    store::Store,
    wildcard::Wildcard,
};

use crate::support::postgres::{Postgres, name_of};

const START: i64 = 1_769_896_800_000_000;
const HOUR: i64 = 3_600_000_000;
const EVENTS: i64 = 40_000;

/// A trail in which each field has a value that few events have, and one that many have.
fn trail() -> Vec<Event> {
    let event = |number: i64| {
        let rare = number % 401 == 0;
        let mut json = serde_json::json!({
            "id": format!("{number:08}"),
            "event_time": Timestamp::from_micros(START + number * 60_000_000).unwrap().to_string(),
            "meta": {"padding": "x".repeat(300)},
        });
        for field in Field::FILTERED {
            let many = match field {
                Field::ActorId | Field::RequestUrl | Field::EntityRef => {
                    format!("v{}", number % 997)
                }
                _ => format!("v{}", number % 3),
            };
            json[field.name()] = if rare { "rare".into() } else { many.into() };
        }
        Event::from_json(&json.to_string()).unwrap()
    };
    (0..EVENTS).map(event).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn no_filter_alone_or_with_a_window_reads_the_whole_table() {
    let server = Postgres::start(&[
        "fsync=off",
        "session_preload_libraries=auto_explain",
        "auto_explain.log_min_duration=0",
    ]);
    let url = server.database();
    let store = Store::open(&url).unwrap();
    let mut writer = store.writer().unwrap();
    for part in trail().chunks(5_000) {
        writer.append(part, None).unwrap();
    }
    server.psql(name_of(&url), "VACUUM ANALYZE");
    let before = server.log().len();

    let at = |hours: i64| Timestamp::from_micros(START + hours * HOUR + 1);
    let windows = [
        Window::default(),
        Window {
            start: at(100),
            end: at(300),
        },
    ];
    let mut asked = 0;
    for window in windows {
        let lists = Field::FILTERED.into_iter().flat_map(|field| {
            [&["rare"][..], &["v1"], &["rare", "v1"]].map(|list| Some((field, list)))
        });
        for filter in lists.chain([None]) {
            let filter = filter.map(|(field, list)| Filter {
                field,
                any_of: list.iter().map(|it| Wildcard::literal(it)).collect(),
                none_of: Vec::new(),
            });
            let query = Query {
                window,
                filters: filter.into_iter().collect(),
            };
            for offset in [0, 50] {
                let page = store.page(&query, 100, offset).await.unwrap();
                assert!(page.total > 0, "{query:?}");
            }
            let counted = query
                .filters
                .iter()
                .all(|it| Field::COUNTED.contains(&it.field));
            // A scan of fields of few values walks the time index, and filters.
            if !counted || query.filters.is_empty() {
                store
                    .scan(&query, Order::NewestFirst, None, 100)
                    .await
                    .unwrap();
            }
            asked += 1;
        }
    }
    assert_eq!(asked, 2 * (11 * 3 + 1));
    let log = server.log();
    let log = &log[before..];
    let plans: Vec<_> = log.split("plan:").skip(1).collect();
    assert!(plans.len() > 2 * asked, "{}", plans.len());
    for plan in plans {
        assert!(!plan.contains("Seq Scan on events"), "{plan}");
        assert!(!plan.contains("Seq Scan on counts"), "{plan}");
    }
}
