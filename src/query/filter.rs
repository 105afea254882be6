//! The filter grammar: comma lists (any of), `*` wildcards, `!` (none of), `\` to escape each of them.

use std::fmt;

use crate::{
    api::{Event, Field},
    wildcard::Wildcard,
};

/// What one field may hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The field that is looked at.
    pub field: Field,
    /// The value matches one of these; any value at all, and none, where the list is empty.
    pub any_of: Vec<Wildcard>,
    /// The value matches none of these. A field without a value passes.
    pub none_of: Vec<Wildcard>,
}

/// Why a filter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Nothing between two commas, or nothing at all.
    #[error("an empty value in '{list}' for {}", field.name())]
    Empty {
        /// The field.
        field: Field,
        /// What was given.
        list: String,
    },
    /// A backslash before something that needs none.
    #[error("'\\' in '{0}' stands before none of , * ! \\")]
    Escape(String),
    /// A value outside the API's list.
    #[error("'{value}' is not a value of {}", field.name())]
    Unknown {
        /// The field.
        field: Field,
        /// What was given.
        value: String,
    },
}

impl Filter {
    /// A filter that lets exactly `value` through.
    pub fn equals(field: Field, value: &str) -> Self {
        Self {
            field,
            any_of: vec![Wildcard::literal(value)],
            none_of: Vec::new(),
        }
    }

    /// Reads all values that were given for one field.
    pub fn parse(field: Field, lists: &[String]) -> Result<Self, FilterError> {
        let mut filter = Self {
            field,
            any_of: Vec::new(),
            none_of: Vec::new(),
        };
        for list in lists {
            for item in items(field, list)? {
                check_listed(field, &item.pattern)?;
                let side = if item.negated {
                    &mut filter.none_of
                } else {
                    &mut filter.any_of
                };
                side.push(item.pattern);
            }
        }
        Ok(filter)
    }

    /// Whether the field of `event` passes.
    pub fn lets_through(&self, event: &Event) -> bool {
        self.admits(event.text(self.field))
    }

    /// Whether the field may hold `value`, or nothing.
    pub fn admits(&self, value: Option<&str>) -> bool {
        match value {
            None => self.any_of.is_empty(),
            Some(value) => {
                (self.any_of.is_empty() || self.any_of.iter().any(|p| p.matches(value)))
                    && !self.none_of.iter().any(|p| p.matches(value))
            }
        }
    }
}

/// The grammar that it was read from: `event_id=entity-*,!entity-facets`.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let any = self.any_of.iter().map(|pattern| typed(pattern, ""));
        let none = self.none_of.iter().map(|pattern| typed(pattern, "!"));
        let list: Vec<_> = any.chain(none).collect();
        write!(f, "{}={}", self.field.name(), list.join(","))
    }
}

fn typed(pattern: &Wildcard, sign: &str) -> String {
    let pieces: Vec<_> = pattern
        .pieces()
        .map(|piece| {
            piece
                .replace('\\', "\\\\")
                .replace(',', "\\,")
                .replace('*', "\\*")
        })
        .collect();
    let text = pieces.join("*");
    match text.strip_prefix('!') {
        Some(rest) => format!("{sign}\\!{rest}"),
        None => format!("{sign}{text}"),
    }
}

struct Item {
    negated: bool,
    pattern: Wildcard,
}

fn items(field: Field, list: &str) -> Result<Vec<Item>, FilterError> {
    let mut items = Vec::new();
    let mut item = Draft::default();
    let mut chars = list.chars();
    while let Some(c) = chars.next() {
        match c {
            ',' => items.push(std::mem::take(&mut item).into_item(field, list)?),
            '!' if item.is_untouched() && !item.negated => item.negated = true,
            '*' => item.pieces.push(String::new()),
            '\\' => match chars.next() {
                Some(escaped @ (',' | '*' | '!' | '\\')) => item.push(escaped),
                _ => return Err(FilterError::Escape(list.to_owned())),
            },
            _ => item.push(c),
        }
    }
    items.push(item.into_item(field, list)?);
    Ok(items)
}

struct Draft {
    negated: bool,
    pieces: Vec<String>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            negated: false,
            pieces: vec![String::new()],
        }
    }
}

