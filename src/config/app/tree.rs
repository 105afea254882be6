//! A YAML file as a tree whose nodes know their lines.

use std::{path::Path, sync::Arc};

use secrecy::SecretString;

use super::problem::{Place, Problem};
use crate::yaml;

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
    /// An include that failed or a text that was not kept, and why.
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
    let read = yaml::read(text).map_err(|error| {
        let text = format!("is not valid YAML: {}", error.said);
        Problem::new(&place(error.line), text)
    })?;
    let node = node(read, &place);
    Ok(match node.value {
        Value::Null => Node::empty(),
        _ => node,
    })
}

fn node(read: yaml::Node, place: &dyn Fn(u64) -> Place) -> Node {
    let here = place(read.referenced.line());
    let value = match read.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Bool(value) => Value::Bool(value),
        yaml::Value::Number(value) => Value::Number(value),
        yaml::Value::Text(text) => Value::Text(text),
        yaml::Value::Long => Value::Failed("this text is too long".into()),
        yaml::Value::List(items) => {
            Value::List(items.into_iter().map(|item| node(item, place)).collect())
        }
        yaml::Value::Map(entries) => {
            let entry = |(key, value): (yaml::Key, yaml::Node)| Entry {
                place: place(key.referenced.line()),
                key: key.value,
                node: node(value, place),
            };
            Value::Map(entries.into_iter().map(entry).collect())
        }
    };
    Node { place: here, value }
}
