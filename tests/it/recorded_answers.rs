//! Every answer that was recorded from a real backend, replayed byte for byte.

use crate::support::{
    Home, fixture, names,
    recorded::{body, events, recorded},
    scripted::{Reply, Scripted},
};

/// What each recording comes to: its file, the exit code, how often it is asked for where one retry is allowed and its
/// `limit` is not what is refused, and words of the message; for a page the number of its events.
const TABLE: &str = "
200-accept-xml                      | 0 | 1 | 1
200-bad-percent-in-query            | 0 | 1 | 0
200-connection-close                | 0 | 1 | 1
200-cors-origin                     | 0 | 1 | 1
200-empty                           | 0 | 1 | 0
200-h2c-upgrade                     | 0 | 1 | 1
200-head                            | 5 | 2 | broke off
200-http10                          | 0 | 1 | 1
200-invalid-utf8-in-filter-pg       | 0 | 1 | 0
200-limit1                          | 0 | 1 | 1
200-limit3-fields                   | 0 | 1 | 3
200-lowercase-bearer                | 0 | 1 | 1
200-offset-past-end                 | 0 | 1 | 0
200-options                         | 5 | 1 | a web page where a page of events was expected
200-rate-limit-global-1             | 0 | 1 | 90
200-rate-limit-plugin-1             | 0 | 1 | 0
200-severity-brackets               | 0 | 1 | 1
200-severity-comma                  | 0 | 1 | 1
200-severity-repeated               | 0 | 1 | 1
200-trailing-slash                  | 0 | 1 | 1
200-two-spaces-bearer               | 0 | 1 | 1
200-unrestricted                    | 0 | 1 | 1
200-upper-case-path                 | 0 | 1 | 1
304-if-none-match                   | 5 | 1 | status 304, which is neither a page nor an error
400-limit-0                         | 2 | 1 | 400: the server refuses the request: Invalid limit: must be an integer between 1 and 1000
400-limit-1001                      | 2 | 1 | Invalid limit: must be an integer between 1 and 1000
400-limit-text                      | 2 | 1 | Invalid limit: must be an integer between 1 and 1000
400-malformed-request-line          | 2 | 1 | 400: the server refuses the request —
400-offset-negative                 | 2 | 1 | Invalid offset: must be an integer of at least 0
400-openapi-validated-catalog       | 2 | 1 | request/query/limit must be integer
400-severity                        | 2 | 1 | 'urgent' is not one of low, medium, high, critical
400-start-no-z                      | 2 | 1 | must be an ISO 8601 time in UTC that ends with Z
400-start-offset                    | 2 | 1 | must be an ISO 8601 time in UTC that ends with Z
400-status                          | 2 | 1 | 'initiated' is not one of succeeded, failed
400-unknown-parameter               | 2 | 1 | Unknown query parameter 'plugin'
401-bare-token                      | 4 | 1 | 401: the server does not take the token: Missing credentials
401-basic                           | 4 | 1 | Missing credentials
401-bearer-empty                    | 4 | 1 | Missing credentials
401-bearer-two-words                | 4 | 1 | Missing credentials
401-garbage-jwt                     | 4 | 1 | 401: the server does not take the token: Illegal token
401-no-token                        | 4 | 1 | Missing credentials
401-quoted-token                    | 4 | 1 | Illegal token
401-unknown-route-in-plugin-no-token| 4 | 1 | Missing credentials
401-wrong-token                     | 4 | 1 | External access
403-other-plugin                    | 4 | 1 | its access restrictions name another plugin
403-user                            | 4 | 1 | its access restrictions need permission 'audit.log.read'
403-wrong-attribute                 | 4 | 1 | its access restrictions need permission 'audit.log.read'
403-wrong-permission                | 4 | 1 | its access restrictions need permission 'audit.log.read'
404-bad-percent-in-path             | 2 | 1 | 404: there is no audit log at http://127.0.0.1:
404-post                            | 2 | 1 | 404: there is no audit log at
404-root                            | 2 | 1 | 404: there is no audit log at
404-unknown-plugin                  | 2 | 1 | 404: there is no audit log at
404-unknown-route-in-plugin         | 2 | 1 | 404: there is no audit log at
404-v2                              | 2 | 1 | check the URL and its path prefix
429-rate-limit-global               | 5 | 2 | 429: too many requests; the server asks to wait
429-rate-limit-plugin               | 5 | 2 | 429: too many requests; the server asks to wait
431-huge-header                     | 2 | 1 | 431: the server refuses the request
500-database-error-pg               | 5 | 1 | 500: the server failed: An internal error occurred logId=7c3135dfb19da025ab4f
500-database-error-sqlite           | 5 | 1 | no such table: audit_events
500-error                           | 5 | 1 | 500: the server failed: simulated internal error
500-nul-in-filter-pg                | 5 | 1 | logId=69f93bc48a781b35ee14
500-thrown-string                   | 5 | 1 | logId=7591a93ceb24f393fc24
503-service-unavailable-error       | 5 | 2 | 503: the server failed: simulated outage
dev-200                             | 0 | 1 | 1
dev-401                             | 4 | 1 | 401: the server does not take the token: Missing credentials
health-liveness                     | 5 | 1 | not a page of audit events
health-readiness                    | 5 | 1 | not a page of audit events
offset-huge-pg                      | 0 | 1 | 0
";

struct Row {
    name: &'static str,
    code: i32,
    requests: usize,
    words: &'static str,
}

