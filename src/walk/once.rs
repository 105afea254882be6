//! One reading of a piece: page after page, until as many different events have come as the server counts.

use super::{
    Pages,
    crowd::{Crowd, MAX_BYTES},
    gathered::Gathered,
    learned::MAX_STUCK,
    piece::Reader,
};
use crate::api::Timestamp;

/// One reading under way.
pub struct Once {
    pub gathered: Gathered,
    /// Where the next page begins.
    pub offset: u64,
    pub total: Option<u64>,
    pub moment: Timestamp,
    /// Whether the last page may not be the end.
    pub full: bool,
    /// Whether the last page was shorter than was asked for.
    pub short: bool,
    /// Whether one answer brought all: then nothing can have moved under it.
    pub alone: bool,
    /// Events that are no help in cutting, and how many are newer than the others.
    pub passed_over: usize,
    pub newer: usize,
}

/// What one reading came to.
pub enum Attempt {
    /// All that there is.
    All(Once),
    /// As much as came; the count is another, or there is none.
    Other(Once),
    /// Something changed meanwhile.
    Changed,
    /// More than fits.
    Large(Once),
}

/// A page more of a reading.
struct Next {
    count: u64,
    new: usize,
    total: Option<u64>,
}

impl<P: Pages> Reader<P> {
    /// The first page, beside what is known.
    pub async fn first(&mut self) -> Result<Once, P::Error> {
        let offset = self.ask.known.skip;
        let seen = self.fetch(&[], offset).await?;
        let mut gathered = Gathered::beside(&self.ask.known.events);
        let offset = offset + seen.came;
        gathered.add(seen.events);
        Ok(Once {
            gathered,
            offset,
            total: seen.total,
            moment: seen.moment,
            full: seen.full,
            short: seen.short,
            alone: !seen.full,
            passed_over: 0,
            newer: 0,
        })
    }

    /// Fetches the next page; gives how many of its events are new.
    async fn next(&mut self, once: &mut Once) -> Result<Next, P::Error> {
        let seen = self.fetch(&[], once.offset).await?;
        let count = seen.came;
        once.offset += count;
        once.alone = false;
        (once.full, once.short) = (seen.full, seen.short);
        let new = once.gathered.add(seen.events);
        if count > 0 {
            self.learned.paged(new);
        }
        Ok(Next {
            count,
            new,
            total: seen.total,
        })
    }

    /// Reads the piece once through.
    pub async fn once(&mut self) -> Result<Attempt, P::Error> {
        let mut once = self.first().await?;
        if self.strays {
            self.learned.distrust();
        }
        let Some(total) = once.total.filter(|_| !self.learned.is_distrusted()) else {
            once.total = None;
            return self.without_total(once).await;
        };
        let (came, known) = (once.gathered.len(), self.ask.known.events.len() as u64);
        if came > total {
            return Ok(self.surplus(once));
        }
        if came == total && once.offset < self.ask.known.enough(total) {
            return Ok(self.without_known());
        }
        if came == total {
            return match total == 0 || (self.learned.counts && once.alone) {
                true => Ok(Attempt::All(once)),
                false => self.look_behind(once, total).await,
            };
        }
        let (rows, short) = (once.offset - self.ask.known.skip, once.short);
        if !once.full {
            let next = self.next(&mut once).await?;
            if next.total != Some(total) {
                return Ok(Attempt::Changed);
            }
            if next.count == 0 {
                // Fewer than are counted, and no more to come.
                return Ok(Attempt::Other(once));
            }
        }
        self.learned.cut_off(short.then_some(rows as usize));
        if known > 0 {
            let is_small = total <= self.learned.most() || rows < self.learned.capacity() as u64;
            return Ok(match self.ask.crowd || is_small {
                true => self.without_known(),
                false => Attempt::Large(once),
            });
        }
        let most = match self.restless {
            true => self.learned.capacity() as u64,
            false => self.learned.most(),
        };
        if total > most + self.allowance && !self.ask.crowd {
            self.look_ahead(&mut once).await?;
            return Ok(Attempt::Large(once));
        }
        self.read_on(once, total).await
    }

