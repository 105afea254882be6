//! `events --follow` into a file and with a checkpoint: what is refused, what is gone on from, and full disks.

#![cfg(unix)]

use std::fs;

use crate::support::{
    Home,
    following::{Following, ids, stored_ids},
    logs::line,
};

fn log(count: usize) -> String {
    let lines = (0..count).map(|n| line("e", &format!(r#","meta":{{"n":{n}}}"#)));
    lines.map(|line| line + "\n").collect()
}

/// A home with a store of so many events.
fn home(count: usize) -> Home {
    let home = Home::new();
    let _ = home.ingest(log(count));
    home
}

const INTO_FILE: [&str; 12] = [
    "events",
    "-f",
    "--store",
    "s.db",
    "--since",
    "1d",
    "--interval",
    "1s",
    "--output-file",
    "out",
    "--checkpoint",
    "cp",
];

fn follow(home: &Home, args: &[&str]) -> crate::support::Run {
    home.run(&[&INTO_FILE[..], args].concat())
}

#[test]
fn columns_are_named_once_however_often_it_goes_on() {
    let home = home(7);
    for count in ["3", "2", "2"] {
        let run = follow(&home, &["-o", "csv", "-c", "id", "--max-events", count]);
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:?}");
    }
    let quoted = stored_ids(&home.path("s.db"))
        .into_iter()
        .map(|id| format!("\"{id}\"\r\n"));
    let expected = format!("\"id\"\r\n{}", quoted.collect::<String>());
    assert_eq!(home.read("out"), expected);
    assert_eq!((home.mode("out"), home.mode("cp")), (0o600, 0o600));
}

#[test]
fn what_was_written_behind_a_checkpoint_is_cut_off_and_written_again() {
    let home = home(5);
    home.write("out", "what was there\n");
    assert_eq!(follow(&home, &["-o", "jsonl", "--max-events", "3"]).code, 0);
    let whole = home.read("out");
    home.write("out", format!("{whole}{{\"id\":\"half a li"));
    assert_eq!(follow(&home, &["-o", "jsonl", "--max-events", "2"]).code, 0);
    let out = home.read("out");
    let rest = out.strip_prefix("what was there\n").unwrap();
    assert_eq!(ids(rest), stored_ids(&home.path("s.db")));
}

#[test]
fn a_file_that_lacks_what_was_written_is_an_error_that_says_so() {
    let home = home(5);
    assert_eq!(follow(&home, &["-o", "jsonl", "--max-events", "3"]).code, 0);
    let saved = home.read("cp");
    home.write("out", "short\n");
    for _ in 0..2 {
        let run = follow(&home, &["-o", "jsonl", "--max-events", "2"]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(
            run.only_error()
                .starts_with("error: cannot append to out: it has 6 bytes and had "),
            "{run:?}"
        );
        assert!(
            run.stderr
                .contains("what was written is missing: put it back"),
            "{run:?}"
        );
        fs::remove_file(home.path("out")).unwrap_or_default();
        home.write("out", "short\n");
    }
    assert_eq!(home.read("cp"), saved);
}

#[test]
fn without_a_checkpoint_a_file_is_appended_to_from_a_new_line_on() {
    let home = home(2);
    home.write("out", "half a line");
    let args = [
        "events",
        "-f",
        "--store",
        "s.db",
        "--since",
        "1d",
        "-o",
        "jsonl",
        "--output-file",
        "out",
        "--max-events",
        "2",
    ];
    assert_eq!(home.run(&args).code, 0);
    assert_eq!(home.run(&args).code, 0);
    let out = home.read("out");
    let rest = out.strip_prefix("half a line\n").unwrap();
    let stored = stored_ids(&home.path("s.db"));
    assert_eq!(ids(rest), [&stored[..], &stored].concat());
}

#[test]
fn a_checkpoint_of_another_question_is_refused_and_left_alone() {
    let home = home(2);
    let of = [
        "events",
        "-f",
        "--store",
        "s.db",
        "--since",
        "1d",
        "-o",
        "jsonl",
        "--checkpoint",
        "cp",
        "--max-events",
        "1",
    ];
    assert_eq!(home.run(&of).code, 0);
    let saved = home.read("cp");
    let swapped = |from: &str, to: &[&'static str]| {
        let of = of.iter().flat_map(|arg| {
            if *arg == from {
                to.to_vec()
            } else {
                vec![*arg]
            }
        });
        of.collect::<Vec<_>>()
    };
    for (args, what) in [
        (swapped("s.db", &["other.db"]), "source: "),
        (swapped("1d", &["2d"]), "--since: '1d', not '2d'"),
        (
            swapped("jsonl", &["jsonl", "--plugin", "p"]),
            "set of filters: none, not 'plugin_id=p'",
        ),
        (
            swapped("cp", &["cp", "--output-file", "out"]),
            "--output-file: stdout, not '",
        ),
    ] {
        let run = home.run(&args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
        let begin = format!("error: cannot go on from cp: it belongs to another {what}");
        assert!(run.only_error().starts_with(&begin), "{run:?}");
        assert_eq!(home.read("cp"), saved);
    }
    for (text, said) in [
        (
            "{\"version\":2}",
            "it has version 2; this program knows version 1",
        ),
        ("[]", "it is not a checkpoint"),
        ("not even JSON", "it is not a checkpoint"),
    ] {
        home.write("cp", text);
        let run = home.run(&of);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.only_error().contains(said), "{run:?}");
        assert_eq!(home.read("cp"), text);
    }
}

#[test]
fn a_second_follower_of_one_checkpoint_or_one_file_is_refused() {
    let home = home(1);
    let mut first = Following::spawn(home.command(&[&INTO_FILE[..], &["-o", "jsonl"]].concat()));
    while !fs::read_to_string(home.path("cp")).is_ok_and(|text| text.contains("remembered")) {
        std::thread::yield_now();
    }
    let run = follow(&home, &["-o", "jsonl"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.only_error()
            .contains("cannot use the checkpoint cp: another program is using it"),
        "{run:?}"
    );
    let other = [&INTO_FILE[..11], &["other", "-o", "jsonl"]].concat();
    let run = home.run(&other);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.only_error()
            .contains("cannot append to out: another program is writing to it"),
        "{run:?}"
    );
    first.kill();
    assert_eq!(first.end().code, -9);
    assert_eq!(follow(&home, &["-o", "jsonl", "--until", "1d"]).code, 0);
}

#[test]
fn a_file_that_may_not_grow_is_an_error_and_is_completed_later() {
    let home = home(300);
    let command = INTO_FILE[1..].join(" ");
    let run = home.in_shell(&format!(
        "ulimit -f 96; trap '' XFSZ; exec \"$0\" events {command} -o jsonl"
    ));
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.stderr.contains("error: cannot write the answer: "),
        "{run:?}"
    );
    let run = follow(&home, &["-o", "jsonl", "--max-events", "300"]);
    assert!(run.code == 0, "{run:?}");
    assert_eq!(ids(&home.read("out")), stored_ids(&home.path("s.db")));
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs root, or user namespaces, for a small tmpfs"]
fn a_full_disk_loses_nothing_wherever_it_fills_up() {
    // Full by the rows, and full by the checkpoint, which is written before the first row.
    for room in [4, 8, 16, 24, 40, 64, 88, 100, 108] {
        let home = home(300);
        fs::create_dir(home.path("disk")).unwrap();
        let follow = "events -f -q --store s.db --since 1d -o jsonl --output-file disk/out --checkpoint disk/cp --max-events 300";
        let script = format!(
            "mount -t tmpfs -o size={room}k tmpfs disk || exit 99
            \"$0\" {follow} && exit 98
            echo \"code $?\" >&2
            mount -o remount,size=64m disk || exit 97
            \"$0\" {follow} || exit 96
            cp disk/out out"
        );
        let mut command = std::process::Command::new("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-c", &script])
            .arg(env!("CARGO_BIN_EXE_auditlog"))
            .current_dir(home.path(""))
            .env_clear()
            .env("HOME", home.path(""))
            .env("TZ", "UTC")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let run = crate::support::Run::of(command.output().unwrap());
        assert_eq!(run.code, 0, "{room} {run:?}");
        assert!(run.stderr.contains("free some space"), "{room} {run:?}");
        assert!(run.stderr.ends_with("code 1\n"), "{room} {run:?}");
        assert_eq!(
            ids(&home.read("out")),
            stored_ids(&home.path("s.db")),
            "{room}"
        );
    }
}
