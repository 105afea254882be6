//! Events sent to the server over real connections: what becomes of them, and what is refused.

use std::{io::Write, sync::Arc, time::Duration};

use auditlog::{
    api::AUDIT_EVENT_PATH,
    output::Ui,
    redact::Redact,
    rules::{Rule, Rules},
    server::{Access, Intake, Limits, Server},
    store::Store,
};
use flate2::{Compression, write::GzEncoder};
use tokio::{io::AsyncWriteExt, sync::watch, time::timeout};

use crate::support::{
    Home, TOKEN,
    posting::{counts, lines, request, sent, sent_with, told},
    served::{ALL, Answer, Served, all_may, client, ids, read_to_end},
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn served() -> Served {
    Served::start(Store::in_memory().unwrap()).await
}

async fn post(served: &Served, body: impl Into<reqwest::Body>) -> String {
    counts(&told(request(&client(), &served.url(""), body)).await)
}

async fn post_gzip(served: &Served, body: Vec<u8>) -> String {
    let request = request(&client(), &served.url(""), body).header("content-encoding", "gzip");
    counts(&told(request).await)
}

async fn page(served: &Served) -> Answer {
    served
        .request("GET", &format!("{AUDIT_EVENT_PATH}?{ALL}"))
        .await
}

/// The head of a request whose body has `length` bytes.
fn head(length: usize) -> String {
    format!(
        "POST {AUDIT_EVENT_PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

#[tokio::test]
async fn lines_an_array_and_one_object_are_stored_and_the_same_id_once() {
    let served = served().await;
    let body = lines([sent("a"), sent("b"), String::new(), sent("a")]);
    assert_eq!(post(&served, body).await, "stored 2 duplicate 1");
    let array = format!(" [{},\n{}]\n", sent("c"), sent("b"));
    assert_eq!(post(&served, array).await, "stored 1 duplicate 1");
    let indented = sent("d").replace(',', ",\r\n  ");
    assert_eq!(post(&served, indented).await, "stored 1");
    assert_eq!(post(&served, "").await, "");
    assert_eq!(post(&served, "[]").await, "");
    assert_eq!(
        post(&served, "{}").await,
        "rejectedCount 1 #0 its `status` is not initiated, succeeded or failed"
    );
    assert_eq!(ids(&page(&served).await), "d c b a");
    served.stop().await;
}

#[tokio::test]
async fn what_was_sent_comes_out_as_an_event() {
    let served = served().await;
    let own = r#"{"future":1.50,"id":"z","event_time":"2026-11-22T00:00:00+01:00","recorded_at":"2026-11-22T00:00:01Z","plugin_id":"p","event_id":"e","status":"failed","meta":{"n":1e2,"a":"\u0000é"}}"#;
    let more =
        r#","severityLevel":"high","meta":{"entityRef":"component:default/x","apiToken":"t"}"#;
    let body = lines([own.to_owned(), sent_with("a", more)]);
    assert_eq!(post(&served, body).await, "stored 2");
    let body = page(&served).await.body;
    assert!(body.starts_with(&format!("{{\"data\":[{own},")), "{body}");
    let page: serde_json::Value = serde_json::from_str(&body).unwrap();
    let recorded = page["data"][1]["recorded_at"].as_str().unwrap();
    assert!(chrono::DateTime::parse_from_rfc3339(recorded).is_ok());
    let event = r#"{"id":"a","event_time":"2026-11-21T10:00:00Z","recorded_at":"","plugin_id":"catalog","event_id":"entity-mutate","severity_level":"high","status":"succeeded","actor_type":"user","actor_id":"user:default/a","request_method":null,"request_url":null,"action_type":null,"query_type":null,"entity_ref":"component:default/x","meta":{"apiToken":"[redacted]","redacted":["meta.apiToken"]}}"#;
    assert_eq!(page["data"][1].to_string().replace(recorded, ""), event);
    served.stop().await;
}

#[tokio::test]
async fn each_event_is_counted_once_and_the_rejected_ones_are_named() {
    let served = served().await;
    let without = r#"{"plugin":"p","eventId":"e","status":"succeeded"}"#;
    let mut body = lines([
        sent("a"),
        sent("b").replace("succeeded", "initiated"),
        without.to_owned(),
        without.to_owned(),
        sent("c").replace("succeeded", "odd"),
        sent("d")[..40].to_owned(),
    ])
    .into_bytes();
    body.extend(b"{\"\xff\":1}\n{\"a\":\"\0\"}\n");
    body.extend(format!("{}\n", "[".repeat(100_000)).bytes());
    let expected = "stored 3 initiated 1 withoutId 2 rejectedCount 5 \
        #4 its `status` is not initiated, succeeded or failed #5 it is not a JSON object \
        #6 it is not UTF-8 #7 it is not a JSON object #8 it is nested deeper than 100 levels";
    assert_eq!(post(&served, body).await, expected);
    let many = "x\n".repeat(150);
    let (status, body) = told(request(&client(), &served.url(""), many)).await;
    assert_eq!((status, &body["rejectedCount"]), (200, &150.into()));
    assert_eq!(body["rejected"].as_array().unwrap().len(), 100);
    served.stop().await;
}

#[tokio::test]
async fn limits_are_told_in_words() {
    let served = served().await;
    let large = sent_with(
        "a",
        &format!(r#","meta":{{"x":"{}"}}"#, "x".repeat(1 << 20)),
    );
    let long = sent_with(
        "b",
        &format!(r#","request":{{"url":"{}"}}"#, "x".repeat(262_145)),
    );
    let file = sent_with(
        "c",
        &format!(r#","meta":{{"x":"data:,{}"}}"#, "x".repeat(500_000)),
    );
    let expected =
        "stored 1 rejectedCount 2 #0 it is larger than 1 MiB #1 it has a text of more than 256 KiB";
    let all = lines([large.clone(), long.clone(), file]);
    assert_eq!(post(&served, all).await, expected);
    let refused = "413 PayloadTooLargeError: The event is refused: it ";
    for (one, why) in [
        (large, "is larger than 1 MiB"),
        (long, "has a text of more than 256 KiB"),
    ] {
        let array = format!("[{one}]");
        assert_eq!(post(&served, one).await, format!("{refused}{why}"));
        assert_eq!(post(&served, array).await, format!("{refused}{why}"));
    }
    let id = "i".repeat(201);
    assert_eq!(
        post(&served, sent(&id)).await,
        "rejectedCount 1 #0 its `id` is not a text of 1 to 200 bytes"
    );
    let many = "413 PayloadTooLargeError: The body has more than 10000 events";
    assert_eq!(
        post(&served, lines((0..10_001).map(|n| sent(&n.to_string())))).await,
        many
    );
    assert_eq!(
        post(&served, format!("[{}0]", "0,".repeat(2_000_000))).await,
        many
    );
    let most = lines((0..10_000).map(|n| sent(&n.to_string())));
    assert_eq!(
        post_gzip(&served, gzip(most.as_bytes())).await,
        "stored 10000"
    );
    let body = vec![b' '; (16 << 20) + 1];
    assert_eq!(
        post(&served, body).await,
        "413 PayloadTooLargeError: The body is larger than 16 MiB"
    );
    served.stop().await;
}

#[tokio::test]
async fn a_body_may_be_packed_and_a_bomb_is_refused() {
    let served = served().await;
    assert_eq!(
        post_gzip(&served, gzip(sent("a").as_bytes())).await,
        "stored 1"
    );
    let two = [gzip(b"\n"), gzip(lines([sent("b")]).as_bytes())].concat();
    assert_eq!(post_gzip(&served, two).await, "stored 1");
    let broken = "400 InputError: The body is not valid gzip";
    assert_eq!(post_gzip(&served, sent("c").into()).await, broken);
    let cut = gzip(sent("c").as_bytes());
    assert_eq!(
        post_gzip(&served, cut[..cut.len() - 9].to_vec()).await,
        broken
    );
    let bomb = gzip(&vec![b' '; (64 << 20) + 1]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(
        post_gzip(&served, bomb).await,
        "413 PayloadTooLargeError: The unpacked body is larger than 64 MiB"
    );
    assert_eq!(ids(&page(&served).await), "b a");
    served.stop().await;
}

#[tokio::test]
async fn other_types_and_other_compressions_are_refused() {
    let served = served().await;
    let url = served.url(AUDIT_EVENT_PATH);
    for (name, value, expected) in [
        (
            "content-encoding",
            "br",
            "415 UnsupportedMediaTypeError: Content-Encoding has to be gzip, or none",
        ),
        (
            "content-type",
            "text/plain",
            "415 UnsupportedMediaTypeError: Content-Type has to be application/json or application/x-ndjson",
        ),
        (
            "x",
            "y",
            "415 UnsupportedMediaTypeError: Content-Type has to be application/json or application/x-ndjson",
        ),
    ] {
        let mut asked = client().post(&url).bearer_auth(TOKEN).header(name, value);
        if name == "content-encoding" {
            asked = asked.header("content-type", "APPLICATION/JSON; charset=utf-8");
        }
        assert_eq!(counts(&told(asked.body(sent("a"))).await), expected);
    }
    let asked = request(&client(), &served.url(""), "[1,");
    assert_eq!(
        counts(&told(asked).await),
        "400 InputError: The body is not a JSON array"
    );
    let asked = client()
        .post(&url)
        .header("content-type", "application/json");
    assert_eq!(told(asked.body(sent("a"))).await.0, 401);
    assert_eq!(ids(&page(&served).await), "");
    served.stop().await;
}

#[tokio::test]
async fn what_a_rule_excludes_is_counted_and_never_stored() {
    let server = Server::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let url = server.url();
    let rule = Rule {
        actor_id: "user:*/a".to_owned(),
        event_id: "entity-mutate".to_owned(),
    };
    let access = Access {
        tokens: all_may(),
        intake: Arc::new(Intake::new(
            Rules::new(&[rule], &[]),
            Some(Redact::default()),
        )),
        ..Access::default()
    };
    let (_unchanged, access) = watch::channel(Arc::new(access));
    let store = Store::in_memory().unwrap();
    let stop = std::future::pending();
    let serving = tokio::spawn(server.serve_while(store, access, Ui::default(), stop));
    let body = lines([sent("a"), sent("b").replace("default/a", "default/b")]);
    let answer = told(request(&client(), &url, body)).await;
    assert_eq!(counts(&answer), "stored 1 excluded 1");
    serving.abort();
}

#[tokio::test]
async fn a_body_that_does_not_come_costs_nobody_else_a_thing() {
    let limits = Limits {
        body: Duration::from_millis(300),
        ..Limits::default()
    };
    let served = Served::start_with(Store::in_memory().unwrap(), limits).await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut stream = served.connect().await;
        let text = format!("{}{}", head(1 << 20), sent("slow"));
        stream.write_all(text.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    assert_eq!(post(&served, sent("a")).await, "stored 1");
    for mut stream in slow {
        let answer = Answer::parse(&read_to_end(&mut stream).await);
        assert_eq!(answer.status, 408);
        assert!(
            answer
                .body
                .contains(r#""message":"The body did not arrive in time""#)
        );
    }
    // Half closed: what has come by then is no whole body.
    let mut stream = served.connect().await;
    let text = format!("{}{}", head(sent("half").len() + 1), sent("half"));
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let _ = read_to_end(&mut stream).await;
    assert_eq!(ids(&page(&served).await), "a");
    served.stop().await;
}

#[tokio::test]
async fn more_large_bodies_than_are_held_wait_for_their_turn() {
    let served = Served::start(Store::in_memory().unwrap()).await;
    let mut holding = Vec::new();
    for _ in 0..4 {
        let mut stream = served.connect().await;
        let text = format!("{}{}", head(15 << 20), " ".repeat(1 << 20));
        stream.write_all(text.as_bytes()).await.unwrap();
        holding.push(stream);
    }
    // A small one passes them, a large one comes when they are sent away.
    assert_eq!(post(&served, sent("small")).await, "stored 1");
    let large = format!("{}{}", " ".repeat(1 << 20), sent("large"));
    let mut waiting = Box::pin(post(&served, large));
    let held_back = timeout(Duration::from_millis(500), &mut waiting).await;
    assert!(held_back.is_err(), "{held_back:?}");
    drop(holding);
    assert_eq!(waiting.await, "stored 1");
    served.stop().await;
}

#[tokio::test]
async fn many_send_at_once_and_every_event_is_stored_once() {
    let home = Home::new();
    let served = Served::start(Store::open(home.path("s.db")).unwrap()).await;
    let url = served.url("");
    let senders = (0..16).map(|sender| {
        let url = url.clone();
        tokio::spawn(async move {
            let client = client();
            let mut stored = 0;
            for round in 0..10 {
                // Half of the ids are another sender's, too.
                let own = sent(&format!("{sender}-{round}"));
                let shared = sent(&format!("{}-{round}-shared", sender / 2));
                let (status, body) = told(request(&client, &url, lines([own, shared]))).await;
                assert_eq!(status, 200, "{body}");
                let of = |name: &str| body[name].as_u64().unwrap();
                assert_eq!(of("stored") + of("duplicate"), 2);
                stored += of("stored");
            }
            stored
        })
    });
    let mut stored = 0;
    for sender in senders.collect::<Vec<_>>() {
        stored += sender.await.unwrap();
    }
    assert_eq!(stored, 160 + 80);
    let answer = served
        .ask(&[("start_time", "2000-01-01T00:00:00Z".into())])
        .await;
    assert!(answer.1.contains(r#""total":240,"#), "{}", answer.1);
    served.stop().await;
}
