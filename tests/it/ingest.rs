//! `auditlog ingest`: log files into a store.

use std::{
    fs::{self, File},
    process::Stdio,
    thread,
    time::Duration,
};

use crate::support::{
    Home, Run, fixture,
    logs::{
        RECORDING, bodies, busy_day, ingest, line, log, recorded_lines, stored, stored_numbers,
    },
};

fn event(number: usize) -> String {
    line(&format!("e{number}"), "")
}

fn events(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(event).collect()
}

#[test]
fn the_recording_becomes_what_the_contract_says() {
    let home = Home::new();
    let recording = fixture(RECORDING);
    let said = ingest(&home, &[recording.to_str().unwrap()]);
    assert_eq!(
        said,
        "read 182, stored 89, excluded 5, initiated 87, other 1, repaired 0, rejected 0\n\
         89 events carry no time of their own: theirs is when they were read\n"
    );
    let expected = fs::read_to_string(fixture("ingest/stored.production.jsonl")).unwrap();
    let expected: Vec<_> = expected.split_terminator('\n').collect();
    assert_eq!(expected.len(), 89);
    assert_eq!(bodies(&home.path("s.db")), expected);
}

#[test]
fn a_file_is_stored_once_and_what_it_grows_by_is_new_under_any_name() {
    let home = Home::new();
    home.write("a.log", log(&events(0..3)));
    assert!(ingest(&home, &["a.log"]).starts_with("read 3, stored 3,"));
    assert!(ingest(&home, &["a.log"]).starts_with("read 0, stored 0,"));
    fs::rename(home.path("a.log"), home.path("a.log.1")).unwrap();
    home.write("a.log", log(&events(10..12)));
    home.write("a.log.1", log(&events(0..5)));
    let said = ingest(&home, &["a.log", "a.log.1"]);
    assert!(said.contains("a.log: read 2, stored 2,"), "{said}");
    assert!(said.contains("a.log.1: read 2, stored 2,"), "{said}");
    let expected = ["e0", "e1", "e2", "e10", "e11", "e3", "e4"];
    assert_eq!(stored_numbers(&home), expected);
}

#[test]
fn files_that_begin_alike_and_files_that_were_rewritten_are_kept_apart() {
    let home = Home::new();
    // More than the first batch, which the id of a file is made from.
    let alike = events(0..1_200);
    home.write(
        "a.log",
        log(&[alike.clone(), events(2_000..2_001)].concat()),
    );
    home.write(
        "b.log",
        log(&[alike.clone(), events(3_000..3_001)].concat()),
    );
    ingest(&home, &["a.log", "b.log"]);
    assert!(ingest(&home, &["a.log", "b.log"]).contains("b.log: read 0, stored 0,"));
    let ids = stored(&home.path("s.db"));
    let ids: std::collections::HashSet<_> = ids.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 2_402);
    // Truncated, and written anew: nothing says that its lines are the old ones.
    home.write("a.log", log(&events(0..2)));
    assert!(ingest(&home, &["a.log"]).starts_with("read 2, stored 2,"));
    home.write("a.log", log(&events(7..9)));
    assert!(ingest(&home, &["a.log"]).starts_with("read 2, stored 2,"));
    assert_eq!(stored_numbers(&home)[2_402..], ["e0", "e1", "e7", "e8"]);
}

#[test]
fn two_equal_lines_are_two_events() {
    let home = Home::new();
    home.write("a.log", log(&[event(7), event(7)]));
    assert!(ingest(&home, &["a.log"]).starts_with("read 2, stored 2,"));
    assert_eq!(stored_numbers(&home), ["e7", "e7"]);
}

#[test]
fn the_ids_of_a_file_are_the_same_in_every_store() {
    let (one, other) = (Home::new(), Home::new());
    for home in [&one, &other] {
        home.write("a.log", log(&recorded_lines()));
        ingest(home, &["a.log"]);
    }
    assert_eq!(stored(&one.path("s.db")), stored(&other.path("s.db")));
}

