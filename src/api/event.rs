//! One audit event: the JSON as it came, and the fields that questions are asked of.

use std::{borrow::Cow, cmp::Ordering, fmt, ops::Range, sync::Arc};

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    json::{self, compact, well_formed},
    members::{Members, Span, Spans},
    timestamp::Timestamp,
};

/// Severities that Backstage knows, lowest first.
pub const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];
/// Outcomes that are stored.
pub const STATUSES: [&str; 2] = ["succeeded", "failed"];

/// `meta`: its keys in the order in which they came, each value as it was written.
pub type Meta = IndexMap<String, Box<RawValue>>;

/// The text fields of an event, in the order of the API. `meta` is not among them: it is an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the API's field of that name")]
pub enum Field {
    Id,
    EventTime,
    RecordedAt,
    PluginId,
    EventId,
    SeverityLevel,
    Status,
    ActorType,
    ActorId,
    RequestMethod,
    RequestUrl,
    ActionType,
    QueryType,
    EntityRef,
}

impl Field {
    /// Every field, in the order of the API.
    pub const ALL: [Self; 14] = [
        Self::Id,
        Self::EventTime,
        Self::RecordedAt,
        Self::PluginId,
        Self::EventId,
        Self::SeverityLevel,
        Self::Status,
        Self::ActorType,
        Self::ActorId,
        Self::RequestMethod,
        Self::RequestUrl,
        Self::ActionType,
        Self::QueryType,
        Self::EntityRef,
    ];

    /// The fields that the API filters by.
    pub const FILTERED: [Self; 11] = [
        Self::PluginId,
        Self::EventId,
        Self::SeverityLevel,
        Self::ActorId,
        Self::ActorType,
        Self::Status,
        Self::RequestMethod,
        Self::RequestUrl,
        Self::ActionType,
        Self::QueryType,
        Self::EntityRef,
    ];

    /// The filtered fields that have few values, so that events can be counted by them ahead of any question.
    pub const COUNTED: [Self; 8] = [
        Self::PluginId,
        Self::EventId,
        Self::SeverityLevel,
        Self::ActorType,
        Self::Status,
        Self::RequestMethod,
        Self::ActionType,
        Self::QueryType,
    ];

    /// The API's name: in JSON, in the URL and in the header of a CSV.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::EventTime => "event_time",
            Self::RecordedAt => "recorded_at",
            Self::PluginId => "plugin_id",
            Self::EventId => "event_id",
            Self::SeverityLevel => "severity_level",
            Self::Status => "status",
            Self::ActorType => "actor_type",
            Self::ActorId => "actor_id",
            Self::RequestMethod => "request_method",
            Self::RequestUrl => "request_url",
            Self::ActionType => "action_type",
            Self::QueryType => "query_type",
            Self::EntityRef => "entity_ref",
        }
    }

    /// The field of a name. Written out, since every name of every event is looked up.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "event_time" => Self::EventTime,
            "recorded_at" => Self::RecordedAt,
            "plugin_id" => Self::PluginId,
            "event_id" => Self::EventId,
            "severity_level" => Self::SeverityLevel,
            "status" => Self::Status,
            "actor_type" => Self::ActorType,
            "actor_id" => Self::ActorId,
            "request_method" => Self::RequestMethod,
            "request_url" => Self::RequestUrl,
            "action_type" => Self::ActionType,
            "query_type" => Self::QueryType,
            "entity_ref" => Self::EntityRef,
            _ => return None,
        })
    }

    /// The values that the API knows, where it lists them.
    pub fn allowed(self) -> Option<&'static [&'static str]> {
        match self {
            Self::SeverityLevel => Some(&SEVERITIES),
            Self::Status => Some(&STATUSES),
            Self::ActorType => Some(&["user", "service"]),
            _ => None,
        }
    }
}

/// An audit event. Unknown fields and values live on in [`Event::json`].
#[derive(Clone)]
pub struct Event {
    /// The page that it came in, which all of its events share; or its own JSON, and behind it the texts of fields that
    /// are written in that with escapes.
    text: Arc<Box<str>>,
    json: Span,
    time: Timestamp,
    fields: Spans,
}

