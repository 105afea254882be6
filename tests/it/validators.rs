//! What a client has already is not sent again, and what is long is compressed: as the recorded backend does it.

use std::io::Read;

use auditlog::api::{AUDIT_EVENT_PATH, Event};
use flate2::read::GzDecoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{
    Home, Run, TOKEN,
    events::event,
    posting::{LINES, sent},
    recorded::recorded,
    scripted::{Reply, Scripted},
    served::{ALL, Answer, Served, draft, store_of},
};

/// An answer of which the body is bytes.
struct Got {
    head: Answer,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    fn etag(&self) -> &str {
        self.header("etag").expect("an ETag")
    }

    fn unpacked(&self) -> String {
        assert_eq!(self.header("content-encoding"), Some("gzip"));
        let mut text = String::new();
        let mut gzip = GzDecoder::new(self.body.as_slice());
        gzip.read_to_string(&mut text).unwrap();
        assert!(gzip.into_inner().is_empty(), "there is more behind it");
        text
    }
}

/// Asks for all events, or what `query` says, with more headers.
async fn ask(served: &Served, method: &str, query: &str, more: &str) -> Got {
    let request = format!(
        "{method} {AUDIT_EVENT_PATH}?{ALL}&{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n{more}\r\n"
    );
    let mut stream = served.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let body = bytes.split_off(at.unwrap() + 4);
    Got {
        head: Answer::parse(&String::from_utf8(bytes).unwrap()),
        body,
    }
}

fn events(count: usize) -> Vec<Event> {
    let event = |n| draft(&format!("e{n:04}"), "2026-01-01T00:00:00Z").into_event();
    (0..count).map(|n| event(n).unwrap()).collect()
}

/// The parts of a tag: the length, and how long the rest is.
fn shape(etag: &str) -> (u64, usize) {
    let tag = etag
        .strip_prefix("W/\"")
        .and_then(|tag| tag.strip_suffix('"'));
    let (length, hash) = tag.expect("a weak tag").split_once('-').unwrap();
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/".contains(c);
    assert!(hash.chars().all(is_base64), "{etag}");
    (u64::from_str_radix(length, 16).unwrap(), hash.len())
}

