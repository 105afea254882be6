//! YAML as a tree with line numbers, as large as a file of rules may be.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Error, Options, Spanned};

use super::Fault;

/// Longest text that is kept; no id or key is.
pub const MAX_TEXT: usize = 500;
/// Longest part of a text that is quoted.
const QUOTED: usize = 100;

/// A node, and where it stands.
pub type Node = Spanned<Value>;

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, `null` or `~`.
    Null,
    /// A text.
    Text(String),
    /// A text longer than [`MAX_TEXT`], which is not kept.
    Long,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A list.
    List(Vec<Node>),
    /// A mapping; no key comes twice.
    Map(Vec<(Spanned<String>, Node)>),
}

impl Value {
    /// What it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Text(_) | Self::Long => "a text",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// The tree of a text, or what is wrong and where. An alias costs what it stands for, so there are bounds of what all
/// of them may become.
pub fn read(text: &str) -> Result<Node, (u64, Fault)> {
    let read = serde_saphyr::from_str_with_options(text, options());
    read.map_err(|error| fault(text, &error))
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 200_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_recorded_anchor_events: 200_000,
            max_recorded_anchor_bytes: 16 << 20,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
        },
        // As Backstage reads YAML: `yes` is a text.
        strict_booleans: true,
        null_as_string: true,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    }
}

fn fault(text: &str, error: &Error) -> (u64, Fault) {
    let line = error.location().map_or(1, |location| location.line());
    let at = usize::try_from(line).unwrap_or(1).saturating_sub(1);
    let there = text.lines().nth(at).unwrap_or_default();
    let value = there.split_once(": ").map_or(there, |(_, value)| value);
    let value = value.trim_start_matches([' ', '-']);
    if value.starts_with('*') {
        return (line, Fault::BareStar);
    }
    let fault = match error.without_snippet() {
        Error::DuplicateMappingKey { .. } => Fault::SameKey,
        Error::MultipleDocuments { .. } => Fault::SeveralDocuments,
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => Fault::TooMuch,
        other => {
            let said = other.to_string();
            let first = said.lines().next().unwrap_or_default();
            let what = first
                .rsplit_once(" at line ")
                .map_or(first, |(what, _)| what);
            Fault::NotYaml(cut(what))
        }
    };
    (line, fault)
}

/// The beginning of a text, as much of it as is quoted.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Bool)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(match text.len() <= MAX_TEXT {
            true => Value::Text(text.to_owned()),
            false => Value::Long,
        })
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Value, E> {
        Ok(Value::Long)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = seq.next_element()? {
            list.push(node);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let key = Spanned::new(cut(&key.value), key.referenced, key.defined);
            entries.push((key, map.next_value()?));
        }
        Ok(Value::Map(entries))
    }
}
