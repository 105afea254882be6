//! `auditlog ingest --to`: what logs say goes to a server, which keeps each event once.

use std::{
    fs::OpenOptions,
    io::Write,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{
    Home, Run, TOKEN,
    logs::{RECORDING, bodies, line, log, stored},
    process::{Serving, signal},
    scripted::{Reply, Scripted},
};

const TOLD: &str = r#"{"stored":2,"excluded":0,"duplicate":0,"initiated":0,"withoutId":0,"rejectedCount":0,"rejected":[]}"#;

fn home() -> Home {
    let home = Home::new();
    home.write_private("token", TOKEN);
    home
}

fn events(numbers: std::ops::Range<usize>) -> String {
    let lines: Vec<_> = numbers.map(|n| line(&format!("e{n}"), "")).collect();
    log(&lines)
}

fn append(home: &Home, name: &str, text: &str) {
    let mut options = OpenOptions::new();
    let opened = options.append(true).create(true).open(home.path(name));
    opened.unwrap().write_all(text.as_bytes()).unwrap();
}

/// Sends `a.log`, with what was sent before in `state`.
fn args<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let args = [
        "ingest",
        "--to",
        url,
        "--token-file",
        "token",
        "--state",
        "state",
        "a.log",
    ];
    [&args, more].concat()
}

fn send(home: &Home, url: &str, more: &[&str]) -> Run {
    home.run(&args(url, more))
}

