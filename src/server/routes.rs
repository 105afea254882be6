//! One request and its answer.

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, Uri,
    body::Incoming,
    header::{self, HeaderValue},
    http::request::Parts,
};
use tokio::task::spawn_blocking;

use super::{
    admission::{Admission, Visitor},
    answer::{Content, Text, Wanted},
    answer_budget::AnswerBudget,
    auth::Permission,
    body::Bodies,
    connections::Handler,
    error::{PublicError, Refusal},
    health::Health,
    intake::Intake,
    metrics::Metrics,
    post::{Taken, check_type, take},
    reads::Reads,
    request_record::RequestRecord,
    route::Route,
    shared_pages::{NoPage, SharedPages},
    write_queue::WriteQueue,
};
use crate::{
    api::{Problem, ProblemRequest, READ_EVENT, Timestamp, write_page},
    output::Ui,
    query,
    store::Store,
};

/// What every request is answered from.
#[derive(Debug)]
pub(super) struct Routes {
    pub(super) store: Store,
    pub(super) admission: Admission,
    pub(super) health: Arc<Health>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) ui: Ui,
    pub(super) bodies: Bodies,
    pub(super) write_queue: WriteQueue,
    pub(super) reads: Arc<Reads>,
    pub(super) shared_pages: SharedPages,
    pub(super) answer_budget: AnswerBudget,
}

const JSON: &str = "application/json; charset=utf-8";
const ALLOWED: &str = "GET,HEAD,POST";
/// Seconds: a queue is empty by then, and a full disk is asked again soon.
const RETRY_AFTER: &str = "5";
/// Where Backstage mounts the plugin. The plugin, and its errors, do not see this part of a path.
const PLUGIN_PATH: &str = "/api/audit-log";

impl Handler for Routes {
    async fn answer(&self, peer: IpAddr, request: Request<Incoming>) -> Response<Content> {
        let (head, body) = request.into_parts();
        let mut record = RequestRecord::begin(&self.metrics, &self.ui, peer, &head);
        let is_read = matches!(head.method, Method::GET | Method::HEAD);
        // Before everything that counts, slows or refuses requests.
        let probed = match is_read {
            true => self.health.probed(record.route()).await,
            false => None,
        };
        let answer = match probed {
            Some(probed) => probed.map(Content::from),
            None => self.asked(&head, body, &mut record).await,
        };
        record.end(answer)
    }
}

impl Routes {
    /// The answer to what is not a probe.
    async fn asked(
        &self,
        head: &Parts,
        body: Incoming,
        record: &mut RequestRecord,
    ) -> Response<Content> {
        let visitor = self.admission.visitor(record.client(), &head.headers);
        let subject = visitor.subject(&head.headers);
        record.set_caller(visitor.address(), subject.map(str::to_owned));
        let answer = self.route(head, body, &visitor, record.route()).await;
        let answer = answer.unwrap_or_else(|refusal| {
            self.metrics.refused(&refusal);
            self.refuse(head, &refusal, record.id())
        });
        let mut answer = Wanted::by(head).finished(answer).await;
        if let Some(subject) = subject {
            self.record(head, answer.status(), subject, &visitor, record.route());
        }
        visitor.put_quota(answer.headers_mut());
        answer
    }

    /// Records who read the trail, beside the answer.
    fn record(
        &self,
        head: &Parts,
        status: StatusCode,
        subject: &str,
        visitor: &Visitor,
        route: Route,
    ) {
        let is_read = matches!(head.method, Method::GET | Method::HEAD);
        if !visitor.is_recorded() || !is_read || route != Route::Events {
            return;
        }
        let intake = visitor.intake();
        let now = Timestamp::from(chrono::Utc::now());
        if intake.excludes(Some(subject), READ_EVENT) {
            return;
        }
        let Some(event) = self.reads.event(head, status, subject, now) else {
            return;
        };
        let Ok(event) = intake.redacted(&event).map(|other| other.unwrap_or(event)) else {
            return;
        };
        let (write_queue, reads, ui) = (
            self.write_queue.clone(),
            Arc::clone(&self.reads),
            self.ui.clone(),
        );
        let metrics = Arc::clone(&self.metrics);
        tokio::spawn(async move {
            let id = event.id().to_owned();
            let (lost, why) = match write_queue.store(vec![event]).await {
                Ok(_) => (reads.untold(), String::new()),
                Err(refusal) => {
                    metrics.read_not_recorded();
                    (reads.lose(&id), format!(": {}", refusal.reason()))
                }
            };
            let reads = match lost {
                None => return,
                Some(1) => "1 read of the trail was".to_owned(),
                Some(lost) => format!("{lost} reads of the trail were"),
            };
            ui.warning(&format!("{reads} not recorded{why}"));
        });
    }

