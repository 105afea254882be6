//! The log of `auditlog serve`: a line a request, nothing secret, nothing forged, and nobody who waits for it.

#![cfg(unix)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use serde::Deserialize;

use crate::support::{
    Home, Run, TOKEN,
    operating::{Operated, ask, send},
    posting::{LINES, sent},
};

const PATH: &str = "/api/audit-log/v1/audit-event";

/// A line of JSON, with everything that one may have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    time: String,
    level: String,
    message: String,
    request_id: Option<String>,
    method: Option<String>,
    route: Option<String>,
    status: Option<u16>,
    duration_seconds: Option<f64>,
    bytes: Option<usize>,
    subject: Option<String>,
    client: Option<String>,
}

fn stopped(operated: Operated) -> Run {
    operated.signal("TERM");
    operated.serving.wait()
}

fn lines(run: &Run) -> Vec<Line> {
    let read = |line| serde_json::from_str(line).expect(line);
    let lines: Vec<Line> = run.stderr.lines().map(read).collect();
    for line in &lines {
        let time = chrono::DateTime::parse_from_rfc3339(&line.time);
        assert!(time.is_ok() && line.time.ends_with('Z'), "{line:?}");
    }
    lines
}

/// The request lines, in short.
fn told(lines: &[Line]) -> Vec<String> {
    let requests = lines.iter().filter(|line| line.message == "request");
    let short = |line: &Line| {
        assert!(line.duration_seconds.is_some_and(|time| time > 0.0));
        let of = |text: &Option<String>| text.clone().unwrap_or("-".into());
        let status = line.status.map_or("-".into(), |status| status.to_string());
        let who = format!("{} {}", of(&line.subject), of(&line.client));
        format!("{} {} {status} {who}", of(&line.method), of(&line.route))
    };
    requests.map(short).collect()
}

#[test]
fn a_request_is_a_line_that_says_who_asked_what() {
    let home = Home::with_recording();
    let more = "log: {format: json}\n  trustedProxies: [127.0.0.1]";
    let operated = Operated::start(&home, "", more);
    let address = operated.address();
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    let more = format!("{token}X-Request-Id: trace-7.a\r\nX-Forwarded-For: 192.0.2.9\r\n");
    let first = ask(address, &format!("GET {PATH}?limit=2"), &more);
    assert_eq!(first.header("x-request-id"), Some("trace-7.a"));
    let second = ask(address, &format!("GET {PATH}"), "");
    let made = second.header("x-request-id").unwrap().to_owned();
    ask(address, "BREW /nothing", &token);
    ask(address, "GET /healthz", "");
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {LINES}\r\n{token}");
    send(address, &head, &sent("a"));
    let run = stopped(operated);
    let lines = lines(&run);
    assert_eq!(
        told(&lines),
        [
            format!("GET {PATH} 200 external:tests 192.0.2.9"),
            format!("GET {PATH} 401 - 127.0.0.1"),
            "other other 404 external:tests 127.0.0.1".to_owned(),
            format!("POST {PATH} 200 external:tests 127.0.0.1"),
        ]
    );
    let of = |at: usize| &lines[at];
    // The first line said where metrics are, before there was a request.
    assert_eq!(of(0).request_id.as_deref(), Some("trace-7.a"));
    assert_eq!(of(0).bytes, Some(first.body.len()));
    assert_eq!(of(1).request_id, Some(made));
    assert!(lines[..4].iter().all(|line| line.level == "info"));
    let last = lines.last().unwrap();
    assert_eq!(
        (last.level.as_str(), last.message.as_str()),
        ("notice", "stopped")
    );
}

