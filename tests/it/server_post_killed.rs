//! What a server has said is stored stays stored: when it is killed while many send, and on a disk without room.

#![cfg(target_os = "linux")]

use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use auditlog::api::AUDIT_EVENT_PATH;
use tokio::sync::Semaphore;

use crate::support::{
    Home, Run, TOKEN,
    posting::{counts, lines, request, sent, sent_with, told},
    process::{Serving, allow_senders, signal},
    served::{ALL, client},
};

/// How often the server is killed; `scripts/kill-serve.sh` asks for more.
pub fn kills() -> usize {
    let asked = std::env::var("AUDITLOG_KILLS").ok();
    asked.map_or(20, |asked| asked.parse().expect("a number"))
}

const SENDERS: usize = 6;

/// The ids in a store, as often as each is there.
fn stored(home: &Home) -> Vec<String> {
    let connection = rusqlite::Connection::open(home.path("s.db")).unwrap();
    let mut statement = connection.prepare("SELECT id FROM events").unwrap();
    let ids = statement.query_map([], |row| row.get(0)).unwrap();
    ids.map(Result::unwrap).collect()
}

/// What was sent, and what of it was acknowledged.
struct Trail {
    next: AtomicUsize,
    known: Mutex<HashSet<String>>,
    acknowledged: Semaphore,
}

/// Sends until the server is gone: each body is two events, and those of an answer of 200 are acknowledged.
async fn send(client: reqwest::Client, url: String, trail: Arc<Trail>) {
    loop {
        let number = trail.next.fetch_add(1, Ordering::Relaxed);
        let ids = [format!("{number}-a"), format!("{number}-b")];
        let body = lines(ids.iter().map(|id| sent(id)));
        match request(&client, &url, body).send().await {
            Ok(answer) if answer.status() == 200 => {
                trail.known.lock().unwrap().extend(ids);
                trail.acknowledged.add_permits(1);
            }
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_that_was_acknowledged() {
    let kills = kills();
    let home = Home::new();
    let client = client();
    let trail = Arc::new(Trail {
        next: AtomicUsize::new(0),
        known: Mutex::default(),
        acknowledged: Semaphore::new(0),
    });
    // The numbers are the same in every run.
    let mut random = fastrand::Rng::with_seed(0x5eed_cafe);
    for kill in 1..=kills {
        let serving = Serving::for_senders(&home, "s.db");
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| send(client.clone(), serving.url.clone(), Arc::clone(&trail)))
            .map(tokio::spawn)
            .collect();
        let answers = trail.acknowledged.acquire_many(random.u32(1..40)).await;
        answers.unwrap().forget();
        serving.signal("KILL");
        for sender in senders {
            sender.await.unwrap();
        }
        drop(serving);
        trail.acknowledged.forget_permits(usize::MAX);
        // As the next server finds it.
        let ids = stored(&home);
        let distinct: HashSet<_> = ids.iter().cloned().collect();
        assert_eq!(distinct.len(), ids.len(), "after {kill} kills");
        let known = trail.known.lock().unwrap();
        assert!(known.is_subset(&distinct), "after {kill} kills");
        // A request is stored whole or not at all.
        for id in &distinct {
            let twin = match id.strip_suffix('a') {
                Some(number) => format!("{number}b"),
                None => format!("{}a", id.trim_end_matches('b')),
            };
            assert!(distinct.contains(&twin), "{id}");
        }
    }
    let known = trail.known.lock().unwrap().len();
    let text = format!("{kills} kills, {known} events acknowledged, none lost");
    let _ = writeln!(std::io::stdout(), "{text}");
    assert!(known >= 2 * kills);
}

/// A server on a disk of its own that is nearly full; a line on standard input makes room.
const FULL: &str = "mount -t tmpfs -o size=4m tmpfs disk || exit 99
    head -c 2500000 /dev/zero > disk/filler
    exec 3<&0
    { read -r line; rm disk/filler; } <&3 &
    exec \"$0\" serve --store disk/s.db --config app-config.yaml --listen 127.0.0.1:0";

#[tokio::test]
#[ignore = "needs root, or user namespaces, for a small tmpfs"]
async fn a_full_disk_is_a_503_and_what_was_acknowledged_is_there() {
    let home = Home::new();
    fs::create_dir(home.path("disk")).unwrap();
    allow_senders(&home);
    let mut server = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", FULL])
        .arg(env!("CARGO_BIN_EXE_auditlog"))
        .current_dir(home.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    let mut stdout = BufReader::new(server.stdout.take().unwrap());
    stdout.read_line(&mut url).unwrap();
    let url = url.trim_end();
    let client = client();
    let texts = vec![format!("\"{}\"", "x".repeat(10_000)); 10].join(",");
    let large = |id: usize| {
        let event = sent_with(&id.to_string(), &format!(r#","meta":{{"x":[{texts}]}}"#));
        request(&client, url, event)
    };
    let mut acknowledged = 0;
    let full = loop {
        match told(large(acknowledged)).await {
            (200, _) => acknowledged += 1,
            refused => break refused,
        }
        assert!(acknowledged < 100, "the disk does not fill up");
    };
    assert!(acknowledged > 2, "{full:?}");
    let expected =
        "503 ServiceUnavailableError: Nothing of this request was stored; try again later";
    assert_eq!(counts(&full), expected);
    assert_eq!(total(&client, url).await, acknowledged as u64);
    let ready = client.get(format!("{url}/readyz")).send().await.unwrap();
    assert_eq!(ready.status().as_u16(), 503);
    let said = ready.text().await.unwrap();
    assert_eq!(said, "not ready: the store cannot be written\n");
    server.stdin.take().unwrap().write_all(b"\n").unwrap();
    // The sender tries again, as it was told.
    let mut again = told(large(acknowledged)).await;
    while again.0 == 503 {
        again = told(large(acknowledged)).await;
    }
    assert_eq!(counts(&again), "stored 1");
    assert_eq!(total(&client, url).await, acknowledged as u64 + 1);
    signal(&server, "TERM");
    let run = Run::of(server.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    let warning = "POST /v1/audit-event: the disk of the store is full";
    assert!(run.stderr.contains(warning), "{run:?}");
}

async fn total(client: &reqwest::Client, url: &str) -> u64 {
    let asked = client
        .get(format!("{url}{AUDIT_EVENT_PATH}?{ALL}&limit=1"))
        .bearer_auth(TOKEN);
    told(asked).await.1["total"].as_u64().unwrap()
}
