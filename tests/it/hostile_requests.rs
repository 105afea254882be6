//! Four hundred hostile requests against one server, while somebody else goes on asking: each gets an answer that the
//! documentation names, or a closed connection; nobody waits, and memory stays small.

#![cfg(target_os = "linux")]

use std::{
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use auditlog::api::AUDIT_EVENT_PATH;
use flate2::{Compression, write::GzEncoder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    select,
    sync::{Semaphore, oneshot},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::support::{
    Home, TOKEN,
    posting::{counts, request, sent, told},
    process::{Serving, peak},
    served::{ALL, client},
};

const REQUESTS: usize = 400;
const BOUND: Duration = Duration::from_secs(90);
/// For each answer of the one who behaves well.
const PATIENCE: Duration = Duration::from_secs(10);
/// Peak memory of the server, in kB.
const MOST: u64 = 200_000;
const AT_A_TIME: usize = 16;

/// In a list of statuses: closed without an answer.
const CLOSED: u16 = 0;

/// What is done when the bytes are sent.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    /// Listen.
    Wait,
    /// Say that no more comes, and listen.
    Finish,
    /// Send a byte now and then, for as long as it is taken.
    Drip,
}

struct Case {
    name: String,
    bytes: Vec<u8>,
    then: Then,
    expected: &'static [u16],
}

fn case(name: String, bytes: impl Into<Vec<u8>>, then: Then, expected: &'static [u16]) -> Case {
    Case {
        name,
        bytes: bytes.into(),
        then,
        expected,
    }
}

/// A head with the token; `more` are lines that end in CRLF each.
fn head(line: &str, more: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n{more}\r\n"
    )
}

/// Slow heads are cut off, slow bodies told so.
fn slow() -> Vec<Case> {
    let body = "Content-Type: application/json\r\nContent-Length: 5000\r\n";
    let post = head(&format!("POST {AUDIT_EVENT_PATH}"), body);
    let heads = (0..8).map(|n| {
        let part = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}", "x".repeat(n));
        case(format!("slow head {n}"), part, Then::Drip, &[CLOSED])
    });
    let bodies = (0..8).map(|n| {
        let part = format!("{post}{}", "[".repeat(n));
        case(format!("slow body {n}"), part, Then::Drip, &[408])
    });
    heads.chain(bodies).collect()
}

const FREE: &str =
    "plugin_id event_id actor_id request_method request_url action_type query_type entity_ref";
const STRICT: &str = "start_time end_time severity_level actor_type status limit offset";

/// Each parameter with each kind of value: free text is taken as it is, anything else is refused.
fn parameters() -> Vec<Case> {
    let values = [
        ("long", "x".repeat(10_000)),
        ("percent", "%zz%".into()),
        ("UTF-8", "%ff%fe%c0%80".into()),
        ("NUL", "a%00b".into()),
        ("control", "%1b%5d0;x%07%0d%0a".into()),
        ("huge", "9".repeat(400)),
        ("negative", "-1".into()),
        ("wildcards", "*".repeat(5000)),
    ];
    let mut cases = Vec::new();
    for (names, expected) in [(FREE, &[200][..]), (STRICT, &[400][..])] {
        for name in names.split(' ') {
            for (kind, value) in &values {
                let line = format!("GET {AUDIT_EVENT_PATH}?{name}={value}");
                let label = format!("{name} {kind}");
                cases.push(case(label, head(&line, ""), Then::Wait, expected));
            }
            let many = format!("{name}=1&").repeat(500);
            let line = format!("GET {AUDIT_EVENT_PATH}?{many}");
            let label = format!("{name} repeated");
            cases.push(case(label, head(&line, ""), Then::Wait, &[400]));
            let line = format!("GET {AUDIT_EVENT_PATH}?{name}={}", "x".repeat(20_000));
            let label = format!("{name} oversize");
            cases.push(case(label, head(&line, ""), Then::Wait, &[431, CLOSED]));
        }
    }
    cases
}

