//! The options of time, as they are typed, at the very instants where they begin and end.

use chrono::{DateTime, Days, Duration, SecondsFormat, Utc};
use serde_json::Value;

use crate::support::{
    Home, Run,
    logs::{line, log},
};

/// A store of events that happened at these times; each is named by its time.
fn store_of(home: &Home, times: &[String]) {
    let named = |time: &String| line(time, &format!(r#","timestamp":"{time}""#));
    let lines: Vec<_> = times.iter().map(named).collect();
    let run = home.ingest(log(&lines));
    assert!(!run.stderr.contains("no time of their own"), "{run:?}");
}

/// The times of the events that answer, oldest first.
fn asked(home: &Home, args: &[&str]) -> Vec<String> {
    let all = [
        "events",
        "--store",
        "s.db",
        "--all",
        "--reverse",
        "-o",
        "jsonl",
    ];
    let run = home.run(&[&all[..], args].concat());
    assert_eq!(run.code, 0, "{args:?}: {run:?}");
    let name = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["event_time"].as_str().unwrap().to_owned()
    };
    run.stdout.lines().map(name).collect()
}

/// Zone, arguments, and the first and last instant that they let through.
const WINDOWS: &str = "
UTC           | --since 2026-01-31T10:00:00Z --until 2026-01-31T11:00:00Z   | 2026-01-31T10:00:00Z | 2026-01-31T11:00:00Z
UTC           | --since 2026-01-31T10:00:00+02:00 --until 2026-01-31        | 2026-01-31T08:00:00Z | 2026-01-31T23:59:59.999999Z
UTC           | --since 2026-01-30 --until 2026-01-31                       | 2026-01-30T00:00:00Z | 2026-01-31T23:59:59.999999Z
UTC           | --since 2026-01-31_10:00 --until 2026-01-31T10:00:00.000001 | 2026-01-31T10:00:00Z | 2026-01-31T10:00:00.000001Z
UTC           | --on 2026-01-31                                             | 2026-01-31T00:00:00Z | 2026-01-31T23:59:59.999999Z
UTC           | --on 2026-02                                                | 2026-02-01T00:00:00Z | 2026-02-28T23:59:59.999999Z
UTC           | --on 2024-02                                                | 2024-02-01T00:00:00Z | 2024-02-29T23:59:59.999999Z
UTC           | --on 2026-Q1                                                | 2026-01-01T00:00:00Z | 2026-03-31T23:59:59.999999Z
UTC           | --on 2026-q4                                                | 2026-10-01T00:00:00Z | 2026-12-31T23:59:59.999999Z
UTC           | --on 2026                                                   | 2026-01-01T00:00:00Z | 2026-12-31T23:59:59.999999Z
Europe/Berlin | --on 2026-01-31                                             | 2026-01-30T23:00:00Z | 2026-01-31T22:59:59.999999Z
Europe/Berlin | --on 2026-03-29                                             | 2026-03-28T23:00:00Z | 2026-03-29T21:59:59.999999Z
Europe/Berlin | --since 2026-10-25_02:30 --until 2026-10-25_02:30           | 2026-10-25T00:30:00Z | 2026-10-25T01:30:00Z
Asia/Kolkata  | --on 2026                                                   | 2025-12-31T18:30:00Z | 2026-12-31T18:29:59.999999Z
Asia/Kolkata  | --since 2026-01-31T10:00:00Z --until 2026-02-01             | 2026-01-31T10:00:00Z | 2026-02-01T18:29:59.999999Z
";

/// The instants just outside, and at, both ends.
fn around(first: &str, last: &str) -> Vec<String> {
    let at = |text: &str, micros: i64| {
        let time: DateTime<Utc> = text.parse().unwrap();
        let time = time + Duration::microseconds(micros);
        time.to_rfc3339_opts(SecondsFormat::Micros, true)
    };
    vec![at(first, -1), at(first, 0), at(last, 0), at(last, 1)]
}

#[test]
fn both_ends_belong_to_the_window_and_the_microseconds_around_it_do_not() {
    for row in WINDOWS.lines().filter(|row| !row.is_empty()) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let times = around(cells[2], cells[3]);
        let home = Home::new();
        store_of(&home, &times);
        let args: Vec<_> = cells[1]
            .split_whitespace()
            .map(|word| word.replace('_', " "))
            .collect();
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let zone = ["--tz", cells[0]];
        let explained = home.run(
            &[
                &["events", "--store", "s.db", "--explain"],
                &args[..],
                &zone,
            ]
            .concat(),
        );
        for bound in [
            format!("start_time={}\n", cells[2]),
            format!("end_time={}\n", cells[3]),
        ] {
            assert!(explained.stdout.contains(&bound), "{row}\n{explained:?}");
        }
        let mut inside = times[1..3].to_vec();
        inside.dedup();
        assert_eq!(asked(&home, &[&args[..], &zone].concat()), inside, "{row}");
    }
}

