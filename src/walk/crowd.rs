//! What no cut in time makes small enough: read page after page, cut by filters, and read again until all have come.

use std::collections::BTreeMap;

use super::{Pages, gathered::Gathered, piece::Reader};
use crate::{
    api::{Event, Field},
    query::Filter,
};

/// Most bytes of such a piece that are held in memory.
pub const MAX_BYTES: usize = 24 << 20;
/// Passes over what cannot be cut. Ties in a new order each time need some.
const MAX_PASSES: u32 = 50;
/// Passes in a row that were the same page for page: the next will be, too.
const MAX_SAME: u32 = 3;
/// Filters on top of each other.
const MAX_DEPTH: usize = 3;

/// The reading of one crowd.
pub struct Crowd<'a, P> {
    reader: &'a mut Reader<P>,
    /// What has come.
    pub gathered: Gathered,
    total: u64,
    /// Whether the count changed on the way.
    pub changed: bool,
}

impl<'a, P: Pages> Crowd<'a, P> {
    pub fn new(reader: &'a mut Reader<P>, gathered: Gathered, total: u64) -> Self {
        Self {
            reader,
            gathered,
            total,
            changed: false,
        }
    }

    /// Whether as many have come as were counted.
    pub async fn read(&mut self) -> Result<bool, P::Error> {
        self.by_filters().await?;
        self.passes(&[], self.total).await?;
        Ok(self.gathered.len() == self.total)
    }

    fn is_over(&self) -> bool {
        self.changed
            || self.reader.strays
            || self.gathered.len() >= self.total
            || self.gathered.bytes > MAX_BYTES
    }

    /// Asks for each value seen of the field that divides best, and again for what is still too large.
    async fn by_filters(&mut self) -> Result<(), P::Error> {
        let mut open: Vec<Vec<Filter>> = vec![Vec::new()];
        while let Some(filters) = open.pop() {
            for filter in self.values(&filters) {
                if self.is_over() {
                    return Ok(());
                }
                let cut = [filters.as_slice(), &[filter]].concat();
                let seen = self.reader.fetch(&cut, 0).await?;
                let (rows, total) = (seen.events.len() as u64, seen.total.unwrap_or_default());
                self.gathered.add(seen.events);
                if total > rows && total < self.total {
                    match cut.len() < MAX_DEPTH && !self.values(&cut).is_empty() {
                        true => open.push(cut),
                        false => self.passes(&cut, total).await?,
                    }
                }
            }
        }
        Ok(())
    }

    /// A filter for each value of the field whose largest group is smallest.
    fn values(&self, filters: &[Filter]) -> Vec<Filter> {
        let sent = |field: Field| {
            let mut sent = self.reader.ask.filters.iter().chain(filters);
            sent.any(|filter| filter.field == field)
        };
        let rows: Vec<_> = self
            .gathered
            .events
            .iter()
            .filter(|event| filters.iter().all(|filter| filter.lets_through(event)))
            .collect();
        let mut best: Option<(usize, Vec<Filter>)> = None;
        for field in Field::FILTERED.into_iter().filter(|field| !sent(*field)) {
            let mut groups = BTreeMap::<&str, usize>::new();
            for event in &rows {
                *groups
                    .entry(event.text(field).unwrap_or_default())
                    .or_default() += 1;
            }
            let largest = groups.values().copied().max().unwrap_or_default();
            let named = groups.into_keys().filter(|value| !value.is_empty());
            let filters: Vec<_> = named.map(|value| Filter::equals(field, value)).collect();
            let helps = filters.len() <= 64 && largest * 10 < rows.len() * 9;
            if helps && best.as_ref().is_none_or(|(size, _)| largest < *size) {
                best = Some((largest, filters));
            }
        }
        best.map(|(_, filters)| filters).unwrap_or_default()
    }

    /// Passes until as many different events have come as are counted for these filters.
    async fn passes(&mut self, filters: &[Filter], total: u64) -> Result<(), P::Error> {
        let (mut pages, mut same) = (Vec::new(), 0);
        for _ in 0..MAX_PASSES {
            let come = |crowd: &Self| match filters {
                [] => crowd.gathered.len(),
                filters => {
                    let passes = |event: &&Event| filters.iter().all(|f| f.lets_through(event));
                    crowd.gathered.events.iter().filter(passes).count() as u64
                }
            };
            if self.is_over() || come(self) >= total || same >= MAX_SAME {
                return Ok(());
            }
            let before = std::mem::take(&mut pages);
            self.pass(filters, total, &mut pages).await?;
            same = if pages == before { same + 1 } else { 0 };
        }
        Ok(())
    }

    /// Reads page after page by offset; keeps the ids as they came.
    async fn pass(
        &mut self,
        filters: &[Filter],
        total: u64,
        ids: &mut Vec<String>,
    ) -> Result<(), P::Error> {
        let mut offset = 0;
        while offset < total && !self.is_over() {
            let seen = self.reader.fetch(filters, offset).await?;
            self.changed |= filters.is_empty() && seen.total != Some(total);
            if seen.came == 0 {
                return Ok(());
            }
            ids.extend(seen.events.iter().map(|event| event.id().to_owned()));
            self.gathered.add(seen.events);
            offset += seen.came;
        }
        Ok(())
    }
}
