//! What can be said of a store as a whole.

use std::{collections::BTreeMap, fmt};

use super::{
    counts::Deltas,
    kind::{KindId, fields_of},
    text::escaped,
};
use crate::api::{Event, Field, Timestamp};

/// Faults that are named; where there are more, the store is not sound anyway.
pub(super) const MOST_FAULTS: usize = 20;

/// What is in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreInfo {
    /// Version of its tables.
    pub version: i64,
    /// Events.
    pub events: u64,
    /// Time of the oldest event.
    pub oldest: Option<Timestamp>,
    /// Time of the newest event.
    pub newest: Option<Timestamp>,
    /// Combinations of the fields that events are counted by.
    pub kinds: u64,
    /// Size of the file, or of tables and indexes; without a write-ahead log.
    pub bytes: u64,
    /// Of these, bytes that hold nothing, where that is known.
    pub free_bytes: Option<u64>,
}

/// What is wrong with a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What the database says of its own file.
    Damage(String),
    /// An event whose columns are not what its JSON says; its id.
    Event(String),
    /// So many counts that are not what counting the events gives.
    Counts(u64),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damage(said) => f.write_str(said),
            Self::Event(id) => write!(f, "event {id} is not stored as it says"),
            Self::Counts(1) => f.write_str("1 count is wrong"),
            Self::Counts(n) => write!(f, "{n} counts are wrong"),
        }
    }
}

/// A row of the events, with the fields of its kind.
pub(super) struct Stored<'a> {
    pub(super) id: &'a str,
    pub(super) event_time: i64,
    pub(super) recorded_at: Option<i64>,
    pub(super) fields: Option<&'a str>,
    pub(super) actor_id: Option<&'a str>,
    pub(super) request_url: Option<&'a str>,
    pub(super) entity_ref: Option<&'a str>,
    pub(super) body: &'a str,
}

impl Stored<'_> {
    /// A fault where the columns are not what the event's JSON says.
    pub(super) fn fault(&self) -> Option<Fault> {
        let is_right = match Event::from_json(self.body) {
            Err(_) => false,
            Ok(event) => {
                let is = |stored: Option<&str>, field| {
                    stored == event.text(field).map(escaped).as_deref()
                };
                self.id == escaped(event.id())
                    && self.event_time == event.time().micros()
                    && self.recorded_at == event.recorded_at().map(Timestamp::micros)
                    && self.fields == Some(&*fields_of(&event))
                    && is(self.actor_id, Field::ActorId)
                    && is(self.request_url, Field::RequestUrl)
                    && is(self.entity_ref, Field::EntityRef)
            }
        };
        (!is_right).then(|| Fault::Event(self.id.to_owned()))
    }
}

/// The counts once more, from the events.
#[derive(Default)]
pub(super) struct Recount(Deltas);

impl Recount {
    /// Counts an event.
    pub(super) fn event(&mut self, kind: KindId, time: i64) {
        self.0.add(kind, time, 1);
    }

    /// A fault where the rows of the counts (grain, kind, start, n) are others.
    pub(super) fn fault(
        self,
        kept: impl IntoIterator<Item = (i64, KindId, i64, i64)>,
    ) -> Option<Fault> {
        let counted = self.0.into_changes();
        let mut left: BTreeMap<_, _> = counted
            .map(|(grain, kind, start, n)| ((grain as i64, kind, start), n))
            .collect();
        let mut wrong = 0;
        for (grain, kind, start, n) in kept {
            wrong += u64::from(left.remove(&(grain, kind, start)) != Some(n));
        }
        wrong += left.len() as u64;
        (wrong > 0).then_some(Fault::Counts(wrong))
    }
}
