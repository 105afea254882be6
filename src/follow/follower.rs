//! The loop: polls, pauses, and what is done when the server is away.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{
    End, FollowError, Keep, Note, Position, Question, Renewed, Trail,
    taking::Tally,
    trouble::{Trouble, jittered, next_wait},
};
use crate::{
    api::{Field, Timestamp},
    source::SourceError,
};

/// A position in which nothing has changed but its frontier is kept as often as this.
const KEEP_AT_LEAST: Duration = Duration::from_secs(60);
/// Events that a poll asks for, unless more came the last time.
pub(super) const FIRST_LIMIT: u32 = 100;

/// A trail being followed.
pub struct Follower<T, K> {
    pub(super) trail: T,
    pub(super) keep: K,
    pub(super) question: Question,
    pub(super) position: Option<Position>,
    pub(super) tally: Tally,
    /// Whether what is there already is known; before that there is nothing to keep.
    pub(super) begun: bool,
    /// Whether the source has answered in this run.
    pub(super) met: bool,
    /// The source's clock in its last answer.
    pub(super) clock: Timestamp,
    /// When a day was last checked, by that clock.
    pub(super) checked: Option<Timestamp>,
    /// When the last event came, by that clock.
    pub(super) last_new: Timestamp,
    /// Filters that let other events through.
    pub(super) withheld: Vec<Field>,
    /// Events that the next poll asks for.
    pub(super) limit: u32,
    /// Whether the server is known to count beyond a page.
    pub(super) counts: bool,
    /// The number of the last reading.
    pub(super) round: u32,
    pub(super) said: Said,
    random: Box<dyn FnMut() -> f64>,
    away: Option<Away>,
}

/// What is said once.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub following: bool,
    pub unproven: bool,
    pub forgets: bool,
}

/// A server that has failed.
struct Away {
    since: Instant,
    failures: u32,
    said: bool,
    said_refused: bool,
}

impl<T: Trail, K: Keep> Follower<T, K> {
    /// Goes on from a position, or begins. `now` is this machine's clock, until the source tells its own; `random` gives
    /// numbers between 0 and 1.
    pub fn new(
        trail: T,
        keep: K,
        question: Question,
        position: Option<Position>,
        now: Timestamp,
        random: impl FnMut() -> f64 + 'static,
    ) -> Self {
        Self {
            trail,
            keep,
            limit: FIRST_LIMIT.min(question.page_size),
            question,
            begun: position.is_some(),
            position,
            tally: Tally::new(),
            met: false,
            clock: now,
            checked: None,
            last_new: now,
            withheld: Vec::new(),
            counts: false,
            round: 0,
            said: Said::default(),
            random: Box::new(random),
            away: None,
        }
    }

    /// Follows until its end. Dropping the future leaves everything in order for [`Follower::close`].
    pub async fn run(&mut self) -> Result<End, FollowError<K::Error>> {
        loop {
            let wait = match self.turn().await {
                Ok(Some(end)) => return Ok(end),
                Ok(None) => jittered(self.question.interval, (self.random)()),
                Err(FollowError::Source(error)) => self.handle_failure(error).await?,
                Err(error) => return Err(error),
            };
            sleep(wait).await;
        }
    }

    /// Keeps what was written and where it stands. Not called after a failure to write.
    pub fn close(&mut self) -> Result<(), FollowError<K::Error>> {
        self.keep.flush().map_err(FollowError::Output)?;
        match &self.position {
            Some(position) if self.begun => self.keep.keep(position).map_err(FollowError::Keep),
            _ => Ok(()),
        }
    }

    /// Where the events go.
    pub fn keep(&mut self) -> &mut K {
        &mut self.keep
    }

    /// Events written in this run.
    pub fn written(&self) -> u64 {
        self.tally.written
    }

