//! `auditlog ingest` over what carries a Backstage's log: it is recognised, and gives the lines their time.

use std::{collections::BTreeMap, fs, io::Write};

use serde_json::{Value, json};

use crate::support::{
    Home, fixture,
    logs::{RECORDING, log, recorded_lines, timeless},
};

/// Stores files, and gives what was said.
fn ingest(home: &Home, store: &str, files: &[&str]) -> String {
    let run = home.run(&[&["ingest", "--store", store], files].concat());
    assert_eq!(run.code, 0, "{run:?}");
    run.stderr
}

/// The events of a store, as they were stored, oldest first.
fn bodies(home: &Home, store: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(home.path(store)).unwrap();
    let mut statement = connection
        .prepare("SELECT body FROM events ORDER BY event_time, id")
        .unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// What the recording becomes when its lines come as they are.
fn expected() -> Vec<String> {
    let home = Home::new();
    ingest(&home, "s.db", &[fixture(RECORDING).to_str().unwrap()]);
    bodies(&home, "s.db")
        .iter()
        .map(|body| timeless(body))
        .collect()
}

/// When line `n` was written, by its carrier: ten milliseconds apart.
fn time(n: usize) -> String {
    format!(
        "2026-11-21T20:{:02}:{:02}.{:02}0123456Z",
        10 + n / 6000,
        n / 100 % 60,
        n % 100
    )
}

/// The recording in a carrier, whose events must be the same, at their carrier's times.
fn check(carry: impl Fn(usize, &str) -> String) {
    let home = Home::new();
    let lines: Vec<_> = recorded_lines()
        .iter()
        .enumerate()
        .map(|(n, line)| carry(n, line))
        .collect();
    home.write("carried.log", log(&lines));
    let said = ingest(&home, "s.db", &["carried.log"]);
    assert!(
        said.contains(", stored 89, excluded 5, initiated 87, "),
        "{said}"
    );
    assert!(!said.contains("no time of their own"), "{said}");
    let found = bodies(&home, "s.db");
    assert_eq!(
        found.iter().map(|body| timeless(body)).collect::<Vec<_>>(),
        expected()
    );
    // Outcomes by their place among the lines.
    let is_stored =
        |line: &&(usize, Value)| line.1["isAuditEvent"] == true && line.1["status"] != "initiated";
    let parsed: Vec<(usize, Value)> = recorded_lines()
        .iter()
        .enumerate()
        .map(|(n, line)| (n, serde_json::from_str(line).unwrap()))
        .collect();
    let times: Vec<_> = parsed
        .iter()
        .filter(is_stored)
        .map(|(n, _)| time(*n)[..26].to_owned())
        .collect();
    let times: Vec<_> = times.iter().map(|time| format!("{time}Z")).collect();
    let stored: Vec<_> = found
        .iter()
        .map(|body| {
            serde_json::from_str::<Value>(body).unwrap()["event_time"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let missing: Vec<_> = stored.iter().filter(|time| !times.contains(time)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn docker_s_json_file_gives_each_line_its_time() {
    check(|n, line| {
        json!({"log": format!("{line}\n"), "stream": "stdout", "time": time(n)}).to_string()
    });
}

#[test]
fn docker_cuts_long_lines_into_records() {
    check(|n, line| {
        let record =
            |text: &str| json!({"log": text, "stream": "stdout", "time": time(n)}).to_string();
        let middle = line.char_indices().nth(line.chars().count() / 2).unwrap().0;
        let (one, two) = line.split_at(middle);
        [record(one), record(&format!("{two}\n"))].join("\n")
    });
}

#[test]
fn the_log_format_of_kubernetes_gives_each_line_its_time_whole_or_in_parts() {
    check(|n, line| format!("{} stdout F {line}", time(n)));
    check(|n, line| {
        let (one, two) = line.split_at(40);
        let (two, three) = two.split_at(20);
        // Another stream's part in between is nobody's.
        let of = |stream, tag, text| format!("{} {stream} {tag} {text}", time(n));
        [
            of("stdout", "P", one),
            of("stderr", "P", "warn"),
            of("stdout", "P", two),
            of("stdout", "F", three),
        ]
        .join("\n")
            + "\n"
            + &of("stderr", "F", "ing").replace("stderr F ing", "stderr F")
    });
}

#[test]
fn a_record_of_the_journal_is_one_event_in_whatever_file_it_comes() {
    let carry = |n: usize, line: &str| {
        let micros = chrono::DateTime::parse_from_rfc3339(&time(n))
            .unwrap()
            .timestamp_micros();
        // What is not UTF-8, or has control characters, the journal gives as an array of bytes.
        let message = match n % 2 {
            0 => json!(line),
            _ => json!(line.as_bytes()),
        };
        json!({
            "MESSAGE": message,
            "__CURSOR": format!("s=7;i={n:x}"),
            "__REALTIME_TIMESTAMP": micros.to_string(),
            "_SYSTEMD_UNIT": "backstage.service",
        })
        .to_string()
    };
    check(carry);
    let home = Home::new();
    let lines: Vec<_> = recorded_lines()
        .iter()
        .enumerate()
        .map(|(n, line)| carry(n, line))
        .collect();
    home.write("first.json", log(&lines[..120]));
    home.write("second.json", log(&lines[60..]));
    ingest(&home, "s.db", &["first.json"]);
    ingest(&home, "s.db", &["second.json"]);
    assert_eq!(bodies(&home, "s.db").len(), expected().len());
}

#[test]
fn a_time_that_no_date_can_name_is_none() {
    let home = Home::new();
    let carry = |line: &str, micros: &str| {
        json!({ "MESSAGE": line, "__REALTIME_TIMESTAMP": micros }).to_string()
    };
    let lines = recorded_lines();
    let lines = lines
        .iter()
        .filter(|it| it.contains("isAuditEvent") && it.contains("succeeded"));
    let absurd = ["999999999999999999", "-9223372036854775808", "1e3", "x"];
    let carried: Vec<_> = absurd
        .iter()
        .zip(lines)
        .map(|(at, line)| carry(line, at))
        .collect();
    home.write("journal.json", log(&carried));
    let said = ingest(&home, "s.db", &["journal.json"]);
    assert!(said.starts_with("read 4, "), "{said}");
    assert!(said.contains("rejected 0"), "{said}");
    let year = |body: &String| {
        serde_json::from_str::<Value>(body).unwrap()["event_time"]
            .as_str()
            .unwrap()[..3]
            .to_owned()
    };
    assert!(bodies(&home, "s.db").iter().all(|body| year(body) == "202"));
    assert!(!bodies(&home, "s.db").is_empty());
}

#[test]
fn the_text_of_development_is_read_even_where_a_message_breaks_it() {
    let home = Home::new();
    let said = ingest(
        &home,
        "s.db",
        &[fixture("backstage/audit.development.log").to_str().unwrap()],
    );
    assert!(said.starts_with("read 182, "), "{said}");
    assert!(!said.contains("no time of their own"), "{said}");
    // Another run of the same calls: ids and addresses differ, what happened does not.
    let summary = |bodies: &[String]| {
        let mut count = BTreeMap::<String, usize>::new();
        for body in bodies {
            let event: Value = serde_json::from_str(body).unwrap();
            let of = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
            let key = [
                "plugin_id",
                "event_id",
                "severity_level",
                "status",
                "actor_id",
                "request_method",
                "action_type",
                "query_type",
            ];
            *count.entry(key.map(of).join(" ")).or_default() += 1;
        }
        count
    };
    let production = expected();
    assert_eq!(summary(&bodies(&home, "s.db")), summary(&production));
    let hostile = bodies(&home, "s.db");
    assert!(
        hostile.iter().any(|body| body.contains("\\u0000\\n")),
        "the broken record is there, whole"
    );
}

#[test]
fn a_line_whose_parts_have_not_all_come_is_read_when_they_have() {
    let home = Home::new();
    let line = crate::support::logs::line("late", "");
    let (one, two) = line.split_at(30);
    let first = format!(
        "{} stdout F {}\n{} stdout P {one}\n",
        time(0),
        crate::support::logs::line("a", ""),
        time(1)
    );
    home.write("k.log", &first);
    assert!(ingest(&home, "s.db", &["k.log"]).starts_with("read 1, stored 1,"));
    home.write("k.log", format!("{first}{} stdout F {two}\n", time(1)));
    assert!(ingest(&home, "s.db", &["k.log"]).starts_with("read 1, stored 1,"));
    assert_eq!(bodies(&home, "s.db").len(), 2);
}

#[test]
fn a_compressed_log_is_the_one_that_was_read_before_it_was_compressed() {
    let home = Home::new();
    let text = log(&recorded_lines());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    fs::write(home.path("log.1.gz"), gzip.finish().unwrap()).unwrap();
    ingest(&home, "gz.db", &["log.1.gz"]);
    assert_eq!(
        bodies(&home, "gz.db")
            .iter()
            .map(|body| timeless(body))
            .collect::<Vec<_>>(),
        expected()
    );
    home.write("log", &text);
    let said = ingest(&home, "gz.db", &["log"]);
    assert!(
        said.contains("a file with this content was read before"),
        "{said}"
    );
    fs::write(
        home.path("cut.gz"),
        &fs::read(home.path("log.1.gz")).unwrap()[..2000],
    )
    .unwrap();
    let run = home.run(&["ingest", "--store", "cut.db", "cut.gz"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("cannot read cut.gz"), "{run:?}");
}