fn follow(home: &Home, url: &str) -> Child {
    let mut command = home.command(&args(url, &["--follow", "--retries", "0"]));
    command.stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(child: Child) -> String {
    signal(&child, "INT");
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(run.code, 130, "{run:?}");
    run.stderr
}

/// The numbers of the events in the server's store, in order.
fn numbers(home: &Home) -> Vec<usize> {
    let number = |body: &String| {
        let at = body.find("\"event_id\":\"e").unwrap() + 13;
        body[at..].split('"').next().unwrap().parse().unwrap()
    };
    let mut numbers: Vec<_> = bodies(&home.path("s.db")).iter().map(number).collect();
    numbers.sort_unstable();
    numbers
}

/// Waits until that many events are stored, and compares them with 0, 1, 2, ….
fn wait_for(home: &Home, count: usize) {
    let begun = Instant::now();
    while numbers(home).len() < count {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{:?}",
            numbers(home)
        );
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(numbers(home), (0..count).collect::<Vec<_>>());
}

/// The id of the only file that was sent, and whether it has arrived.
fn state(home: &Home) -> (String, bool) {
    let state: Value = serde_json::from_str(&home.read("state")).unwrap();
    let [source] = &state["sources"].as_array().unwrap()[..] else {
        panic!("{state}")
    };
    let id = source["source"].as_str().unwrap().to_owned();
    (id, source["sent"].as_bool().unwrap())
}

#[test]
fn a_server_gets_the_events_that_a_store_would_get_under_the_same_ids() {
    let home = home();
    let recording = std::fs::read(crate::support::fixture(RECORDING)).unwrap();
    home.write("a.log", recording);
    home.done(&["ingest", "--store", "direct.db", "a.log"]);
    let server = Serving::for_senders(&home, "s.db");
    let run = send(&home, &server.url, &[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stderr
            .contains("; the server counted stored 89, duplicate 0, excluded 0, rejected 0\n"),
        "{run:?}"
    );
    let sorted = |store: &str| {
        let mut all = stored(&home.path(store));
        all.sort();
        all
    };
    assert_eq!(sorted("s.db"), sorted("direct.db"));
}

#[test]
fn what_was_sent_is_not_sent_again_and_without_its_state_brings_duplicates_alone() {
    let home = home();
    append(&home, "a.log", &events(0..3));
    let server = Serving::for_senders(&home, "s.db");
    let first = send(&home, &server.url, &[]);
    assert!(first.stderr.starts_with("read 3, stored 3, "), "{first:?}");
    let again = send(&home, &server.url, &[]);
    assert!(again.stderr.starts_with("read 0, stored 0, "), "{again:?}");
    std::fs::remove_file(home.path("state")).unwrap();
    let anew = send(&home, &server.url, &[]);
    assert!(anew.stderr.contains("stored 0, duplicate 3, "), "{anew:?}");
    append(&home, "a.log", &events(3..4));
    let more = send(&home, &server.url, &[]);
    assert!(more.stderr.starts_with("read 1, stored 1, "), "{more:?}");
    assert_eq!(numbers(&home), [0, 1, 2, 3]);
}

#[test]
fn a_pipe_is_sent_too() {
    let home = home();
    let server = Serving::for_senders(&home, "s.db");
    let args = ["ingest", "--to", &server.url, "--token-file", "token", "-"];
    let run = Run::fed(home.command(&args), events(0..2));
    assert!(run.stderr.starts_with("read 2, stored 2, "), "{run:?}");
    assert_eq!(numbers(&home), [0, 1]);
}

#[cfg(unix)]
#[test]
fn the_state_is_for_its_owner_alone_and_lies_beside_the_configuration() {
    let home = home();
    append(&home, "a.log", &events(0..1));
    let server = Serving::for_senders(&home, "s.db");
    home.done(&[
        "ingest",
        "--to",
        &server.url,
        "--token-file",
        "token",
        "a.log",
    ]);
    assert_eq!(home.mode(".config/auditlog"), 0o700);
    let names = crate::support::names(&home.path(".config/auditlog"));
    let [name] = &names[..] else {
        panic!("{names:?}")
    };
    assert!(
        name.starts_with("sent-") && name.ends_with(".json"),
        "{name}"
    );
    assert_eq!(home.mode(&format!(".config/auditlog/{name}")), 0o600);
}

#[test]
fn a_server_that_is_busy_is_asked_again_as_it_said() {
    let home = home();
    append(&home, "a.log", &events(0..2));
    let busy = Reply::problem("503 Service Unavailable", "busy").with_header("Retry-After: 0");
    let server = Scripted::replies(vec![busy, Reply::json(TOLD)]);
    let run = send(&home, &server.url(), &[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("read 2, stored 2, "), "{run:?}");
    for asked in server.finish() {
        assert!(asked.has_token());
        assert_eq!(asked.head[0], "POST /api/audit-log/v1/audit-event HTTP/1.1");
        assert_eq!(asked.header("content-encoding"), Some("gzip"));
        assert_eq!(asked.header("content-type"), Some("application/x-ndjson"));
    }
}

#[test]
fn a_file_that_grows_before_its_first_events_arrive_keeps_its_id() {
    let home = home();
    append(&home, "a.log", &events(0..2));
    let server = Scripted::replies(vec![Reply::nothing(), Reply::json(TOLD)]);
    let run = send(&home, &server.url(), &["--retries", "0"]);
    assert_eq!(run.code, 5, "{run:?}");
    let (id, has_arrived) = state(&home);
    assert!(!has_arrived);
    append(&home, "a.log", &events(2..4));
    let run = send(&home, &server.url(), &["--retries", "0"]);
    assert!(run.stderr.starts_with("read 4, "), "{run:?}");
    assert_eq!(state(&home), (id, true));
}

#[test]
fn a_refusal_is_said_with_what_to_do_about_it() {
    let home = home();
    append(&home, "a.log", &events(0..2));
    for (status, code, said) in [
        (
            "401 Unauthorized",
            4,
            "error: 401: the server does not take the token: no — give a token of the server: ",
        ),
        (
            "403 Forbidden",
            4,
            "error: 403: the token is real, but is not allowed to send audit events — its access restrictions need permission 'audit.log.write' ",
        ),
        (
            "404 Not Found",
            2,
            "error: 404: no events are taken at http://127.0.0.1:",
        ),
        (
            "413 Payload Too Large",
            2,
            "error: 413: the server refuses the request: no — let what is in front of the server take larger bodies",
        ),
        (
            "415 Unsupported Media Type",
            2,
            "error: 415: the server refuses the request: no — let what is in front ",
        ),
    ] {
        let server = Scripted::answering(move |_| Reply::problem(status, "no"));
        let run = home.run(&[
            "ingest",
            "--to",
            &server.url(),
            "--token-file",
            "token",
            "a.log",
        ]);
        assert_eq!(run.code, code, "{run:?}");
        assert!(run.stderr.contains(said), "{run:?}");
        assert!(!run.stderr.contains(TOKEN));
    }
}

#[test]
fn a_wrong_token_is_refused_by_the_real_server() {
    let home = home();
    append(&home, "a.log", &events(0..2));
    let server = Serving::for_senders(&home, "s.db");
    home.write_private("token", "another-token-than-that");
    let run = send(&home, &server.url, &[]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(
        run.stderr
            .starts_with("error: 401: the server does not take the token"),
        "{run:?}"
    );
    assert_eq!(numbers(&home), [] as [usize; 0]);
}

#[test]
fn an_event_that_the_server_rejects_is_named_and_the_others_are_stored() {
    let home = home();
    let nested = format!("{}1{}", "[".repeat(110), "]".repeat(110));
    let deep = line("e9", &format!(",\"meta\":{{\"x\":{nested}}}"));
    append(&home, "a.log", &format!("{}{deep}\n", events(0..2)));
    let server = Serving::for_senders(&home, "s.db");
    let run = send(&home, &server.url, &[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stderr.contains("warning: the server rejects event "),
        "{run:?}"
    );
    assert!(
        run.stderr
            .contains("stored 2, duplicate 0, excluded 0, rejected 1\n"),
        "{run:?}"
    );
    assert_eq!(numbers(&home), [0, 1]);
}

#[test]
fn a_state_of_another_server_or_of_something_else_is_not_used() {
    let home = home();
    append(&home, "a.log", &events(0..1));
    home.write("state", "a diary");
    let run = send(&home, "http://127.0.0.1:9", &[]);
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        "error: state does not say how far files were sent — name another file with --state\n"
    );
    assert_eq!(home.read("state"), "a diary");
    home.write(
        "state",
        r#"{"version":1,"to":"https://a.example","sources":[]}"#,
    );
    let run = send(&home, "http://127.0.0.1:9", &[]);
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        "error: state says how far files were sent to https://a.example — give each server its own --state FILE\n"
    );
}

#[test]
fn a_store_and_a_server_are_not_written_to_at_once() {
    let home = home();
    let run = send(&home, "http://127.0.0.1:9", &["--store", "s.db"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(home.names(), ["token"]);
}

#[cfg(unix)]
#[test]
fn a_follower_waits_for_a_server_that_is_killed_and_started_again() {
    let home = home();
    append(&home, "a.log", &events(0..2));
    let server = Serving::for_senders(&home, "s.db");
    let (url, address) = (server.url.clone(), server.address().to_owned());
    let follower = follow(&home, &url);
    wait_for(&home, 2);
    server.signal("KILL");
    let _ = server.wait();
    append(&home, "a.log", &events(2..4));
    // Long enough for a try that fails.
    thread::sleep(Duration::from_millis(1500));
    let _server = Serving::for_senders_at(&home, "s.db", &address);
    wait_for(&home, 4);
    let said = interrupt(follower);
    assert_eq!(
        said.matches("; it is tried again until it goes well\n")
            .count(),
        1,
        "{said}"
    );
    assert!(said.contains("read 4, stored 4, "), "{said}");
}

#[cfg(unix)]
#[test]
fn ten_kills_of_who_sends_lose_nothing_and_double_nothing() {
    let home = home();
    let server = Serving::for_senders(&home, "s.db");
    let mut random = fastrand::Rng::with_seed(0x5eed_5e4d);
    let mut written = 0;
    for _ in 0..10 {
        let mut follower = follow(&home, &server.url);
        for _ in 0..random.usize(1..6) {
            let next = written + random.usize(1..40);
            append(&home, "a.log", &events(written..next));
            written = next;
            thread::sleep(Duration::from_millis(random.u64(0..60)));
        }
        follower.kill().unwrap();
        follower.wait().unwrap();
    }
    let follower = follow(&home, &server.url);
    wait_for(&home, written);
    let _ = interrupt(follower);
}
