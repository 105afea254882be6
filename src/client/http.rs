//! A request: the bearer token, its answer, and asking again.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant, SystemTime},
};

use chrono::{DateTime, Utc};
use hyper::body::Bytes;
use reqwest::{
    RequestBuilder, Response,
    header::{
        AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION,
        RETRY_AFTER, SET_COOKIE,
    },
};
use url::Url;

use super::{
    answer::{self, ClientError, Parts, PostAnswer},
    connection::{connector, innermost, is_closed, is_no_http},
    limiter::{Limiter, Permit},
    retry,
};
use crate::{
    address::Address,
    api::{Page, Timestamp},
    query::Request,
    token::Token,
};

/// Largest body, decompressed. A thousand events of 64 kB fit.
const MAX_BODY: u64 = 256 << 20;

/// Most that is made room for before it has come.
const MAX_RESERVED: u64 = 8 << 20;
/// Waits up to this long are nothing to talk about.
const QUIET_WAIT: Duration = Duration::from_secs(1);

/// What is said of each request: how often `-v` must be given to see it (0: never), and the text. Never the token.
pub type Trace = Box<dyn Fn(u8, &str) + Send + Sync>;

/// How to connect.
#[derive(Clone, Debug)]
pub struct Options {
    /// PEM certificates that are trusted beside the system's.
    pub ca_cert: Option<PathBuf>,
    /// Whether a token may cross a network over plain http.
    pub allow_plain_http: bool,
    /// For a request as a whole, its body included.
    pub timeout: Duration,
    /// Requests after the first, where a failure may pass.
    pub retries: u32,
    /// Time between the beginnings of two requests, at least.
    pub spacing: Duration,
}

/// What a client has sent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests, each time that one was sent.
    pub requests: u64,
    /// Those among them that were sent because one before had failed.
    pub retries: u64,
}

/// A server that can be asked for pages.
pub struct Client {
    http: reqwest::Client,
    address: Address,
    token: Token,
    authorization: HeaderValue,
    options: Options,
    trace: Trace,
    limiter: Limiter,
    requests: AtomicU64,
    retries: AtomicU64,
    /// Whether an answer has come: from then on a connection may be an old one.
    answered: AtomicBool,
}

/// A page, and the server's clock when it was answered.
#[derive(Debug)]
pub struct Answer {
    /// The page.
    pub page: Page,
    /// The `Date` header: whole seconds.
    pub date: Option<Timestamp>,
}

/// What is asked for, or brought.
enum Errand {
    Fetch(Url),
    /// Lines of JSON, compressed.
    Send(Url, Bytes),
}

