//! Answers that no Backstage gives: of proxies, of sign-in pages, of other programs, and of connections that end.

use crate::support::{
    Home, Run,
    events::{event, lines, trail},
    pages::Pages,
    scripted::{Asked, Reply, Scripted},
};

const HTML: &str = "Content-Type: text/html; charset=utf-8";
const JSON: &str = "Content-Type: application/json";

/// Asks for everything into a file that exists, and without retries.
fn ask_into_file(server: &Scripted, how: &[&str]) -> Run {
    let home = Home::new();
    home.write("answer.json", "old");
    let args = [
        "-o",
        "json",
        "--output-file",
        "answer.json",
        "--all",
        "--retries",
        "0",
    ];
    let run = home.ask(&server.url(), &[&args[..], how].concat());
    if run.code != 0 {
        assert_eq!(home.names(), ["answer.json"], "no litter");
        assert_eq!(home.read("answer.json"), "old");
    }
    run
}

/// The error of an answer, the only thing that is said, with exit code 5; an old file stays as it was.
fn error_of(reply: Reply) -> String {
    let server = Scripted::replies(vec![reply]);
    let run = ask_into_file(&server, &[]);
    assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run:#?}");
    let error = run.only_error().replace(&server.url(), "URL");
    server.finish();
    error
}

