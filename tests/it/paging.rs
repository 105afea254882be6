//! Reading page after page from servers that page, filter and count in their own ways.

use std::collections::HashSet;

use crate::support::{
    events::{event, lines, trail},
    pages::{Pages, ask},
    scripted::{Reply, Scripted},
};

fn offsets(server: Scripted) -> Vec<usize> {
    let asked = server.finish();
    asked.iter().map(|asked| asked.number("offset")).collect()
}

#[test]
fn all_of_three_pages_come_in_order_and_once() {
    let server = Pages::of(trail(5)).serve();
    let run = ask(&server, &["--all", "--page-size", "2"]);
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&trail(5))),
        "{}",
        run.stderr
    );
    let window = "2026-11-01T00:00:00Z … 2026-12-01T23:59:59.999999Z";
    assert_eq!(run.stderr, format!("5 events · {window}\n"));
    assert_eq!(offsets(server), [0, 2, 4]);
}

#[test]
fn no_more_is_read_than_is_shown() {
    let events = trail(500);
    let server = Pages::of(events.clone()).serve();
    let run = ask(&server, &["--limit", "3", "--offset", "4"]);
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&events[4..7])),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.starts_with("3 of 500 events · "),
        "{}",
        run.stderr
    );
    // One more than is wanted tells that the last instant is whole.
    let asked = server.finish();
    assert_eq!((asked.len(), asked[0].number("limit")), (1, 8));
}

#[test]
fn a_server_that_lowers_the_limit_loses_nothing() {
    for total in [true, false] {
        let pages = Pages {
            most: 50,
            total,
            ..Pages::of(trail(120))
        };
        let server = pages.serve();
        let run = ask(&server, &["--all"]);
        assert_eq!(
            (run.code, run.stdout),
            (0, lines(&trail(120))),
            "{}",
            run.stderr
        );
        assert!(run.stderr.starts_with("120 events · "), "{}", run.stderr);
        let offsets = offsets(server);
        assert_eq!(offsets[..3], [0, 50, 100]);
        assert!(offsets.len() <= 4, "{offsets:?}");
    }
}

#[test]
fn the_oldest_first_are_read_from_the_end() {
    let mut events = trail(120);
    for (most, args, count) in [
        (1000, &["--reverse", "--all"][..], 120),
        (50, &["--reverse", "--all"], 120),
        (1000, &["--reverse", "--all", "--page-size", "7"], 120),
        (1000, &["--reverse", "--limit", "5"], 5),
        (3, &["--reverse", "--limit", "5"], 5),
    ] {
        let server = Pages {
            most,
            ..Pages::of(events.clone())
        }
        .serve();
        let run = ask(&server, args);
        events.reverse();
        assert_eq!(
            (run.code, run.stdout),
            (0, lines(&events[..count])),
            "{args:?} {}",
            run.stderr
        );
        events.reverse();
        server.finish();
    }
}

#[test]
fn the_oldest_cannot_be_found_without_a_total() {
    let server = Pages {
        total: false,
        ..Pages::of(trail(5))
    }
    .serve();
    let run = ask(&server, &["--reverse"]);
    assert_eq!((run.code, run.stdout.as_str()), (5, ""), "{run:#?}");
    assert!(
        run.only_error()
            .contains("does not say how many events there are"),
        "{run:#?}"
    );
    server.finish();
}

/// Twelve events of three instants, ties in no order, neither by id nor by anything else.
fn shuffled() -> Vec<String> {
    let order = "c9 a9 d9 b9 h5 e5 g5 f5 j1 l1 i1 k1";
    let second = |name: &str| name[1..].parse().expect("a digit");
    order
        .split(' ')
        .map(|name| event(&name[..1], second(name)))
        .collect()
}

#[test]
fn ties_come_in_strict_order_over_the_borders_of_pages() {
    for size in ["1", "2", "3", "5", "1000"] {
        for (reverse, expected) in [(false, "dcbahgfelkji"), (true, "ijklefghabcd")] {
            let server = Pages::of(shuffled()).serve();
            let mut args = vec!["--all", "--page-size", size];
            args.extend(reverse.then_some("--reverse"));
            let run = ask(&server, &args);
            assert_eq!(ids(&run.stdout), expected, "{size} {}", run.stderr);
            server.finish();
        }
    }
    // A limit that cuts a tie takes the first of the whole instant.
    for limit in 1..=12 {
        let server = Pages::of(shuffled()).serve();
        let run = ask(&server, &["--limit", &limit.to_string()]);
        assert_eq!(ids(&run.stdout), "dcbahgfelkji"[..limit], "{}", run.stderr);
        server.finish();
    }
}