    async fn route(
        &self,
        head: &Parts,
        body: Incoming,
        visitor: &Visitor,
        route: Route,
    ) -> Result<Response<Text>, Refusal> {
        let permission = match head.method {
            Method::POST => Permission::Write,
            _ => Permission::Read,
        };
        // Before the route, as Backstage does it: who has no token learns nothing of what is here.
        self.admission
            .admit(visitor, &head.headers, permission)
            .await?;
        if route != Route::Events {
            return Err(Refusal::NotFound);
        }
        match head.method {
            // A HEAD is answered as a GET; hyper leaves the body out.
            Method::GET | Method::HEAD => self.page(&head.uri).await,
            Method::POST => self.take(&head.headers, body, visitor.intake()).await,
            Method::OPTIONS => Ok(options()),
            _ => Err(Refusal::NotFound),
        }
    }

    /// Stores the events of a body, and answers when they are on the disk.
    async fn take(
        &self,
        headers: &HeaderMap,
        body: Incoming,
        intake: Arc<Intake>,
    ) -> Result<Response<Text>, Refusal> {
        check_type(headers)?;
        // It is held until the events are stored: large bodies that wait are as much memory as those that come.
        let whole = self.bodies.read(headers, body).await?;
        let bytes = whole.bytes.clone();
        let now = Timestamp::from(chrono::Utc::now());
        let taken = spawn_blocking(move || take(&bytes, &intake, now)).await;
        let taken = taken.unwrap_or(Err(Refusal::Busy))?;
        let Taken {
            events,
            mut told,
            redacted,
            ..
        } = taken;
        if !events.is_empty() {
            let sent = events.len() as u64;
            told.stored = self.write_queue.store(events).await?;
            told.duplicate = sent.saturating_sub(told.stored);
        }
        self.metrics.sent(told.counts());
        self.metrics.redacted(redacted);
        let body = serde_json::to_string(&told).unwrap_or_default();
        Ok(json(StatusCode::OK, body))
    }

    async fn page(&self, uri: &Uri) -> Result<Response<Text>, Refusal> {
        let parameters = uri.query().unwrap_or_default();
        let ask = || {
            let pairs = url::form_urlencoded::parse(parameters.as_bytes());
            query::Request::from_pairs(pairs, chrono::Utc::now().into())
        };
        let asked = ask().map_err(Refusal::Parameter)?;
        let read = async {
            // Now, for all who have asked meanwhile: a window that is not given ends here.
            let asked = ask().unwrap_or(asked);
            let (limit, offset) = (asked.limit, asked.offset);
            let page = self.store.page(&asked.query, limit, offset).await?;
            let bodies = page.bodies.iter().map(String::as_str);
            let written = write_page(bodies, page.total, limit, offset);
            let text = self.answer_budget.take(written).ok_or(NoPage::Unread)?;
            Ok(text.tagged().await)
        };
        let body = self.shared_pages.get(parameters, read).await;
        Ok(json(StatusCode::OK, body?))
    }

    fn refuse(&self, head: &Parts, refusal: &Refusal, id: &str) -> Response<Text> {
        let seen = ProblemRequest {
            method: head.method.to_string(),
            url: url_inside(&head.uri).into_owned(),
        };
        let failed = match refusal {
            Refusal::Store(error) | Refusal::NotStored(error) => Some(&**error),
            _ => None,
        };
        if let Some(error) = failed {
            // Filters name people, and what stands for a filter may be a secret that was pasted there.
            let path = seen.url.split('?').next().unwrap_or_default();
            let text = format!("{} {path}: {error} (request {id})", seen.method);
            self.ui.warning(&text);
        }
        refused(refusal.told(), seen)
    }
}

