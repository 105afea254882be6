//! One question, four places: in memory, in SQLite, in PostgreSQL and over HTTP, random questions about random events
//! have the same answer, in the same order.

use std::{cell::Cell, cmp::Ordering, collections::HashSet, fmt::Debug};

use auditlog::{
    api::{Event, Field, Page, Timestamp, newest_first},
    query::{Filter, Order, Query, Request, Window},
    store::{Advance, SourceProgress, Store},
    wildcard::Wildcard,
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
    test_runner::{Config, TestRunner},
};
use uuid::Uuid;

use crate::support::served::Served;

/// Few and awkward: equal values must meet, and each character here means something to somebody.
const TEXTS: [&str; 20] = [
    "",
    "a",
    "A",
    "ab",
    "aba",
    "a%",
    "a_b",
    "a*b",
    "*",
    "\\",
    "\\0",
    "\0",
    "a\0b",
    "\u{1}",
    "\u{1}\u{1}",
    "é",
    "😀",
    "' OR 1=1 --",
    "a,b",
    "!a",
];
/// What wildcards are made of: short, so that they match often, and the halves of what is escaped.
const PIECES: [&str; 9] = ["", "", "a", "b", "*", "\0", "\u{1}", "\u{2}", "é"];
const IDS: [&str; 12] = [
    "0", "1", "9", "A", "a", "a\0", "\0", "\u{1}", "\u{2}", "\\", "é", "😀",
];
/// Most events of a case.
const MOST: usize = 30;
const START: i64 = 1_793_491_200_000_000;
const INSTANTS: [i64; 6] = [0, 1, 999, 1_000, 1_001, 86_400_000_000];

#[derive(Clone, Debug)]
struct Stored {
    /// 0 is no file.
    source: u8,
    event: Event,
}

#[derive(Clone, Debug)]
struct Question {
    query: Query,
    page_size: u32,
    limit: u32,
    offset: u64,
}

#[derive(Clone, Debug)]
struct Case {
    stored: Vec<Stored>,
    /// Anything that a store can be asked.
    questions: Vec<Question>,
    /// What can be said in a URL.
    sendable: Vec<Question>,
}

fn text_of(field: Field) -> BoxedStrategy<String> {
    match field.allowed() {
        Some(allowed) => select(allowed).prop_map(str::to_owned).boxed(),
        None => select(&TEXTS[..]).prop_map(str::to_owned).boxed(),
    }
}

fn instant() -> impl Strategy<Value = Timestamp> {
    select(&INSTANTS[..]).prop_map(|after| Timestamp::from_micros(START + after).unwrap())
}

/// One instant in the ways in which it is written; digits finer than microseconds do not count.
fn written_time() -> impl Strategy<Value = String> {
    (instant(), 0..3).prop_map(|(time, form)| match form {
        0 => time.to_string(),
        1 => time
            .utc()
            .format("%Y-%m-%dT%H:%M:%S%.6f987+00:00")
            .to_string(),
        _ => {
            let elsewhere = chrono::FixedOffset::east_opt(19_800).unwrap();
            time.utc().with_timezone(&elsewhere).to_rfc3339()
        }
    })
}

fn stored() -> impl Strategy<Value = Stored> {
    // Values that the API does not know are stored too.
    let value = |field| prop_oneof![1 => Just(None), 8 => text_of(field).prop_map(Some), 1 => Just(Some("?".into()))];
    let values: Vec<_> = Field::FILTERED.into_iter().map(value).collect();
    (0..3u8, select(&IDS[..]), written_time(), values).prop_map(|(source, id, time, values)| {
        let mut json = serde_json::json!({ "id": id, "event_time": time, "recorded_at": time, "source": source });
        for (field, value) in Field::FILTERED.into_iter().zip(values) {
            json[field.name()] = value.map_or(serde_json::Value::Null, serde_json::Value::from);
        }
        let event = Event::from_json(&json.to_string()).unwrap();
        Stored { source, event }
    })
}

