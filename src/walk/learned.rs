//! What the answers have told about the server so far. Each piece begins with what is known and adds to it.

use tokio::time::Instant;

use super::Answer;
use crate::api::Timestamp;

/// Pieces in a row whose counts do not agree, after which the server's counts are not asked for any more.
const MAX_MISCOUNTS: u32 = 3;
/// Pages in a row without anything new, after which the server is taken to give no others.
pub const MAX_STUCK: u32 = 3;
/// Bytes of a piece that is read by offset, at most.
const MAX_PIECE: usize = 2 << 20;
/// Events that a piece may hold where pages are smaller than that: it takes several requests then.
const SMALLEST_PIECE: usize = 32;
/// Events that the average size of events looks back on.
const MEMORY: usize = 1_000;
/// Bytes of a page, at most, as far as the size of the events is known.
const MAX_PAGE: usize = 1 << 20;

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
    /// Pages in a row that were asked for by offset and brought nothing new.
    stuck: u32,
    /// Bytes of an event, on average of the last pages.
    pub size: usize,
    /// Events that have come.
    events: usize,
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
            stuck: 0,
            size: 512,
            events: 0,
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
        let bytes: usize = events.iter().map(|event| event.json().len()).sum();
        let before = self.events.min(MEMORY);
        self.events += events.len();
        if let Some(mean) = (before * self.size + bytes).checked_div(before + events.len()) {
            self.size = mean.max(1);
        }
        self.clock.not_before(sent)
    }

    /// Takes note that a page did not hold all that was counted; where it was shorter than was asked for, of its `rows`.
    pub fn cut_off(&mut self, rows: Option<usize>) {
        self.counts = true;
        self.page = rows.filter(|rows| *rows > 0).or(self.page);
    }

    /// Takes note that the server counts no further than `most`.
    pub fn cap(&mut self, most: u64) {
        let most = most.max(8);
        self.ceiling = Some(self.ceiling.map_or(most, |ceiling| ceiling.min(most)));
    }

    /// Takes note of how much was new in a page that was asked for by offset.
    pub fn paged(&mut self, new: usize) {
        if !self.is_stuck() {
            self.stuck = if new == 0 { self.stuck + 1 } else { 0 };
        }
    }

    /// Whether the server gives the same page again and again, whatever the offset.
    fn is_stuck(&self) -> bool {
        self.stuck >= MAX_STUCK
    }

    /// Does not believe any count again.
    pub fn distrust(&mut self) {
        self.miscounts = u32::MAX;
    }

    /// Takes note of whether the counts of a piece agreed.
    pub fn counted(&mut self, agreed: bool) {
        self.miscounts = match agreed {
            // A piece that was under way already does not bring back what is not believed again.
            true if self.miscounts < u32::MAX => 0,
            true => u32::MAX,
            false => self.miscounts.saturating_add(1),
        };
    }

    /// Takes over what another piece has learned.
    pub fn join(&mut self, other: &Self) {
        self.largest = self.largest.max(other.largest);
        self.page = other.page.or(self.page);
        self.counts |= other.counts;
        self.ceiling = self.ceiling.into_iter().chain(other.ceiling).min();
        (self.size, self.events) = (other.size, other.events);
        self.stuck = match self.is_stuck() {
            true => self.stuck,
            false => other.stuck,
        };
        if other.is_distrusted() {
            self.distrust();
        }
        self.clock.join(&other.clock);
    }

    /// Events of a page, at most.
    pub fn page_size(&self) -> usize {
        let limit = self.limit as usize;
        self.page.unwrap_or(limit).min(limit).max(1)
    }

    /// The `limit` that is sent: a page of large events is a smaller one.
    pub fn limit(&self) -> u32 {
        let fits = u32::try_from(MAX_PAGE / self.size).unwrap_or(u32::MAX);
        self.limit.min(fits.max(1))
    }

    /// Events that a piece should hold: a page of them.
    pub fn capacity(&self) -> usize {
        let ceiling = self.ceiling.map_or(usize::MAX, |most| most as usize);
        let page = self.page_size().min(self.limit() as usize);
        let pages = match self.is_stuck() {
            true => 1,
            false => SMALLEST_PIECE.div_ceil(page),
        };
        (page * pages).min(ceiling).max(1)
    }

    /// Events that are read as one piece all the same: a few pages by offset cost less than to cut.
    pub fn most(&self) -> u64 {
        let capacity = self.capacity();
        let pieces = MAX_PIECE / (capacity * self.size).max(1);
        (capacity * pieces.clamp(2, 4)) as u64
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
