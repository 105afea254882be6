//! `auditLog.auditReads`: who asked what is an event of the trail, once a minute.

#![cfg(unix)]

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread::{self, sleep},
    time::Duration,
};

use auditlog::api::{Event, Field};

use crate::support::{Home, Run, following::Following, process::Serving};

const CONFIG: &str = "
backend:
  auth:
    externalAccess:
      - {type: static, options: {token: the-token-of-ann, subject: 'user:default/ann'}}
      - {type: static, options: {token: the-token-of-siem, subject: 'external:siem'}}
      - type: static
        options: {token: the-token-of-ci, subject: 'external:ci'}
        accessRestrictions: [{plugin: catalog}]
auditLog: {auditReads: true}
";

fn serve(home: &Home, config: &str) -> Serving {
    home.write_private("app-config.yaml", config);
    Serving::start(home, &["--store", "s.db", "--config", "app-config.yaml"])
}

fn ask(home: &Home, serving: &Serving, token: &str, args: &[&str]) -> Run {
    let all = [
        "events",
        "--url",
        &serving.url,
        "--since",
        "2000-01-01",
        "-o",
        "jsonl",
    ];
    let mut command = home.command(&[&all[..], args].concat());
    let output = command.env("AUDITLOG_TOKEN", token).output();
    Run::of(output.expect("the program starts"))
}