impl Row {
    fn all() -> Vec<Self> {
        let row = |line: &'static str| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let [name, code, requests, words] = cells[..] else {
                panic!("{line}")
            };
            Self {
                name,
                code: code.parse().expect("an exit code"),
                requests: requests.parse().expect("a number"),
                words,
            }
        };
        TABLE.trim().lines().map(row).collect()
    }

    fn pages() -> Vec<Self> {
        let mut rows = Self::all();
        rows.retain(|row| row.code == 0);
        rows
    }

    fn failures() -> Vec<Self> {
        let mut rows = Self::all();
        rows.retain(|row| row.code != 0);
        rows
    }
}

#[test]
fn the_table_holds_every_recording() {
    let names = names(&fixture("backstage/http"));
    let files = names.iter().filter_map(|name| name.strip_suffix(".http"));
    let files: Vec<_> = files.collect();
    let rows: Vec<_> = Row::all().into_iter().map(|row| row.name).collect();
    assert_eq!(rows, files);
}

#[test]
fn a_recorded_page_comes_out_token_for_token() {
    let home = Home::new();
    for row in Row::pages() {
        let answer = recorded(&format!("{}.http", row.name));
        let expected = events(body(&answer));
        let server = Scripted::replies(vec![Reply::raw(as_a_whole(answer, expected.len()))]);
        let run = home.ask(&server.url(), &["-o", "jsonl", "--retries", "0"]);
        assert_eq!(run.code, 0, "{}: {run:#?}", row.name);
        let lines: Vec<_> = run.stdout.lines().collect();
        assert_eq!(lines.len().to_string(), row.words, "{}", row.name);
        assert_eq!(lines, expected, "{}", row.name);
        server.finish();
    }
}

/// The same answer, where what it holds is all there is.
fn as_a_whole(answer: Vec<u8>, count: usize) -> Vec<u8> {
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("the head's end");
    let (events, total) = body.rsplit_once("\"total\":").expect("a total");
    let digits = total.trim_start_matches([' ', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    let whole = format!("{events}\"total\":{count}{digits}");
    let length = |body: &str| format!("Content-Length: {}\r\n", body.len());
    let head = format!("{head}\r\n").replace(&length(body), &length(&whole));
    format!("{head}\r\n{whole}").into_bytes()
}

#[test]
fn a_recorded_failure_is_one_line_and_an_exit_code() {
    let home = Home::new();
    for row in Row::failures() {
        let answer = Reply::raw(recorded(&format!("{}.http", row.name)));
        let answer = match row.words {
            // The answer to a HEAD promises a body that never comes.
            "broke off" => answer.closing(),
            _ => answer,
        };
        let server = Scripted::answering(move |_| answer.clone());
        let run = home.ask(&server.url(), &["-o", "json", "--retries", "0"]);
        assert_eq!(run.code, row.code, "{}: {run:#?}", row.name);
        assert!(
            run.only_error().contains(row.words),
            "{}: {run:#?}",
            row.name
        );
        assert_eq!(run.stdout, "", "{}", row.name);
        server.finish();
    }
}

#[test]
fn only_a_failure_that_may_pass_is_asked_for_again() {
    let home = Home::new();
    for row in Row::failures() {
        let answer = String::from_utf8(recorded(&format!("{}.http", row.name))).unwrap();
        let answer = Reply::raw(answer.replace("Retry-After: 6\r\n", "Retry-After: 0\r\n"));
        let answer = match row.words {
            "broke off" => answer.closing(),
            _ => answer,
        };
        let server = Scripted::answering(move |_| answer.clone());
        let run = home.ask(&server.url(), &["--retries", "1"]);
        assert_eq!(run.code, row.code, "{}: {run:#?}", row.name);
        let asked = server.finish();
        let limits: Vec<_> = asked.iter().map(|asked| asked.number("limit")).collect();
        match row.words.contains("limit") && row.code == 2 {
            // A smaller page may be given: half as large each time.
            true => assert_eq!(limits, [101, 50, 25, 12, 6, 3, 1], "{}", row.name),
            false => assert_eq!(limits.len(), row.requests, "{}", row.name),
        }
    }
}

#[test]
fn the_two_refusals_of_403_and_what_a_401_needs_are_told_apart() {
    let home = Home::new();
    let hint = |name: &str| {
        let server = Scripted::replies(vec![Reply::raw(recorded(name))]);
        let run = home.ask(&server.url(), &[]);
        server.finish();
        let (_, hint) = run.only_error().split_once(" — ").expect("a hint");
        hint.to_owned()
    };
    let hints = [
        "401-wrong-token.http",
        "403-other-plugin.http",
        "403-user.http",
    ]
    .map(hint);
    assert!(
        hints[1..].iter().all(|hint| hint.contains("'audit-log'")),
        "{hints:#?}"
    );
    assert!(
        hints.iter().all(|hint| hint.contains("External access")),
        "{hints:#?}"
    );
    assert_ne!(hints[1], hints[2]);
    assert_ne!(hints[0], hints[1]);
}

#[test]
fn a_rate_limit_says_how_long_it_lasts() {
    let server = Scripted::replies(vec![Reply::raw(recorded("429-rate-limit-global.http"))]);
    let run = Home::new().ask(&server.url(), &["--retries", "0"]);
    assert!(run.only_error().contains("asks to wait 6 s"), "{run:#?}");
    server.finish();
}
