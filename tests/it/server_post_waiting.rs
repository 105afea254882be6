//! More is sent than a locked store can take: some wait, the others are told to come again, and nothing gets lost.

use std::collections::HashSet;

use tokio::sync::mpsc;

use crate::support::{
    Home,
    posting::{counts, request, sent, told},
    process::Serving,
    served::client,
};

/// More than wait at a time, fewer than a server has connections.
const SENDERS: usize = 220;

const BUSY: &str = "More is sent than can be taken; try again later";
const LOCKED: &str = "Nothing of this request was stored; try again later";

/// An answer, and whose it is.
struct Told {
    id: String,
    status: u16,
    retry_after: Option<String>,
    body: String,
}

async fn send(client: reqwest::Client, url: String, id: String) -> Told {
    let answer = request(&client, &url, sent(&id)).send().await.unwrap();
    let after = answer.headers().get("retry-after");
    Told {
        id,
        status: answer.status().as_u16(),
        retry_after: after.map(|after| after.to_str().unwrap().to_owned()),
        body: answer.text().await.unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_store_and_a_full_queue_are_a_503_and_lose_nothing() {
    let home = Home::new();
    let serving = Serving::for_senders(&home, "s.db");
    let client = client();
    let first = told(request(&client, &serving.url, sent("first"))).await;
    assert_eq!(counts(&first), "stored 1");
    let other = rusqlite::Connection::open(home.path("s.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (answers, mut answered) = mpsc::unbounded_channel();
    for number in 0..SENDERS {
        let sending = send(client.clone(), serving.url.clone(), number.to_string());
        let answers = answers.clone();
        tokio::spawn(async move { answers.send(sending.await) });
    }
    drop(answers);
    let (mut stored, mut refused) = (HashSet::from(["first".to_owned()]), Vec::new());
    let (mut busy, mut locked) = (0, 0);
    while let Some(told) = answered.recv().await {
        if told.status == 200 {
            // Whoever waited while the store was locked.
            assert!(locked > 0, "{}", told.body);
            stored.insert(told.id);
            continue;
        }
        assert_eq!(told.status, 503, "{}", told.body);
        assert_eq!(told.retry_after.as_deref(), Some("5"), "{}", told.body);
        match told.body {
            body if body.contains(BUSY) => busy += 1,
            body if body.contains(LOCKED) => {
                locked += 1;
                if locked == 1 {
                    other.execute_batch("ROLLBACK").unwrap();
                }
            }
            body => panic!("{body}"),
        }
        refused.push(told.id);
    }
    assert!(busy > 0 && locked > 0, "{busy} {locked}");
    assert_eq!(stored.len() + refused.len(), SENDERS + 1);
    assert!(stored.len() > 100, "{}", stored.len());
    assert_eq!(ids(&other), stored);
    for id in refused {
        let again = told(request(&client, &serving.url, sent(&id))).await;
        assert_eq!(counts(&again), "stored 1");
    }
    assert_eq!(ids(&other).len(), SENDERS + 1);
}

fn ids(store: &rusqlite::Connection) -> HashSet<String> {
    let mut statement = store.prepare("SELECT id FROM events").unwrap();
    let ids = statement.query_map([], |row| row.get(0)).unwrap();
    ids.map(Result::unwrap).collect()
}
