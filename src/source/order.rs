//! The order of an answer, restored from pages that come in almost that order.
//!
//! A server orders by time, and ties as it likes; here `id` breaks them. So the events of the last instant of a page
//! are held back until another instant has been seen: the next page may bring more of them.

use std::collections::{HashSet, VecDeque};

use super::SourceError;
use crate::{api::Event, query::Order};

/// Most events of one instant that are held back.
const MAX_HELD: usize = 20_000;
/// Events that went out and are remembered, to tell their doubles from others that come too late: more than the
/// largest page, since a double comes in the next one.
const REMEMBERED: usize = 5_000;

/// Pages in, events in strict order out, each once.
pub struct Ordered {
    order: Order,
    held: Vec<Event>,
    last: Option<Event>,
    /// The last event that went out before the pages were begun anew.
    gone_before: Option<Event>,
    remembered: Remembered,
    late: u64,
}

/// What a page brought.
pub struct Pushed {
    /// Events that can go out.
    pub ready: Vec<Event>,
    /// How many events of the page had not come before.
    pub new: usize,
}

impl Ordered {
    pub fn new(order: Order) -> Self {
        Self {
            order,
            held: Vec::new(),
            last: None,
            gone_before: None,
            remembered: Remembered::default(),
            late: 0,
        }
    }

    /// Takes a page; gives what can go out.
    ///
    /// An event that belongs before one that went out already is a double that inserts have shifted into this page, or
    /// it comes too late to be put in order, and is counted.
    pub fn push(&mut self, page: Vec<Event>) -> Result<Pushed, SourceError> {
        let before = self.held.len();
        self.held.extend(page);
        self.held.sort_by(|a, b| self.order.compare(a, b));
        self.held.dedup_by(|a, b| a.id() == b.id());
        let passed = match &self.last {
            Some(last) => self
                .held
                .partition_point(|event| self.order.compare(event, last).is_le()),
            None => 0,
        };
        let passed = self.held.drain(..passed);
        self.late += passed
            .filter(|event| !self.remembered.contains(event.id()))
            .count() as u64;
        let new = self.held.len().saturating_sub(before);
        let edge = self.held.last().map(Event::time);
        let ready = self
            .held
            .partition_point(|event| Some(event.time()) != edge);
        if let Some(time) = edge
            && self.held.len() - ready > MAX_HELD
        {
            return Err(SourceError::Crowded {
                max: MAX_HELD,
                time,
            });
        }
        let rest = self.held.split_off(ready);
        let ready = self.gone(rest);
        Ok(Pushed { ready, new })
    }

    /// What is left when no more pages come.
    pub fn finish(&mut self) -> Vec<Event> {
        self.gone(Vec::new())
    }

    /// How many events came too late to be put in order, and are left out.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Begins anew: the pages are read from the start again. What went out already counts as new then, but does not
    /// go out twice.
    pub fn restart(&mut self) {
        self.held.clear();
        let order = self.order;
        let both = self.gone_before.take().into_iter().chain(self.last.take());
        self.gone_before = both.max_by(|a, b| order.compare(a, b));
    }

    fn gone(&mut self, rest: Vec<Event>) -> Vec<Event> {
        let mut out = std::mem::replace(&mut self.held, rest);
        if let Some(last) = out.last() {
            self.last = Some(last.clone());
        }
        self.remembered.add(&out);
        if let Some(gone) = &self.gone_before {
            out.retain(|event| self.order.compare(gone, event).is_lt());
        }
        out
    }
}

/// The ids of the last events, and no more than [`REMEMBERED`] of them.
#[derive(Default)]
struct Remembered {
    queue: VecDeque<String>,
    ids: HashSet<String>,
}

impl Remembered {
    fn add(&mut self, events: &[Event]) {
        for event in events {
            if self.ids.insert(event.id().to_owned()) {
                self.queue.push_back(event.id().to_owned());
            }
        }
        while self.queue.len() > REMEMBERED {
            if let Some(id) = self.queue.pop_front() {
                self.ids.remove(&id);
            }
        }
    }

    fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ordered, Pushed};
    use crate::{api::Event, query::Order};

    /// Events from `second:id`, separated by spaces.
    fn events(text: &str) -> Vec<Event> {
        let of = |(second, id): (&str, &str)| {
            let json =
                format!("{{\"id\":\"{id}\",\"event_time\":\"2026-01-01T00:00:0{second}Z\"}}");
            Event::from_json(&json).unwrap()
        };
        text.split_whitespace()
            .filter_map(|pair| pair.split_once(':'))
            .map(of)
            .collect()
    }

    fn ids(events: &[Event]) -> String {
        events.iter().map(Event::id).collect()
    }

    #[test]
    fn ties_are_put_in_order_over_a_page_s_end() {
        let mut ordered = Ordered::new(Order::NewestFirst);
        let Pushed { ready: out, new } = ordered.push(events("9:x 5:b 5:d")).unwrap();
        assert_eq!((ids(&out).as_str(), new), ("x", 3));
        let Pushed { ready: out, new } = ordered.push(events("5:c 5:e 1:a")).unwrap();
        assert_eq!((ids(&out).as_str(), new), ("edcb", 3));
        assert_eq!(ids(&ordered.finish()), "a");
    }

    #[test]
    fn what_was_shifted_into_the_next_page_comes_once() {
        let mut ordered = Ordered::new(Order::NewestFirst);
        ordered.push(events("9:x 5:b")).unwrap();
        let Pushed { ready: out, new } = ordered.push(events("9:x 5:b 4:a")).unwrap();
        assert_eq!((ids(&out).as_str(), new), ("b", 1));
        let Pushed { ready: out, new } = ordered.push(events("9:x 5:b 4:a")).unwrap();
        assert_eq!((ids(&out).as_str(), new), ("", 0));
    }

    #[test]
    fn what_is_read_again_is_new_but_does_not_go_out_twice() {
        let mut ordered = Ordered::new(Order::NewestFirst);
        ordered.push(events("9:x 8:y 5:b")).unwrap();
        ordered.restart();
        let Pushed { ready: out, new } = ordered.push(events("9:x 8:y")).unwrap();
        assert_eq!((ids(&out).as_str(), new), ("", 2));
        ordered.restart();
        let Pushed { ready: out, new } = ordered.push(events("9:x 8:y 7:z 5:b")).unwrap();
        assert_eq!((ids(&out).as_str(), new), ("z", 4));
        assert_eq!(ids(&ordered.finish()), "b");
    }

    #[test]
    fn oldest_first_is_the_mirror() {
        let mut ordered = Ordered::new(Order::OldestFirst);
        let out = ordered.push(events("5:b 5:d 1:a")).unwrap().ready;
        assert_eq!(ids(&out), "a");
        let out = ordered.push(events("9:x 5:c")).unwrap().ready;
        assert_eq!(ids(&out), "bcd");
        assert_eq!(ids(&ordered.finish()), "x");
    }

    #[test]
    fn what_comes_too_late_for_its_place_is_counted_and_a_double_is_not() {
        let mut ordered = Ordered::new(Order::NewestFirst);
        ordered.push(events("9:x 5:b 4:a")).unwrap();
        ordered.push(events("5:b 4:a 3:c")).unwrap();
        assert_eq!(ordered.late(), 0);
        ordered.push(events("7:y 2:d")).unwrap();
        assert_eq!(ordered.late(), 1);
    }
}
