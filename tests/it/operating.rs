//! What an operator sees of `auditlog serve`: probes, and how it ends.

#![cfg(unix)]

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use crate::support::{
    Home, Run, TOKEN,
    logs::{line, log},
    operating::{Operated, ask, events},
    process::Serving,
    served::Answer,
};

/// A store whose answer is larger than what lies between two programs, so that it is under way until it is read.
fn with_large_events() -> Home {
    let home = Home::new();
    let texts = vec![format!("\"{}\"", "x".repeat(16 * 1024)); 16];
    let meta = format!(r#","meta":{{"x":[{}]}}"#, texts.join(","));
    let lines: Vec<_> = (0..60).map(|n| line(&format!("e{n}"), &meta)).collect();
    let run = home.ingest(log(&lines));
    assert!(run.stderr.starts_with("read 60, stored 60,"), "{run:?}");
    home
}

/// A request whose answer has begun, and is not read.
fn unread(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(events("").as_bytes()).unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    stream
}

/// Asks until the answer is another.
fn becomes(address: &str, status: u16) -> Answer {
    loop {
        let answer = ask(address, "GET /readyz", "");
        if answer.status == status {
            return answer;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn probes_need_no_token_and_are_neither_counted_nor_refused() {
    let home = Home::with_recording();
    let limit = "rateLimit: {window: 1h, incomingRequestLimit: 1, ipAllowList: []}";
    let operated = Operated::start(&home, limit, "");
    for address in [operated.address(), &operated.metrics] {
        for probe in ["/healthz", "/readyz"] {
            for _ in 0..20 {
                let answer = ask(address, &format!("GET {probe}"), "");
                assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
                assert_eq!(answer.header("x-ratelimit-limit"), None);
                assert_eq!(answer.header("cache-control"), Some("no-store"));
            }
            let head = ask(address, &format!("HEAD {probe}"), "");
            assert_eq!((head.status, head.body.as_str()), (200, ""));
        }
    }
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    let path = "GET /api/audit-log/v1/audit-event";
    let first = ask(operated.address(), path, &token);
    assert_eq!(first.status, 200, "no probe was counted");
    assert_eq!(ask(operated.address(), path, &token).status, 429);
    let known = format!("{token}If-None-Match: *\r\n");
    assert_eq!(ask(operated.address(), path, &known).status, 429);
    assert_eq!(ask(operated.address(), "GET /readyz", "").status, 200);
    // Anything else is a request like others.
    assert_eq!(ask(operated.address(), "POST /readyz", "").status, 429);
    assert_eq!(ask(operated.address(), "GET /readyz/", "").status, 429);
    assert_eq!(ask(&operated.metrics, "POST /readyz", "").status, 405);
    assert_eq!(ask(&operated.metrics, "GET /", "").status, 404);
}

#[test]
fn a_store_that_cannot_be_written_is_not_ready_until_it_can() {
    let home = Home::with_recording();
    let mut operated = Operated::start(&home, "", "");
    assert_eq!(ask(operated.address(), "GET /readyz", "").status, 200);
    let other = rusqlite::Connection::open(home.path("s.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = becomes(operated.address(), 503);
    assert_eq!(answer.body, "not ready: the store is slow");
    assert_eq!(operated.said(), "warning: not ready: the store is slow");
    assert_eq!(ask(operated.address(), "GET /healthz", "").status, 200);
    other.execute_batch("ROLLBACK").unwrap();
    becomes(operated.address(), 200);
    assert_eq!(operated.said(), "ready again");
}

#[test]
fn a_store_that_cannot_be_read_is_not_explained() {
    let home = Home::with_recording();
    let mut operated = Operated::start(&home, "", "");
    let other = rusqlite::Connection::open(home.path("s.db")).unwrap();
    other
        .execute_batch("ALTER TABLE events RENAME TO gone")
        .unwrap();
    let answer = becomes(operated.address(), 503);
    assert_eq!(answer.body, "not ready: the store cannot be read");
    let said = "warning: not ready: the store cannot be read: the database failed: no such table: ";
    assert!(operated.said().starts_with(said));
}

#[test]
fn the_files_to_begin_with_are_valid_and_fit_each_other() {
    let dist = |name: &str| {
        let path = format!("{}/dist/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let home = Home::new();
    let config = dist("app-config.auditlog.yaml");
    home.write("app-config.yaml", &config);
    let mut check = home.command(&["serve", "--check", "--config", "app-config.yaml"]);
    check
        .env("AUDITLOG_READ_TOKEN", TOKEN)
        .env("AUDITLOG_SENDER_TOKEN", "another-token-0001");
    let run = Run::of(check.output().unwrap());
    let valid = "valid: 2 tokens, 0 exclusion rules beside the default ones\n";
    assert_eq!(
        (run.code, run.stdout.as_str(), run.stderr.as_str()),
        (0, valid, "")
    );
    // The unit waits for longer than the server takes.
    assert!(config.contains("\n  stopWithin: 10s\n"));
    assert!(dist("auditlog.service").contains("\nTimeoutStopSec=20\n"));
}

#[test]
fn who_asks_while_the_server_ends_is_told_so() {
    let home = with_large_events();
    let operated = Operated::start(&home, "", "stopWithin: 1h");
    let mut stream = unread(operated.address());
    operated.serving.signal("TERM");
    let answer = becomes(&operated.metrics, 503);
    assert_eq!(answer.body, "not ready: the server is ending");
    assert_eq!(ask(&operated.metrics, "GET /healthz", "").status, 200);
    assert!(TcpStream::connect(operated.address()).is_err());
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    let (_, body) = rest.split_once("\r\n\r\n").unwrap();
    let page: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(page["data"].as_array().unwrap().len(), 60);
    let run = operated.serving.wait();
    assert_eq!((run.code, run.stderr.as_str()), (0, "stopped\n"));
}

#[test]
fn what_does_not_end_in_its_time_is_cut_off() {
    let home = with_large_events();
    let operated = Operated::start(&home, "", "stopWithin: 1s");
    let _stream = unread(operated.address());
    operated.serving.signal("TERM");
    let run = operated.serving.wait();
    let said = "error: 1 request cut off: the time to end was over\n";
    assert_eq!((run.code, run.stderr.as_str()), (1, said));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let home = with_large_events();
    for (first, second) in [("TERM", "TERM"), ("INT", "TERM"), ("INT", "INT")] {
        let operated = Operated::start(&home, "", "stopWithin: 1h");
        let _stream = unread(operated.address());
        operated.serving.signal(first);
        becomes(&operated.metrics, 503);
        operated.serving.signal(second);
        let run = operated.serving.wait();
        assert_eq!(run.code, 130, "{run:?}");
        assert!(run.stderr.ends_with("interrupted\n"), "{run:?}");
    }
}

#[test]
fn an_address_for_metrics_that_is_taken_is_wrong_usage() {
    let home = Home::with_recording();
    let first = Operated::start(&home, "", "");
    let metrics = format!("auditLog: {{metrics: {{listen: '{}'}}}}", first.metrics);
    home.write_private("accepted", TOKEN);
    home.write("metrics.yaml", metrics);
    let run = home.run(&[
        "serve",
        "--store",
        "s.db",
        "--listen",
        "127.0.0.1:0",
        "--accept-token-file",
        "accepted",
        "--config",
        "metrics.yaml",
    ]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    let said = format!("error: cannot listen on {} for metrics: ", first.metrics);
    assert!(run.stderr.starts_with(&said), "{run:?}");
    let hint = "— choose another address in auditLog.metrics.listen\n";
    assert!(run.stderr.ends_with(hint), "{run:?}");
}

#[test]
fn nothing_is_served_that_was_not_asked_for() {
    let home = Home::with_recording();
    let serving = Serving::store(&home, "s.db");
    assert_eq!(ask(serving.address(), "GET /metrics", "").status, 401);
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    let answer = ask(serving.address(), "GET /metrics", &token);
    assert_eq!(answer.status, 404);
}
