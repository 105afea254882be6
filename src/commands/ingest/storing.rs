//! A store, which takes events on a thread of its own while the next lines are read.
//!
//! What is read meanwhile goes into the next transaction as a whole: a few lines are stored at once, and of a long file
//! so many that a page of an index, of which each event changes one at a place of its own, is written for several.

use std::mem;

use chrono::Utc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::{
    api::Event,
    store::{Advance, SourceProgress, StoreError, Writer},
};

/// Bytes of events from which on a transaction takes no more.
const MOST_BYTES: usize = 48 << 20;

/// A writer, and what it has been given.
pub struct Storing {
    /// None while it is at work, and after it broke down.
    writer: Option<Writer>,
    at_work: Option<JoinHandle<Finished>>,
    /// What could not be stored, and comes before everything else.
    again: Option<Portion>,
    next: Portion,
    /// Events from which on a transaction takes no more.
    most: usize,
}

/// What one transaction stores.
#[derive(Default)]
struct Portion {
    events: Vec<Event>,
    bytes: usize,
    advance: Option<Advance>,
    /// Whether some of the events will come again.
    is_seen_again: bool,
}

struct Finished {
    writer: Writer,
    portion: Portion,
    stored: Result<u64, StoreError>,
}

impl Portion {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.advance.is_none()
    }

    /// Whether these are the events behind its own.
    fn goes_on_with(&self, advance: Option<&Advance>) -> bool {
        match (&self.advance, advance) {
            (None, None) => true,
            (Some(last), Some(step)) => {
                last.after.source == step.after.source && last.after.read_to == step.before
            }
            _ => self.is_empty(),
        }
    }
}

impl Storing {
    pub fn new(writer: Writer) -> Self {
        Self {
            most: writer.most_events(),
            writer: Some(writer),
            at_work: None,
            again: None,
            next: Portion::default(),
        }
    }

    /// Leaves the store as every other one, once all is stored.
    pub async fn finish(&mut self) -> Result<(), StoreError> {
        let Some(mut writer) = self.writer.take() else {
            return Ok(());
        };
        let finished = spawn_blocking(move || {
            let finished = writer.finish_load();
            (writer, finished)
        });
        let (writer, finished) = finished.await.map_err(|_| StoreError::BrokenOff)?;
        self.writer = Some(writer);
        finished
    }

    /// Every file that has been read, and how far. All must be stored.
    pub fn sources(&mut self) -> Result<Vec<SourceProgress>, StoreError> {
        let writer = self.writer.as_mut().ok_or(StoreError::BrokenOff)?;
        writer.sources()
    }

    /// Whether the events of this step can go into the next transaction.
    pub fn has_room_for(&self, advance: Option<&Advance>) -> bool {
        let next = &self.next;
        let is_full = next.events.len() >= self.most || next.bytes >= MOST_BYTES;
        next.goes_on_with(advance) && !is_full
    }

    /// Adds them to it; `again` says that some of them will be added once more.
    pub fn add(&mut self, events: Vec<Event>, advance: Option<Advance>, again: bool) {
        let next = &mut self.next;
        next.is_seen_again |= again;
        next.bytes += events.iter().map(|it| it.json().len()).sum::<usize>();
        next.events.extend(events);
        next.advance = match (next.advance.take(), advance) {
            (Some(first), Some(last)) => Some(Advance {
                before: first.before,
                after: last.after,
            }),
            (first, last) => first.or(last),
        };
    }

