//! What a server's answer is: a page, or one of many other things.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use url::Url;

use crate::{
    api::{Page, PageError, Problem},
    token::Token,
};

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum ClientError {
    #[error("cannot read the certificates in {path}: {reason}")]
    Certificates { path: String, reason: String },
    #[error("cannot set up the connection: {0}")]
    Setup(reqwest::Error),
    #[error("{origin} is plain http: the token would cross the network readable")]
    PlainHttp { origin: String },
    #[error("cannot reach {origin}: {reason}")]
    Unreachable { origin: String, reason: String },
    #[error("cannot trust {origin}: {reason}")]
    Untrusted { origin: String, reason: String },
    #[error("{origin} did not answer within {}", seconds(*.timeout))]
    TimedOut { origin: String, timeout: Duration },
    #[error("{origin} does not answer in HTTP: {reason}")]
    NoHttp { origin: String, reason: String },
    #[error("the answer of {origin} broke off: {reason}")]
    BrokenOff { origin: String, reason: String },
    #[error("the server redirects to {to}")]
    Redirected { to: String },
    #[error("the server redirects in circles, last to {to}")]
    RedirectedInCircles { to: String },
    #[error("401: the server does not take the token{}", colon(.0))]
    Unauthorized(String),
    #[error("403: the token is real, but is not allowed to read the audit log{}", colon(.0))]
    Forbidden(String),
    #[error("{status}: the server refuses the request{}", colon(.message))]
    BadRequest { status: u16, message: String },
    #[error("404: there is no audit log at {address}")]
    NotFound { address: String },
    #[error("429: too many requests{}", wait(.0))]
    RateLimited(Option<Duration>),
    #[error("{status}: the server failed{}", colon(.message))]
    Fault { status: u16, message: String },
    #[error("the server answered with status {0}, which is neither a page nor an error")]
    Status(u16),
    #[error("the server answered with nothing")]
    Empty,
    #[error("the server answered with {0} where a page of events was expected")]
    NotJson(String),
    #[error("the server's answer is not a page of audit events: {0}")]
    NotAPage(PageError),
    #[error("the server's answer does not say what became of the events")]
    NotTold,
    #[error("the answer is larger than {} MiB", .0 >> 20)]
    TooLarge(u64),
}

impl ClientError {
    /// Whether a smaller `limit` may be taken: the refusal speaks of it.
    pub fn refuses_limit(&self) -> bool {
        match self {
            Self::BadRequest { message, .. } => message.to_lowercase().contains("limit"),
            _ => false,
        }
    }

    /// Whether it may be otherwise in a while, nothing being changed here.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::NoHttp { .. }
            | Self::BrokenOff { .. }
            | Self::RateLimited(_)
            | Self::Fault { .. } => true,
            Self::BadRequest { status, .. } => *status == 408,
            _ => false,
        }
    }

    /// Whether less may be taken where this was too much.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::BadRequest { status: 413, .. })
    }

    /// Whether the 403 says that the token belongs to another plugin, rather than that a permission is missing.
    pub fn is_other_plugin(&self) -> bool {
        matches!(self, Self::Forbidden(message) if message.contains("restricted to plugin"))
    }
}

fn colon(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}

fn wait(asked: &Option<Duration>) -> String {
    asked.map_or(String::new(), |asked| {
        format!("; the server asks to wait {}", seconds(asked))
    })
}

fn seconds(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{} s", duration.as_secs()),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

/// The parts of an answer that decide what it is.
pub struct Parts<'a> {
    /// The status line's number.
    pub status: StatusCode,
    /// `Content-Type`, or nothing.
    pub content_type: &'a str,
    /// `Location`, or nothing.
    pub location: &'a str,
    /// `Retry-After`, read.
    pub retry_after: Option<Duration>,
    /// The whole body, decompressed.
    pub body: Vec<u8>,
    /// The URL that answered.
    pub url: &'a Url,
    /// The address that was asked, for messages.
    pub address: &'a str,
    /// What no message may quote. It is looked for in texts that were read, since JSON has many ways to write one.
    pub token: &'a Token,
}

/// What a server says became of the events that it was sent. Each is counted once.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostAnswer {
    /// New ones.
    pub stored: u64,
    /// Those that an exclusion rule of the server leaves out.
    #[serde(default)]
    pub excluded: u64,
    /// Those whose id it had.
    #[serde(default)]
    pub duplicate: u64,
    /// Those that it will never take.
    #[serde(default)]
    pub rejected_count: u64,
    /// The first of them.
    #[serde(default)]
    pub rejected: Vec<Rejected>,
}

impl PostAnswer {
    /// Adds the counts of other events; not which of them are rejected.
    pub fn add(&mut self, more: &Self) {
        self.stored += more.stored;
        self.excluded += more.excluded;
        self.duplicate += more.duplicate;
        self.rejected_count += more.rejected_count;
    }
}

/// An event that a server does not take.
#[derive(Clone, Debug, Deserialize)]
pub struct Rejected {
    /// Which of those that were sent, from 0.
    pub index: usize,
    /// Why.
    pub reason: String,
}

