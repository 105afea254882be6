//! Many requests side by side, and a server that does not take them all: what is held back, how many are asked, and
//! what it costs.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use auditlog::{
    address::Address,
    client::{Client, ClientError, Counts, Options},
    query::{Query, Request},
    token::Token,
};
use tokio::task::JoinSet;

use crate::support::{
    Home, TOKEN,
    events::trail,
    scripted::{Asked, Reply, Scripted},
};

const SECOND: Duration = Duration::from_secs(1);

type Said = Arc<Mutex<Vec<(u8, String)>>>;

/// A client of `server`, and what it says.
fn client(server: &Scripted, retries: u32, spacing: Duration) -> (Arc<Client>, Said) {
    let options = Options {
        ca_cert: None,
        allow_plain_http: false,
        timeout: 60 * SECOND,
        retries,
        spacing,
    };
    let said = Said::default();
    let trace = {
        let said = Arc::clone(&said);
        move |level: u8, text: &str| said.lock().unwrap().push((level, text.to_owned()))
    };
    let address = Address::parse(&server.url()).unwrap();
    let token = Token::parse(TOKEN).unwrap();
    let client = Client::new(address, &token, options, Box::new(trace)).unwrap();
    (Arc::new(client), said)
}

/// Whether what is said without `-v` is this many lines.
fn notes(said: &Said) -> Vec<String> {
    let said = said.lock().unwrap();
    let notes = said.iter().filter(|(level, _)| *level == 0);
    notes.map(|(_, text)| text.clone()).collect()
}

async fn fetch(client: &Client) -> Result<usize, ClientError> {
    let request = Request {
        query: Query::default(),
        limit: 1000,
        offset: 0,
    };
    Ok(client.fetch(&request).await?.page.events.len())
}

/// Fetches side by side; each must bring the page of three.
async fn fetch_side_by_side(client: &Arc<Client>, count: usize) {
    let mut tasks = JoinSet::new();
    for _ in 0..count {
        let client = Arc::clone(client);
        tasks.spawn(async move { fetch(&client).await.unwrap() });
    }
    assert_eq!(tasks.join_all().await, vec![3; count]);
}

fn page() -> Reply {
    Reply::page(&trail(3), 3)
}

fn limited(seconds: u32) -> Reply {
    Reply::of(
        "429 Too Many Requests",
        &format!("Retry-After: {seconds}"),
        "",
    )
}

/// Ends both, the client first, so that the server need not wait for its open connections. Gives the requests.
fn finish(server: Scripted, client: Arc<Client>) -> Vec<Asked> {
    drop(client);
    server.finish()
}

