//! Asking again: what is asked again, how often, how late, and what is not.

use std::{
    collections::HashSet,
    net::TcpListener,
    time::{Duration, Instant},
};

use crate::support::{
    Home,
    events::{lines, trail},
    pages::Pages,
    scripted::{Reply, Scripted},
};

/// A page of all there is.
fn page() -> Reply {
    Reply::page(&trail(3), 3)
}

fn unavailable() -> Reply {
    Reply::of("503 Service Unavailable", "Retry-After: 0", "")
}

/// Asked for, the replies give the events without a word too many.
fn succeeds(replies: Vec<Reply>, args: &[&str]) {
    let server = Scripted::replies(replies);
    let run = Home::new().ask(&server.url(), &[&["-o", "jsonl"], args].concat());
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&trail(3))),
        "{}",
        run.stderr
    );
    assert!(run.stderr.starts_with("3 events · "), "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    server.finish();
}

#[test]
fn a_failure_that_passes_is_waited_out() {
    succeeds(vec![unavailable(), unavailable(), page()], &[]);
}

#[test]
fn a_connection_that_fails_is_made_again() {
    let page_of_3 = page();
    for broken in [
        Reply::nothing(),
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Ty").closing(),
        page_of_3.clone().cut(1),
        page_of_3.cut(300),
    ] {
        succeeds(vec![broken, page()], &["--retries", "1"]);
    }
}

#[test]
fn a_server_that_is_not_there_is_tried_again_and_named() {
    // A port that nobody listens on: it was ours a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let run = Home::new().ask(&url, &["--retries", "1", "-v"]);
    assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run:#?}");
    let lines: Vec<_> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{run:#?}");
    assert!(
        lines[0].starts_with(&format!("> cannot reach {url}: ")),
        "{run:#?}"
    );
    assert!(lines[0].contains("asking again in "), "{run:#?}");
    assert!(
        lines[1].starts_with(&format!("error: cannot reach {url}: ")),
        "{run:#?}"
    );
}

#[test]
fn retry_after_is_waited_for() {
    let limited = Reply::of("429 Too Many Requests", "Retry-After: 1", "");
    let server = Scripted::replies(vec![limited, page()]);
    let run = Home::new().ask(&server.url(), &["-o", "jsonl"]);
    assert_eq!(run.code, 0, "{run:#?}");
    let asked = server.finish();
    let gap = asked[1].at.duration_since(asked[0].at);
    assert!(gap >= Duration::from_secs(1), "{gap:?}");
}

#[test]
fn a_wait_of_hours_is_left_to_a_person() {
    let limited = Reply::of("429 Too Many Requests", "Retry-After: 7200", "");
    let server = Scripted::replies(vec![limited]);
    let run = Home::new().ask(&server.url(), &[]);
    assert_eq!(run.code, 5, "{run:#?}");
    assert!(
        run.only_error().contains("the server asks to wait 7200 s"),
        "{run:#?}"
    );
    server.finish();
}

#[test]
fn a_failure_that_stays_is_given_up_after_as_many_retries_as_were_asked_for() {
    for retries in [0, 1, 4] {
        let server = Scripted::replies(vec![unavailable(); retries + 1]);
        let run = Home::new().ask(&server.url(), &["--retries", &retries.to_string()]);
        assert_eq!(run.code, 5, "{run:#?}");
        assert!(
            run.only_error().contains("503: the server failed"),
            "{run:#?}"
        );
        server.finish();
    }
}

#[test]
fn what_would_be_answered_the_same_again_is_asked_once() {
    for status in [
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "418 Teapot",
    ] {
        // The header is no invitation.
        let server = Scripted::replies(vec![Reply::of(status, "Retry-After: 0", "")]);
        let run = Home::new().ask(&server.url(), &[]);
        assert!(matches!(run.code, 2 | 4), "{run:#?}");
        let _ = run.only_error();
        server.finish();
    }
}

#[test]
fn every_page_has_its_own_retries() {
    let events = trail(100);
    let pages = Pages::honest(events.clone());
    let mut known = HashSet::new();
    // Each question fails when it is asked for the first time.
    let server = Scripted::answering(move |asked| match known.insert(asked.target().to_owned()) {
        true => unavailable(),
        false => pages.page(asked),
    });
    let how = ["--page-size", "10", "--retries", "1"];
    let run = Home::new().ask(
        &server.url(),
        &[&["-o", "jsonl", "--all"], &how[..]].concat(),
    );
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&events)),
        "{}",
        run.stderr
    );
    let asked = server.finish();
    let targets: HashSet<_> = asked.iter().map(|asked| asked.target()).collect();
    assert!(targets.len() > 5 && asked.len() >= 2 * targets.len());
}

/// Many pages over the connections that `change` leaves, one after the other; what `-v` says.
fn many_pages(change: fn(Reply) -> Reply) -> (Vec<usize>, String) {
    let events = trail(100);
    let pages = Pages::honest(events.clone());
    let server = Scripted::answering(move |asked| change(pages.page(asked)));
    let how = ["--page-size", "10", "--concurrency", "1", "--retries", "4"];
    let args = ["-v", "-o", "jsonl", "--all"];
    let run = Home::new().ask(&server.url(), &[&args[..], &how].concat());
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&events)),
        "{}",
        run.stderr
    );
    let asked = server.finish();
    assert!(asked.len() > 5, "{}", asked.len());
    (
        asked.iter().map(|asked| asked.connection).collect(),
        run.stderr,
    )
}

#[test]
fn one_connection_serves_all_pages() {
    let (connections, said) = many_pages(|page| page);
    assert_eq!(connections, vec![0; connections.len()]);
    assert!(!said.contains("asking again"), "{said}");
}

#[test]
fn a_server_that_closes_after_each_answer_is_no_failure() {
    let announced = |page: Reply| page.with_header("Connection: close");
    let (connections, said) = many_pages(announced);
    assert_eq!(connections, (0..connections.len()).collect::<Vec<_>>());
    assert!(!said.contains("asking again"), "{said}");
}

#[test]
fn a_server_that_closes_idle_connections_silently_costs_no_event() {
    let (connections, _) = many_pages(Reply::closing);
    assert_eq!(connections, (0..connections.len()).collect::<Vec<_>>());
}

#[test]
fn a_server_that_stays_silent_is_given_up_in_time() {
    let started = Instant::now();
    let begun = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    for reply in [Reply::silence(), Reply::raw(begun).hanging()] {
        let server = Scripted::replies(vec![reply]);
        let run = Home::new().ask(&server.url(), &["--timeout", "1s", "--retries", "0"]);
        assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run:#?}");
        let message = format!("{} did not answer within 1 s — ", server.url());
        assert!(run.only_error().contains(&message), "{run:#?}");
        server.finish();
    }
    assert!(started.elapsed() >= Duration::from_secs(2));
}
