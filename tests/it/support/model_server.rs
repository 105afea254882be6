//! A server in memory that misbehaves on demand, in virtual time or behind TCP, and knows what was there when.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use auditlog::{
    api::{Event, Page, Timestamp},
    query::Request,
    walk::{Answer, Pages},
};
use fastrand::Rng;

/// The server's clock when a walk begins.
pub const NOW: i64 = 1_793_491_200_000_000;
/// The first instant that is asked for.
pub const START: i64 = NOW - 7_200_000_000;
/// Requests after which a walk has no end.
const MAX_REQUESTS: u64 = 50_000;

/// How a server orders events of one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ties {
    ById,
    /// In an order of its own, always the same.
    Stable,
    /// In another order for each request.
    Shuffled,
}

/// What a server says of how many there are. No lie is derived from exactly the events that it hides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Total {
    Right,
    None,
    Capped(u64),
    Estimated,
    OwnLength,
}

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct Manners {
    pub start_excluded: bool,
    pub end_excluded: bool,
    /// Keeps times to the microsecond, and shows the millisecond.
    pub shows_millis: bool,
    /// Keeps no more than the millisecond.
    pub keeps_millis: bool,
    /// Cuts the ends of windows to whole seconds.
    pub whole_seconds: bool,
    pub ties: Ties,
    /// The largest page, and whether more is refused rather than lowered.
    pub most: Option<(u32, bool)>,
    pub matches_in_part: bool,
    pub total: Total,
    /// Gives the first page whatever the offset.
    pub repeats: bool,
    /// Chance of a change at each request, in percent: an event recorded now, recorded late, deleted.
    pub changes: (u32, u32, u32),
    /// Whether something may be recorded between the count and the page of one answer. Nothing is deleted there: both
    /// in one answer are what no client can see.
    pub torn: bool,
    /// Longest time for an answer.
    pub slowest: Duration,
    pub no_date: bool,
}

impl Manners {
    pub fn good() -> Self {
        Self {
            start_excluded: false,
            end_excluded: false,
            shows_millis: false,
            keeps_millis: false,
            whole_seconds: false,
            ties: Ties::ById,
            most: None,
            matches_in_part: false,
            total: Total::Right,
            repeats: false,
            changes: (0, 0, 0),
            torn: false,
            slowest: Duration::ZERO,
            no_date: false,
        }
    }

    /// Whether its counts can be held against what it gives.
    pub fn counts_right(&self) -> bool {
        self.total == Total::Right && !self.repeats
    }

    /// Whether nothing changes while it is read.
    pub fn stands_still(&self) -> bool {
        self.changes == (0, 0, 0)
    }
}

/// An event of the trail.
#[derive(Clone)]
struct Stored {
    /// Microseconds, as the server keeps them.
    at: i64,
    recorded: i64,
    event: Event,
}

#[derive(Default)]
struct Trail {
    /// What is there, by id.
    there: BTreeMap<String, Stored>,
    /// Each request that was answered.
    log: Vec<String>,
    refused: u64,
    next: u64,
}

/// The server.
pub struct Model {
    pub manners: Manners,
    trail: Mutex<Trail>,
    rng: Mutex<Rng>,
    base: tokio::time::Instant,
}

/// Why it refuses.
#[derive(Debug, PartialEq)]
pub enum Refused {
    Limit,
    Endless,
}

impl Model {
    pub fn new(manners: Manners, times: &[i64], seed: u64) -> Arc<Self> {
        let model = Self {
            manners,
            trail: Mutex::default(),
            rng: Mutex::new(Rng::with_seed(seed)),
            base: tokio::time::Instant::now(),
        };
        let mut trail = model.trail.lock().unwrap();
        for &at in times {
            model.record(&mut trail, at, at.min(NOW - 5_000_000), None);
        }
        drop(trail);
        Arc::new(model)
    }

    /// Adds `count` events of one instant that are alike in every filter.
    pub fn add_alike(&self, at: i64, count: usize) {
        let mut trail = self.trail.lock().unwrap();
        for _ in 0..count {
            self.record(&mut trail, at, NOW - 5_000_000, Some(7));
        }
    }

    /// Its clock, in microseconds.
    pub fn clock(&self) -> i64 {
        NOW + self.base.elapsed().as_micros() as i64
    }

    /// Puts an event into the trail. Events of one kind are alike in every filter; without one, it is a new one.
    fn record(&self, trail: &mut Trail, at: i64, recorded: i64, kind: Option<u64>) {
        trail.next += 1;
        let n = trail.next;
        let kind = kind.unwrap_or(n);
        let millis = at - at.rem_euclid(1000);
        let at = if self.manners.keeps_millis {
            millis
        } else {
            at
        };
        let shown = if self.manners.shows_millis {
            millis
        } else {
            at
        };
        let time = |micros| Timestamp::from_micros(micros).unwrap();
        // Ids in no order; a few values of each field.
        let id = format!("{:08x}", n.wrapping_mul(2_654_435_761) as u32);
        let json = format!(
            r#"{{"id":"{id}","event_time":"{}","recorded_at":"{}","plugin_id":"{}","severity_level":"{}","actor_id":{}}}"#,
            time(shown),
            time(recorded),
            ["catalog", "catalog-import", "scaffolder"][kind as usize % 3],
            ["low", "medium", "high"][kind as usize / 3 % 3],
            match kind % 5 {
                0 => "null".to_owned(),
                k => format!("\"user:default/u{k}\""),
            },
        );
        let stored = Stored {
            at,
            recorded,
            event: Event::from_json(&json).unwrap(),
        };
        trail.there.insert(id, stored);
    }

