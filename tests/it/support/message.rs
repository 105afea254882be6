//! A request as a scripted server reads it, and an answer as a test writes it down.

use std::time::{Duration, Instant};

use super::TOKEN;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The head's lines, the first of them the request line.
    pub head: Vec<String>,
    /// Which connection it came over, from 0.
    pub connection: usize,
    /// When it was read.
    pub at: Instant,
}

impl Asked {
    /// `/path?query`, or the whole URL where a proxy is asked.
    pub fn target(&self) -> &str {
        self.head[0].split(' ').nth(1).expect("a request line")
    }

    /// The parameters of the URL, in their order.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let query = self.target().split_once('?').map_or("", |(_, query)| query);
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.into_owned().collect()
    }

    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self.parameters().into_iter();
        pairs.find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A number among the parameters.
    pub fn number(&self, name: &str) -> usize {
        let value = self.parameter(name);
        value.map_or(0, |value| value.parse().expect("a number"))
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head[1..]
            .iter()
            .filter_map(|line| line.split_once(':'));
        headers
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// Whether it carries [`TOKEN`].
    pub fn has_token(&self) -> bool {
        self.header("authorization") == Some(&format!("Bearer {TOKEN}"))
    }
}

/// What happens to a connection behind an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Open,
    Close,
    /// Nothing more is sent until the other side gives up.
    Hang,
}

/// An answer: bytes, and what becomes of the connection.
#[derive(Clone, Debug)]
pub struct Reply {
    pub bytes: Vec<u8>,
    pub then: Then,
    /// How long the answer takes.
    pub after: Duration,
}

impl Reply {
    /// These bytes; the connection stays open unless they say that it will not.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let head = head.split("\r\n\r\n").next().unwrap_or_default();
        let then = match head.contains("\nconnection: close") {
            true => Then::Close,
            false => Then::Open,
        };
        Self {
            bytes,
            then,
            after: Duration::ZERO,
        }
    }

    /// A status line without `HTTP/1.1`, header lines, and a body of stated length.
    pub fn of(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut head = format!("HTTP/1.1 {status}\r\n");
        for line in headers
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            head.push_str(&format!("{line}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        Self::raw([head.as_bytes(), body].concat())
    }

    /// 200 with JSON.
    pub fn json(body: impl AsRef<[u8]>) -> Self {
        Self::of(
            "200 OK",
            "Content-Type: application/json; charset=utf-8",
            body,
        )
    }

    /// 200 with these events, as JSON text each, and a `total`.
    pub fn page(events: &[String], total: usize) -> Self {
        let events = events.join(",");
        Self::json(format!(r#"{{"data":[{events}],"total":{total}}}"#))
    }

    /// Backstage's error body.
    pub fn problem(status: &str, message: &str) -> Self {
        let body = format!(r#"{{"error":{{"name":"Error","message":"{message}"}}}}"#);
        Self::of(status, "Content-Type: application/json", body)
    }

    /// A redirect.
    pub fn redirect(to: &str) -> Self {
        Self::of("302 Found", &format!("Location: {to}"), "")
    }

    /// The connection ends without a byte.
    pub fn nothing() -> Self {
        Self::raw("").closing()
    }

    /// Nothing comes, and the connection stays.
    pub fn silence() -> Self {
        Self::raw("").hanging()
    }

    /// The same without its last `count` bytes; then the connection ends.
    pub fn cut(mut self, count: usize) -> Self {
        self.bytes.truncate(self.bytes.len() - count);
        self.closing()
    }

    /// The same, this much later.
    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    /// The same with one header more.
    pub fn with_header(self, line: &str) -> Self {
        let text = String::from_utf8(self.bytes).expect("an answer of text");
        Self::raw(text.replacen("\r\n", &format!("\r\n{line}\r\n"), 1)).after(self.after)
    }

    /// The same; then the connection ends, though the head did not say so.
    pub fn closing(self) -> Self {
        Self {
            then: Then::Close,
            ..self
        }
    }

    /// The same; then nothing, for ever.
    pub fn hanging(self) -> Self {
        Self {
            then: Then::Hang,
            ..self
        }
    }
}
