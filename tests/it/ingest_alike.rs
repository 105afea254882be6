//! `auditlog ingest --follow` of several files: those that begin alike are told apart, and one of two names is read once.

#![cfg(unix)]

use std::{
    fs,
    process::{Child, Stdio},
    thread,
    time::Duration,
};

use crate::support::{
    Home, TOKEN,
    process::Serving,
    tailing::{append, events, interrupt, stored, wait_for},
};

/// What every Backstage says first.
const GREETING: &str = "Loading config from MergedConfigSource\n";
/// More than two looks at a file.
const LOOKS: Duration = Duration::from_millis(2_500);

fn follow(home: &Home, to: &[&str], files: &[&str]) -> Child {
    let mut command = home.command(&[&["ingest", "--follow"], to, files].concat());
    command.stderr(Stdio::piped()).spawn().unwrap()
}

/// Two files that have the same first lines, before they are followed or one after the other.
fn alike(home: &Home, to: &[&str]) {
    for together in [true, false] {
        let from = if together { 0 } else { 4 };
        let [a, b] = [format!("a{from}.log"), format!("b{from}.log")];
        let base = stored(home).len();
        append(home, &a, GREETING);
        if together {
            append(home, &b, GREETING);
        }
        let follower = follow(home, to, &[&a, &b]);
        thread::sleep(LOOKS);
        if !together {
            append(home, &b, GREETING);
            thread::sleep(LOOKS);
        }
        append(home, &a, &events(base..base + 1));
        wait_for(home, base + 1);
        append(home, &b, &events(base + 1..base + 2));
        wait_for(home, base + 2);
        let _ = interrupt(follower);
        // Each is known again.
        append(home, &b, &events(base + 2..base + 3));
        let follower = follow(home, to, &[&b, &a]);
        wait_for(home, base + 3);
        append(home, &a, &events(base + 3..base + 4));
        wait_for(home, base + 4);
        let _ = interrupt(follower);
    }
}

#[test]
fn files_that_begin_alike_are_told_apart_by_a_store() {
    alike(&Home::new(), &["--store", "s.db"]);
}

#[test]
fn files_that_begin_alike_are_told_apart_by_a_server() {
    let home = Home::new();
    home.write_private("token", TOKEN);
    let server = Serving::for_senders(&home, "s.db");
    let to = [
        "--to",
        &server.url,
        "--token-file",
        "token",
        "--state",
        "state",
    ];
    alike(&home, &to);
}

#[test]
fn a_file_of_two_names_is_read_once_through_its_rotation() {
    let home = Home::new();
    append(&home, "a.log", &events(0..2));
    append(&home, "a.log.1", "");
    fs::hard_link(home.path("a.log"), home.path("b.log")).unwrap();
    let follower = follow(&home, &["--store", "s.db"], &["a.log", "a.log.1", "b.log"]);
    wait_for(&home, 2);
    thread::sleep(LOOKS);
    append(&home, "b.log", &events(2..3));
    wait_for(&home, 3);
    fs::remove_file(home.path("b.log")).unwrap();
    fs::rename(home.path("a.log"), home.path("a.log.1")).unwrap();
    append(&home, "a.log.1", &events(3..4));
    append(&home, "a.log", &events(4..5));
    wait_for(&home, 5);
    thread::sleep(LOOKS);
    append(&home, "a.log", &events(5..6));
    wait_for(&home, 6);
    let said = interrupt(follower);
    assert!(said.contains("stored 6, "), "{said}");
}

#[test]
fn a_file_that_was_renamed_is_read_until_the_new_one_is_written_to() {
    let home = Home::new();
    append(&home, "a.log", &events(0..1));
    let follower = follow(&home, &["--store", "s.db"], &["a.log"]);
    wait_for(&home, 1);
    fs::rename(home.path("a.log"), home.path("a.log.1")).unwrap();
    append(&home, "a.log", "");
    thread::sleep(LOOKS);
    // Whoever writes has been busy with something else.
    append(&home, "a.log.1", &events(1..2));
    wait_for(&home, 2);
    thread::sleep(LOOKS);
    append(&home, "a.log.1", &events(2..3));
    append(&home, "a.log", &events(3..4));
    wait_for(&home, 4);
    let said = interrupt(follower);
    assert!(said.contains("read 4, stored 4, "), "{said}");
}

#[test]
fn what_stands_behind_a_part_is_rejected_and_counted_once() {
    let home = Home::new();
    let cri = |stream: &str, tag: &str, text: &str| {
        format!("2026-01-31T10:00:00Z {stream} {tag} {text}\n")
    };
    append(&home, "a.log", &cri("stdout", "F", events(0..1).trim()));
    let to = ["--store", "s.db", "--rejects", "rejects"];
    let follower = follow(&home, &to, &["a.log"]);
    wait_for(&home, 1);
    let broken = r#"{"isAuditEvent":true,"message":"a.b","status":"perhaps"}"#;
    append(&home, "a.log", &cri("stdout", "P", "> "));
    append(&home, "a.log", &cri("stderr", "F", broken));
    thread::sleep(LOOKS * 2);
    let said = interrupt(follower);
    assert!(said.contains("rejected 1\n"), "{said}");
    assert_eq!(home.read("rejects").lines().count(), 1);
}
