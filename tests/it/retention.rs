//! `auditLog.retention`: what has become too old is deleted, beside whoever sends and asks.

#![cfg(unix)]

use std::time::Duration;

use auditlog::{api::AUDIT_EVENT_PATH, query::Query, store::Store};
use serde_json::Value;

use crate::support::{
    Home, TOKEN,
    logs::line,
    postgres::Postgres,
    posting::{allow, counts, request, sent_with, told},
    process::Serving,
    served::{ALL, client},
};

const OLD: usize = 7_000;
const NEW: usize = 200;

/// A server over a store of old events deletes them, and neither loses what comes meanwhile nor answers wrongly.
async fn old_events_go_and_new_ones_stay(store: &str) {
    let home = Home::new();
    let old = (0..OLD).map(|_| line("old", r#","timestamp":"2020-01-01T00:00:00Z""#) + "\n");
    home.write("a.log", old.collect::<String>());
    let mut ingest = home.command(&["ingest", "a.log"]);
    let filled = ingest.env("AUDITLOG_STORE", store).status();
    assert!(filled.unwrap().success());
    let own = format!("auditLog: {{retention: 400d, store: '{store}'}}\n");
    home.write_private("app-config.yaml", allow(&own));
    let serving = Serving::start(&home, &["--config", "app-config.yaml"]);
    let (client, url) = (client(), serving.url.clone());
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let send = async {
        for number in 0..NEW {
            let event = sent_with(&number.to_string(), "").replace("2026-11-21T10:00:00Z", &now);
            let answer = told(request(&client, &url, event)).await;
            assert_eq!(counts(&answer), "stored 1");
        }
    };
    let ask = async {
        let mut totals = Vec::new();
        loop {
            let url = format!("{url}{AUDIT_EVENT_PATH}?{ALL}&limit=1&event_id=old");
            let answer = client.get(url).bearer_auth(TOKEN).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            let page: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
            let total = page["total"].as_u64().unwrap();
            assert_eq!(page["data"].as_array().unwrap().is_empty(), total == 0);
            totals.push(total);
            if total == 0 {
                return totals;
            }
            assert!(totals.len() < 100_000, "they stay");
        }
    };
    let (totals, ()) = tokio::join!(ask, send);
    assert!(
        totals.is_sorted_by(|before, after| before >= after),
        "{totals:?}"
    );
    serving.signal("TERM");
    assert_eq!(serving.wait().code, 0);
    let kept = Store::open(store_address(&home, store)).unwrap();
    assert_eq!(kept.count(&Query::default()).await.unwrap(), NEW as u64);
    assert_eq!(kept.check().await.unwrap(), []);
}

/// As the tests' own process names it.
fn store_address(home: &Home, store: &str) -> std::path::PathBuf {
    match store.contains("://") {
        true => store.into(),
        false => home.path(store),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_deletes_what_has_become_too_old() {
    let time = Duration::from_secs(60);
    let done = tokio::time::timeout(time, old_events_go_and_new_ones_stay("s.db"));
    done.await.expect("the old events are still there");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_server_deletes_what_has_become_too_old_from_a_database() {
    let url = Postgres::shared().database();
    let time = Duration::from_secs(60);
    let done = tokio::time::timeout(time, old_events_go_and_new_ones_stay(&url));
    done.await.expect("the old events are still there");
}

#[test]
fn a_unit_that_is_a_slip_empties_no_trail() {
    let home = Home::new();
    home.write_private("app-config.yaml", allow("auditLog: {retention: 400d}\n"));
    home.write_private("short.yaml", "auditLog: {retention: 4s}\n");
    let run = home.run(&[
        "serve",
        "--check",
        "--config",
        "app-config.yaml",
        "--config",
        "short.yaml",
    ]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.stderr
            .contains("auditLog.retention must be a length of time of an hour or more"),
        "{run:?}"
    );
}
