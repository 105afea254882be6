//! Columns that can be asked for: fields by name, and values inside `meta` by path.

use std::{borrow::Cow, str::FromStr};

use indexmap::IndexMap;
use serde_json::value::RawValue;

use crate::api::{Event, Field, text, well_formed};

/// A column of a table or a CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// A field of the API.
    Field(Field),
    /// What it was done to: the entity, or the request where no entity is named.
    Target,
    /// `meta`, or what lies in it under these keys, one inside the other.
    Meta(Vec<String>),
}

/// Why a column cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no column '{name}', perhaps '{nearest}'; columns: {}", known().collect::<Vec<_>>().join(", "))]
pub struct ColumnError {
    /// What was asked for.
    pub name: String,
    /// The known name that is most like it.
    pub nearest: String,
}

impl FromStr for Column {
    type Err = ColumnError;

    /// Reads a short name (`actor`), the API's own (`actor_id`), or a path into `meta` (`meta.user.name`).
    fn from_str(text: &str) -> Result<Self, ColumnError> {
        let name = text.replace('_', "-").to_lowercase();
        if let Some(field) = Field::ALL
            .into_iter()
            .find(|field| name == short_name(*field) || name == field.name().replace('_', "-"))
        {
            return Ok(Self::Field(field));
        }
        match (name.as_str(), text.strip_prefix("meta.")) {
            ("target", _) => Ok(Self::Target),
            ("meta", _) => Ok(Self::Meta(Vec::new())),
            (_, Some(path)) if path.split('.').all(|key| !key.is_empty()) => {
                Ok(Self::Meta(path.split('.').map(str::to_owned).collect()))
            }
            _ => Err(ColumnError {
                name: text.to_owned(),
                nearest: nearest(&name),
            }),
        }
    }
}

impl Column {
    /// The API's name, which stands in the header of a CSV.
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Field(field) => Cow::Borrowed(field.name()),
            Self::Target => Cow::Borrowed("target"),
            Self::Meta(path) if path.is_empty() => Cow::Borrowed("meta"),
            Self::Meta(path) => Cow::Owned(format!("meta.{}", path.join("."))),
        }
    }

    /// The name over a column of a table.
    pub fn title(&self) -> String {
        match self {
            Self::Field(field) => short_name(*field).to_uppercase(),
            Self::Target | Self::Meta(_) => self.name().to_uppercase(),
        }
    }

    /// The value as text; none for null and for what the event does not have.
    pub fn value<'a>(&self, event: &'a Event) -> Option<Cow<'a, str>> {
        match self {
            Self::Field(field) => event.text(*field).map(Cow::Borrowed),
            Self::Target => target(event),
            Self::Meta(path) => {
                let meta = event.meta().filter(|meta| *meta != "null")?;
                if path.is_empty() {
                    return Some(Cow::Borrowed(meta));
                }
                inside(meta, path).map(Cow::Owned)
            }
        }
    }
}

fn target(event: &Event) -> Option<Cow<'_, str>> {
    if let Some(entity) = event.text(Field::EntityRef) {
        return Some(Cow::Borrowed(entity));
    }
    let url = event.text(Field::RequestUrl)?;
    Some(match event.text(Field::RequestMethod) {
        Some(method) => Cow::Owned(format!("{method} {url}")),
        None => Cow::Borrowed(url),
    })
}

/// What lies under `path` in the JSON object `meta`: a string's content, another value's JSON.
///
/// One level is read at a time, and the rest passed over as raw text, so that any depth of nesting will do.
fn inside(meta: &str, path: &[String]) -> Option<String> {
    let whole = well_formed(meta);
    let mut json: &str = &whole;
    for key in path {
        let fields: IndexMap<Cow<'_, str>, &RawValue> = serde_json::from_str(json).ok()?;
        json = fields.get(key.as_str())?.get();
    }
    text(json)
}

fn short_name(field: Field) -> &'static str {
    match field {
        Field::Id => "id",
        Field::EventTime => "time",
        Field::RecordedAt => "recorded",
        Field::PluginId => "plugin",
        Field::EventId => "event",
        Field::SeverityLevel => "severity",
        Field::Status => "status",
        Field::ActorType => "actor-type",
        Field::ActorId => "actor",
        Field::RequestMethod => "method",
        Field::RequestUrl => "url",
        Field::ActionType => "action",
        Field::QueryType => "query",
        Field::EntityRef => "entity",
    }
}

fn known() -> impl Iterator<Item = &'static str> {
    let fields = Field::ALL.into_iter().map(short_name);
    fields.chain(["target", "meta", "meta.KEY"])
}