fn pattern(field: Field) -> impl Strategy<Value = Wildcard> {
    let pieces = vec(select(&PIECES[..]).prop_map(str::to_owned), 2..=4);
    prop_oneof![
        3 => text_of(field).prop_map(|text| Wildcard::literal(&text)),
        1 => pieces.prop_map(Wildcard::from_pieces),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let with_id: Vec<_> = Field::FILTERED.into_iter().chain([Field::Id]).collect();
    select(with_id).prop_flat_map(|field| {
        (vec(pattern(field), 0..4), vec(pattern(field), 0..3)).prop_map(move |(any_of, none_of)| {
            Filter {
                field,
                any_of,
                none_of,
            }
        })
    })
}

fn window() -> impl Strategy<Value = Window> {
    let bound = || option::of((instant(), -1..=1i64));
    let moved = |bound: Option<(Timestamp, i64)>| {
        bound.map(|(time, by)| time.plus(chrono::Duration::microseconds(by)))
    };
    (bound(), bound()).prop_map(move |(start, end)| Window {
        start: moved(start),
        end: moved(end),
    })
}

fn question(query: impl Strategy<Value = Query>) -> impl Strategy<Value = Question> {
    (query, 1..6u32, 1..9u32, 0..6u64).prop_map(|(query, page_size, limit, offset)| Question {
        query,
        page_size,
        limit,
        offset,
    })
}

fn any_query() -> impl Strategy<Value = Query> {
    let filters = vec(filter(), 0..3);
    (window(), filters).prop_map(|(window, filters)| Query { window, filters })
}

/// One literal a field, a list for the severity, both ends of the window.
fn sendable_query() -> impl Strategy<Value = Query> {
    let fields = subsequence(Field::FILTERED.to_vec(), 0..=2);
    let filters = fields.prop_flat_map(|fields| {
        fields
            .into_iter()
            .map(|field| {
                let several = if field == Field::SeverityLevel { 3 } else { 1 };
                let literal = text_of(field).prop_map(|text| Wildcard::literal(&text));
                vec(literal, 1..=several).prop_map(move |any_of| Filter {
                    field,
                    any_of,
                    none_of: Vec::new(),
                })
            })
            .collect::<Vec<_>>()
    });
    (window(), filters).prop_map(|(window, filters)| Query {
        window: Window {
            start: window.start.or(Timestamp::from_micros(START - 5)),
            end: window
                .end
                .or(Timestamp::from_micros(START + 172_800_000_000)),
        },
        filters,
    })
}

fn case() -> impl Strategy<Value = Case> {
    (
        vec(stored(), 0..=MOST),
        vec(question(any_query()), 6),
        vec(question(sendable_query()), 4),
    )
        .prop_map(|(stored, questions, sendable)| Case {
            stored,
            questions,
            sendable,
        })
}

/// The same id again in the same source is the same event, and the first stays.
fn without_doubles(mut stored: Vec<Stored>) -> Vec<Stored> {
    let mut seen = HashSet::new();
    stored.retain(|one| seen.insert((one.source, one.event.id().to_owned())));
    stored
}

fn in_order(a: &Stored, b: &Stored) -> Ordering {
    newest_first(&a.event, &b.event).then(b.source.cmp(&a.source))
}

fn write(store: &Store, stored: &[Stored]) -> u64 {
    let mut writer = store.writer().unwrap();
    let mut new = 0;
    for source in 0..3u8 {
        let of_it = stored.iter().filter(|one| one.source == source);
        let events: Vec<_> = of_it.map(|one| one.event.clone()).collect();
        let advance = (source > 0).then(|| Advance {
            before: 0,
            after: SourceProgress {
                source: Uuid::from_u128(source.into()),
                read_to: 1,
                prefix_sha256: [0; 32],
            },
        });
        new += writer.append(&events, advance.as_ref()).unwrap();
    }
    new
}

async fn scanned(store: &Store, question: &Question, order: Order) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let part = store.scan(&question.query, order, after.as_ref(), question.page_size);
        let part = part.await.unwrap();
        assert!(part.events.len() <= question.page_size as usize);
        all.extend(part.events.iter().map(|event| event.json().to_owned()));
        assert!(all.len() <= MOST, "a scan without an end");
        match part.next {
            None => return all,
            next => after = next,
        }
    }
}

fn jsons(events: &[&Event]) -> Vec<String> {
    events.iter().map(|event| event.json().to_owned()).collect()
}

fn page_of<T: Clone + Debug>(all: &[T], question: &Question) -> Vec<T> {
    let skipped = all.iter().skip(question.offset as usize);
    skipped.take(question.limit as usize).cloned().collect()
}

/// Asks everything everywhere and gives how many questions had some, but not all, events for an answer.
async fn telling_questions(case: &Case, store: Store) -> usize {
    let mut model = without_doubles(case.stored.clone());
    assert_eq!(write(&store, &case.stored), model.len() as u64);
    model.sort_by(in_order);
    let served = Served::start(store.clone()).await;
    let mut telling = 0;
    for question in case.questions.iter().chain(&case.sendable) {
        let matching = model.iter().map(|one| &one.event);
        let matching: Vec<_> = matching
            .filter(|event| question.query.matches(event))
            .collect();
        let mut expected = jsons(&matching);
        telling += usize::from(!expected.is_empty() && expected.len() < model.len());

        assert_eq!(
            store.count(&question.query).await.unwrap(),
            expected.len() as u64
        );
        let page = store.page(&question.query, question.limit, question.offset);
        let page = page.await.unwrap();
        assert_eq!(page.bodies, page_of(&expected, question));
        assert_eq!(page.total, expected.len() as u64);
        assert_eq!(
            scanned(&store, question, Order::NewestFirst).await,
            expected
        );
        expected.reverse();
        assert_eq!(
            scanned(&store, question, Order::OldestFirst).await,
            expected
        );
    }
    for question in &case.sendable {
        let matching = model.iter().map(|one| &one.event);
        let matching: Vec<_> = matching
            .filter(|event| question.query.matches(event))
            .collect();
        let request = Request {
            query: question.query.clone(),
            limit: question.limit,
            offset: question.offset,
        };
        let (status, body) = served.ask(&request.to_pairs()).await;
        assert_eq!(status, 200, "{body}");
        let page = Page::from_json(body.as_bytes()).unwrap();
        let received: Vec<_> = page.events.iter().collect();
        assert_eq!(jsons(&received), page_of(&jsons(&matching), question));
        assert_eq!(page.total, Some(matching.len() as u64));
    }
    served.stop().await;
    telling
}

#[test]
fn memory_sqlite_and_http_give_the_same_answer() {
    agree(100, || Store::in_memory().unwrap());
}

#[cfg(unix)]
#[test]
#[ignore = "needs PostgreSQL"]
fn memory_postgresql_and_http_give_the_same_answer() {
    use crate::support::postgres::Postgres;
    let server = Postgres::shared();
    agree(60, || Store::open(server.database()).unwrap());
}

/// Asks random questions about random events in new stores.
fn agree(cases: u32, store: impl Fn() -> Store) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (asked, telling) = (Cell::new(0), Cell::new(0));
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&case(), |case| {
        let found = runtime.block_on(async { telling_questions(&case, store()).await });
        telling.set(telling.get() + found);
        asked.set(asked.get() + case.questions.len() + case.sendable.len());
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
    // Questions that nothing or everything answers would agree whatever the code does.
    assert!(
        telling.get() * 4 > asked.get(),
        "{} of {}",
        telling.get(),
        asked.get()
    );
}
