//! `--receipt`, `--require-complete`, and what is said of completeness.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{
    Home, Run, TOKEN,
    events::{event_of, recorded_trail},
    pages::Pages,
    scripted::{Reply, Scripted},
};

/// What `docs/receipt.md` says, member by member.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Receipt {
    format: String,
    version: u32,
    tool: String,
    started: String,
    source: Source,
    order: String,
    limit: Option<u64>,
    offset: u64,
    page_size: u32,
    concurrency: u32,
    pieces: Vec<Piece>,
    window: Window,
    filters: Filters,
    requests: u64,
    retries: Option<u64>,
    doubles_dropped: u64,
    late_events: u64,
    events_written: u64,
    first_event: Option<EventRef>,
    last_event: Option<EventRef>,
    output: Output,
    ended: String,
    verdict: String,
    as_of: Option<String>,
    reason: Option<String>,
    gap_count: u64,
    gaps: Vec<Gap>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    kind: String,
    address: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Piece {
    start: String,
    end: String,
    total: Option<u64>,
    distinct: u64,
    given: u64,
    requests: u64,
    as_of: Option<String>,
    doubt: Option<Doubt>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Doubt {
    kind: String,
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gap {
    start: String,
    end: String,
    doubt: Doubt,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    start: String,
    end: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Filters {
    asked: Vec<String>,
    parameters: BTreeMap<String, String>,
    applied_here: Vec<String>,
    leaky: Vec<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct EventRef {
    id: String,
    event_time: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Output {
    format: String,
    file: Option<String>,
    sha256: Option<String>,
    bytes: Option<u64>,
}

fn receipt(home: &Home) -> Receipt {
    let text = home.read("r.json");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A server that counts more than it gives: a 3 stands before each of its totals.
fn miscounting() -> Scripted {
    let pages = Pages::honest(recorded_trail(100));
    Scripted::answering(move |asked| {
        let reply = String::from_utf8(pages.page(asked).bytes).unwrap();
        let (_, body) = reply.split_once("\r\n\r\n").unwrap();
        Reply::json(body.replace("\"total\":", "\"total\":3"))
    })
}

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
    assert!(receipt.retries.is_none_or(|retries| retries == 0));
    server.finish();
}

#[test]
fn the_pieces_cover_the_window_and_add_up() {
    let home = Home::new();
    let server = Pages::honest(recorded_trail(100)).serve();
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
    assert_eq!((given, receipt.events_written), (100, 100));
    server.finish();
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
        assert_eq!(written.events_written, 94);
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
fn an_answer_that_is_not_proven_is_said_to_be_incomplete() {
    let home = Home::new();
    let server = miscounting();
    let run = home.ask(
        &server.url(),
        &["--all", "-o", "jsonl", "--receipt", "r.json"],
    );
    assert_eq!((run.code, run.stdout.lines().count()), (0, 100), "{run:?}");
    let first = run.stderr.lines().next().unwrap();
    assert!(first.starts_with("warning: incomplete: "), "{run:?}");
    assert!(run.stderr.contains("the server counts 3"), "{run:?}");
    assert!(!run.stderr.contains("complete as of"), "{run:?}");
    let receipt = receipt(&home);
    assert_eq!(
        (receipt.verdict.as_str(), receipt.as_of),
        ("incomplete", None)
    );
    assert!(
        receipt
            .reason
            .unwrap()
            .ends_with("of the window may lack events")
    );
    let gap = receipt.gaps.first().unwrap();
    assert_eq!(gap.doubt.kind, "counts");
    assert!(gap.doubt.text.starts_with("the server counts 3") && gap.start < gap.end);
    assert!(receipt.gap_count >= receipt.gaps.len() as u64);
    assert!(receipt.output.sha256.is_some());
    server.finish();
}

#[test]
fn proof_that_is_required_and_not_there_is_exit_code_3() {
    let home = Home::new();
    home.write("out", "what was there");
    let server = miscounting();
    let ask = ["--require-complete", "-o", "json", "--receipt", "r.json"];
    let run = home.ask(&server.url(), &ask);
    assert_eq!(run.code, 3, "{run:?}");
    let last = run.stderr.lines().last().unwrap();
    assert_eq!(
        last,
        "error: the answer is not proven complete — what came has been written; read it again later"
    );
    // The rows are there, in an array that cannot pass for whole.
    assert_eq!(
        run.stdout,
        format!("[\n{}", recorded_trail(100).join(",\n"))
    );
    let printed = receipt(&home);
    assert_eq!(printed.output.sha256, Some(sha256(run.stdout.as_bytes())));
    let run = home.ask(
        &server.url(),
        &[&ask[..], &["--output-file", "out"]].concat(),
    );
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{run:?}");
    let last = run.stderr.lines().last().unwrap();
    assert!(
        last.starts_with("error: the answer is not proven complete, and out is left as it was — "),
        "{run:?}"
    );
    assert_eq!(home.read("out"), "what was there");
    let kept = receipt(&home);
    assert_eq!(
        (kept.output.file.as_deref(), kept.output.sha256),
        (Some("out"), None)
    );
    assert_eq!(
        (kept.output.bytes, kept.verdict.as_str()),
        (None, "incomplete")
    );
    assert_eq!(home.names(), ["out", "r.json"]);
    server.finish();
}

#[test]
fn a_limit_is_one_request_and_proves_nothing() {
    let home = Home::new();
    let pages = Pages::honest(recorded_trail(100));
    let server = Scripted::answering(move |asked| pages.page(asked));
    let run = home.ask(&server.url(), &["--limit", "20", "--receipt", "r.json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(server.finish().len(), 1);
    assert!(!run.stderr.contains("complete"), "{run:?}");
    let receipt = receipt(&home);
    assert_eq!(
        (receipt.verdict.as_str(), receipt.limit),
        ("incomplete", Some(20))
    );
    assert_eq!(receipt.reason.as_deref(), Some("stopped after --limit"));
    assert_eq!((receipt.events_written, receipt.gap_count), (20, 0));
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

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_has_no_proof() {
    use std::{
        io::{BufRead, BufReader},
        process::Stdio,
    };

    let home = Home::new();
    for (flag, code) in [("--all", 0), ("--require-complete", 3)] {
        let ask = [
            "events",
            "--demo",
            "-o",
            "jsonl",
            "--receipt",
            "r.json",
            flag,
        ];
        let mut command = home.command(&ask);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut String::new()).unwrap();
        drop(out);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{flag}");
        let receipt = receipt(&home);
        assert_eq!(
            receipt.reason.as_deref(),
            Some("nobody read the answer to its end")
        );
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
    let server = miscounting();
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
