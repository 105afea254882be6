//! YAML as a tree whose nodes know their lines, as large as a configuration or a file of rules may be. Pure.

use std::fmt;

use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Error, Options, Spanned};

/// Longest text that is kept, in bytes: an alias may stand for it a thousand times.
const MAX_TEXT: usize = 64 << 10;
/// Characters of a key that are kept.
const MAX_KEY: usize = 100;
/// Characters that are kept of what is said of an error: it may quote the file.
const MAX_SAID: usize = 100;

/// A node, and where it stands.
pub type Node = Spanned<Value>;
/// A key, and where it stands.
pub type Key = Spanned<String>;

/// What a node is. It has no `Debug`: a text in it may be a secret.
#[derive(Clone)]
pub enum Value {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(SecretString),
    /// A text that is too long to be kept, or bytes.
    Long,
    /// A list.
    List(Vec<Node>),
    /// A mapping; no key comes twice.
    Map(Vec<(Key, Node)>),
}

impl Value {
    /// What it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Text(_) | Self::Long => "a text",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Why a text has no tree.
#[derive(Debug)]
pub struct YamlError {
    /// Line of the text, from 1.
    pub line: u64,
    /// What is wrong there.
    pub kind: Kind,
    /// The same in the reader's own words, which may quote the text.
    pub said: String,
}

/// What can be wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is not YAML.
    NotYaml,
    /// A key comes twice in one mapping.
    SameKey,
    /// There is more than one document.
    SeveralDocuments,
    /// It is more than is read, by itself or by what its aliases stand for.
    TooMuch,
}

/// The tree of a text, or what is wrong and where. An alias costs what it stands for, so there are bounds of what all
/// of them may become.
pub fn read(text: &str) -> Result<Node, YamlError> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| YamlError::of(&error))
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 200_000,
            max_nodes: 100_000,
            max_depth: 64,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_recorded_anchor_events: 200_000,
            max_recorded_anchor_bytes: 16 << 20,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 50_000,
        },
        // As Backstage reads YAML: `yes` is a text, and a key is one whatever it looks like.
        strict_booleans: true,
        null_as_string: true,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    }
}

impl YamlError {
    fn of(error: &Error) -> Self {
        let line = error.location().map_or(1, |location| location.line());
        let error = error.without_snippet();
        let kind = match error {
            Error::DuplicateMappingKey { .. } => Kind::SameKey,
            Error::MultipleDocuments { .. } => Kind::SeveralDocuments,
            Error::Budget { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. } => Kind::TooMuch,
            _ => Kind::NotYaml,
        };
        let said = error.to_string();
        let first = said.lines().next().unwrap_or_default();
        let what = first
            .rsplit_once(" at line ")
            .map_or(first, |(what, _)| what);
        let said = cut(what, MAX_SAID);
        Self { line, kind, said }
    }
}

/// The beginning of a text, with an ellipsis where there is more.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
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

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(match text.len() <= MAX_TEXT {
            true => Value::Text(text.into()),
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
        while let Some(key) = map.next_key::<Key>()? {
            let key = Spanned::new(cut(&key.value, MAX_KEY), key.referenced, key.defined);
            entries.push((key, map.next_value()?));
        }
        Ok(Value::Map(entries))
    }
}
