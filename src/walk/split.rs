//! Where a stretch that holds too much is cut: at an instant that its rows have shown.

use super::span::{MS, Span, ceil, floor};
use crate::query::Order;

/// A cut into the side whose rows were seen, which is the newer one, and the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The instant at which the two meet.
    pub at: i64,
    /// Events on the side that was seen; none where no cut in time makes it small enough.
    pub seen: Option<u64>,
    /// Whether the instant itself holds so much that it should not be fetched from both sides.
    pub heavy: bool,
}

/// Rows of a stretch, newest first.
#[derive(Clone, Debug)]
pub struct Sight {
    /// Newer events of it, which were not looked at.
    pub skipped: usize,
    /// Where those that came lie. Behind the last there may be more of the same instant.
    pub places: Vec<i64>,
}

impl Sight {
    /// Sorts what came.
    pub fn new(order: Order, skipped: usize, mut places: Vec<i64>) -> Self {
        match order {
            Order::NewestFirst => places.sort_unstable(),
            Order::OldestFirst => places.sort_unstable_by(|a, b| b.cmp(a)),
        }
        Self { skipped, places }
    }
}

/// Cuts `span` so that the side that was seen holds at most `fill` events; none where that side would not be smaller.
pub fn at_seen(order: Order, span: Span, sight: &Sight, fill: usize) -> Option<Cut> {
    match order {
        Order::NewestFirst => at_front(span, &sight.places, sight.skipped, fill),
        Order::OldestFirst => {
            let span = Span {
                front: -span.back,
                back: -span.front,
            };
            let places: Vec<_> = sight.places.iter().map(|x| -x).collect();
            let cut = at_front(span, &places, sight.skipped, fill)?;
            Some(Cut { at: -cut.at, ..cut })
        }
    }
}

fn at_front(span: Span, rows: &[i64], skipped: usize, fill: usize) -> Option<Cut> {
    let advances = |x: i64| floor(x) - MS > span.front && ceil(x) + MS < span.back;
    // What is sent for the seen side reaches two milliseconds further at most; all of that must have been seen.
    let reach = |x: i64| rows.partition_point(|&row| row <= ceil(x) + 2 * MS);
    let fits = |x: i64| reach(x) < rows.len() && skipped + reach(x) <= fill && advances(x);
    let first = *rows.first()?;
    if let Some(&at) = rows.iter().rev().find(|x| fits(**x)) {
        let before = rows.partition_point(|&row| row < at);
        return Some(Cut {
            at,
            seen: Some((skipped + reach(at)) as u64),
            heavy: reach(at) - before > fill / 4,
        });
    }
    if skipped > 0 && advances(first) {
        return Some(Cut {
            at: first,
            seen: Some(skipped as u64),
            heavy: false,
        });
    }
    (ceil(first) + MS < span.back).then_some(Cut {
        at: first,
        seen: None,
        heavy: true,
    })
}
