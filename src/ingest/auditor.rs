//! An audit event as it is sent: what Backstage's auditor service holds (`AuditorEvent`, with `id` and `eventTime`),
//! or an event of the API as a server stores it, which is kept token for token.

use chrono::Datelike;
use serde_json::value::RawValue;

use super::fields::{Object, Outcome, draft, raw, severity, string};
use crate::api::{Draft, Event, Field, STATUSES, Timestamp, well_formed};

/// Longest event, in bytes, as it is sent.
pub const MAX_EVENT: usize = 1 << 20;
/// Longest text in an event, in bytes of JSON.
pub const MAX_TEXT: usize = 256 << 10;
/// Longest `id`, in bytes.
const MAX_ID: usize = 200;
/// Deepest nesting: less than what common readers of JSON take, so that whoever reads the trail can read all of it.
const MAX_DEPTH: usize = 100;

/// What was sent.
#[derive(Debug)]
pub enum Posted {
    /// An audit event that has only begun.
    Initiated,
    /// The outcome of an audit event.
    Event(Box<Sent>),
}

/// Why something that was sent is not taken. No value of it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The bytes are not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// Something else, or cut off.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// Larger than [`MAX_EVENT`].
    #[error("it is larger than 1 MiB")]
    TooLarge,
    /// Deeper than anything that a plugin says.
    #[error("it is nested deeper than 100 levels")]
    TooDeep,
    /// A text or a name larger than [`MAX_TEXT`].
    #[error("it has a text of more than 256 KiB")]
    LongText,
    /// An `id` that cannot be one.
    #[error("its `id` is not a text of 1 to 200 bytes")]
    Id,
    /// A field that must be there.
    #[error("it has no `{0}`")]
    Missing(&'static str),
    /// A field that is no time.
    #[error("its `{0}` is not a time (RFC 3339)")]
    Time(&'static str),
    /// A severity that Backstage does not have.
    #[error("its severity is not low, medium, high or critical")]
    Severity,
    /// An outcome that Backstage does not have.
    #[error("its `status` is not initiated, succeeded or failed")]
    Status,
    /// An actor that is neither.
    #[error("its `actor_type` is not user or service")]
    ActorType,
    /// A field of another type than text.
    #[error("its `{0}` is neither text nor null")]
    NotText(&'static str),
    /// A field of another type than object.
    #[error("its `meta` is not an object")]
    Meta,
}

/// An outcome that may lack its id and its times.
#[derive(Debug)]
pub struct Sent {
    id: Option<String>,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// Backstage's own form, and its `eventTime`.
    Auditor(Box<Draft>, Option<String>),
    /// The API's, as it was sent but for an `id` and a `recorded_at` that are null.
    Stored(String),
}

/// What these bytes are.
pub fn posted(bytes: &[u8]) -> Result<Posted, Refused> {
    if bytes.len() > MAX_EVENT {
        return Err(Refused::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Refused::NotUtf8)?;
    if depth(text) > MAX_DEPTH {
        return Err(Refused::TooDeep);
    }
    let json = well_formed(text);
    let members: Object<'_> = serde_json::from_str(&json).map_err(|_| Refused::NotAnObject)?;
    let is_stored = members.contains_key("plugin_id") || members.contains_key("event_time");
    let status = string(&members, "status").ok_or(Refused::Status)?;
    if status == "initiated" {
        return Ok(Posted::Initiated);
    }
    if !STATUSES.contains(&status.as_str()) {
        return Err(Refused::Status);
    }
    let sent = Sent {
        id: id(&members)?,
        form: match is_stored {
            true => stored(text, &members)?,
            false => auditor(&members, status)?,
        },
    };
    Ok(Posted::Event(Box::new(sent)))
}

impl Sent {
    /// Whether it came with an id.
    pub fn has_id(&self) -> bool {
        self.id.is_some()
    }

    /// The event; `new_id` is its id where it came without, `now` its time. When it is recorded only the store knows.
    pub fn into_event(self, new_id: String, now: Timestamp) -> Result<Event, Refused> {
        let has_id = self.id.is_some();
        let id = self.id.unwrap_or(new_id);
        let event = match self.form {
            Form::Auditor(draft, time) => Draft {
                id,
                event_time: time.unwrap_or_else(|| now.to_string()),
                ..*draft
            }
            .into_event(),
            Form::Stored(json) if has_id => Event::from_json(&json),
            Form::Stored(json) => {
                let inside = json.trim_ascii_start().strip_prefix('{');
                let (id, inside) = (quoted(&id), inside.unwrap_or_default());
                Event::from_json(&format!(r#"{{"id":{id},{inside}"#))
            }
        };
        event.map_err(|_| Refused::NotAnObject)
    }
}

/// Whether no text in valid JSON is longer than [`MAX_TEXT`].
pub fn has_no_long_text(json: &str) -> bool {
    let (mut long, mut start) = (false, 0);
    outside(json, |at, byte| {
        long |= byte == b'"' && at - start > MAX_TEXT + 1;
        start = at;
    });
    !long
}

/// The deepest nesting of a text, JSON or not.
fn depth(text: &str) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    outside(text, |_, byte| match byte {
        b'{' | b'[' => {
            now += 1;
            deepest = deepest.max(now);
        }
        b'}' | b']' => now = now.saturating_sub(1),
        _ => {}
    });
    deepest
}

/// Goes through the bytes that are not inside of a string; the quotes at both ends of one are.
fn outside(text: &str, mut see: impl FnMut(usize, u8)) {
    let (mut in_string, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match (in_string, byte) {
            _ if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => {
                in_string = !in_string;
                see(at, byte);
            }
            (true, _) => {}
            (false, _) => see(at, byte),
        }
    }
}

fn id(members: &Object<'_>) -> Result<Option<String>, Refused> {
    match raw(members, "id") {
        None | Some("null") => Ok(None),
        Some(_) => string(members, "id")
            .filter(|id| (1..=MAX_ID).contains(&id.len()))
            .map(Some)
            .ok_or(Refused::Id),
    }
}

fn auditor(members: &Object<'_>, status: String) -> Result<Form, Refused> {
    let outcome = Outcome {
        plugin: name(members, "plugin")?,
        event: name(members, "eventId")?,
        severity: severity(members).ok_or(Refused::Severity)?,
        status,
        error: members
            .get("error")
            .filter(|error| error.get() != "null")
            .map(|error| RawValue::to_owned(error)),
    };
    let time = time(members, "eventTime")?;
    Ok(Form::Auditor(Box::new(draft(members, outcome)), time))
}

fn stored(text: &str, members: &Object<'_>) -> Result<Form, Refused> {
    name(members, "plugin_id")?;
    name(members, "event_id")?;
    for field in Field::FILTERED.map(Field::name) {
        let is_text = string(members, field).is_some();
        if !is_text && raw(members, field).is_some_and(|json| json != "null") {
            return Err(Refused::NotText(field));
        }
    }
    for (field, refused) in [
        (Field::SeverityLevel, Refused::Severity),
        (Field::ActorType, Refused::ActorType),
    ] {
        let value = string(members, field.name());
        let allowed = field.allowed().unwrap_or_default();
        if value.is_some_and(|value| !allowed.contains(&value.as_str())) {
            return Err(refused);
        }
    }
    time(members, "event_time")?.ok_or(Refused::Missing("event_time"))?;
    time(members, "recorded_at")?;
    if raw(members, "meta").is_some_and(|json| !json.starts_with('{')) {
        return Err(Refused::Meta);
    }
    let is_null = |name: &str| raw(members, name) == Some("null");
    let json = match is_null("id") || is_null("recorded_at") {
        false => text.to_owned(),
        true => {
            let mut kept = members.clone();
            kept.retain(|name, value| {
                !matches!(&**name, "id" | "recorded_at") || value.get() != "null"
            });
            serde_json::to_string(&kept).map_err(|_| Refused::NotAnObject)?
        }
    };
    Ok(Form::Stored(json))
}

/// A text that must be there.
fn name(members: &Object<'_>, field: &'static str) -> Result<String, Refused> {
    string(members, field)
        .filter(|text| !text.is_empty())
        .ok_or(Refused::Missing(field))
}

/// A time as it is written; none where there is none, or null.
fn time(members: &Object<'_>, field: &'static str) -> Result<Option<String>, Refused> {
    match raw(members, field) {
        None | Some("null") => Ok(None),
        Some(_) => string(members, field)
            .filter(|text| Timestamp::parse(text).is_some_and(can_be_asked_for))
            .map(Some)
            .ok_or(Refused::Time(field)),
    }
}

/// Whether a window can be typed that holds a time.
fn can_be_asked_for(time: Timestamp) -> bool {
    (1..=9999).contains(&time.utc().year())
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::{MAX_TEXT, Posted, has_no_long_text, posted};
    use crate::api::Timestamp;

    /// What became of it, in words; of an event its JSON, made with the id `new` at 10:00.
    fn became(json: &str) -> String {
        let now = Timestamp::parse("2026-11-21T10:00:00Z").unwrap();
        match posted(json.as_bytes()) {
            Err(refused) => refused.to_string(),
            Ok(Posted::Initiated) => "initiated".to_owned(),
            Ok(Posted::Event(sent)) => {
                let event = sent.into_event("new".to_owned(), now).unwrap();
                event.json().to_owned()
            }
        }
    }

    #[test]
    fn what_the_auditor_holds_becomes_an_event() {
        let json = r#"{"id":"7","eventTime":"2026-11-21T09:00:00.5+01:00","plugin":"catalog","eventId":"entity-mutate",
            "severityLevel":"high","actor":{"actorId":"user:default/a","ip":"::1","hostname":null,"userAgent":"x"},
            "request":{"url":"/u","method":"POST"},"meta":{"n":1.50,"entityRef":"component:default/x","actionType":7},
            "status":"failed","error":{"name":"E","message":"m","code":1e2}}"#;
        let event = r#"{"id":"7","event_time":"2026-11-21T09:00:00.5+01:00","plugin_id":"catalog","event_id":"entity-mutate","severity_level":"high","status":"failed","actor_type":"user","actor_id":"user:default/a","request_method":"POST","request_url":"/u","action_type":null,"query_type":null,"entity_ref":"component:default/x","meta":{"n":1.50,"actionType":7,"error":{"name":"E","message":"m","code":1e2},"actor":{"ip":"::1","userAgent":"x"}}}"#;
        assert_eq!(became(json), event);
        let json = r#"{"plugin":"p","eventId":"e","status":"succeeded","actor":{}}"#;
        let event = r#"{"id":"new","event_time":"2026-11-21T10:00:00Z","plugin_id":"p","event_id":"e","severity_level":"low","status":"succeeded","actor_type":"service","actor_id":null,"request_method":null,"request_url":null,"action_type":null,"query_type":null,"entity_ref":null,"meta":{}}"#;
        assert_eq!(became(json), event);
    }

    #[test]
    fn an_event_of_the_api_stays_as_it_is_and_gets_what_it_lacks() {
        let rest = r#""event_time":"2026-11-21T09:00:00Z","plugin_id":"p","event_id":"e","status":"failed","future":1.50,"meta":{"b":1e2,"\u0061":[]}}"#;
        let own = r#""recorded_at":"2020-01-01T00:00:00Z","#;
        for (sent, expected) in [
            (
                format!(r#"{{"id":"1",{own}{rest}"#),
                format!(r#"{{"id":"1",{own}{rest}"#),
            ),
            (
                format!(r#" {{ "id":"1",{rest}"#),
                format!(r#"{{"id":"1",{rest}"#),
            ),
            (format!("{{{rest}"), format!(r#"{{"id":"new",{rest}"#)),
            (
                format!(r#"{{"id":null,"recorded_at":null,{rest}"#),
                format!(r#"{{"id":"new",{rest}"#),
            ),
        ] {
            assert_eq!(became(&sent), expected);
        }
    }

    #[test]
    fn what_is_no_event_is_refused_in_words_that_repeat_nothing() {
        let long = "x".repeat(201);
        for (json, expected) in [
            ("[]", "it is not a JSON object"),
            ("{", "it is not a JSON object"),
            ("{\"a\":\"\0\"}", "it is not a JSON object"),
            ("{}", "its `status` is not initiated, succeeded or failed"),
            (r#"{"status":"initiated"}"#, "initiated"),
            (r#"{"status":"failed"}"#, "it has no `plugin`"),
            (
                r#"{"status":"failed","plugin":"p","eventId":""}"#,
                "it has no `eventId`",
            ),
            (
                r#"{"status":"failed","plugin":"p","eventId":"e","severityLevel":"odd"}"#,
                "its severity is not low, medium, high or critical",
            ),
            (
                r#"{"status":"failed","plugin":"p","eventId":"e","eventTime":"0000-12-31T23:59:59Z"}"#,
                "its `eventTime` is not a time (RFC 3339)",
            ),
            (
                r#"{"status":"failed","plugin":"p","eventId":"e","eventTime":"9999-12-31T23:59:60Z"}"#,
                "its `eventTime` is not a time (RFC 3339)",
            ),
            (
                r#"{"status":"failed","plugin":"p","eventId":"e","eventTime":1}"#,
                "its `eventTime` is not a time (RFC 3339)",
            ),
            (
                r#"{"status":"failed","id":7}"#,
                "its `id` is not a text of 1 to 200 bytes",
            ),
            (
                &format!(r#"{{"status":"failed","id":"{long}"}}"#),
                "its `id` is not a text of 1 to 200 bytes",
            ),
            (
                r#"{"status":"failed","plugin_id":"p","event_id":"e"}"#,
                "it has no `event_time`",
            ),
            (
                r#"{"status":"failed","plugin_id":"p","event_id":"e","actor_id":{}}"#,
                "its `actor_id` is neither text nor null",
            ),
            (
                r#"{"status":"failed","plugin_id":"p","event_id":"e","event_time":"2026-11-21T09:00:00Z","meta":[]}"#,
                "its `meta` is not an object",
            ),
        ] {
            assert_eq!(became(json), expected, "{json}");
        }
        assert_eq!(
            posted(b"{\"\xff\":1}").unwrap_err().to_string(),
            "it is not UTF-8"
        );
        let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
        assert_eq!(became(&deep), "it is nested deeper than 100 levels");
        let large = "x".repeat(1 << 20) + "x";
        assert_eq!(became(&large), "it is larger than 1 MiB");
    }

    #[test]
    fn a_text_is_long_from_its_first_byte_too_many() {
        let of = |length: usize| format!(r#"{{"a\"":["b","{}"]}}"#, "x".repeat(length));
        assert!(has_no_long_text(&of(MAX_TEXT)));
        assert!(!has_no_long_text(&of(MAX_TEXT + 1)));
    }
}
