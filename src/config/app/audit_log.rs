//! `auditLog`: the keys that are our own, each of which must be known.

use std::{net::SocketAddr, path::Path};

use chrono::Duration;
use secrecy::{ExposeSecret, SecretString};

use super::{
    network::{Networks, networks},
    operation::{Logging, logging, metrics, stop_within},
    view::View,
};
use crate::{address::StoreAddress, query::parse_duration, rules::Fault};

/// What stands below `auditLog`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditLog {
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// The store.
    pub store: Option<StoreAddress>,
    /// What is not stored, beside what the defaults leave out.
    pub exclude_rules: Vec<ExcludeRule>,
    /// Users that are programs: their reads are not stored.
    pub synthetic_actors: Vec<String>,
    /// What is taken out of events before they are stored; none where the defaults hold.
    pub redact: Option<Redact>,
    /// Whether reading the trail is an event of the trail.
    pub audit_reads: bool,
    /// Proxies whose word about a client's address is believed.
    pub trusted_proxies: Networks,
    /// The certificate to speak TLS with.
    pub https: Option<Https>,
    /// How long events are kept; none where for ever.
    pub retention: Option<Duration>,
    /// What is logged; none where nothing is said of it.
    pub log: Option<Logging>,
    /// Where metrics are served; none where they are not.
    pub metrics: Option<SocketAddr>,
    /// How long requests may take to end once the server has to; none where the default holds.
    pub stop_within: Option<std::time::Duration>,
}

/// An event of this actor and this kind is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcludeRule {
    /// The actor, with `*` for any run of characters.
    pub actor_id: String,
    /// The event, literally.
    pub event_id: String,
}

/// What is taken out of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redact {
    /// Whether anything is.
    pub enabled: bool,
    /// Patterns of the keys whose values are; none where the defaults hold.
    pub keys: Option<Vec<String>>,
    /// Longest text that stays, in bytes.
    pub max_value_bytes: Option<u64>,
}

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub struct Https {
    /// The certificate, and those between it and its authority.
    pub cert: String,
    /// Its private key.
    pub key: SecretString,
}

impl PartialEq for Https {
    fn eq(&self, other: &Self) -> bool {
        self.cert == other.cert && self.key.expose_secret() == other.key.expose_secret()
    }
}

const KEYS: [&str; 13] = [
    "listen",
    "store",
    "excludeRules",
    "syntheticActors",
    "redact",
    "auditReads",
    "trustedProxies",
    "https",
    "retention",
    "log",
    "metrics",
    "stopWithin",
    // What the module for Backstage reads from the same file.
    "sender",
];

pub(super) fn audit_log(section: &View) -> AuditLog {
    section.check_keys(&KEYS);
    AuditLog {
        listen: section.child("listen").and_then(|listen| address(&listen)),
        store: section.child("store").and_then(|at| store(&at)),
        exclude_rules: section
            .child("excludeRules")
            .map(|rules| rules.items().iter().filter_map(rule).collect())
            .unwrap_or_default(),
        synthetic_actors: section
            .child("syntheticActors")
            .map(|actors| actors.items().iter().filter_map(View::text).collect())
            .unwrap_or_default(),
        redact: section.child("redact").and_then(|redact| redacted(&redact)),
        audit_reads: section
            .child("auditReads")
            .and_then(|reads| reads.flag())
            .unwrap_or_default(),
        trusted_proxies: section
            .child("trustedProxies")
            .map(|proxies| networks(&proxies))
            .unwrap_or_default(),
        https: section.child("https").and_then(|section| https(&section)),
        retention: section
            .child("retention")
            .and_then(|retention| age(&retention)),
        log: section.child("log").and_then(|section| logging(&section)),
        metrics: section
            .child("metrics")
            .and_then(|section| metrics(&section)),
        stop_within: section
            .child("stopWithin")
            .and_then(|time| stop_within(&time)),
    }
}

/// An hour at least: a mistyped unit must not empty a trail.
fn age(retention: &View) -> Option<Duration> {
    let text = retention.text()?;
    let age = parse_duration(&text).ok();
    let age = age.filter(|age| *age >= Duration::hours(1));
    if age.is_none() {
        retention.wrong("a length of time of an hour or more, like 400d");
    }
    age
}

pub(super) fn address(listen: &View) -> Option<SocketAddr> {
    let address = listen.text()?.parse().ok();
    if address.is_none() {
        listen.wrong("an address and a port, like 127.0.0.1:7017");
    }
    address
}

/// A path is relative to the folder of the file that names it.
fn store(view: &View) -> Option<StoreAddress> {
    let at = StoreAddress::from(view.secret()?.expose_secret());
    let folder = view.place().file.parent().unwrap_or_else(|| Path::new(""));
    Some(match at {
        StoreAddress::File(path) => folder.join(path).into(),
        database => database,
    })
}

fn rule(item: &View) -> Option<ExcludeRule> {
    item.check_keys(&["actorId", "eventId"]);
    let actor_id = item.required("actorId");
    let event = item.required("eventId");
    let (actor_id, event_id) = (actor_id?.text(), event.as_ref()?.text());
    if event_id.as_ref().is_some_and(|id| id.contains('*')) {
        event?.warning(Fault::StarInEvent.to_string());
    }
    Some(ExcludeRule {
        actor_id: actor_id?,
        event_id: event_id?,
    })
}

fn redacted(section: &View) -> Option<Redact> {
    if let Some(enabled) = section.as_flag() {
        return Some(Redact {
            enabled,
            keys: None,
            max_value_bytes: None,
        });
    }
    if !section.is_map() {
        section.wrong("true, false or an object");
        return None;
    }
    section.check_keys(&["keys", "maxValueBytes"]);
    Some(Redact {
        enabled: true,
        keys: section
            .child("keys")
            .map(|keys| keys.items().iter().filter_map(View::text).collect()),
        max_value_bytes: section
            .child("maxValueBytes")
            .and_then(|size| size.whole(1, 1 << 30)),
    })
}

/// Backstage's `true`, a certificate that it makes itself, is not taken: nobody could check whom they give a token to.
fn https(section: &View) -> Option<Https> {
    if !section.is_map() {
        section.wrong("an object with a certificate");
        return None;
    }
    section.check_keys(&["certificate"]);
    let certificate = section.required("certificate")?;
    if !certificate.is_map() {
        certificate.wrong("an object with cert and key");
        return None;
    }
    certificate.check_keys(&["cert", "key"]);
    let (cert, key) = (certificate.required("cert"), certificate.required("key"));
    Some(Https {
        cert: cert?.text()?,
        key: key?.secret()?.clone(),
    })
}
