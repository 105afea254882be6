//! `auditlog serve` as a process: its files, its signals, its ends.

#![cfg(unix)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Stdio,
};

use crate::support::{
    Home, Run, TOKEN,
    logs::{line, log, recorded_lines},
    process::{Serving, signal},
};

/// Asks for everything; the exit code and the number of events.
fn asked(home: &Home, url: &str, token: &str) -> (i32, usize) {
    let mut command = home.command(&["events", "--url", url, "--all", "-o", "jsonl", "-q"]);
    let run = Run::of(command.env("AUDITLOG_TOKEN", token).output().unwrap());
    (run.code, run.stdout.lines().count())
}

/// A store whose answer is larger than what lies between two programs, so that it is under way until it is read.
fn home_with_large_events() -> Home {
    let home = Home::new();
    // Many texts, because a single one would be too large to be kept.
    let texts = vec![format!("\"{}\"", "x".repeat(16 * 1024)); 16];
    let meta = format!(r#","meta":{{"x":[{}]}}"#, texts.join(","));
    let lines: Vec<_> = (0..60).map(|n| line(&format!("e{n}"), &meta)).collect();
    let run = home.ingest(log(&lines));
    assert!(run.stderr.starts_with("read 60, stored 60,"), "{run:?}");
    home
}

#[test]
fn a_signal_ends_it_after_the_request_under_way() {
    let home = home_with_large_events();
    for name in ["TERM", "INT"] {
        let serving = Serving::store(&home, "s.db");
        let mut stream = TcpStream::connect(serving.address()).unwrap();
        let request = format!(
            "GET /api/audit-log/v1/audit-event HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut first = [0; 15];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        serving.signal(name);
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        let (head, body) = rest.split_once("\r\n\r\n").unwrap();
        assert!(body.len() > 60 * 256 * 1024, "{} bytes", body.len());
        let length = format!("content-length: {}\r\n", body.len());
        assert!(head.contains(&length), "{head}");
        let run = serving.wait();
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:?}");
        assert_eq!(run.stderr, "stopped\n");
    }
}

#[test]
fn a_port_that_is_taken_is_wrong_usage() {
    let home = Home::with_recording();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    home.write_private("accepted", TOKEN);
    let args = ["--accept-token-file", "accepted", "--listen", &address];
    let run = home.run(&[&["serve", "--store", "s.db"], &args[..]].concat());
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(run.stderr.contains(&address), "{run:?}");
    assert!(
        run.stderr
            .ends_with("— choose another address with --listen\n")
    );
    assert_eq!(run.stderr.lines().count(), 1);
}

#[test]
fn a_file_without_usable_tokens_is_refused_and_not_quoted() {
    let home = Home::with_recording();
    home.write("empty", "");
    home.write("blank", "\n\n");
    home.write("short", "sesame");
    home.write("spaced", format!("{TOKEN}\nopen sesame please\n"));
    let make = "make one with: auditlog token generate\n";
    for (file, reason, hint) in [
        (
            "missing",
            "cannot read missing: No such file",
            "check the path and who may read it\n",
        ),
        (
            "empty",
            "no token is named",
            "(auditlog token generate > FILE) and give --accept-token-file FILE\n",
        ),
        (
            "blank",
            "no token is named",
            "(auditlog token generate > FILE) and give --accept-token-file FILE\n",
        ),
        ("short", "line 1 of short: the token has 6 characters", make),
        (
            "spaced",
            "line 2 of spaced: the token has white space at character 5",
            make,
        ),
    ] {
        let run = home.run(&["serve", "--store", "s.db", "--accept-token-file", file]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{file}: {run:?}");
        assert!(
            run.stderr.starts_with(&format!("error: {reason}")),
            "{run:?}"
        );
        assert!(run.stderr.ends_with(hint), "{run:?}");
        assert!(!run.stderr.contains("sesame"), "{run:?}");
    }
}

#[test]
fn an_old_and_a_new_token_are_both_accepted() {
    let home = Home::with_recording();
    home.write_private("accepted", "the-old-token-0001\r\n\nthe-new-token-0002\n");
    let serving = Serving::start(
        &home,
        &["--store", "s.db", "--accept-token-file", "accepted"],
    );
    assert_eq!(asked(&home, &serving.url, "the-old-token-0001"), (0, 89));
    assert_eq!(asked(&home, &serving.url, "the-new-token-0002"), (0, 89));
    assert_eq!(asked(&home, &serving.url, "the-old-token-0002"), (4, 0));
}

#[test]
fn what_is_ingested_while_two_serve_it_is_in_their_next_answers() {
    let home = Home::with_recording();
    let (one, two) = (Serving::store(&home, "s.db"), Serving::store(&home, "s.db"));
    for serving in [&one, &two] {
        assert_eq!(asked(&home, &serving.url, TOKEN), (0, 89));
    }
    // The same lines in another order are another file.
    let mut lines = recorded_lines();
    lines.reverse();
    home.write("more.log", log(&lines));
    let run = home.run(&["ingest", "--store", "s.db", "more.log"]);
    assert_eq!(run.code, 0, "{run:?}");
    for serving in [&one, &two] {
        assert_eq!(asked(&home, &serving.url, TOKEN), (0, 178));
    }
}

#[test]
fn what_is_to_be_served_must_be_named() {
    let home = Home::new();
    home.write_private("accepted", TOKEN);
    home.write("text", "no store at all, and longer than a header");
    for (args, expected) in [
        (
            &["--accept-token-file", "accepted"][..],
            "error: no store is named — give --store PATH or AUDITLOG_STORE",
        ),
        (
            &[],
            "error: no token is named that the server should accept — make one",
        ),
        (
            &["--store", "s.db"],
            "error: the following required arguments were not provided: <--accept-token-file <FILE>|--config <FILE>>",
        ),
        (
            &["--demo", "--store", "s.db"],
            "error: the argument '--demo' cannot be used with '--store <PATH>'",
        ),
        (
            &["--store", "text", "--accept-token-file", "accepted"],
            "error: text is not an auditlog store — name another file",
        ),
        (
            &[
                "--store",
                "postgres://u:secret@h/d",
                "--accept-token-file",
                "accepted",
            ],
            "error: the URL of the store holds a password",
        ),
        (
            &["--demo", "--listen", "7017"],
            "error: invalid value '7017' for '--listen <ADDRESS>'",
        ),
    ] {
        let run = home.run(&[&["serve"], args].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
        let said = run.stderr.replace(home.path("").to_str().unwrap(), "");
        assert!(said.starts_with(expected), "{run:?}");
        assert!(!run.stderr.contains("secret"), "{run:?}");
    }
}

#[test]
fn tokens_that_others_can_read_and_networks_that_can_read_them_are_warned_of() {
    let home = Home::new();
    home.write("accepted", TOKEN);
    let args = ["--store", "s.db", "--accept-token-file", "accepted"];
    let mut command = home.command(&[&["serve", "--listen", "0.0.0.0:0"], &args[..]].concat());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut url).unwrap();
    signal(&child, "TERM");
    let run = Run::of(child.wait_with_output().unwrap());
    let said = "warning: others can read the tokens in accepted: chmod 600 it\n\
        warning: tokens and events cross the network unencrypted: put a proxy with TLS in front\n\
        stopped\n";
    assert_eq!((run.code, run.stderr.as_str()), (0, said));
}
