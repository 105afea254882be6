//! `auditlog ingest --to` where not every event is taken: too much at once, too large alone, or rejected.

#![cfg(unix)]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use auditlog::api::Event;
use serde_json::Value;

use crate::support::{
    Home, Run, TOKEN,
    logs::{bodies, line, log},
    process::Serving,
};

fn home() -> Home {
    let home = Home::new();
    home.write_private("token", TOKEN);
    home
}

fn send(home: &Home, url: &str, more: &[&str]) -> Run {
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
    home.run(&[&args, more].concat())
}

/// A line whose event has this much in it that no compression makes smaller.
fn noisy(random: &mut fastrand::Rng, event: &str, kilobytes: usize) -> String {
    // A single text would be too large to be kept.
    let text = |_| {
        format!(
            "\"{}\"",
            (0..1024).map(|_| random.alphanumeric()).collect::<String>()
        )
    };
    let texts: Vec<_> = (0..kilobytes).map(text).collect();
    line(event, &format!(r#","meta":{{"x":[{}]}}"#, texts.join(",")))
}

/// What stands in front of a server, and takes bodies of no more than `most` bytes; its URL.
fn front(server: &Serving, most: usize) -> String {
    let address = server.address().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for client in listener.incoming() {
            pass_on(&mut client.unwrap(), &address, most);
        }
    });
    url
}

/// One request and its answer.
fn pass_on(client: &mut TcpStream, address: &str, most: usize) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte).unwrap() == 0 {
            return;
        }
        request.push(byte[0]);
    }
    let head = String::from_utf8(request.clone()).unwrap().to_lowercase();
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length: usize = length.lines().next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    client.read_exact(&mut body).unwrap();
    if length > most {
        let answer =
            "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        return client.write_all(answer.as_bytes()).unwrap();
    }
    let mut server = TcpStream::connect(address).unwrap();
    request.splice(request.len() - 2.., *b"Connection: close\r\n\r\n");
    server.write_all(&[request, body].concat()).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    client.write_all(&answer).unwrap();
}

/// The names of the events in the server's store, in order.
fn stored(home: &Home) -> Vec<String> {
    let mut names: Vec<_> = bodies(&home.path("s.db"))
        .iter()
        .map(|body| name(body))
        .collect();
    names.sort();
    names
}

fn name(body: &str) -> String {
    let event: Value = serde_json::from_str(body).unwrap();
    event["event_id"].as_str().unwrap().to_owned()
}

#[test]
fn too_much_at_once_is_sent_in_parts_and_what_is_too_large_alone_is_kept() {
    let mut random = fastrand::Rng::with_seed(4);
    let mut lines: Vec<_> = (0..40)
        .map(|n| noisy(&mut random, &format!("e{n:02}"), 1))
        .collect();
    lines.insert(17, noisy(&mut random, "large", 60));
    let expected: Vec<_> = (0..40).map(|n| format!("e{n:02}")).collect();
    let said = "the server rejects event ";
    let reason = ": 413: it is too large for the server, or for what is in front of it\n";
    for rejects in [&["--rejects", "rejects"][..], &[]] {
        let home = home();
        home.write("a.log", log(&lines));
        let server = Serving::for_senders(&home, "s.db");
        let url = front(&server, 20_000);
        let run = send(&home, &url, rejects);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(
            run.stderr
                .contains("stored 40, duplicate 0, excluded 0, rejected 1\n"),
            "{run:?}"
        );
        let (_, named) = run.stderr.split_once(said).unwrap();
        let (id, after) = named.split_once(reason).unwrap();
        assert!(!after.contains(said), "{run:?}");
        assert_eq!(stored(&home), expected);
        if rejects.is_empty() {
            continue;
        }
        // It is the whole event, as it would have been sent.
        let [line] = &home
            .read("rejects")
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()[..]
        else {
            panic!("one line")
        };
        let event = Event::from_json(line).unwrap();
        assert_eq!((event.id(), name(line).as_str()), (id, "large"));
        assert!(line.len() > 60 * 1024);
        // What was dealt with is not sent again.
        let again = send(&home, &url, rejects);
        assert!(again.stderr.starts_with("read 0, stored 0, "), "{again:?}");
        assert_eq!(home.read("rejects").lines().count(), 1);
    }
}

#[test]
fn what_refuses_even_small_events_is_at_fault_and_nothing_is_passed_over() {
    let home = home();
    home.write("a.log", log(&[line("e1", ""), line("e2", "")]));
    let server = Serving::for_senders(&home, "s.db");
    let run = send(&home, &front(&server, 10), &["--rejects", "rejects"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.stderr
            .contains("error: 413: the server refuses the request"),
        "{run:?}"
    );
    assert_eq!(home.read("rejects"), "");
    // The same state, and nothing in front.
    let state = home.read("state").replace(&front_of(&home), &server.url);
    home.write("state", state);
    let run = send(&home, &server.url, &[]);
    assert!(run.stderr.starts_with("read 2, stored 2, "), "{run:?}");
}

/// The address that the state is for.
fn front_of(home: &Home) -> String {
    let state: Value = serde_json::from_str(&home.read("state")).unwrap();
    state["to"].as_str().unwrap().to_owned()
}

/// Lines of which the server takes each tenth.
fn mostly_rejected(count: usize) -> String {
    let nested = format!("{}1{}", "[".repeat(110), "]".repeat(110));
    let line = |n: usize| match n % 10 {
        0 => line(&format!("good-{n:03}"), ""),
        _ => line(
            &format!("deep-{n:03}"),
            &format!(",\"meta\":{{\"x\":{nested}}}"),
        ),
    };
    log(&(0..count).map(line).collect::<Vec<_>>())
}

#[test]
fn every_event_that_the_server_rejects_is_kept_also_where_it_names_only_the_first() {
    let home = home();
    home.write(
        "a.log",
        format!("{}{{\"isAuditEvent\":true}}\n", mostly_rejected(400)),
    );
    let server = Serving::for_senders(&home, "s.db");
    let run = send(&home, &server.url, &["--rejects", "rejects"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.stderr.contains(
            "rejected 1; the server counted stored 40, duplicate 0, excluded 0, rejected 360\n"
        ),
        "{run:?}"
    );
    assert!(run.stderr.contains("warning: … and 341 more\n"), "{run:?}");
    assert!(
        run.stderr
            .contains(": it is nested deeper than 100 levels\n"),
        "{run:?}"
    );
    let rejects = home.read("rejects");
    let (line, events) = rejects.split_once('\n').unwrap();
    assert_eq!(line, r#"{"isAuditEvent":true}"#);
    let mut names: Vec<_> = events.lines().map(name).collect();
    names.sort();
    let expected: Vec<_> = (0..400)
        .filter(|n| n % 10 > 0)
        .map(|n| format!("deep-{n:03}"))
        .collect();
    assert_eq!(names, expected);
    assert_eq!(stored(&home).len(), 40);
}

#[cfg(target_os = "linux")]
#[test]
fn an_event_that_can_be_kept_nowhere_does_not_count_as_read() {
    let home = home();
    home.write("a.log", mostly_rejected(3));
    let server = Serving::for_senders(&home, "s.db");
    let run = send(&home, &server.url, &["--rejects", "/dev/full"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.stderr
            .contains("error: cannot write the rejected lines: "),
        "{run:?}"
    );
    let run = send(&home, &server.url, &["--rejects", "rejects"]);
    assert!(
        run.stderr
            .contains("stored 0, duplicate 1, excluded 0, rejected 2\n"),
        "{run:?}"
    );
    assert_eq!(home.read("rejects").lines().count(), 2);
}
