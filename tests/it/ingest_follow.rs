//! `auditlog ingest --follow`: files that are written to, rotated, cut and read by a program that is killed.

#![cfg(unix)]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    thread,
    time::Duration,
};

use crate::support::{
    Home,
    logs::line,
    process::signal,
    tailing::{append, events, follow, interrupt, stored, wait_for},
};

#[test]
fn a_file_is_waited_for_and_followed_through_a_rotation() {
    let home = Home::new();
    let follower = follow(&home, "a.log");
    append(&home, "a.log", &events(0..2));
    wait_for(&home, 2);
    fs::rename(home.path("a.log"), home.path("a.log.1")).unwrap();
    append(&home, "a.log", &events(4..5));
    // Whoever writes has not noticed yet.
    append(&home, "a.log.1", &events(2..4));
    wait_for(&home, 5);
    let said = interrupt(follower);
    assert!(said.contains("read 5, stored 5, "), "{said}");
}

#[test]
fn a_file_that_is_copied_and_cut_loses_nothing_that_the_copy_has() {
    let home = Home::new();
    append(&home, "a.log", &events(0..3));
    let follower = follow(&home, "a.log");
    wait_for(&home, 3);
    append(&home, "a.log", &events(3..4));
    fs::copy(home.path("a.log"), home.path("a.log.1")).unwrap();
    fs::write(home.path("a.log"), events(4..5)).unwrap();
    wait_for(&home, 5);
    let said = interrupt(follower);
    assert!(
        said.contains("a.log was cut: it is read from its beginning\n"),
        "{said}"
    );
}

#[test]
fn a_file_of_the_same_length_with_another_beginning_is_a_new_one() {
    let home = Home::new();
    append(&home, "a.log", &events(0..2));
    let follower = follow(&home, "a.log");
    wait_for(&home, 2);
    fs::write(home.path("a.log"), events(2..4)).unwrap();
    wait_for(&home, 4);
    let _ = interrupt(follower);
}

#[test]
fn the_beginning_of_a_line_is_not_stored_until_its_end_is_there() {
    let home = Home::new();
    let text = events(0..2);
    let (first, second) = text.split_at(text.len() - 30);
    append(&home, "a.log", first);
    let follower = follow(&home, "a.log");
    wait_for(&home, 1);
    append(&home, "a.log", second);
    wait_for(&home, 2);
    let said = interrupt(follower);
    assert!(said.contains("rejected 0"), "{said}");
}

#[test]
fn a_line_that_comes_in_parts_is_stored_when_the_last_one_is_there() {
    let home = Home::new();
    let text = line("e0", "");
    let (first, second) = text.split_at(20);
    let cri = |tag: &str, part: &str| format!("2026-01-31T10:00:00Z stdout {tag} {part}\n");
    append(&home, "a.log", &cri("P", first));
    append(
        &home,
        "a.log",
        &cri("F", &line("e1", "")).replace("stdout", "stderr"),
    );
    let follower = follow(&home, "a.log");
    // More than one look: the part alone must not become anything.
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(stored(&home), [] as [usize; 0]);
    append(&home, "a.log", &cri("F", second));
    wait_for(&home, 2);
    let said = interrupt(follower);
    assert!(said.contains("rejected 0"), "{said}");
}

#[test]
fn a_new_store_stays_sound_while_a_part_of_a_line_waits_for_its_end() {
    let home = Home::new();
    let late = line("e2", "");
    let (begin, end) = late.split_at(20);
    let at = |second: usize, stream: &str, extent: &str, text: &str| {
        format!("2026-11-21T10:00:0{second}Z {stream} {extent} {text}\n")
    };
    let [first, second] = [0, 1].map(|n| at(n, "stderr", "F", line(&format!("e{n}"), "").trim()));
    append(
        &home,
        "a.log",
        &[first, at(2, "stdout", "P", begin), second].concat(),
    );
    let follower = follow(&home, "a.log");
    wait_for(&home, 2);
    // Longer than text waits, and looked at several times.
    thread::sleep(Duration::from_secs(7));
    append(&home, "a.log", &at(2, "stdout", "F", end));
    wait_for(&home, 3);
    let _ = interrupt(follower);
    let run = home.run_well(&["store", "check", "--store", "s.db"]);
    assert_eq!(run.stdout, "sound: 3 events\n");
}

