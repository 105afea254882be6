//! The hourly look at a day: what was recorded so late that no poll looked there any more.

use super::{FollowError, Follower, Keep, Note, Trail, taking::Task};
use crate::{api::Timestamp, query::Window};

impl<T: Trail, K: Keep> Follower<T, K> {
    /// How far back ids are remembered, and a day is checked.
    pub(super) fn remembered_for(&self) -> chrono::Duration {
        chrono::Duration::days(1).max(self.question.overlap)
    }

    /// Holds the count of the last day against the memory, once an hour, and at once where a checkpoint is gone on
    /// from: nobody looked while it lay there.
    pub(super) async fn check_if_due(&mut self) -> Result<(), FollowError<K::Error>> {
        let hour = chrono::Duration::hours(1);
        let clock = self.clock;
        // Either way: the clock may have been put back.
        let is_recent =
            |checked: Timestamp| checked.minus(hour) < clock && clock < checked.plus(hour);
        if self.checked.is_some_and(is_recent) {
            return Ok(());
        }
        if let Some(window) = self.closed_day() {
            self.check(window).await?;
        }
        self.forget();
        self.checked = Some(clock);
        Ok(())
    }

    /// From a day before the frontier, or as far back as is remembered, to where polls begin to look.
    fn closed_day(&self) -> Option<Window> {
        let position = self.position.as_ref()?;
        let memory = &position.memory;
        let first = position.start.max(memory.from());
        let start = position.frontier.minus(self.remembered_for());
        let start = memory.seam(start.max(first)).max(first);
        let end = position.look_from(self.question.overlap);
        let long_enough = start.plus(chrono::Duration::seconds(1)) < end;
        long_enough.then_some(Window {
            start: Some(start),
            end: Some(end),
        })
    }

    async fn check(&mut self, window: Window) -> Result<(), FollowError<K::Error>> {
        let newest = self.newest(window, 1).await?;
        let remembered = self.position.as_ref().map(|it| it.memory.count(window));
        if newest.total.is_some() && newest.total == remembered {
            return Ok(());
        }
        let before = self.tally.written;
        self.tally.longest = chrono::Duration::zero();
        self.read(window, Task::Check).await?;
        let count = self.tally.written - before;
        if count > 0 {
            self.last_new = self.clock;
            let longest = self.tally.longest;
            self.keep.say(Note::Late { count, longest });
        }
        Ok(())
    }

    /// What no check will look at again is forgotten. The newest event is part of it, so that a clock that is wrong
    /// for a while does not make everything look old.
    fn forget(&mut self) {
        let keep_for = self.remembered_for() + chrono::Duration::minutes(10);
        if let Some(position) = &mut self.position
            && let Some(newest) = position.memory.newest()
        {
            let before = position.frontier.min(newest).minus(keep_for);
            position.memory.forget_before(before);
        }
    }
}
