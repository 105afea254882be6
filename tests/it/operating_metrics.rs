//! `/metrics`: the numbers are those of what was asked, and no client can make up a series.

#![cfg(unix)]

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    process::{Command, Stdio},
};

use crate::support::{
    Home, Run, TOKEN,
    operating::{Operated, ask, send, write_config},
    posting::{LINES, lines, sent, sent_with},
};

const PATH: &str = "/api/audit-log/v1/audit-event";

/// Every series and its value, read by the format's rules and nothing of the program's.
fn series(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let (name, value) = line.rsplit_once(' ').expect("a value");
        (name.to_owned(), value.parse().expect("a number"))
    };
    let read: Vec<(String, f64)> = lines.map(read).collect();
    let series: BTreeMap<_, _> = read.iter().cloned().collect();
    assert_eq!(series.len(), read.len(), "a series comes twice");
    series
}

fn requests(route: &str, method: &str, status: u16) -> String {
    format!(
        "auditlog_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}"
    )
}

fn duration(part: &str, label: &str) -> String {
    format!("auditlog_http_request_duration_seconds{part}{{route=\"{PATH}\"{label}}}")
}

fn refused(reason: &str) -> String {
    format!("auditlog_http_requests_refused_total{{reason=\"{reason}\"}}")
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// Holds each series against the number that it has to have.
fn check(series: &BTreeMap<String, f64>, expected: &[(&str, f64)]) {
    for (name, value) in expected {
        assert_eq!(series.get(*name), Some(value), "{name}");
    }
}

#[test]
fn what_was_asked_is_what_is_counted() {
    let home = Home::with_recording();
    let operated = Operated::start(&home, "", "");
    let (token, wrong) = (bearer(TOKEN), bearer("another-token"));
    let known = format!("{token}If-None-Match: *\r\n");
    let (page, none) = (format!("GET {PATH}"), String::new());
    for (request, more, status) in [
        (&page, &token, 200),
        (&page, &token, 200),
        (&page, &token, 200),
        (&format!("GET {PATH}/"), &known, 304),
        (&format!("HEAD {PATH}"), &token, 200),
        (&format!("GET {PATH}?limit=0"), &token, 400),
        (&page, &none, 401),
        (&page, &wrong, 401),
        (&page, &wrong, 401),
        (&"GET /nothing".to_owned(), &token, 404),
    ] {
        let answer = ask(operated.address(), request, more);
        assert_eq!(answer.status, status, "{request}");
    }
    let series = series(&operated.scrape());
    for (name, expected) in [
        (requests(PATH, "GET", 200), 3.0),
        (requests(PATH, "GET", 304), 1.0),
        (requests(PATH, "HEAD", 200), 1.0),
        (requests(PATH, "GET", 400), 1.0),
        (requests(PATH, "GET", 401), 3.0),
        (requests("other", "GET", 404), 1.0),
        (duration("_count", ""), 9.0),
        (duration("_bucket", ",le=\"+Inf\""), 9.0),
        (refused("missing_credentials"), 1.0),
        (refused("illegal_token"), 2.0),
        (refused("rate_limit"), 0.0),
        // The scrape itself, which is no connection of the others'.
        ("auditlog_http_requests_in_flight".to_owned(), 1.0),
        ("auditlog_connections_accepted_total".to_owned(), 10.0),
    ] {
        check(&series, &[(&name, expected)]);
    }
}

#[test]
fn what_became_of_events_is_what_is_counted() {
    let home = Home::with_recording();
    let operated = Operated::start(&home, "", "");
    let excluded = sent("x").replace("user:default/a", "plugin:search");
    let body = lines([
        sent("a"),
        sent("b"),
        sent("a"),
        sent_with("c", r#","meta":{"password":"sesame"}"#),
        sent("i").replace("succeeded", "initiated"),
        excluded.replace("entity-mutate", "entity-fetch"),
        "no JSON".to_owned(),
        "[]".to_owned(),
    ]);
    let token = bearer(TOKEN);
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {LINES}\r\n{token}");
    assert_eq!(send(operated.address(), &head, &body).status, 200);
    let series = series(&operated.scrape());
    let posted = requests(PATH, "POST", 200);
    let expected = [
        (posted.as_str(), 1.0),
        ("auditlog_events_total{result=\"stored\"}", 3.0),
        ("auditlog_events_total{result=\"duplicate\"}", 1.0),
        ("auditlog_events_total{result=\"initiated\"}", 1.0),
        ("auditlog_events_total{result=\"excluded\"}", 1.0),
        ("auditlog_events_total{result=\"rejected\"}", 2.0),
        ("auditlog_events_redacted_total", 1.0),
        ("auditlog_reads_not_recorded_total", 0.0),
        // 89 were there.
        ("auditlog_store_events", 92.0),
    ];
    check(&series, &expected);
    let size = std::fs::metadata(home.path("s.db")).unwrap().len() as f64;
    assert!(series["auditlog_store_size_bytes"] >= size);
}

#[test]
fn what_the_server_is_can_be_seen() {
    let home = Home::with_recording();
    let operated = Operated::start(&home, "", "");
    let series = series(&operated.scrape());
    let version = env!("CARGO_PKG_VERSION");
    let build = format!("auditlog_build_info{{version=\"{version}\"}}");
    let expected = [
        (build.as_str(), 1.0),
        ("auditlog_connections", 0.0),
        ("auditlog_connections_max", 256.0),
        ("auditlog_store_queue_length", 0.0),
        ("auditlog_store_queue_max", 128.0),
        ("auditlog_ready", 1.0),
        ("auditlog_log_lines_dropped_total", 0.0),
    ];
    check(&series, &expected);
    for name in ["process_resident_memory_bytes", "process_open_fds"] {
        // Linux alone says it.
        let is_told = series.get(name).is_some_and(|value| *value > 1.0);
        assert_eq!(is_told, cfg!(target_os = "linux"), "{name}");
    }
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    let age = now - series["process_start_time_seconds"];
    assert!((0.0..3600.0).contains(&age), "{age}");
}

#[test]
fn no_client_can_make_up_a_series() {
    let home = Home::with_recording();
    let operated = Operated::start(&home, "", "");
    let address = operated.address();
    let token = bearer(TOKEN);
    let names = || {
        series(&operated.scrape())
            .into_keys()
            .collect::<BTreeSet<_>>()
    };
    for method in ["DELETE", "BREW"] {
        ask(address, &format!("{method} /x{method}"), &token);
    }
    ask(address, "GET /nothing", &token);
    ask(address, "GET /healthz", "");
    ask(&operated.metrics, "GET /nothing", "");
    let _first_scrape = names();
    let before = names();
    for n in 0..200 {
        ask(address, &format!("M{n} /x{n}?y={n}"), &token);
        let more = format!(
            "{token}X-Request-Id: id{n}\r\nX-Forwarded-For: 192.0.2.{n}\r\nUser-Agent: u{n}\r\n"
        );
        ask(address, &format!("GET /healthz{n}"), &more);
        ask(address, &format!("GET /healthz?x={n}"), &more);
        ask(&operated.metrics, &format!("GET /metrics{n}"), "");
    }
    assert_eq!(names(), before);
}

#[test]
fn a_reload_is_counted_with_its_result() {
    let home = Home::with_recording();
    let mut operated = Operated::start(&home, "", "");
    let of = |operated: &Operated, name: &str| series(&operated.scrape()).get(name).copied();
    let successful = "auditlog_config_last_reload_successful";
    let when = "auditlog_config_last_reload_success_timestamp_seconds";
    assert_eq!(of(&operated, successful), Some(1.0));
    assert_eq!(of(&operated, when), Some(0.0));
    operated.signal("HUP");
    assert_eq!(operated.said(), "the configuration was read again: 1 token");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    let time = of(&operated, when).unwrap();
    assert!((0.0..60.0).contains(&(now - time)), "{time} {now}");
    write_config(&home, "", "unknown: 1");
    operated.signal("HUP");
    assert!(
        operated
            .said()
            .contains("unknown key 'unknown' in auditLog")
    );
    assert_eq!(of(&operated, successful), Some(0.0));
    assert_eq!(of(&operated, when), Some(time));
    let result = |of: &str| format!("auditlog_config_reloads_total{{result=\"{of}\"}}");
    assert_eq!(of(&operated, &result("succeeded")), Some(1.0));
    assert_eq!(of(&operated, &result("failed")), Some(1.0));
    write_config(&home, "", "stopWithin: 1m");
    operated.signal("HUP");
    let said = "warning: auditLog.stopWithin has changed: that needs a restart";
    assert_eq!(operated.said(), said);
}

/// `.ci/run` installs it.
#[test]
#[ignore = "needs promtool, of Debian's package prometheus"]
fn promtool_finds_nothing_wrong_with_the_metrics_and_the_alerts() {
    let home = Home::with_recording();
    let operated = Operated::start(&home, "", "log: {}");
    ask(operated.address(), "GET /nothing", &bearer(TOKEN));
    let text = operated.scrape();
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = promtool.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    stdin.write_all(b"\n").unwrap();
    drop(stdin);
    let done = promtool.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success() && said.is_empty(), "{said}");
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/dist/alerts.yml");
    let mut check = Command::new("promtool");
    let checked = Run::of(check.args(["check", "rules", rules]).output().unwrap());
    assert_eq!(checked.code, 0, "{checked:?}");
    // Each metric that a rule names is there.
    let rules = std::fs::read_to_string(rules).unwrap();
    let words = rules.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    for name in words.filter(|word| word.starts_with("auditlog_")) {
        assert!(text.contains(&format!("# TYPE {name} ")), "{name}");
    }
}