#[test]
fn a_last_line_that_is_not_finished_is_read_when_it_is() {
    let home = Home::new();
    let text = log(&events(0..3));
    home.write("a.log", &text[..text.len() - 5]);
    let said = ingest(&home, &["a.log"]);
    assert!(
        said.starts_with(
            "a.log: the last line is not finished and will be read when it is\nread 2, stored 2,"
        ),
        "{said}"
    );
    // Whole without its end: it is read, and its end is no line.
    home.write("a.log", text.trim_end());
    assert!(ingest(&home, &["a.log"]).starts_with("read 1, stored 1,"));
    home.write(
        "a.log",
        format!("{text}{}\nx\n{{\"isAuditEvent\":true\n", event(3)),
    );
    let said = ingest(&home, &["a.log"]);
    assert!(said.contains("a.log: line 6 is rejected"), "{said}");
    assert!(
        said.contains("read 3, stored 1, excluded 0, initiated 0, other 1, repaired 0, rejected 1"),
        "{said}"
    );
    assert_eq!(stored_numbers(&home), ["e0", "e1", "e2", "e3"]);
}

#[test]
fn rejected_lines_are_named_and_kept_as_they_are() {
    let home = Home::new();
    let bad: Vec<_> = (0..25).map(|n| format!("\u{1b} {}\r", event(n))).collect();
    home.write("a.log", log(&[bad.clone(), events(0..1)].concat()));
    home.write("rejects", "kept\n");
    let said = ingest(&home, &["a.log", "--rejects", "rejects"]);
    let named: Vec<_> = said
        .lines()
        .filter(|line| line.contains(" is rejected: "))
        .collect();
    assert_eq!(named.len(), 20);
    assert_eq!(
        named[1],
        "warning: a.log: line 2 is rejected: it is not a JSON object"
    );
    assert!(said.contains("warning: … and 5 more\n"), "{said}");
    assert!(said.contains(
        "read 26, stored 1, excluded 0, initiated 0, other 0, repaired 0, rejected 25\n"
    ));
    let rejects = home.read("rejects");
    assert_eq!(rejects, format!("kept\n{}", log(&bad)));
    // Corrected, they are a file like any other.
    home.write("corrected", rejects.replace('\u{1b}', ""));
    assert!(
        ingest(&home, &["corrected"])
            .starts_with("read 26, stored 25, excluded 0, initiated 0, other 1,")
    );
}

