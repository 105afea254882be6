//! A node as it is read: with the path of its key, and with a place for what is wrong with it.

use secrecy::{ExposeSecret, SecretString};

use super::{
    problem::{Place, Problem, Problems},
    tree::{Entry, Node, Value},
};

/// Likeness of two keys from which on one was likely meant for the other, where others may be anybody's.
const SLIP: f64 = 0.85;

/// A node, its path from the top, and where problems go.
#[derive(Clone)]
pub(super) struct View<'a> {
    node: &'a Node,
    path: String,
    problems: &'a Problems,
}

impl<'a> View<'a> {
    pub(super) fn root(node: &'a Node, problems: &'a Problems) -> Self {
        Self {
            node,
            path: String::new(),
            problems,
        }
    }

    /// The value of a key; none where it is null.
    pub(super) fn child(&self, key: &str) -> Option<View<'a>> {
        let entry = self.entries()?.iter().find(|entry| entry.key == key)?;
        (!matches!(entry.node.value, Value::Null)).then(|| self.below(&entry.node, key))
    }

    /// The same, which has to be there.
    pub(super) fn required(&self, key: &str) -> Option<View<'a>> {
        let child = self.child(key);
        if child.is_none() && self.entries().is_some() {
            self.error(format!("{}.{key} is missing", self.path));
        }
        child
    }

    fn below(&self, node: &'a Node, key: &str) -> View<'a> {
        let path = match self.path.is_empty() {
            true => key.to_owned(),
            false => format!("{}.{key}", self.path),
        };
        View {
            node,
            path,
            problems: self.problems,
        }
    }

    /// The keys; a problem where there are none to be had.
    fn entries(&self) -> Option<&'a [Entry]> {
        match &self.node.value {
            Value::Map(entries) => Some(entries),
            _ => {
                self.wrong("an object");
                None
            }
        }
    }

    /// Says which keys are not among `known`, and which was likely meant.
    pub(super) fn check_keys(&self, known: &[&str]) {
        let entries = match &self.node.value {
            Value::Map(entries) => entries.as_slice(),
            _ => return,
        };
        for entry in entries
            .iter()
            .filter(|entry| !known.contains(&entry.key.as_str()))
        {
            let key: String = entry.key.chars().take(64).collect();
            let mut text = format!("unknown key '{key}' in {}", self.path);
            if let Some(nearest) = nearest(&entry.key, known) {
                text.push_str(&format!("; did you mean '{nearest}'?"));
            }
            self.problems.error(Problem::new(&entry.place, text));
        }
    }

    /// Says that a key is there without a value.
    pub(super) fn refuse_empty(&self, key: &str) {
        let Value::Map(entries) = &self.node.value else {
            return;
        };
        for entry in entries.iter().filter(|entry| entry.key == key) {
            if matches!(entry.node.value, Value::Null) {
                let text = format!("{}.{key} has no value", self.path);
                self.problems.error(Problem::new(&entry.place, text));
            }
        }
    }

    /// Says which keys were likely meant to be `key`, where others may be anybody's.
    pub(super) fn refuse_slips_of(&self, key: &str) {
        let Value::Map(entries) = &self.node.value else {
            return;
        };
        let is_slip = |own: &str| own != key && strsim::jaro_winkler(own, key) > SLIP;
        for entry in entries.iter().filter(|entry| is_slip(&entry.key)) {
            let text = format!(
                "unknown key '{}' in {}; did you mean '{key}'?",
                entry.key, self.path
            );
            self.problems.error(Problem::new(&entry.place, text));
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<View<'a>> {
        match &self.node.value {
            Value::List(items) => {
                let item = |(at, node): (usize, &'a Node)| View {
                    node,
                    path: format!("{}[{at}]", self.path),
                    problems: self.problems,
                };
                items.iter().enumerate().map(item).collect()
            }
            _ => {
                self.wrong("a list");
                Vec::new()
            }
        }
    }

    /// The texts of one text, split at commas, or of a list of texts.
    pub(super) fn texts(&self) -> Vec<(View<'a>, String)> {
        let items = match &self.node.value {
            Value::List(_) => self.items(),
            _ => vec![self.clone()],
        };
        let split = |view: View<'a>| {
            let text = view.text().unwrap_or_default();
            let parts: Vec<String> = text
                .split([',', ' ', '\n', '\t'])
                .map(str::to_owned)
                .collect();
            parts.into_iter().map(move |part| (view.clone(), part))
        };
        let parts = items.into_iter().flat_map(split);
        parts.filter(|(_, part)| !part.is_empty()).collect()
    }

    /// A text that is not empty, and no secret.
    pub(super) fn text(&self) -> Option<String> {
        self.secret().map(|text| text.expose_secret().to_owned())
    }

    /// A text that is not empty.
    pub(super) fn secret(&self) -> Option<&'a SecretString> {
        match &self.node.value {
            Value::Text(text) if text.expose_secret().is_empty() => {
                self.error(format!("{} is empty", self.path));
                None
            }
            Value::Text(text) => Some(text),
            Value::Number(_) | Value::Bool(_) => {
                self.wrong("a text (put it in quotes)");
                None
            }
            _ => {
                self.wrong("a text");
                None
            }
        }
    }

    /// True or false, also as a text: an environment variable has no other form.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.as_flag() {
            Some(value) => Some(value),
            None => {
                self.wrong("true or false");
                None
            }
        }
    }

    /// The same, without a problem where it is something else.
    pub(super) fn as_flag(&self) -> Option<bool> {
        match &self.node.value {
            Value::Bool(value) => Some(*value),
            Value::Text(text) => match text.expose_secret() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// A whole number from `least` to `most`, also as a text.
    pub(super) fn whole(&self, least: u64, most: u64) -> Option<u64> {
        let value = match &self.node.value {
            Value::Number(value) => format!("{value}").parse().ok(),
            Value::Text(text) => text.expose_secret().parse().ok(),
            _ => None,
        };
        let value = value.filter(|value| (least..=most).contains(value));
        if value.is_none() {
            self.wrong(&format!("a whole number from {least} to {most}"));
        }
        value
    }

    /// A text, or a number as one.
    pub(super) fn number_or_text(&self) -> Option<String> {
        match &self.node.value {
            Value::Number(value) => Some(value.to_string()),
            Value::Text(text) => Some(text.expose_secret().to_owned()),
            _ => None,
        }
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    /// Says what had to stand here; or why nothing does.
    pub(super) fn wrong(&self, expected: &str) {
        let path = match self.path.is_empty() {
            true => "the file",
            false => &self.path,
        };
        self.error(match &self.node.value {
            Value::Unset(name) => {
                format!("{path} has no value: the environment variable '{name}' is not set")
            }
            Value::Failed(why) => format!("{path}: {why}"),
            _ => format!("{path} must be {expected}"),
        });
    }

    pub(super) fn error(&self, text: impl Into<String>) {
        self.problems.error(Problem::new(&self.node.place, text));
    }

    pub(super) fn warning(&self, text: impl Into<String>) {
        self.problems.warning(Problem::new(&self.node.place, text));
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn place(&self) -> &'a Place {
        &self.node.place
    }
}

/// The known key that a mistyped one was most likely meant to be.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |known: &'a str| (strsim::jaro_winkler(key, known), known);
    let found = known.iter().map(|&known| likeness(known));
    let (likeness, nearest) = found.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (likeness > 0.7).then_some(nearest)
}
