//! Servers that page as they should, and what makes pages by offset hard all the same: many events of one instant,
//! ties in no order, a trail that grows while it is read, events of the future.

use std::{collections::BTreeSet, thread};

use crate::support::{
    events::{event, lines, trail},
    pages::{Pages, ask},
    scripted::Scripted,
};

/// Numbers below `modulus`, a prime, each once and in no order.
fn mixed(modulus: usize) -> impl Iterator<Item = usize> {
    (1..modulus).map(move |n| n * 7 % modulus)
}

/// 600 events of one instant in an order that has nothing to do with their ids.
fn crowd() -> Vec<String> {
    mixed(601)
        .map(|n| event(&format!("id-{n:03}"), 5))
        .collect()
}

/// What belongs first: the events with the highest ids.
fn highest(count: usize) -> Vec<String> {
    let ids = (0..=600).rev().take(count);
    ids.map(|n| event(&format!("id-{n:03}"), 5)).collect()
}

#[test]
fn a_limit_inside_of_a_crowded_instant_takes_a_handful_of_requests() {
    let server = Pages::honest(crowd()).serve();
    let run = ask(&server, &["--limit", "100"]);
    assert_eq!((run.code, run.stdout), (0, lines(&highest(100))));
    let asked = server.finish();
    assert!(asked.len() <= 10, "{} requests", asked.len());
}

/// The server of a crowd that is in another order at each request.
fn restless(steps: &'static [usize]) -> Scripted {
    let (mut events, pages) = (crowd(), Pages::honest(Vec::new()));
    let mut steps = steps.iter().cycle();
    Scripted::answering(move |asked| {
        events.rotate_left(*steps.next().expect("a step"));
        pages.page_of(&events, asked)
    })
}

#[test]
fn ties_in_a_new_order_each_time_give_the_right_events_or_a_warning() {
    let mut silent = Vec::new();
    for args in [&["--limit", "100"][..], &["--all"], &["--reverse", "--all"]] {
        for size in ["50", "100", "1000"] {
            let server = restless(&[0, 37, 211, 5]);
            let run = ask(&server, &[args, &["--page-size", size]].concat());
            let mut expected = highest(if args.contains(&"--limit") { 100 } else { 600 });
            if args.contains(&"--reverse") {
                expected.reverse();
            }
            match run.code {
                0 if run.stdout == lines(&expected) => {}
                0 if run.stderr.starts_with("warning: incomplete: ") => {}
                0 => {
                    let missing = |event: &&String| !run.stdout.contains(event.as_str());
                    let missing = expected.iter().filter(missing).count();
                    silent.push(format!("{args:?} --page-size {size}: {missing} missing"));
                }
                code => panic!("exit code {code}: {}", run.stderr),
            }
            server.finish();
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

/// The three oldest of a trail of forty, of which the event with this number is recorded only before a later request.
/// They must be those of the trail as it was at first, or as it is then.
fn three_oldest(missing: usize, before_request: usize, size: &str) {
    let all = trail(40);
    let mut first = all.clone();
    first.remove(39 - missing);
    let (mut requests, pages) = (0, Pages::honest(Vec::new()));
    let server = Scripted::answering({
        let (all, first) = (all.clone(), first.clone());
        move |asked| {
            requests += 1;
            let later = requests >= before_request;
            pages.page_of(if later { &all } else { &first }, asked)
        }
    });
    let run = ask(&server, &["--reverse", "--limit", "3", "--page-size", size]);
    let case =
        format!("event {missing} before request {before_request}, pages of {size}: {run:#?}");
    assert_eq!(run.code, 0, "{case}");
    let oldest =
        |events: &[String]| lines(&events.iter().rev().take(3).cloned().collect::<Vec<_>>());
    assert!(
        [oldest(&first), oldest(&all)].contains(&run.stdout),
        "{case}"
    );
    server.finish();
}

/// Side by side, since what changes is read again only a second later.
fn three_oldest_while(missing: &[usize]) {
    thread::scope(|scope| {
        for (&missing, before) in missing
            .iter()
            .flat_map(|one| (2..=5).map(move |n| (one, n)))
        {
            scope.spawn(move || {
                for size in ["1", "7", "1000"] {
                    three_oldest(missing, before, size);
                }
            });
        }
    });
}

#[test]
fn the_oldest_are_right_while_a_new_event_is_stored() {
    three_oldest_while(&[39]);
}

#[test]
fn the_oldest_are_right_while_an_old_event_is_recorded_late() {
    three_oldest_while(&[0, 2, 3, 20]);
}

#[test]
fn events_of_the_future_do_not_make_others_be_skipped() {
    // The first answer is given at second 29: the window ends with second 30, and 9 events lie behind it.
    let events = trail(40);
    let headers = "Date: Sat, 21 Nov 2026 10:00:29 GMT";
    for size in ["1", "2", "7", "9", "10", "1000"] {
        for order in [&[][..], &["--reverse"]] {
            let pages = Pages {
                headers,
                ..Pages::honest(events.clone())
            };
            let server = pages.serve();
            let args = ["--since", "2026-11-01", "--all", "--page-size", size];
            let run = ask(&server, &[&args[..], order].concat());
            let mut expected = events[9..].to_vec();
            if !order.is_empty() {
                expected.reverse();
            }
            assert_eq!(
                (run.code, run.stdout),
                (0, lines(&expected)),
                "{size} {order:?}"
            );
            server.finish();
        }
    }
}

#[test]
fn every_event_comes_once_in_strict_order_whatever_the_size_of_a_page() {
    // Nine seconds with ten or eleven events each, newest first as a server has them, ties in no order.
    let mut numbers: Vec<_> = mixed(101).collect();
    numbers.sort_by_key(|n| std::cmp::Reverse(n % 9));
    let of = |n: usize| event(&format!("id-{n:03}"), n % 9);
    let kept: Vec<_> = numbers.iter().map(|&n| of(n)).collect();
    let model: BTreeSet<_> = numbers.iter().map(|&n| (n % 9, n)).collect();
    let mut expected: Vec<_> = model.into_iter().map(|(_, n)| of(n)).collect();
    for order in [&["--reverse"][..], &[]] {
        for size in ["1", "2", "7", "1000"] {
            let server = Pages::honest(kept.clone()).serve();
            let run = ask(&server, &[&["--all", "--page-size", size], order].concat());
            assert_eq!(
                (run.code, run.stdout),
                (0, lines(&expected)),
                "{size} {order:?}"
            );
            server.finish();
        }
        expected.reverse();
    }
}

#[test]
fn a_server_that_answers_oldest_first_is_read_all_the_same() {
    let mut upside_down = trail(300);
    upside_down.reverse();
    let server = Pages::honest(upside_down).serve();
    let run = ask(&server, &["--all", "--page-size", "10"]);
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&trail(300))),
        "{}",
        run.stderr
    );
    server.finish();
}
