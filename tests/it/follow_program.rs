//! `events --follow` as it is run: on a store and on servers that restart, change their tokens or refuse.

#![cfg(unix)]

use std::{fs, process::Command};

use crate::support::{
    CREDENTIALS, Home, Run, TOKEN,
    events::event,
    following::{Following, ids, stored_ids},
    logs::line,
    pages::Pages,
    process::Serving,
    scripted::{Reply, Scripted},
};

/// Lines of a log that become `count` events, numbered from `first`.
fn log(first: usize, count: usize) -> String {
    let lines = (first..first + count).map(|n| line("e", &format!(r#","meta":{{"n":{n}}}"#)));
    lines.map(|line| line + "\n").collect()
}

/// A command that follows a server with a token in a file.
fn with_token_file(home: &Home, url: &str, args: &[&str]) -> Command {
    let follow = ["events", "--follow", "--interval", "1s", "--url", url];
    let rest = [
        "--token-file",
        "token",
        "--since",
        "2026-11-01",
        "-o",
        "jsonl",
    ];
    home.command(&[&follow[..], &rest, args].concat())
}

#[test]
fn what_is_recorded_comes_from_a_store_and_from_a_server_in_its_order() {
    let home = Home::new();
    let _ = home.ingest(log(0, 3));
    let serving = Serving::store(&home, "s.db");
    let since = ["--since", "1h", "-o", "jsonl"];
    let mut store = Following::start(&home, &[&["--store", "s.db"], &since[..]].concat());
    let mut server = Following::start(&home, &[&["--url", &serving.url], &since[..]].concat());
    let mut newest = Following::start(&home, &["--store", "s.db", "--tail", "2", "-o", "jsonl"]);
    let first = (store.lines(3), server.lines(3), newest.lines(2));
    assert_eq!(first.0, first.1);
    assert_eq!(first.0[1..], first.2);
    home.write("more", log(3, 250));
    home.done(&["ingest", "--store", "s.db", "more"]);
    for mut follower in [store, server, newest] {
        let lines = follower.lines(250);
        let ids = ids(&(lines.join("\n") + "\n"));
        assert_eq!(ids, stored_ids(&home.path("s.db"))[3..]);
        follower.signal("TERM");
        let run = follower.end();
        assert_eq!((run.code, run.stdout.as_str()), (130, ""), "{run:?}");
    }
}

#[test]
fn a_server_that_restarts_is_waited_for_and_told_of_once() {
    let mut all = Pages::honest(vec![event("b", 2), event("a", 1)]);
    let mut count = 0;
    let server = Scripted::answering(move |asked| {
        count += 1;
        match count {
            4 => Reply::nothing(),
            5 => Reply::problem("503 Service Unavailable", "starting"),
            6 => Reply::of("404 Not Found", "Content-Type: text/plain", "no such route"),
            _ => {
                if count == 7 {
                    all.events.insert(0, event("c", 3));
                }
                all.page(asked)
            }
        }
    });
    let home = Home::new();
    home.write("token", TOKEN);
    let run = with_token_file(
        &home,
        &server.url(),
        // The events are of another day than the clock.
        &["--max-events", "3", "--overlap", "60d"],
    )
    .output()
    .unwrap();
    let run = Run::of(run);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(ids(&run.stdout), ["a", "b", "c"]);
    let said = |text: &str| {
        run.stderr
            .lines()
            .filter(|line| line.contains(text))
            .count()
    };
    assert_eq!(said("the server is away since "), 1, "{run:?}");
    assert_eq!(said("the server is back, after "), 1, "{run:?}");
    server.finish();
}

#[test]
fn a_token_that_was_changed_is_read_again() {
    let home = Home::new();
    home.write("token", TOKEN);
    let path = home.path("token");
    let pages = Pages::honest(vec![event("b", 2), event("a", 1)]);
    let mut refused = 0;
    let mut answered = 0;
    let server = Scripted::answering(move |asked| {
        let is_new = asked.header("authorization") == Some("Bearer another-token");
        if answered < 8 || is_new {
            answered += 1;
            return pages.page(asked);
        }
        refused += 1;
        // The first time the file still has the old one, then for a moment none, then the new one.
        match refused {
            2 => fs::write(&path, "").unwrap(),
            3 => fs::write(&path, "another-token\n").unwrap(),
            _ => {}
        }
        Reply::problem("401 Unauthorized", "Illegal token")
    });
    let mut follower = Following::spawn(with_token_file(&home, &server.url(), &[]));
    assert_eq!(ids(&(follower.lines(2).join("\n") + "\n")), ["a", "b"]);
    let renewed = |asked: &crate::support::scripted::Asked| {
        asked.header("authorization") == Some("Bearer another-token")
    };
    let mut count = 9;
    while !server.asked().iter().any(renewed) {
        count += 1;
        server.wait_for(count);
    }
    follower.signal("INT");
    let run = follower.end();
    assert_eq!(run.code, 130, "{run:?}");
    let said = run
        .stderr
        .lines()
        .filter(|line| line.contains("does not take the token any more"));
    assert_eq!(said.count(), 1, "{run:?}");
    assert!(!run.stderr.contains(TOKEN) && !run.stderr.contains("another-token"));
    server.finish();
}

#[test]
fn a_stored_token_and_a_command_s_are_read_again_and_a_variable_is_not() {
    let pages = || Pages::honest(vec![event("a", 1)]);
    let serve = |home: &Home| {
        let (pages, path) = (pages(), home.path(CREDENTIALS));
        let secret = home.path("secret");
        let mut answered = 0;
        Scripted::answering(move |asked| {
            let is_new = asked.header("authorization") == Some("Bearer another-token");
            answered += 1;
            if answered <= 7 || is_new {
                return pages.page(asked);
            }
            let stored = fs::read_to_string(&path).unwrap_or_default();
            if !stored.is_empty() {
                fs::write(&path, stored.replace(TOKEN, "another-token")).unwrap();
            }
            fs::write(&secret, "another-token").unwrap();
            Reply::problem("401 Unauthorized", "Illegal token")
        })
    };
    for kind in ["stored", "command", "variable"] {
        let home = Home::new();
        home.write("secret", TOKEN);
        let server = serve(&home);
        let add = ["profile", "add", "p", "--url", &server.url()];
        let mut follow = vec![
            "events",
            "-f",
            "--interval",
            "1s",
            "--since",
            "2026-11-01",
            "-o",
            "jsonl",
        ];
        let url = server.url();
        match kind {
            "stored" => {
                home.done(&add);
                let set = Run::fed(home.command(&["token", "set", "--profile", "p"]), TOKEN);
                assert_eq!(set.code, 0, "{set:?}");
            }
            "command" => home.done(&[&add[..], &["--token-command", "cat", "secret"]].concat()),
            _ => follow.extend(["--url", &url]),
        }
        let mut command = home.command(&follow);
        command.env("AUDITLOG_TOKEN", TOKEN);
        let mut follower = Following::spawn(command);
        assert_eq!(ids(&(follower.line() + "\n")), ["a"]);
        if kind == "variable" {
            let run = follower.end();
            assert_eq!(run.code, 4, "{run:?}");
            assert!(run.stderr.contains("error: 401: "), "{run:?}");
        } else {
            server.wait_for(9);
            follower.signal("INT");
            assert_eq!(follower.end().code, 130);
            let last = server.asked().pop().unwrap();
            assert_eq!(
                last.header("authorization"),
                Some("Bearer another-token"),
                "{kind}"
            );
        }
        server.finish();
    }
}

#[test]
fn what_will_not_pass_ends_it_as_it_ends_events() {
    for (status, code) in [
        ("403 Forbidden", 4),
        ("401 Unauthorized", 4),
        ("400 Bad Request", 2),
        ("404 Not Found", 2),
    ] {
        let server = Scripted::answering(move |_| Reply::problem(status, "Invalid plugin_id"));
        let home = Home::new();
        home.write("token", TOKEN);
        let run = Run::of(with_token_file(&home, &server.url(), &[]).output().unwrap());
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{run:?}");
        assert!(
            run.stderr.contains(&format!("error: {}", &status[..3])),
            "{run:?}"
        );
        server.finish();
    }
}

#[test]
fn a_closed_pipe_is_a_quiet_success_even_where_nothing_comes() {
    let home = Home::new();
    let run = home.in_shell("{ \"$0\" events --demo -f -q; echo $? >code; } | true");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
    let run = home
        .in_shell("{ \"$0\" events --demo -f -q --tail 9 -o jsonl; echo $? >code; } | head -n 1");
    assert_eq!((run.code, run.stdout.lines().count()), (0, 1), "{run:?}");
    assert_eq!(
        (home.read("code").as_str(), run.stderr.as_str()),
        ("0\n", "")
    );
}

#[test]
fn a_trail_that_stalls_ends_it_and_the_last_event_is_told() {
    let run = Home::new().run(&[
        "events",
        "--demo",
        "-f",
        "--interval",
        "1s",
        "--stall-after",
        "1s",
    ]);
    assert_eq!(run.code, 3, "{run:?}");
    let error = run.stderr.lines().last().unwrap();
    assert!(
        error.starts_with("error: no event was recorded for 1s: the last is of 2"),
        "{run:?}"
    );
    assert!(error.contains(" ago — "), "{run:?}");
}

#[test]
fn tables_name_their_columns_before_the_first_event() {
    let home = Home::new();
    let _ = home.ingest("");
    let mut follower = Following::start(&home, &["--store", "s.db"]);
    let header = follower.line();
    home.write("more", log(0, 1));
    home.done(&["ingest", "--store", "s.db", "more"]);
    let row = follower.line();
    assert!(
        header.starts_with("TIME                 SEVERITY  STATUS     PLUGIN "),
        "{header}"
    );
    assert_eq!(row.find(" p  "), header.find(" PLUGIN"), "{header}\n{row}");
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    const REFUSED: &str = "
-o json | json does not go with --follow: an array that goes on is not valid — use -o jsonl
--limit 3 | cannot be used with
--all | cannot be used with
--offset 3 | cannot be used with
--reverse | cannot be used with
--last 1h | cannot be used with
--on today | cannot be used with
--explain | cannot be used with
--since 1h --tail 3 | cannot be used with
--tail 0 | 0 is not in 1..=100000
--interval 0s | a length of time like 5s or 10m
--overlap x | a length of time like 5s or 10m
--stall-after 1 | a length of time like 5s or 10m
--until 2020-01-01 | the window ends before it begins";
    let home = Home::new();
    for row in REFUSED.trim().lines() {
        let (args, said) = row.split_once(" | ").unwrap();
        let args: Vec<_> = args.split(' ').collect();
        let run = home.run(&[&["events", "--demo", "-f"], &args[..]].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{row}: {run:?}");
        assert!(run.stderr.contains(said), "{row}: {run:?}");
    }
    for alone in [
        "--tail 3",
        "--interval 1s",
        "--overlap 1m",
        "--checkpoint c",
        "--max-events 3",
        "--stall-after 1h",
    ] {
        let args: Vec<_> = alone.split(' ').collect();
        let run = home.run(&[&["events", "--demo"], &args[..]].concat());
        assert_eq!(run.code, 2, "{alone}: {run:?}");
        assert!(run.stderr.contains("--follow"), "{alone}: {run:?}");
    }
    assert_eq!(home.names(), [""; 0]);
}