impl Draft {
    fn is_untouched(&self) -> bool {
        matches!(self.pieces.as_slice(), [only] if only.is_empty())
    }

    fn push(&mut self, c: char) {
        if let Some(piece) = self.pieces.last_mut() {
            piece.push(c);
        }
    }

    fn into_item(self, field: Field, list: &str) -> Result<Item, FilterError> {
        if self.is_untouched() {
            return Err(FilterError::Empty {
                field,
                list: list.to_owned(),
            });
        }
        Ok(Item {
            negated: self.negated,
            pattern: Wildcard::from_pieces(self.pieces),
        })
    }
}

/// A mistyped `--severity hihg` must not look like "no events".
fn check_listed(field: Field, pattern: &Wildcard) -> Result<(), FilterError> {
    match (field.allowed(), pattern.as_literal()) {
        (Some(allowed), Some(value)) if !allowed.contains(&value) => Err(FilterError::Unknown {
            field,
            value: value.to_owned(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, FilterError};
    use crate::api::{Draft, Event, Field};

    fn event(url: Option<&str>) -> Event {
        Draft {
            id: "1".into(),
            event_time: "2026-01-01T00:00:00Z".into(),
            recorded_at: "2026-01-01T00:00:00Z".into(),
            plugin_id: "catalog".into(),
            event_id: "entity-fetch".into(),
            severity_level: "low".into(),
            status: "succeeded".into(),
            actor_type: "service".into(),
            actor_id: None,
            request_method: None,
            request_url: url.map(str::to_owned),
            action_type: None,
            query_type: None,
            entity_ref: None,
            meta: Default::default(),
        }
        .into_event()
        .unwrap()
    }

    fn passes(lists: &[&str], url: Option<&str>) -> bool {
        let lists: Vec<String> = lists.iter().map(|&list| list.to_owned()).collect();
        Filter::parse(Field::RequestUrl, &lists)
            .unwrap()
            .lets_through(&event(url))
    }

    #[test]
    fn lists_wildcards_and_negation() {
        for (lists, url, expected) in [
            (&["a"][..], Some("a"), true),
            (&["a"], Some("A"), false),
            (&["a,b"], Some("b"), true),
            (&["a", "b"], Some("b"), true),
            (&["a*"], Some("abc"), true),
            (&["!a"], Some("b"), true),
            (&["!a"], Some("a"), false),
            (&["!a,!b"], Some("b"), false),
            (&["a*,!ab*"], Some("abc"), false),
            (&["a*,!ab*"], Some("acc"), true),
            (&["a"], None, false),
            (&["*"], None, false),
            (&["*"], Some(""), true),
            (&["!a"], None, true),
            (&["!*"], None, true),
            (&["!*"], Some("x"), false),
            (&[r"a\,b"], Some("a,b"), true),
            (&[r"\*"], Some("*"), true),
            (&[r"\*"], Some("x"), false),
            (&[r"\!a"], Some("!a"), true),
            (&["a!"], Some("a!"), true),
            (&["!!a"], Some("!a"), false),
            (&[r"\\"], Some(r"\"), true),
        ] {
            assert_eq!(passes(lists, url), expected, "{lists:?} {url:?}");
        }
    }

    #[test]
    fn a_filter_is_shown_as_it_is_typed() {
        for list in [r"a\,b,c*d\*,!\!e,!*", r"\\,!a!"] {
            let filter = Filter::parse(Field::EntityRef, &[list.to_owned()]).unwrap();
            assert_eq!(filter.to_string(), format!("entity_ref={list}"));
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let of = |field, list: &str| Filter::parse(field, &[list.to_owned()]).unwrap_err();
        for list in ["", ",", "a,", "!", "a,,b"] {
            let (field, list) = (Field::ActorId, list.to_owned());
            assert_eq!(of(field, &list), FilterError::Empty { field, list });
        }
        for list in [r"\a", r"a\", r"\n"] {
            assert_eq!(
                of(Field::ActorId, list),
                FilterError::Escape(list.to_owned())
            );
        }
        let unknown = FilterError::Unknown {
            field: Field::SeverityLevel,
            value: "hihg".into(),
        };
        assert_eq!(of(Field::SeverityLevel, "hihg"), unknown);
        assert!(Filter::parse(Field::SeverityLevel, &["h*".to_owned()]).is_ok());
    }
}
