//! `--receipt`, `--require-complete`, and what is said of completeness.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::support::{
    Home, Run, TOKEN,
    events::{event_of, recorded_trail},
    pages::{Pages, miscounting},
    receipt::{Receipt, receipt},
    scripted::{Reply, Scripted},
    sha256,
};
use serde_json::Value;

#[test]
fn a_receipt_tells_what_was_asked_and_what_came() {
    let home = Home::new();
    let mut events = recorded_trail(50);
    events.push(event_of("search", 0, "search"));
    let server = Pages::honest(events).serve();
    let ask = [
        "--plugin",
        "catalog",
        "--actor",
        "user:*,!user:default/jane",
    ];
    let how = ["--all", "--page-size", "20", "--concurrency", "2"];
    let out = ["-o", "jsonl", "--receipt", "r.json"];
    let run = home.ask(&server.url(), &[&ask[..], &how, &out].concat());
    assert_eq!(run.code, 0, "{run:?}");
    let receipt = receipt(&home);
    assert_eq!(
        (receipt.format.as_str(), receipt.version),
        ("auditlog-receipt", 1)
    );
    assert_eq!(
        receipt.tool,
        concat!("auditlog ", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(receipt.source.kind, "server");
    assert_eq!(receipt.source.address, Some(server.url()));
    let window = (receipt.window.start.as_str(), receipt.window.end.as_deref());
    assert_eq!(
        window,
        ("2026-11-01T00:00:00Z", Some("2026-12-01T23:59:59.999999Z"))
    );
    assert_eq!((receipt.limit, receipt.offset), (None, 0));
    assert_eq!((receipt.page_size, receipt.concurrency), (20, 2));
    assert_eq!(receipt.order, "newest_first");
    let actors = "actor_id=user:*,!user:default/jane";
    assert_eq!(receipt.filters.asked, ["plugin_id=catalog", actors]);
    assert_eq!(receipt.filters.applied_here, [actors]);
    let sent = BTreeMap::from([("plugin_id".to_owned(), "catalog".to_owned())]);
    assert_eq!(receipt.filters.parameters, sent);
    assert_eq!(receipt.filters.leaky, [""; 0]);
    assert_eq!(receipt.events_written, 50);
    let named = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].clone();
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!(receipt.first_event.unwrap().id, named(lines[0]));
    let last = receipt.last_event.unwrap();
    assert_eq!(
        (last.id.as_str(), last.event_time.as_str()),
        ("id-0000", "2026-11-21T10:00:00.000Z")
    );
    assert_eq!(receipt.late_events, 0);
    let time = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap();
    assert!(time(&receipt.started) <= time(&receipt.ended));
    let proof = (receipt.verdict.as_str(), receipt.reason, receipt.gap_count);
    assert_eq!(proof, ("complete", None, 0));
    assert!(receipt.gaps.is_empty());
    assert!(
        run.stderr
            .trim_end()
            .ends_with(&format!("complete as of {}", receipt.as_of.unwrap()))
    );
    assert_eq!(receipt.retries, 0);
    server.finish();
}

#[test]
fn the_pieces_cover_the_window_and_add_up() {
    let home = Home::new();
    let (pages, rows) = (
        Pages::honest(recorded_trail(400)),
        Arc::new(AtomicU64::new(0)),
    );
    let server = Scripted::answering({
        let rows = Arc::clone(&rows);
        move |asked| {
            let page = pages.page(asked);
            let text = String::from_utf8_lossy(&page.bytes);
            rows.fetch_add(text.matches("event_time").count() as u64, Ordering::SeqCst);
            page
        }
    });
    let ask = [
        "--require-complete",
        "--page-size",
        "10",
        "--receipt",
        "r.json",
    ];
    let run = home.ask(&server.url(), &[&ask[..], &["-o", "jsonl"]].concat());
    assert_eq!(run.code, 0, "{run:?}");
    let receipt = receipt(&home);
    assert!(receipt.pieces.len() >= 3, "{receipt:#?}");
    let time = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap();
    let mut reached = time(receipt.window.end.as_deref().unwrap());
    for piece in &receipt.pieces {
        assert_eq!(piece.total, Some(piece.distinct), "{piece:?}");
        assert!(piece.given <= piece.distinct && piece.requests > 0 && piece.doubt.is_none());
        assert!(
            time(&piece.end) > reached,
            "{piece:?} leaves a gap behind {reached}"
        );
        reached = time(&piece.start);
        assert!(
            piece.as_of >= receipt.as_of,
            "the receipt's is the earliest"
        );
    }
    assert!(reached < time(&receipt.window.start));
    let given: u64 = receipt.pieces.iter().map(|piece| piece.given).sum();
    assert_eq!((given, receipt.events_written), (400, 400));
    assert_eq!(receipt.doubles_dropped, rows.load(Ordering::SeqCst) - given);
    let requests: u64 = receipt.pieces.iter().map(|piece| piece.requests).sum();
    assert!(receipt.requests >= requests);
    assert_eq!(receipt.requests, server.finish().len() as u64);
}

#[test]
fn the_digest_is_that_of_the_output() {
    let home = Home::with_recording();
    for format in ["jsonl", "json", "csv", "table", "wide"] {
        let ask = [
            "events",
            "--store",
            "s.db",
            "--all",
            "--receipt",
            "r.json",
            "-o",
            format,
        ];
        let run = home.run_well(&ask);
        let printed = receipt(&home).output;
        assert_eq!((printed.format.as_str(), printed.file), (format, None));
        assert_eq!(
            printed.sha256,
            Some(sha256(run.stdout.as_bytes())),
            "{format}"
        );
        assert_eq!(printed.bytes, Some(run.stdout.len() as u64));
        home.done(&[&ask[..], &["--output-file", "out"]].concat());
        let written = receipt(&home);
        let bytes = fs::read(home.path("out")).unwrap();
        assert_eq!(written.output.file.as_deref(), Some("out"));
        assert_eq!(written.output.sha256, Some(sha256(&bytes)));
        assert_eq!(written.output.bytes, Some(bytes.len() as u64));
        assert_eq!(written.events_written, 89);
        assert_eq!(written.source.kind, "store");
        assert_eq!(written.source.address.as_deref(), Some("s.db"));
        assert_eq!(written.verdict, "complete");
    }
}

#[cfg(unix)]
#[test]
fn sha256sum_agrees() {
    let home = Home::new();
    home.done(&[
        "events",
        "--demo",
        "--all",
        "-o",
        "csv",
        "--output-file",
        "q3.csv",
        "--receipt",
        "r.json",
    ]);
    let run = home.in_shell("PATH=/usr/bin:/bin; sha256sum q3.csv");
    // Not every system has that program.
    if run.code != 127 {
        let sha256 = receipt(&home).output.sha256.unwrap();
        assert_eq!(run.stdout, format!("{sha256}  q3.csv\n"));
    }
}

#[test]
fn a_run_that_is_refused_has_a_receipt_that_says_so() {
    let home = Home::new();
    let server = Scripted::answering(|_| Reply::of("404 Not Found", "", ""));
    let run = home.ask(&server.url(), &["--all", "--receipt", "r.json"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    let receipt = receipt(&home);
    assert_eq!(receipt.verdict, "incomplete");
    let reason = receipt.reason.unwrap();
    assert!(
        run.stderr.starts_with(&format!("error: {reason} — ")),
        "{reason}: {run:?}"
    );
    assert!(!reason.contains(TOKEN));
    assert_eq!(
        (receipt.first_event, receipt.window.end.as_deref()),
        (None, Some("2026-12-01T23:59:59.999999Z"))
    );
    assert_eq!(receipt.output.bytes, Some(0));
    server.finish();
}

#[test]
fn a_receipt_that_cannot_be_written_is_refused_before_anything_is_asked() {
    let home = Home::new();
    let server = Scripted::untouched();
    let run = home.ask(&server.url(), &["--receipt", "no-such-folder/r.json"]);
    let said = "error: cannot write no-such-folder/r.json: No such file or directory (os error 2)";
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.only_error().starts_with(said), "{run:?}");
    server.finish();
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_has_a_receipt_and_leaves_the_file_as_it_was() {
    use std::process::Stdio;

    use crate::support::process::signal;

    for name in ["INT", "TERM", "HUP"] {
        let home = Home::new();
        home.write("out", "what was there");
        let server = Scripted::replies(vec![Reply::silence()]);
        let ask = ["--all", "--output-file", "out", "--receipt", "r.json"];
        let mut command = home.asking(&server.url(), &ask);
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        server.wait_for(1);
        signal(&child, name);
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!(
            (run.code, run.stderr.as_str()),
            (130, "error: incomplete: interrupted\n")
        );
        let receipt = receipt(&home);
        assert_eq!(receipt.verdict, "incomplete");
        assert_eq!(receipt.reason.as_deref(), Some("interrupted"));
        assert_eq!(receipt.output.sha256, None);
        assert_eq!(home.read("out"), "what was there");
        assert_eq!(home.names(), ["out", "r.json"]);
    }
}

/// The names of all members of a JSON value, those of parameters aside, which are the API's.
fn members(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                found.push(name.clone());
                if name != "parameters" {
                    members(value, found);
                }
            }
        }
        Value::Array(array) => array.iter().for_each(|value| members(value, found)),
        _ => {}
    }
}

#[test]
fn every_member_of_a_receipt_is_described() {
    let home = Home::new();
    let server = miscounting(recorded_trail(100));
    let run = home.ask(&server.url(), &["--all", "--receipt", "r.json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let whole: Value = serde_json::from_str(&home.read("r.json")).unwrap();
    let mut found = Vec::new();
    members(&whole, &mut found);
    found.sort();
    found.dedup();
    assert!(found.len() > 35, "{found:?}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/receipt.md");
    let document = fs::read_to_string(path).unwrap();
    let rows: Vec<_> = document
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    for name in found {
        let described = rows.iter().any(|row| {
            let cell = row.split('|').nth(1).unwrap();
            cell.split('`')
                .any(|part| part.rsplit('.').next() == Some(&name))
        });
        assert!(described, "docs/receipt.md does not describe {name}");
    }
    // The example is a receipt.
    let (_, example) = document.split_once("```json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let example: Receipt = serde_json::from_str(example).unwrap();
    assert_eq!(example.verdict, "complete");
    server.finish();
}
