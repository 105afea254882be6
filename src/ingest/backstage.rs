//! One line that a Backstage's auditor wrote to its log, as an audit event. It knows no file and no clock.
//!
//! The auditor writes `initiated` and then the outcome; the outcome is what becomes an event. A failure's error is
//! spread over its line: its text follows `<plugin>.<eventId> ` in `message`, and its own fields overwrite those of
//! the event. Where that can be seen, the line is repaired; an `isAuditEvent` that was overwritten cannot, and its
//! line is a line like any other.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::value::{RawValue, to_raw_value};

use crate::api::{Draft, Event, EventError, Meta, SEVERITIES, STATUSES, Timestamp, well_formed};

/// What a line is.
#[derive(Debug)]
pub enum Line {
    /// Not an audit event.
    Other,
    /// An audit event that has only begun: its outcome has a line of its own.
    Initiated,
    /// The outcome of an audit event.
    Event(Box<Parsed>),
    /// It says that it is an audit event, and cannot be read as one.
    Rejected(Reason),
}

/// Why a line that says that it is an audit event is not read as one. No value of the line is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The bytes are not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// Cut off, or something stands around the JSON.
    #[error("it is not a JSON object")]
    NotJson,
    /// Longer than [`super::MAX_LINE`].
    #[error("it is longer than 8 MiB")]
    TooLong,
    /// Neither the field nor `message` names one.
    #[error("it has no `plugin`")]
    NoPlugin,
    /// Neither the field nor `message` names one.
    #[error("it has no `eventId`")]
    NoEventId,
    /// A severity that Backstage does not have.
    #[error("its `severityLevel` is not low, medium, high or critical")]
    Severity,
    /// An outcome that Backstage does not have, and no sign of an error that would explain it.
    #[error("its `status` is not initiated, succeeded or failed, and it has no `stack`")]
    Status,
}

/// The outcome of an audit event: all of it that its line determines.
#[derive(Debug)]
pub struct Parsed {
    /// Everything but `id`, `event_time` and `recorded_at`, which are empty.
    draft: Draft,
    /// The line's own time, as it is written there.
    time: Option<String>,
    /// Whether an error's fields had overwritten the event's.
    repaired: bool,
}

impl Parsed {
    /// Whether an error's fields had overwritten the event's.
    pub fn is_repaired(&self) -> bool {
        self.repaired
    }

    /// Whether the line says when it was written.
    pub fn has_time(&self) -> bool {
        self.time.is_some()
    }

    /// The event: `read_at` is its time where the line gives none.
    pub fn into_event(
        self,
        id: String,
        read_at: Timestamp,
        recorded_at: Timestamp,
    ) -> Result<Event, EventError> {
        Draft {
            id,
            event_time: self.time.unwrap_or_else(|| read_at.to_string()),
            recorded_at: recorded_at.to_string(),
            ..self.draft
        }
        .into_event()
    }
}

/// The members of an object: where one comes twice the last counts, as in JavaScript. Values are not parsed, so that
/// their numbers stay as they are written and their depth costs no stack.
type Object<'a> = IndexMap<Cow<'a, str>, &'a RawValue>;

/// What the line is that consists of these bytes.
pub fn line(bytes: &[u8]) -> Line {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return unreadable(bytes, Reason::NotUtf8);
    };
    let json = well_formed(text);
    let Ok(members) = serde_json::from_str::<Object<'_>>(&json) else {
        // JSON that is no object is a line of another program, whatever its texts say.
        return match serde_json::from_str::<&RawValue>(&json) {
            Ok(_) => Line::Other,
            Err(_) => unreadable(bytes, Reason::NotJson),
        };
    };
    if raw(&members, "isAuditEvent") != Some("true") {
        return Line::Other;
    }
    if string(&members, "status").as_deref() == Some("initiated") {
        return Line::Initiated;
    }
    match outcome(&members) {
        Ok(parsed) => Line::Event(Box::new(parsed)),
        Err(reason) => Line::Rejected(reason),
    }
}

/// Whether a line without its end is all there: nothing that follows could make it another audit event.
pub fn is_whole(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| serde_json::from_str::<Object<'_>>(&well_formed(text)).is_ok())
}

/// What a line is that cannot be read: rejected if it says that it is an audit event, of no interest otherwise.
pub(super) fn unreadable(bytes: &[u8], reason: Reason) -> Line {
    if is_claim(bytes) {
        Line::Rejected(reason)
    } else {
        Line::Other
    }
}

