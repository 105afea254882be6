//! `backend.rateLimit`: how many requests one address may make.

use std::time::Duration;

use super::{
    network::{Network, Networks, networks},
    view::View,
};

/// Requests of one address in a span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The span.
    pub window: Duration,
    /// The requests.
    pub requests: u64,
    /// Addresses that are not counted.
    pub allowed: Networks,
}

impl Default for RateLimit {
    /// What `rateLimit: true` means in Backstage: a minute, its library's five requests, and none counted of the
    /// machine itself.
    fn default() -> Self {
        let own = ["127.0.0.1", "::1"].into_iter().filter_map(Network::parse);
        Self {
            window: Duration::from_secs(60),
            requests: 5,
            allowed: Networks(own.collect()),
        }
    }
}

/// One day: a longer window would keep addresses for longer than anybody means.
const MOST_SECONDS: f64 = 86_400.0;

/// The limit, or none where it is off. Keys that are not listed are for other stores and other plugins.
pub(super) fn rate_limit(section: &View) -> Option<RateLimit> {
    if let Some(on) = section.as_flag() {
        return on.then(RateLimit::default);
    }
    if !section.is_map() {
        section.wrong("true, false or an object");
        return None;
    }
    let limit = of_keys(section);
    let plugin = section
        .child("plugin")
        .and_then(|plugins| plugins.child("audit-log"));
    match plugin {
        Some(own) if own.is_map() => Some(of_keys(&own)),
        Some(own) => own.flag()?.then_some(limit),
        None => {
            let global = section
                .child("global")
                .is_none_or(|global| global.flag() != Some(false));
            global.then_some(limit)
        }
    }
}

fn of_keys(section: &View) -> RateLimit {
    let default = RateLimit::default();
    let requests = section
        .child("incomingRequestLimit")
        .or_else(|| section.child("limit"));
    RateLimit {
        window: section
            .child("window")
            .and_then(|window| duration(&window))
            .unwrap_or(default.window),
        allowed: section
            .child("ipAllowList")
            .map_or(default.allowed, |list| networks(&list)),
        requests: requests
            .and_then(|limit| limit.whole(1, 1_000_000_000))
            .unwrap_or(default.requests),
    }
}

/// Milliseconds, a text like `1m`, or an object like `{minutes: 1, seconds: 30}`.
fn duration(view: &View) -> Option<Duration> {
    let seconds = match view.is_map() {
        true => {
            let units = [
                ("milliseconds", 0.001),
                ("seconds", 1.0),
                ("minutes", 60.0),
                ("hours", 3600.0),
                ("days", 86_400.0),
            ];
            view.check_keys(&units.map(|(name, _)| name));
            let amount = |(name, seconds): (&str, f64)| {
                let amount = view.child(name)?.whole(0, 86_400_000)?;
                Some(f64::from(u32::try_from(amount).ok()?) * seconds)
            };
            Some(units.into_iter().filter_map(amount).sum())
        }
        false => view.number_or_text().and_then(|text| seconds(&text)),
    };
    let seconds = seconds.filter(|seconds| (0.001..=MOST_SECONDS).contains(seconds));
    if seconds.is_none() {
        view.wrong("a duration of up to a day, like 1m, {seconds: 30} or milliseconds");
    }
    seconds.map(Duration::from_secs_f64)
}

/// `90000`, `500ms`, `30s`, `1m`, `2h`, `1d`.
fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let at = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(at)?;
    let unit = match unit.trim() {
        "" | "ms" | "milliseconds" => 0.001,
        "s" | "sec" | "seconds" | "second" => 1.0,
        "m" | "min" | "minutes" | "minute" => 60.0,
        "h" | "hours" | "hour" => 3600.0,
        "d" | "days" | "day" => 86_400.0,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * unit)
}