/// The first letter of each event's id.
fn ids(jsonl: &str) -> String {
    jsonl.lines().map(|line| &line[7..8]).collect()
}

#[test]
fn events_that_come_while_pages_are_read_are_neither_doubled_nor_lost() {
    // One more event at the front for each request: pages by offset shift.
    let all = trail(40);
    let pages = Pages::of(Vec::new());
    let mut first = 10;
    let server = Scripted::answering(move |asked| {
        first -= 1;
        pages.page_of(&all[first..], asked)
    });
    let run = ask(&server, &["--all", "--page-size", "5"]);
    // What was there at the first request.
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&trail(40)[9..])),
        "{}",
        run.stderr
    );
    server.finish();
}

#[test]
fn a_server_that_repeats_a_page_is_an_error_and_no_endless_loop() {
    for total in [true, false] {
        let pages = Pages {
            total,
            ..Pages::of(trail(500))
        };
        let server = Scripted::answering(move |asked| {
            let mut asked = asked.clone();
            asked.head[0] = asked.head[0].replace("offset", "was");
            pages.page(&asked)
        });
        let run = ask(&server, &["--all", "--page-size", "10"]);
        assert_eq!(run.code, 5, "{run:#?}");
        let message = "the server gives the same events again and again";
        assert!(run.only_error().contains(message), "{run:#?}");
        assert!(run.stdout.lines().count() <= 10);
        assert!(server.finish().len() <= 5);
    }
}

#[test]
fn a_server_that_never_runs_out_of_one_instant_is_an_error() {
    let mut next = 0;
    let server = Scripted::answering(move |asked| {
        let ids = next..next + asked.number("limit");
        next = ids.end;
        let events: Vec<_> = ids.map(|id| event(&format!("{id}"), 1)).collect();
        Reply::page(&events, 1_000_000_000)
    });
    let run = ask(&server, &["--all"]);
    assert_eq!(run.code, 5, "{}", run.stderr);
    assert!(
        run.only_error()
            .contains("more than 20000 events have the time"),
        "{}",
        run.stderr
    );
    server.finish();
}

#[test]
fn the_window_ends_where_the_first_answer_s_clock_stood() {
    let headers = "Date: Sat, 21 Nov 2026 20:15:46 GMT";
    let server = Pages {
        headers,
        ..Pages::of(trail(5))
    }
    .serve();
    let run = ask(
        &server,
        &["--since", "2026-11-01", "--all", "--page-size", "2"],
    );
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&trail(5))),
        "{}",
        run.stderr
    );
    let end = "2026-11-21T20:15:47Z";
    assert!(
        run.stderr.ends_with(&format!(" … {end}\n")),
        "{}",
        run.stderr
    );
    let asked = server.finish();
    let ends: Vec<_> = asked
        .iter()
        .map(|asked| asked.parameter("end_time"))
        .collect();
    assert_eq!(ends, [None, Some(end.to_owned()), Some(end.to_owned())]);
    let starts: HashSet<_> = asked
        .iter()
        .map(|asked| asked.parameter("start_time"))
        .collect();
    assert_eq!(starts, [Some("2026-11-01T00:00:00Z".to_owned())].into());
}

#[test]
fn an_event_behind_the_frozen_end_is_not_in_the_answer() {
    let events = trail(5);
    let headers = "Date: Sat, 21 Nov 2026 10:00:02 GMT";
    let server = Pages {
        headers,
        ..Pages::of(events.clone())
    }
    .serve();
    let run = ask(&server, &["--since", "2026-11-01", "--all"]);
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&events[1..])),
        "{}",
        run.stderr
    );
    server.finish();
}

#[test]
fn a_server_that_ignores_the_window_costs_pages_and_no_request_for_each_event() {
    let server = Pages::of(trail(300)).serve();
    let until = [
        "--since",
        "2026-11-21T10:00:00Z",
        "--until",
        "2026-11-21T10:00:02Z",
    ];
    let run = ask(&server, &[&until[..], &["--limit", "2"]].concat());
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&trail(3)[..2])),
        "{}",
        run.stderr
    );
    assert!(server.finish().len() <= 5);
}
