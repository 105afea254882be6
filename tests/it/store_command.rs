//! `auditlog store`: what is in a store, whether it is sound, copies, and what is deleted.

#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::{Home, Run, logs::line};

/// The value of a row of `store info`.
fn info(home: &Home, store: &str, name: &str) -> String {
    let run = home.run_well(&["store", "info", "--store", store]);
    let row = run.stdout.lines().find_map(|row| row.strip_prefix(name));
    row.unwrap_or_else(|| panic!("{run:?}")).trim().to_owned()
}

#[test]
fn a_store_says_what_is_in_it_and_that_it_is_sound() {
    let home = Home::with_recording();
    assert_eq!(info(&home, "s.db", "Events"), "89");
    assert_eq!(info(&home, "s.db", "Version"), "2");
    let run = home.run_well(&["store", "check", "--store", "s.db"]);
    assert_eq!(run.stdout, "sound: 89 events\n");
    let missing = home.run(&["store", "info", "--store", "none.db"]);
    assert_eq!(missing.code, 2, "{missing:?}");
}

#[test]
fn what_is_wrong_with_a_store_is_found() {
    for (damage, said) in [
        (
            "UPDATE counts SET n = n + 1 WHERE grain = 1",
            "counts are wrong",
        ),
        (
            "UPDATE events SET actor_id = 'x' WHERE rowid = 7",
            "is not stored as it says",
        ),
        ("DELETE FROM events WHERE rowid = 7", "counts are wrong"),
        (
            "UPDATE events SET body = replace(body, 'succeeded', 'failed') WHERE rowid = 1",
            "is not stored as it says",
        ),
    ] {
        let home = Home::with_recording();
        let connection = rusqlite::Connection::open(home.path("s.db")).unwrap();
        assert!(connection.execute(damage, []).unwrap() > 0);
        let run = home.run(&["store", "check", "--store", "s.db"]);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:?}");
        assert!(run.stderr.contains(said), "{damage}: {run:?}");
    }
}

