//! Reading page after page from servers that page, filter and count in their own ways.

use crate::support::{
    events::{event, lines, trail},
    pages::{Pages, ask, is_asked_for},
    scripted::{Reply, Scripted},
};

#[test]
fn all_of_many_pages_come_in_order_and_once() {
    for (count, size) in [(5, "2"), (300, "10"), (300, "100")] {
        let server = Pages::honest(trail(count)).serve();
        let run = ask(&server, &["--all", "--page-size", size]);
        assert_eq!(
            (run.code, run.stdout),
            (0, lines(&trail(count))),
            "{}",
            run.stderr
        );
        let window = "2026-11-01T00:00:00Z … 2026-12-01T23:59:59.999999Z";
        let said = format!("{count} events · {window} · complete as of ");
        assert!(run.stderr.starts_with(&said), "{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        // At most three requests a page, and no offset where windows do.
        let asked = server.finish();
        let most = 3 * count.div_ceil(size.parse().expect("a number"));
        assert!(asked.len() <= most, "{} requests", asked.len());
    }
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
            ..Pages::honest(trail(220))
        };
        let server = pages.serve();
        let run = ask(&server, &["--all"]);
        assert_eq!(
            (run.code, run.stdout),
            (0, lines(&trail(220))),
            "{}",
            run.stderr
        );
        let is_incomplete = run.stderr.starts_with("warning: incomplete: ");
        assert_eq!(is_incomplete, !total, "{}", run.stderr);
        let requests = server.finish().len();
        assert!(requests <= 20, "{requests} requests");
    }
}

#[test]
fn the_oldest_come_first_whatever_the_size_of_a_page() {
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
            ..Pages::honest(events.clone())
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
fn without_a_total_all_comes_and_nothing_is_proven() {
    for order in [&[][..], &["--reverse"]] {
        let server = Pages {
            total: false,
            ..Pages::honest(trail(50))
        }
        .serve();
        let run = ask(&server, &[&["--all", "--page-size", "7"], order].concat());
        let mut expected = trail(50);
        if !order.is_empty() {
            expected.reverse();
        }
        assert_eq!(
            (run.code, run.stdout),
            (0, lines(&expected)),
            "{}",
            run.stderr
        );
        let (first, rest) = run.stderr.split_once('\n').expect("a line");
        assert!(first.starts_with("warning: incomplete: "), "{first}");
        let reason = "the server does not say how many events there are";
        assert!(run.stderr.contains(reason), "{first}\n{rest}");
        assert!(!rest.contains("complete as of"), "{rest}");
        server.finish();
    }
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
    for size in ["2", "20"] {
        let (all, pages) = (trail(100), Pages::honest(Vec::new()));
        let mut first = 8;
        let server = Scripted::answering(move |asked| {
            first = first.max(1) - 1;
            pages.page_of(&all[first..], asked)
        });
        let run = ask(&server, &["--all", "--page-size", size]);
        // What was there at the first request, and what came behind it as far as it was seen, without a gap.
        let count = run.stdout.lines().count();
        assert!(count >= 93, "{size}: {count}");
        assert_eq!(
            (run.code, run.stdout),
            (0, lines(&trail(100)[100 - count..])),
            "{size} {}",
            run.stderr
        );
        server.finish();
    }
}

/// A server that gives the first page whatever the offset.
fn repeating(pages: Pages) -> Scripted {
    Scripted::answering(move |asked| {
        let offset = format!("&offset={}", asked.number("offset"));
        let mut asked = asked.clone();
        asked.head[0] = asked.head[0].replace(&offset, "");
        pages.page(&asked)
    })
}

#[test]
fn a_server_that_knows_no_offset_is_read_by_windows() {
    for total in [true, false] {
        let pages = Pages {
            total,
            ..Pages::honest(trail(100))
        };
        let server = repeating(pages);
        let run = ask(&server, &["--all", "--page-size", "10"]);
        let count = run.stdout.lines().count();
        assert_eq!(
            (run.code, run.stdout),
            (0, lines(&trail(100)[..count])),
            "{}",
            run.stderr
        );
        // Without a total nothing tells that there is more than comes again and again.
        let is_incomplete = run.stderr.starts_with("warning: incomplete: ");
        assert!(is_incomplete || count == 100, "{}", run.stderr);
        assert!(count == 100 || !total && count >= 10, "{count}");
        let requests = server.finish().len();
        assert!(requests <= 100, "{requests} requests");
    }
}

#[test]
fn a_server_that_gives_the_same_whatever_is_asked_is_warned_of_and_no_endless_loop() {
    let server = repeating(Pages::of(trail(500)));
    let run = ask(&server, &["--all", "--page-size", "10"]);
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&trail(500)[..10])),
        "{}",
        run.stderr
    );
    let warning = run.stderr.starts_with("warning: incomplete: ");
    assert!(warning, "{}", run.stderr);
    let requests = server.finish().len();
    assert!(requests <= 100, "{requests} requests");
}

