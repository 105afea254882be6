//! When the next request may go out: the decisions of the limiter, without a clock of their own.

use std::time::Duration;

use tokio::time::Instant;

/// What the next request has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Go,
    /// This moment.
    At(Instant),
    /// The end of a request that is under way.
    AfterAnother,
}

/// By what the answer to a request is told from those of other times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Bursts before it was sent.
    bursts: u64,
    /// Which request it was, from 1.
    number: u64,
    /// Whether no other was under way.
    alone: bool,
}

/// What is known of the requests of one client.
#[derive(Debug)]
pub struct Pace {
    /// Time between the beginnings of two requests, at least.
    spacing: Duration,
    /// Requests that are under way.
    under_way: usize,
    /// Requests that are under way or wait to be.
    wanted: usize,
    /// The most that were ever wanted at a time: more need not be allowed.
    most: usize,
    /// Requests that may be under way.
    allowance: usize,
    /// Pages that came since the allowance last changed.
    run: usize,
    /// How often requests were refused, those together that were under way together.
    bursts: u64,
    /// Requests sent so far.
    begun: u64,
    /// Requests that were refused while no other was under way, since the last page that came.
    strikes: u32,
    /// Nothing is sent before this moment: the server said so.
    held: Option<Hold>,
    /// Nothing is sent before this moment, to keep the spacing.
    spaced: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Hold {
    until: Instant,
    /// Whether it has been talked about.
    said: bool,
}

impl Pace {
    /// Nothing sent yet, and nothing known.
    pub fn new(spacing: Duration) -> Self {
        Self {
            spacing,
            under_way: 0,
            wanted: 0,
            most: 0,
            allowance: usize::MAX,
            run: 0,
            bursts: 0,
            begun: 0,
            strikes: 0,
            held: None,
            spaced: None,
        }
    }

    /// One more request is wanted.
    pub fn want(&mut self) {
        self.wanted += 1;
        self.most = self.most.max(self.wanted);
    }

    /// A request is over, or no longer wanted.
    pub fn end(&mut self, sent: bool) {
        self.wanted = self.wanted.saturating_sub(1);
        if sent {
            self.under_way = self.under_way.saturating_sub(1);
        }
    }

    /// What the next request waits for.
    pub fn next(&self, now: Instant) -> Next {
        let held = self.held.map(|hold| hold.until);
        match held.max(self.spaced) {
            Some(moment) if moment > now => Next::At(moment),
            _ if self.under_way >= self.allowance => Next::AfterAnother,
            _ => Next::Go,
        }
    }

    /// A request is sent.
    pub fn begin(&mut self, now: Instant) -> Mark {
        self.begun += 1;
        self.under_way += 1;
        if !self.spacing.is_zero() {
            self.spaced = Some(now + self.spacing);
        }
        Mark {
            bursts: self.bursts,
            number: self.begun,
            alone: self.under_way == 1,
        }
    }

    /// A page came. After as many as may be under way one more may be.
    pub fn passed(&mut self, mark: Mark) {
        self.strikes = 0;
        if mark.bursts != self.bursts || self.allowance >= self.most {
            return;
        }
        self.run += 1;
        if self.run >= self.allowance {
            self.allowance += 1;
            self.run = 0;
        }
    }

    /// A request was refused for being one too many. Gives how many were refused alone without a page in between.
    ///
    /// Only the first answer of a burst counts: the others were on their way when it came, and know nothing new. One that
    /// was not alone may have been refused for the others' sake: then fewer side by side are the remedy, and giving up
    /// is not. Since each burst halves them, one that goes on being refused is soon alone.
    pub fn refused(&mut self, mark: Mark) -> u32 {
        if mark.bursts == self.bursts {
            self.bursts += 1;
            self.allowance = (self.allowance.min(self.most) / 2).max(1);
            self.run = 0;
            if mark.alone && mark.number == self.begun {
                self.strikes = self.strikes.saturating_add(1);
            }
        }
        self.strikes
    }

    /// Nothing is sent before `until`. Says whether that is news: nothing was held back before.
    pub fn hold(&mut self, now: Instant, until: Instant, said: bool) -> bool {
        let before = self.held.filter(|hold| hold.until > now);
        self.held = Some(Hold {
            until: before.map_or(until, |hold| hold.until.max(until)),
            said: said || before.is_some_and(|hold| hold.said),
        });
        before.is_none()
    }

