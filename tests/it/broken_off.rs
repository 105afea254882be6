//! Answers that do not come to their end: nobody reads them, somebody interrupts them, a disk is full.

#![cfg(unix)]

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

use crate::support::{
    Home, Run,
    events::recorded_trail,
    logs::{busy_day, log},
    pages::Pages,
    process::signal,
    scripted::{Reply, Scripted},
};

/// A home with a store of more events than a pipe holds.
fn busy_home() -> Home {
    let home = Home::new();
    let _ = home.ingest(log(&busy_day(2_000)));
    home
}

/// One request after the other, so that all that was answered has been read when the next one comes.
const PAGES: [&str; 4] = ["--page-size", "50", "--concurrency", "1"];
/// Requests that [`breaking_off`] answers.
const ANSWERED: usize = 14;

/// A server of 900 events that answers a few requests as it should, and all others in this way.
fn breaking_off(then: Reply) -> Scripted {
    let pages = Pages::honest(recorded_trail(900));
    let mut left = ANSWERED;
    Scripted::answering(move |asked| match left {
        0 => then.clone(),
        _ => {
            left -= 1;
            pages.page(asked)
        }
    })
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let home = busy_home();
    let all = ["--all", "-o"];
    for (source, format) in [
        (&["--store", "s.db"][..], "jsonl"),
        (&["--store", "s.db"], "json"),
        (&["--store", "s.db"], "csv"),
        (&["--store", "s.db"], "table"),
        (&["--demo"], "wide"),
    ] {
        let mut command = home.command(&[&["events"], source, &all, &[format]].concat());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        assert!(!line.is_empty());
        drop(stdout);
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!(
            (run.code, run.stderr.as_str()),
            (0, ""),
            "{source:?} {format}"
        );
    }
    for args in [
        &["--help"][..],
        &["completions", "bash"],
        &["token", "generate"],
    ] {
        let mut child = home.command(args).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}");
    }
}

#[test]
fn an_interrupted_answer_leaves_the_file_as_it_was_and_nothing_beside_it() {
    for name in ["INT", "TERM", "HUP"] {
        let home = Home::new();
        home.write("out.json", "what was there");
        let server = breaking_off(Reply::silence());
        let to_file = ["--all", "-o", "json", "--output-file", "out.json"];
        let to_file = [&PAGES[..], &to_file].concat();
        let mut command = home.asking(&server.url(), &to_file);
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        server.wait_for(ANSWERED + 1);
        assert_eq!(home.names().len(), 2, "a file is being written");
        signal(&child, name);
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!(
            (run.code, run.stderr.as_str()),
            (130, "error: incomplete: interrupted\n"),
            "{name}"
        );
        assert_eq!(home.names(), ["out.json"], "{name}");
        assert_eq!(home.read("out.json"), "what was there");
    }
}

#[test]
fn an_interrupted_array_is_not_closed_and_holds_what_came() {
    let home = Home::new();
    let server = breaking_off(Reply::silence());
    let ask = [&PAGES[..], &["--all", "-o", "json"]].concat();
    let mut command = home.asking(&server.url(), &ask);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    server.wait_for(ANSWERED + 1);
    signal(&child, "INT");
    let mut text = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
    let events = text.matches("\n{").count();
    assert!(events > 0, "{text}");
    assert_eq!(
        text,
        format!("[\n{}", recorded_trail(900)[..events].join(",\n"))
    );
}

#[test]
fn a_server_that_fails_midway_leaves_the_file_as_it_was() {
    let home = Home::new();
    home.write("out.csv", "what was there");
    let not_found = Reply::of("404 Not Found", "", "");
    let server = breaking_off(not_found);
    let to_file = ["--all", "-o", "csv", "--output-file", "out.csv"];
    let to_file = [&PAGES[..], &to_file].concat();
    let run = home.ask(&server.url(), &to_file);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    assert_eq!(home.names(), ["out.csv"]);
    assert_eq!(home.read("out.csv"), "what was there");
}

#[test]
fn a_whole_answer_replaces_the_file() {
    let home = busy_home();
    home.write("out", "what was there");
    let ask = ["events", "--store", "s.db", "--limit", "3", "-o", "jsonl"];
    let run = home.run(&[&ask[..], &["--output-file", "out"]].concat());
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    assert!(run.stderr.starts_with("3 of "), "{run:?}");
    let text = home.read("out");
    assert_eq!(text, home.run(&ask).stdout);
    assert_eq!(text.lines().count(), 3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_in_a_line() {
    let home = busy_home();
    let full =
        "error: cannot write the answer: No space left on device (os error 28) — free some space\n";
    for limit in ["1", "1000"] {
        let ask = ["events", "--store", "s.db", "-o", "jsonl", "--limit", limit];
        let run = home.run(&[&ask[..], &["--output-file", "/dev/full"]].concat());
        assert_eq!((run.code, run.stderr.as_str()), (1, full));
        let device = File::options().write(true).open("/dev/full").unwrap();
        let run = Run::of(home.command(&ask).stdout(device).output().unwrap());
        assert_eq!((run.code, run.stderr.as_str()), (1, full));
    }
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_anything_is_asked() {
    let home = Home::new();
    home.write("file", "");
    let server = Scripted::untouched();
    for (path, reason) in [
        (
            "no-such-folder/out",
            "No such file or directory (os error 2)",
        ),
        ("file/out", "Not a directory (os error 20)"),
        (".", "is a directory"),
    ] {
        let run = home.ask(&server.url(), &["--output-file", path]);
        let expected = format!(
            "error: cannot write {path}: {reason} — check the folder and who may write there\n"
        );
        assert_eq!((run.code, run.stderr), (2, expected));
    }
    server.finish();
}