/// Everything else follows from the JSON.
impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Event").field(&self.json()).finish()
    }
}

/// Why JSON is not an audit event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Not a JSON object. The library's own text would quote it, at any length and whatever secret is in it.
    #[error("it is not a JSON object")]
    NotAnObject(serde_json::Error),
    /// No `id`: events without one cannot be told apart.
    #[error("it has no `id`")]
    NoId,
    /// No `event_time`, or one that is not RFC 3339.
    #[error("its `event_time` is not a time")]
    NoTime,
    /// As large as no memory.
    #[error("it is larger than 4 GiB")]
    TooLarge,
}

impl Event {
    /// Reads one event. White space between tokens goes, everything else stays as it was written; only a field whose
    /// very name is no text (half a surrogate pair) is renamed, so that the others can be read.
    pub fn from_json(json: &str) -> Result<Self, EventError> {
        let renamed;
        let (json, members) = match Members::read(json) {
            Ok(members) => (json, members),
            Err(_) => {
                renamed = well_formed(json);
                let members = Members::read(&renamed).map_err(EventError::NotAnObject)?;
                (&*renamed, members)
            }
        };
        if members.place_in(json) == Some(0..json.len()) {
            return Self::of_compact(json, &members);
        }
        let json = compact(json);
        let members = Members::read(&json).map_err(EventError::NotAnObject)?;
        Self::of_compact(&json, &members)
    }

    fn of_compact(json: &str, members: &Members<'_>) -> Result<Self, EventError> {
        if !members.has_escapes() {
            return Self::of_part(&Arc::new(json.into()), 0..json.len(), &members.spans);
        }
        let (mut text, mut spans) = (json.to_owned(), members.spans);
        for (field, span) in Field::ALL.into_iter().zip(&mut spans) {
            if members.is_escaped(field) {
                let value = span.and_then(|span| span.in_text(json));
                let start = text.len();
                text.push_str(&value.and_then(json::text).unwrap_or_default());
                *span = Span::of(start..text.len());
            }
        }
        Self::of_part(&Arc::new(text.into()), 0..json.len(), &spans)
    }

    /// The event whose JSON is a part of a text, in which its fields' texts lie too, counted from there.
    pub(super) fn of_part(
        text: &Arc<Box<str>>,
        part: Range<usize>,
        spans: &Spans,
    ) -> Result<Self, EventError> {
        let start = part.start;
        let event = Self {
            text: Arc::clone(text),
            json: Span::of(part).ok_or(EventError::TooLarge)?,
            time: Timestamp::default(),
            fields: spans.map(|span| span?.shifted(start)),
        };
        if event.id().is_empty() {
            return Err(EventError::NoId);
        }
        let time = event.text(Field::EventTime).and_then(Timestamp::parse);
        Ok(Self {
            time: time.ok_or(EventError::NoTime)?,
            ..event
        })
    }

    /// The event as it was sent, token for token, on one line.
    pub fn json(&self) -> &str {
        self.json.in_text(&self.text).unwrap_or_default()
    }

    /// When it happened (`event_time`).
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// When it was recorded, where it says so.
    pub fn recorded_at(&self) -> Option<Timestamp> {
        self.text(Field::RecordedAt).and_then(Timestamp::parse)
    }