/// Reads an answer: the page, or what it is instead.
pub fn page(parts: Parts<'_>) -> Result<Page, ClientError> {
    read(parts, page_of)
}

/// Reads the answer to events that were sent.
pub fn told(parts: Parts<'_>) -> Result<PostAnswer, ClientError> {
    read(parts, told_of)
}

fn read<T>(
    parts: Parts<'_>,
    of: fn(Parts<'_>) -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    let status = parts.status.as_u16();
    let message = || problem_message(&parts);
    Err(match status {
        200 => return of(parts),
        300..=399 if !parts.location.is_empty() => redirected(&parts),
        401 => ClientError::Unauthorized(message()),
        403 => ClientError::Forbidden(message()),
        404 => ClientError::NotFound {
            address: parts.address.to_owned(),
        },
        429 => ClientError::RateLimited(parts.retry_after),
        400..=499 => ClientError::BadRequest {
            status,
            message: message(),
        },
        500..=599 => ClientError::Fault {
            status,
            message: message(),
        },
        _ => ClientError::Status(status),
    })
}

/// Redirects within one origin are followed a few times: what is left of those leads nowhere.
fn redirected(parts: &Parts<'_>) -> ClientError {
    let to = parts.token.hidden_in(parts.location);
    let target = parts.url.join(parts.location);
    match target.is_ok_and(|target| target.origin() == parts.url.origin()) {
        true => ClientError::RedirectedInCircles { to },
        false => ClientError::Redirected { to },
    }
}

fn page_of(parts: Parts<'_>) -> Result<Page, ClientError> {
    if parts.body.iter().all(u8::is_ascii_whitespace) {
        return Err(ClientError::Empty);
    }
    if !is_json(parts.content_type) {
        return Err(ClientError::NotJson(described(&parts)));
    }
    Page::from_json(parts.body).map_err(ClientError::NotAPage)
}

fn told_of(parts: Parts<'_>) -> Result<PostAnswer, ClientError> {
    if !is_json(parts.content_type) {
        return Err(ClientError::NotTold);
    }
    let mut told: PostAnswer =
        serde_json::from_slice(&parts.body).map_err(|_| ClientError::NotTold)?;
    for rejected in &mut told.rejected {
        let reason = parts.token.hidden_in(&rejected.reason);
        rejected.reason = reason.chars().take(200).collect();
    }
    Ok(told)
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// What kind of thing a body is, with the title of an HTML page: it often names the proxy or the sign-in.
fn described(parts: &Parts<'_>) -> String {
    let kind = parts
        .content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    match (kind, html_title(parts)) {
        ("", None) => "something without a content type".to_owned(),
        (_, Some(title)) => format!("a web page titled '{title}'"),
        ("text/html", None) => "a web page".to_owned(),
        (kind, None) => parts.token.hidden_in(kind),
    }
}

fn html_title(parts: &Parts<'_>) -> Option<String> {
    let head = parts.body.get(..parts.body.len().min(16 * 1024))?;
    let head = String::from_utf8_lossy(head);
    let from = head.to_ascii_lowercase().find("<title")?;
    let (_, after) = head.get(from..)?.split_once('>')?;
    let (title, _) = after.split_once('<')?;
    let title = parts.token.hidden_in(title.trim());
    (!title.is_empty()).then(|| title.chars().take(80).collect())
}

/// Backstage's message, or the start of whatever else the body says; nothing for HTML.
fn problem_message(parts: &Parts<'_>) -> String {
    match (Problem::from_json(&parts.body), html_title(parts)) {
        (Some(problem), _) => {
            let message = parts.token.hidden_in(&problem.error.message);
            message.chars().take(500).collect()
        }
        (None, Some(title)) => format!("a web page titled '{title}'"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use url::Url;

    use super::{Parts, is_json, page};
    use crate::token::Token;

    fn message(status: u16, content_type: &str, body: &str) -> String {
        let parts = Parts {
            status: StatusCode::from_u16(status).unwrap(),
            content_type,
            location: "",
            retry_after: None,
            body: body.into(),
            url: &Url::parse("https://p.example").unwrap(),
            address: "https://p.example",
            token: &Token::parse("unheard-of").unwrap(),
        };
        page(parts).unwrap_err().to_string()
    }

    #[test]
    fn a_web_page_is_named_by_its_title() {
        let html = "<!doctype html><HTML><head><Title lang=en> Sign in · Example </title>";
        let expected = "a web page titled 'Sign in · Example'";
        assert!(message(200, "text/html; charset=utf-8", html).contains(expected));
        assert!(message(502, "text/html", html).contains(expected));
        assert!(message(200, "text/html", "<html>").contains("a web page where"));
        assert!(message(200, "", "x").contains("something without a content type"));
    }

    #[test]
    fn json_is_told_by_its_content_type() {
        assert!(is_json("application/json; charset=utf-8"));
        assert!(is_json("Application/JSON"));
        assert!(is_json("application/problem+json"));
        assert!(!is_json("text/json"));
        assert!(!is_json(""));
    }
}
