//! The connection: TLS, proxies, timeouts, the bearer token, and asking again.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use chrono::{DateTime, Utc};
use reqwest::{
    Response,
    header::{
        AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
        SET_COOKIE,
    },
    redirect::Policy,
};
use url::Url;

use super::{
    answer::{self, ClientError, Parts},
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
/// Redirects inside one origin that are followed.
const MAX_REDIRECTS: usize = 5;
/// A Backstage closes idle connections after 5 s; ours are given up before that.
const IDLE: Duration = Duration::from_secs(4);

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
}

/// A server that can be asked for pages.
pub struct Client {
    http: reqwest::Client,
    address: Address,
    token: Token,
    authorization: HeaderValue,
    options: Options,
    trace: Trace,
}

/// A page, and the server's clock when it was answered.
#[derive(Debug)]
pub struct Answer {
    /// The page.
    pub page: Page,
    /// The `Date` header: whole seconds.
    pub date: Option<Timestamp>,
}

/// One try: an answer, or an error that may pass with the wait that the server asked for.
enum Try {
    Done(Result<Answer, ClientError>),
    MayPass(ClientError, Option<Duration>),
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
        Ok(Self {
            http,
            address,
            token: token.clone(),
            authorization,
            options,
            trace,
        })
    }

    /// Fetches one page, asking again where a failure may pass.
    pub async fn fetch(&self, request: &Request) -> Result<Answer, ClientError> {
        let url = self.address.endpoint(&request.to_pairs());
        let mut retry = 0;
        loop {
            let (error, asked) = match self.fetch_once(&url).await {
                Try::Done(result) => return result,
                Try::MayPass(error, asked) => (error, asked),
            };
            let wait = retry::next_wait(retry, self.options.retries, asked, fastrand::f64());
            let Some(wait) = wait else { return Err(error) };
            retry += 1;
            // A person who waits should know why.
            let level = u8::from(wait <= QUIET_WAIT);
            (self.trace)(
                level,
                &format!("{error}; asking again in {:.1} s", wait.as_secs_f64()),
            );
            tokio::time::sleep(wait).await;
        }
    }

    async fn fetch_once(&self, url: &Url) -> Try {
        let started = Instant::now();
        let sent = self
            .http
            .get(url.clone())
            .header(AUTHORIZATION, self.authorization.clone());
        let mut response = match sent.send().await {
            Ok(response) => response,
            Err(error) => return self.failed(error),
        };
        let body = match read_body(&mut response).await {
            Ok(Some(body)) => body,
            Ok(None) => return Try::Done(Err(ClientError::TooLarge(MAX_BODY))),
            Err(error) => return self.failed(error),
        };
        let status = response.status();
        let spent = started.elapsed().as_millis();
        (self.trace)(
            1,
            &format!("GET {url} → {status}, {} bytes, {spent} ms", body.len()),
        );
        self.trace_headers(&response);
        let now = Timestamp::from(DateTime::<Utc>::from(SystemTime::now()));
        let asked = header(&response, RETRY_AFTER).and_then(|text| retry::retry_after(text, now));
        let page = answer::page(&Parts {
            status,
            content_type: header(&response, CONTENT_TYPE).unwrap_or_default(),
            location: header(&response, LOCATION).unwrap_or_default(),
            retry_after: asked,
            body: &body,
            url: response.url(),
            address: &self.address.to_string(),
            token: &self.token,
        });
        match page {
            Err(error) if retry::is_passing(status.as_u16()) => Try::MayPass(error, asked),
            page => Try::Done(page.map(|page| Answer {
                page,
                date: date(&response),
            })),
        }
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
    fn failed(&self, error: reqwest::Error) -> Try {
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

fn connector(address: &Address, options: &Options) -> Result<reqwest::Client, ClientError> {
    // Fails only where a provider is set already, which is then as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("auditlog/", env!("CARGO_PKG_VERSION")))
        .referer(false)
        .redirect(same_origin_only())
        .connect_timeout(Duration::from_secs(10).min(options.timeout))
        .timeout(options.timeout)
        .pool_idle_timeout(IDLE);
    if address.is_loopback() {
        // A proxy is another machine: a token for loopback must not go there.
        builder = builder.no_proxy();
    }
    builder = match &options.ca_cert {
        _ if address.is_plain_http() => builder.tls_certs_only([]),
        Some(path) => builder.tls_certs_merge(certificates(path)?),
        None => builder,
    };
    // The certificates are looked into here, not when they are read.
    builder.build().map_err(|error| match &options.ca_cert {
        Some(path) => ClientError::Certificates {
            path: path.display().to_string(),
            reason: innermost(&error),
        },
        None => ClientError::Setup(error),
    })
}

/// A redirect to another origin is not followed: the token must not go there, and without it there is no answer.
fn same_origin_only() -> Policy {
    Policy::custom(|attempt| {
        let first = attempt.previous().first().map(Url::origin);
        match first == Some(attempt.url().origin()) && attempt.previous().len() <= MAX_REDIRECTS {
            true => attempt.follow(),
            false => attempt.stop(),
        }
    })
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, ClientError> {
    let error = |reason: String| ClientError::Certificates {
        path: path.display().to_string(),
        reason,
    };
    let pem = std::fs::read(path).map_err(|e| error(e.to_string()))?;
    let certificates =
        reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| error(e.to_string()))?;
    if certificates.is_empty() {
        return Err(error("there is no PEM certificate in it".to_owned()));
    }
    Ok(certificates)
}

/// The body, decompressed; none if it is larger than [`MAX_BODY`].
async fn read_body(response: &mut Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
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

/// Whether what came is not the beginning of an HTTP answer, or not one that can be read.
fn is_no_http(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref().is_some_and(hyper::Error::is_parse) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The last cause: reqwest's own texts repeat the URL and say little.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
