//! `ingest --follow` at work, and files that are written while it is.

use std::{
    fs::OpenOptions,
    io::Write,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    Home, Run,
    logs::{bodies, line, log},
    process::signal,
};

/// Lines of events that are told apart by their numbers.
pub fn events(numbers: std::ops::Range<usize>) -> String {
    let lines: Vec<_> = numbers.map(|n| line(&format!("e{n}"), "")).collect();
    log(&lines)
}

/// Writes to the end of a file, which begins to be where it is not.
pub fn append(home: &Home, name: &str, text: &str) {
    let mut options = OpenOptions::new();
    let opened = options.append(true).create(true).open(home.path(name));
    let mut file = opened.expect("a file");
    file.write_all(text.as_bytes()).expect("it is written");
}

/// Follows a file into `s.db`.
pub fn follow(home: &Home, file: &str) -> Child {
    let mut command = home.command(&["ingest", "--follow", "--store", "s.db", file]);
    let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

/// Ends it as a person would, and gives what it said.
pub fn interrupt(child: Child) -> String {
    signal(&child, "INT");
    let run = Run::of(child.wait_with_output().expect("it ends"));
    assert_eq!(run.code, 130, "{run:?}");
    run.stderr
}

/// The numbers of the events in the store, in the order of their times: where these are not in the lines, in that of
/// reading.
pub fn stored(home: &Home) -> Vec<usize> {
    if !home.path("s.db").exists() {
        return Vec::new();
    }
    let number = |body: &String| {
        let (_, name) = body.split_once("\"event_id\":\"e").expect("an event");
        let (number, _) = name.split_once('"').expect("its end");
        number.parse().expect("a number")
    };
    bodies(&home.path("s.db")).iter().map(number).collect()
}

/// Waits until that many events are stored, and compares them with 0, 1, 2, ….
pub fn wait_for(home: &Home, count: usize) {
    let begun = Instant::now();
    let connection = || rusqlite::Connection::open(home.path("s.db"));
    let there = || -> rusqlite::Result<u32> {
        connection()?.query_row("SELECT count(*) FROM events", [], |row| row.get(0))
    };
    while !home.path("s.db").exists() || (there().unwrap_or_default() as usize) < count {
        let waited = begun.elapsed();
        assert!(waited < Duration::from_secs(60), "{:?}", stored(home));
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(stored(home), (0..count).collect::<Vec<_>>());
}
