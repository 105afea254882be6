//! `auditlog show`: one event, every field.

use serde_json::Value;

use crate::support::{Home, Run, TOKEN, logs, process::Serving};

fn served_recording() -> (Home, Serving) {
    let home = Home::with_recording();
    let serving = Serving::store(&home, "s.db");
    (home, serving)
}

fn show(home: &Home, args: &[&str]) -> Run {
    let mut command = home.command(&[&["show"], args].concat());
    Run::of(command.env("AUDITLOG_TOKEN", TOKEN).output().unwrap())
}

/// The recorded events, newest first, as `events` gives them.
fn lines(home: &Home) -> Vec<String> {
    let args = ["events", "--store", "s.db", "--all", "-o", "jsonl"];
    let run = home.run(&args);
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn the_first_and_the_last_event_are_found_everywhere_and_shown_as_they_were_sent() {
    let (home, serving) = served_recording();
    let lines = lines(&home);
    for line in [&lines[0], &lines[88]] {
        let event: Value = serde_json::from_str(line).unwrap();
        let id = event["id"].as_str().unwrap();
        for (source, said) in [
            (["--store", "s.db"], ""),
            (
                ["--url", &serving.url],
                "the API cannot look up an id: reading newest first until the event is found\n",
            ),
        ] {
            let run = show(&home, &[&[id, "-o", "json"], &source[..]].concat());
            let expected = format!("{line}\n");
            assert_eq!(
                (run.code, run.stdout, run.stderr),
                (0, expected, said.into())
            );
            let run = show(&home, &[&source[..], &["-q", id]].concat());
            assert_eq!((run.code, run.stderr.as_str()), (0, ""));
            for (key, value) in event.as_object().unwrap() {
                let value = match value {
                    Value::Null => "-",
                    Value::String(text) => text,
                    _ => continue,
                };
                let row = format!("{key:<16}{value}\n");
                assert!(run.stdout.contains(&row), "{row}{}", run.stdout);
            }
            let meta: Vec<_> = run.stdout.split("\nmeta            ").collect();
            let meta: Value = serde_json::from_str(meta[1]).unwrap();
            assert_eq!(meta, event["meta"]);
        }
    }
}

#[test]
fn an_event_that_is_not_in_the_window_is_not_found() {
    let (home, serving) = served_recording();
    let url = ["--url", serving.url.as_str(), "-q"];
    let line = &lines(&home)[40];
    let event: Value = serde_json::from_str(line).unwrap();
    let (id, time) = (&event["id"], &event["event_time"]);
    let (id, time) = (id.as_str().unwrap(), time.as_str().unwrap());
    for source in [&["--store", "s.db"][..], &url] {
        let at = ["--since", time, "--until", time, "-o", "json"];
        let run = show(&home, &[&[id], source, &at].concat());
        assert_eq!((run.code, run.stdout), (0, format!("{line}\n")));
        let run = show(&home, &[&[id], source, &["--on", "2026-01"]].concat());
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:?}");
        let expected = format!(
            "error: there is no event '{id}' from 2026-01-01T00:00:00Z to 2026-01-31T23:59:59.999999Z — widen the \
             window with --since\n"
        );
        assert_eq!(run.stderr, expected);
    }
    let run = show(&home, &["--store", "s.db", "\u{1b}[2J"]);
    assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
    assert_eq!(run.code, 1);
}

#[test]
fn a_store_knows_an_event_however_old_it_is() {
    let home = Home::new();
    let old = logs::line("old", r#","timestamp":"2001-02-03T04:05:06Z""#);
    let _ = home.ingest(old + "\n");
    let args = [
        "events",
        "--store",
        "s.db",
        "--since",
        "2000-01-01",
        "-o",
        "jsonl",
    ];
    let event: Value = serde_json::from_str(&home.run(&args).stdout).unwrap();
    let run = show(
        &home,
        &[
            "--store",
            "s.db",
            "-o",
            "json",
            event["id"].as_str().unwrap(),
        ],
    );
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(serde_json::from_str::<Value>(&run.stdout).unwrap(), event);
}

#[test]
fn a_hostile_value_is_shown_harmless() {
    let (home, _serving) = served_recording();
    let lines = lines(&home);
    let hostile = lines
        .iter()
        .find(|line| line.contains(r"\u001b[2J"))
        .unwrap();
    let event: Value = serde_json::from_str(hostile).unwrap();
    let run = show(&home, &["--store", "s.db", event["id"].as_str().unwrap()]);
    assert_eq!(run.code, 0);
    let control = |c: &char| c.is_control() && *c != '\n';
    assert_eq!(run.stdout.chars().find(control), None, "{}", run.stdout);
    assert!(run.stdout.contains("日本"), "{}", run.stdout);
}