/// The events about readers, oldest first, when there are `count`.
fn reads(home: &Home, count: usize) -> Vec<Event> {
    for _ in 0..100 {
        let args = [
            "events",
            "--store",
            "s.db",
            "--event",
            "audit-log-read",
            "--reverse",
            "-o",
            "jsonl",
            "--all",
        ];
        let run = home.run(&args);
        let events: Vec<_> = run
            .stdout
            .lines()
            .map(|line| Event::from_json(line).unwrap())
            .collect();
        if events.len() >= count {
            assert_eq!(events.len(), count, "{run:?}");
            return events;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("fewer than {count} reads were recorded");
}

/// Waits for the beginning of a minute where the present one is nearly over: what follows is to lie in one.
fn early_in_a_minute() {
    let second = chrono::Utc::now().timestamp() % 60;
    if second > 40 {
        sleep(Duration::from_secs(u64::try_from(61 - second).unwrap()));
    }
}

#[test]
fn who_asked_is_an_event_once_a_minute_whatever_pages_were_read() {
    early_in_a_minute();
    let home = Home::with_recording();
    let serving = serve(&home, CONFIG);
    for _ in 0..3 {
        let run = ask(
            &home,
            &serving,
            "the-token-of-siem",
            &["--page-size", "7", "--all", "--plugin", "catalog"],
        );
        assert_eq!(run.code, 0, "{run:?}");
    }
    let run = ask(
        &home,
        &serving,
        "the-token-of-ann",
        &["--plugin", "catalog", "--limit", "1"],
    );
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        ask(&home, &serving, "the-token-of-ci", &["--limit", "1"]).code,
        4
    );
    assert_eq!(
        ask(&home, &serving, "a-wrong-token", &["--limit", "1"]).code,
        4
    );
    let reads = reads(&home, 3);
    let told = |event: &Event| {
        [
            Field::PluginId,
            Field::ActorId,
            Field::ActorType,
            Field::Status,
            Field::RequestMethod,
        ]
        .map(|field| event.text(field).unwrap().to_owned())
        .join(" ")
    };
    let told: Vec<_> = reads.iter().map(told).collect();
    assert_eq!(
        told,
        [
            "audit-log external:siem service succeeded GET",
            "audit-log user:default/ann user succeeded GET",
            "audit-log external:ci service failed GET",
        ]
    );
    let url = reads[0].text(Field::RequestUrl).unwrap();
    assert!(url.starts_with("/api/audit-log/v1/audit-event?"), "{url}");
    assert!(url.contains("plugin_id=catalog"), "{url}");
    assert!(reads[0].recorded_at().unwrap() >= reads[0].time());
}

#[test]
fn nobody_is_recorded_unless_it_is_asked_for_and_rules_may_leave_some_out() {
    let home = Home::with_recording();
    let own = "auditLog: {auditReads: true}";
    let ruled = "auditLog: {auditReads: true, excludeRules: [{actorId: 'external:siem', eventId: audit-log-read}]}";
    for (config, token) in [
        (CONFIG.replace(own, ""), "the-token-of-ann"),
        (CONFIG.replace(own, ruled), "the-token-of-siem"),
    ] {
        let serving = serve(&home, &config);
        assert_eq!(ask(&home, &serving, token, &["--limit", "1"]).code, 0);
        serving.signal("TERM");
        assert_eq!(serving.wait().code, 0);
        assert!(reads(&home, 0).is_empty());
    }
}

#[test]
fn a_follower_does_not_follow_itself_unless_it_is_told_to() {
    let home = Home::with_recording();
    let serving = serve(&home, CONFIG);
    home.write_private("token", "the-token-of-siem");
    let follow = [
        "--url",
        &serving.url,
        "--token-file",
        "token",
        "-o",
        "jsonl",
    ];
    let mut silent = Following::start(&home, &follow);
    let mut told = Following::start(&home, &[&follow[..], &["--plugin", "audit-log"]].concat());
    // The follower that asks for readers sees the questions of both.
    assert_eq!(told.lines(2).len(), 2);
    told.signal("TERM");
    assert_eq!(told.end().code, 130);
    silent.signal("TERM");
    let run = silent.end();
    assert_eq!((run.code, run.stdout.as_str()), (130, ""), "{run:?}");
}

#[test]
fn what_was_read_before_the_end_of_a_server_is_recorded() {
    let home = Home::with_recording();
    let serving = serve(&home, CONFIG);
    let store = rusqlite::Connection::open(home.path("s.db")).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Nobody can write: the answer comes all the same.
    let args = ["--limit", "1"];
    assert_eq!(ask(&home, &serving, "the-token-of-siem", &args).code, 0);
    serving.signal("TERM");
    let ended = thread::spawn(move || serving.wait());
    sleep(Duration::from_millis(500));
    store.execute_batch("ROLLBACK").unwrap();
    assert_eq!(ended.join().unwrap().code, 0);
    assert_eq!(reads(&home, 1).len(), 1);
}

#[test]
fn a_store_that_takes_nothing_costs_readers_nothing_and_is_told_of_once() {
    early_in_a_minute();
    let home = Home::with_recording();
    let mut serving = serve(&home, CONFIG);
    let store = rusqlite::Connection::open(home.path("s.db")).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    // More questions than may wait to be recorded: the queue of 128 requests, and those that are tried with them.
    let mut stream = TcpStream::connect(serving.address()).unwrap();
    for n in 0..400 {
        let request = format!(
            "GET /api/audit-log/v1/audit-event?limit=1&plugin_id=p{n} HTTP/1.1\r\nHost: x\r\n\
             Authorization: Bearer the-token-of-siem\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = [0; 15];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK", "{n}");
        // The rest of the answer: a trail without matches.
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
    }
    assert_eq!(
        serving.said(),
        "warning: 1 read of the trail was not recorded: More is sent than can be taken; try again later"
    );
    store.execute_batch("ROLLBACK").unwrap();
    drop(stream);
    serving.signal("TERM");
    let run = serving.wait();
    assert_eq!((run.code, run.stderr.as_str()), (0, "stopped\n"));
}

#[test]
fn a_thousand_pages_of_one_question_are_one_event() {
    early_in_a_minute();
    let home = Home::with_recording();
    let serving = serve(&home, CONFIG);
    let mut stream = TcpStream::connect(serving.address()).unwrap();
    for n in 0..1000 {
        let request = format!(
            "HEAD /api/audit-log/v1/audit-event?limit=1&offset={n} HTTP/1.1\r\nHost: x\r\n\
             Authorization: Bearer the-token-of-siem\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    }
    let reads = reads(&home, 1);
    assert_eq!(reads[0].text(Field::RequestMethod), Some("HEAD"));
    serving.signal("KILL");
    drop(serving);
    // What was recorded outlives the server.
    assert_eq!(self::reads(&home, 1).len(), 1);
}
