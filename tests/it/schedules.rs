//! The walk over servers that misbehave in every way, alone and together, in virtual time and from a seed: no event
//! is lost, doubled or out of order without the answer being called incomplete.

use std::{collections::HashSet, io, ops::ControlFlow, sync::Arc, time::Duration};

use auditlog::{
    api::{Event, Field, Timestamp},
    query::{Filter, Order, Query, Window},
    walk::{Reading, Told, Verdict, walk},
};
use fastrand::Rng;

use crate::support::model_server::{Manners, Model, NOW, Ties, Total};

/// One walk: a server, a trail, a question.
#[derive(Clone, Debug)]
struct Schedule {
    seed: u64,
    manners: Manners,
    /// Microseconds of the events.
    times: Vec<i64>,
    plugin: Option<&'static str>,
    reverse: bool,
    page_size: u32,
    concurrency: usize,
    has_end: bool,
}

/// When things happened: evenly, in bursts, with gaps, in crowds of one instant.
fn times(rng: &mut Rng) -> Vec<i64> {
    let mut times = Vec::new();
    for _ in 0..rng.usize(0..5) {
        let count = rng.usize(0..120);
        let around = NOW - rng.i64(2_000_000..7_200_000_000);
        let width = [1, 1_000, 50_000, 60_000_000, 3_600_000_000][rng.usize(0..5)];
        let grain = [1, 1_000, 1_000_000][rng.usize(0..3)];
        times.extend((0..count).map(|_| {
            let at = (around - rng.i64(0..width)).max(NOW - 7_200_000_000);
            at - at.rem_euclid(grain)
        }));
    }
    times
}

fn manners(rng: &mut Rng) -> Manners {
    let mut manners = Manners::good();
    // One fault alone, or any of them together.
    let alone = rng.bool().then(|| rng.u32(0..11));
    let is = |n: u32, rng: &mut Rng| alone.map_or(rng.u32(0..4) == 0, |one| one == n);
    manners.start_excluded = is(0, rng);
    manners.end_excluded = is(1, rng);
    manners.shows_millis = is(2, rng);
    if is(3, rng) {
        manners.ties = [Ties::Stable, Ties::Shuffled][rng.usize(0..2)];
    }
    if is(4, rng) {
        manners.most = Some((rng.u32(1..80), rng.bool()));
    }
    manners.matches_in_part = is(5, rng);
    if is(6, rng) {
        let most = rng.u64(1..60);
        let lies = [
            Total::None,
            Total::Capped(most),
            Total::Estimated,
            Total::OwnLength,
        ];
        manners.total = lies[rng.usize(0..4)];
    }
    manners.repeats = is(7, rng) && rng.bool();
    if is(8, rng) {
        manners.changes = (rng.u32(0..40), rng.u32(0..20), rng.u32(0..20));
    }
    if is(9, rng) {
        manners.slowest = Duration::from_millis([20, 900, 30_000][rng.usize(0..3)]);
    }
    manners.no_date = is(10, rng);
    manners
}

fn schedule(seed: u64) -> Schedule {
    let mut rng = Rng::with_seed(seed);
    Schedule {
        seed,
        manners: manners(&mut rng),
        times: times(&mut rng),
        plugin: [None, None, Some("catalog"), Some("scaffolder")][rng.usize(0..4)],
        reverse: rng.bool(),
        page_size: [1, 2, 3, 7, 20, 32, 50, 100, 1000][rng.usize(0..9)],
        concurrency: [1, 2, 4, 16][rng.usize(0..4)],
        has_end: rng.bool(),
    }
}

fn reading(schedule: &Schedule) -> Reading {
    let time = |micros| Timestamp::from_micros(micros);
    let filter = schedule
        .plugin
        .map(|plugin| Filter::equals(Field::PluginId, plugin));
    Reading {
        query: Query {
            window: Window {
                start: time(NOW - 7_200_000_000),
                end: time(NOW - 1_000_000).filter(|_| schedule.has_end),
            },
            filters: filter.into_iter().collect(),
        },
        order: if schedule.reverse {
            Order::OldestFirst
        } else {
            Order::NewestFirst
        },
        page_size: schedule.page_size,
        wanted: None,
        concurrency: schedule.concurrency,
        now: time(NOW).unwrap(),
    }
}

