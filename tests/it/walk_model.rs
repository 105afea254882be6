//! Random questions about random trails full of ties, read from a server that pages and from a store: the answer of
//! either is that of a sorted list.

use std::{cell::Cell, cmp::Reverse, ops::ControlFlow, time::Duration};

use auditlog::{
    address::Address,
    api::{Event, Field, Timestamp},
    client::{Client, Options},
    query::{Filter, Order, Query, Window},
    source::{Reading, Source},
    store::Store,
    token::Token,
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};

use crate::support::{TOKEN, pages::Pages, scripted::Scripted};

/// The clock of the client. The server does not tell its own.
const NOW: i64 = 1_793_491_200_000_000;
/// When events happened, in microseconds before the clock; the last of them is one of the future.
const AGES: [i64; 6] = [
    3_600_000_000,
    2_000_001,
    2_000_000,
    1_000,
    0,
    -86_400_000_000,
];
const TEXTS: [&str; 3] = ["a", "ab", "b"];
/// Filters that can be sent, that can be sent in part, and that cannot be sent.
const FILTERS: [&str; 8] = ["a", "ab", "a*", "*b", "a,b", "!a", "a*,!ab", "*"];

#[derive(Clone, Debug)]
struct Happened {
    id: String,
    age: i64,
    plugin: &'static str,
    entity: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct Question {
    plugin: Option<&'static str>,
    entity: Option<&'static str>,
    /// Ages of the first and the last instant.
    since: i64,
    until: Option<i64>,
    reverse: bool,
    limit: Option<u64>,
    offset: u64,
    page_size: u32,
}

#[derive(Clone, Debug)]
struct Case {
    happened: Vec<Happened>,
    /// The largest page that the server gives.
    most: usize,
    question: Question,
}

fn happened() -> impl Strategy<Value = Vec<Happened>> {
    let one = (
        select(&AGES[..]),
        select(&TEXTS[..]),
        option::of(select(&TEXTS[..])),
    );
    vec(one, 0..=60).prop_map(|all| {
        let of =
            |(n, (age, plugin, entity)): (usize, (i64, &'static str, Option<&'static str>))| {
                // Ids that have nothing to do with the order in which the server keeps what has one time.
                let id = format!("{:03}", n * 37 % 101);
                Happened {
                    id,
                    age,
                    plugin,
                    entity,
                }
            };
        all.into_iter().enumerate().map(of).collect()
    })
}

fn question() -> impl Strategy<Value = Question> {
    let filter = || option::weighted(0.4, select(&FILTERS[..]));
    let since = prop_oneof![3 => Just(7_200_000_000), 1 => select(&AGES[..])];
    let until = option::of(select(&AGES[..]));
    let amount = (any::<bool>(), option::weighted(0.7, 1..=20u64), 0..6u64);
    let page_size = prop_oneof![4 => 1..=8u32, 1 => Just(1000)];
    (filter(), filter(), since, until, amount, page_size).prop_map(
        |(plugin, entity, since, until, (reverse, limit, offset), page_size)| Question {
            plugin,
            entity,
            since,
            until,
            reverse,
            limit,
            offset,
            page_size,
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let most = select(&[1000, 1000, 3][..]);
    (happened(), most, question()).prop_map(|(happened, most, question)| Case {
        happened,
        most,
        question,
    })
}

fn time(age: i64) -> Timestamp {
    Timestamp::from_micros(NOW - age).unwrap()
}

fn json(event: &Happened) -> String {
    let entity = event
        .entity
        .map_or("null".to_owned(), |text| format!("\"{text}\""));
    format!(
        r#"{{"id":"{}","event_time":"{}","plugin_id":"{}","entity_ref":{entity}}}"#,
        event.id,
        time(event.age),
        event.plugin
    )
}

/// Whether a value passes one of [`FILTERS`], each of them spelt out.
fn passes(filter: Option<&str>, value: Option<&str>) -> bool {
    match filter {
        None => true,
        Some("a" | "ab") => value == filter,
        Some("a*") => value.is_some_and(|value| value.starts_with('a')),
        Some("*b") => value.is_some_and(|value| value.ends_with('b')),
        Some("a,b") => matches!(value, Some("a" | "b")),
        Some("!a") => value != Some("a"),
        Some("a*,!ab") => value == Some("a"),
        Some("*") => value.is_some(),
        Some(other) => panic!("{other}"),
    }
}

impl Question {
    /// The answer, from a sorted list.
    fn model(&self, happened: &[Happened]) -> Vec<String> {
        let mut all: Vec<_> = happened
            .iter()
            .filter(|event| {
                passes(self.plugin, Some(event.plugin)) && passes(self.entity, event.entity)
            })
            // Without an end the future is not asked for.
            .filter(|event| event.age <= self.since && event.age >= self.until.unwrap_or(0))
            .collect();
        all.sort_by_key(|event| (event.age, Reverse(&event.id)));
        if self.reverse {
            all.reverse();
        }
        let limit = self.limit.map_or(usize::MAX, |limit| limit as usize);
        let shown = all.into_iter().skip(self.offset as usize).take(limit);
        shown.map(json).collect()
    }

    fn reading(&self) -> Reading {
        let filter = |field, text: Option<&str>| {
            text.map(|text| Filter::parse(field, &[text.to_owned()]).unwrap())
        };
        let plugin = filter(Field::PluginId, self.plugin);
        let entity = filter(Field::EntityRef, self.entity);
        Reading {
            query: Query {
                window: Window {
                    start: Some(time(self.since)),
                    end: self.until.map(time),
                },
                filters: plugin.into_iter().chain(entity).collect(),
            },
            order: match self.reverse {
                true => Order::OldestFirst,
                false => Order::NewestFirst,
            },
            page_size: self.page_size,
            wanted: self.limit.map(|limit| limit + self.offset),
            concurrency: 1,
            now: time(0),
        }
    }

    /// What comes from a source: as `events` takes it, up to what is wanted.
    async fn answer(&self, source: &Source) -> Vec<String> {
        let reading = self.reading();
        let mut taken = Vec::new();
        let mut sink = |event: Event| {
            taken.push(event.json().to_owned());
            Ok(match reading.wanted {
                Some(wanted) if taken.len() as u64 >= wanted => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            })
        };
        let told = source.read(&reading, &mut sink).await.unwrap();
        assert_eq!(told.leaky, []);
        taken.split_off(taken.len().min(self.offset as usize))
    }
}

/// A server that keeps the newest first, and what has one time in the order in which it came.
fn server(case: &Case) -> Scripted {
    let mut kept = case.happened.clone();
    kept.sort_by_key(|event| event.age);
    let pages = Pages {
        most: case.most,
        headers: "Connection: close",
        ..Pages::honest(kept.iter().map(json).collect())
    };
    pages.serve()
}

fn client(server: &Scripted) -> Client {
    let address = Address::parse(&server.url()).unwrap();
    let options = Options {
        ca_cert: None,
        allow_plain_http: false,
        timeout: Duration::from_secs(60),
        retries: 0,
        spacing: Duration::ZERO,
    };
    let token = Token::parse(TOKEN).unwrap();
    Client::new(address, &token, options, Box::new(|_, _| {})).unwrap()
}

fn store(case: &Case) -> Store {
    let events = case.happened.iter().map(json);
    let events: Vec<_> = events
        .map(|json| Event::from_json(&json).unwrap())
        .collect();
    let store = Store::in_memory().unwrap();
    store.writer().unwrap().append(&events, None).unwrap();
    store
}

#[test]
fn a_walk_over_a_server_and_a_scan_of_a_store_answer_as_a_sorted_list_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let telling = Cell::new(0);
    let config = Config {
        cases: 80,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&case(), |case| {
        let expected = case.question.model(&case.happened);
        let server = server(&case);
        let served = Source::Server(std::sync::Arc::new(client(&server)));
        let answer = runtime.block_on(case.question.answer(&served));
        prop_assert_eq!(&answer, &expected, "of the server");
        let requests = server.finish().len();
        prop_assert!(
            requests <= 2 * case.happened.len() + 4,
            "{} requests",
            requests
        );
        let stored = Source::Store(store(&case));
        let answer = runtime.block_on(case.question.answer(&stored));
        prop_assert_eq!(&answer, &expected, "of the store");
        let some = !expected.is_empty() && expected.len() < case.happened.len();
        telling.set(telling.get() + usize::from(some));
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
    // Questions that nothing or everything answers would agree whatever the code does.
    assert!(telling.get() >= 20, "{} of 80", telling.get());
}
