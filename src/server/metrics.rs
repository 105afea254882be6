//! What is counted of a server while it runs. No label has a value that a client can make up.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    error::Refusal,
    exposition::{Exposition, Kind},
    route::Route,
};

/// Upper bounds of the buckets of durations, in seconds.
const BOUNDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// What became of the events of a request; each is counted once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) stored: u64,
    pub(super) duplicate: u64,
    pub(super) excluded: u64,
    pub(super) initiated: u64,
    pub(super) rejected: u64,
}

/// The counts of one server, from its start on.
#[derive(Debug)]
pub struct Metrics {
    started: SystemTime,
    requests: Mutex<BTreeMap<(Route, &'static str, u16), u64>>,
    durations: [Histogram; Route::ALL.len()],
    in_flight: AtomicU64,
    broken_off: AtomicU64,
    events: Tally<5>,
    redacted: AtomicU64,
    refused: Tally<5>,
    unrecorded: AtomicU64,
    connections: AtomicU64,
    connected: AtomicU64,
    failed_handshakes: AtomicU64,
    reloads: Tally<2>,
    /// Seconds since 1970; 0 where there was none.
    reloaded: AtomicU64,
    reload_failed: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            started: SystemTime::now(),
            requests: Mutex::default(),
            durations: std::array::from_fn(|_| Histogram::default()),
            in_flight: AtomicU64::new(0),
            broken_off: AtomicU64::new(0),
            events: Tally::of(["stored", "duplicate", "excluded", "initiated", "rejected"]),
            redacted: AtomicU64::new(0),
            refused: Tally::of([
                "missing_credentials",
                "illegal_token",
                "other_plugin",
                "other_permission",
                "rate_limit",
            ]),
            unrecorded: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            connected: AtomicU64::new(0),
            failed_handshakes: AtomicU64::new(0),
            reloads: Tally::of(["succeeded", "failed"]),
            reloaded: AtomicU64::new(0),
            reload_failed: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    /// The configuration was read again, or could not be.
    pub fn reloaded(&self, succeeded: bool) {
        self.reloads
            .add(if succeeded { "succeeded" } else { "failed" }, 1);
        self.reload_failed.store((!succeeded).into(), Relaxed);
        if succeeded {
            self.reloaded
                .store(seconds(SystemTime::now()) as u64, Relaxed);
        }
    }

    pub(super) fn request_began(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    /// A request was answered, or with no status it was cut off.
    pub(super) fn request_ended(
        &self,
        route: Route,
        method: &'static str,
        status: Option<u16>,
        duration: Duration,
    ) {
        self.in_flight.fetch_sub(1, Relaxed);
        let Some(status) = status else {
            self.broken_off.fetch_add(1, Relaxed);
            return;
        };
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((route, method, status)).or_default() += 1;
        drop(requests);
        if let Some(durations) = self.durations.get(route as usize) {
            durations.add(duration);
        }
    }

    pub(super) fn sent(&self, sent: Sent) {
        self.events.add("stored", sent.stored);
        self.events.add("duplicate", sent.duplicate);
        self.events.add("excluded", sent.excluded);
        self.events.add("initiated", sent.initiated);
        self.events.add("rejected", sent.rejected);
    }

    pub(super) fn redacted(&self, events: u64) {
        self.redacted.fetch_add(events, Relaxed);
    }

    pub(super) fn refused(&self, refusal: &Refusal) {
        match refusal {
            Refusal::MissingCredentials => self.refused.add("missing_credentials", 1),
            Refusal::IllegalToken => self.refused.add("illegal_token", 1),
            Refusal::OtherPlugins(_) => self.refused.add("other_plugin", 1),
            Refusal::OtherPermission => self.refused.add("other_permission", 1),
            Refusal::TooManyRequests => self.refused.add("rate_limit", 1),
            _ => {}
        }
    }

    pub(super) fn read_not_recorded(&self) {
        self.unrecorded.fetch_add(1, Relaxed);
    }

    pub(super) fn connected(&self) {
        self.connections.fetch_add(1, Relaxed);
        self.connected.fetch_add(1, Relaxed);
    }

    pub(super) fn disconnected(&self) {
        self.connections.fetch_sub(1, Relaxed);
    }

    pub(super) fn handshake_failed(&self) {
        self.failed_handshakes.fetch_add(1, Relaxed);
    }

    /// All of it, as families of metrics.
    pub(super) fn expose(&self, text: &mut Exposition) {
        self.expose_requests(text);
        self.expose_events(text);
        let load = |count: &AtomicU64| count.load(Relaxed) as f64;
        text.one(
            "auditlog_connections",
            Kind::Gauge("Connections that are open."),
            load(&self.connections),
        );
        text.one(
            "auditlog_connections_accepted_total",
            Kind::Counter("Connections that were taken."),
            load(&self.connected),
        );
        text.one(
            "auditlog_tls_handshakes_failed_total",
            Kind::Counter("Connections that did not come to speak TLS."),
            load(&self.failed_handshakes),
        );
        text.family(
            "auditlog_config_reloads_total",
            Kind::Counter("Times that the configuration was read again at SIGHUP, by result."),
        );
        self.reloads.expose(text, "result");
        text.one(
            "auditlog_config_last_reload_successful",
            Kind::Gauge("Whether the configuration in use is the one that was read last."),
            1.0 - load(&self.reload_failed),
        );
        text.one(
            "auditlog_config_last_reload_success_timestamp_seconds",
            Kind::Gauge("When the configuration was last read again with success; 0 where never."),
            load(&self.reloaded),
        );
        text.family("auditlog_build_info", Kind::Gauge("The version that runs."));
        text.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1.0);
        text.one(
            "process_start_time_seconds",
            Kind::Gauge("When the server started, in seconds since 1970."),
            seconds(self.started),
        );
    }

    fn expose_requests(&self, text: &mut Exposition) {
        text.family(
            "auditlog_http_requests_total",
            Kind::Counter("Requests that were answered."),
        );
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        for ((route, method, status), count) in &*requests {
            let status = status.to_string();
            let labels = [
                ("route", route.name()),
                ("method", *method),
                ("status", &status),
            ];
            text.sample(&labels, *count as f64);
        }
        drop(requests);
        text.family(
            "auditlog_http_request_duration_seconds",
            Kind::Histogram("Time from the head of a request to its answer."),
        );
        for (route, durations) in Route::ALL.into_iter().zip(&self.durations) {
            durations.expose(text, route);
        }
        text.one(
            "auditlog_http_requests_in_flight",
            Kind::Gauge("Requests that are under way."),
            self.in_flight.load(Relaxed) as f64,
        );
        text.one(
            "auditlog_http_requests_broken_off_total",
            Kind::Counter("Requests that were cut off before their answer."),
            self.broken_off.load(Relaxed) as f64,
        );
        text.family(
            "auditlog_http_requests_refused_total",
            Kind::Counter("Requests answered with 401, 403 or 429, by reason."),
        );
        self.refused.expose(text, "reason");
    }

    fn expose_events(&self, text: &mut Exposition) {
        text.family(
            "auditlog_events_total",
            Kind::Counter("Events that were sent, by what became of them."),
        );
        self.events.expose(text, "result");
        text.one(
            "auditlog_events_redacted_total",
            Kind::Counter("Events of which something was taken out before they were stored."),
            self.redacted.load(Relaxed) as f64,
        );
        text.one(
            "auditlog_reads_not_recorded_total",
            Kind::Counter("Reads of the trail that auditReads could not record."),
            self.unrecorded.load(Relaxed) as f64,
        );
    }
}

/// Counts of which each has a name.
#[derive(Debug)]
struct Tally<const N: usize>([(&'static str, AtomicU64); N]);

impl<const N: usize> Tally<N> {
    fn of(names: [&'static str; N]) -> Self {
        Self(names.map(|name| (name, AtomicU64::new(0))))
    }

    fn add(&self, name: &str, count: u64) {
        if let Some((_, counted)) = self.0.iter().find(|(known, _)| *known == name) {
            counted.fetch_add(count, Relaxed);
        }
    }

    fn expose(&self, text: &mut Exposition, label: &'static str) {
        for (name, count) in &self.0 {
            text.sample(&[(label, name)], count.load(Relaxed) as f64);
        }
    }
}

/// Durations by size.
#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl Histogram {
    fn add(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let at = BOUNDS.iter().position(|bound| seconds <= *bound);
        if let Some(bucket) = self.buckets.get(at.unwrap_or(BOUNDS.len())) {
            bucket.fetch_add(1, Relaxed);
        }
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Relaxed);
    }

    fn expose(&self, text: &mut Exposition, route: Route) {
        let route = ("route", route.name());
        let mut below = 0;
        let bounds = BOUNDS.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        for (bound, bucket) in bounds.zip(&self.buckets) {
            below += bucket.load(Relaxed);
            text.part("_bucket", &[route, ("le", &bound)], below as f64);
        }
        text.part("_sum", &[route], self.micros.load(Relaxed) as f64 / 1e6);
        text.part("_count", &[route], below as f64);
    }
}

fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64()
}
