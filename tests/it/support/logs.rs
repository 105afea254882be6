//! Log files for `ingest`, and what is in a store, read past the program.

use std::path::Path;

use auditlog::{
    api::{Event, Timestamp},
    ingest::{Batch, Clock, Lines, Pending, Place},
};

use super::{Home, fixture};

/// What a real Backstage logged: 89 events beside those that are excluded by default.
pub const RECORDING: &str = "backstage/audit.production.jsonl";

/// The recording's lines.
pub fn recorded_lines() -> Vec<String> {
    let text = std::fs::read_to_string(fixture(RECORDING)).expect("the recording is there");
    text.split_terminator('\n').map(str::to_owned).collect()
}

/// Every outcome of the recording, also those that are excluded by default.
pub fn recorded_outcomes() -> Vec<Event> {
    let log = std::fs::read(fixture(RECORDING)).expect("the recording is there");
    let mut lines = Lines::new(&log[..], Place::default(), Some(log.len() as u64));
    let now = Timestamp::parse("2026-11-21T10:00:00Z").expect("a time");
    let mut clock = Clock::new(move || now);
    let mut batch = || Batch::read(&mut lines, &mut clock, &mut Vec::new(), &|_, _| false);
    let batches = std::iter::from_fn(|| batch().expect("lines"));
    let outcomes = batches.flat_map(|batch| batch.events).enumerate();
    let event = |(n, it): (usize, Pending)| it.into_event(format!("id-{n:03}")).expect("an event");
    outcomes.map(event).collect()
}

/// As many lines as are wanted, made from the recording, no two of them alike where they name an address.
///
/// Every 500th is cut off, so that it is rejected.
pub fn busy_day(lines: usize) -> Vec<String> {
    let recorded = recorded_lines();
    let line = |n: usize| {
        let address = format!("\"ip\":\"10.{}.{}.{}\"", n >> 16, n >> 8 & 255, n & 255);
        let line = recorded[n % recorded.len()].replace("\"ip\":\"127.0.0.1\"", &address);
        let cut = if n % 500 == 499 { 20 } else { 0 };
        line[..line.len() - cut].to_owned()
    };
    (0..lines).map(line).collect()
}

/// A line of plugin `p`, with more members that begin with a comma each.
pub fn line(event_id: &str, more: &str) -> String {
    format!(
        r#"{{"eventId":"{event_id}","isAuditEvent":true,"message":"p.{event_id}","plugin":"p","status":"succeeded"{more}}}"#
    )
}

/// The lines as a file's content.
pub fn log(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// What a store holds: id and body without its times, oldest first.
pub fn stored(store: &Path) -> Vec<(String, String)> {
    let connection = rusqlite::Connection::open(store).expect("a database");
    let mut statement = connection
        .prepare("SELECT id, body FROM events ORDER BY event_time, id")
        .expect("a store");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.expect("rows")
        .map(|row| row.expect("a row"))
        .map(|(id, body): (String, String)| (id, timeless(&body)))
        .collect()
}

/// The bodies alone.
pub fn bodies(store: &Path) -> Vec<String> {
    stored(store).into_iter().map(|(_, body)| body).collect()
}

/// How far the store's only file was read, and how many events the store holds. Nothing if there is no store yet.
pub fn progress(store: &Path) -> (u64, u64) {
    let read = || {
        let connection = rusqlite::Connection::open(store)?;
        connection.query_row(
            "SELECT (SELECT coalesce(max(read_to), 0) FROM sources), (SELECT count(*) FROM events)",
            [],
            |row| Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64)),
        )
    };
    read().unwrap_or_default()
}

/// An event's JSON without what its line does not determine. Cut out of the text, so that every token stays.
pub fn timeless(body: &str) -> String {
    let at = body.find("\"plugin_id\"").expect("a stored event");
    for name in ["id", "event_time", "recorded_at"] {
        assert!(body[..at].contains(&format!("\"{name}\":\"")), "{body}");
    }
    format!("{{{}", &body[at..])
}

/// Runs `ingest` over files, which must go well, and gives what it said.
pub fn ingest(home: &Home, files: &[&str]) -> String {
    let run = home.run(&[&["ingest", "--store", "s.db"], files].concat());
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.stdout, "");
    run.stderr
}

/// The event ids in the store, in the order of their times.
pub fn stored_numbers(home: &Home) -> Vec<String> {
    bodies(&home.path("s.db"))
        .iter()
        .map(|body| {
            let at = body.find("\"event_id\":\"").unwrap() + 12;
            body[at..].split('"').next().unwrap().to_owned()
        })
        .collect()
}
