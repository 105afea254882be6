//! `auditlog ingest` of lines that come in parts, of which the last may never come.

use crate::support::{
    Home,
    logs::{ingest, line, stored_numbers},
};

fn event(number: usize) -> String {
    line(&format!("e{number}"), "")
}

/// A part of a line without its end, between whole lines of two streams.
fn parted() -> String {
    let whole = |second: usize, stream: &str, number: usize| {
        format!("2026-11-21T10:00:0{second}Z {stream} F {}\n", event(number))
    };
    let part = "2026-11-21T10:00:01Z stdout P {\"isAudit\n";
    [&whole(0, "stdout", 1), part, &whole(2, "stderr", 2)].concat()
}

#[test]
fn what_stands_behind_a_part_of_a_line_is_stored_once_however_often_it_is_read() {
    for files in [&["a.log"][..], &["a.log", "a.log"], &["a.log", "b.log"]] {
        let home = Home::new();
        home.write("a.log", parted());
        home.write("b.log", parted());
        for _ in 0..2 {
            ingest(&home, files);
        }
        assert_eq!(stored_numbers(&home), ["e1", "e2"], "{files:?}");
        let run = home.run_well(&["store", "check", "--store", "s.db"]);
        assert_eq!(run.stdout, "sound: 2 events\n", "{files:?}");
    }
}

#[test]
fn a_part_of_a_line_waits_for_its_end_as_long_as_its_file_is_being_written() {
    let home = Home::new();
    let [first, last] = ["P", "F"].map(|extent| format!("2026-11-21T10:00:01Z stdout {extent} "));
    let event = event(1);
    let (begin, end) = event.split_at(20);
    home.write("a.log", format!("{first}{begin}\n"));
    assert!(ingest(&home, &["a.log"]).contains("stored 0"));
    let text = home.read("a.log");
    home.write("a.log", format!("{text}{last}{end}\n"));
    ingest(&home, &["a.log"]);
    assert_eq!(stored_numbers(&home), ["e1"]);
}

#[test]
fn what_has_begun_in_a_file_that_nobody_writes_to_has_ended() {
    let home = Home::new();
    let part = "2026-11-21T10:00:00Z stderr P Starting\n";
    home.write("a.log", format!("{part}{}\n", event(1)));
    let hour = std::time::Duration::from_secs(3600);
    let file = std::fs::File::options()
        .write(true)
        .open(home.path("a.log"));
    file.unwrap()
        .set_modified(std::time::SystemTime::now() - hour)
        .unwrap();
    ingest(&home, &["a.log"]);
    assert_eq!(stored_numbers(&home), ["e1"]);
    assert!(ingest(&home, &["a.log"]).contains("read 0"));
}