#[test]
fn an_instant_that_never_runs_out_is_given_up_and_warned_of() {
    let padding = format!("\"meta\":{{\"x\":\"{}\"}}", "x".repeat(100_000));
    let mut next = 0;
    let server = Scripted::answering(move |asked| {
        if !is_asked_for(&event("any", 1), asked) {
            return Reply::page(&[], 0);
        }
        let ids = next..next + asked.number("limit").min(50);
        next = ids.end;
        // What comes once memory is full is as small as it may be: thousands of requests find nothing further.
        let events = ids.map(|id| match id {
            0..500 => event(&format!("{id}"), 1).replace("\"meta\":{}", &padding),
            _ => event(&format!("{id}"), 1),
        });
        Reply::page(&events.collect::<Vec<_>>(), 1_000_000_000)
    });
    let run = ask(&server, &["--all"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stderr
            .contains("one instant holds more events than fit into memory"),
        "{}",
        run.stderr
    );
    // Bounded, however much the server has.
    let came = run.stdout.lines().count();
    assert!((50..1000).contains(&came), "{came}");
    server.finish();
}

#[test]
fn the_window_ends_where_the_first_answer_s_clock_stood() {
    let headers = "Date: Sat, 21 Nov 2026 20:15:46 GMT";
    let server = Pages {
        headers,
        ..Pages::honest(trail(100))
    }
    .serve();
    let run = ask(
        &server,
        &["--since", "2026-11-01", "--all", "--page-size", "10"],
    );
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&trail(100))),
        "{}",
        run.stderr
    );
    let window = "2026-11-01T00:00:00Z … 2026-11-21T20:15:47Z";
    assert!(
        run.stderr.starts_with(&format!("100 events · {window} · ")),
        "{}",
        run.stderr
    );
    // What is asked for is a millisecond wider, since a server may leave out either end.
    let asked = server.finish();
    let times = |name: &str| -> Vec<_> {
        let times = asked.iter().map(|asked| asked.parameter(name));
        times.collect()
    };
    let (starts, ends) = (times("start_time"), times("end_time"));
    assert_eq!((starts.len() > 3, &ends[0]), (true, &None));
    let latest = Some("2026-11-21T20:15:47.001Z".to_owned());
    assert!(
        ends[1..].iter().all(|end| end.is_some() && *end <= latest),
        "{ends:?}"
    );
    assert!(ends.contains(&latest), "{ends:?}");
    let earliest = Some("2026-10-31T23:59:59.999Z".to_owned());
    assert_eq!(starts.iter().min(), Some(&earliest));
}

#[test]
fn an_event_behind_the_frozen_end_is_not_in_the_answer() {
    let events = trail(5);
    let headers = "Date: Sat, 21 Nov 2026 10:00:02 GMT";
    let server = Pages {
        headers,
        ..Pages::honest(events.clone())
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
    let requests = server.finish().len();
    assert!(requests <= 20, "{requests} requests");
}