/// Seconds between the first of these requests and each.
fn seconds(asked: &[Asked]) -> Vec<f64> {
    let first = asked[0].at;
    let after = |asked: &Asked| asked.at.duration_since(first).as_secs_f64();
    asked.iter().map(after).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_few_a_second_serves_many_workers_to_the_end() {
    let mut window = (Instant::now(), 0);
    let server = Scripted::answering(move |asked| {
        if asked.at.duration_since(window.0) >= SECOND {
            window = (asked.at, 0);
        }
        window.1 += 1;
        match window.1 {
            ..=5 => page(),
            _ => limited(1),
        }
    });
    // One retry each would not do, if each refusal were one.
    let (client, said) = client(&server, 1, Duration::ZERO);
    fetch_side_by_side(&client, 24).await;
    assert!(client.counts().retries >= 19, "{said:#?}");
    let notes = notes(&said).len();
    assert!(notes < 12, "one a burst, not one a refusal: {said:#?}");
    finish(server, client);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_refused_alone_gives_up_after_its_retries_and_many_do_not_sooner() {
    let server = Scripted::replies(vec![limited(0); 3]);
    let (alone, _) = client(&server, 2, Duration::ZERO);
    let refused = fetch(&alone).await.unwrap_err();
    assert!(matches!(refused, ClientError::RateLimited(Some(_))));
    finish(server, alone);

    let server = Scripted::answering(|_| limited(0));
    let (many, _) = client(&server, 2, Duration::ZERO);
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let many = Arc::clone(&many);
        tasks.spawn(async move { fetch(&many).await });
    }
    assert!(tasks.join_all().await.iter().all(Result::is_err));
    assert!(finish(server, many).len() >= 4 + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_holds_back_those_too_that_did_not_meet_it() {
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let mut first = Some(Reply::of(status, "Retry-After: 1", ""));
        let server = Scripted::answering(move |_| first.take().unwrap_or_else(page));
        let (client, said) = client(&server, 1, Duration::ZERO);
        let refused = tokio::spawn({
            let client = Arc::clone(&client);
            async move { fetch(&client).await.unwrap() }
        });
        while client.counts().retries == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        fetch_side_by_side(&client, 5).await;
        refused.await.unwrap();
        let times = seconds(&finish(server, client));
        assert_eq!(times.len(), 7);
        assert!(times[1..].iter().all(|at| *at >= 1.0), "{times:?}");
        assert_eq!(notes(&said).len(), 1, "{said:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_halves_how_many_are_asked_side_by_side() {
    let mut count = 0;
    let slow = SECOND / 2;
    let server = Scripted::answering(move |_| {
        count += 1;
        match count {
            ..=8 => limited(0).after(slow),
            _ => page().after(slow),
        }
    });
    let (client, _) = client(&server, 1, Duration::ZERO);
    fetch_side_by_side(&client, 8).await;
    let times = seconds(&finish(server, client)[8..]);
    assert_eq!(times.len(), 8);
    // Four are under way until the first of them is answered.
    assert!(times[4] >= slow.as_secs_f64(), "{times:?}");
}

/// A page of a server whose clock, days off ours, says `seconds` after :25 that it takes no more until `reset`.
fn used_up(reset: &str) -> Reply {
    page()
        .with_header("Date: Sat, 21 Nov 2026 20:16:25 GMT")
        .with_header("X-RateLimit-Remaining: 0")
        .with_header(&format!("X-RateLimit-Reset: {reset}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_used_up_is_waited_for_before_anything_is_refused() {
    let server = Scripted::replies(vec![used_up("1795292187"), page(), page()]);
    let (client, said) = client(&server, 0, Duration::ZERO);
    fetch_side_by_side(&client, 1).await;
    assert_eq!(notes(&said), [""; 0], "nobody waits yet");
    fetch_side_by_side(&client, 2).await;
    let times = seconds(&finish(server, client));
    assert!(times[1..].iter().all(|at| *at >= 2.0), "{times:?}");
    let notes = notes(&said);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].starts_with("the server takes no more requests for now; waiting "),
        "{notes:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_cannot_be_meant_holds_up_nothing() {
    for reset in [
        "1795292185",
        "60",
        "1795292187000",
        "tomorrow",
        "9999999999",
    ] {
        let server = Scripted::replies(vec![used_up(reset), page()]);
        let (client, said) = client(&server, 0, Duration::ZERO);
        fetch_side_by_side(&client, 1).await;
        fetch_side_by_side(&client, 1).await;
        finish(server, client);
        let said = format!("{said:?}");
        assert!(!said.contains("waiting"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_holds_for_all_workers_together() {
    let server = Scripted::replies(vec![page(); 5]);
    let (client, _) = client(&server, 0, SECOND / 4);
    fetch_side_by_side(&client, 5).await;
    let times = seconds(&finish(server, client));
    // Four gaps of a quarter, less what the first may have lost on its way.
    assert!(times[4] >= 0.75, "{times:?}");
}

#[test]
fn a_rate_is_a_number_of_requests_a_second_or_a_minute() {
    for rate in ["1000/s", "60000/m"] {
        let server = Scripted::replies(vec![page()]);
        let run = Home::new().ask(&server.url(), &["--rate", rate]);
        assert_eq!(run.code, 0, "{run:#?}");
        server.finish();
    }
    for rate in ["0/s", "5", "5/h", "+/s", "/s", "1.5/s", "5/s/s", ""] {
        let server = Scripted::untouched();
        let run = Home::new().ask(&server.url(), &["--rate", rate]);
        assert_eq!(run.code, 2, "{run:#?}");
        let expected = "a number of requests like 5/s or 100/m";
        assert!(run.stderr.contains(expected), "{run:#?}");
        server.finish();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_counted() {
    let unavailable = Reply::of("503 Service Unavailable", "Retry-After: 0", "");
    let server = Scripted::replies(vec![unavailable.clone(), unavailable, page(), page()]);
    let (client, _) = client(&server, 2, Duration::ZERO);
    assert_eq!(client.counts(), Counts::default());
    fetch_side_by_side(&client, 1).await;
    fetch_side_by_side(&client, 1).await;
    let expected = Counts {
        requests: 4,
        retries: 2,
    };
    assert_eq!(client.counts(), expected);
    finish(server, client);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_dropped_inside_a_body_costs_one_request_one_try() {
    let mut first = Some(page().cut(300));
    let server = Scripted::answering(move |_| first.take().unwrap_or_else(page));
    let (client, _) = client(&server, 1, Duration::ZERO);
    fetch_side_by_side(&client, 4).await;
    assert_eq!(client.counts().retries, 1);
    assert_eq!(finish(server, client).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_server_closes_behind_its_answers_cost_no_try_and_no_word() {
    let server = Scripted::answering(|_| page().closing());
    let (client, said) = client(&server, 0, Duration::ZERO);
    for _ in 0..10 {
        fetch_side_by_side(&client, 4).await;
    }
    assert_eq!(client.counts().retries, 0);
    assert_eq!(notes(&said), [""; 0]);
    finish(server, client);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_closed_while_it_is_asked_again_is_replaced_at_once() {
    let server = Scripted::replies(vec![page(), Reply::nothing(), page()]);
    let (client, said) = client(&server, 0, Duration::ZERO);
    fetch_side_by_side(&client, 1).await;
    fetch_side_by_side(&client, 1).await;
    assert_eq!(client.counts().retries, 0);
    assert_eq!(notes(&said), [""; 0]);
    let asked = finish(server, client);
    let connections: Vec<_> = asked.iter().map(|asked| asked.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_not_taken_for_an_idle_connection_for_ever() {
    let server = Scripted::replies(vec![page(), Reply::nothing(), Reply::nothing()]);
    let (client, _) = client(&server, 0, Duration::ZERO);
    fetch_side_by_side(&client, 1).await;
    let error = fetch(&client).await.unwrap_err();
    assert!(matches!(error, ClientError::BrokenOff { .. }), "{error}");
    finish(server, client);
}

/// One page that takes so long, while others are fetched beside it.
async fn slow_page(long: Duration) {
    let mut first = Some(page().after(long));
    let server = Scripted::answering(move |_| first.take().unwrap_or_else(page));
    let (client, said) = client(&server, 0, Duration::ZERO);
    let slow = tokio::spawn({
        let client = Arc::clone(&client);
        async move { fetch(&client).await.unwrap() }
    });
    server.wait_for(1);
    fetch_side_by_side(&client, 3).await;
    assert!(!slow.is_finished());
    assert_eq!(slow.await.unwrap(), 3);
    assert_eq!(notes(&said), [""; 0]);
    assert_eq!(finish(server, client).len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_page_arrives_and_holds_up_no_other() {
    slow_page(SECOND).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half a minute"]
async fn a_page_of_half_a_minute_arrives() {
    slow_page(30 * SECOND).await;
}

#[test]
fn a_request_s_time_and_its_wait_are_shown_and_the_token_is_not() {
    let server = Scripted::replies(vec![limited(1), page()]);
    let run = Home::new().ask(&server.url(), &["-v"]);
    assert_eq!(run.code, 0, "{run:#?}");
    let lines: Vec<_> = run.stderr.lines().collect();
    assert!(lines[0].starts_with("> GET http://127.0.0.1:"), "{run:#?}");
    assert!(lines[0].contains(" → 429 Too Many Requests, 0 bytes, "));
    assert!(lines[0].ends_with(" ms"), "{run:#?}");
    assert!(lines[1].contains("; asking again in 1."), "{run:#?}");
    assert!(lines[2].contains(" → 200 OK, "), "{run:#?}");
    assert!(lines[2].contains(" ms, after 1"), "{run:#?}");
    assert!(lines[2].ends_with(" ms of waiting"), "{run:#?}");
    assert!(!run.stderr.contains(TOKEN));
    server.finish();
}