#[test]
fn a_request_that_was_cut_off_is_logged_with_the_rest() {
    let home = Home::with_recording();
    let operated = Operated::start(&home, "", "log: {format: json}\n  stopWithin: 1s");
    let other = rusqlite::Connection::open(home.path("s.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut stream = TcpStream::connect(operated.address()).unwrap();
    let body = sent("a");
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nExpect: 100-continue\r\n\
         Content-Type: {LINES}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    // The server says that it reads the body.
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100");
    stream.write_all(body.as_bytes()).unwrap();
    let run = stopped(operated);
    assert_eq!(run.code, 1, "{run:?}");
    let lines = lines(&run);
    assert_eq!(
        told(&lines),
        [format!("POST {PATH} - external:tests 127.0.0.1")]
    );
    let last = lines.last().unwrap();
    assert_eq!(last.level, "error");
    assert_eq!(last.message, "1 request cut off: the time to end was over");
}

#[test]
fn probes_are_for_who_wants_to_see_everything() {
    let home = Home::with_recording();
    for (level, expected) in [("debug", 3), ("info", 1), ("notice", 0)] {
        let operated =
            Operated::start(&home, "", &format!("log: {{format: json, level: {level}}}"));
        ask(operated.address(), "GET /healthz", "");
        ask(operated.address(), "GET /nothing", "");
        ask(&operated.metrics, "GET /metrics", "");
        let run = stopped(operated);
        assert_eq!(told(&lines(&run)).len(), expected, "{level}: {run:?}");
    }
}

#[test]
fn nothing_secret_and_nothing_forged_is_in_it() {
    let home = Home::with_recording();
    for format in ["json", "text"] {
        let operated = Operated::start(
            &home,
            "",
            &format!("log: {{format: {format}, level: debug}}"),
        );
        let address = operated.address();
        let forged = "x\u{9b}2J\u{2028}%0d%0a2026-11-21T10:00:00Z%20error";
        for head in [
            format!(
                "GET {PATH}?actor_id=sesame&token=sesame HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n"
            ),
            String::from("GET /sesame?sesame HTTP/1.1\r\nAuthorization: Bearer sesame-open\r\n"),
            format!("SESAME {PATH}?limit=sesame HTTP/1.1\r\nAuthorization: Basic sesame\r\n"),
            format!(
                "GET {PATH} HTTP/1.1\r\nX-Request-Id: {forged}\r\nX-Forwarded-For: {forged}\r\n"
            ),
            format!(
                "GET {PATH} HTTP/1.1\r\nX-Request-Id: {forged} sesame\r\nUser-Agent: sesame\r\n"
            ),
        ] {
            let mut stream = TcpStream::connect(address).unwrap();
            let request = format!("{head}Host: x\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        }
        // What the store says, with the request that it failed.
        let other = rusqlite::Connection::open(home.path("s.db")).unwrap();
        other
            .execute_batch("ALTER TABLE events RENAME TO gone")
            .unwrap();
        let token = format!("Authorization: Bearer {TOKEN}\r\nX-Request-Id: failed-1\r\n");
        let failed = ask(address, &format!("GET {PATH}?actor_id=sesame"), &token);
        assert_eq!(failed.status, 500);
        other
            .execute_batch("ALTER TABLE gone RENAME TO events")
            .unwrap();
        let run = stopped(operated);
        for secret in ["sesame", "SESAME", TOKEN] {
            assert!(!run.stderr.contains(secret), "{secret}: {run:?}");
        }
        assert!(!run.stderr.contains(|c: char| c.is_control() && c != '\n'));
        assert!(run.stderr.contains("(request failed-1)"), "{run:?}");
        let begins = match format {
            "json" => "{\"time\":\"2",
            _ => "2",
        };
        // Six requests, a warning, and that it stopped.
        assert_eq!(run.stderr.lines().count(), 8, "{run:?}");
        assert!(
            run.stderr.lines().all(|line| line.starts_with(begins)),
            "{run:?}"
        );
    }
}

#[test]
fn a_stderr_that_nobody_reads_holds_up_no_request() {
    const REQUESTS: usize = 8000;
    let home = Home::with_recording();
    let mut operated = Operated::start(&home, "", "log: {format: json, level: debug}");
    let mut stream = BufReader::new(TcpStream::connect(operated.address()).unwrap());
    for _ in 0..REQUESTS {
        let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.get_mut().write_all(request).unwrap();
        let mut line = String::new();
        while line != "ok\n" {
            line.clear();
            assert!(stream.read_line(&mut line).unwrap() > 0);
        }
    }
    drop(stream);
    let text = operated.scrape();
    let dropped = text
        .lines()
        .find_map(|line| line.strip_prefix("auditlog_log_lines_dropped_total "));
    let dropped: usize = dropped.unwrap().parse().unwrap();
    assert!(dropped > 0);
    // Once it is read, each line is there or is said to be dropped. The scrape is a request, too.
    let (mut written, mut said) = (0, 0);
    while written + said < REQUESTS + 1 {
        let line: Line = serde_json::from_str(&operated.said()).unwrap();
        match line.message.split_once(" lines of the log were dropped") {
            Some((count, _)) => said += count.parse::<usize>().unwrap(),
            None => written += usize::from(line.message == "request"),
        }
    }
    assert_eq!((written + said, said >= dropped), (REQUESTS + 1, true));
    let run = stopped(operated);
    assert_eq!((run.code, lines(&run).len()), (0, 1), "{run:?}");
}