#[tokio::test]
async fn an_etag_is_as_the_recorded_ones_are() {
    let recorded = String::from_utf8(recorded("401-no-token.http")).unwrap();
    let recorded = Answer::parse(&recorded);
    let served = Served::start(store_of(&events(3))).await;
    let bare = format!("GET {AUDIT_EVENT_PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let refused = served.exchange(&bare).await;
    assert_eq!(refused.body, recorded.body);
    assert_eq!(
        shape(refused.header("etag").unwrap()),
        shape(recorded.header("etag").unwrap())
    );
    let page = ask(&served, "GET", "", "").await;
    assert_eq!(shape(page.etag()), (page.body.len() as u64, 27));
    served.stop().await;
}

#[tokio::test]
async fn who_has_the_page_is_told_so_until_it_changes() {
    let store = store_of(&events(3));
    let served = Served::start(store.clone()).await;
    let page = ask(&served, "GET", "", "").await;
    let tag = page.etag().to_owned();
    let strong = tag.trim_start_matches("W/").to_owned();
    for known in [
        tag.clone(),
        strong.clone(),
        "*".into(),
        format!("\"a,b\", {tag}"),
        format!("\"x\"\r\nIf-None-Match: {strong}"),
    ] {
        for method in ["GET", "HEAD"] {
            let more = format!("If-None-Match: {known}\r\n");
            let got = ask(&served, method, "", &more).await;
            assert_eq!((got.head.status, got.body.len()), (304, 0), "{known}");
            assert_eq!(got.etag(), tag);
            // As in the recorded one.
            for name in ["content-type", "content-length", "transfer-encoding"] {
                assert_eq!(got.header(name), None, "{name}");
            }
            assert_eq!(got.header("cache-control"), Some("no-store"));
            let vary = Some("Authorization, Accept-Encoding");
            assert_eq!(got.header("vary"), vary);
        }
    }
    for unknown in ["\"x\"".to_owned(), tag.replace('"', ""), String::new()] {
        let more = format!("If-None-Match: {unknown}\r\n");
        let got = ask(&served, "GET", "", &more).await;
        assert_eq!((got.head.status, &got.body), (200, &page.body), "{unknown}");
    }
    let more = format!("If-None-Match: {tag}\r\n");
    let other = ask(&served, "GET", "limit=1", &more).await;
    assert_eq!(other.head.status, 200, "another page has another tag");
    let new = [draft("new", "2026-01-02T00:00:00Z").into_event().unwrap()];
    store.writer().unwrap().append(&new, None).unwrap();
    let changed = ask(&served, "GET", "", &more).await;
    assert_eq!(changed.head.status, 200);
    assert_ne!(changed.etag(), tag);
    served.stop().await;
}

#[tokio::test]
async fn a_refusal_and_what_is_sent_are_never_what_a_client_has_already() {
    let served = Served::start(store_of(&events(3))).await;
    let head = format!(
        "{AUDIT_EVENT_PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIf-None-Match: *\r\n"
    );
    let wrong = format!("GET {head}Authorization: Bearer another-token\r\n\r\n");
    assert_eq!(served.exchange(&wrong).await.status, 401);
    let invalid = ask(&served, "GET", "limit=0", "If-None-Match: *\r\n").await;
    assert_eq!(invalid.head.status, 400);
    let body = sent("new");
    let post = format!(
        "POST {head}Authorization: Bearer {TOKEN}\r\nContent-Type: {LINES}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let told = served.exchange(&post).await;
    assert_eq!((told.status, told.header("etag")), (200, None));
    assert!(told.body.contains("\"stored\":1"), "{}", told.body);
    served.stop().await;
}

#[tokio::test]
async fn a_long_answer_is_compressed_for_who_asks() {
    let served = Served::start(store_of(&events(1000))).await;
    let plain = ask(&served, "GET", "limit=1000", "").await;
    assert_eq!(plain.header("content-encoding"), None);
    let text = String::from_utf8(plain.body.clone()).unwrap();
    for accept in [
        "gzip",
        "gzip, deflate, br",
        "*",
        "br;q=1.0, gzip;q=0.8, *;q=0.1",
    ] {
        let more = format!("Accept-Encoding: {accept}\r\n");
        let got = ask(&served, "GET", "limit=1000", &more).await;
        assert_eq!(got.unpacked(), text, "{accept}");
        assert!(got.body.len() * 5 < text.len(), "{}", got.body.len());
        let length = got.body.len().to_string();
        assert_eq!(got.header("content-length"), Some(length.as_str()));
        // The same for every encoding, as the recorded ones.
        assert_eq!(got.etag(), plain.etag());
        let head = ask(&served, "HEAD", "limit=1000", &more).await;
        assert_eq!((head.head.status, head.body.len()), (200, 0));
        for name in ["content-length", "content-encoding", "etag", "vary"] {
            assert_eq!(head.header(name), got.header(name), "{name}");
        }
        let known = format!("{more}If-None-Match: {}\r\n", plain.etag());
        let known = ask(&served, "GET", "limit=1000", &known).await;
        assert_eq!(known.head.status, 304);
        assert_eq!(known.header("content-encoding"), None);
    }
    for accept in ["", "identity", "gzip;q=0", "br, zstd", "*;q=0"] {
        let more = format!("Accept-Encoding: {accept}\r\n");
        let got = ask(&served, "GET", "limit=1000", &more).await;
        assert_eq!(got.header("content-encoding"), None, "{accept}");
        assert_eq!(got.body, plain.body);
        assert_eq!(got.header("vary"), plain.header("vary"));
    }
    served.stop().await;
}

#[tokio::test]
async fn a_short_answer_is_sent_as_it_is_unless_that_is_not_taken() {
    let served = Served::start(store_of(&events(1))).await;
    let plain = ask(&served, "GET", "", "").await;
    assert!(plain.body.len() < 1024);
    let got = ask(&served, "GET", "", "Accept-Encoding: gzip\r\n").await;
    assert_eq!(got.header("content-encoding"), None);
    assert_eq!(got.body, plain.body);
    let more = "Accept-Encoding: identity;q=0, gzip\r\n";
    let got = ask(&served, "GET", "", more).await;
    assert_eq!(got.unpacked().into_bytes(), plain.body);
    served.stop().await;
}

#[test]
fn a_server_elsewhere_is_asked_to_compress() {
    // The proxy stands for the other machine; what this machine's own is asked, compressed_answers.rs says.
    let proxy = Scripted::replies(vec![Reply::page(&[event("a", 1)], 1)]);
    let home = Home::new();
    home.write("token", TOKEN);
    let profile = "[profiles.p]\nurl = \"http://audit.invalid\"\nallow_plain_http = true\n";
    home.write("config.toml", profile);
    let mut command = home.command(&["events", "--profile", "p", "--token-file", "token"]);
    command
        .env("AUDITLOG_CONFIG_DIR", home.path("."))
        .env("http_proxy", proxy.url());
    let run = Run::of(command.output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(proxy.finish()[0].header("accept-encoding"), Some("gzip,br"));
}
