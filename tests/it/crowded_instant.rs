//! An instant that holds more events than a page, on a server that shuffles ties on every request.

use std::{collections::HashSet, sync::Arc};

use auditlog::{api::Event, query::Order, walk::Verdict};

use crate::support::{
    model_server::{Manners, Model, NOW, START, Ties},
    schedule::{Schedule, Walked, in_virtual_time, walk_over},
};

/// A trail of `count` events, `crowd` of them at one instant and most of these alike in every filter.
fn walked(count: i64, crowd: usize, alike: usize, order: Order) -> (Walked, Vec<Event>) {
    let instant = NOW - 3_000_000_000;
    let spread = (0..count - crowd as i64).map(|n| START + 1_000 + n * 7_198_000_000 / count);
    let schedule = Schedule {
        seed: 3,
        manners: Manners {
            ties: Ties::Shuffled,
            ..Manners::good()
        },
        times: spread
            .chain(std::iter::repeat_n(instant, crowd - alike))
            .collect(),
        plugin: None,
        order,
        page_size: 1000,
        concurrency: 4,
        has_end: false,
    };
    in_virtual_time(async {
        let model = Model::new(schedule.manners.clone(), &schedule.times, schedule.seed);
        model.add_alike(instant, alike);
        let mut expected = model.trail();
        if order == Order::OldestFirst {
            expected.reverse();
        }
        let walked = walk_over(&model, Arc::clone(&model), &schedule.reading()).await;
        (walked, expected)
    })
}

fn is_complete_and_exact(count: i64, crowd: usize, alike: usize) {
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let (walked, expected) = walked(count, crowd, alike, order);
        let verdict = walked.told.expect("an end").verdict;
        assert!(
            matches!(verdict, Verdict::Complete { .. }),
            "{order:?}: {verdict:?}"
        );
        let ids: Vec<_> = walked.events.iter().map(Event::id).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), count as usize);
        assert!(
            ids.iter().eq(expected
                .iter()
                .map(|event| event.id())
                .collect::<Vec<_>>()
                .iter())
        );
        // Its pages, twice over for what has to be cut, and the passes over the crowd.
        let requests = walked.model.log().len();
        assert!(
            requests < 3 * count as usize / 1000 + 100,
            "{order:?}: {requests} requests"
        );
    }
}

#[test]
fn an_instant_of_several_pages_is_complete_and_exact() {
    is_complete_and_exact(6_000, 2_500, 1_500);
}

#[test]
#[ignore = "needs a release build: two hundred thousand events, five thousand at one instant"]
fn two_hundred_thousand_events_with_a_crowd_are_complete_and_exact() {
    is_complete_and_exact(200_000, 5_000, 3_000);
}
