//! What was said to be stored is stored once, whoever is killed: a server, a program that reads a log, or PostgreSQL.

#![cfg(target_os = "linux")]

use std::{
    collections::HashSet,
    io::Write,
    process::{Child, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{sync::Semaphore, task::JoinHandle, time::sleep};

use crate::{
    postgres::wrong_counts,
    server_post_killed::kills,
    support::{
        Home,
        postgres::{Postgres, connected},
        posting::{allow, lines, logged, request, sent},
        process::Serving,
        served::client,
    },
};

const SERVERS: usize = 2;
/// Senders to each server.
const SENDERS: usize = 3;
/// Lines of the log that is read meanwhile.
const LINES: usize = 30_000;

/// What was sent, and what of it was acknowledged.
#[derive(Default)]
struct Trail {
    next: AtomicUsize,
    known: Mutex<HashSet<String>>,
    ended: AtomicBool,
}

/// Sends two events at a time, and the same again until they are acknowledged, as senders do.
async fn send(url: String, trail: Arc<Trail>, acknowledged: Arc<Semaphore>) {
    let client = client();
    while !trail.ended.load(Relaxed) {
        let number = trail.next.fetch_add(1, Relaxed);
        let ids = [format!("{number}-a"), format!("{number}-b")];
        loop {
            let body = lines(ids.iter().map(|id| sent(id)));
            match request(&client, &url, body).send().await {
                Ok(answer) if answer.status() == 200 => break,
                Ok(answer) if answer.status() == 503 => {}
                Ok(answer) => panic!("{answer:?}"),
                Err(_) => {}
            }
            sleep(Duration::from_millis(20)).await;
        }
        trail.known.lock().unwrap().extend(ids);
        acknowledged.add_permits(1);
    }
}

/// Everything that can be killed.
struct Running {
    home: Home,
    postgres: Postgres,
    url: String,
    servers: Vec<Option<Serving>>,
    listening: Vec<String>,
    ingest: Child,
}

impl Running {
    fn start() -> Self {
        let home = Home::new();
        let postgres = Postgres::start(&[]);
        let url = postgres.database();
        home.write_private(
            "app-config.yaml",
            allow(&format!("auditLog: {{store: '{url}'}}\n")),
        );
        home.write("log", (0..LINES).map(logged).collect::<String>());
        let mut running = Self {
            ingest: ingest(&home, &url),
            home,
            postgres,
            url,
            servers: Vec::new(),
            listening: vec!["127.0.0.1:0".to_owned(); SERVERS],
        };
        for server in 0..SERVERS {
            let started = running.serve(server);
            running.listening[server] = started.address().to_owned();
            running.servers.push(Some(started));
        }
        running
    }

    fn serve(&self, server: usize) -> Serving {
        let listen = &self.listening[server];
        Serving::start_at(&self.home, listen, &["--config", "app-config.yaml"])
    }

    /// Kills one of them, and starts it again.
    async fn kill(&mut self, random: &mut fastrand::Rng) {
        match random.usize(0..=SERVERS + 1) {
            server if server < SERVERS => {
                if let Some(serving) = self.servers[server].take() {
                    serving.signal("KILL");
                }
                self.servers[server] = Some(self.serve(server));
            }
            SERVERS => {
                self.postgres.kill();
                sleep(Duration::from_millis(random.u64(0..200))).await;
                self.postgres.run();
            }
            _ => {
                let _ = self.ingest.kill();
            }
        }
        // It ends when PostgreSQL goes away, too.
        if self.ingest.try_wait().unwrap().is_some() {
            self.ingest = ingest(&self.home, &self.url);
        }
    }
}

fn ingest(home: &Home, url: &str) -> Child {
    let mut command = home.command(&["ingest", "log"]);
    let command = command.env("AUDITLOG_STORE", url);
    command
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn kills_of_writers_and_of_postgresql_lose_nothing_that_was_acknowledged() {
    let kills = kills();
    let mut running = Running::start();
    let trail = Arc::new(Trail::default());
    let acknowledged = Arc::new(Semaphore::new(0));
    let senders: Vec<JoinHandle<()>> = running
        .listening
        .iter()
        .flat_map(|address| vec![format!("http://{address}"); SENDERS])
        .map(|url| tokio::spawn(send(url, Arc::clone(&trail), Arc::clone(&acknowledged))))
        .collect();
    let mut random = fastrand::Rng::with_seed(0x5eed_0b0e);
    for _ in 0..kills {
        let answers = acknowledged.acquire_many(random.u32(1..60)).await;
        answers.unwrap().forget();
        running.kill(&mut random).await;
    }
    trail.ended.store(true, Relaxed);
    for sender in senders {
        sender.await.unwrap();
    }
    // The log is read to its end by one that nobody kills.
    let _ = running.ingest.wait().unwrap();
    let ended = ingest(&running.home, &running.url).wait().unwrap();
    assert!(ended.success());

    let client = connected(&running.url).await;
    assert_eq!(wrong_counts(&client).await, 0);
    let rows = client
        .query("SELECT id, body FROM auditlog.events", &[])
        .await;
    let rows = rows.unwrap();
    let (logged, posted): (Vec<_>, Vec<_>) = rows
        .iter()
        .map(|row| row.get::<_, &str>(0))
        .partition(|id| !id.ends_with("-a") && !id.ends_with("-b"));
    assert_eq!(logged.len(), LINES);
    let distinct: HashSet<_> = posted.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(distinct.len(), posted.len());
    let known = trail.known.lock().unwrap();
    // Each was sent until it was acknowledged.
    assert_eq!(distinct, *known);
    let text = format!(
        "{kills} kills, {} events acknowledged and {LINES} lines read, each is there once",
        known.len()
    );
    let _ = writeln!(std::io::stdout(), "{text}");
    assert!(known.len() >= 2 * kills);
}
