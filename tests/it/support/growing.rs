//! A trail that grows while it is followed, in virtual time, and what a follower makes of it.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io,
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

use auditlog::{
    api::{Event, Field, Page, Timestamp},
    client::ClientError,
    follow::{Follower, Keep, Note, Position, Question, Renewed, Trail},
    query::{Query, Request, Sendable},
    source::{Newest, ReadReport, Reading, Sink, SourceError},
    walk::{Answer, Pages, WalkError, walk},
};
use fastrand::Rng;
use tokio::time::{Instant, timeout};

/// The server's clock at the beginning: a whole second.
pub const NOW: i64 = 1_793_491_200_000_000;

/// An event: when it happened, and when it could be seen, in seconds from the beginning.
#[derive(Clone, Debug)]
pub struct Happened {
    pub id: String,
    pub at: f64,
    pub seen: f64,
    /// When it was deleted.
    pub gone: f64,
    pub plugin: &'static str,
}

impl Happened {
    pub fn new(n: usize, at: f64, seen: f64) -> Self {
        // Ids in no order.
        let id = format!("{:08x}", (n as u32).wrapping_mul(2_654_435_761));
        Self {
            id,
            at,
            seen,
            gone: f64::INFINITY,
            plugin: ["catalog", "search"][n % 2],
        }
    }

    fn event(&self) -> Event {
        let time = |at: f64| Timestamp::from_micros(NOW + (at * 1000.0) as i64 * 1000).unwrap();
        let json = format!(
            r#"{{"id":"{}","event_time":"{}","recorded_at":"{}","plugin_id":"{}"}}"#,
            self.id,
            time(self.at),
            time(self.seen),
            self.plugin
        );
        Event::from_json(&json).unwrap()
    }
}

/// What the server does wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manners {
    /// Says no total; or as many as the page has.
    pub no_total: bool,
    pub own_length: bool,
    /// The largest page.
    pub most: Option<usize>,
    /// Lets everything through a filter.
    pub ignores_filters: bool,
    /// Seconds of each time in which it fails.
    pub away: (f64, f64),
    /// Seconds that its clock is wrong in this span.
    pub wrong_clock: Option<(f64, f64, f64)>,
}

/// The server.
pub struct Growing {
    trail: Vec<(Happened, Event)>,
    manners: Manners,
    base: Instant,
    requests: Mutex<u64>,
}

impl Growing {
    pub fn new(trail: &[Happened], manners: Manners) -> Arc<Self> {
        let mut trail: Vec<_> = trail.iter().map(|it| (it.clone(), it.event())).collect();
        trail.sort_by(|a, b| auditlog::api::newest_first(&a.1, &b.1));
        Arc::new(Self {
            trail,
            manners,
            base: Instant::now(),
            requests: Mutex::default(),
        })
    }

    pub fn elapsed(&self) -> f64 {
        self.base.elapsed().as_secs_f64()
    }

    pub fn requests(&self) -> u64 {
        *self.requests.lock().unwrap()
    }

    fn clock(&self) -> i64 {
        let now = self.elapsed();
        let wrong = self
            .manners
            .wrong_clock
            .filter(|(from, to, _)| (*from..*to).contains(&now));
        NOW + ((now + wrong.map_or(0.0, |(_, _, by)| by)) * 1e6) as i64
    }
}

impl Pages for Growing {
    type Error = ClientError;

    async fn fetch(&self, request: Request) -> Result<Answer, ClientError> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        *self.requests.lock().unwrap() += 1;
        let now = self.elapsed();
        let (from, to) = self.manners.away;
        if (from..to).contains(&now) {
            let message = String::new();
            return Err(ClientError::Fault {
                status: 503,
                message,
            });
        }
        let window = request.query.window;
        let start = window.start.map_or(i64::MIN, Timestamp::micros);
        let end = window.end.map_or(i64::MAX, Timestamp::micros);
        let matches = |(happened, event): &&(Happened, Event)| {
            let filters = &request.query.filters;
            happened.seen <= now
                && now < happened.gone
                && (start..=end).contains(&event.time().micros())
                && (self.manners.ignores_filters || filters.iter().all(|it| it.lets_through(event)))
        };
        let rows: Vec<_> = self.trail.iter().filter(matches).collect();
        let limit = (request.limit as usize).min(self.manners.most.unwrap_or(usize::MAX));
        let page = rows.iter().skip(request.offset as usize).take(limit);
        let events: Vec<_> = page.map(|(_, event)| event.clone()).collect();
        let total = match (self.manners.no_total, self.manners.own_length) {
            (true, _) => None,
            (_, true) => Some(events.len() as u64),
            _ => Some(rows.len() as u64),
        };
        let date = Timestamp::from_micros(self.clock()).map(Timestamp::whole_second);
        Ok(Answer {
            page: Page { events, total },
            date,
        })
    }

    fn refuses_limit(_: &ClientError) -> bool {
        false
    }
}

/// The server as it is followed.
pub struct Watched(pub Arc<Growing>);