    /// The same event, recorded at `at`. It must not say when it was recorded itself.
    pub fn recorded(&self, at: Timestamp) -> Result<Self, EventError> {
        if let Some(recorded) = self.recorded_in_place(at) {
            return Ok(recorded);
        }
        let json = self.json();
        let fields = fields(json).map_err(EventError::NotAnObject)?;
        let time = fields.get(Field::EventTime.name()).map(|raw| raw.get());
        // The value is a part of the text.
        let end = time.map(|time| time.as_ptr() as usize + time.len() - json.as_ptr() as usize);
        let (before, after) = end
            .and_then(|end| json.split_at_checked(end))
            .ok_or(EventError::NoTime)?;
        Self::from_json(&format!(r#"{before},"recorded_at":"{at}"{after}"#))
    }

    /// The same without reading the JSON again; none where it has to be read.
    fn recorded_in_place(&self, at: Timestamp) -> Option<Self> {
        let Range { start: 0, end } = self.json.range() else {
            return None;
        };
        let time = self.fields.get(Field::EventTime as usize).copied()??;
        let here = time.range().end;
        if here >= end || self.json().contains(Field::RecordedAt.name()) {
            return None;
        }
        let (before, after) = self.text.split_at_checked(here)?;
        let after = after.strip_prefix('"')?;
        let (name, at) = (r#"","recorded_at":""#, at.to_string());
        let text = here + name.len()..here + name.len() + at.len();
        let by = name.len() + at.len();
        let moved = |span: Span| match span.range().end <= here {
            true => Some(span),
            false => span.shifted(by),
        };
        let mut fields = self.fields.map(|span| moved(span?));
        *fields.get_mut(Field::RecordedAt as usize)? = Span::of(text);
        Some(Self {
            text: Arc::new([before, name, &at, "\"", after].concat().into()),
            json: Span::of(0..end + by)?,
            time: self.time,
            fields,
        })
    }

    /// The text of a field; none for null, and for a field that the event does not have.
    pub fn text(&self, field: Field) -> Option<&str> {
        let span = self.fields.get(field as usize).copied().flatten()?;
        span.in_text(&self.text)
    }

    /// The event's `id`.
    pub fn id(&self) -> &str {
        self.text(Field::Id).unwrap_or_default()
    }

    /// `meta` as JSON text; none where the event has none.
    pub fn meta(&self) -> Option<&str> {
        self.member("meta")
    }

    /// A field at the top level as JSON text, known to the API or not.
    pub fn member(&self, name: &str) -> Option<&str> {
        fields(self.json()).ok()?.get(name).map(|raw| raw.get())
    }

    /// All fields at the top level, in their order, as JSON text.
    pub fn members(&self) -> Vec<(Cow<'_, str>, &str)> {
        let fields = fields(self.json()).unwrap_or_default();
        fields
            .into_iter()
            .map(|(name, raw)| (name, raw.get()))
            .collect()
    }
}

/// Fields at the top level; of a name that comes twice the last, as JavaScript has it.
type Fields<'a> = IndexMap<Cow<'a, str>, &'a RawValue>;

fn fields(json: &str) -> serde_json::Result<Fields<'_>> {
    serde_json::from_str(json)
}

/// The order of every list of events: `event_time` descending, then `id` descending byte by byte.
pub fn newest_first(a: &Event, b: &Event) -> Ordering {
    b.time
        .cmp(&a.time)
        .then_with(|| b.id().as_bytes().cmp(a.id().as_bytes()))
}

/// An event of our own making, before it has its JSON.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "each is the API's field of that name")]
pub struct Draft {
    pub id: String,
    pub event_time: String,
    /// Empty: it is not said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub recorded_at: String,
    pub plugin_id: String,
    pub event_id: String,
    pub severity_level: String,
    pub status: String,
    pub actor_type: String,
    pub actor_id: Option<String>,
    pub request_method: Option<String>,
    pub request_url: Option<String>,
    pub action_type: Option<String>,
    pub query_type: Option<String>,
    pub entity_ref: Option<String>,
    pub meta: Meta,
}

impl Draft {
    /// The event with its JSON, fields in the order of the API.
    pub fn into_event(self) -> Result<Event, EventError> {
        Event::from_json(&serde_json::to_string(&self).map_err(EventError::NotAnObject)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, EventError, Field, newest_first};

    fn event(json: &str) -> Event {
        Event::from_json(json).unwrap()
    }

    #[test]
    fn what_the_api_does_not_know_survives() {
        let json = r#"{"id":"1","event_time":"2026-01-01T00:00:00Z","severity_level":"fatal","future":1.50,"meta":{"n":1e2}}"#;
        let event = event(json);
        assert_eq!(event.json(), json);
        assert_eq!(event.text(Field::SeverityLevel), Some("fatal"));
        assert_eq!(event.member("future"), Some("1.50"));
        assert_eq!(event.meta(), Some(r#"{"n":1e2}"#));
    }

    #[test]
    fn the_time_of_recording_follows_the_time_of_the_event_and_nothing_else_changes() {
        let at = super::Timestamp::parse("2026-01-02T00:00:00.5Z").unwrap();
        for (json, recorded) in [
            (
                r#"{"meta":{"event_time":"2026-01-01T00:00:00Z"},"id":"1","event_time":"2026-01-01T00:00:00Z"}"#,
                r#"{"meta":{"event_time":"2026-01-01T00:00:00Z"},"id":"1","event_time":"2026-01-01T00:00:00Z","recorded_at":"2026-01-02T00:00:00.500Z"}"#,
            ),
            (
                r#"{"plugin_id":"p","event_time":"2026-01-01T00:00:00Z","id":"1","actor_id":"\u00e9","status":"","event_id":null}"#,
                r#"{"plugin_id":"p","event_time":"2026-01-01T00:00:00Z","recorded_at":"2026-01-02T00:00:00.500Z","id":"1","actor_id":"\u00e9","status":"","event_id":null}"#,
            ),
            (
                r#"{"event_time":"2026-01-01T00:00:00\u005a","id":"1","n":1.50}"#,
                r#"{"event_time":"2026-01-01T00:00:00\u005a","recorded_at":"2026-01-02T00:00:00.500Z","id":"1","n":1.50}"#,
            ),
        ] {
            let event = event(json).recorded(at).unwrap();
            assert_eq!(event.json(), recorded);
            assert_eq!(event.recorded_at(), Some(at));
            let again = Event::from_json(event.json()).unwrap();
            assert_eq!(
                Field::ALL.map(|field| event.text(field)),
                Field::ALL.map(|field| again.text(field))
            );
        }
    }

    #[test]
    fn null_and_absent_have_no_text_and_other_types_keep_theirs() {
        let event = event(
            r#"{"id":7,"event_time":"2026-01-01T00:00:00Z","actor_id":null,"request_url":"\ud800\u001b","query_type":true}"#,
        );
        assert_eq!(event.id(), "7");
        assert_eq!(event.text(Field::ActorId), None);
        assert_eq!(event.text(Field::EntityRef), None);
        assert_eq!(event.text(Field::RequestUrl), Some("\u{fffd}\u{1b}"));
        assert_eq!(event.text(Field::QueryType), Some("true"));
    }

    #[test]
    fn every_field_is_found_by_its_name() {
        let found = Field::ALL.map(|field| Field::named(field.name()));
        assert_eq!(found, Field::ALL.map(Some));
        assert_eq!(Field::named("meta"), None);
    }

    #[test]
    fn half_a_character_in_a_name_hides_nothing() {
        let event = event(r#"{"id":"1","event_time":"2026-01-01T00:00:00Z","\ud800":"\udc00"}"#);
        assert_eq!(event.member("\u{fffd}"), Some(r#""\ufffd""#));
    }

    #[test]
    fn an_event_needs_an_id_and_a_time() {
        let of = |json: &str| Event::from_json(json).unwrap_err();
        assert!(matches!(of("[]"), EventError::NotAnObject(_)));
        assert!(matches!(
            of(r#"{"event_time":"2026-01-01T00:00:00Z"}"#),
            EventError::NoId
        ));
        assert!(matches!(
            of(r#"{"id":"","event_time":"2026-01-01T00:00:00Z"}"#),
            EventError::NoId
        ));
        assert!(matches!(
            of(r#"{"id":"1","event_time":"yesterday"}"#),
            EventError::NoTime
        ));
    }

    #[test]
    fn ties_of_time_are_broken_by_id() {
        let at = |time: &str, id: &str| event(&format!(r#"{{"id":"{id}","event_time":"{time}"}}"#));
        let mut events = [
            at("2026-01-01T00:00:00Z", "a"),
            at("2026-01-02T00:00:00.000Z", "a"),
            at("2026-01-01T00:00:00.000Z", "b"),
        ];
        events.sort_by(newest_first);
        let ids: Vec<_> = events
            .iter()
            .map(|e| (e.time().to_string(), e.id()))
            .collect();
        assert_eq!(
            ids.iter().map(|(_, id)| *id).collect::<Vec<_>>(),
            ["a", "b", "a"]
        );
        assert!(ids[0].0.starts_with("2026-01-02"));
    }
}