struct Walked {
    events: Vec<Event>,
    told: Told,
    model: Arc<Model>,
}

fn walked(schedule: &Schedule) -> Option<Walked> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let model = Model::new(schedule.manners.clone(), &schedule.times, schedule.seed);
        let mut events = Vec::new();
        let mut sink = |event: Event| -> io::Result<ControlFlow<()>> {
            events.push(event);
            Ok(ControlFlow::Continue(()))
        };
        let reading = reading(schedule);
        let walk = walk(Arc::clone(&model), &reading, &mut sink);
        // A day of the server's time: longer is a walk without end.
        let told = tokio::time::timeout(Duration::from_secs(86_400), walk).await;
        let told = told.ok()?.ok()?;
        Some(Walked {
            events,
            told,
            model,
        })
    })
}

/// What is wrong with a walk.
fn faults(schedule: &Schedule) -> Vec<String> {
    let Some(Walked {
        events,
        told,
        model,
    }) = walked(schedule)
    else {
        return vec!["no end".to_owned()];
    };
    let mut faults = Vec::new();
    let order = if schedule.reverse {
        Order::OldestFirst
    } else {
        Order::NewestFirst
    };
    if !events.is_sorted_by(|a, b| order.compare(a, b).is_lt()) {
        faults.push("out of order, or doubled".to_owned());
    }
    let ids: HashSet<_> = events.iter().map(Event::id).collect();
    if ids.len() != events.len() {
        faults.push("an event twice".to_owned());
    }
    let (start, end) = (NOW - 7_200_000_000, NOW - 1_000_000);
    let asked = |event: &Event| {
        let at = event.time().micros();
        let inside = at >= start && (!schedule.has_end || at <= end);
        inside
            && schedule
                .plugin
                .is_none_or(|plugin| event.text(Field::PluginId) == Some(plugin))
    };
    if !events.iter().all(asked) {
        faults.push("an event that was not asked for".to_owned());
    }
    let owed = model.owed(asked);
    let lost = owed.iter().filter(|id| !ids.contains(id.as_str())).count();
    let complete = matches!(told.verdict, Verdict::Complete { .. });
    if complete && lost > 0 {
        faults.push(format!("complete, but {lost} of {} lost", owed.len()));
    }
    if !complete && schedule.manners.counts_right() && schedule.manners.changes == (0, 0, 0) {
        faults.push(format!(
            "incomplete for a server that behaves: {:?}",
            told.verdict
        ));
    }
    faults
}

fn run(seeds: std::ops::Range<u64>) {
    let mut failed = Vec::new();
    for seed in seeds {
        let schedule = schedule(seed);
        let began = std::time::Instant::now();
        if std::env::var_os("SHOW").is_some() {
            eprintln!(
                "{seed} {:?} {:?} {} {}",
                schedule.times.len(),
                schedule.manners,
                schedule.page_size,
                schedule.concurrency
            );
        }
        let faults = faults(&schedule);
        if began.elapsed().as_millis() > 500 {
            eprintln!("{seed}: {:?}", began.elapsed());
        }
        if !faults.is_empty() {
            eprintln!("{seed}: {faults:?}");
            let (count, mut short) = (schedule.times.len(), schedule);
            short.times.clear();
            failed.push(format!("{faults:?}: {count} events, {short:?}"));
        }
    }
    let shown = failed
        .iter()
        .take(12)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n\n");
    assert!(failed.is_empty(), "{} failed:\n{shown}", failed.len());
}

#[test]
fn five_hundred_schedules() {
    let one = std::env::var("ONE").ok().and_then(|one| one.parse().ok());
    run(one.map_or(0..500, |one: u64| one..one + 1));
}

#[test]
#[ignore = "needs a release build: twenty thousand schedules"]
fn twenty_thousand_schedules() {
    let n = std::env::var("N").ok().and_then(|n| n.parse().ok());
    run(0..n.unwrap_or(20_000));
}