    fn change(&self, trail: &mut Trail, rng: &mut Rng, is_torn: bool) {
        let (new, late, deleted) = self.manners.changes;
        let now = self.clock();
        if rng.u32(0..100) < new {
            self.record(trail, now, now, None);
        }
        if rng.u32(0..100) < late {
            let at = now - rng.i64(1_000_000..7_200_000_000);
            self.record(trail, at, now, None);
        }
        if rng.u32(0..100) < deleted && !is_torn && !trail.there.is_empty() {
            let at = rng.usize(0..trail.there.len());
            let id = trail.there.keys().nth(at).unwrap().clone();
            trail.there.remove(&id);
        }
    }

    /// What it makes of an end of a window.
    fn end_of_window(&self, time: Timestamp) -> i64 {
        match self.manners.whole_seconds {
            true => time.whole_second().micros(),
            false => time.micros(),
        }
    }

    fn lets_through(&self, request: &Request, stored: &Stored) -> bool {
        let window = request.query.window;
        let after = window.start.is_none_or(|start| {
            let start = self.end_of_window(start);
            stored.at > start || stored.at == start && !self.manners.start_excluded
        });
        let before = window.end.is_none_or(|end| {
            let end = self.end_of_window(end);
            stored.at < end || stored.at == end && !self.manners.end_excluded
        });
        let filters = request.query.filters.iter().all(|filter| {
            filter.any_of.iter().any(|value| {
                let (value, text) = (value.as_literal().unwrap(), stored.event.text(filter.field));
                text.is_some_and(|text| match self.manners.matches_in_part {
                    true => text.contains(value),
                    false => text == value,
                })
            })
        });
        after && before && filters
    }

    /// Answers a request at this moment.
    pub fn page(&self, request: &Request) -> Result<Page, Refused> {
        let (mut trail, mut rng) = (self.trail.lock().unwrap(), self.rng.lock().unwrap());
        if trail.log.len() as u64 >= MAX_REQUESTS {
            return Err(Refused::Endless);
        }
        let limit = match self.manners.most {
            Some((most, true)) if request.limit > most => {
                trail.refused += 1;
                return Err(Refused::Limit);
            }
            Some((most, _)) => request.limit.min(most),
            None => request.limit,
        } as usize;
        let is_torn = self.manners.torn && rng.bool();
        if !is_torn {
            self.change(&mut trail, &mut rng, false);
        }
        let matches = |stored: &&Stored| self.lets_through(request, stored);
        let count = trail.there.values().filter(matches).count() as u64;
        if is_torn {
            self.change(&mut trail, &mut rng, true);
        }
        let mut rows: Vec<_> = trail.there.values().filter(matches).collect();
        match self.manners.ties {
            Ties::ById => rows.reverse(),
            Ties::Stable => rows.sort_by_key(|s| s.event.id().bytes().rev().collect::<Vec<_>>()),
            Ties::Shuffled => rng.shuffle(&mut rows),
        }
        rows.sort_by_key(|s| -s.at);
        let offset = if self.manners.repeats {
            0
        } else {
            request.offset as usize
        };
        let events: Vec<_> = rows
            .into_iter()
            .skip(offset)
            .take(limit)
            .map(|s| s.event.clone())
            .collect();
        let total = match self.manners.total {
            Total::Right => Some(count),
            Total::None => None,
            Total::Capped(most) => Some(count.min(most)),
            Total::Estimated => Some(count + count / 8 + rng.u64(1..4)),
            Total::OwnLength => Some(events.len() as u64),
        };
        trail.log.push(format!(
            "{:?} -> {} of {total:?}",
            request.to_pairs(),
            events.len()
        ));
        Ok(Page { events, total })
    }

    /// Ids that were recorded before `as_of` and are still there: none of them may be missing.
    pub fn owed(&self, as_of: i64, matches: impl Fn(&Event) -> bool) -> Vec<String> {
        let trail = self.trail.lock().unwrap();
        let owed = |(_, s): &(&String, &Stored)| s.recorded < as_of && matches(&s.event);
        trail
            .there
            .iter()
            .filter(owed)
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// What is there, newest first.
    pub fn trail(&self) -> Vec<Event> {
        let trail = self.trail.lock().unwrap();
        let mut events: Vec<_> = trail.there.values().map(|s| s.event.clone()).collect();
        events.sort_by(auditlog::api::newest_first);
        events
    }

    /// Requests that were answered, as text.
    pub fn log(&self) -> Vec<String> {
        self.trail.lock().unwrap().log.clone()
    }
}

impl Pages for Model {
    type Error = Refused;

    async fn fetch(&self, request: Request) -> Result<Answer, Refused> {
        let (before, after) = {
            let mut rng = self.rng.lock().unwrap();
            let slowest = self.manners.slowest.as_micros() as u64 + 1;
            (rng.u64(0..slowest), rng.u64(0..slowest))
        };
        tokio::time::sleep(Duration::from_micros(before)).await;
        let page = self.page(&request)?;
        let date = Timestamp::from_micros(self.clock()).map(Timestamp::whole_second);
        tokio::time::sleep(Duration::from_micros(after)).await;
        Ok(Answer {
            page,
            date: date.filter(|_| !self.manners.no_date),
        })
    }

    fn refuses_limit(error: &Refused) -> bool {
        *error == Refused::Limit
    }
}
