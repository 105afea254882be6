//! Backstage's includes: `${NAME}` inside a text, `$env: NAME` and `$file: path` in place of a value.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::tree::{Entry, Node, Value};
use crate::files::read_at_most;

/// Largest file that takes the place of a value.
const MAX_INCLUDED: u64 = 64 * 1024;

/// Where the values come from.
pub(super) struct Includes<'a> {
    /// The folder of the file that includes.
    pub(super) folder: &'a Path,
    /// The environment.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Includes<'_> {
    /// The tree with the includes below these keys resolved; nobody reads the others.
    pub(super) fn resolved_below(&self, node: Node, keys: &[&[&str]]) -> Node {
        let Value::Map(entries) = node.value else {
            return node;
        };
        let resolve = |mut entry: Entry| {
            let rest: Vec<&[&str]> = keys
                .iter()
                .filter_map(|path| path.split_first())
                .filter(|(first, _)| **first == entry.key)
                .map(|(_, rest)| rest)
                .collect();
            entry.node = match rest.iter().any(|rest| rest.is_empty()) {
                true => self.resolved(entry.node),
                // On the way there `$file` could stand for a whole section; that is the reader's to refuse.
                false => self.resolved_below(entry.node, &rest),
            };
            entry
        };
        Node {
            place: node.place,
            value: Value::Map(entries.into_iter().map(resolve).collect()),
        }
    }

    fn resolved(&self, node: Node) -> Node {
        let value = match node.value {
            Value::Text(text) => self.substituted(&text),
            Value::List(items) => {
                Value::List(items.into_iter().map(|item| self.resolved(item)).collect())
            }
            Value::Map(entries) => self.included(entries),
            other => other,
        };
        Node {
            place: node.place,
            value,
        }
    }

    fn included(&self, entries: Vec<Entry>) -> Value {
        if !entries.iter().any(|entry| entry.key.starts_with('$')) {
            let resolve = |mut entry: Entry| {
                entry.node = self.resolved(entry.node);
                entry
            };
            return Value::Map(entries.into_iter().map(resolve).collect());
        }
        let [entry] = entries.as_slice() else {
            return Value::Failed("an include stands alone, with no other key beside it".into());
        };
        let argument = match &entry.node.value {
            Value::Text(text) => self.substituted(text),
            _ => return Value::Failed(format!("'{}' needs a text", entry.key)),
        };
        let argument = match argument {
            Value::Text(text) => text,
            other => return other,
        };
        match entry.key.as_str() {
            "$env" => self.of_environment(argument.expose_secret()),
            "$file" => self.of_file(argument.expose_secret()),
            _ => Value::Failed("only $env and $file can include something here".into()),
        }
    }

    fn of_environment(&self, name: &str) -> Value {
        match (self.variable)(name) {
            Some(value) => Value::Text(value.into()),
            None => Value::Unset(short(name)),
        }
    }

    fn of_file(&self, path: &str) -> Value {
        match read_at_most(&self.folder.join(path), MAX_INCLUDED) {
            Ok(text) => Value::Text(text.trim_end().into()),
            Err(error) => Value::Failed(format!("the file of $file cannot be read: {error}")),
        }
    }

    /// The text with each `${NAME}` and `${NAME:-default}` replaced; `$${` stands for `${`.
    fn substituted(&self, text: &SecretString) -> Value {
        let mut out = String::new();
        let mut rest = text.expose_secret();
        while let Some((before, inside, after, escaped)) = next_reference(rest) {
            out.push_str(before);
            if escaped {
                out.push_str("${");
                out.push_str(inside);
                out.push('}');
            } else {
                let (name, default) = match inside.split_once(":-") {
                    Some((name, default)) => (name.trim(), Some(default.trim())),
                    None => (inside.trim(), None),
                };
                let value =
                    (self.variable)(name).filter(|value| !value.is_empty() || default.is_none());
                let default = default.filter(|default| !default.is_empty());
                match value.as_deref().or(default) {
                    Some(value) => out.push_str(value),
                    None => return Value::Unset(short(name)),
                }
            }
            rest = after;
        }
        out.push_str(rest);
        Value::Text(out.into())
    }
}

/// The next `${…}` without braces in it: what is before, inside and after, and whether a `$` before escapes it.
fn next_reference(text: &str) -> Option<(&str, &str, &str, bool)> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find("${")?;
        let (before, tail) = text.split_at_checked(at)?;
        let tail = tail.strip_prefix("${")?;
        let end = tail.find(['{', '}'])?;
        let (inside, after) = tail.split_at_checked(end)?;
        match after.strip_prefix('}') {
            Some(after) => {
                return Some(match before.strip_suffix('$') {
                    Some(before) => (before, inside, after, true),
                    None => (before, inside, after, false),
                });
            }
            None => from = at + 2,
        }
    }
}

/// A name for a message; a text that was meant to be a secret is not repeated whole by mistake.
fn short(name: &str) -> String {
    name.chars().take(64).collect()
}
