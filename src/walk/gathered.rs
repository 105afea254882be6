//! The events of a piece, each once, and who has shown them.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use super::Piece;
use crate::api::{Event, Field, Timestamp};

/// Events of a piece that its neighbours have shown.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The events.
    pub events: Vec<Event>,
    /// How many of the newest need not come again.
    pub skip: u64,
    /// How many are the oldest of the piece.
    pub older: u64,
}

impl Known {
    /// Where reading may end at the earliest, of `total` events: all are shown anew but for those that are skipped and
    /// those of the older neighbour, and each neighbour shares an event that came again.
    pub fn enough(&self, total: u64) -> u64 {
        let older = total.saturating_sub(self.older.saturating_sub(1));
        older.max(self.skip + 1).min(total)
    }
}

/// A piece that was read.
#[derive(Debug)]
pub struct Read {
    /// Its account.
    pub piece: Piece,
    /// Its events, each once, in order.
    pub events: Vec<Event>,
    /// Bytes of their JSON.
    pub bytes: usize,
    /// Ids that a neighbour alone has shown.
    pub borrowed: HashSet<String>,
}

impl Read {
    /// Whether a neighbour alone has shown this event.
    pub fn borrows(&self, event: &Event) -> bool {
        self.borrowed.contains(event.id())
    }
}

/// Events of a piece, each once.
#[derive(Debug, Default)]
pub struct Gathered {
    pub events: Vec<Event>,
    /// Hashes of the ids, by keys that nobody outside knows. Two that are alike would leave an event out and the count
    /// wrong: then the piece is not proven.
    ids: HashSet<u64>,
    keys: RandomState,
    pub borrowed: HashSet<String>,
    pub bytes: usize,
}

impl Gathered {
    pub fn beside(known: &[Event]) -> Self {
        let mut gathered = Self::default();
        for event in known {
            gathered.borrowed.insert(event.id().to_owned());
            gathered.take(event.clone());
        }
        gathered
    }

    /// Takes events; gives how many were new.
    pub fn add(&mut self, events: Vec<Event>) -> usize {
        let mut new = 0;
        for event in events {
            if !self.borrowed.is_empty() {
                self.borrowed.remove(event.id());
            }
            new += usize::from(self.take(event));
        }
        new
    }

    fn take(&mut self, event: Event) -> bool {
        let is_new = self.ids.insert(self.keys.hash_one(event.id()));
        if is_new {
            self.bytes += event.json().len();
            self.events.push(event);
        }
        is_new
    }

    pub fn len(&self) -> u64 {
        self.events.len() as u64
    }
}

/// Whether all of this was there when the counting began. An event that does not say when it was recorded is taken
/// for an old one: it cannot be told.
pub fn recorded_before(events: &[Event], moment: Timestamp) -> bool {
    let seconds = moment.whole_second().to_string();
    let is_before = |event: &Event| match event.text(Field::RecordedAt) {
        // Nearly every time is written like this: then it need not be read.
        Some(text) if text.ends_with('Z') && is_earlier(text, &seconds) => true,
        _ => event.recorded_at().is_none_or(|recorded| recorded < moment),
    };
    events.iter().all(is_before)
}

/// Whether the first time lies in an earlier second, where both begin like `2026-01-31T10:00:00` and are of one zone.
fn is_earlier(text: &str, other: &str) -> bool {
    let length = "2026-01-31T10:00:00".len();
    let has_date = text.as_bytes().get(10) == Some(&b'T') && text.starts_with("20");
    has_date && other.starts_with("20") && text.get(..length) < other.get(..length)
}
