//! Events sent to a server over a store that has a life of its own: other events, other programs, faults.

use std::time::Duration;

use auditlog::store::Store;
use chrono::{DateTime, Utc};

use crate::support::{
    Home,
    posting::{counts, request, sent, told},
    served::{Served, client},
};

async fn post(served: &Served, body: impl Into<reqwest::Body>) -> String {
    counts(&told(request(&client(), &served.url(""), body)).await)
}

#[tokio::test]
async fn an_id_that_came_from_elsewhere_is_a_duplicate() {
    let home = Home::with_recording();
    let store = Store::open(home.path("s.db")).unwrap();
    let served = Served::start(store).await;
    let (_, page) = served
        .ask(&[("start_time", "2000-01-01T00:00:00Z".into())])
        .await;
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    let events = page["data"].to_string();
    assert_eq!(post(&served, events).await, "duplicate 89");
    served.stop().await;
}

#[tokio::test]
async fn an_event_is_recorded_when_it_is_stored_however_long_that_takes() {
    let home = Home::new();
    let path = home.path("s.db");
    let served = Served::start(Store::open(&path).unwrap()).await;
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = post(&served, sent("a"));
    let release = async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let released = Utc::now();
        connection.execute_batch("ROLLBACK").unwrap();
        released
    };
    let (told, released) = tokio::join!(waiting, release);
    assert_eq!(told, "stored 1");
    let (_, page) = served
        .ask(&[("start_time", "2000-01-01T00:00:00Z".into())])
        .await;
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    let recorded = page["data"][0]["recorded_at"].as_str().unwrap();
    assert!(DateTime::parse_from_rfc3339(recorded).unwrap() >= released);
    served.stop().await;
}

#[tokio::test]
async fn a_store_that_fails_is_not_explained_and_can_be_asked_again() {
    let home = Home::new();
    let path = home.path("s.db");
    let served = Served::start(Store::open(&path).unwrap()).await;
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("ALTER TABLE events RENAME TO other")
        .unwrap();
    let request = request(&client(), &served.url(""), sent("a"));
    let answer = request.try_clone().unwrap().send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "5");
    let failed = told(request.try_clone().unwrap()).await;
    let expected =
        "503 ServiceUnavailableError: Nothing of this request was stored; try again later";
    assert_eq!(counts(&failed), expected);
    connection
        .execute_batch("ALTER TABLE other RENAME TO events")
        .unwrap();
    assert_eq!(counts(&told(request).await), "stored 1");
    served.stop().await;
}

/// What is written to a file without a name is lost when the server ends.
#[cfg(unix)]
#[tokio::test]
async fn nothing_is_taken_for_a_file_that_is_gone() {
    let home = Home::new();
    let path = home.path("s.db");
    let store = Store::open(&path).unwrap();
    let mut writer = store.writer().unwrap();
    let served = Served::start(store).await;
    assert_eq!(post(&served, sent("a")).await, "stored 1");
    std::fs::rename(&path, home.path("moved.db")).unwrap();
    let refused =
        "503 ServiceUnavailableError: Nothing of this request was stored; try again later";
    assert_eq!(post(&served, sent("b")).await, refused);
    let all = auditlog::api::Timestamp::parse("9000-01-01T00:00:00Z").unwrap();
    let deleted = writer.delete_before(all, 10).unwrap_err().to_string();
    assert!(deleted.contains("the file is gone"), "{deleted}");
    let ready = served.request("GET", "/readyz").await;
    assert_eq!(ready.status, 503, "{ready:?}");
    assert!(ready.body.contains("cannot be written"), "{ready:?}");
    // Its log is all that is left of what was stored last: no new store may take it.
    let said = Store::open(&path).unwrap_err().to_string();
    assert!(said.contains("put the file back"), "{said}");
    std::fs::rename(home.path("moved.db"), &path).unwrap();
    assert_eq!(post(&served, sent("c")).await, "stored 1");
    assert_eq!(post(&served, sent("a")).await, "duplicate 1");
    served.stop().await;
}
