//! The walk over servers that misbehave in every way, alone and together, in virtual time and from a seed.
//!
//! No event is lost, doubled or out of order without the answer being called incomplete, a server that behaves is
//! never called incomplete, and no walk takes more requests than three a page.

use std::ops::Range;

use crate::support::schedule::{Schedule, faults, walked};

/// Failures that are told.
const TOLD: usize = 12;

fn run(seeds: Range<u64>) {
    let mut failed = Vec::new();
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let schedule = Schedule::new(seed);
        let walked = walked(&schedule);
        let faults = faults(&schedule, &walked);
        if !faults.is_empty() {
            let log = walked.model.log();
            let (count, mut short) = (schedule.times.len(), schedule);
            short.times.clear();
            failed.push((format!("{faults:?}: {count} events, {short:?}"), log));
        }
    }
    let log = failed.first().map(|(_, log)| log.iter().take(200));
    let log: Vec<_> = log.into_iter().flatten().cloned().collect();
    let told = failed.iter().take(TOLD).map(|(text, _)| text.as_str());
    assert!(
        failed.is_empty(),
        "{} of {count} failed:\n{}\n\nthe requests of the first:\n{}",
        failed.len(),
        told.collect::<Vec<_>>().join("\n\n"),
        log.join("\n")
    );
}

#[test]
fn five_hundred_schedules() {
    run(0..500);
}

#[test]
#[ignore = "needs a release build: the rest of twenty thousand"]
fn twenty_thousand_schedules() {
    run(500..20_000);
}
