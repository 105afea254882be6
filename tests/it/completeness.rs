//! What is said of an answer's completeness, and `--require-complete`.

use crate::support::{
    Home,
    events::recorded_trail,
    pages::{Pages, miscounting},
    receipt::receipt,
    scripted::Scripted,
    sha256,
};

#[test]
fn an_answer_that_is_not_proven_is_said_to_be_incomplete() {
    let home = Home::new();
    let server = miscounting(recorded_trail(100));
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
    let server = miscounting(recorded_trail(100));
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
    assert_eq!((receipt.requests, receipt.retries), (1, 0));
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