#[test]
fn lengths_of_time_reach_back_from_now() {
    let home = Home::new();
    let now = Utc::now();
    let ago = |hours: i64| {
        let time = now - Duration::hours(hours);
        time.to_rfc3339_opts(SecondsFormat::Micros, true)
    };
    // An hour from every bound below, so that no run is too slow for it.
    let times = [800, 400, 150, 36, 3, 1, -1].map(ago);
    store_of(&home, &times);
    for (args, inside) in [
        ("", 1..6),
        ("--last 2h", 5..6),
        ("--last 1h59m60s", 5..6),
        ("--last 24h", 4..6),
        ("--last 1d13h", 3..6),
        ("--last 1w", 2..6),
        ("--since 2w3d", 1..6),
        ("--since 7d --until 2h30m", 2..5),
        ("--since 2h --until now", 5..6),
        ("--since now", 6..6),
        ("--until 2h", 1..5),
        ("--until 2w", 0..2),
        ("--since 0001-01-01", 0..6),
        ("--since 9d --until 9999-12-30", 2..7),
    ] {
        let args: Vec<_> = args.split_whitespace().collect();
        assert_eq!(asked(&home, &args), times[inside], "{args:?}");
    }
}

#[test]
fn days_have_names() {
    // Run again if the day ended meanwhile.
    loop {
        let today = Utc::now().date_naive();
        let midnight = |back: u64| {
            let day = today - Days::new(back);
            format!("{day}T00:00:00Z")
        };
        let times: Vec<_> = (0..9).rev().map(midnight).collect();
        let home = Home::new();
        store_of(&home, &times);
        let weekday = |back: u64| (today - Days::new(back)).format("%A").to_string();
        let week: Vec<_> = (0..7)
            .map(|back| asked(&home, &["--on", &weekday(back)]))
            .collect();
        let on_today = asked(&home, &["--on", "today"]);
        let on_yesterday = asked(&home, &["--on", "yesterday"]);
        let since = asked(&home, &["--since", &weekday(2).to_lowercase()]);
        let until = asked(&home, &["--since", "8d", "--until", "yesterday"]);
        if Utc::now().date_naive() != today {
            continue;
        }
        for (back, day) in week.iter().enumerate() {
            assert_eq!(*day, [midnight(back as u64)]);
        }
        assert_eq!(on_today, [midnight(0)]);
        assert_eq!(on_yesterday, [midnight(1)]);
        assert_eq!(since, times[6..]);
        assert_eq!(until, times[1..8]);
        return;
    }
}

