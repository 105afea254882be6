//! Servers that ignore a filter, or match it in part: the answer is right all the same, and a note says so.

use crate::support::{
    events::{event, event_of, lines},
    pages::{Pages, ask},
    scripted::Scripted,
};

/// Events of the plugin that is asked for, and of one whose name begins like it, in turns of three.
fn mixed(count: usize) -> Vec<String> {
    let plugin = |n: usize| ["catalog", "catalog-import"][n / 3 % 2];
    let events = (0..count).rev();
    events
        .map(|n| event_of(&format!("id-{n:04}"), n, plugin(n)))
        .collect()
}

fn only(events: &[String], plugin: &str) -> Vec<String> {
    let plugin = format!(r#""plugin_id":"{plugin}""#);
    events
        .iter()
        .filter(|event| event.contains(&plugin))
        .cloned()
        .collect()
}

#[test]
fn a_filter_that_the_server_ignores_is_applied_here_and_not_sent_again() {
    let wanted = only(&mixed(20), "catalog");
    for (args, times) in [
        (&["--all"][..], 1),
        // A first page that is not usable is asked for again.
        (&["--limit", "50"], 2),
        (&["--all", "--page-size", "4"], 1),
    ] {
        let server = Pages::of(mixed(20)).serve();
        let run = ask(&server, &[&["--plugin", "catalog"], args].concat());
        assert_eq!(
            (run.code, run.stdout),
            (0, lines(&wanted)),
            "{args:?} {}",
            run.stderr
        );
        let said: Vec<_> = run.stderr.lines().collect();
        let note = "the server lets other events through --plugin: it is applied here";
        assert_eq!((said[0], said.len()), (note, 2));
        assert!(
            said[1].starts_with("11 events (the server holds 20 before --plugin)"),
            "{said:?}"
        );
        let asked = server.finish();
        let sent: Vec<_> = asked
            .iter()
            .filter_map(|asked| asked.parameter("plugin_id"))
            .collect();
        assert_eq!(sent, vec!["catalog"; times], "{args:?}");
    }
}

#[test]
fn a_limit_counts_matches_where_the_server_ignores_a_filter() {
    let wanted = only(&mixed(40), "catalog");
    let server = Pages::of(mixed(40)).serve();
    let run = ask(
        &server,
        &["--plugin", "catalog", "--limit", "5", "--offset", "4"],
    );
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&wanted[4..9])),
        "{}",
        run.stderr
    );
    server.finish();
}

#[test]
fn a_filter_that_begins_to_leak_on_a_later_page_loses_and_doubles_nothing() {
    // Whole values of what is new, parts of them of what is old; ties over the borders of pages.
    let ties = |ids: [&str; 3], second| ids.map(|id| event(id, second));
    let (rest, other) = (mixed(30), event_of("o", 37, "catalog-import"));
    let new = [
        &ties(["y", "x", "z"], 40)[..],
        &[other],
        &ties(["s", "r", "t"], 35),
    ]
    .concat();
    let all = Pages::honest([&new[..], &rest].concat());
    let leaky = Pages::honest([&only(&new, "catalog")[..], &rest].concat());
    let expected = [ties(["z", "y", "x"], 40), ties(["t", "s", "r"], 35)].concat();
    let expected = lines(&[expected, only(&rest, "catalog")].concat());
    for size in ["1", "2", "4", "5", "7"] {
        let (all, leaky) = (all.clone(), leaky.clone());
        let server = Scripted::answering(move |asked| {
            if asked.parameter("plugin_id").is_none() {
                return all.page(asked);
            }
            let mut asked = asked.clone();
            // A filter that all pass: what leaks has been decided.
            asked.head[0] = asked.head[0].replace("plugin_id=catalog", "event_id=entity-fetch");
            leaky.page(&asked)
        });
        let run = ask(
            &server,
            &["--plugin", "catalog", "--all", "--page-size", size],
        );
        assert_eq!(
            (run.code, &run.stdout),
            (0, &expected),
            "{size} {}",
            run.stderr
        );
        let note = "the server lets other events through --plugin: it is applied here";
        assert!(run.stderr.contains(note), "{}", run.stderr);
        server.finish();
    }
}

#[test]
fn every_filter_that_leaks_is_named() {
    let events = [event_of("a", 3, "catalog"), event_of("b", 2, "search")];
    let server = Pages::of(events.to_vec()).serve();
    let args = [
        "--plugin",
        "catalog",
        "--actor",
        "user:default/jane",
        "--event",
        "entity-fetch",
    ];
    let run = ask(&server, &args);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    let leaks = |option: &str| {
        let note = format!("the server lets other events through {option}: it is applied here\n");
        run.stderr.contains(&note)
    };
    assert_eq!(
        ["--plugin", "--actor", "--event"].map(leaks),
        [true, true, false]
    );
    server.finish();
}

#[test]
fn oldest_first_survives_a_filter_that_leaks() {
    let server = Pages::of(mixed(20)).serve();
    let run = ask(
        &server,
        &[
            "--plugin",
            "catalog",
            "--reverse",
            "--all",
            "--page-size",
            "4",
        ],
    );
    let mut wanted = only(&mixed(20), "catalog");
    wanted.reverse();
    assert_eq!(
        (run.code, run.stdout),
        (0, lines(&wanted)),
        "{}",
        run.stderr
    );
    server.finish();
}