fn nearest(name: &str) -> String {
    // A name of any length may be typed, and comparing takes the product of both lengths.
    let name: String = name.chars().take(64).collect();
    let api = Field::ALL.into_iter().map(Field::name);
    known()
        .chain(api)
        .min_by_key(|known| strsim::damerau_levenshtein(known, &name))
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::Column;
    use crate::api::Event;

    fn value(column: &str, rest: &str) -> Option<String> {
        let json = format!(r#"{{"id":"1","event_time":"2026-01-01T00:00:00Z",{rest}}}"#);
        let event = Event::from_json(&json).unwrap();
        let column: Column = column.parse().unwrap();
        column.value(&event).map(|value| value.into_owned())
    }

    #[test]
    fn short_names_and_the_names_of_the_api_mean_the_same() {
        assert_eq!("TIME".parse::<Column>(), "time".parse());
        for names in ["time event_time event-time", "actor-type actor_type"] {
            let columns: Vec<Column> = names.split(' ').map(|n| n.parse().unwrap()).collect();
            assert!(columns.windows(2).all(|pair| pair[0] == pair[1]));
        }
        let column: Column = "actor-type".parse().unwrap();
        assert_eq!(column.name(), "actor_type");
        assert_eq!(column.title(), "ACTOR-TYPE");
        let column: Column = "meta.taskId".parse().unwrap();
        assert_eq!(column.name(), "meta.taskId");
        assert_eq!(column.title(), "META.TASKID");
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_nearest() {
        for (name, nearest) in [
            ("tme", "time"),
            ("Actr", "actor"),
            ("entity_rf", "entity_ref"),
            ("meta.", "meta"),
            ("meta..a", "meta"),
        ] {
            let error = name.parse::<Column>().unwrap_err();
            assert_eq!(error.name, name);
            assert!(error.nearest.starts_with(nearest), "{error}");
        }
        let error = "tme".parse::<Column>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no column 'tme', perhaps 'time'; columns: id, time, recorded, plugin, event, severity, status, \
             actor-type, actor, method, url, action, query, entity, target, meta, meta.KEY"
        );
        assert!("x".repeat(1_000_000).parse::<Column>().is_err());
        assert!("".parse::<Column>().is_err());
    }

    #[test]
    fn a_path_walks_into_meta() {
        let meta = r#""meta":{"a":{"b":"x\ty","n":1.50,"z":null,"l":[1, 2]},"a.b":1}"#;
        for (column, expected) in [
            ("meta.a.b", Some("x\ty")),
            ("meta.a.n", Some("1.50")),
            ("meta.a.z", None),
            ("meta.a.l", Some("[1,2]")),
            ("meta.a.b.c", None),
            ("meta.x", None),
        ] {
            assert_eq!(value(column, meta).as_deref(), expected, "{column}");
        }
    }

    #[test]
    fn meta_of_any_shape_is_walked_without_a_fault() {
        let deep = format!(
            r#""meta":{{"a":{}1{}}}"#,
            "[".repeat(5000),
            "]".repeat(5000)
        );
        assert_eq!(value("meta.a", &deep).unwrap().len(), 10_001);
        let nested = format!(r#""meta":{}1{}"#, r#"{"a":"#.repeat(1000), "}".repeat(1000));
        let path = format!("meta{}", ".a".repeat(1000));
        assert_eq!(value(&path, &nested).as_deref(), Some("1"));
        assert_eq!(
            value("meta.a", r#""meta":{"a":"\ud800","\udfff":1}"#).as_deref(),
            Some("\u{fffd}")
        );
        assert_eq!(value("meta.a", r#""meta":[1]"#), None);
        assert_eq!(value("meta", r#""meta":"=1""#).as_deref(), Some("\"=1\""));
        assert_eq!(value("meta", r#""meta":null"#), None);
        assert_eq!(value("meta", r#""status":null"#), None);
    }

    #[test]
    fn the_target_is_the_entity_or_else_the_request() {
        let url = r#""request_method":"GET","request_url":"/api/x""#;
        let entity = format!(r#"{url},"entity_ref":"component:default/a""#);
        assert_eq!(
            value("target", &entity).as_deref(),
            Some("component:default/a")
        );
        assert_eq!(value("target", url).as_deref(), Some("GET /api/x"));
        assert_eq!(
            value("target", r#""request_url":"/x""#).as_deref(),
            Some("/x")
        );
        assert_eq!(value("target", r#""request_method":"GET""#), None);
    }
}
