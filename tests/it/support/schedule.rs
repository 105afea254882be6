//! A walk from a seed: a server that misbehaves, a trail, a question, and what may not come of it.

use std::{collections::HashSet, io, ops::ControlFlow, sync::Arc, time::Duration};

use auditlog::{
    api::{Event, Field, Timestamp},
    query::{Filter, Order, Query, Window},
    walk::{Pages, ReadReport, Reading, Verdict, walk},
};
use fastrand::Rng;
use tokio::time::timeout;

use super::model_server::{Manners, Model, NOW, START, Ties, Total};

/// Longer is a walk without end.
const THREE_DAYS: Duration = Duration::from_secs(3 * 86_400);
/// The last instant that is asked for, where one is.
const END: i64 = NOW - 1_000_000;

/// One walk: a server, a trail, a question.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub seed: u64,
    pub manners: Manners,
    /// Microseconds of the events.
    pub times: Vec<i64>,
    pub plugin: Option<&'static str>,
    pub order: Order,
    pub page_size: u32,
    pub concurrency: usize,
    pub has_end: bool,
}

impl Schedule {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let page_size = [1, 2, 3, 7, 20, 32, 50, 100, 1000][rng.usize(0..9)];
        let plugin = [None, None, Some("catalog"), Some("scaffolder")][rng.usize(0..4)];
        let manners = manners(&mut rng);
        let page = manners
            .most
            .map_or(page_size, |(most, _)| most.min(page_size));
        let times = match rng.u32(0..6) {
            0 if plugin.is_none() => full_pages(&mut rng, page),
            _ => times(&mut rng, page_size),
        };
        Self {
            seed,
            manners,
            times,
            plugin,
            order: [Order::NewestFirst, Order::OldestFirst][rng.usize(0..2)],
            page_size,
            concurrency: [1, 2, 4, 16, 32][rng.usize(0..5)],
            has_end: rng.bool(),
        }
    }

    pub fn reading(&self) -> Reading {
        let time = |micros| Timestamp::from_micros(micros);
        let filter = self
            .plugin
            .map(|plugin| Filter::equals(Field::PluginId, plugin));
        Reading {
            query: Query {
                window: Window {
                    start: time(START),
                    end: time(END).filter(|_| self.has_end),
                },
                filters: filter.into_iter().collect(),
            },
            order: self.order,
            page_size: self.page_size,
            wanted: None,
            concurrency: self.concurrency,
            now: time(NOW).unwrap(),
        }
    }

    pub fn asks_for(&self, event: &Event, end: i64) -> bool {
        let at = event.time().micros();
        let plugin = event.text(Field::PluginId);
        START <= at && at <= end && (self.plugin.is_none() || self.plugin == plugin)
    }

    /// The largest page that the server gives.
    fn page(&self) -> usize {
        let most = self.manners.most.map_or(u32::MAX, |(most, _)| most);
        self.page_size.min(most) as usize
    }

    /// Whether windows of whole milliseconds cannot cut the trail into pages.
    fn is_crowded(&self) -> bool {
        self.has_together(self.page())
    }

    /// Whether an instant cannot be fetched together with its neighbour: it holds half a page or, where ties are
    /// shuffled and several pages of it may not fit together, an eighth; of small pages, more than one event.
    fn is_heavy(&self) -> bool {
        let page = self.page();
        self.has_together(match self.manners.ties {
            Ties::Shuffled if page < 32 => 2,
            Ties::Shuffled => page / 8,
            _ => page.div_ceil(2).max(2),
        })
    }

    /// Whether so many events lie within the few milliseconds that no window cuts.
    fn has_together(&self, count: usize) -> bool {
        let mut times = self.times.clone();
        times.sort_unstable();
        let mut windows = times.windows(count);
        windows.any(|them| them[count - 1] - them[0] <= 6_000)
    }

    /// Whether the server behaves so well that its answer must be proven. What takes many pages and changes faster
    /// than they come cannot be.
    fn can_be_proven(&self) -> bool {
        let manners = &self.manners;
        let in_one_page = self.page() >= 50 && !self.is_crowded();
        manners.counts_right() && !manners.whole_seconds && (manners.stands_still() || in_one_page)
    }

    /// Requests of a walk that may not be more.
    fn most_requests(&self, model: &Model) -> Option<usize> {
        let manners = &self.manners;
        let is_good = manners.counts_right() && manners.stands_still() && !manners.whole_seconds;
        if !is_good || self.is_heavy() {
            return None;
        }
        let counted =
            model
                .trail()
                .into_iter()
                .filter(|event| match self.manners.matches_in_part {
                    // Then the filter is not sent.
                    true => START <= event.time().micros(),
                    false => self.asks_for(event, NOW),
                });
        let refused = match manners.most {
            Some((_, true)) => 10,
            _ => 0,
        };
        let leak = usize::from(manners.matches_in_part) * 3;
        Some(3 * counted.count().div_ceil(self.page()).max(1) + refused + leak)
    }
}

/// As many as fit a few pages to the last place, far enough apart to be cut anywhere.
fn full_pages(rng: &mut Rng, page: u32) -> Vec<i64> {
    let count = i64::from(page * rng.u32(1..4));
    let apart = 7_000_000_000 / count;
    let times = (0..count).map(|n| START + n * apart + rng.i64(1..apart));
    times.collect()
}