    /// How long requests are still held back, where nobody has talked about it: once.
    pub fn unsaid_hold(&mut self, now: Instant) -> Option<Duration> {
        let hold = self.held.as_mut()?;
        let unsaid = !std::mem::replace(&mut hold.said, true);
        let left = hold.until.saturating_duration_since(now);
        (unsaid && !left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Mark, Next, Pace};

    const SECOND: Duration = Duration::from_secs(1);

    /// Sends `count` requests side by side and gives their marks.
    fn side_by_side(pace: &mut Pace, now: Instant, count: usize) -> Vec<Mark> {
        let send = |_| {
            pace.want();
            assert_eq!(pace.next(now), Next::Go);
            pace.begin(now)
        };
        (0..count).map(send).collect()
    }

    /// Requests that may be under way when none is.
    fn allowance(pace: &mut Pace, now: Instant, asked: usize) -> usize {
        let mut sent = 0;
        while sent < asked && pace.next(now) == Next::Go {
            pace.want();
            pace.begin(now);
            sent += 1;
        }
        for _ in 0..sent {
            pace.end(true);
        }
        sent
    }

    #[test]
    fn a_burst_halves_what_may_be_under_way_once() {
        let (now, mut pace) = (Instant::now(), Pace::new(Duration::ZERO));
        for left in [4, 2, 1, 1] {
            let most = allowance(&mut pace, now, 8);
            for mark in side_by_side(&mut pace, now, most) {
                pace.refused(mark);
                pace.end(true);
            }
            assert_eq!(allowance(&mut pace, now, 8), left);
        }
    }

    #[test]
    fn one_more_may_be_under_way_after_a_run_of_pages_up_to_what_was_wanted() {
        let (now, mut pace) = (Instant::now(), Pace::new(Duration::ZERO));
        let marks = side_by_side(&mut pace, now, 4);
        pace.refused(marks[0]);
        for mark in marks {
            // Sent before the refusal: what they bring says nothing about the pace after it.
            pace.passed(mark);
            pace.end(true);
        }
        let mut allowed = Vec::new();
        for _ in 0..8 {
            allowed.push(allowance(&mut pace, now, 9));
            let mark = side_by_side(&mut pace, now, 1)[0];
            pace.passed(mark);
            pace.end(true);
        }
        assert_eq!(allowed[..5], [2, 2, 3, 3, 3]);
        // Four were wanted at most.
        assert_eq!(allowed[5..], [4, 4, 4]);
    }

    #[test]
    fn refusals_of_one_alone_count_up_to_the_next_page() {
        let (now, mut pace) = (Instant::now(), Pace::new(Duration::ZERO));
        let mut strikes = Vec::new();
        for passes in [false, false, true, false] {
            let mark = side_by_side(&mut pace, now, 1)[0];
            match passes {
                true => pace.passed(mark),
                false => strikes.push(pace.refused(mark)),
            }
            pace.end(true);
        }
        assert_eq!(strikes, [1, 2, 1]);
    }

    #[test]
    fn refusals_of_many_count_when_each_of_them_has_become_one_alone() {
        let (now, mut pace) = (Instant::now(), Pace::new(Duration::ZERO));
        let mut strikes = Vec::new();
        for count in [4, 2, 1, 1] {
            let marks = side_by_side(&mut pace, now, count);
            strikes.extend(marks.iter().map(|mark| pace.refused(*mark)));
            marks.iter().for_each(|_| pace.end(true));
        }
        assert_eq!(strikes, [0, 0, 0, 0, 0, 0, 1, 2]);
    }

    #[test]
    fn a_hold_is_never_shortened_and_is_talked_about_once() {
        let (now, mut pace) = (Instant::now(), Pace::new(Duration::ZERO));
        assert!(pace.hold(now, now + SECOND * 5, false));
        assert!(!pace.hold(now, now + SECOND, false));
        assert_eq!(pace.next(now), Next::At(now + SECOND * 5));
        assert_eq!(pace.unsaid_hold(now + SECOND), Some(SECOND * 4));
        assert_eq!(pace.unsaid_hold(now + SECOND), None);
        assert_eq!(pace.next(now + SECOND * 5), Next::Go);
        assert!(pace.hold(now + SECOND * 5, now + SECOND * 9, true));
        assert_eq!(pace.unsaid_hold(now + SECOND * 6), None);
    }

    #[test]
    fn spaced_requests_never_come_closer_after_a_rest_either() {
        let (now, mut pace) = (Instant::now(), Pace::new(SECOND));
        assert_eq!(pace.next(now), Next::Go);
        pace.begin(now);
        assert_eq!(pace.next(now), Next::At(now + SECOND));
        let later = now + SECOND * 60;
        assert_eq!(pace.next(later), Next::Go);
        pace.begin(later);
        assert_eq!(pace.next(later), Next::At(later + SECOND));
    }
}