    /// Begins the next transaction, unless there is nothing for it, or one is under way.
    pub fn begin(&mut self) {
        let has_some = self.again.is_some() || !self.next.is_empty();
        let Some(mut writer) = self.writer.take_if(|_| has_some) else {
            return;
        };
        let again = self.again.take();
        let is_again = again.is_some();
        let portion = again.unwrap_or_else(|| mem::take(&mut self.next));
        self.at_work = Some(spawn_blocking(move || {
            let (events, advance) = (&portion.events, portion.advance.as_ref());
            // How far the file was read says that none of its events is there yet, unless it was read ahead.
            let ready = match portion.is_seen_again {
                true => writer.finish_load(),
                false => Ok(()),
            };
            if advance.is_some() && !portion.is_seen_again {
                writer.begin_load();
            }
            let now = || Utc::now().into();
            let stored = match ready.and_then(|()| writer.append_recorded(events, advance, now)) {
                // It was stored, and the word of that was lost on its way.
                Err(StoreError::Moved) if is_again && is_there(&mut writer, advance) => {
                    Ok(events.len() as u64)
                }
                stored => stored,
            };
            Finished {
                writer,
                portion,
                stored,
            }
        }));
    }

    /// Whether [`Storing::wait`] would take its time.
    pub fn is_at_work(&self) -> bool {
        self.at_work.as_ref().is_some_and(|it| !it.is_finished())
    }

    /// Whether something is not stored yet.
    pub fn has_work(&self) -> bool {
        self.at_work.is_some() || self.has_failed() || !self.next.is_empty()
    }

    /// Whether something could not be stored.
    pub fn has_failed(&self) -> bool {
        self.again.is_some()
    }

    /// Waits for what is under way, and gives how many events were new. What could not be stored is begun again by
    /// [`Storing::begin`].
    pub async fn wait(&mut self) -> Result<u64, StoreError> {
        let Some(at_work) = &mut self.at_work else {
            // After its thread has broken down there is nobody who would store the rest.
            return self.writer.as_ref().map(|_| 0).ok_or(StoreError::BrokenOff);
        };
        let done = at_work.await;
        self.at_work = None;
        let done = done.map_err(|_| StoreError::BrokenOff)?;
        self.writer = Some(done.writer);
        if done.stored.is_err() {
            self.again = Some(done.portion);
        }
        done.stored
    }
}

/// Whether the store has read a source just so far.
fn is_there(writer: &mut Writer, advance: Option<&Advance>) -> bool {
    let sources = writer.sources().unwrap_or_default();
    advance.is_some_and(|advance| sources.contains(&advance.after))
}

#[cfg(test)]
mod tests {
    use super::{Storing, mem};
    use crate::{
        api::Event,
        store::{Advance, SourceProgress, Store, StoreError},
    };

    fn event() -> Event {
        let json = r#"{"id":"1","event_time":"2026-01-01T00:00:00Z","recorded_at":"2026-01-01T00:00:00Z","plugin_id":"p","event_id":"e","severity_level":"low","status":"succeeded","actor_type":"user","actor_id":null,"request_method":null,"request_url":null,"action_type":null,"query_type":null,"entity_ref":null,"meta":{}}"#;
        Event::from_json(json).unwrap()
    }

    fn advance() -> Advance {
        Advance {
            before: 0,
            after: SourceProgress {
                source: uuid::Uuid::from_u128(1),
                read_to: 10,
                prefix_sha256: [7; 32],
            },
        }
    }

    #[tokio::test]
    async fn what_was_stored_without_a_word_is_not_taken_for_somebody_else_s() {
        let store = Store::in_memory().unwrap();
        let mut first = store.writer().unwrap();
        first.append(&[event()], Some(&advance())).unwrap();
        let mut storing = Storing::new(store.writer().unwrap());
        storing.add(vec![event()], Some(advance()), false);
        storing.begin();
        assert!(matches!(storing.wait().await, Err(StoreError::Moved)));
        // Once more, as after an error of which nobody knows whether it came too late.
        storing.begin();
        assert_eq!(storing.wait().await.unwrap(), 1);
        assert!(!storing.has_work());
    }

    #[tokio::test]
    async fn nothing_is_waited_for_when_nobody_stores() {
        let store = Store::in_memory().unwrap();
        let mut storing = Storing::new(store.writer().unwrap());
        storing.add(vec![event()], None, false);
        drop(mem::take(&mut storing.writer));
        storing.begin();
        assert!(storing.has_work());
        assert!(matches!(storing.wait().await, Err(StoreError::BrokenOff)));
    }
}
