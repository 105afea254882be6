//! Four servers and two programs that follow logs, over one database, with many who send and ask: nobody sees an error,
//! everything is there, and all give the same answers.

#![cfg(target_os = "linux")]

use std::{
    collections::HashSet,
    fs::File,
    io::Write,
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use auditlog::api::AUDIT_EVENT_PATH;
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    postgres::wrong_counts,
    support::{
        Home, TOKEN,
        postgres::{Postgres, connected},
        posting::{allow, lines, logged, request, sent},
        process::Serving,
        served::{ALL, client},
    },
};

const SERVERS: usize = 4;
const LOGS: [&str; 2] = ["one.log", "two.log"];
/// Questions that are asked of every server, over all of the time that events have here.
const QUESTIONS: [&str; 5] = [
    "limit=50",
    "limit=7&offset=30",
    "plugin_id=catalog&limit=20",
    "plugin_id=catalog&status=failed",
    "severity_level=low,medium&event_id=entity-fetch&limit=5",
];

/// How long the load lasts; `scripts/load-postgres.sh` asks for more.
fn duration() -> Duration {
    let asked = std::env::var("AUDITLOG_LOAD_SECONDS").ok();
    Duration::from_secs(asked.map_or(10, |asked| asked.parse().expect("a number")))
}

fn follow(home: &Home, url: &str, log: &str) -> Child {
    let mut command = home.command(&["ingest", "--follow", log]);
    let errors = File::create(home.path(&format!("{log}.errors"))).unwrap();
    let command = command.env("AUDITLOG_STORE", url).stdout(Stdio::null());
    command.stderr(errors).spawn().unwrap()
}

async fn ask(client: &reqwest::Client, url: &str, question: &str) -> Value {
    let asked = client
        .get(format!("{url}{AUDIT_EVENT_PATH}?{ALL}&{question}"))
        .bearer_auth(TOKEN);
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{question}");
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

async fn send(url: String, end: Instant, posted: Arc<AtomicUsize>) {
    let client = client();
    while Instant::now() < end {
        let first = posted.fetch_add(5, Relaxed);
        let body = lines((first..first + 5).map(|number| sent(&format!("posted-{number}"))));
        let answer = request(&client, &url, body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        sleep(Duration::from_millis(10)).await;
    }
}

async fn keep_asking(url: String, end: Instant, asked: Arc<AtomicUsize>) {
    let client = client();
    let mut totals = [0; QUESTIONS.len()];
    while Instant::now() < end {
        for (question, before) in QUESTIONS.iter().zip(&mut totals) {
            // Nothing is deleted: no server ever sees less than it has seen.
            let total = ask(&client, &url, question).await["total"]
                .as_u64()
                .unwrap();
            assert!(total >= *before, "{question}: {total} after {before}");
            *before = total;
            asked.fetch_add(1, Relaxed);
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until so many events are there, and compares what the servers answer.
async fn all_answer_alike(home: &Home, servers: &[Serving], everything: u64) {
    let client = client();
    let patience = Instant::now() + Duration::from_secs(120);
    while ask(&client, &servers[0].url, "limit=1").await["total"] != everything {
        let said = LOGS.map(|log| home.read(&format!("{log}.errors")));
        assert!(
            Instant::now() < patience,
            "not everything arrives: {said:?}"
        );
        sleep(Duration::from_millis(200)).await;
    }
    for question in QUESTIONS {
        let first = ask(&client, &servers[0].url, question).await;
        for server in &servers[1..] {
            assert_eq!(
                ask(&client, &server.url, question).await,
                first,
                "{question}"
            );
        }
    }
}

/// Ends those who follow, who have had nothing to complain of.
fn end_quietly(home: &Home, followers: &mut [Child]) {
    for (follower, log) in followers.iter_mut().zip(LOGS) {
        assert_eq!(follower.try_wait().unwrap(), None, "{log}");
        follower.kill().unwrap();
        follower.wait().unwrap();
        let said = home.read(&format!("{log}.errors"));
        assert!(
            !said.contains("error") && !said.contains("warning"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn four_servers_and_two_logs_share_one_database() {
    let home = Home::new();
    let postgres = Postgres::start(&[]);
    let url = postgres.database();
    home.write_private(
        "app-config.yaml",
        allow(&format!("auditLog: {{store: '{url}'}}\n")),
    );
    let serve = |_| Serving::start(&home, &["--config", "app-config.yaml"]);
    let servers: Vec<_> = (0..SERVERS).map(serve).collect();
    let mut logs = LOGS.map(|log| File::create(home.path(log)).unwrap());
    let mut followers = LOGS.map(|log| follow(&home, &url, log));
    let end = Instant::now() + duration();
    let (posted, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));

    let mut tasks = Vec::new();
    for server in &servers {
        tasks.push(tokio::spawn(send(
            server.url.clone(),
            end,
            Arc::clone(&posted),
        )));
        tasks.push(tokio::spawn(keep_asking(
            server.url.clone(),
            end,
            Arc::clone(&asked),
        )));
    }
    let mut written = 0;
    while Instant::now() < end {
        for (at, log) in logs.iter_mut().enumerate() {
            // Two logs that begin alike would be one.
            let first = at * 10_000_000 + written;
            let text: String = (first..first + 20).map(logged).collect();
            log.write_all(text.as_bytes()).unwrap();
        }
        written += 20;
        sleep(Duration::from_millis(50)).await;
    }
    for task in tasks {
        task.await.unwrap();
    }

    let everything = (posted.load(Relaxed) + LOGS.len() * written) as u64;
    all_answer_alike(&home, &servers, everything).await;
    end_quietly(&home, &mut followers);
    let database = connected(&url).await;
    assert_eq!(wrong_counts(&database).await, 0);
    let rows = database.query(
        "SELECT id FROM auditlog.events WHERE id LIKE 'posted-%'",
        &[],
    );
    let rows = rows.await.unwrap();
    let ids: HashSet<&str> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        (ids.len(), rows.len()),
        (posted.load(Relaxed), posted.load(Relaxed))
    );
    let text = format!(
        "{} s: {} events posted, {} lines followed, {} questions; no error, all answers equal",
        duration().as_secs(),
        posted.load(Relaxed),
        LOGS.len() * written,
        asked.load(Relaxed),
    );
    let _ = writeln!(std::io::stdout(), "{text}");
    assert!(asked.load(Relaxed) > SERVERS * QUESTIONS.len());
}