fn refused(told: PublicError, seen: ProblemRequest) -> Response<Text> {
    let problem = Problem::new(told.status.as_u16(), told.name, told.message, seen);
    let body = serde_json::to_string(&problem).unwrap_or_default();
    let mut response = json(told.status, body);
    // Every 503 of ours passes.
    if told.status == StatusCode::SERVICE_UNAVAILABLE {
        put(response.headers_mut(), header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// What a real one answers, body and all.
fn options() -> Response<Text> {
    let mut response = response(
        StatusCode::OK,
        "text/html; charset=utf-8",
        ALLOWED.to_owned().into(),
    );
    put(response.headers_mut(), header::ALLOW, ALLOWED);
    response
}

/// What differs with the token and with what is compressed. A trail is for no cache: who sends back an ETag has kept the
/// answer by itself.
fn json(status: StatusCode, body: impl Into<Text>) -> Response<Text> {
    let mut response = response(status, JSON, body.into());
    let vary = "Authorization, Accept-Encoding";
    put(response.headers_mut(), header::VARY, vary);
    response
}

fn response(status: StatusCode, content_type: &'static str, body: Text) -> Response<Text> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    put(headers, header::CONTENT_TYPE, content_type);
    put(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(headers, header::CACHE_CONTROL, "no-store");
    response
}

fn put(headers: &mut HeaderMap, name: header::HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

/// Path and query as the plugin sees them; whole where they lead elsewhere.
fn url_inside(uri: &Uri) -> Cow<'_, str> {
    let whole = uri.path_and_query().map_or("/", |url| url.as_str());
    let inside = match whole.split_at_checked(PLUGIN_PATH.len()) {
        Some((plugin, inside)) if plugin.eq_ignore_ascii_case(PLUGIN_PATH) => inside,
        _ => return Cow::Borrowed(whole),
    };
    match inside.chars().next() {
        Some('/') => Cow::Borrowed(inside),
        None | Some('?') => Cow::Owned(format!("/{inside}")),
        Some(_) => Cow::Borrowed(whole),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Refusal, refused, url_inside};
    use crate::{api::ProblemRequest, store::StoreError};

    #[test]
    fn what_passes_says_when_to_ask_again() {
        for (refusal, expected) in [
            (Refusal::Busy, Some("5")),
            (Refusal::Unread, Some("5")),
            (Refusal::Store(StoreError::Locked.into()), Some("5")),
            (Refusal::Store(StoreError::TooSlow.into()), Some("5")),
            (Refusal::NotStored(Arc::new(StoreError::Full)), Some("5")),
            (Refusal::Store(StoreError::Damaged("x".into()).into()), None),
            (Refusal::NotFound, None),
        ] {
            let seen = ProblemRequest {
                method: "GET".into(),
                url: "/".into(),
            };
            let response = refused(refusal.told(), seen);
            let after = response.headers().get("retry-after");
            let after = after.map(|value| value.to_str().unwrap());
            assert_eq!(after, expected, "{refusal:?}");
        }
    }

    #[test]
    fn errors_name_the_path_inside_the_plugin() {
        for (url, inside) in [
            (
                "/api/audit-log/v1/audit-event?limit=0",
                "/v1/audit-event?limit=0",
            ),
            ("/API/Audit-Log/V1/nope", "/V1/nope"),
            ("/api/audit-log", "/"),
            ("/api/audit-log?x=1", "/?x=1"),
            ("/api/audit-logs/v1", "/api/audit-logs/v1"),
            (
                "/api/catalog/entities?limit=abc",
                "/api/catalog/entities?limit=abc",
            ),
            ("http://host/api/audit-log/v1/nope", "/v1/nope"),
            ("/", "/"),
            ("*", "*"),
        ] {
            assert_eq!(url_inside(&url.parse().unwrap()), inside);
        }
    }
}
