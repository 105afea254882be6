//! What every form of Backstage's audit events has alike: `severityLevel`, `actor`, `request` and `meta`, as the
//! fields of the API.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::value::{RawValue, to_raw_value};

use crate::api::{Draft, Meta, SEVERITIES};

/// The members of an object: where one comes twice the last counts, as in JavaScript. Values are not parsed, so that
/// their numbers stay as they are written and their depth costs no stack.
pub(super) type Object<'a> = IndexMap<Cow<'a, str>, &'a RawValue>;

/// What each form says in its own way.
pub(super) struct Outcome {
    pub(super) plugin: String,
    pub(super) event: String,
    pub(super) severity: String,
    pub(super) status: String,
    pub(super) error: Option<Box<RawValue>>,
}

/// The event but for `id`, `event_time` and `recorded_at`, which are empty.
pub(super) fn draft(members: &Object<'_>, outcome: Outcome) -> Draft {
    let actor = object(members, "actor");
    let request = object(members, "request");
    let actor_id = string(&actor, "actorId");
    let is_user = actor_id
        .as_deref()
        .is_some_and(|id| id.starts_with("user:"));
    let mut meta = meta(members);
    let draft = Draft {
        id: String::new(),
        event_time: String::new(),
        recorded_at: String::new(),
        plugin_id: outcome.plugin,
        event_id: outcome.event,
        severity_level: outcome.severity,
        status: outcome.status,
        actor_type: if is_user { "user" } else { "service" }.to_owned(),
        actor_id,
        request_method: string(&request, "method"),
        request_url: string(&request, "url"),
        action_type: promoted(&mut meta, "actionType"),
        query_type: promoted(&mut meta, "queryType"),
        entity_ref: promoted(&mut meta, "entityRef"),
        meta: Meta::new(),
    };
    if let Some(error) = outcome.error {
        add(&mut meta, "error", error);
    }
    let known = known(&actor);
    if !known.is_empty()
        && let Ok(known) = to_raw_value(&known)
    {
        add(&mut meta, "actor", known);
    }
    Draft { meta, ..draft }
}

/// `low` where there is none, which is Backstage's own default; none for one that Backstage does not have.
pub(super) fn severity(members: &Object<'_>) -> Option<String> {
    match raw(members, "severityLevel") {
        None | Some("null") => Some("low".to_owned()),
        Some(_) => {
            string(members, "severityLevel").filter(|text| SEVERITIES.contains(&text.as_str()))
        }
    }
}

/// The event's `meta`. One that is not an object, which only an error can have put there, is kept as its `value`.
fn meta(members: &Object<'_>) -> Meta {
    let Some(value) = members.get("meta").filter(|raw| raw.get() != "null") else {
        return Meta::new();
    };
    serde_json::from_str(value.get())
        .unwrap_or_else(|_| Meta::from([("value".to_owned(), (*value).to_owned())]))
}

/// Takes a member that the API has as a field out of `meta`. What is neither text nor null cannot be that field: it
/// stays where it is, and the field is null.
fn promoted(meta: &mut Meta, name: &str) -> Option<String> {
    let value = meta.get(name)?.get();
    let text: Option<String> = serde_json::from_str(value).ok()?;
    meta.shift_remove(name);
    text
}

/// What is known of where the actor called from.
fn known(actor: &Object<'_>) -> Meta {
    ["ip", "hostname", "userAgent"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), (*actor.get(name)?).to_owned())))
        .filter(|(_, value)| value.get() != "null")
        .collect()
}

/// Adds a member, unless the event has one of that name itself.
fn add(meta: &mut Meta, name: &str, value: Box<RawValue>) {
    if !meta.contains_key(name) {
        meta.insert(name.to_owned(), value);
    }
}

/// A member as it is written.
pub(super) fn raw<'a>(members: &Object<'a>, name: &str) -> Option<&'a str> {
    members.get(name).map(|raw| raw.get())
}

/// The text of a member; none for any other type.
pub(super) fn string(members: &Object<'_>, name: &str) -> Option<String> {
    serde_json::from_str(raw(members, name)?).ok()
}

/// The members of a member; none for any other type.
fn object<'a>(members: &Object<'a>, name: &str) -> Object<'a> {
    raw(members, name)
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}