#[test]
fn what_is_no_page_is_named() {
    let title = "<!doctype html><html><head><title>Corporate proxy</title></head></html>";
    for (reply, words) in [
        (
            Reply::of("200 OK", HTML, title),
            "the server answered with a web page titled 'Corporate proxy' where a page of events was expected",
        ),
        (
            Reply::of("502 Bad Gateway", HTML, title),
            "502: the server failed: a web page titled 'Corporate proxy'",
        ),
        (
            Reply::of("502 Bad Gateway", "", ""),
            "502: the server failed —",
        ),
        (
            Reply::of("200 OK", HTML, "<p>Hello"),
            "with a web page where",
        ),
        (Reply::json(""), "answered with nothing"),
        (Reply::json("  \n"), "answered with nothing"),
        (Reply::of("204 No Content", "", ""), "status 204"),
        (
            Reply::of("200 OK", "Content-Type: text/plain", "{}"),
            "text/plain where",
        ),
        (Reply::of("200 OK", "", "{}"), "without a content type"),
        (
            Reply::json(r#"{"items":[]}"#),
            "not a page of audit events: the JSON has no list",
        ),
        (
            Reply::json("[]"),
            "the JSON has no list of audit events in `data`",
        ),
        (
            Reply::json(r#"{"data":[{"foo":1}]}"#),
            "event 1 of the page is not an audit event",
        ),
        (
            Reply::json(r#"{"data":[{"id":"1"}],"total":1}"#),
            "its `event_time` is not a time",
        ),
        (
            Reply::json(r#"{"data":[],"total":0"#),
            "not a page of audit events: the body is not JSON",
        ),
        (
            Reply::json(b"{\"data\":[{\"id\":\"\xff\"}]}"),
            "the body is not JSON",
        ),
        (
            Reply::json("{\"data\":".repeat(9999)),
            "not a page of audit events",
        ),
    ] {
        let error = error_of(reply);
        assert!(error.contains(words), "{words}\n{error}");
        assert!(error.contains(" — "), "no hint: {error}");
    }
}

#[test]
fn a_title_or_a_message_cannot_write_to_the_terminal() {
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\n\u{202e}x";
    let page = format!("<title>{evil}</title>");
    let json = r#"{"error":{"name":"Error","message":"\u001b[2J\u0007\n\u202e"}}"#;
    for reply in [
        Reply::of("200 OK", HTML, &page),
        Reply::of("500 Oops", HTML, &page),
        Reply::of("500 Oops", JSON, json),
        Reply::of("200 OK", "Content-Type: \u{9b}31m", "x"),
    ] {
        let error = error_of(reply);
        let wild = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}');
        assert!(!error.contains(wild), "{error:?}");
    }
}

#[test]
fn an_answer_that_breaks_off_is_said_to() {
    let whole = Reply::page(&trail(3), 3);
    let chunked = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1c\r\n{\"data\":[],\"total\":0}       \r\n0\r\n\r\n";
    for reply in [
        whole.clone().cut(1),
        whole.cut(200),
        // Without the last chunk the body happens to be whole JSON: it is not taken for whole.
        Reply::raw(chunked).cut(5),
        Reply::raw(chunked).cut(20),
        Reply::nothing(),
        Reply::raw("HTTP/1.1 20").closing(),
    ] {
        let error = error_of(reply);
        assert!(
            error.contains("error: the answer of URL broke off"),
            "{error}"
        );
    }
    let error = error_of(Reply::raw("SSH-2.0-x\r\n\r\n"));
    assert!(
        error.contains("error: URL does not answer in HTTP"),
        "{error}"
    );
    let whole = Scripted::answering(move |_| Reply::raw(chunked));
    assert_eq!(ask_into_file(&whole, &[]).code, 0);
    whole.finish();
}

#[test]
fn an_array_that_broke_off_after_a_page_is_left_open_and_a_file_as_it_was() {
    let events = trail(300);
    // What is older than a minute and a half cannot be read.
    let broken = || {
        let pages = Pages::honest(events.clone());
        Scripted::answering(move |asked| match asked.parameter("end_time") {
            Some(end) if end.as_str() < "2026-11-21T10:01:30" => {
                Reply::problem("500 Internal Server Error", "gone")
            }
            _ => pages.page(asked),
        })
    };
    let server = broken();
    let few = ["--page-size", "20", "--concurrency", "1"];
    let run = Home::new().ask(
        &server.url(),
        &[&["-o", "json", "--all"], &few[..]].concat(),
    );
    assert_eq!(run.code, 5, "{run:#?}");
    assert!(run.only_error().contains("500: the server failed: gone"));
    let came = run.stdout.matches("\"id\"").count();
    assert!((100..210).contains(&came), "{came}");
    assert_eq!(run.stdout, format!("[\n{}", events[..came].join(",\n")));
    server.finish();

    let server = broken();
    let run = ask_into_file(&server, &few);
    assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run:#?}");
    server.finish();
}

#[test]
fn a_redirect_to_another_origin_is_not_followed() {
    let other = Scripted::untouched();
    let sign_in = format!("{}/sign-in?next=%2Fapi", other.url());
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let error = error_of(Reply::of(status, &format!("Location: {sign_in}"), ""));
        assert!(
            error.contains(&format!("the server redirects to {sign_in}")),
            "{error}"
        );
        assert!(error.contains("single sign-on"), "{error}");
    }
    other.finish();
}

#[test]
fn a_redirect_from_http_to_https_is_not_followed() {
    // The same host and port, but another origin.
    let server = Scripted::answering(|asked| {
        let host = asked.header("host").expect("a host");
        Reply::redirect(&format!("https://{host}{}", asked.target()))
    });
    let run = Home::new().ask(&server.url(), &["--retries", "0"]);
    assert_eq!(run.code, 5, "{run:#?}");
    assert!(
        run.only_error()
            .contains("the server redirects to https://127.0.0.1:")
    );
    assert_eq!(server.finish().len(), 1);
}

#[test]
fn a_redirect_within_the_origin_is_followed_with_the_token() {
    let events = trail(2);
    let page = Reply::page(&events, 2);
    let server = Scripted::replies(vec![Reply::redirect("/portal/audit?moved=1"), page]);
    let run = Home::new().ask(&server.url(), &["-o", "jsonl"]);
    assert_eq!((run.code, run.stdout), (0, lines(&events)));
    let asked = server.finish();
    assert_eq!(asked[1].target(), "/portal/audit?moved=1");
    assert!(asked.iter().all(Asked::has_token), "{asked:#?}");
    // What a sign-in page would learn of the question otherwise.
    assert!(
        asked.iter().all(|asked| asked.header("referer").is_none()),
        "{asked:#?}"
    );
}

#[test]
fn redirects_in_a_circle_end() {
    let server = Scripted::answering(|_| Reply::redirect("/round"));
    let run = Home::new().ask(&server.url(), &["--retries", "0"]);
    assert_eq!(run.code, 5, "{run:#?}");
    assert!(
        run.only_error()
            .contains("the server redirects in circles, last to /round"),
        "{run:#?}"
    );
    assert!(server.finish().len() <= 10);
}

#[test]
fn a_redirect_that_leads_nowhere_is_an_error() {
    for (location, words) in [
        ("", "status 302"),
        ("Location: http://[", "redirects to http://["),
        (
            "Location: javascript:alert(1)",
            "redirects to javascript:alert(1)",
        ),
    ] {
        let error = error_of(Reply::of("302 Found", location, ""));
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_field_that_nobody_knows_is_carried_along() {
    let odd = event("a", 1).replace(
        "\"meta\":{}",
        r#""severity_level":"apocalyptic","x":1.0e+2,"y":{"b":-0,"a":12345678901234567890123}"#,
    );
    let server = Scripted::replies(vec![Reply::page(std::slice::from_ref(&odd), 1)]);
    let run = Home::new().ask(&server.url(), &["-o", "jsonl"]);
    assert_eq!((run.code, run.stdout), (0, format!("{odd}\n")));
    server.finish();
}
