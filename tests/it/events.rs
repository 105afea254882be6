//! `auditlog events`, as it is typed: the recorded trail in a store, behind a server, and behind a profile.

use serde_json::Value;

use crate::support::{Home, Run, TOKEN, fixture, logs::timeless, process::Serving};

/// Arguments, and how many of the 89 recorded events answer them: counted with jq over
/// `fixtures/ingest/stored.production.jsonl`.
const QUESTIONS: &str = "
    --plugin scaffolder                             | 18
    --plugin-id scaffolder,fixtures                 | 27
    --plugin !catalog                               | 27
    --plugin cat*,fix*                              | 71
    --event entity-*                                | 46
    --event-id entity-*,!entity-fetch               | 14
    --event task --event demo                       | 23
    --event !entity-*                               | 43
    --severity high --severity critical             | 4
    --severity-level low                            | 64
    --severity !low                                 | 25
    --min-severity medium                           | 25
    --min-severity critical                         | 2
    --min-severity medium --severity !critical      | 23
    --failed                                        | 26
    --status succeeded                              | 63
    --status !failed                                | 63
    --failed --status succeeded                     | 89
    --actor user:default/guest                      | 46
    --actor user:*/*                                | 46
    --actor *                                       | 88
    --actor !*                                      | 1
    --actor-id !user:*                              | 43
    --actor-type service                            | 43
    --method GET                                    | 51
    --request-method !GET                           | 38
    --request-url /api/catalog/refresh              | 3
    --request-url /api/catalog/*                    | 62
    --request-url *?limit=1                         | 1
    --action create,delete                          | 12
    --action-type !*                                | 59
    --query-type by-name                            | 18
    --query-type by-*                               | 29
    --entity user:default/guest                     | 12
    --entity-ref !*                                 | 62
    --entity component:default/*                    | 8
    --entity component:default/=HYPERLINK*          | 1
    --plugin catalog --failed --method POST         | 4
    --plugin nothing                                | 0
    --all --page-size 1                             | 89
    --all --page-size 7 --reverse                   | 89
    --failed --page-size 1                          | 26
    --action * --page-size 7                        | 30
    --last 1h                                       | 89
    --since 1h --until now                          | 89
    --until 1h                                      | 0
";

/// The recording in a store, served, and saved as the default profile.
struct Recorded {
    home: Home,
    serving: Serving,
}

impl Recorded {
    fn new() -> Self {
        let home = Home::with_recording();
        let serving = Serving::store(&home, "s.db");
        home.write("token", TOKEN);
        let command = ["--token-command", "cat", "token"];
        let add = ["profile", "add", "here", "--url", &serving.url];
        assert_eq!(home.run(&[&add[..], &command].concat()).code, 0);
        Self { home, serving }
    }

    fn ask(&self, source: &[&str], args: &[&str]) -> Run {
        let mut command = self.home.command(&[&["events"], source, args].concat());
        command.env("AUDITLOG_TOKEN", TOKEN);
        Run::of(command.output().unwrap())
    }

    /// The answer, which must be the same from everywhere.
    fn everywhere(&self, args: &[&str]) -> String {
        let sources: [&[&str]; 4] = [
            &["--store", "s.db"],
            &["--url", &self.serving.url],
            &["--profile", "here"],
            &[],
        ];
        let runs = sources.map(|source| self.ask(source, args));
        for run in &runs {
            assert_eq!(run.code, 0, "{args:?}: {run:?}");
            assert_eq!(run.stdout, runs[0].stdout, "{args:?}");
        }
        runs[0].stdout.clone()
    }

    fn in_store(&self, args: &[&str]) -> Run {
        self.ask(&["--store", "s.db"], args)
    }
}

/// The recorded events without their times, newest first.
fn newest_first() -> Vec<String> {
    let text = std::fs::read_to_string(fixture("ingest/stored.production.jsonl")).unwrap();
    let mut lines: Vec<_> = text.split_terminator('\n').map(str::to_owned).collect();
    lines.reverse();
    lines
}

fn shown(jsonl: &str) -> Vec<String> {
    jsonl.split_terminator('\n').map(timeless).collect()
}

#[test]
fn every_source_gives_the_events_that_jq_counts_in_their_order() {
    let recorded = Recorded::new();
    let all = newest_first();
    for row in QUESTIONS.lines().filter(|row| !row.trim().is_empty()) {
        let (args, count) = row.split_once(" | ").unwrap();
        let args: Vec<_> = args.split_whitespace().collect();
        let text = recorded.everywhere(&[&args[..], &["-o", "jsonl", "-q"]].concat());
        let mut events = shown(&text);
        assert_eq!(events.len().to_string(), count.trim(), "{row}");
        if args.contains(&"--reverse") {
            events.reverse();
        }
        let mut rest = all.iter();
        for event in &events {
            assert!(rest.any(|known| known == event), "{row}: {event}");
        }
    }
}

#[test]
fn filters_come_before_limit_and_offset() {
    let recorded = Recorded::new();
    let of = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let failed: Vec<_> = newest_first()
        .into_iter()
        .filter(|event| of(event)["status"] == "failed")
        .collect();
    let acts: Vec<_> = newest_first()
        .into_iter()
        .filter(|event| of(event)["action_type"].is_string())
        .collect();
    assert_eq!((failed.len(), acts.len()), (26, 30));
    // The first is applied by a server, the second here.
    for (filter, all) in [(&["--failed"][..], failed), (&["--action", "*"], acts)] {
        let oldest: Vec<_> = all.iter().rev().cloned().collect();
        for size in ["1", "7", "1000"] {
            let ask = |args: &[&str]| {
                let rest = ["--page-size", size, "-o", "jsonl"];
                shown(&recorded.everywhere(&[filter, args, &rest].concat()))
            };
            assert_eq!(ask(&["--limit", "5"]), all[..5]);
            assert_eq!(ask(&["--limit", "0"]), all[..0]);
            assert_eq!(ask(&["--limit", "10", "--offset", "15"]), all[15..25]);
            assert_eq!(ask(&["--offset", "25"]), all[25..]);
            assert_eq!(ask(&["--offset", "500"]), all[..0]);
            assert_eq!(ask(&["--limit", "4", "--reverse"]), oldest[..4]);
            let args = ["--limit", "9", "--offset", "20", "--reverse"];
            assert_eq!(ask(&args), oldest[20..oldest.len().min(29)]);
        }
    }
}

#[test]
fn every_format_is_the_same_from_everywhere() {
    let recorded = Recorded::new();
    // Titles, and what stands around the events.
    for (format, args, around) in [
        ("table", &[][..], 1),
        ("table", &["--no-header"], 0),
        ("table", &["-c", "time,actor,meta.error"], 1),
        ("wide", &["--tz", "Asia/Tokyo"], 1),
        ("json", &[], 2),
        ("jsonl", &[], 0),
        ("csv", &["-c", "id,actor"], 1),
        ("csv", &["-c", "id", "--no-header"], 0),
        (
            "csv",
            &["--csv-raw", "-c", "id,entity", "--plugin", "scaffolder"],
            1,
        ),
    ] {
        let args = [&["-o", format], args].concat();
        let text = recorded.everywhere(&args);
        let events = if args.contains(&"scaffolder") { 18 } else { 89 };
        assert_eq!(text.lines().count(), events + around, "{args:?}\n{text}");
    }
    let json = recorded.everywhere(&["-o", "json"]);
    let array: Vec<Value> = serde_json::from_str(&json).unwrap();
    let jsonl = recorded.everywhere(&["-o", "jsonl"]);
    let lines: Vec<Value> = jsonl
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(array, lines);
    let csv = recorded.everywhere(&["-o", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let ids: Vec<_> = reader
        .records()
        .map(|row| row.unwrap()[0].to_owned())
        .collect();
    let expected: Vec<_> = array
        .iter()
        .map(|event| event["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, expected);
}

#[test]
fn no_events_are_an_empty_answer_and_no_failure() {
    let recorded = Recorded::new();
    let header = "\"id\",\"event_time\",\"recorded_at\",\"plugin_id\",\"event_id\",\"severity_level\",\"status\",\
                  \"actor_type\",\"actor_id\",\"request_method\",\"request_url\",\"action_type\",\"query_type\",\
                  \"entity_ref\",\"meta\"\r\n";
    for (format, expected) in [
        ("json", "[]\n"),
        ("jsonl", ""),
        ("table", ""),
        ("wide", ""),
        ("csv", header),
    ] {
        let text = recorded.everywhere(&["--plugin", "nothing", "-o", format]);
        assert_eq!(text, expected, "{format}");
    }
}

#[test]
fn the_line_behind_the_answer_says_how_many_of_how_many() {
    let recorded = Recorded::new();
    let window = [
        "--since",
        "2026-01-01T00:00:00Z",
        "--until",
        "2100-01-01T00:00:00Z",
    ];
    let between = "2026-01-01T00:00:00Z … 2100-01-01T00:00:00Z";
    let url = ["--url", &recorded.serving.url];
    let said = |source: &[&str], args: &[&str]| {
        let run = recorded.ask(source, &[args, &window, &["-o", "jsonl"]].concat());
        assert_eq!(run.code, 0, "{run:?}");
        run.stderr
    };
    for source in [&["--store", "s.db"][..], &url] {
        assert_eq!(
            said(source, &["--limit", "5"]),
            format!("5 of 89 events · {between} · --all for the rest\n")
        );
        let all = said(source, &["--all"]);
        let moment = all.strip_prefix(&format!("89 events · {between} · complete as of "));
        let moment = moment.and_then(|moment| moment.strip_suffix("Z\n"));
        assert!(moment.is_some_and(|moment| moment.len() >= 19), "{all}");
        assert_eq!(
            said(source, &["--failed"]),
            format!("26 events · {between}\n")
        );
        assert_eq!(
            said(source, &["--limit", "1", "--severity", "critical"]),
            format!("1 of 2 events · {between} · --all for the rest\n")
        );
        assert_eq!(
            said(source, &["--limit", "4", "--offset", "85"]),
            format!("4 of 89 events · {between} · 85 skipped\n")
        );
        assert_eq!(said(source, &["--limit", "4", "-q"]), "");
    }
    assert_eq!(
        said(&url, &["--action", "create,delete", "--failed"]),
        format!("3 events (the server holds 26 before --action) · {between}\n")
    );
    assert_eq!(
        said(&url, &["--action", "c*", "--limit", "3"]),
        format!(
            "3 events (the server holds 89 before --action) · {between} · --all for the rest\n"
        )
    );
}

#[test]
fn without_a_window_the_last_thirty_days_are_named() {
    let recorded = Recorded::new();
    for source in [
        ["--store", "s.db"],
        ["--url", recorded.serving.url.as_str()],
    ] {
        let said = recorded.ask(&source, &[]).stderr;
        let (_, window) = said.trim_end().split_once(" · ").unwrap();
        let (start, end) = window.split_once(" … ").unwrap();
        let time = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap();
        let length = time(end) - time(start) - chrono::Duration::days(30);
        assert!(length >= chrono::Duration::zero(), "{said}");
        // Clocks are read in whole seconds, and the window ends with the one that has begun.
        assert!(length.num_seconds() <= 30, "{said}");
    }
}

#[test]
fn where_nothing_is_found_and_nothing_was_said_of_time_there_may_be_older_events() {
    let recorded = Recorded::new();
    let hinted = |args: &[&str]| {
        let said = recorded.in_store(args).stderr;
        assert!(said.starts_with("0 events · "), "{said}");
        said.ends_with(" · --since for older ones\n")
    };
    assert!(hinted(&["--plugin", "nothing"]));
    assert!(!hinted(&["--plugin", "nothing", "--last", "7d"]));
}

#[test]
fn an_explanation_asks_nothing() {
    let home = Home::new();
    home.write("never-read", "a token that is none");
    // Nobody listens there, and that nobody would say so at once.
    let url = ["--url", "http://127.0.0.1:9/portal/"];
    let window = [
        "--since",
        "2026-01-01T00:00:00Z",
        "--until",
        "2026-01-31T00:00:00Z",
    ];
    let filters = [
        "--failed",
        "--severity",
        "high,low",
        "--action",
        "x*,!xy",
        "--explain",
    ];
    let mut command = home.command(&[&["events"], &url[..], &window, &filters].concat());
    command.env("AUDITLOG_TOKEN", TOKEN);
    let run = Run::of(command.output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let expected = "\
source         http://127.0.0.1:9/portal
sent           severity_level=high,low
               status=failed
               start_time=2026-01-01T00:00:00Z
               end_time=2026-01-31T00:00:00Z
               limit=1000
applied here   action_type=x*,!xy
first request  GET http://127.0.0.1:9/portal/api/audit-log/v1/audit-event?severity_level=high%2Clow&status=failed\
&start_time=2026-01-01T00%3A00%3A00Z&end_time=2026-01-31T00%3A00%3A00Z&limit=1000
";
    assert_eq!(run.stdout, expected);
    let run = home.run(&[&["events", "--store", "none.db"], &window[..], &filters].concat());
    let expected = "\
source         none.db
asked          start_time=2026-01-01T00:00:00Z
               end_time=2026-01-31T00:00:00Z
               severity_level=high,low
               status=failed
               action_type=x*,!xy
applied here   nothing
";
    assert_eq!((run.code, run.stdout.as_str()), (0, expected));
    assert!(!home.path("none.db").exists());
}

#[test]
fn a_source_that_is_not_named_is_asked_for() {
    let home = Home::new();
    for command in [&["events"][..], &["show", "x"], &["token", "status"]] {
        let run = home.run(command);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
        let expected = "error: no source of events is named — add one (auditlog profile add NAME --url URL), or try \
                        --demo, which needs none\n";
        assert_eq!(run.stderr, expected);
    }
}

#[test]
fn columns_go_with_tables_and_csv_alone() {
    let recorded = Recorded::new();
    for format in ["json", "jsonl"] {
        let run = recorded.in_store(&["-o", format, "-c", "time"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert!(run.stderr.contains("--columns does not go with JSON"));
    }
    let run = recorded.in_store(&["-c", "plugin,event,meta.actor.ip", "--limit", "1", "-q"]);
    let expected = "PLUGIN   EVENT            META.ACTOR.IP\ncatalog  location-mutate  127.0.0.1\n";
    assert_eq!(run.stdout, expected);
}
