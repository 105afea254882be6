//! The ids of what has been seen, with their times, in bounded memory.
//!
//! They are rows as the server counts them, filters that are applied here aside: only then can a count of the server
//! be held against a count of these.

use std::collections::{HashMap, HashSet};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::{
    api::{Event, Timestamp},
    query::Window,
};

/// Ids that are remembered, at most: some 20 MB, and 9 MB in a checkpoint.
pub const MOST: usize = 1 << 18;
/// Bytes of one of them in a checkpoint: key, time, whether it is still there.
const WIDTH: usize = 16 + 8 + 1;
/// A millisecond: some servers keep no finer times, and some leave a window's ends out of it.
const MS: i64 = 1_000;

/// 128 bits of the id's SHA-256: no two ids will ever share them.
type Key = [u8; 16];

#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Microseconds of its event's time.
    at: i64,
    /// The reading that saw it last.
    round: u32,
    /// Whether the server still had it at the last complete reading. What is gone may come back: a server may be
    /// several, and not all of them up to date.
    gone: bool,
}

/// What has been seen.
#[derive(Clone, Debug)]
pub struct Memory {
    entries: HashMap<Key, Seen>,
    /// Whatever was seen of this instant or later is remembered.
    from: Timestamp,
    most: usize,
    overflowed: bool,
}

impl Memory {
    /// An empty one, for events from an instant on; of more than `most` the oldest are forgotten.
    pub fn new(from: Timestamp, most: usize) -> Self {
        Self {
            entries: HashMap::new(),
            from,
            most,
            overflowed: false,
        }
    }

    /// Whatever was seen of this instant or later is remembered; what was seen before it may not be.
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// Whether ids were forgotten because there were too many.
    pub fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// Whether an event is among them.
    pub fn holds(&self, event: &Event) -> bool {
        self.entries.contains_key(&key(event.id()))
    }

    /// Remembers that reading `round` saw an event. Says whether this changes anything.
    pub fn remember(&mut self, event: &Event, round: u32) -> bool {
        let key = key(event.id());
        if let Some(seen) = self.entries.get_mut(&key) {
            seen.round = round;
            return std::mem::replace(&mut seen.gone, false);
        }
        if event.time() < self.from {
            return false;
        }
        if self.entries.len() >= self.most {
            self.forget_oldest();
        }
        let seen = Seen {
            at: event.time().micros(),
            round,
            gone: false,
        };
        self.entries.insert(key, seen);
        true
    }

    /// A complete reading of a window is over: what it did not see is gone.
    pub fn settle(&mut self, window: Window, round: u32) {
        let is_inside = |at: i64| {
            let inner = |bound: Option<Timestamp>, step| bound.map(|t| t.micros() + step);
            inner(window.start, MS).is_none_or(|start| start <= at)
                && inner(window.end, -MS).is_none_or(|end| at <= end)
        };
        let entries = self.entries.values_mut();
        for seen in entries.filter(|seen| seen.round != round && is_inside(seen.at)) {
            seen.gone = true;
        }
    }

    /// How many of a window the server should count.
    pub fn count(&self, window: Window) -> u64 {
        let entries = self.entries.values();
        entries.filter(|seen| is_counted(seen, window)).count() as u64
    }

    /// How many the server should count if, beside these, it has the events of a page.
    pub fn count_with(&self, window: Window, page: &[Event]) -> u64 {
        let mut others = HashSet::new();
        for event in page {
            let key = key(event.id());
            let counted = self.entries.get(&key);
            if !counted.is_some_and(|seen| is_counted(seen, window)) {
                others.insert(key);
            }
        }
        self.count(window) + others.len() as u64
    }

    /// The last whole millisecond, at `at` or up to a second before it, that has no event within a millisecond of it:
    /// there a window can begin or end without a doubt about what belongs to it. `at` itself where there is none.
    pub fn seam(&self, at: Timestamp) -> Timestamp {
        let at = at.micros() - at.micros().rem_euclid(MS);
        let earliest = (at - 1_000_000).max(self.from.micros());
        let times = self.entries.values().map(|seen| seen.at);
        let near = |time: &i64| (earliest - MS..=at + MS).contains(time);
        let mut times: Vec<_> = times.filter(near).collect();
        times.sort_unstable_by(|a, b| b.cmp(a));
        let mut place = at;
        for time in times.into_iter().filter(|time| *time <= at + MS) {
            if (time - place).abs() <= MS {
                place = time - time.rem_euclid(MS) - 2 * MS;
            }
        }
        let place = if place < earliest { at } else { place };
        Timestamp::from_micros(place).unwrap_or(self.from)
    }

    /// Forgets what lies before an instant.
    pub fn forget_before(&mut self, time: Timestamp) {
        if time > self.from {
            self.entries.retain(|_, seen| seen.at >= time.micros());
            self.from = time;
        }
    }

    /// The time of the newest.
    pub fn newest(&self) -> Option<Timestamp> {
        let at = self.entries.values().map(|seen| seen.at).max()?;
        Timestamp::from_micros(at)
    }

    /// An eighth at once, so that not each new one looks for the oldest.
    fn forget_oldest(&mut self) {
        let mut times: Vec<_> = self.entries.values().map(|seen| seen.at).collect();
        let eighth = times.len() / 8;
        let (_, last, _) = match times.is_empty() {
            true => return,
            false => times.select_nth_unstable(eighth),
        };
        // All of its instant go, since a window cannot begin within one.
        let after = (*last).saturating_add(1);
        self.overflowed = true;
        if let Some(after) = Timestamp::from_micros(after) {
            self.forget_before(after);
        }
    }

