//! What the answers have told about the server so far. Each piece begins with what is known and adds to it.

use tokio::time::Instant;

use super::Answer;
use crate::api::Timestamp;

/// Pieces in a row whose counts do not agree, after which the server's counts are not asked for any more.
const MAX_MISCOUNTS: u32 = 3;
/// Events that a piece may hold where pages are smaller than that: it takes several requests then.
const SMALLEST_PIECE: usize = 32;

/// Knowledge of one server.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The `limit` that is sent.
    pub limit: u32,
    /// The largest page that came.
    pub largest: usize,
    /// The largest page of those that did not hold everything: more the server does not give.
    pub page: Option<usize>,
    /// Whether a total was ever more than its page: else it could be the page's own length.
    pub counts: bool,
    /// The largest total that can be believed: smaller than the events that came with one.
    pub ceiling: Option<u64>,
    /// Pieces in a row whose counts did not agree.
    pub miscounts: u32,
    /// Bytes of an event, on average of the last pages.
    pub size: usize,
    clock: Clock,
}

impl Learned {
    /// Nothing yet.
    pub fn new(limit: u32, now: Timestamp) -> Self {
        Self {
            limit,
            largest: 0,
            page: None,
            counts: false,
            ceiling: None,
            miscounts: 0,
            size: 512,
            clock: Clock::new(now),
        }
    }

    /// Takes note of an answer that was asked for at `sent`. Gives a moment, by the server's clock, at which it had
    /// certainly not begun to count.
    pub fn heard(&mut self, answer: &Answer, sent: Instant) -> Timestamp {
        if let Some(date) = answer.date {
            self.clock.heard(date, Instant::now());
        }
        let events = &answer.page.events;
        if let Some(mean) = events
            .iter()
            .map(|event| event.json().len())
            .sum::<usize>()
            .checked_div(events.len())
        {
            self.size = mean.max(1);
        }
        self.clock.not_before(sent)
    }

    /// Takes over what another piece has learned.
    pub fn join(&mut self, other: &Self) {
        self.largest = self.largest.max(other.largest);
        self.page = other.page.or(self.page);
        self.counts |= other.counts;
        self.ceiling = self.ceiling.into_iter().chain(other.ceiling).min();
        self.size = other.size;
        self.clock.join(&other.clock);
    }

    /// Whether a page of `rows` may be as large as the server gives them, so that there may be more behind it.
    pub fn may_be_full(&self, rows: usize) -> bool {
        rows > 0 && (rows >= self.limit as usize || rows >= self.largest)
    }

    /// Events that a piece may hold.
    pub fn capacity(&self) -> usize {
        let page = self
            .page
            .unwrap_or(self.limit as usize)
            .min(self.limit as usize)
            .max(SMALLEST_PIECE);
        let ceiling = self.ceiling.map_or(usize::MAX, |most| most as usize);
        page.min(ceiling).max(1)
    }

    /// Whether the server's counts have been wrong too often to go on asking for them.
    pub fn is_distrusted(&self) -> bool {
        self.miscounts >= MAX_MISCOUNTS
    }
}

/// The server's clock, as far as its whole-second `Date` tells.
#[derive(Clone, Debug)]
struct Clock {
    base: Instant,
    /// Microseconds since 1970 that the server's clock had certainly reached at `base`.
    at_base: Option<i64>,
    now: Timestamp,
}

impl Clock {
    fn new(now: Timestamp) -> Self {
        Self {
            base: Instant::now(),
            at_base: None,
            now,
        }
    }

    fn heard(&mut self, date: Timestamp, received: Instant) {
        let since = received.saturating_duration_since(self.base).as_micros();
        let at_base = date.micros() - i64::try_from(since).unwrap_or(i64::MAX);
        self.at_base = self.at_base.max(Some(at_base));
    }

    fn join(&mut self, other: &Self) {
        // All of a walk's clocks are copies of its first.
        self.at_base = self.at_base.max(other.at_base);
    }

    /// A moment that the server's clock had reached at `at`; by this machine's clock where the server tells none.
    fn not_before(&self, at: Instant) -> Timestamp {
        let since = at.saturating_duration_since(self.base);
        let base = match self.at_base {
            Some(micros) => Timestamp::from_micros(micros).unwrap_or(self.now),
            None => self.now,
        };
        base.plus(chrono::Duration::from_std(since).unwrap_or_default())
    }
}
