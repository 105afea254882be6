//! One limiter for all requests of a client, however many are under way side by side.
//!
//! What a server says to one request it says to the client: a wait that it asks for holds back all of them, and one
//! that is refused for being too many slows down all of them. What is decided is in [`Pace`]; here is the waiting.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::pace::{Mark, Next, Pace};

/// Lets requests out, each when it may.
#[derive(Debug)]
pub struct Limiter {
    pace: Mutex<Pace>,
    /// Held by the request that is next: first come, first served.
    turn: tokio::sync::Mutex<()>,
    /// Told when the one that is next should look again.
    changed: Notify,
}

/// A request's leave to be under way, until it is dropped.
#[derive(Debug)]
pub struct Permit<'a> {
    limiter: &'a Limiter,
    sent: bool,
    mark: Mark,
    /// How long it was waited for.
    pub waited: Duration,
}

impl Limiter {
    /// A limiter that keeps at least `spacing` between the beginnings of two requests.
    pub fn new(spacing: Duration) -> Self {
        Self {
            pace: Mutex::new(Pace::new(spacing)),
            turn: tokio::sync::Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Waits until a request may be sent. `say` is told of a wait that the server asked for and nobody was told of.
    pub async fn start(&self, say: impl Fn(Duration)) -> Permit<'_> {
        let asked = Instant::now();
        self.pace().want();
        // From here on a future that is dropped gives back what it has taken.
        let mut permit = Permit {
            limiter: self,
            sent: false,
            mark: Mark::default(),
            waited: Duration::ZERO,
        };
        let _turn = self.turn.lock().await;
        loop {
            let now = Instant::now();
            if let Some(left) = self.pace().unsaid_hold(now) {
                say(left);
            }
            let next = self.pace().next(now);
            match next {
                Next::Go => {
                    permit.mark = self.pace().begin(now);
                    permit.sent = true;
                    permit.waited = now - asked;
                    return permit;
                }
                Next::At(moment) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(moment) => {}
                        () = self.changed.notified() => {}
                    }
                }
                Next::AfterAnother => self.changed.notified().await,
            }
        }
    }

    /// Holds back every request for `wait`. Says whether that is news.
    ///
    /// `said` where the caller talks about it; else the first request that is held back does.
    pub fn hold(&self, wait: Duration, said: bool) -> bool {
        let now = Instant::now();
        self.pace().hold(now, now + wait, said)
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        // Nothing panics while it is held; and if, the counts would still be counts.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The request brought a page.
    pub fn passed(&self) {
        self.limiter.pace().passed(self.mark);
    }

    /// The request was one too many. Gives how many were refused alone, without a page in between.
    pub fn refused(&self) -> u32 {
        self.limiter.pace().refused(self.mark)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.limiter.pace().end(self.sent);
        self.limiter.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use tokio::{
        task::JoinSet,
        time::{Instant, sleep},
    };

    use super::Limiter;

    const SECOND: Duration = Duration::from_secs(1);

    fn silent(_: Duration) {}

    /// Seconds after `begun` at which `count` requests go out, each of which takes `spent`.
    async fn starts(limiter: &Arc<Limiter>, count: usize, spent: Duration) -> Vec<f64> {
        let begun = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            let limiter = Arc::clone(limiter);
            tasks.spawn(async move {
                let permit = limiter.start(silent).await;
                let at = begun.elapsed().as_secs_f64();
                sleep(spent).await;
                permit.passed();
                at
            });
        }
        let mut starts = tasks.join_all().await;
        starts.sort_by(f64::total_cmp);
        starts
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_held_back_without_a_reason() {
        let limiter = Arc::new(Limiter::new(Duration::ZERO));
        assert_eq!(starts(&limiter, 20, SECOND).await, [0.0; 20]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_holds_back_every_request() {
        let limiter = Arc::new(Limiter::new(Duration::ZERO));
        assert!(limiter.hold(6 * SECOND, true));
        assert_eq!(starts(&limiter, 3, SECOND).await, [6.0; 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_reaches_those_that_wait_for_another_reason() {
        let limiter = Arc::new(Limiter::new(SECOND));
        let waiting = tokio::spawn({
            let limiter = Arc::clone(&limiter);
            async move { starts(&limiter, 3, Duration::ZERO).await }
        });
        sleep(SECOND / 2).await;
        limiter.hold(6 * SECOND, true);
        assert_eq!(waiting.await.unwrap(), [0.0, 6.5, 7.5]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_spaces_requests_evenly() {
        let limiter = Arc::new(Limiter::new(SECOND / 4));
        let expected: Vec<_> = (0..8).map(|n| f64::from(n) / 4.0).collect();
        assert_eq!(starts(&limiter, 8, 10 * SECOND).await, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_burst_half_as_many_go_side_by_side() {
        let limiter = Arc::new(Limiter::new(Duration::ZERO));
        let mut permits = Vec::new();
        for _ in 0..4 {
            permits.push(limiter.start(silent).await);
        }
        for permit in &permits {
            permit.refused();
        }
        drop(permits);
        // Two, and three when two pages have come.
        let expected = [0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0];
        assert_eq!(starts(&limiter, 10, SECOND).await[..5], expected[..5]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_given_up_takes_no_place() {
        let limiter = Arc::new(Limiter::new(Duration::ZERO));
        limiter.start(silent).await.refused();
        let only = limiter.start(silent).await;
        let waiting = tokio::time::timeout(SECOND, limiter.start(silent)).await;
        assert!(waiting.is_err());
        drop(only);
        assert_eq!(starts(&limiter, 1, SECOND).await, [0.0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_nobody_talked_about_is_told_to_one() {
        let limiter = Limiter::new(Duration::ZERO);
        limiter.hold(6 * SECOND, false);
        let told = std::cell::RefCell::new(Vec::new());
        let say = |wait| told.borrow_mut().push(wait);
        let (first, second) = tokio::join!(limiter.start(say), limiter.start(say));
        assert_eq!((first.waited, second.waited), (6 * SECOND, 6 * SECOND));
        assert_eq!(*told.borrow(), [6 * SECOND]);
    }
}