    /// Base64 of all of them.
    pub fn to_text(&self) -> String {
        let mut bytes = Vec::with_capacity(self.entries.len() * WIDTH);
        for (key, seen) in &self.entries {
            bytes.extend_from_slice(key);
            bytes.extend_from_slice(&seen.at.to_be_bytes());
            bytes.push(seen.gone.into());
        }
        STANDARD.encode(bytes)
    }

    /// Reads what [`Memory::to_text`] wrote; none where it did not.
    pub fn from_text(text: &str, from: Timestamp, most: usize) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        let (rows, []) = bytes.as_chunks::<WIDTH>() else {
            return None;
        };
        let entry = |row: &[u8; WIDTH]| {
            let (key, rest) = row.split_first_chunk::<16>()?;
            let (at, gone) = rest.split_first_chunk::<8>()?;
            let seen = Seen {
                at: i64::from_be_bytes(*at),
                round: 0,
                gone: gone == [1],
            };
            Some((*key, seen))
        };
        Some(Self {
            entries: rows.iter().map(entry).collect::<Option<_>>()?,
            ..Self::new(from, most)
        })
    }
}

fn is_counted(seen: &Seen, window: Window) -> bool {
    let start = window.start.is_none_or(|start| start.micros() <= seen.at);
    !seen.gone && start && window.end.is_none_or(|end| seen.at <= end.micros())
}

fn key(id: &str) -> Key {
    let digest: [u8; 32] = Sha256::digest(id.as_bytes()).into();
    *digest.first_chunk().unwrap_or(&[0; 16])
}

#[cfg(test)]
mod tests {
    use super::{MS, Memory};
    use crate::{
        api::{Event, Timestamp},
        query::Window,
    };

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    fn event(id: &str, micros: i64) -> Event {
        let time = at(micros);
        Event::from_json(&format!(r#"{{"id":"{id}","event_time":"{time}"}}"#)).unwrap()
    }

    fn window(start: i64, end: i64) -> Window {
        Window {
            start: Some(at(start)),
            end: Some(at(end)),
        }
    }

    /// Events at these times, whose ids are the times.
    fn memory(times: &[i64], most: usize) -> Memory {
        let mut memory = Memory::new(at(0), most);
        for time in times {
            assert!(memory.remember(&event(&time.to_string(), *time), 1));
        }
        memory
    }

    #[test]
    fn an_event_is_counted_once_and_in_the_windows_that_hold_it() {
        let mut memory = memory(&[1_000, 2_000, 3_000], 10);
        assert!(!memory.remember(&event("2000", 2_000), 2));
        assert!(memory.holds(&event("2000", 2_000)));
        assert_eq!(memory.count(window(2_000, 3_000)), 2);
        let page = [
            event("3000", 3_000),
            event("new", 3_000),
            event("new", 3_000),
        ];
        assert_eq!(memory.count_with(window(2_000, 3_000), &page), 3);
        assert_eq!(memory.newest(), Some(at(3_000)));
    }

    #[test]
    fn what_a_complete_reading_did_not_see_is_not_counted_until_it_is_seen_again() {
        let mut memory = memory(&[10_000, 20_000, 30_000], 10);
        assert!(!memory.remember(&event("30000", 30_000), 2));
        memory.settle(window(15_000, 40_000), 2);
        assert_eq!(memory.count(window(0, 40_000)), 2);
        assert!(memory.holds(&event("20000", 20_000)));
        assert!(memory.remember(&event("20000", 20_000), 3));
        assert_eq!(memory.count(window(0, 40_000)), 3);
    }

    #[test]
    fn of_too_many_the_oldest_are_forgotten_and_it_is_known_up_to_where() {
        let times: Vec<_> = (1..=17).map(|n| n * 1_000).collect();
        let memory = memory(&times, 16);
        assert!(memory.has_overflowed());
        assert_eq!(memory.from(), at(3_001));
        assert_eq!(memory.count(Window::default()), 14);
        assert!(!memory.holds(&event("3000", 3_000)));
    }

    #[test]
    fn a_seam_lies_a_millisecond_from_every_event() {
        let second = 1_000_000;
        let of = |times: &[i64], place: i64| {
            let times: Vec<_> = times.iter().map(|time| 5 * second + time).collect();
            memory(&times, 10).seam(at(5 * second + place)).micros() - 5 * second
        };
        assert_eq!(of(&[], 10_900), 10_000);
        assert_eq!(of(&[12_000, 8_000], 10_000), 10_000);
        assert_eq!(of(&[10_500], 10_000), 8_000);
        assert_eq!(of(&[11_000], 10_000), 9_000);
        assert_eq!(of(&[10_000, 7_500], 10_000), 5_000);
        // Events so close that there is no room within a second.
        let dense: Vec<_> = (0..2_100).map(|n| n * MS - second - 50_000).collect();
        let mut memory = Memory::new(at(0), 9_999);
        for time in &dense {
            memory.remember(&event(&time.to_string(), 5 * second + time), 1);
        }
        assert_eq!(memory.seam(at(5 * second)), at(5 * second));
    }

    #[test]
    fn it_survives_being_written_down() {
        let mut first = memory(&[1_000, 20_000, 30_000], 10);
        first.settle(window(10_000, 25_000), 2);
        let text = first.to_text();
        let again = Memory::from_text(&text, at(500), 10).unwrap();
        assert_eq!(again.from(), at(500));
        assert!(again.holds(&event("20000", 20_000)));
        assert_eq!(again.count(Window::default()), 2);
        assert!(Memory::from_text("AAAA", at(0), 10).is_none());
        assert!(Memory::from_text("not base64", at(0), 10).is_none());
    }
}
