//! However a walk cuts the window, the answer is the same, byte for byte.

use std::time::Duration;

use auditlog::{api::Event, query::Order, walk::Verdict};

use crate::support::{
    model_server::{Manners, Model, NOW, Ties},
    schedule::{Schedule, walked},
};

/// Three hundred events with ties of up to forty, on a server that shuffles them.
fn schedule(order: Order, page_size: u32, concurrency: usize) -> Schedule {
    let times = (0..300).map(|n: i64| match n {
        0..40 => NOW - 60_000_000,
        40..100 => NOW - 90_000_000 - n / 5 * 1_000,
        _ => NOW - 100_000_000 - n * n * 7_919,
    });
    Schedule {
        seed: 1,
        manners: Manners {
            ties: Ties::Shuffled,
            ..Manners::good()
        },
        times: times.collect(),
        plugin: None,
        order,
        page_size,
        concurrency,
        has_end: true,
    }
}

fn bytes(events: &[Event]) -> String {
    let lines: Vec<_> = events.iter().map(Event::json).collect();
    lines.join("\n")
}

/// Every page size and concurrency gives what the server keeps, sorted.
fn compare(sizes: &[(u32, usize)]) {
    for order in [Order::NewestFirst, Order::OldestFirst] {
        for &(page_size, concurrency) in sizes {
            let schedule = schedule(order, page_size, concurrency);
            let walked = walked(&schedule);
            let verdict = walked.told.expect("an end").verdict;
            let case = format!("{order:?}, page size {page_size}, concurrency {concurrency}");
            assert!(
                matches!(verdict, Verdict::Complete { .. }),
                "{case}: {verdict:?}"
            );
            let mut expected =
                Model::new(schedule.manners.clone(), &schedule.times, schedule.seed).trail();
            if order == Order::OldestFirst {
                expected.reverse();
            }
            assert!(bytes(&walked.events) == bytes(&expected), "{case}");
        }
    }
}

#[test]
fn some_page_sizes_and_concurrencies_give_the_same_bytes() {
    let sizes = [1, 2, 3, 10, 31, 32, 33, 64, 100, 299, 300, 301, 1000];
    let sizes: Vec<_> = sizes
        .iter()
        .flat_map(|&size| [(size, 1), (size, 7), (size, 32)])
        .collect();
    compare(&sizes);
}

#[test]
#[ignore = "needs a release build: every page size, and every concurrency"]
fn any_page_size_and_any_concurrency_give_the_same_bytes() {
    let sizes = (1..=1000).flat_map(|size| [(size, 1 + size as usize % 32), (size, 4)]);
    let concurrencies = (1..=32).flat_map(|many| [(1, many), (20, many), (100, many)]);
    compare(&sizes.chain(concurrencies).collect::<Vec<_>>());
}

#[test]
fn a_server_far_away_is_asked_side_by_side() {
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let mut schedule = schedule(order, 100, 16);
        schedule.times = (0..10_000).map(|n| NOW - 2_000_000 - n * 700_000).collect();
        schedule.manners.slowest = Duration::from_millis(100);
        let walked = walked(&schedule);
        let requests = walked.model.log().len() as i64;
        // A request takes a tenth of a second on average. The first ones depend on each other.
        let in_turn = requests * 100_000;
        let took = walked.ended - NOW;
        assert!(
            took * 8 < in_turn,
            "{order:?}: {requests} requests in {took} µs"
        );
    }
}