#[cfg(unix)]
#[test]
fn a_new_file_of_rejected_lines_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.write("a.log", log(&events(0..1)));
    let _ = ingest(&home, &["a.log", "--rejects", "rejects"]);
    let mode = fs::metadata(home.path("rejects"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn standard_input_that_is_a_file_is_that_file_and_a_pipe_is_new_each_time() {
    let home = Home::new();
    let path = home.write("a.log", log(&events(0..2)));
    let args = ["ingest", "--store", "s.db", "-"];
    for expected in ["read 2, stored 2,", "read 0, stored 0,"] {
        let file = Stdio::from(File::open(&path).unwrap());
        let run = Run::of(home.command(&args).stdin(file).output().unwrap());
        assert!(run.stderr.starts_with(expected), "{run:?}");
    }
    assert!(ingest(&home, &["a.log"]).starts_with("read 0, stored 0,"));
    for _ in 0..2 {
        // The end of a pipe is the end of its last line.
        let text = log(&events(0..2));
        let run = Run::fed(home.command(&args), text.trim_end());
        assert_eq!(run.code, 0);
        assert!(run.stderr.contains("read 2, stored 2,"), "{run:?}");
    }
    assert_eq!(stored_numbers(&home).len(), 6);
}

#[test]
fn two_that_read_the_same_file_at_once_store_each_event_once() {
    let home = Home::new();
    home.write("a.log", log(&busy_day(6_000)));
    let alone = home.run(&["ingest", "--store", "alone.db", "a.log"]);
    assert_eq!(alone.code, 0);
    let start = || {
        let mut command = home.command(&["ingest", "--store", "s.db", "a.log"]);
        command.stderr(Stdio::piped()).spawn().unwrap()
    };
    let both = [start(), start()].map(|child| Run::of(child.wait_with_output().unwrap()));
    assert!(both.iter().any(|run| run.code == 0), "{both:?}");
    for run in both.iter().filter(|run| run.code != 0) {
        assert_eq!(run.code, 1);
        let error = "error: another program has read the same source meanwhile";
        assert!(run.stderr.contains(error), "{run:?}");
    }
    ingest(&home, &["a.log"]);
    assert_eq!(stored(&home.path("s.db")), stored(&home.path("alone.db")));
}

#[test]
fn what_cannot_begin_says_why_and_changes_nothing() {
    let home = Home::new();
    home.write("a.log", log(&events(0..1)));
    home.write(
        "other.db",
        "not SQLite at all, and long enough to be looked at as if it were",
    );
    fs::create_dir(home.path("folder")).unwrap();
    let table = "
        ingest --store s.db absent.log | cannot open absent.log
        ingest --store s.db folder | cannot open folder
        ingest --store s.db --rejects absent/rejects a.log | cannot open absent/rejects
        ingest --store absent/s.db a.log | cannot open
        ingest --store other.db a.log | is not an auditlog store
        ingest --store postgres://u:secret@h/d a.log | the URL of the store holds a password
        ingest --store postgresql://u:secret@h/d a.log | the URL of the store holds a password
        ingest --store s.db - - | standard input is named twice
        ingest --store s.db | FILE
        ingest a.log | --store
    ";
    for row in table.trim().lines() {
        let (args, error) = row.trim().split_once(" | ").unwrap();
        let run = home.run(&args.split(' ').collect::<Vec<_>>());
        assert_eq!(run.code, 2, "{args}: {run:?}");
        assert!(run.stderr.contains(error), "{args}: {run:?}");
        assert!(!run.stderr.contains("secret"), "{args}: {run:?}");
    }
    assert!(home.read("other.db").starts_with("not SQLite"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_batch_is_not_stored_before_its_rejected_lines_are_written() {
    let home = Home::new();
    home.write("a.log", log(&[event(0), format!("x {}", event(0))]));
    let run = home.run(&[
        "ingest",
        "--store",
        "s.db",
        "--rejects",
        "/dev/full",
        "a.log",
    ]);
    assert_eq!(run.code, 1);
    let error = "error: cannot write the rejected lines: ";
    assert!(run.stderr.starts_with(error), "{run:?}");
    assert!(
        run.stderr
            .contains("free some space and run the same command again: nothing is lost or doubled")
    );
    assert_eq!(stored_numbers(&home).len(), 0);
    ingest(&home, &["a.log", "--rejects", "rejects"]);
    assert_eq!(stored_numbers(&home), ["e0"]);
    assert_eq!(home.read("rejects"), format!("x {}\n", event(0)));
}

#[test]
fn rejected_lines_do_not_end_up_in_what_is_read_or_written() {
    let home = Home::new();
    let bad = line("e1", r#","status":"odd""#);
    home.write("a.log", log(&[bad]));
    ingest(&home, &["a.log"]);
    for rejects in ["a.log", "./a.log", "s.db"] {
        let (log, store) = (home.read("a.log"), fs::read(home.path("s.db")).unwrap());
        let run = home.run(&["ingest", "--store", "s.db", "--rejects", rejects, "a.log"]);
        assert_eq!(run.code, 2, "{run:?}");
        let said = "cannot take the rejected lines: it is read or written already — give --rejects";
        assert!(run.stderr.contains(said), "{run:?}");
        assert_eq!(home.read("a.log"), log);
        assert_eq!(fs::read(home.path("s.db")).unwrap(), store);
    }
}

#[test]
fn a_log_without_events_and_a_file_that_was_read_are_said_to_be() {
    let home = Home::new();
    home.write("a.log", "catalog info entity-fetch\nisAuditEvent=true\n");
    let said = ingest(&home, &["a.log"]);
    assert!(
        said.contains("no line is an audit event of a Backstage"),
        "{said}"
    );
    let said = ingest(&home, &["a.log"]);
    assert!(
        said.ends_with("a file with this content was read before\n"),
        "{said}"
    );
}

#[test]
fn what_editors_put_before_a_file_hides_no_event() {
    let home = Home::new();
    home.write("a.log", format!("\u{feff}{}", log(&events(1..3))));
    assert!(ingest(&home, &["a.log"]).starts_with("read 2, stored 2,"));
}

#[test]
fn an_event_is_recorded_when_it_is_stored_however_long_that_takes() {
    let home = Home::new();
    home.write("a.log", log(&events(0..1)));
    ingest(&home, &["a.log"]);
    home.write("a.log", log(&events(0..2)));
    let store = rusqlite::Connection::open(home.path("s.db")).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut waiting = home
        .command(&["ingest", "--store", "s.db", "a.log"])
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(1500));
    assert!(waiting.try_wait().unwrap().is_none());
    let released = chrono::Utc::now();
    store.execute_batch("ROLLBACK").unwrap();
    assert!(waiting.wait().unwrap().success());
    let newest = "SELECT max(json_extract(body, '$.recorded_at')) FROM events";
    let newest: String = store.query_row(newest, [], |row| row.get(0)).unwrap();
    let newest = chrono::DateTime::parse_from_rfc3339(&newest).unwrap();
    assert!(newest >= released, "{newest} {released}");
}