#[test]
fn a_copy_is_whole_private_and_never_written_over_a_file() {
    let home = Home::with_recording();
    home.done(&["store", "backup", "--store", "s.db", "copy.db"]);
    let mode = fs::metadata(home.path("copy.db"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let all = |store: &str| {
        let args = [
            "events",
            "--store",
            store,
            "--all",
            "--since",
            "2000-01-01",
            "-o",
            "jsonl",
        ];
        home.run_well(&args).stdout
    };
    assert_eq!(all("copy.db"), all("s.db"));
    let run = home.run_well(&["store", "check", "--store", "copy.db"]);
    assert_eq!(run.stdout, "sound: 89 events\n");
    let copy = fs::read(home.path("copy.db")).unwrap();
    let again = home.run(&["store", "backup", "--store", "s.db", "copy.db"]);
    assert_eq!(again.code, 2, "{again:?}");
    assert_eq!(fs::read(home.path("copy.db")).unwrap(), copy);
    let left: Vec<_> = home
        .names()
        .into_iter()
        .filter(|name| name.starts_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_happened_before_a_time_is_deleted_and_the_rest_stays() {
    let home = Home::new();
    let old = |n: usize| {
        line(
            "e",
            &format!(r#","timestamp":"2020-01-01T00:00:00Z","meta":{{"n":{n}}}"#),
        )
    };
    let new = |n: usize| {
        line(
            "e",
            &format!(r#","timestamp":"2026-01-01T00:00:00Z","meta":{{"n":{n}}}"#),
        )
    };
    let text: String = (0..1500)
        .map(old)
        .chain((0..3).map(new))
        .map(|line| line + "\n")
        .collect();
    home.write("a.log", text);
    home.done(&["ingest", "--store", "s.db", "a.log"]);
    let prune = [
        "store",
        "prune",
        "--store",
        "s.db",
        "--before",
        "2026-01-01",
    ];
    let run = home.run_well(&[&prune[..], &["--dry-run"]].concat());
    assert_eq!(run.stdout, "1,500 events lie before 2026-01-01T00:00:00Z\n");
    assert_eq!(info(&home, "s.db", "Events"), "1,503");
    assert_eq!(
        home.run_well(&prune).stdout,
        "1,500 events before 2026-01-01T00:00:00Z deleted\n"
    );
    assert_eq!(info(&home, "s.db", "Events"), "3");
    assert_eq!(info(&home, "s.db", "Oldest"), "2026-01-01T00:00:00Z");
    assert_eq!(
        home.run_well(&["store", "check", "--store", "s.db"]).stdout,
        "sound: 3 events\n"
    );
}

#[test]
fn a_day_begins_where_the_tables_show_it() {
    let home = Home::new();
    let at = |time: &str| line("e", &format!(r#","timestamp":"{time}""#)) + "\n";
    let times = ["2026-01-30T14:59:59Z", "2026-01-30T15:00:00Z"].map(at);
    home.write("a.log", times.concat());
    home.done(&["ingest", "--store", "s.db", "a.log"]);
    let count = |zone: &str, more: &[&str]| {
        let args = [
            "store",
            "prune",
            "--store",
            "s.db",
            "--before",
            "2026-01-31",
            "--dry-run",
        ];
        let mut command = home.command(&[&args[..], more].concat());
        let run = Run::of(command.env("TZ", zone).output().unwrap());
        assert_eq!(run.code, 0, "{run:?}");
        run.stdout
    };
    let expected = "1 event lies before 2026-01-30T15:00:00Z\n";
    assert_eq!(count("Asia/Tokyo", &[]), expected);
    assert_eq!(count("UTC", &["--tz", "Asia/Tokyo"]), expected);
    home.done(&[
        "profile",
        "add",
        "tokyo",
        "--store",
        "s.db",
        "--tz",
        "Asia/Tokyo",
    ]);
    let args = [
        "store",
        "prune",
        "--profile",
        "tokyo",
        "--before",
        "2026-01-31",
        "--dry-run",
    ];
    assert_eq!(home.run_well(&args).stdout, expected);
    let expected = "2 events lie before 2026-01-31T00:00:00Z\n";
    assert_eq!(count("Asia/Tokyo", &["--utc"]), expected);
}

#[test]
fn a_profile_names_a_store_as_a_flag_does() {
    let home = Home::with_recording();
    home.done(&["profile", "add", "trail", "--store", "s.db"]);
    home.done(&["profile", "add", "portal", "--url", "https://p.example"]);
    let info = |args: &[&str]| home.run(&[&["store", "info"], args].concat());
    for args in [&[][..], &["--profile", "trail"]] {
        let run = info(args);
        assert!(run.stdout.contains("89"), "{run:?}");
    }
    let said = "error: no store is named — give --store PATH or AUDITLOG_STORE, or keep one in a profile\n";
    for args in [&["--profile", "portal"][..], &["--profile", "portal", "-q"]] {
        let run = info(args);
        assert_eq!((run.code, run.stderr.as_str()), (2, said));
    }
    let mut command = home.command(&["store", "info"]);
    let run = Run::of(command.env("AUDITLOG_PROFILE", "portal").output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (2, said));
}

#[test]
fn a_folder_is_no_store() {
    let home = Home::new();
    for command in [&["store", "info"][..], &["events"], &["ingest", "a.log"]] {
        home.write("a.log", "");
        let run = home.run(&[command, &["--store", "."]].concat());
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.stderr.contains("directory"), "{run:?}");
    }
}

#[test]
fn an_answer_is_never_written_over_its_store() {
    let home = Home::with_recording();
    let before = fs::read(home.path("s.db")).unwrap();
    std::os::unix::fs::symlink("s.db", home.path("link")).unwrap();
    for option in ["--output-file", "--receipt", "--checkpoint"] {
        for file in ["s.db", "./s.db", "link"] {
            let mut args = vec!["events", "--store", "s.db", "-o", "jsonl", option, file];
            if option == "--checkpoint" {
                args.push("-f");
            }
            let run = home.run(&args);
            let said = format!(
                "error: {file} is the store that is asked — name another file: this one was not touched\n"
            );
            assert_eq!((run.code, run.stderr), (2, said), "{option}");
        }
    }
    assert_eq!(fs::read(home.path("s.db")).unwrap(), before);
}