/// When things happened: evenly, in bursts, with gaps, in crowds of one instant, in instants of nearly a page.
fn times(rng: &mut Rng, page: u32) -> Vec<i64> {
    let mut times = Vec::new();
    for _ in 0..rng.usize(0..6) {
        let around = NOW - rng.i64(2_000_000..7_200_000_000);
        if rng.u32(0..6) == 0 {
            let each = rng.u32(1..page.min(100) + 1) as usize;
            for n in 0..rng.i64(0..12) {
                let at = (around - n * rng.i64(1..60_000_000)).max(START);
                times.extend(std::iter::repeat_n(at, each));
            }
            continue;
        }
        let count = rng.usize(0..200);
        let width = [1, 1_000, 50_000, 60_000_000, 3_600_000_000, 7_200_000_000][rng.usize(0..6)];
        let grain = [1, 1_000, 1_000_000][rng.usize(0..3)];
        times.extend((0..count).map(|_| {
            let at = (around - rng.i64(0..width)).max(START);
            at - at.rem_euclid(grain)
        }));
    }
    times
}

fn manners(rng: &mut Rng) -> Manners {
    let mut manners = Manners::good();
    // One fault alone, or any of them together.
    let alone = rng.bool().then(|| rng.u32(0..14));
    let is = |n: u32, rng: &mut Rng| alone.map_or(rng.u32(0..4) == 0, |one| one == n);
    manners.start_excluded = is(0, rng);
    manners.end_excluded = is(1, rng);
    manners.shows_millis = is(2, rng);
    manners.keeps_millis = is(3, rng);
    if is(4, rng) {
        manners.ties = [Ties::Stable, Ties::Shuffled][rng.usize(0..2)];
    }
    if is(5, rng) {
        manners.most = Some((rng.u32(1..80), rng.bool()));
    }
    manners.matches_in_part = is(6, rng);
    if is(7, rng) {
        let most = rng.u64(1..60);
        let lies = [
            Total::None,
            Total::Capped(most),
            Total::Estimated,
            Total::OwnLength,
        ];
        manners.total = lies[rng.usize(0..4)];
    }
    manners.repeats = is(8, rng) && rng.bool();
    if is(9, rng) || is(10, rng) {
        manners.changes = (rng.u32(0..40), rng.u32(0..20), rng.u32(0..20));
        manners.torn = is(10, rng);
    }
    if is(11, rng) {
        manners.slowest = Duration::from_millis([20, 900, 30_000][rng.usize(0..3)]);
    }
    manners.no_date = is(12, rng);
    manners.whole_seconds = is(13, rng);
    if manners.whole_seconds {
        // Nobody can see what is left out at the very end.
        manners.end_excluded = false;
    }
    manners
}

pub struct Walked {
    pub events: Vec<Event>,
    pub told: Option<ReadReport>,
    pub model: Arc<Model>,
    /// The server's clock at the end.
    pub ended: i64,
}

/// Reads a model to the end, in virtual time.
pub fn walked(schedule: &Schedule) -> Walked {
    in_virtual_time(async {
        let model = Model::new(schedule.manners.clone(), &schedule.times, schedule.seed);
        walk_over(&model, Arc::clone(&model), &schedule.reading()).await
    })
}

/// Reads what `pages` gives of a model.
pub async fn walk_over<P: Pages>(model: &Arc<Model>, pages: Arc<P>, reading: &Reading) -> Walked {
    let mut events = Vec::new();
    let mut sink = |event: Event| -> io::Result<ControlFlow<()>> {
        events.push(event);
        Ok(ControlFlow::Continue(()))
    };
    let walk = timeout(THREE_DAYS, walk(pages, reading, &mut sink));
    let told = walk.await.ok().and_then(Result::ok);
    Walked {
        events,
        told,
        model: Arc::clone(model),
        ended: model.clock(),
    }
}

/// Runs where time passes when everybody waits.
pub fn in_virtual_time<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(future)
}

/// What is wrong with a walk.
pub fn faults(schedule: &Schedule, walked: &Walked) -> Vec<String> {
    let Walked {
        events,
        told,
        model,
        ended,
    } = walked;
    let Some(told) = told else {
        return vec!["no end".to_owned()];
    };
    let mut faults = Vec::new();
    if !events.is_sorted_by(|a, b| schedule.order.compare(a, b).is_lt()) {
        faults.push("out of order, or doubled".to_owned());
    }
    let ids: HashSet<_> = events.iter().map(Event::id).collect();
    if ids.len() != events.len() {
        faults.push("an event twice".to_owned());
    }
    let end = match schedule.has_end {
        true => END,
        false => told.begun.sent.window.end.unwrap().micros(),
    };
    if !events.iter().all(|event| schedule.asks_for(event, end)) {
        faults.push("an event that was not asked for".to_owned());
    }
    match &told.verdict {
        Verdict::Complete { as_of } => {
            let owed = model.owed(as_of.micros(), |event| schedule.asks_for(event, end));
            let lost = owed.iter().filter(|id| !ids.contains(id.as_str())).count();
            if lost > 0 {
                faults.push(format!("complete, but {lost} of {} lost", owed.len()));
            }
            if as_of.micros() > *ended {
                faults.push("complete as of a moment to come".to_owned());
            }
        }
        verdict if schedule.can_be_proven() => {
            faults.push(format!("of a server that behaves: {verdict:?}"));
        }
        _ => {}
    }
    let requests = model.log().len();
    if let Some(most) = schedule
        .most_requests(model)
        .filter(|most| requests > *most)
    {
        faults.push(format!("{requests} requests, at most {most}"));
    }
    faults
}
