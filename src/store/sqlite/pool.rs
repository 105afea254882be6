//! A few connections that only read, lent to one piece of work at a time on threads that may block.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use crate::store::error::StoreError;

/// SQLite steps between two looks at the clock: some tens of microseconds.
const STEPS: i32 = 1000;

/// The connections. Each is back as soon as its work has ended, whichever way.
#[derive(Debug)]
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
    bound: Duration,
}

impl Readers {
    /// `bound` is how long one piece of work may take.
    pub(super) fn new(connections: Vec<Connection>, bound: Duration) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(connections.len())),
            idle: Arc::new(Mutex::new(connections)),
            bound,
        }
    }

    /// Runs `work` with a connection that nobody else has. Who stops waiting stops the work too.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::BrokenOff)?;
        let mut lent = Lent {
            connection: lock(&self.idle).pop(),
            idle: Arc::clone(&self.idle),
            _permit: permit,
        };
        let waiting = Waiting::default();
        let given_up = Arc::clone(&waiting.given_up);
        let bound = self.bound;
        let done = spawn_blocking(move || {
            let connection = lent.connection.as_mut().ok_or(StoreError::BrokenOff)?;
            let deadline = Instant::now() + bound;
            let stop = move || given_up.load(Ordering::Relaxed) || Instant::now() >= deadline;
            connection.progress_handler(STEPS, Some(stop))?;
            work(connection)
        });
        done.await.unwrap_or(Err(StoreError::BrokenOff))
    }
}

fn lock(idle: &Mutex<Vec<Connection>>) -> std::sync::MutexGuard<'_, Vec<Connection>> {
    // A panic elsewhere cannot have left a list of connections half changed.
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection on its way; the permit goes back after the connection.
struct Lent {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Lent {
    fn drop(&mut self) {
        lock(&self.idle).extend(self.connection.take());
    }
}

/// Lives as long as somebody waits for the answer.
#[derive(Default)]
struct Waiting {
    given_up: Arc<AtomicBool>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use rusqlite::Connection;
    use tokio::{sync::oneshot, task::yield_now};

    use super::{Readers, StoreError};

    const LONG: Duration = Duration::from_secs(60);

    fn readers(count: usize, bound: Duration) -> Readers {
        let open = |_| Connection::open_in_memory().unwrap();
        Readers::new((0..count).map(open).collect(), bound)
    }

    fn endless(connection: &mut Connection) -> Result<i64, StoreError> {
        let sql =
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
        Ok(connection.query_row(sql, [], |row| row.get(0))?)
    }

    fn one(connection: &mut Connection) -> Result<i64, StoreError> {
        Ok(connection.query_row("SELECT 1", [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn work_past_its_bound_is_stopped_and_the_connection_goes_on() {
        let readers = readers(1, Duration::ZERO);
        for _ in 0..3 {
            let stopped = readers.run(endless).await;
            assert!(matches!(stopped, Err(StoreError::TooSlow)));
        }
        assert_eq!(readers.run(one).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn slow_work_holds_up_nobody_while_a_connection_is_free() {
        let readers = readers(2, LONG);
        let (release, released) = mpsc::channel::<()>();
        let slow = readers.run(move |_| Ok(released.recv().is_ok()));
        tokio::pin!(slow);
        let quick = async {
            for _ in 0..100 {
                assert_eq!(readers.run(one).await.unwrap(), 1);
            }
        };
        tokio::select! {
            biased;
            _ = &mut slow => panic!("nothing has released the slow one"),
            () = quick => release.send(()).unwrap(),
        }
        assert!(slow.await.unwrap());
    }

    #[tokio::test]
    async fn a_question_that_nobody_waits_for_any_more_is_stopped() {
        let readers = readers(1, LONG);
        let (started, running) = oneshot::channel();
        {
            let abandoned = readers.run(move |connection| {
                started.send(()).unwrap();
                endless(connection)
            });
            tokio::select! {
                _ = abandoned => panic!("it has no end"),
                running = running => running.unwrap(),
            }
        }
        // The only connection comes back, although the work had no end.
        assert_eq!(readers.run(one).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_panic_costs_no_connection() {
        let readers = readers(1, LONG);
        let broken = readers.run::<()>(|_| panic!("on purpose")).await;
        assert!(matches!(broken, Err(StoreError::BrokenOff)));
        yield_now().await;
        assert_eq!(readers.run(one).await.unwrap(), 1);
    }
}
