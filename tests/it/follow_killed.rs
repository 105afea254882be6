//! `events --follow --checkpoint` killed at any moment while events arrive: a file gets each of them exactly once,
//! stdout at least once.

#![cfg(unix)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use fastrand::Rng;

use crate::support::{
    Home,
    following::{Following, checkpoint, hash, ids, stored_ids},
    logs::line,
    process::Serving,
};

/// Kills of each test; `scripts/kill-follow.sh` asks for more.
fn kills() -> u32 {
    let asked = std::env::var("AUDITLOG_KILLS").ok();
    asked.map_or(20, |asked| asked.parse().expect("a number"))
}

/// Logs and ingests a few events at a time, until it is told to stop.
struct Arriving {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Arriving {
    fn start(home: Arc<Home>) -> Self {
        home.write("busy.log", "");
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mut rng = Rng::with_seed(1);
                let mut count = 0;
                while !stop.load(Ordering::Relaxed) {
                    let mut log = OpenOptions::new()
                        .append(true)
                        .open(home.path("busy.log"))
                        .unwrap();
                    // Mostly a few, at times more than a poll asks for.
                    for _ in 0..[1, 3, 20, 150][rng.usize(0..4)] {
                        count += 1;
                        let meta = format!(r#","meta":{{"n":{count}}}"#);
                        writeln!(log, "{}", line("busy", &meta)).unwrap();
                    }
                    home.done(&["ingest", "--store", "s.db", "busy.log"]);
                }
                count
            }
        });
        Self { stop, thread }
    }

    /// How many there were.
    fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// Returns as soon as a file is longer than it was; after a while also if it is not.
fn wait_for_growth(path: &Path) {
    let length = || std::fs::metadata(path).map_or(0, |file| file.len());
    let (began, mut before) = (Instant::now(), length());
    while began.elapsed() < Duration::from_secs(5) {
        let now = length();
        if now > before {
            return;
        }
        // It is cut back at the start.
        before = now;
    }
}

fn home() -> Arc<Home> {
    let home = Home::new();
    let _ = home.ingest(format!("{}\n", line("first", "")));
    Arc::new(home)
}

#[test]
fn a_file_has_each_event_exactly_once_and_in_order_whenever_the_follower_is_killed() {
    let home = home();
    let serving = Serving::store(&home, "s.db");
    let arriving = Arriving::start(Arc::clone(&home));
    let args = ["--url", &serving.url, "--since", "1d", "-o", "jsonl"];
    let args = [&args[..], &["--output-file", "out", "--checkpoint", "cp"]].concat();
    let mut rng = Rng::with_seed(0xf011);
    let mut moments = BTreeMap::<&str, u32>::new();
    for kill in 0..kills() {
        let mut follower = Following::start(&home, &args);
        match kill % 2 {
            0 => thread::sleep(Duration::from_millis(rng.u64(0..1500))),
            // Between the rows and their checkpoint lie a few milliseconds, which chance alone never hits.
            _ => {
                wait_for_growth(&home.path("out"));
                thread::sleep(Duration::from_micros(rng.u64(0..3000)));
            }
        }
        follower.kill();
        let run = follower.end();
        assert_eq!(run.code, -9, "{kill} {run:?}");
        // What the checkpoint speaks of is there, each event once.
        let saved = checkpoint(&home.path("cp"));
        let Some((Some(length), remembered)) = saved else {
            *moments.entry("before the first checkpoint").or_default() += 1;
            continue;
        };
        let out = home.read("out");
        let written: BTreeSet<_> = ids(&out[..length as usize])
            .iter()
            .map(|id| hash(id))
            .collect();
        assert_eq!(
            written.len(),
            out[..length as usize].lines().count(),
            "{kill}"
        );
        assert!(
            written == remembered,
            "{kill}: {} {}",
            written.len(),
            remembered.len()
        );
        let behind = out.len() as u64 > length;
        *moments
            .entry(if behind { "while writing" } else { "between" })
            .or_default() += 1;
    }
    let count = arriving.stop();
    // The end is the server's, a moment from now.
    let until = (chrono::Utc::now() + chrono::Duration::seconds(1)).to_rfc3339();
    let run = Following::start(&home, &[&args[..], &["--until", &until]].concat()).end();
    assert_eq!(run.code, 0, "{run:?}");
    let stored = stored_ids(&home.path("s.db"));
    assert_eq!(stored.len(), count + 1);
    let written = ids(&home.read("out"));
    assert!(
        written == stored,
        "{} of {} {moments:?}",
        written.len(),
        stored.len()
    );
    assert_eq!(home.mode("cp"), 0o600);
    // Without these the test would say nothing of rows that a checkpoint does not speak of yet.
    let hit = moments.get("while writing").copied().unwrap_or_default();
    assert!(hit >= kills() / 10, "{moments:?}");
    // What the kills hit, for who runs many of them.
    let _ = writeln!(std::io::stderr(), "{moments:?}");
}

#[test]
fn stdout_has_each_event_at_least_once_and_none_again_that_a_checkpoint_knows() {
    let home = home();
    let arriving = Arriving::start(Arc::clone(&home));
    let args = [
        "--store",
        "s.db",
        "--since",
        "1d",
        "-o",
        "jsonl",
        "--checkpoint",
        "cp",
    ];
    let mut rng = Rng::with_seed(0x57d0);
    let mut written = Vec::new();
    let mut again = 0;
    let mut round = |stop: Option<(bool, u64)>, more: &[&str]| {
        let known = checkpoint(&home.path("cp")).map_or_else(BTreeSet::new, |(_, known)| known);
        let follow = ["events", "--follow", "--interval", "1s"];
        let mut command = home.command(&[&follow, &args[..], more].concat());
        // A file: a pipe that nobody reads would hold it up.
        let stdout = File::create(home.path("stdout")).unwrap();
        let mut follower = command
            .stdout(stdout)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if let Some((aimed, micros)) = stop {
            if aimed {
                wait_for_growth(&home.path("stdout"));
            }
            thread::sleep(Duration::from_micros(micros));
            follower.kill().unwrap();
        }
        let status = follower.wait().unwrap();
        assert_eq!(status.success(), stop.is_none(), "{status}");
        let came = ids(&home.read("stdout"));
        assert!(
            came.iter().all(|id| !known.contains(&hash(id))),
            "a known event came again"
        );
        let seen: BTreeSet<_> = written.iter().cloned().collect();
        again += u32::from(came.iter().any(|id| seen.contains(id)));
        written.extend(came);
        let hashes: BTreeSet<_> = written.iter().map(|id| hash(id)).collect();
        let (_, known) = checkpoint(&home.path("cp")).unwrap_or_default();
        assert!(
            known.is_subset(&hashes),
            "the checkpoint knows an event that never came"
        );
    };
    for kill in 0..kills() {
        let aimed = kill % 2 == 1;
        let most = if aimed { 3_000 } else { 1_500_000 };
        round(Some((aimed, rng.u64(0..most))), &[]);
    }
    let count = arriving.stop();
    let until = (chrono::Utc::now() + chrono::Duration::seconds(1)).to_rfc3339();
    round(None, &["--until", &until]);
    let stored: BTreeSet<_> = stored_ids(&home.path("s.db")).into_iter().collect();
    assert_eq!(stored.len(), count + 1);
    assert!(written.iter().cloned().collect::<BTreeSet<_>>() == stored);
    // Without these nothing would be said of rows that came before their checkpoint.
    assert!(again >= kills() / 10, "{again} runs showed events again");
}
