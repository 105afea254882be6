//! `auditlog ingest` when it is cut off: killed at any moment, and on a disk without room.

#![cfg(unix)]

use std::{
    collections::BTreeSet,
    fs,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::support::{
    Home, Run,
    logs::{busy_day, log, progress, stored},
};

const KILLS: u32 = 50;

/// Numbers that are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Runs a script of the shell, which has the program as `$0`, behind another command.
fn run_script(home: &Home, behind: &[&str], script: &str) -> Run {
    let mut command = Command::new(behind[0]);
    command
        .args(&behind[1..])
        .args(["sh", "-c", script, env!("CARGO_BIN_EXE_auditlog")])
        .current_dir(home.path(""))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    Run::of(command.output().unwrap())
}

fn rejected(home: &Home, name: &str) -> BTreeSet<String> {
    let text = home.read(name);
    text.lines().map(str::to_owned).collect()
}

/// Outcomes among the lines of the first `read_to` bytes, less those that are excluded by default, found without reading
/// JSON.
fn outcomes(text: &str, read_to: u64) -> u64 {
    let is_outcome = |line: &&str| {
        line.contains("\"isAuditEvent\":true")
            && (line.ends_with("\"succeeded\"}") || line.ends_with("\"failed\"}"))
            && !(line.contains("\"actorId\":\"plugin:")
                && (line.contains("\"eventId\":\"entity-fetch\"")
                    || line.contains("\"eventId\":\"entity-facets\"")))
    };
    text[..read_to as usize].lines().filter(is_outcome).count() as u64
}

fn args<'a>(store: &'a str, rejects: &'a str) -> [&'a str; 6] {
    ["ingest", "--store", store, "--rejects", rejects, "a.log"]
}

/// Waits until a store has gone on so many times, or the program has ended.
fn wait_for_steps(child: &mut Child, store: &Path, steps: u64) {
    let mut last = progress(store);
    for _ in 0..steps {
        while progress(store) == last && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(2));
        }
        last = progress(store);
    }
}

#[test]
fn fifty_kills_lose_nothing_and_double_nothing() {
    let home = Home::new();
    let text = log(&busy_day(30_000));
    home.write("a.log", &text);
    let run = home.run(&args("whole.db", "whole.rejects"));
    assert_eq!(run.code, 0, "{run:?}");
    let whole = stored(&home.path("whole.db"));
    assert_eq!(whole.len() as u64, outcomes(&text, text.len() as u64));

    let mut random = Random(0x5eed_cafe);
    let (mut kills, mut midway) = (0, 0);
    for round in 0.. {
        let (store, rejects) = (format!("{round}.db"), format!("{round}.rejects"));
        let mut finished = false;
        while !finished && kills < KILLS {
            let mut command = home.command(&args(&store, &rejects));
            let mut child = command.stderr(Stdio::null()).spawn().unwrap();
            // Not by the clock alone, which a busy machine is behind.
            wait_for_steps(&mut child, &home.path(&store), random.below(3));
            thread::sleep(Duration::from_millis(random.below(30)));
            child.kill().unwrap();
            finished = child.wait().unwrap().signal().is_none();
            // At every moment the store holds exactly the events of what it says was read.
            let (read_to, events) = progress(&home.path(&store));
            assert_eq!(events, outcomes(&text, read_to), "after {kills} kills");
            kills += u32::from(!finished);
            midway += u32::from(!finished && read_to > 0 && read_to < text.len() as u64);
        }
        let run = home.run(&args(&store, &rejects));
        assert_eq!(run.code, 0, "{run:?}");
        assert!(stored(&home.path(&store)) == whole, "round {round}");
        assert_eq!(rejected(&home, &rejects), rejected(&home, "whole.rejects"));
        if kills == KILLS {
            break;
        }
    }
    assert!(midway >= KILLS / 2, "{midway} of {kills} kills hit midway");
}

#[test]
fn a_store_that_may_not_grow_is_completed_later() {
    let home = Home::new();
    home.write("a.log", log(&busy_day(6_000)));
    assert_eq!(
        home.run(&["ingest", "--store", "whole.db", "a.log"]).code,
        0
    );
    // A file that would grow beyond 1 MiB: the signal is ignored, so that the write fails.
    let limited = "trap '' XFSZ; ulimit -f 2048; exec \"$0\" ingest --store s.db a.log";
    let run = run_script(&home, &["env"], limited);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.stderr.contains("\nerror: the database failed: "),
        "{run:?}"
    );
    assert!(
        run.stderr
            .contains("run the same command again: nothing is lost or doubled")
    );
    assert_eq!(home.run(&["ingest", "--store", "s.db", "a.log"]).code, 0);
    assert_eq!(stored(&home.path("s.db")), stored(&home.path("whole.db")));
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "needs root, or user namespaces, for a small tmpfs"]
fn a_full_disk_is_named_and_what_was_missing_is_stored_when_there_is_room() {
    let home = Home::new();
    home.write("a.log", log(&busy_day(6_000)));
    assert_eq!(
        home.run(&["ingest", "--store", "whole.db", "a.log"]).code,
        0
    );
    fs::create_dir(home.path("disk")).unwrap();
    let script = "mount -t tmpfs -o size=2m tmpfs disk || exit 99
        \"$0\" ingest --store disk/s.db a.log && exit 98
        echo \"code $?\" >&2
        mount -o remount,size=64m disk || exit 97
        \"$0\" ingest --store disk/s.db a.log || exit 96
        cp disk/s.db .";
    // The mount is gone with its namespace, whatever happens.
    let run = run_script(&home, &["unshare", "--map-root-user", "--mount"], script);
    assert_eq!(run.code, 0, "{run:?}");
    let error = "error: the disk of the store is full — free some space and run the same command again: nothing is lost or doubled\ncode 1\n";
    assert!(run.stderr.contains(error), "{run:?}");
    assert_eq!(stored(&home.path("s.db")), stored(&home.path("whole.db")));
}
