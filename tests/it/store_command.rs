//! `auditlog store`: what is in a store, whether it is sound, copies, and what is deleted.

#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::{Home, logs::line};

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
    assert_eq!(home.run_well(&prune).stdout, "1,500 events deleted\n");
    assert_eq!(info(&home, "s.db", "Events"), "3");
    assert_eq!(info(&home, "s.db", "Oldest"), "2026-01-01T00:00:00Z");
    assert_eq!(
        home.run_well(&["store", "check", "--store", "s.db"]).stdout,
        "sound: 3 events\n"
    );
}