/// Methods, targets and headers that nobody sends.
fn heads() -> Vec<Case> {
    let get = format!("GET {AUDIT_EVENT_PATH}");
    let lines: [(&str, &[u16]); 12] = [
        ("BREW /api/audit-log/v1/audit-event", &[404]),
        ("get /api/audit-log/v1/audit-event", &[404]),
        ("TRACE /", &[404]),
        ("CONNECT x:1", &[400, 404]),
        ("OPTIONS *", &[404]),
        ("GET *", &[400, 404]),
        ("GET http://other/api/audit-log/v1/audit-event", &[200]),
        ("GET http://", &[400]),
        ("GET /../../etc/passwd", &[404]),
        ("GET //api//audit-log", &[400, 404]),
        (" GET /", &[400]),
        ("G\0T /", &[400]),
    ];
    let mut cases: Vec<_> = lines
        .iter()
        .map(|(line, expected)| case((*line).into(), head(line, ""), Then::Wait, expected))
        .collect();
    let long = format!("X: {}\r\n", "x".repeat(50_000));
    let headers: [(&str, &[u16]); 14] = [
        (&long, &[431, CLOSED]),
        (&"X: y\r\n".repeat(500), &[431]),
        (&"X: y\r\n".repeat(20_000), &[431, CLOSED]),
        ("X\0: y\r\n", &[400]),
        ("X: \x01\r\n", &[400]),
        ("no colon\r\n", &[400]),
        (": y\r\n", &[400]),
        ("X : y\r\n", &[400]),
        ("Content-Length: 1\r\nContent-Length: 2\r\n", &[400]),
        ("Content-Length: -1\r\n", &[400]),
        ("Content-Length: 99999999999999999999\r\n", &[400]),
        ("Transfer-Encoding: gzip\r\n", &[400]),
        ("Authorization: Bearer another-token\r\n", &[200, 401]),
        ("Expect: 100-continue\r\nUpgrade: h2c\r\n", &[200]),
    ];
    for (number, (more, expected)) in headers.into_iter().enumerate() {
        let label = format!("header {number}");
        cases.push(case(label, head(&get, more), Then::Wait, expected));
    }
    cases
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn post(more: &str, body: &[u8]) -> Vec<u8> {
    let more = format!("{more}Content-Length: {}\r\n", body.len());
    let line = format!("POST {AUDIT_EVENT_PATH}");
    [head(&line, &more).as_bytes(), body].concat()
}

/// Bodies that are no list of events, in each type and encoding.
fn bodies() -> Vec<Case> {
    let bodies: [(&str, Vec<u8>); 8] = [
        ("deep", "[".repeat(100_000).into()),
        ("deep objects", r#"{"a":"#.repeat(100_000).into()),
        ("UTF-8", b"[{\"id\":\"\xff\xfe\"}]".to_vec()),
        ("NUL", vec![0; 1000]),
        ("many", format!("[{}0]", "0,".repeat(10_001)).into()),
        ("number", "9".repeat(10_000).into()),
        ("text", format!("[\"{}\"]", "x".repeat(1_000_000)).into()),
        ("null", "null".into()),
    ];
    let mut cases = Vec::new();
    for (kind, body) in &bodies {
        for content in ["application/json", "application/x-ndjson", "text/html", ""] {
            let content_type = format!("Content-Type: {content}\r\n");
            let expected: &[u16] = match content {
                "text/html" | "" => &[415],
                _ => &[200, 400, 413],
            };
            let label = format!("body {kind} {content}");
            let plain = post(&content_type, body);
            cases.push(case(label.clone(), plain, Then::Wait, expected));
            let packed = format!("{content_type}Content-Encoding: gzip\r\n");
            let whole = post(&packed, &gzip(body));
            cases.push(case(format!("{label} gzip"), whole, Then::Wait, expected));
        }
        let json = "Content-Type: application/json\r\nContent-Encoding: ";
        let not = post(&format!("{json}gzip\r\n"), body);
        cases.push(case(
            format!("body {kind} no gzip"),
            not,
            Then::Wait,
            &[400],
        ));
        let other = post(&format!("{json}br\r\n"), body);
        cases.push(case(format!("body {kind} br"), other, Then::Wait, &[415]));
        let short = gzip(body);
        let short = post(&format!("{json}gzip\r\n"), &short[..short.len() - 5]);
        let label = format!("body {kind} truncated gzip");
        cases.push(case(label, short, Then::Wait, &[400]));
        let mut cut = post("Content-Type: application/json\r\n", body);
        cut.pop();
        let label = format!("body {kind} cut off");
        cases.push(case(label, cut, Then::Finish, &[400, CLOSED]));
    }
    cases
}

/// Bodies in chunks that are none, and bodies without an end.
fn chunks() -> Vec<Case> {
    let long = format!("1;{}\r\n[\r\n", "x".repeat(50_000));
    let large = format!("1100000\r\n{}\r\n0\r\n\r\n", " ".repeat(0x110_0000));
    let chunks: [(&str, &[u16]); 9] = [
        ("zz\r\n", &[400]),
        ("-1\r\n[\r\n", &[400]),
        ("ffffffffffffffffff\r\n", &[400]),
        ("2\r\n[]x\r\n0\r\n\r\n", &[400]),
        (&long, &[400, CLOSED]),
        ("7fffffffffffffff\r\n[", &[400]),
        (&large, &[413]),
        ("\r\n\r\n", &[400]),
        ("0\r\nX: y\r\n", &[400]),
    ];
    let kind = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    let line = format!("POST {AUDIT_EVENT_PATH}");
    let mut cases = Vec::new();
    for (number, (chunk, expected)) in chunks.into_iter().enumerate() {
        let bytes = format!("{}{chunk}", head(&line, kind));
        let label = format!("chunks {number}");
        cases.push(case(label, bytes, Then::Finish, expected));
    }
    let both = head(&line, &format!("{kind}Content-Length: 9\r\n"));
    let both = format!("{both}0\r\n\r\n");
    cases.push(case("both lengths".into(), both, Then::Wait, &[200, 400]));
    let vast = "Content-Type: application/json\r\nContent-Length: 17000000000\r\n";
    let vast = head(&line, vast);
    cases.push(case("vast".into(), vast, Then::Wait, &[413]));
    let bomb = gzip(&vec![b' '; 65 << 20]);
    let packed = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
    cases.push(case("bomb".into(), post(packed, &bomb), Then::Wait, &[413]));
    cases
}

/// Good requests in which some bytes are others. A head of which the end is gone is closed, so that none waits.
fn noise(count: usize) -> Vec<Case> {
    let mut random = fastrand::Rng::with_seed(0x5eed_0400);
    let good = [
        head(&format!("GET {AUDIT_EVENT_PATH}?limit=1"), "").into_bytes(),
        post("Content-Type: application/x-ndjson\r\n", b"{\"id\":1}\n{}"),
    ];
    let noise = |number: usize| {
        let mut bytes = good[number % good.len()].clone();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        let expected = &[200, 400, 401, 403, 404, 413, 415, 431, CLOSED];
        case(format!("noise {number}"), bytes, Then::Finish, expected)
    };
    (0..count).map(noise).collect()
}

/// Sends it, and gives the status of the answer.
async fn status(address: &str, case: &Case) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut from, mut to) = stream.split();
    let sending = async {
        let _ = to.write_all(&case.bytes).await;
        match case.then {
            Then::Wait => {}
            Then::Finish => drop(to.shutdown().await),
            Then::Drip => {
                while to.write_all(b"x").await.is_ok() {
                    sleep(Duration::from_millis(300)).await;
                }
            }
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    let reading = from.read_to_end(&mut answer);
    select! {
        () = sending => {}
        _ = reading => {}
    }
    let code = answer
        .strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    let code = code.and_then(|code| str::from_utf8(code).ok());
    code.map_or(CLOSED, |code| code.parse().expect("a status"))
}

/// What the one who behaves well is told, and how long each answer took.
async fn ask(client: &reqwest::Client, url: &str) -> Duration {
    let begun = Instant::now();
    let asked = client
        .get(format!("{url}{AUDIT_EVENT_PATH}?{ALL}&entity_ref=steady"))
        .bearer_auth(TOKEN);
    let (status, body) = timeout(PATIENCE, told(asked)).await.expect("in time");
    assert_eq!((status, &body["total"]), (200, &1.into()), "{body}");
    assert_eq!(body["data"][0]["id"], "steady");
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn four_hundred_hostile_requests_disturb_nobody() {
    let home = Home::new();
    let serving = Serving::for_senders(&home, "s.db");
    let client = client();
    let steady = sent("steady").replace(
        "\"status\"",
        "\"meta\":{\"entityRef\":\"steady\"},\"status\"",
    );
    assert_eq!(
        counts(&told(request(&client, &serving.url, steady)).await),
        "stored 1"
    );
    let mut before = Vec::new();
    for _ in 0..50 {
        before.push(ask(&client, &serving.url).await);
    }
    let mut cases = slow();
    cases.extend(
        [parameters(), heads(), bodies(), chunks()]
            .into_iter()
            .flatten(),
    );
    cases.extend(noise(REQUESTS - cases.len()));
    assert_eq!(cases.len(), REQUESTS);
    let (done, mut over) = oneshot::channel::<()>();
    let (asking, url) = (client.clone(), serving.url.clone());
    let steady = tokio::spawn(async move {
        let mut during = Vec::new();
        while over.try_recv() == Err(oneshot::error::TryRecvError::Empty) {
            during.push(ask(&asking, &url).await);
        }
        during
    });
    let wrong = timeout(BOUND, send_all(serving.address(), cases)).await;
    done.send(()).unwrap();
    let during = steady.await.unwrap();
    let count = during.len();
    let peak = peak(serving.id()).expect("the kernel tells a peak");
    let _ = writeln!(
        std::io::stdout(),
        "median {:?} before, {:?} during ({count} answers); peak {peak} kB",
        median(before),
        median(during)
    );
    assert_eq!(wrong.expect("no request hangs"), [""; 0]);
    assert!(peak < MOST, "{peak} kB");
    ask(&client, &serving.url).await;
}

/// Sends all, a few at a time, the slow ones first and beside the others. Names those with an unexpected answer.
async fn send_all(address: &str, cases: Vec<Case>) -> Vec<String> {
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let mut sending = JoinSet::new();
    for case in cases {
        let (turns, address) = (Arc::clone(&turns), address.to_owned());
        sending.spawn(async move {
            let _turn = match case.then {
                Then::Drip => None,
                Then::Wait | Then::Finish => Some(turns.acquire().await.unwrap()),
            };
            let status = status(&address, &case).await;
            let is_expected = case.expected.contains(&status);
            (!is_expected).then(|| format!("{}: {status}", case.name))
        });
    }
    sending.join_all().await.into_iter().flatten().collect()
}
