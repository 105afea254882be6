//! The paths that are served. They are fixed, so that no router is needed.

use hyper::{Method, Uri};

use crate::api::AUDIT_EVENT_PATH;

/// What a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Route {
    /// Events, to read or to store.
    Events,
    /// Whether the process answers.
    Healthz,
    /// Whether it can do its work.
    Readyz,
    /// What is counted here.
    Metrics,
    /// Nothing that is here.
    Other,
}

impl Route {
    pub(super) const ALL: [Self; 5] = [
        Self::Events,
        Self::Healthz,
        Self::Readyz,
        Self::Metrics,
        Self::Other,
    ];

    /// Backstage's router is case-insensitive and takes a slash at the end.
    pub(super) fn of(uri: &Uri) -> Self {
        let path = uri.path();
        match path {
            "/healthz" => return Self::Healthz,
            "/readyz" => return Self::Readyz,
            "/metrics" => return Self::Metrics,
            _ => {}
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        match path.eq_ignore_ascii_case(AUDIT_EVENT_PATH) {
            true => Self::Events,
            false => Self::Other,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Events => AUDIT_EVENT_PATH,
            Self::Healthz => "/healthz",
            Self::Readyz => "/readyz",
            Self::Metrics => "/metrics",
            Self::Other => "other",
        }
    }
}

/// The method, where it is one that means something here.
pub(super) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
