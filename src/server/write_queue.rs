//! The one who writes: what several requests bring at the same time is stored in one transaction, so that the disk is
//! waited for once.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::Utc;
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    task::{JoinHandle, spawn_blocking},
};

use super::error::Refusal;
use crate::{
    api::Event,
    store::{Store, StoreError, Writer},
};

/// Requests that wait to be stored. More are sent away: waiting longer than a sender does helps nobody.
const WAITING: usize = 128;
/// Events from which on a transaction takes no further request.
const MAX_EVENTS: usize = 20_000;

type Answer = Result<u64, Arc<StoreError>>;

/// The events of one request, and who waits for them to be stored.
struct Job {
    events: Vec<Event>,
    done: oneshot::Sender<Answer>,
}

/// Brings events to the store.
#[derive(Clone, Debug)]
pub(super) struct WriteQueue {
    jobs: mpsc::Sender<Job>,
    /// When the store last had no room, or could not be written for another reason that does not pass by itself.
    refused: Refused,
}

type Refused = Arc<Mutex<Option<Instant>>>;

impl WriteQueue {
    /// Starts to write. It ends when all is written and nobody is left who could bring more.
    pub(super) fn start(store: Store) -> (Self, JoinHandle<()>) {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let refused = Refused::default();
        let run = tokio::spawn(run(store, waiting, Arc::clone(&refused)));
        (Self { jobs, refused }, run)
    }

    /// Requests that wait, and how many can.
    pub(super) fn queue(&self) -> (usize, usize) {
        let most = self.jobs.max_capacity();
        (most - self.jobs.capacity(), most)
    }

    /// Whether the store could not be written so short a time ago.
    pub(super) fn refused_within(&self, time: Duration) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.is_some_and(|at| at.elapsed() < time)
    }

    /// Stores all of the events or none, and gives how many were new. They are on the disk when this returns.
    pub(super) async fn store(&self, events: Vec<Event>) -> Result<u64, Refusal> {
        let (done, stored) = oneshot::channel();
        self.jobs
            .try_send(Job { events, done })
            .map_err(|error| match error {
                TrySendError::Full(_) | TrySendError::Closed(_) => Refusal::Busy,
            })?;
        match stored.await {
            Ok(answer) => answer.map_err(Refusal::NotStored),
            Err(_) => Err(Refusal::NotStored(Arc::new(StoreError::BrokenOff))),
        }
    }
}

async fn run(store: Store, mut waiting: mpsc::Receiver<Job>, refused: Refused) {
    let mut writer = None;
    while let Some(first) = waiting.recv().await {
        let mut jobs = vec![first];
        let mut events = jobs.iter().map(|job| job.events.len()).sum::<usize>();
        while events < MAX_EVENTS
            && let Ok(job) = waiting.try_recv()
        {
            events += job.events.len();
            jobs.push(job);
        }
        let (store, kept, refused) = (store.clone(), mem::take(&mut writer), refused.clone());
        // A panic costs this transaction, whose senders see that nobody answers, and nothing else.
        writer = spawn_blocking(move || write(&store, kept, jobs, &refused))
            .await
            .unwrap_or_default();
    }
}

/// Stores what several brought and tells each. Gives the connection back, unless something was wrong with it.
fn write(
    store: &Store,
    writer: Option<Writer>,
    jobs: Vec<Job>,
    refused: &Mutex<Option<Instant>>,
) -> Option<Writer> {
    let senders: Vec<_> = jobs.iter().map(|job| job.events.as_slice()).collect();
    let written = writer
        .map_or_else(|| store.writer(), Ok)
        .and_then(|mut writer| Ok((writer.append_new(&senders, || Utc::now().into())?, writer)));
    match written {
        Ok((stored, writer)) => {
            for (job, stored) in jobs.into_iter().zip(stored) {
                let _ = job.done.send(Ok(stored));
            }
            Some(writer)
        }
        Err(error) => {
            let lasts = matches!(
                error,
                StoreError::Full | StoreError::ReadOnly | StoreError::Damaged(_)
            );
            if lasts {
                let mut refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
                *refused = Some(Instant::now());
            }
            let error = Arc::new(error);
            for job in jobs {
                let _ = job.done.send(Err(Arc::clone(&error)));
            }
            None
        }
    }
}
