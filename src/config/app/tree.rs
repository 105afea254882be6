//! A YAML file as a tree whose nodes know their lines.

use std::{fmt, path::Path, sync::Arc};

use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Options, Spanned};

use super::problem::{Place, Problem};

/// A value and where it stands. It has no `Debug`: a text in it may be a secret.
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What stands there.
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(SecretString),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// An environment variable that is not set; for Backstage there is no value here.
    Unset(String),
    /// An include that failed, and why.
    Failed(String),
}

/// A key, its line, and its value.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) node: Node,
}

impl Node {
    pub(super) fn empty() -> Self {
        Self {
            place: Place::default(),
            value: Value::Map(Vec::new()),
        }
    }
}

/// The tree of a file; an empty file is an empty map.
pub(super) fn parsed(path: &Path, text: &str) -> Result<Node, Problem> {
    let file = Arc::new(path.to_owned());
    let place = |line| Place {
        file: Arc::clone(&file),
        line,
    };
    let raw: Spanned<Raw> =
        serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
            let line = error.location().map_or(0, |location| location.line());
            let reason: String = error.without_snippet().to_string();
            // Its first line, and no more than a terminal's: the rest may quote the file.
            let reason: String = reason
                .lines()
                .next()
                .unwrap_or_default()
                .chars()
                .take(160)
                .collect();
            Problem::new(&place(line), format!("is not valid YAML: {reason}"))
        })?;
    let node = node(raw, &place);
    Ok(match node.value {
        Value::Null => Node::empty(),
        _ => node,
    })
}

/// Room for every real configuration, and none for one that multiplies itself with aliases.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 200_000,
            max_nodes: 100_000,
            max_depth: 64,
            max_aliases: 1_000,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 50_000,
        },
        strict_booleans: true,
        with_snippet: false,
    }
}

fn node(raw: Spanned<Raw>, place: &dyn Fn(u64) -> Place) -> Node {
    let here = place(raw.referenced.line());
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(value),
        Raw::Number(value) => Value::Number(value),
        Raw::Text(text) => Value::Text(text),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(item, place)).collect()),
        Raw::Map(entries) => {
            let entry = |(key, raw): (Spanned<Key>, Spanned<Raw>)| Entry {
                place: place(key.referenced.line()),
                key: key.value.0,
                node: node(raw, place),
            };
            Value::Map(entries.into_iter().map(entry).collect())
        }
    };
    Node { place: here, value }
}

/// A value as the reader gives it.
enum Raw {
    Null,
    Bool(bool),
    Number(f64),
    Text(SecretString),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Key>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "no number that is read has more than 53 bits"
    )]
    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "no number that is read has more than 53 bits"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

/// A key, which in JSON is a text.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}
