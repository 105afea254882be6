//! How the sample trail is written down: one [`Deed`] after the other, with made-up ids and delays.

use chrono::{Duration, NaiveDate, NaiveTime};
use fastrand::Rng;
use serde::Serialize;
use serde_json::value::to_raw_value;
use uuid::Uuid;

use super::{company::Actor, kind::Kind};
use crate::api::{Draft, Event, Meta, Timestamp, newest_first};

/// Any number: another one tells another four weeks.
const SEED: u64 = 0x5eed_ba5e;

/// One thing that somebody did.
#[derive(Debug)]
pub struct Deed {
    at: Timestamp,
    who: Actor,
    kind: Kind,
    request: Option<(&'static str, String)>,
    entity: Option<String>,
    meta: Meta,
    failed: bool,
}

impl Deed {
    /// `who` did something of this kind at `at`, and it went well.
    pub fn new(at: Timestamp, who: Actor, kind: Kind) -> Self {
        Self {
            at,
            who,
            kind,
            request: None,
            entity: None,
            meta: Meta::new(),
            failed: false,
        }
    }

    /// By this request.
    pub fn request(mut self, method: &'static str, url: impl Into<String>) -> Self {
        self.request = Some((method, url.into()));
        self
    }

    /// To this entity.
    pub fn entity(mut self, entity_ref: impl Into<String>) -> Self {
        self.entity = Some(entity_ref.into());
        self
    }

    /// With this detail.
    pub fn meta(mut self, key: &str, value: impl Serialize) -> Self {
        // Texts and lists of texts always have a JSON form.
        if let Ok(value) = to_raw_value(&value) {
            self.meta.insert(key.to_owned(), value);
        }
        self
    }

    /// And it did not go well; `error` is the text of the error, as a line of the log gives it.
    pub fn failed(mut self, error: impl Into<String>) -> Self {
        self.failed = true;
        self.meta("error", error.into())
    }

    fn into_draft(self, id: String, recorded: Timestamp) -> Draft {
        let deed = match self.who.origin {
            Some(origin) => self.meta("actor", origin),
            None => self,
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Draft {
            id,
            event_time: deed.at.to_string(),
            recorded_at: recorded.to_string(),
            plugin_id: deed.kind.plugin.to_owned(),
            event_id: deed.kind.event.to_owned(),
            severity_level: deed.kind.severity.to_owned(),
            status: if deed.failed { "failed" } else { "succeeded" }.to_owned(),
            actor_type: deed.who.kind().to_owned(),
            actor_id: Some(deed.who.id.to_owned()),
            request_method: owned(deed.request.as_ref().map(|(method, _)| *method)),
            request_url: deed.request.map(|(_, url)| url),
            action_type: owned(deed.kind.action),
            query_type: owned(deed.kind.query),
            entity_ref: deed.entity,
            meta: deed.meta,
        }
    }
}

/// What was written down so far, and the dice.
#[derive(Debug)]
pub struct Trail {
    rng: Rng,
    midnight: Timestamp,
    records: Vec<Record>,
    runs: Vec<(Timestamp, String)>,
}

#[derive(Debug)]
struct Record {
    id: String,
    recorded: Timestamp,
    deed: Deed,
}

impl Trail {
    /// An empty trail.
    pub fn new() -> Self {
        Self {
            rng: Rng::with_seed(SEED),
            midnight: Timestamp::from(chrono::DateTime::UNIX_EPOCH),
            records: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Opens a day. Each has dice of its own, so that it reads the same tomorrow, when it is yesterday.
    pub fn open(&mut self, day: NaiveDate, chapter: u64) {
        let midnight = day.and_time(NaiveTime::MIN).and_utc();
        let days = midnight.timestamp().div_euclid(86_400).cast_unsigned();
        self.rng = Rng::with_seed(SEED ^ (days << 8) ^ chapter);
        self.midnight = Timestamp::from(midnight);
    }

    /// A time of the open day (UTC).
    pub fn at(&self, hour: i64, minute: i64, second: i64) -> Timestamp {
        let seconds = (hour * 60 + minute) * 60 + second;
        self.midnight.plus(Duration::seconds(seconds))
    }

    /// Some moment of an hour of the open day.
    pub fn within(&mut self, hour: i64) -> Timestamp {
        let millis = self.rng.i64(0..3_600_000);
        self.at(hour, 0, 0).plus(Duration::milliseconds(millis))
    }

    /// Whether something happens that happens `percent` times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(0..100) < percent
    }

    /// A number from the range.
    pub fn number(&mut self, range: std::ops::Range<i64>) -> i64 {
        self.rng.i64(range)
    }

    /// One of the table, which must not be empty.
    pub fn pick<T: Copy + Default>(&mut self, table: &[T]) -> T {
        self.rng.choice(table).copied().unwrap_or_default()
    }

    /// A new id.
    pub fn id(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.rng.u128(..).to_be_bytes())
            .into_uuid()
            .to_string()
    }

