//! The listener for those who operate the server: metrics and probes, for whoever reaches its address.

use std::{fs, net::IpAddr, sync::Arc, time::Duration};

use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{self, HeaderValue},
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::{
    answer::{Content, Text, Wanted},
    connections::Handler,
    exposition::{Exposition, Kind},
    health::{Health, plain},
    metrics::Metrics,
    request_record::RequestRecord,
    route::Route,
};
use crate::{
    output::Ui,
    store::{Store, StoreInfo},
};

/// How long what was read of the store holds, and how long it may take to be read.
const FRESH: Duration = Duration::from_secs(15);
const BOUND: Duration = Duration::from_secs(2);

/// What is answered there.
#[derive(Debug)]
pub(super) struct Operations {
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Arc<Health>,
    pub(super) store: Store,
    pub(super) ui: Ui,
    pub(super) most_connections: usize,
    pub(super) known: Mutex<Option<(Instant, StoreInfo)>>,
}

impl Handler for Operations {
    async fn answer(&self, peer: IpAddr, request: Request<Incoming>) -> Response<Content> {
        let (head, _) = request.into_parts();
        let record = RequestRecord::begin(&self.metrics, &self.ui, peer, &head);
        let is_read = matches!(head.method, Method::GET | Method::HEAD);
        let answer = match record.route() {
            _ if !is_read => plain(StatusCode::METHOD_NOT_ALLOWED, "GET only\n".to_owned()),
            Route::Metrics => self.exposed().await,
            route => {
                let probed = self.health.probed(route).await;
                let nothing = || plain(StatusCode::NOT_FOUND, "there is nothing here\n".to_owned());
                probed.unwrap_or_else(nothing)
            }
        };
        let answer = Wanted::unvalidated(&head)
            .finished(answer.map(Text::from))
            .await;
        record.end(answer)
    }
}

impl Operations {
    async fn exposed(&self) -> Response<String> {
        let mut text = Exposition::default();
        self.metrics.expose(&mut text);
        text.one(
            "auditlog_connections_max",
            Kind::Gauge("Connections at a time; more wait outside."),
            self.most_connections as f64,
        );
        if let Some(log) = self.ui.log.log() {
            text.one(
                "auditlog_log_lines_dropped_total",
                Kind::Counter("Lines of the log that nobody read in time."),
                log.dropped() as f64,
            );
        }
        let ready = self.health.is_ready().await;
        text.one(
            "auditlog_ready",
            Kind::Gauge("Whether /readyz says so."),
            f64::from(u8::from(ready)),
        );
        if let Some(write_queue) = self.health.write_queue() {
            let (waiting, most) = write_queue.queue();
            text.one(
                "auditlog_store_queue_length",
                Kind::Gauge("Requests that wait to be stored."),
                waiting as f64,
            );
            text.one(
                "auditlog_store_queue_max",
                Kind::Gauge("Requests that can wait; more are sent away."),
                most as f64,
            );
        }
        if let Some(info) = self.info().await {
            expose_store(&mut text, &info);
        }
        expose_process(&mut text);
        let mut answer = plain(StatusCode::OK, text.into_text());
        let kind = HeaderValue::from_static(Exposition::TYPE);
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
        answer
    }

    /// What is in the store, as it was a moment ago; none where that could not be read.
    async fn info(&self) -> Option<StoreInfo> {
        let mut known = self.known.lock().await;
        if known.as_ref().is_none_or(|(at, _)| at.elapsed() >= FRESH) {
            let read = timeout(BOUND, self.store.info()).await;
            let read = read.ok().and_then(Result::ok);
            *known = read.map(|info| (Instant::now(), info));
        }
        known.as_ref().map(|(_, info)| info.clone())
    }
}

fn expose_store(text: &mut Exposition, info: &StoreInfo) {
    text.one(
        "auditlog_store_events",
        Kind::Gauge("Events in the store."),
        info.events as f64,
    );
    text.one(
        "auditlog_store_size_bytes",
        Kind::Gauge("Size of the store."),
        info.bytes as f64,
    );
    if let Some(bytes) = info.free_bytes {
        text.one(
            "auditlog_store_free_bytes",
            Kind::Gauge("Bytes of the store that hold nothing."),
            bytes as f64,
        );
    }
    let times = [
        (
            "auditlog_store_oldest_event_timestamp_seconds",
            "When the oldest event happened.",
            info.oldest,
        ),
        (
            "auditlog_store_newest_event_timestamp_seconds",
            "When the newest event happened.",
            info.newest,
        ),
    ];
    for (name, help, time) in times {
        if let Some(time) = time {
            text.one(name, Kind::Gauge(help), time.micros() as f64 / 1e6);
        }
    }
}

/// What Linux says of the process; nothing elsewhere.
fn expose_process(text: &mut Exposition) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    if let Some(kilobytes) = kilobytes("VmRSS:") {
        text.one(
            "process_resident_memory_bytes",
            Kind::Gauge("Memory in use."),
            kilobytes * 1024.0,
        );
    }
    if let Some(kilobytes) = kilobytes("VmSize:") {
        text.one(
            "process_virtual_memory_bytes",
            Kind::Gauge("Memory that is reserved."),
            kilobytes * 1024.0,
        );
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        text.one(
            "process_open_fds",
            Kind::Gauge("Files and connections that are open."),
            open.count() as f64,
        );
    }
}
