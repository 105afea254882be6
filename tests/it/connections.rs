//! The server's connections: what it refuses to wait for, how many it serves at a time, and how it ends.

use std::{sync::Arc, time::Duration};

use auditlog::{
    api::{AUDIT_EVENT_PATH, Draft, Meta},
    server::{Limits, ServeError, Server},
    store::Store,
};
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{
    TOKEN,
    served::{ALL, Answer, Served, draft, ids, read_to_end, store_of},
};

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let served = Served::start(Store::in_memory().unwrap()).await;
    assert_eq!(served.exchange("HELLO\r\n\r\n").await.status, 400);
    let long = "a".repeat(20_000);
    let head = format!("GET / HTTP/1.1\r\nX-Big: {long}\r\n\r\n");
    assert_eq!(served.exchange(&head).await.status, 431);
    let line = format!("GET /?{long} HTTP/1.1\r\n\r\n");
    assert_eq!(served.exchange(&line).await.status, 431);
    served.stop().await;
}

#[tokio::test]
async fn who_does_not_finish_a_head_is_cut_off() {
    let limits = Limits {
        head: Duration::from_millis(50),
        ..Limits::default()
    };
    let served = Served::start_with(Store::in_memory().unwrap(), limits).await;
    let mut slow = served.connect().await;
    slow.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    let mut silent = served.connect().await;
    assert_eq!(read_to_end(&mut slow).await, "");
    assert_eq!(read_to_end(&mut silent).await, "");
    served.stop().await;
}

#[tokio::test]
async fn a_connection_ends_with_its_lifetime() {
    let limits = Limits {
        head: Duration::from_secs(3600),
        lifetime: Duration::from_millis(50),
        ..Limits::default()
    };
    let served = Served::start_with(Store::in_memory().unwrap(), limits).await;
    assert_eq!(read_to_end(&mut served.connect().await).await, "");
    served.stop().await;
}

#[tokio::test]
async fn twenty_at_once_are_answered_over_two_connections_at_a_time() {
    let limits = Limits {
        connections: 2,
        ..Limits::default()
    };
    let served = Served::start_with(
        store_of(&[draft("a", "2026-01-01T00:00:00Z").into_event().unwrap()]),
        limits,
    )
    .await;
    let target = format!("{AUDIT_EVENT_PATH}?{ALL}&limit=1");
    let mut asking = tokio::task::JoinSet::new();
    let served = Arc::new(served);
    for _ in 0..20 {
        let (served, target) = (served.clone(), target.clone());
        asking.spawn(async move { ids(&served.request("GET", &target).await) });
    }
    assert_eq!(asking.join_all().await, ["a"; 20]);
    Arc::into_inner(served).unwrap().stop().await;
}

#[tokio::test]
async fn who_stops_sending_still_gets_the_answer() {
    let served = Served::start(Store::in_memory().unwrap()).await;
    let mut half = served.connect().await;
    let head = format!(
        "GET {AUDIT_EVENT_PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    );
    half.write_all(head.as_bytes()).await.unwrap();
    half.shutdown().await.unwrap();
    let answer = Answer::parse(&read_to_end(&mut half).await);
    assert_eq!(
        answer.body,
        "{\"data\":[],\"total\":0,\"limit\":100,\"offset\":0}"
    );
    served.stop().await;
}

#[tokio::test]
async fn who_is_gone_leaves_the_place_to_others() {
    // Times that would be noticed: only being gone frees a place.
    let limits = Limits {
        connections: 1,
        head: Duration::from_secs(3600),
        body: Duration::from_secs(3600),
        lifetime: Duration::from_secs(3600),
        ..Limits::default()
    };
    let (store, large) = large_page();
    let served = Served::start_with(store, limits).await;
    let post = format!(
        "POST {AUDIT_EVENT_PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n["
    );
    let target = format!("{AUDIT_EVENT_PATH}?{ALL}&limit=1");
    // In silence, in a head, in a body, and in an answer that is not read.
    for begun in ["", "GET / HTTP/1.1\r\nHost:", &post, &large] {
        for half in [false, true] {
            let mut gone = served.connect().await;
            gone.write_all(begun.as_bytes()).await.unwrap();
            if half {
                gone.shutdown().await.unwrap();
            }
            drop(gone);
            assert_eq!(ids(&served.request("GET", &target).await), "0999");
        }
    }
    served.stop().await;
}

/// Events whose page is larger than what the operating system takes in for a client that does not read.
fn large_page() -> (Store, String) {
    let text = RawValue::from_string(format!("\"{}\"", "x".repeat(30_000))).unwrap();
    let large = |number: usize| Draft {
        meta: Meta::from_iter([("text".to_owned(), text.clone())]),
        ..draft(&format!("{number:04}"), "2026-01-01T00:00:00Z")
    };
    let events: Vec<_> = (0..1000)
        .map(|number| large(number).into_event().unwrap())
        .collect();
    let request = format!(
        "GET {AUDIT_EVENT_PATH}?{ALL}&limit=1000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    );
    (store_of(&events), request)
}

#[tokio::test]
async fn who_does_not_read_holds_up_nobody() {
    let (store, request) = large_page();
    let served = Served::start(store).await;
    let mut stuck = Vec::new();
    for _ in 0..6 {
        let mut stream = served.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.read_u8().await.unwrap();
        stuck.push(stream);
    }
    let answer = served
        .request("GET", &format!("{AUDIT_EVENT_PATH}?{ALL}&limit=1"))
        .await;
    assert_eq!(ids(&answer), "0999");
    drop(stuck);
    served.stop().await;
}

#[tokio::test]
async fn a_stop_lets_a_request_end_and_begins_nothing_new() {
    let (store, request) = large_page();
    let served = Served::start(store).await;
    let (mut idle, mut busy) = (served.connect().await, served.connect().await);
    let first = format!("HEAD / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    idle.write_all(first.as_bytes()).await.unwrap();
    assert_eq!(idle.read_u8().await.unwrap(), b'H');
    busy.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(busy.read_u8().await.unwrap(), b'H');
    let address = served.address;
    let stopping = served.begin_stop();
    read_to_end(&mut idle).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    let answer = format!("H{}", read_to_end(&mut busy).await);
    let page: serde_json::Value = serde_json::from_str(&Answer::parse(&answer).body).unwrap();
    assert_eq!(page["data"].as_array().unwrap().len(), 1000);
    assert!(stopping.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_request_that_does_not_end_is_cut_off_and_said_to_be() {
    let (store, request) = large_page();
    let limits = Limits {
        stop: Duration::from_millis(50),
        ..Limits::default()
    };
    let served = Served::start_with(store, limits).await;
    let mut stuck = served.connect().await;
    stuck.write_all(request.as_bytes()).await.unwrap();
    stuck.read_u8().await.unwrap();
    let ended = served.begin_stop().await.unwrap();
    assert!(matches!(ended, Err(ServeError::CutOff(1))), "{ended:?}");
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let served = Served::start(Store::in_memory().unwrap()).await;
    let refused = Server::bind(served.address).await.unwrap_err();
    let expected = format!("cannot listen on {}: ", served.address);
    assert!(refused.to_string().starts_with(&expected), "{refused}");
    served.stop().await;
}
