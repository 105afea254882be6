//! A request from its beginning to its end: its id, and what is counted and logged of it.

use std::{net::IpAddr, sync::Arc, time::Instant};

use hyper::{
    HeaderMap, Response,
    header::{HeaderName, HeaderValue},
    http::request::Parts,
};

use super::{
    answer::Content,
    metrics::Metrics,
    route::{Route, method},
};
use crate::output::{Level, Requested, Ui};

/// The header of an id, in requests and answers.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken from a client.
const MAX_ID: usize = 128;

/// A request that has not ended. Where it is dropped, it was cut off.
#[derive(Debug)]
pub(super) struct RequestRecord {
    metrics: Arc<Metrics>,
    ui: Ui,
    began: Instant,
    id: String,
    method: &'static str,
    route: Route,
    client: IpAddr,
    subject: Option<String>,
    is_head: bool,
    has_ended: bool,
}

impl RequestRecord {
    pub(super) fn begin(metrics: &Arc<Metrics>, ui: &Ui, peer: IpAddr, head: &Parts) -> Self {
        metrics.request_began();
        Self {
            metrics: Arc::clone(metrics),
            ui: ui.clone(),
            began: Instant::now(),
            id: id(&head.headers),
            method: method(&head.method),
            route: Route::of(&head.uri),
            client: peer,
            subject: None,
            is_head: head.method == hyper::Method::HEAD,
            has_ended: false,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn route(&self) -> Route {
        self.route
    }

    pub(super) fn client(&self) -> IpAddr {
        self.client
    }

    /// Takes note of who asks.
    pub(super) fn set_caller(&mut self, client: IpAddr, subject: Option<String>) {
        self.client = client;
        self.subject = subject;
    }

    /// Gives the answer its id.
    pub(super) fn end(mut self, mut answer: Response<Content>) -> Response<Content> {
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            answer.headers_mut().insert(REQUEST_ID, id);
        }
        let bytes = if self.is_head { 0 } else { answer.body().len() };
        self.note_end(Some(answer.status().as_u16()), bytes as u64);
        answer
    }

    fn note_end(&mut self, status: Option<u16>, bytes: u64) {
        self.has_ended = true;
        let duration = self.began.elapsed();
        self.metrics
            .request_ended(self.route, self.method, status, duration);
        let level = match self.route {
            Route::Events | Route::Other => Level::Info,
            Route::Healthz | Route::Readyz | Route::Metrics => Level::Debug,
        };
        let requested = Requested {
            request_id: &self.id,
            method: self.method,
            route: self.route.name(),
            status,
            duration,
            bytes,
            subject: self.subject.as_deref(),
            client: self.client,
        };
        self.ui.request(level, &requested);
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        if !self.has_ended {
            self.note_end(None, 0);
        }
    }
}

/// The client's own id, where it is one; else a new one.
fn id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    match given {
        Some(id) if is_id(id) => id.to_owned(),
        _ => uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes())
            .into_uuid()
            .simple()
            .to_string(),
    }
}

fn is_id(text: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:=+/".contains(&byte);
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(is_safe)
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::{MAX_ID, REQUEST_ID, id};

    #[test]
    fn a_sane_id_is_taken_and_any_other_is_made() {
        let of = |given: &[u8]| {
            let value = hyper::header::HeaderValue::from_bytes(given).unwrap();
            id(&HeaderMap::from_iter([(REQUEST_ID, value)]))
        };
        let longest = "x".repeat(MAX_ID);
        for sane in ["a", "4bf92f35-77b3/1.2:3=_", &longest] {
            assert_eq!(of(sane.as_bytes()), sane);
        }
        let too_long = "x".repeat(MAX_ID + 1);
        for other in ["", "two words", "a,b", "a\"b", "a\tb", "{}", &too_long] {
            let made = of(other.as_bytes());
            assert!(made.len() == 32 && made.bytes().all(|b| b.is_ascii_hexdigit()));
        }
        assert_eq!(of("ä".as_bytes()).len(), 32);
        assert_ne!(id(&HeaderMap::new()), id(&HeaderMap::new()));
    }
}