/// Whether the bytes hold `"isAuditEvent":true`, with or without white space around the colon.
fn is_claim(bytes: &[u8]) -> bool {
    const KEY: &[u8] = b"\"isAuditEvent\"";
    bytes.windows(KEY.len()).enumerate().any(|(at, window)| {
        window == KEY
            && bytes
                .get(at + KEY.len()..)
                .and_then(|rest| rest.trim_ascii_start().strip_prefix(b":"))
                .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"true"))
    })
}

fn outcome(members: &Object<'_>) -> Result<Parsed, Reason> {
    let message = string(members, "message").unwrap_or_default();
    let name = Name::of(members, &message)?;
    let status = string(members, "status").filter(|text| STATUSES.contains(&text.as_str()));
    let overwritten = status.is_none();
    if overwritten && !members.contains_key("stack") {
        return Err(Reason::Status);
    }
    let status = status.unwrap_or_else(|| "failed".to_owned());

    let actor = object(members, "actor");
    let request = object(members, "request");
    let actor_id = string(&actor, "actorId");
    let is_user = actor_id
        .as_deref()
        .is_some_and(|id| id.starts_with("user:"));
    let mut meta = meta(members);
    let mut draft = Draft {
        id: String::new(),
        event_time: String::new(),
        recorded_at: String::new(),
        severity_level: severity(members)?,
        actor_type: if is_user { "user" } else { "service" }.to_owned(),
        actor_id,
        request_method: string(&request, "method"),
        request_url: string(&request, "url"),
        action_type: promoted(&mut meta, "actionType"),
        query_type: promoted(&mut meta, "queryType"),
        entity_ref: promoted(&mut meta, "entityRef"),
        plugin_id: name.plugin,
        event_id: name.event,
        status,
        meta: Meta::new(),
    };
    if draft.status == "failed" {
        add(&mut meta, "error", to_raw_value(name.error));
    }
    let known = known(&actor);
    if !known.is_empty() {
        add(&mut meta, "actor", to_raw_value(&known));
    }
    draft.meta = meta;
    Ok(Parsed {
        draft,
        time: string(members, "timestamp").filter(|text| Timestamp::parse(text).is_some()),
        repaired: overwritten || name.repaired,
    })
}

/// Which event it is, and the text of its error.
struct Name<'a> {
    plugin: String,
    event: String,
    error: &'a str,
    repaired: bool,
}

impl<'a> Name<'a> {
    /// `message` was made from the event before an error could overwrite anything: where it names another event than
    /// the fields do, it is right. One that names none says nothing about the fields.
    fn of(members: &Object<'_>, message: &'a str) -> Result<Self, Reason> {
        let field = |name| string(members, name).filter(|text| !text.is_empty());
        let (plugin, event) = (field("plugin"), field("eventId"));
        if let (Some(plugin), Some(event)) = (&plugin, &event)
            && let Some(rest) = message.strip_prefix(&format!("{plugin}.{event}"))
            && (rest.is_empty() || rest.starts_with(' '))
        {
            return Ok(Self {
                plugin: plugin.clone(),
                event: event.clone(),
                error: rest.get(1..).unwrap_or_default(),
                repaired: false,
            });
        }
        let (word, error) = message.split_once(' ').unwrap_or((message, ""));
        match word.split_once('.') {
            Some((plugin, event)) if !plugin.is_empty() && !event.is_empty() => Ok(Self {
                plugin: plugin.to_owned(),
                event: event.to_owned(),
                error,
                repaired: true,
            }),
            _ => Ok(Self {
                plugin: plugin.ok_or(Reason::NoPlugin)?,
                event: event.ok_or(Reason::NoEventId)?,
                error: "",
                repaired: false,
            }),
        }
    }
}

/// `low` where there is none: Backstage's own default.
fn severity(members: &Object<'_>) -> Result<String, Reason> {
    match raw(members, "severityLevel") {
        None | Some("null") => Ok("low".to_owned()),
        Some(_) => string(members, "severityLevel")
            .filter(|text| SEVERITIES.contains(&text.as_str()))
            .ok_or(Reason::Severity),
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
fn add(meta: &mut Meta, name: &str, value: serde_json::Result<Box<RawValue>>) {
    if let (false, Ok(value)) = (meta.contains_key(name), value) {
        meta.insert(name.to_owned(), value);
    }
}

fn raw<'a>(members: &Object<'a>, name: &str) -> Option<&'a str> {
    members.get(name).map(|raw| raw.get())
}

/// The text of a member; none for any other type.
fn string(members: &Object<'_>, name: &str) -> Option<String> {
    serde_json::from_str(raw(members, name)?).ok()
}

/// The members of a member; none for any other type.
fn object<'a>(members: &Object<'a>, name: &str) -> Object<'a> {
    raw(members, name)
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}