#[test]
fn times_are_shown_in_the_zone_that_was_asked_for() {
    let home = Home::new();
    store_of(&home, &["2026-07-01T22:30:00Z".to_owned()]);
    for (name, zone) in [("berlin", "Europe/Berlin"), ("utc", "UTC")] {
        let run = home.run(&["profile", "add", name, "--store", "s.db", "--tz", zone]);
        assert_eq!(run.code, 0, "{run:?}");
    }
    let store = ["--store", "s.db"];
    let berlin = ["--profile", "berlin"];
    for (zone, source, args, expected) in [
        ("UTC", &store, &[][..], "2026-07-01 22:30:00"),
        // Three hours west; a form that needs no zone files.
        ("<-03>3", &store, &[], "2026-07-01 19:30:00"),
        ("<-03>3", &store, &["--utc"], "2026-07-01 22:30:00"),
        (
            "<-03>3",
            &store,
            &["--tz", "Asia/Tokyo"],
            "2026-07-02 07:30:00",
        ),
        ("UTC", &berlin, &[], "2026-07-02 00:30:00"),
        ("UTC", &berlin, &["--utc"], "2026-07-01 22:30:00"),
        (
            "UTC",
            &berlin,
            &["--tz", "Asia/Tokyo"],
            "2026-07-02 07:30:00",
        ),
    ] {
        let day = ["--on", &expected[..10], "-c", "time", "--no-header", "-q"];
        let mut command = home.command(&[&["events"], &source[..], args, &day].concat());
        let run = Run::of(command.env("TZ", zone).output().unwrap());
        assert_eq!(
            run.stdout,
            format!("{expected}\n"),
            "{zone} {args:?} {run:?}"
        );
    }
}

#[test]
fn what_is_no_window_is_refused_with_a_hint() {
    const REFUSED: &str = "
--since 2026-13-01 | error: '2026-13-01' is not a time — write 2026-01-31,
--since 31.1.2026 | error: '31.1.2026' is not a time — write 2026-01-31,
--until tomorrow | error: 'tomorrow' is not a time — write
--since 2026-01 | error: '2026-01' is not a time — write
--since -3d | error: '-3d' is not a time — write
--since= | error: '' is not a time — write
--on 2026-Q5 | error: '2026-Q5' is not a time — write
--on 7d | error: '7d' is not a time — write
--last 30 | error: '30' is not a length of time — write 24h, 7d, 2w or 2h30m
--last 30m2h | error: '30m2h' is not a length of time — write 24h
--last 999999w | error: '999999w' is too far away — choose a time between the years 1 and 9999
--on 0000 | error: '0000' is too far away — choose
--tz America/New_York --until 9999-12-31 | error: '9999-12-31' is too far away — choose
--since 999999w | error: '999999w' is too far away — choose a time between the years 1 and 9999
--since 2026-02-01 --until 2026-01-31 | error: the window ends before it begins: 2026-02-01T00:00:00Z is after 2026-01-31T23:59:59.999999Z — give --since an earlier time than --until
--since 9990-01-01 | error: the window begins in the future, at 9990-01-01T00:00:00Z — give an earlier time
--since 9990-01-01 --until 9991-01-01 | error: the window begins in the future, at 9990-01-01T00:00:00Z — give
--on 9990 | error: the window begins in the future, at 9990-01-01T00:00:00Z — give an earlier time
--tz Europe/Berlim | error: 'Europe/Berlim' is not the name of a time zone — write a name like Europe/Berlin
--tz Europe/Berlin --since 2026-03-29T02:30 | error: '2026-03-29T02:30' does not exist in Europe/Berlin: the clocks are put forward over it — name the hour before or after
--last 1h --since 1h | error: the argument '--last <DURATION>' cannot be used with '--since <TIME>'
--last 1h --until 1h | error: the argument '--last <DURATION>' cannot be used with '--until <TIME>'
--last 1h --on today | error: the argument '--last <DURATION>' cannot be used with '--on <PERIOD>'
--on today --since 1h | error: the argument '--on <PERIOD>' cannot be used with '--since <TIME>'
--on today --until 1h | error: the argument '--on <PERIOD>' cannot be used with '--until <TIME>'
--utc --tz UTC | error: the argument '--utc' cannot be used with '--tz <ZONE>'
";
    let home = Home::new();
    store_of(&home, &[]);
    for row in REFUSED.lines().filter(|row| !row.is_empty()) {
        let (args, expected) = row.split_once(" | ").unwrap();
        let args: Vec<_> = args.split_whitespace().collect();
        for command in [&["events"][..], &["show", "x"]] {
            let run = home.run(&[command, &["--store", "s.db"], &args].concat());
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{row}: {run:?}");
            assert!(run.stderr.starts_with(expected), "{row}: {run:?}");
        }
    }
}
