//! A server in memory that misbehaves on demand, in virtual time, and knows what was there when.

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

/// How a server orders events of one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ties {
    ById,
    Stable,
    Shuffled,
}

/// What a server says of how many there are.
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
    pub ties: Ties,
    /// The largest page, and whether more is refused rather than lowered.
    pub most: Option<(u32, bool)>,
    pub matches_in_part: bool,
    pub total: Total,
    /// Gives the first page whatever the offset.
    pub repeats: bool,
    /// Chance of a change at each request, in percent: an event recorded now, recorded late, deleted.
    pub changes: (u32, u32, u32),
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
            ties: Ties::ById,
            most: None,
            matches_in_part: false,
            total: Total::Right,
            repeats: false,
            changes: (0, 0, 0),
            slowest: Duration::ZERO,
            no_date: false,
        }
    }

    /// Whether a client can know that it has everything.
    pub fn counts_right(&self) -> bool {
        self.total == Total::Right && !self.repeats
    }
}

/// An event of the trail.
#[derive(Clone)]
struct Stored {
    /// Microseconds, as the server keeps them.
    at: i64,
    event: Event,
}

#[derive(Default)]
struct Trail {
    /// What is there, by id.
    there: BTreeMap<String, Stored>,
    /// What was taken out, at any time.
    deleted: Vec<String>,
    /// What was put in during the walk.
    added: Vec<String>,
    requests: u64,
    next: u64,
}

/// The server.
pub struct Model {
    manners: Manners,
    trail: Mutex<Trail>,
    rng: Mutex<Rng>,
    base: tokio::time::Instant,
}

/// Requests after which a walk has no end.
const MAX_REQUESTS: u64 = 5_000;

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
            model.record(&mut trail, at, at.min(NOW - 5_000_000));
        }
        trail.added.clear();
        drop(trail);
        Arc::new(model)
    }

    fn clock(&self) -> i64 {
        NOW + self.base.elapsed().as_micros() as i64
    }

    fn record(&self, trail: &mut Trail, at: i64, recorded: i64) {
        trail.next += 1;
        let n = trail.next;
        let shown = if self.manners.shows_millis {
            at - at.rem_euclid(1000)
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
            ["catalog", "catalog-import", "scaffolder"][n as usize % 3],
            ["low", "medium", "high"][n as usize / 3 % 3],
            match n % 5 {
                0 => "null".to_owned(),
                k => format!("\"user:default/u{k}\""),
            },
        );
        let event = Event::from_json(&json).unwrap();
        trail.added.push(id.clone());
        trail.there.insert(id, Stored { at, event });
    }

    fn change(&self, trail: &mut Trail, rng: &mut Rng) {
        let (new, late, deleted) = self.manners.changes;
        let now = self.clock();
        if rng.u32(0..100) < new {
            self.record(trail, now, now);
        }
        if rng.u32(0..100) < late {
            let at = now - rng.i64(1_000_000..7_200_000_000);
            self.record(trail, at, now);
        }
        if rng.u32(0..100) < deleted && !trail.there.is_empty() {
            let at = rng.usize(0..trail.there.len());
            let id = trail.there.keys().nth(at).unwrap().clone();
            trail.there.remove(&id);
            trail.deleted.push(id);
        }
    }

    fn lets_through(&self, request: &Request, stored: &Stored) -> bool {
        let window = request.query.window;
        let after = window
            .start
            .is_none_or(|start| match self.manners.start_excluded {
                true => stored.at > start.micros(),
                false => stored.at >= start.micros(),
            });
        let before = window
            .end
            .is_none_or(|end| match self.manners.end_excluded {
                true => stored.at < end.micros(),
                false => stored.at <= end.micros(),
            });
        let filters = request.query.filters.iter().all(|filter| {
            filter.any_of.iter().any(|value| {
                let (value, text) = (value.as_literal().unwrap(), stored.event.text(filter.field));
                text.is_some_and(|text| match self.manners.matches_in_part {
                    true => text.contains(value.as_ref() as &str),
                    false => text == value.as_ref() as &str,
                })
            })
        });
        after && before && filters
    }

    fn page(&self, request: &Request) -> Result<Page, Refused> {
        let (mut trail, mut rng) = (self.trail.lock().unwrap(), self.rng.lock().unwrap());
        trail.requests += 1;
        if trail.requests > MAX_REQUESTS {
            return Err(Refused::Endless);
        }
        self.change(&mut trail, &mut rng);
        let limit = match self.manners.most {
            Some((most, true)) if request.limit > most => return Err(Refused::Limit),
            Some((most, _)) => request.limit.min(most),
            None => request.limit,
        } as usize;
        let mut rows: Vec<_> = trail
            .there
            .values()
            .filter(|s| self.lets_through(request, s))
            .collect();
        match self.manners.ties {
            Ties::ById => {}
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
            .iter()
            .skip(offset)
            .take(limit)
            .map(|s| s.event.clone())
            .collect();
        let count = rows.len() as u64;
        let total = match self.manners.total {
            Total::Right => Some(count),
            Total::None => None,
            Total::Capped(most) => Some(count.min(most)),
            Total::Estimated => Some(count + count / 8 + rng.u64(1..4)),
            Total::OwnLength => Some(events.len() as u64),
        };
        Ok(Page { events, total })
    }

    /// Ids that were there before the walk and still are: none of them may be missing.
    pub fn owed(&self, matches: impl Fn(&Event) -> bool) -> Vec<String> {
        let trail = self.trail.lock().unwrap();
        let old = |id: &&String| !trail.added.contains(id);
        let there = trail.there.iter().filter(|(_, s)| matches(&s.event));
        there.map(|(id, _)| id).filter(old).cloned().collect()
    }

    pub fn requests(&self) -> u64 {
        self.trail.lock().unwrap().requests
    }

    /// Changes while it was read.
    pub fn changed(&self) -> u64 {
        let trail = self.trail.lock().unwrap();
        (trail.added.len() + trail.deleted.len()) as u64
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