#[test]
fn a_pipe_is_not_followed_and_not_waited_for() {
    let home = Home::new();
    let made = std::process::Command::new("mkfifo")
        .arg(home.path("f"))
        .status();
    assert!(made.unwrap().success());
    let run = home.run(&["ingest", "-f", "--store", "s.db", "f"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("it is not a plain file"), "{run:?}");
}

#[test]
fn developers_text_of_several_lines_is_waited_for() {
    let home = Home::new();
    let begin = "\x1b[2m2026-01-31T10:00:00.000Z\x1b[22m \x1b[34mp\x1b[39m \x1b[31merror\x1b[39m p.e0 one\n";
    let field = |name: &str, value: &str| format!(" \x1b[36m{name}\x1b[39m={value}");
    append(&home, "a.log", begin);
    let follower = follow(&home, "a.log");
    thread::sleep(Duration::from_millis(1500));
    let fields = [
        ("isAuditEvent", "true"),
        ("eventId", "\"e0\""),
        ("status", "\"failed\""),
    ];
    let fields: String = fields
        .iter()
        .map(|(name, value)| field(name, value))
        .collect();
    append(&home, "a.log", &format!("two{fields}\n"));
    wait_for(&home, 1);
    let said = interrupt(follower);
    assert!(said.starts_with("read 1, stored 1, "), "{said}");
}

#[test]
fn a_rotation_while_nobody_followed_is_read_first_or_said() {
    let home = Home::new();
    append(&home, "a.log", &events(0..2));
    let follower = follow(&home, "a.log");
    wait_for(&home, 2);
    let _ = interrupt(follower);
    append(&home, "a.log", &events(2..3));
    fs::rename(home.path("a.log"), home.path("a.log.1")).unwrap();
    append(&home, "a.log", &events(3..4));
    let follower = follow(&home, "a.log");
    wait_for(&home, 4);
    let said = interrupt(follower);
    assert!(!said.contains("missing"), "{said}");
    fs::write(home.path("a.log.1"), events(90..91)).unwrap();
    fs::write(home.path("a.log"), events(4..5)).unwrap();
    let follower = follow(&home, "a.log");
    wait_for(&home, 5);
    let said = interrupt(follower);
    assert!(
        said.contains("written to a.log before it may be missing\n"),
        "{said}"
    );
}

#[test]
fn twenty_kills_while_a_writer_writes_and_rotates_lose_nothing_and_double_nothing() {
    let home = Home::new();
    let mut random = fastrand::Rng::with_seed(0x5eed_f011);
    // Something of the file is known before it is rotated for the first time.
    append(&home, "a.log", &events(0..1));
    let first = follow(&home, "a.log");
    wait_for(&home, 1);
    let _ = interrupt(first);
    let mut written = 1;
    for kill in 0..20 {
        let mut follower = follow(&home, "a.log");
        for _ in 0..random.usize(1..6) {
            let next = written + random.usize(1..40);
            append(&home, "a.log", &events(written..next));
            written = next;
            thread::sleep(Duration::from_millis(random.u64(0..80)));
        }
        if kill % 3 == 1 {
            fs::rename(home.path("a.log"), home.path("a.log.1")).unwrap();
            append(&home, "a.log", &events(written..written + 1));
            written += 1;
        }
        if kill % 3 == 2 {
            wait_for(&home, written);
        }
        follower.kill().unwrap();
        follower.wait().unwrap();
    }
    let follower = follow(&home, "a.log");
    wait_for(&home, written);
    let _ = interrupt(follower);
}

#[test]
fn a_compressed_file_is_not_followed() {
    let home = Home::new();
    home.write("a.log", [0x1f, 0x8b, 8, 0]);
    let run = home.run(&["ingest", "-f", "--store", "s.db", "a.log"]);
    assert_eq!(run.code, 2, "{run:?}");
    let expected = "error: a.log cannot be followed: it is not a plain file — leave --follow out to read it to its end\n";
    assert_eq!(run.stderr, expected);
}

#[test]
fn a_store_that_another_program_has_locked_is_waited_for() {
    let home = Home::new();
    append(&home, "a.log", &events(0..2));
    let mut follower = follow(&home, "a.log");
    wait_for(&home, 2);
    let other = rusqlite::Connection::open(home.path("s.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    append(&home, "a.log", &events(2..4));
    let mut stderr = BufReader::new(follower.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    assert!(
        said.starts_with("warning: ") && said.ends_with("; it is tried again until it goes well\n"),
        "{said}"
    );
    other.execute_batch("ROLLBACK").unwrap();
    wait_for(&home, 4);
    signal(&follower, "INT");
    said.clear();
    stderr.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("read 4, stored 4, "), "{said}");
    assert_eq!(follower.wait().unwrap().code(), Some(130));
}
