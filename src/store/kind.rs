//! Kinds: what the counted fields of an event hold together. A trail has some hundreds, whatever its length, so that
//! questions about these fields are decided here, for each kind once, and the database is asked for kinds by number.

use serde::Serializer;
use serde_json::{Map, Value};

use super::error::StoreError;
use crate::{
    api::{Event, Field},
    query::Filter,
};

/// Number of a kind in the table of kinds.
pub(super) type KindId = i64;
/// In the table of counts: every kind together.
pub(super) const EVERY_KIND: KindId = 0;

/// The counted fields of `event` that hold something, as a JSON object. Equal texts are one kind.
pub(super) fn fields_of(event: &Event) -> String {
    let held = Field::COUNTED
        .into_iter()
        .filter_map(|field| Some((field.name(), event.text(field)?)));
    // Texts are written without a copy of each: this is asked of every event that is stored.
    let mut json = Vec::with_capacity(256);
    let written = serde_json::Serializer::new(&mut json).collect_map(held);
    debug_assert!(written.is_ok(), "text in memory is always JSON");
    String::from_utf8(json).unwrap_or_default()
}

/// Whether the counts can answer for a filter of this field.
pub(super) fn is_counted(field: Field) -> bool {
    Field::COUNTED.contains(&field)
}

/// The kinds that a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kinds {
    /// No filter tells kinds apart.
    Every,
    /// These alone; there may be none.
    Of(Vec<KindId>),
}

/// The kinds of a store, as far as they have been read. They are never changed or taken away.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    kinds: Vec<(KindId, [Option<String>; Field::COUNTED.len()])>,
}

impl Catalogue {
    /// The highest number that has been read. Numbers are handed out in the order in which kinds become visible.
    pub(super) fn last(&self) -> KindId {
        self.kinds.last().map_or(EVERY_KIND, |(id, _)| *id)
    }

    /// Adds a kind that was read behind [`Catalogue::last`].
    pub(super) fn add(&mut self, id: KindId, fields: &str) -> Result<(), StoreError> {
        let damaged = |_| StoreError::Damaged(format!("kind {id}"));
        let mut fields: Map<String, Value> = serde_json::from_str(fields).map_err(damaged)?;
        let values = Field::COUNTED.map(|field| match fields.remove(field.name()) {
            Some(Value::String(value)) => Some(value),
            _ => None,
        });
        if id > self.last() {
            self.kinds.push((id, values));
        }
        Ok(())
    }

    /// The kinds that all of the filters of counted fields let through.
    pub(super) fn matching(&self, filters: &[Filter]) -> Kinds {
        let column = |filter: &Filter| Field::COUNTED.iter().position(|&it| it == filter.field);
        let filters: Vec<_> = filters
            .iter()
            .filter_map(|filter| Some((column(filter)?, filter)))
            .collect();
        if filters.is_empty() {
            return Kinds::Every;
        }
        let passes = |values: &[Option<String>]| {
            filters.iter().all(|(column, filter)| {
                filter.admits(values.get(*column).and_then(|value| value.as_deref()))
            })
        };
        let matching = self.kinds.iter().filter(|(_, values)| passes(values));
        Kinds::Of(matching.map(|(id, _)| *id).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{Catalogue, Kinds};
    use crate::{api::Field, query::Filter};

    #[test]
    fn kinds_are_told_apart_by_counted_fields_alone() {
        let mut kinds = Catalogue::default();
        kinds
            .add(1, r#"{"plugin_id":"catalog","status":"failed"}"#)
            .unwrap();
        kinds.add(3, r#"{"plugin_id":"catalog\u0000"}"#).unwrap();
        kinds.add(4, "{}").unwrap();
        let of = |lists: &[(Field, &str)]| {
            let filter = |(field, list): &(Field, &str)| {
                Filter::parse(*field, &[(*list).to_owned()]).unwrap()
            };
            kinds.matching(&lists.iter().map(filter).collect::<Vec<_>>())
        };
        for (lists, expected) in [
            (&[][..], Kinds::Every),
            (&[(Field::ActorId, "x")], Kinds::Every),
            (&[(Field::PluginId, "catalog")], Kinds::Of(vec![1])),
            (&[(Field::PluginId, "cat*")], Kinds::Of(vec![1, 3])),
            (
                &[(Field::PluginId, "cat*"), (Field::Status, "!failed")],
                Kinds::Of(vec![3]),
            ),
            (&[(Field::Status, "!failed")], Kinds::Of(vec![3, 4])),
            (&[(Field::PluginId, "nope")], Kinds::Of(vec![])),
        ] {
            assert_eq!(of(lists), expected, "{lists:?}");
        }
    }
}