/// How an answer is read.
type Reading<T> = fn(Parts<'_>) -> Result<T, ClientError>;

/// One try: an answer, or an error that may pass with the wait that the server asked for.
enum Try<T> {
    Done(Result<(T, Option<Timestamp>), ClientError>),
    MayPass(ClientError, Option<Duration>),
    /// The connection had been closed before the request came.
    Stale,
}

impl Client {
    /// Prepares to ask `address`. Nothing is sent.
    pub fn new(
        address: Address,
        token: &Token,
        options: Options,
        trace: Trace,
    ) -> Result<Self, ClientError> {
        if address.is_plain_http() && !address.is_loopback() && !options.allow_plain_http {
            return Err(ClientError::PlainHttp {
                origin: address.origin(),
            });
        }
        let mut authorization =
            HeaderValue::from_bytes(format!("Bearer {}", token.expose()).as_bytes())
                .map_err(|_| ClientError::Unauthorized("it cannot stand in a header".to_owned()))?;
        authorization.set_sensitive(true);
        let http = connector(&address, &options)?;
        let limiter = Limiter::new(options.spacing);
        Ok(Self {
            http,
            address,
            token: token.clone(),
            authorization,
            options,
            trace,
            limiter,
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            answered: AtomicBool::new(false),
        })
    }

    /// What has been sent so far.
    pub fn counts(&self) -> Counts {
        Counts {
            requests: self.requests.load(Relaxed),
            retries: self.retries.load(Relaxed),
        }
    }

    /// Fetches one page, asking again where a failure may pass.
    ///
    /// Any number of these may be under way side by side: how many of them get out, and when, is one decision.
    pub async fn fetch(&self, request: &Request) -> Result<Answer, ClientError> {
        let errand = Errand::Fetch(self.address.endpoint(&request.to_pairs()));
        let (page, date) = self.run(&errand, answer::page).await?;
        Ok(Answer { page, date })
    }

    /// Sends events, one a line and compressed with gzip, again where a failure may pass: whatever is in `lines` must
    /// have an id, so that a second time is none.
    pub async fn send(&self, lines: Vec<u8>) -> Result<PostAnswer, ClientError> {
        let mut url = self.address.endpoint(&[]);
        url.set_query(None);
        let errand = Errand::Send(url, lines.into());
        Ok(self.run(&errand, answer::told).await?.0)
    }

    async fn run<T>(
        &self,
        errand: &Errand,
        reading: Reading<T>,
    ) -> Result<(T, Option<Timestamp>), ClientError> {
        let mut failures = 0;
        let mut stale = false;
        loop {
            let permit = self.limiter.start(|left| self.say_held(left)).await;
            self.requests.fetch_add(1, Relaxed);
            let (error, asked) = match self.run_once(errand, reading, &permit, stale).await {
                Try::Done(result) => return result,
                Try::Stale => {
                    stale = true;
                    continue;
                }
                Try::MayPass(error, asked) => (error, asked),
            };
            let is_refusal = matches!(error, ClientError::RateLimited(_));
            let retry = match is_refusal {
                // All requests share these, so that many side by side give up no sooner than one alone.
                true => permit.refused().saturating_sub(1),
                false => failures,
            };
            let wait = retry::next_wait(retry, self.options.retries, asked, fastrand::f64());
            let Some(wait) = wait else { return Err(error) };
            failures += u32::from(!is_refusal);
            self.retries.fetch_add(1, Relaxed);
            if is_refusal || asked.is_some() {
                let is_news = self.limiter.hold(wait, true);
                self.say_again(&error, wait, is_news);
            } else {
                self.say_again(&error, wait, true);
                drop(permit);
                tokio::time::sleep(wait).await;
            }
        }
    }

    /// A person who waits should know why: once.
    fn say_again(&self, error: &ClientError, wait: Duration, is_news: bool) {
        let level = u8::from(wait <= QUIET_WAIT || !is_news);
        let seconds = wait.as_secs_f64();
        (self.trace)(level, &format!("{error}; asking again in {seconds:.1} s"));
    }

    fn say_held(&self, left: Duration) {
        let level = u8::from(left <= QUIET_WAIT);
        let seconds = left.as_secs_f64();
        let text = format!("the server takes no more requests for now; waiting {seconds:.1} s");
        (self.trace)(level, &text);
    }

    fn outgoing(&self, errand: &Errand) -> RequestBuilder {
        let request = match errand {
            Errand::Fetch(url) => self.http.get(url.clone()),
            Errand::Send(url, lines) => self
                .http
                .post(url.clone())
                .header(CONTENT_TYPE, "application/x-ndjson")
                .header(CONTENT_ENCODING, "gzip")
                .body(lines.clone()),
        };
        request.header(AUTHORIZATION, self.authorization.clone())
    }

    async fn run_once<T>(
        &self,
        errand: &Errand,
        reading: Reading<T>,
        permit: &Permit<'_>,
        was_stale: bool,
    ) -> Try<T> {
        let started = Instant::now();
        let mut response = match self.outgoing(errand).send().await {
            Ok(response) => response,
            Err(error) if !was_stale && self.is_stale(&error) => {
                let text = "a connection was closed while it was idle: asking over another";
                (self.trace)(1, text);
                return Try::Stale;
            }
            Err(error) => return self.failed(error),
        };
        let body = match read_body(&mut response).await {
            Ok(Some(body)) => body,
            Ok(None) => return Try::Done(Err(ClientError::TooLarge(MAX_BODY))),
            Err(error) => return self.failed(error),
        };
        self.answered.store(true, Relaxed);
        self.trace_answer(
            errand,
            &response,
            body.len(),
            started.elapsed(),
            permit.waited,
        );
        let status = response.status();
        let date = date(&response);
        let quota = quota(&response, date);
        let now = date.unwrap_or_else(|| DateTime::<Utc>::from(SystemTime::now()).into());
        let retry_after = header(&response, RETRY_AFTER);
        let asked = retry_after.and_then(|text| retry::retry_after(text, now));
        let read = reading(Parts {
            status,
            content_type: header(&response, CONTENT_TYPE).unwrap_or_default(),
            location: header(&response, LOCATION).unwrap_or_default(),
            retry_after: asked,
            body,
            url: response.url(),
            address: &self.address.to_string(),
            token: &self.token,
        });
        match read {
            Err(error) if retry::is_passing(status.as_u16()) => {
                Try::MayPass(error, asked.or(quota))
            }
            read => {
                if let Some(wait) = quota {
                    self.limiter.hold(wait, false);
                }
                if read.is_ok() {
                    permit.passed();
                }
                Try::Done(read.map(|read| (read, date)))
            }
        }
    }

    /// Whether a request failed because its connection, left open by an earlier one, was there no longer.
    fn is_stale(&self, error: &reqwest::Error) -> bool {
        self.answered.load(Relaxed)
            && !error.is_timeout()
            && !error.is_connect()
            && is_closed(error)
    }

    fn trace_answer(
        &self,
        errand: &Errand,
        response: &Response,
        bytes: usize,
        spent: Duration,
        waited: Duration,
    ) {
        let status = response.status();
        let (method, url) = match errand {
            Errand::Fetch(url) => ("GET", url),
            Errand::Send(url, _) => ("POST", url),
        };
        let mut text = format!(
            "{method} {url} → {status}, {bytes} bytes, {} ms",
            spent.as_millis()
        );
        if waited >= Duration::from_millis(1) {
            text.push_str(&format!(", after {} ms of waiting", waited.as_millis()));
        }
        (self.trace)(1, &text);
        self.trace_headers(response);
    }

    fn trace_headers(&self, response: &Response) {
        for (name, value) in response.headers() {
            if name != SET_COOKIE {
                let value = String::from_utf8_lossy(value.as_bytes());
                (self.trace)(2, &format!("  {name}: {}", self.token.hidden_in(&value)));
            }
        }
    }

    /// Tells apart why there is no whole answer. A certificate that is not trusted will not pass by waiting.
    fn failed<T>(&self, error: reqwest::Error) -> Try<T> {
        let origin = self.address.origin();
        let reason = self.token.hidden_in(&innermost(&error));
        if error.is_timeout() && !error.is_connect() {
            return Try::MayPass(
                ClientError::TimedOut {
                    origin,
                    timeout: self.options.timeout,
                },
                None,
            );
        }
        if reason.contains("certificate") || reason.contains("CertificateError") {
            return Try::Done(Err(ClientError::Untrusted { origin, reason }));
        }
        let error = if error.is_connect() {
            ClientError::Unreachable { origin, reason }
        } else if is_no_http(&error) {
            ClientError::NoHttp { origin, reason }
        } else {
            ClientError::BrokenOff { origin, reason }
        };
        Try::MayPass(error, None)
    }
}

/// The body, decompressed; none if it is larger than [`MAX_BODY`].
async fn read_body(response: &mut Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    // As much as it says, within reason: what it says need not be true.
    let stated = response.content_length().unwrap_or_default();
    let mut body = Vec::with_capacity(stated.min(MAX_RESERVED) as usize);
    while let Some(chunk) = response.chunk().await? {
        if body.len() as u64 + chunk.len() as u64 > MAX_BODY {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn header(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

fn date(response: &Response) -> Option<Timestamp> {
    let date = DateTime::parse_from_rfc2822(header(response, DATE)?).ok()?;
    Some(Timestamp::from(date.to_utc()))
}

/// How long the server takes nothing more, by what it says of its rate limit.
fn quota(response: &Response, date: Option<Timestamp>) -> Option<Duration> {
    let header = |name| header(response, HeaderName::from_static(name));
    let remaining = header("x-ratelimit-remaining")?;
    retry::quota_wait(remaining, header("x-ratelimit-reset")?, date)
}