    /// One poll, and what goes before and behind it.
    async fn turn(&mut self) -> Result<Option<End>, FollowError<K::Error>> {
        self.begin().await?;
        self.show_tail().await?;
        // Before the poll moves the frontier: of a position that lay still for days, the day before it is checked.
        self.check_if_due().await?;
        self.poll().await?;
        self.report_return();
        self.say_what_is_new();
        self.keep_if_changed()?;
        Ok(self.end())
    }

    fn end(&self) -> Option<End> {
        let clock = self.clock;
        let enough = self.question.is_enough(&self.tally);
        let over = self
            .question
            .query
            .window
            .end
            .is_some_and(|end| clock > end);
        if enough || over {
            return Some(End::Done);
        }
        let quiet = clock.utc().signed_duration_since(self.last_new.utc());
        let stalled = self.question.stall_after.is_some_and(|most| quiet >= most);
        stalled.then_some(End::Stalled {
            last: self.tally.newest,
            clock,
        })
    }

    fn say_what_is_new(&mut self) {
        let Some(position) = &self.position else {
            return;
        };
        if !std::mem::replace(&mut self.said.following, true) {
            let start = position.start;
            self.keep.say(Note::Following { start });
        }
        let reach = self
            .clock
            .utc()
            .signed_duration_since(position.memory.from().utc());
        let forgets = position.memory.has_overflowed() && reach < self.remembered_for();
        if forgets && !std::mem::replace(&mut self.said.forgets, true) {
            self.keep.say(Note::Forgets { reach });
        }
    }

    fn keep_if_changed(&mut self) -> Result<(), FollowError<K::Error>> {
        self.keep.flush().map_err(FollowError::Output)?;
        let (Some(position), true) = (&self.position, self.begun) else {
            return Ok(());
        };
        let recent = self
            .tally
            .kept
            .is_some_and(|kept| kept.elapsed() < KEEP_AT_LEAST);
        if self.tally.changed || !recent {
            self.keep.keep(position).map_err(FollowError::Keep)?;
            self.tally.changed = false;
            self.tally.kept = Some(Instant::now());
        }
        Ok(())
    }

    /// What to do about a source that failed: how long to wait, or that there is nothing to wait for.
    async fn handle_failure(
        &mut self,
        error: SourceError,
    ) -> Result<Duration, FollowError<K::Error>> {
        let mut refused = None;
        let mut renewed = false;
        match Trouble::of(&error, self.met) {
            Trouble::Final => return Err(error.into()),
            Trouble::Away => {}
            Trouble::Token => match self.trail.renew().await {
                Renewed::Fixed => return Err(error.into()),
                Renewed::Other => renewed = true,
                Renewed::Same => refused = Some(None),
                Renewed::Unreadable(why) => refused = Some(Some(why)),
            },
        }
        // What came before it failed is not held back.
        self.keep_if_changed()?;
        let away = self.away.get_or_insert_with(|| Away {
            since: Instant::now(),
            failures: 0,
            said: false,
            said_refused: false,
        });
        away.failures = away.failures.saturating_add(1);
        match refused {
            Some(why) if !std::mem::replace(&mut away.said_refused, true) => {
                self.keep.say(Note::Refused { why });
            }
            // One failure alone is nothing to talk about.
            None if !renewed && away.failures > 1 && !std::mem::replace(&mut away.said, true) => {
                let ago = away.since.elapsed();
                self.keep.say(Note::Away { why: &error, ago });
            }
            _ => {}
        }
        // A new token is tried at once; should the next be refused as well, in time.
        if renewed && away.failures == 1 {
            return Ok(Duration::ZERO);
        }
        Ok(next_wait(away.failures, &error, (self.random)()))
    }

    /// Says so, once, if it was away.
    pub(super) fn report_return(&mut self) {
        if let Some(away) = self.away.take()
            && (away.said || away.said_refused)
        {
            let after = away.since.elapsed();
            self.keep.say(Note::Back { after });
        }
    }
}
