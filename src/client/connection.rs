//! Connections: TLS, proxies, redirects and time-outs; and why one failed.

use std::{error::Error, io, path::Path, time::Duration};

use reqwest::{
    header::{ACCEPT_ENCODING, HeaderMap, HeaderValue},
    redirect::Policy,
};
use url::Url;

use super::{answer::ClientError, http::Options};
use crate::address::Address;

/// Redirects inside one origin that are followed.
const MAX_REDIRECTS: usize = 5;
/// A Backstage closes idle connections after 5 s; ours are given up before that.
const IDLE: Duration = Duration::from_secs(4);

/// The connections to `address`, none of them made yet.
pub fn connector(address: &Address, options: &Options) -> Result<reqwest::Client, ClientError> {
    // Fails only where a provider is set already, which is then as good.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("auditlog/", env!("CARGO_PKG_VERSION")))
        .referer(false)
        .redirect(same_origin_only())
        .connect_timeout(Duration::from_secs(10).min(options.timeout))
        .timeout(options.timeout)
        .pool_idle_timeout(IDLE);
    if address.is_loopback() {
        // A proxy is another machine: a token for loopback must not go there. And to compress and unpack costs more than
        // to carry bytes from one process to the next; what is compressed all the same is read.
        let plain = HeaderValue::from_static("identity");
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, plain)]);
        builder = builder.no_proxy().default_headers(headers);
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

/// Whether the other side ended the connection before it answered, or had ended it before it was asked.
pub fn is_closed(error: &reqwest::Error) -> bool {
    let closed = |error: &(dyn Error + 'static)| {
        let hyper: Option<&hyper::Error> = error.downcast_ref();
        let io: Option<&io::Error> = error.downcast_ref();
        hyper.is_some_and(|error| error.is_incomplete_message() || error.is_canceled())
            || io.is_some_and(|error| CLOSED.contains(&error.kind()))
    };
    causes(error).any(closed)
}

/// What the operating system says of a connection that is no more.
const CLOSED: [io::ErrorKind; 3] = [
    io::ErrorKind::BrokenPipe,
    io::ErrorKind::ConnectionAborted,
    io::ErrorKind::ConnectionReset,
];

/// Whether what came is not the beginning of an HTTP answer, or not one that can be read.
pub fn is_no_http(error: &reqwest::Error) -> bool {
    causes(error).any(|error| error.downcast_ref().is_some_and(hyper::Error::is_parse))
}

/// The last cause: reqwest's own texts repeat the URL and say little.
pub fn innermost(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// An error and what is behind it.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |error: &&(dyn Error + 'static)| {
        (*error).source()
    })
}
