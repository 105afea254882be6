//! Where a stretch that holds too much is cut: at the instants that a page of it has shown.

use super::span::{MS, Span, ceil, floor};
use crate::query::Order;

/// Two stretches of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The end that the page has shown: pages come newest first.
    pub seen: Span,
    /// How many events that has; none where it is the shortest that can be sent for, and nobody knows.
    pub events: Option<u64>,
    /// What is left, if anything.
    pub rest: Option<Span>,
    /// Whether the two have no instant in common: one that holds much is not read twice.
    pub apart: bool,
}

/// Cuts `span` so that the end that was seen holds at most `fill` events. `rows` are the places of its newest events,
/// newest first.
pub fn at_seen(order: Order, span: Span, rows: &[i64], fill: usize) -> Cut {
    match order {
        Order::NewestFirst => from_front(span, rows, fill),
        Order::OldestFirst => {
            let mirrored: Vec<_> = rows.iter().map(|x| -x).collect();
            let cut = from_front(span.mirrored(), &mirrored, fill);
            Cut {
                seen: cut.seen.mirrored(),
                rest: cut.rest.map(Span::mirrored),
                ..cut
            }
        }
    }
}

fn from_front(span: Span, rows: &[i64], fill: usize) -> Cut {
    let before = |x: i64| rows.partition_point(|&row| row < x);
    // Without progress on both sides, a cut would be made again and again.
    let helps = |x: i64| floor(x) - MS > span.front && ceil(x) + 3 * MS < span.back;
    // What is sent may hold what lies a millisecond outside; all of that must have been seen.
    let reach = |x: i64| before(ceil(x) + 4 * MS + 1);
    let whole = |x: &i64| reach(*x) < rows.len() && reach(*x) <= fill && helps(*x);
    let twice = |x: i64| reach(x) - before(floor(x) - 2 * MS);
    let cuts = || rows.iter().copied().filter(whole);
    let Some(last) = cuts().next_back() else {
        return apart(span, rows.first().copied().unwrap_or(span.front), None);
    };
    let best = cuts().max_by_key(|x| reach(*x) - twice(*x)).unwrap_or(last);
    if reach(best) < 2 * twice(best) {
        return apart(span, last, Some(reach(last) as u64));
    }
    Cut {
        seen: Span {
            back: ceil(best) + MS,
            ..span
        },
        rest: Some(Span {
            front: floor(best) - MS,
            ..span
        }),
        events: Some(reach(best) as u64),
        apart: false,
    }
}

/// A cut behind `x`: what follows is sent for so that it surely does not hold that instant again.
fn apart(span: Span, x: i64, events: Option<u64>) -> Cut {
    let at = ceil(x).max(span.front);
    let seen = Span {
        back: (at + 3 * MS).min(span.back),
        ..span
    };
    let rest = Span {
        front: at + MS,
        ..span
    };
    Cut {
        seen,
        rest: (seen.back < span.back).then_some(rest),
        events,
        apart: true,
    }
}

/// Two stretches that overlap by `overlap` behind `reach`, where nobody has seen anything yet.
pub fn guess(span: Span, reach: i64, overlap: i64) -> (Span, Span) {
    let front = Span {
        back: (ceil(reach + overlap) + MS).min(span.back),
        ..span
    };
    let back = Span {
        front: floor(reach) - MS,
        ..span
    };
    (front, back)
}