    /// Between several answers what a neighbour has shown may go while something else is missed: all of it is read here.
    fn without_known(&mut self) -> Attempt {
        self.allowance = self.ask.known.events.len() as u64;
        Attempt::Changed
    }

    /// Looks where a piece can end, where pages are smaller than pieces.
    async fn look_ahead(&mut self, once: &mut Once) -> Result<(), P::Error> {
        let ahead = self.learned.capacity() * 9 / 10 + self.allowance as usize;
        let came = once.gathered.events.len();
        if came < ahead {
            once.offset = ahead as u64;
            if self.next(once).await?.new > 0 {
                once.newer = ahead;
                once.passed_over = came;
            }
        }
        Ok(())
    }

    /// Reads on by offset, and in other ways, until as many have come as are counted.
    async fn read_on(&mut self, mut once: Once, total: u64) -> Result<Attempt, P::Error> {
        once.alone = false;
        while once.gathered.len() < total && once.offset < total {
            let next = self.next(&mut once).await?;
            if next.total != Some(total) {
                return Ok(Attempt::Changed);
            }
            if next.count == 0 || once.gathered.bytes > MAX_BYTES {
                break;
            }
        }
        if once.offset > total {
            // Chance may bring just as many different ones.
            return Ok(self.surplus(once));
        }
        let is_large = total > self.learned.capacity() as u64 + self.allowance;
        if once.gathered.len() == total {
            return match once.full {
                true => self.look_behind(once, total).await,
                false => Ok(Attempt::All(once)),
            };
        }
        if is_large && !self.ask.crowd {
            return Ok(Attempt::Large(once));
        }
        let mut crowd = Crowd::new(self, std::mem::take(&mut once.gathered), total);
        let is_whole = crowd.read().await?;
        let changed = crowd.changed;
        once.gathered = crowd.gathered;
        match (changed, is_whole) {
            (true, _) => Ok(Attempt::Changed),
            (false, true) => self.look_behind(once, total).await,
            (false, false) => Ok(Attempt::Other(once)),
        }
    }

    /// As many have come as are counted. That proves nothing while the count may be the page's own length, or end
    /// where the page ends: nothing may lie behind, and the count must stay.
    async fn look_behind(&mut self, mut once: Once, total: u64) -> Result<Attempt, P::Error> {
        once.offset = once.offset.max(total);
        let next = self.next(&mut once).await?;
        let own_length = next.total == Some(next.count);
        if next.total == Some(total) {
            if next.count == 0 {
                self.learned.counts = true;
                return Ok(Attempt::All(once));
            }
            return Ok(self.surplus(once));
        }
        if !self.learned.counts && own_length && total > 1 {
            self.learned.distrust();
            once.total = None;
            return self.without_total(once).await;
        }
        Ok(Attempt::Changed)
    }

    /// More has come than the server counts, which does not count on from there; or something was recorded just then.
    fn surplus(&mut self, mut once: Once) -> Attempt {
        self.surpluses += 1;
        if self.surpluses < 2 || !self.ask.known.events.is_empty() {
            return Attempt::Changed;
        }
        self.learned.cap(once.total.unwrap_or_default());
        if self.ask.crowd || once.gathered.len() <= self.learned.capacity() as u64 {
            return Attempt::Other(once);
        }
        once.total = None;
        Attempt::Large(once)
    }

    /// Nothing can be proven without a count; still nothing is to be left out.
    async fn without_total(&mut self, mut once: Once) -> Result<Attempt, P::Error> {
        let mut fruitless = 0;
        while once.full && fruitless < MAX_STUCK && once.gathered.bytes <= MAX_BYTES {
            let is_whole = self.ask.crowd || self.strays;
            if !is_whole && once.gathered.events.len() >= self.learned.capacity() {
                return Ok(Attempt::Large(once));
            }
            let next = self.next(&mut once).await?;
            // A page that was shorter for once is no end.
            once.full = next.count > 0;
            fruitless = match next.new {
                0 => fruitless + 1,
                _ => 0,
            };
        }
        Ok(Attempt::Other(once))
    }
}
