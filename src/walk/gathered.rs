//! The events of a piece, each once, and who has shown them.

use std::{collections::HashSet, sync::Arc};

use super::Piece;
use crate::api::{Event, Timestamp};

/// Events of a piece that its neighbours have shown.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The events.
    pub events: Vec<Arc<Event>>,
    /// How many of the newest need not come again.
    pub skip: u64,
    /// How many are the oldest of the piece.
    pub older: u64,
}

impl Known {
    /// Where reading may end at the earliest, of `total` events: each neighbour shares events that came again.
    pub fn enough(&self, total: u64) -> u64 {
        let older = match self.older {
            0 => 0,
            older => (total + 1).saturating_sub(older),
        };
        let newer = match self.skip {
            0 => 0,
            skip => skip + 1,
        };
        newer.max(older).min(total)
    }
}

/// A piece that was read.
#[derive(Debug)]
pub struct Read {
    /// Its account.
    pub piece: Piece,
    /// Its events, each once, in order.
    pub events: Vec<Arc<Event>>,
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
    pub events: Vec<Arc<Event>>,
    ids: HashSet<String>,
    pub borrowed: HashSet<String>,
    pub bytes: usize,
}

impl Gathered {
    pub fn beside(known: &[Arc<Event>]) -> Self {
        let mut gathered = Self::default();
        for event in known {
            gathered.take(Arc::clone(event));
        }
        gathered.borrowed = gathered.ids.clone();
        gathered
    }

    /// Takes events; gives how many were new.
    pub fn add(&mut self, events: Vec<Event>) -> usize {
        let mut new = 0;
        for event in events {
            self.borrowed.remove(event.id());
            new += usize::from(self.take(Arc::new(event)));
        }
        new
    }

    fn take(&mut self, event: Arc<Event>) -> bool {
        let is_new = self.ids.insert(event.id().to_owned());
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
pub fn recorded_before(events: &[Arc<Event>], moment: Timestamp) -> bool {
    let mut recorded = events.iter().filter_map(|event| event.recorded_at());
    recorded.all(|recorded| recorded < moment)
}
