//! Where a page lies: the counts say how many matches are newer than an instant, so that the database is asked for the
//! part of the window that holds the page, and steps over nothing that comes before it.

use std::cmp::Reverse;

use super::{
    counts::Bucket,
    kind::{KindId, Kinds},
    stretches::Stretch,
};
use crate::{api::Timestamp, query::Window};

/// Newest events of a window that are looked at for a page before anything is counted in more detail.
pub(super) const LOOK: u64 = 3000;
/// A span with fewer matches is not worth another question.
const COARSE: u64 = 500;
/// Matches beside the page, in a narrowed window, that are sorted rather than walked over.
const FEW: u64 = 1000;

/// Kinds that are found so fast that nothing is to be gained.
const FEW_KINDS: usize = 8;
/// Steps of a walk that cost as much as sorting one match.
const SORTING: u128 = 4;
/// Steps of a walk that cost as much as finding the first match of one kind.
const FINDING: u128 = 20;

/// The counted spans of a window, newest first, and the page that is looked for.
#[derive(Debug)]
pub(super) struct Narrowing {
    buckets: Vec<Bucket>,
    limit: u64,
    offset: u64,
}

/// Part of a window in which a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Narrowed {
    /// First instant, in microseconds.
    pub(super) first: i64,
    /// Last instant.
    pub(super) last: i64,
    /// Matches to pass over.
    pub(super) offset: u64,
    /// Matches in this part.
    pub(super) matches: u64,
}

/// A page that is wanted of so many matches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) total: u64,
    pub(super) limit: u32,
    pub(super) offset: u64,
}

impl Wanted {
    /// Whether the page probably lies among the newest [`LOOK`] of the `all` events of the window, of whichever kinds. Matches
    /// do not lie evenly: half as many again are expected there.
    pub(super) fn is_near(&self, all: u64) -> bool {
        let expected = u128::from(LOOK) * u128::from(self.total) / u128::from(all.max(1));
        let wanted = u128::from(self.offset) + u128::from(self.limit);
        self.on_page() > 0 && wanted * 3 / 2 <= expected
    }

    /// Whether to find as many matches of each kind as the page may need costs less than to ask where it lies.
    pub(super) fn is_merged_from(&self, kinds: &[KindId]) -> bool {
        let each = self.offset.saturating_add(self.limit.into());
        each.saturating_mul(kinds.len() as u64) <= LOOK
    }

    /// Events on the page.
    pub(super) fn on_page(&self) -> u64 {
        self.total
            .saturating_sub(self.offset)
            .min(self.limit.into())
    }
}

/// Whether it costs less to step over so many events than to ask where a page lies.
pub(super) fn is_short(offset: u64) -> bool {
    offset <= COARSE
}

impl Narrowed {
    /// All of a window.
    pub(super) fn whole(window: &Window, wanted: Wanted) -> Self {
        let (first, last) = window.micros();
        Self {
            first,
            last,
            offset: wanted.offset,
            matches: wanted.total,
        }
    }

    /// The part as a window.
    pub(super) fn window(&self) -> Window {
        Window {
            start: Timestamp::from_micros(self.first),
            end: Timestamp::from_micros(self.last),
        }
    }

    /// Whether sorting all matches of these kinds may be more work than walking over the events of every kind.
    pub(super) fn is_large(&self, kinds: &Kinds, limit: u32) -> bool {
        match kinds {
            Kinds::Every => false,
            Kinds::Of(kinds) => {
                kinds.len() > FEW_KINDS || self.matches > self.wanted(limit).saturating_add(FEW)
            }
        }
    }

    /// Matches up to the end of the page.
    fn wanted(&self, limit: u32) -> u64 {
        self.offset.saturating_add(limit.into())
    }

    /// Whether walking over `all` events of the part until the page is full is less work than sorting all matches of the
    /// part.
    pub(super) fn is_dense(&self, all: u64, kinds: usize, limit: u32) -> bool {
        let wanted = self.wanted(limit).min(self.matches);
        let (all, wanted) = (u128::from(all), u128::from(wanted));
        let matches = u128::from(self.matches.max(1));
        all * wanted / matches < SORTING * matches + FINDING * kinds as u128
    }
}

impl Narrowing {
    /// `buckets` come in any order and do not overlap.
    pub(super) fn new(mut buckets: Vec<Bucket>, limit: u32, offset: u64) -> Self {
        buckets.retain(|bucket| bucket.events > 0);
        buckets.sort_unstable_by_key(|bucket| Reverse(bucket.first));
        Self {
            buckets,
            limit: limit.into(),
            offset,
        }
    }

    /// The span to divide next, as [`Narrowing::divide`] wants it: one at an end of the page that holds a lot.
    pub(super) fn coarse(&self) -> Option<(usize, Stretch)> {
        let (begin, end) = self.ends()?;
        [(begin, self.offset.saturating_add(1)), (end, self.wanted())]
            .into_iter()
            .find_map(|(at, wanted)| {
                let newer: u64 = self.buckets.iter().take(at).map(|it| it.events).sum();
                let bucket = self.buckets.get(at).filter(|it| it.events > COARSE)?;
                let wanted = wanted.saturating_sub(newer).min(bucket.events);
                Some((at, bucket.divided(wanted)?))
            })
    }

