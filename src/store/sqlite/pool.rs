//! A few connections that only read, lent to one piece of work at a time. What may take long is done on threads that may
//! block; what is mostly over in a moment is tried first where it is asked, because to hand it over takes longer.

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
    time::timeout,
};

use super::location::BUSY;
use crate::store::error::StoreError;

/// SQLite steps between two looks at the clock: some tens of microseconds.
const STEPS: i32 = 1000;
/// How long work may hold up the thread that asks for it.
const MOMENT: Duration = Duration::from_micros(300);
/// Steps between two looks at the clock meanwhile: a few rows, should each have to come from a slow disk.
const MOMENT_STEPS: i32 = 32;

/// The connections. Each is back as soon as its work has ended, whichever way.
#[derive(Debug)]
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
    bound: Duration,
}

impl Readers {
    /// `bound` is how long one piece of work may take, waiting for a connection included.
    pub(super) fn new(connections: Vec<Connection>, bound: Duration) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(connections.len())),
            idle: Arc::new(Mutex::new(connections)),
            bound,
        }
    }

    /// Runs `work` with a connection that nobody else has. Dropped, it stops the work, too.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + self.bound;
        let lent = self.lend().await?;
        hand_over(lent, deadline, work).await
    }

    /// As `run`, for work that is mostly over in a moment: what is not is begun anew on a thread that may block.
    pub(super) async fn run_at_once<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + self.bound;
        let mut lent = self.lend().await?;
        match lent.for_a_moment(&work) {
            Err(StoreError::TooSlow | StoreError::Locked) => hand_over(lent, deadline, work).await,
            done => done,
        }
    }

    async fn lend(&self) -> Result<Lent, StoreError> {
        let permit = timeout(self.bound, Arc::clone(&self.permits).acquire_owned());
        let permit = permit.await.map_err(|_| StoreError::TooSlow)?;
        let permit = permit.map_err(|_| StoreError::BrokenOff)?;
        Ok(Lent {
            connection: lock(&self.idle).pop(),
            idle: Arc::clone(&self.idle),
            _permit: permit,
        })
    }
}

/// Runs `work` on a thread that may block, until the deadline at the latest.
async fn hand_over<T: Send + 'static>(
    mut lent: Lent,
    deadline: Instant,
    work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let waiting = Waiting::default();
    let given_up = Arc::clone(&waiting.given_up);
    let done = spawn_blocking(move || {
        let stop = move || given_up.load(Ordering::Relaxed) || Instant::now() >= deadline;
        work(lent.stopped_by(STEPS, stop)?)
    });
    done.await.unwrap_or(Err(StoreError::BrokenOff))
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

impl Lent {
    /// The connection, whose statements end with an error as soon as `stop` says so.
    fn stopped_by(
        &mut self,
        steps: i32,
        stop: impl FnMut() -> bool + Send + 'static,
    ) -> Result<&mut Connection, StoreError> {
        let connection = self.connection.as_mut().ok_or(StoreError::BrokenOff)?;
        connection.progress_handler(steps, Some(stop))?;
        Ok(connection)
    }

    /// Tries `work` on this thread, for which no lock is waited either.
    fn for_a_moment<T>(
        &mut self,
        work: impl Fn(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let deadline = Instant::now() + MOMENT;
        let connection = self.stopped_by(MOMENT_STEPS, move || Instant::now() >= deadline)?;
        connection.busy_timeout(Duration::ZERO)?;
        let done = work(connection);
        connection.busy_timeout(BUSY)?;
        done
    }
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
    use std::{sync::mpsc, thread, time::Duration};

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
    async fn who_waits_too_long_for_a_connection_is_told_so() {
        let readers = readers(1, Duration::from_millis(20));
        let (release, released) = mpsc::channel::<()>();
        let slow = readers.run(move |_| Ok(released.recv().is_ok()));
        tokio::pin!(slow);
        tokio::select! {
            biased;
            _ = &mut slow => panic!("nothing has released the slow one"),
            waited = readers.run(one) => assert!(matches!(waited, Err(StoreError::TooSlow))),
        }
        release.send(()).unwrap();
        assert!(slow.await.unwrap());
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
    async fn what_is_over_in_a_moment_never_leaves_the_thread() {
        let readers = readers(1, LONG);
        let here = thread::current().id();
        let there = readers.run_at_once(move |connection| {
            one(connection)?;
            Ok(thread::current().id())
        });
        assert_eq!(there.await.unwrap(), here);
    }

    #[tokio::test]
    async fn what_takes_longer_than_a_moment_ends_on_another_thread() {
        let readers = readers(1, LONG);
        let here = thread::current().id();
        let there = readers.run_at_once(move |connection| {
            let there = thread::current().id();
            let work = if there == here { endless } else { one };
            work(connection)?;
            Ok(there)
        });
        assert_ne!(there.await.unwrap(), here);
    }

    #[tokio::test]
    async fn what_a_lock_holds_up_waits_on_another_thread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("locked.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch("CREATE TABLE t (n); BEGIN EXCLUSIVE")
            .unwrap();
        let readers = Readers::new(vec![Connection::open(&path).unwrap()], LONG);
        let read = readers.run_at_once(|connection| {
            Ok(connection.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))?)
        });
        tokio::pin!(read);
        tokio::select! {
            biased;
            read = &mut read => panic!("nothing has been released: {read:?}"),
            () = yield_now() => writer.execute_batch("COMMIT").unwrap(),
        }
        assert_eq!(read.await.unwrap(), 0);
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
