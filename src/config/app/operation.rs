//! `auditLog.log`, `metrics` and `stopWithin`: what an operator sees of a server, and how it ends.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use super::{audit_log::address, view::View};
use crate::query::parse_duration;

/// Where metrics are served, where their section does not say it.
const METRICS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7018);
/// Longest time for requests to end: what starts the server again waits no longer.
const MOST_STOP: Duration = Duration::from_secs(3600);

/// What is logged, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Logging {
    /// The form of a line.
    pub format: LogForm,
    /// What matters less is not logged.
    pub level: LogLevel,
}

/// The form of a line of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogForm {
    /// For people.
    #[default]
    Text,
    /// An object of JSON.
    Json,
}

/// What is logged, each with all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What a person should look at.
    Warning,
    /// What the server does by itself.
    Notice,
    /// Each request.
    #[default]
    Info,
    /// Probes and scrapes.
    Debug,
}

/// What is logged, where the section is there: each request, unless it says otherwise.
pub(super) fn logging(section: &View) -> Option<Logging> {
    if !section.is_map() {
        section.wrong("an object with format and level");
        return None;
    }
    section.check_keys(&["format", "level"]);
    let format = section.child("format").and_then(|format| {
        let form = match format.text()?.as_str() {
            "text" => Some(LogForm::Text),
            "json" => Some(LogForm::Json),
            _ => None,
        };
        if form.is_none() {
            format.wrong("text or json");
        }
        form
    });
    let level = section.child("level").and_then(|level| {
        let of = match level.text()?.as_str() {
            "error" => Some(LogLevel::Error),
            "warning" | "warn" => Some(LogLevel::Warning),
            "notice" => Some(LogLevel::Notice),
            "info" => Some(LogLevel::Info),
            "debug" => Some(LogLevel::Debug),
            _ => None,
        };
        if of.is_none() {
            level.wrong("error, warning, notice, info or debug");
        }
        of
    });
    Some(Logging {
        format: format.unwrap_or_default(),
        level: level.unwrap_or_default(),
    })
}

/// Where metrics are served: `true`, or an object; none where they are not.
pub(super) fn metrics(section: &View) -> Option<SocketAddr> {
    if let Some(on) = section.as_flag() {
        return on.then_some(METRICS);
    }
    if !section.is_map() {
        section.wrong("true, false or an object with listen");
        return None;
    }
    section.check_keys(&["listen"]);
    match section.child("listen") {
        Some(listen) => address(&listen),
        None => Some(METRICS),
    }
}

/// How long requests may take to end, from a second to an hour.
pub(super) fn stop_within(view: &View) -> Option<Duration> {
    let time = parse_duration(&view.text()?).ok();
    let time = time.and_then(|time| time.to_std().ok());
    let time = time.filter(|time| (Duration::from_secs(1)..=MOST_STOP).contains(time));
    if time.is_none() {
        view.wrong("a length of time from 1s to 1h, like 10s");
    }
    time
}