    /// Puts finer spans in the place of the newest part of one.
    pub(super) fn divide(&mut self, at: usize, newest: &Stretch, mut finer: Vec<Bucket>) {
        if let Some(divided) = self.buckets.get(at) {
            let events = finer.iter().map(|bucket| bucket.events).sum();
            finer.extend(divided.without(newest, events));
            finer.retain(|bucket| bucket.events > 0);
            finer.sort_unstable_by_key(|bucket| Reverse(bucket.first));
            self.buckets.splice(at..=at, finer);
        }
    }

    /// Matches up to the end of the page.
    fn wanted(&self) -> u64 {
        self.offset.saturating_add(self.limit)
    }

    /// Where the page lies; none where there is nothing on it.
    pub(super) fn narrowed(&self) -> Option<Narrowed> {
        let (begin, end) = self.ends()?;
        let newer: u64 = self.buckets.iter().take(begin).map(|it| it.events).sum();
        let held = self.buckets.get(begin..=end)?;
        Some(Narrowed {
            first: held.last()?.first,
            last: held.first()?.last,
            offset: self.offset - newer,
            matches: held.iter().map(|bucket| bucket.events).sum(),
        })
    }

    /// The spans in which the first and the last event of the page lie.
    fn ends(&self) -> Option<(usize, usize)> {
        let mut newer = 0;
        let mut begin = None;
        for (at, bucket) in self.buckets.iter().enumerate() {
            newer += bucket.events;
            if newer > self.offset && begin.is_none() {
                begin = Some(at);
            }
            if newer >= self.wanted() {
                return Some((begin?, at));
            }
        }
        Some((begin?, self.buckets.len() - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::{Narrowed, Narrowing};
    use crate::store::{
        counts::{Bucket, Grain},
        stretches::Stretch,
    };

    /// Hours of 2026-03-01 and before, in hours since 1970.
    const DAY: i64 = 20_513 * 24;
    const HOUR: i64 = 3_600_000_000;

    fn buckets() -> Vec<Bucket> {
        vec![
            Bucket::whole(Grain::Day, DAY - 24, 2000),
            Bucket::whole(Grain::Hour, DAY, 3),
            Bucket::whole(Grain::Hour, DAY + 2, 0),
            Bucket::whole(Grain::Hour, DAY + 1, 4),
            Bucket::whole(Grain::Day, DAY - 48, 10),
        ]
    }

    #[test]
    fn the_spans_of_the_page_are_all_that_is_left() {
        let of = |limit, offset| Narrowing::new(buckets(), limit, offset).narrowed();
        let part = |from: i64, to: i64, offset, matches| {
            Some(Narrowed {
                first: (DAY + from) * HOUR,
                last: (DAY + to) * HOUR - 1,
                offset,
                matches,
            })
        };
        assert_eq!(of(4, 0), part(1, 2, 0, 4));
        assert_eq!(of(5, 0), part(0, 2, 0, 7));
        assert_eq!(of(3, 4), part(0, 1, 0, 3));
        assert_eq!(of(2, 5), part(0, 1, 1, 3));
        assert_eq!(of(100, 2006), part(-48, 0, 1999, 2010));
        assert_eq!(of(100, 2016), part(-48, -24, 9, 10));
        assert_eq!(of(100, 2017), None);
        assert_eq!(of(100, u64::MAX), None);
    }

    #[test]
    fn a_span_that_holds_a_lot_is_divided_where_the_page_ends_in_it() {
        assert_eq!(Narrowing::new(buckets(), 7, 0).coarse(), None);
        assert_eq!(Narrowing::new(buckets(), 5, 2008).coarse(), None);
        let mut narrowing = Narrowing::new(buckets(), 100, 500);
        let hours = |from, to| Stretch::Whole {
            grain: Grain::Hour,
            from: DAY + from,
            to: DAY + to,
        };
        let hour = |hour, events| Bucket::whole(Grain::Hour, DAY - 24 + hour, events);
        // The newest first, where a quarter of the day would be enough if its hours were alike; then the rest.
        assert_eq!(narrowing.coarse(), Some((2, hours(-11, 0))));
        narrowing.divide(2, &hours(-11, 0), vec![hour(20, 300)]);
        assert_eq!(narrowing.coarse(), Some((3, hours(-24, -11))));
        narrowing.divide(3, &hours(-24, -11), vec![hour(3, 1000), hour(5, 700)]);
        assert_eq!(narrowing.coarse(), None);
        let expected = Narrowed {
            first: (DAY - 19) * HOUR,
            last: (DAY - 18) * HOUR - 1,
            offset: 193,
            matches: 700,
        };
        assert_eq!(narrowing.narrowed(), Some(expected));
    }
}