    /// Writes down a deed. Most are stored within the blink of an eye; one in fifty waits for a busy database.
    pub fn push(&mut self, deed: Deed) {
        let delay = if self.chance(2) { 900..9000 } else { 3..90 };
        let recorded = deed.at.plus(Duration::milliseconds(self.number(delay)));
        let id = self.id();
        self.records.push(Record { id, recorded, deed });
    }

    /// Ids of the last runs of templates that began before `time`, the latest first.
    pub fn runs_before(&self, time: Timestamp, count: usize) -> Vec<String> {
        let mut runs: Vec<_> = self
            .runs
            .iter()
            .filter(|(begun, _)| *begun < time)
            .collect();
        runs.sort_unstable_by(|a, b| b.cmp(a));
        runs.into_iter()
            .take(count)
            .map(|(_, id)| id.clone())
            .collect()
    }

    /// How much was written down.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// What is stored at `now`, newest first.
    pub fn into_events(self, now: Timestamp) -> Vec<Event> {
        let mut events: Vec<_> = self
            .records
            .into_iter()
            .filter(|record| record.recorded <= now)
            // Every draft here is an event; a test counts that none is lost.
            .filter_map(|record| {
                record
                    .deed
                    .into_draft(record.id, record.recorded)
                    .into_event()
                    .ok()
            })
            .collect();
        events.sort_unstable_by(newest_first);
        events
    }
}

/// Someone at work: a run of deeds with pauses between them.
#[derive(Debug)]
pub struct Session<'a> {
    /// Where the deeds are written down.
    pub trail: &'a mut Trail,
    /// Who works.
    pub who: Actor,
    clock: Timestamp,
    pause: std::ops::Range<i64>,
}

impl<'a> Session<'a> {
    /// Somebody who reads and thinks between two clicks.
    pub fn new(trail: &'a mut Trail, who: Actor, begins: Timestamp) -> Self {
        Self {
            trail,
            who,
            clock: begins,
            pause: 1_500..45_000,
        }
    }

    /// A program, which does not.
    pub fn of_a_program(trail: &'a mut Trail, who: Actor, begins: Timestamp) -> Self {
        Self {
            pause: 40..700,
            ..Self::new(trail, who, begins)
        }
    }

    /// Time goes by.
    pub fn wait_seconds(&mut self, seconds: i64) {
        self.clock = self.clock.plus(Duration::seconds(seconds));
    }

    /// The next thing, after a pause; `detail` says more of it.
    pub fn does(&mut self, kind: Kind, detail: impl FnOnce(Deed) -> Deed) {
        let pause = self.trail.number(self.pause.clone());
        self.clock = self.clock.plus(Duration::milliseconds(pause));
        self.causes(self.who, kind, detail);
    }

    /// A run of a template begins.
    pub fn starts_run(&mut self, task: &str) {
        self.trail.runs.push((self.clock, task.to_owned()));
    }

    /// What follows from the thing before a few milliseconds later, perhaps under another name.
    pub fn causes(&mut self, who: Actor, kind: Kind, detail: impl FnOnce(Deed) -> Deed) {
        let pause = self.trail.number(2..20);
        self.clock = self.clock.plus(Duration::milliseconds(pause));
        self.trail.push(detail(Deed::new(self.clock, who, kind)));
    }
}

/// The id of something that lasts: the same on every day.
pub fn lasting_id(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
}