impl Trail for Watched {
    fn sendable(&self, query: &Query, withheld: &[Field]) -> Sendable {
        query.sendable(withheld)
    }

    async fn newest(&self, query: &Query, limit: u32) -> Result<Newest, SourceError> {
        let request = Request {
            query: query.clone(),
            limit,
            offset: 0,
        };
        let answer = self.0.fetch(request).await?;
        Ok(Newest {
            events: answer.page.events,
            total: answer.page.total,
            clock: answer.date.unwrap(),
        })
    }

    async fn read(
        &self,
        reading: &Reading,
        sink: &mut dyn Sink,
    ) -> Result<ReadReport, SourceError> {
        let told = walk(Arc::clone(&self.0), reading, sink).await;
        told.map_err(|error| match error {
            WalkError::Fetch(error) => SourceError::Client(error),
            WalkError::Sink(error) => SourceError::Sink(error),
        })
    }

    async fn renew(&mut self) -> Renewed {
        Renewed::Fixed
    }
}

/// What was written, said and kept.
#[derive(Default)]
pub struct Written {
    /// Ids, and when they were written.
    pub lines: Vec<(String, f64)>,
    pub notes: Vec<String>,
    /// The last position that was kept, and how many lines had been written.
    pub kept: Option<(Position, usize)>,
}

/// Keeps in memory.
#[derive(Clone)]
pub struct Paper {
    pub written: Rc<RefCell<Written>>,
    pub server: Arc<Growing>,
}

impl Paper {
    pub fn new(server: &Arc<Growing>) -> Self {
        Self {
            written: Rc::default(),
            server: Arc::clone(server),
        }
    }
}

impl Keep for Paper {
    type Error = std::convert::Infallible;

    fn event(&mut self, event: &Event) -> io::Result<()> {
        let line = (event.id().to_owned(), self.server.elapsed());
        self.written.borrow_mut().lines.push(line);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn keep(&mut self, position: &Position) -> Result<(), Self::Error> {
        let mut written = self.written.borrow_mut();
        let lines = written.lines.len();
        written.kept = Some((position.clone(), lines));
        Ok(())
    }

    fn say(&mut self, note: Note<'_>) {
        self.written.borrow_mut().notes.push(format!("{note:?}"));
    }
}

/// Follows everything from now on, as the program does it by default.
pub fn question() -> Question {
    Question {
        query: Query::default(),
        overlap: chrono::Duration::minutes(10),
        interval: Duration::from_secs(5),
        tail: None,
        max_events: None,
        stall_after: None,
        page_size: 1000,
        concurrency: 4,
        most_ids: auditlog::follow::MOST,
    }
}

/// Seconds.
pub const HOUR: f64 = 3600.0;

/// So many seconds after the beginning.
pub fn at(seconds: f64) -> Timestamp {
    Timestamp::from_micros(NOW + (seconds * 1e6) as i64).unwrap()
}

/// A follower, and what it writes.
pub fn follower(
    server: &Arc<Growing>,
    question: Question,
    position: Option<Position>,
) -> (Follower<Watched, Paper>, Paper) {
    let paper = Paper::new(server);
    let mut rng = Rng::with_seed(7);
    let trail = Watched(Arc::clone(server));
    let random = move || rng.f64();
    let follower = Follower::new(trail, paper.clone(), question, position, at(0.0), random);
    (follower, paper)
}

/// What is written within so many seconds.
pub async fn written_in(server: &Arc<Growing>, question: Question, seconds: f64) -> Written {
    let (mut follower, paper) = follower(server, question, None);
    let ended = timeout(Duration::from_secs_f64(seconds), follower.run()).await;
    assert!(ended.is_err(), "{:?}", ended.unwrap());
    drop(follower);
    drop(ended);
    paper.written.take()
}

/// Each id once, with the time when it was written.
pub fn times(written: &Written) -> BTreeMap<&str, f64> {
    let times: BTreeMap<_, _> = written
        .lines
        .iter()
        .map(|(id, at)| (id.as_str(), *at))
        .collect();
    assert_eq!(times.len(), written.lines.len(), "an event came twice");
    times
}

/// The notes of a kind.
pub fn said(written: &Written, what: &str) -> Vec<String> {
    let notes = written.notes.iter().filter(|note| note.starts_with(what));
    notes.cloned().collect()
}

/// Events of an hour, in bursts and alone, some recorded late.
pub fn busy(rng: &mut Rng, latest: f64) -> Vec<Happened> {
    let mut trail = Vec::new();
    for _ in 0..rng.usize(5..40) {
        let around = 30.0 + rng.f64() * HOUR;
        for _ in 0..[1, 1, 3, 20, 150][rng.usize(0..5)] {
            let at = around + rng.f64() * [0.0, 0.5, 30.0][rng.usize(0..3)];
            let late = if rng.u8(0..4) == 0 {
                rng.f64() * latest
            } else {
                0.0
            };
            trail.push(Happened::new(trail.len(), at, at + late));
        }
    }
    trail
}
