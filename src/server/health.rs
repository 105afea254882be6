//! Whether the server answers, and whether it can do its work.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use hyper::{
    Response, StatusCode,
    header::{self, HeaderValue},
};
use tokio::time::{Instant, timeout};

use super::{error::Refusal, route::Route, write_queue::WriteQueue};
use crate::{
    api::Timestamp,
    output::Ui,
    query::{Query, Window},
    store::{Store, StoreError},
};

/// How long the store may take to be read and written.
const BOUND: Duration = Duration::from_secs(2);
/// How long what was found holds: however many ask, the store is looked at once in this time.
const FRESH: Duration = Duration::from_secs(1);
/// How long a store counts as one that takes nothing, after it has refused events that cannot be stored otherwise.
const REFUSED: Duration = Duration::from_secs(10);

/// What is known of the server's health.
#[derive(Debug)]
pub(super) struct Health {
    store: Store,
    ui: Ui,
    /// None once the server ends.
    write_queue: Mutex<Option<WriteQueue>>,
    found: tokio::sync::Mutex<Found>,
}

#[derive(Debug)]
struct Found {
    at: Option<Instant>,
    state: Result<(), NotReady>,
}

/// The same, with what the log is told of it, and nobody else.
struct Trouble(NotReady, String);

/// Why the server cannot do its work. Anybody may know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum NotReady {
    #[error("the server is ending")]
    Ending,
    #[error("more is sent than can be stored")]
    Full,
    #[error("the store cannot be read")]
    Unreadable,
    #[error("the store cannot be written")]
    Unwritable,
    #[error("the store is slow")]
    Slow,
}

impl Health {
    pub(super) fn new(store: Store, write_queue: WriteQueue, ui: Ui) -> Self {
        Self {
            store,
            ui,
            write_queue: Mutex::new(Some(write_queue)),
            found: tokio::sync::Mutex::new(Found {
                at: None,
                state: Ok(()),
            }),
        }
    }

    /// From now on it is not ready, and nothing more is written from here.
    pub(super) fn end(&self) {
        *self
            .write_queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Who writes; none once the server ends.
    pub(super) fn write_queue(&self) -> Option<WriteQueue> {
        let write_queue = self.write_queue.lock();
        write_queue.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The answer to a probe; none where the route is not one.
    pub(super) async fn probed(&self, route: Route) -> Option<Response<String>> {
        let state = match route {
            Route::Healthz => Ok(()),
            Route::Readyz => self.state().await,
            Route::Events | Route::Metrics | Route::Other => return None,
        };
        Some(match state {
            Ok(()) => plain(StatusCode::OK, "ok\n".to_owned()),
            Err(why) => plain(
                StatusCode::SERVICE_UNAVAILABLE,
                format!("not ready: {why}\n"),
            ),
        })
    }

    /// Whether it can do its work.
    pub(super) async fn is_ready(&self) -> bool {
        self.state().await.is_ok()
    }

    async fn state(&self) -> Result<(), NotReady> {
        let Some(write_queue) = self.write_queue() else {
            return Err(NotReady::Ending);
        };
        let mut found = self.found.lock().await;
        if found.at.is_none_or(|at| at.elapsed() >= FRESH) {
            let looked = timeout(BOUND, self.look(&write_queue)).await;
            let looked = looked.unwrap_or(Err(NotReady::Slow.into()));
            let state = looked.as_ref().map_err(|trouble| trouble.0).copied();
            match looked {
                _ if state == found.state => {}
                Ok(()) => self.ui.note("ready again"),
                Err(Trouble(why, error)) => {
                    self.ui.warning(&format!("not ready: {why}{error}"));
                }
            }
            *found = Found {
                at: Some(Instant::now()),
                state,
            };
        }
        // It may have begun to end meanwhile.
        match self.write_queue() {
            Some(_) => found.state,
            None => Err(NotReady::Ending),
        }
    }

    async fn look(&self, write_queue: &WriteQueue) -> Result<(), Trouble> {
        if write_queue.refused_within(REFUSED) {
            return Err(NotReady::Unwritable.into());
        }
        let read = self.store.count(&last_minute()).await;
        read.map_err(|error| trouble(NotReady::Unreadable, &error))?;
        // A transaction that brings nothing: it takes its turn with the others, and the disk is not waited for.
        match write_queue.store(Vec::new()).await {
            Ok(_) => Ok(()),
            Err(Refusal::NotStored(error)) => Err(trouble(NotReady::Unwritable, &error)),
            Err(_) => Err(NotReady::Full.into()),
        }
    }
}

impl From<NotReady> for Trouble {
    fn from(why: NotReady) -> Self {
        Self(why, String::new())
    }
}

/// What the store's error means.
fn trouble(otherwise: NotReady, error: &StoreError) -> Trouble {
    let why = match error {
        StoreError::Locked | StoreError::TooSlow => NotReady::Slow,
        _ => otherwise,
    };
    Trouble(why, format!(": {error}"))
}

/// A question that any store answers at once.
fn last_minute() -> Query {
    let now = Timestamp::from(chrono::Utc::now());
    Query {
        window: Window {
            start: Some(now.minus(chrono::Duration::minutes(1))),
            end: Some(now),
        },
        filters: Vec::new(),
    }
}

/// A short answer for programs that look at its status.
pub(super) fn plain(status: StatusCode, text: String) -> Response<String> {
    let mut response = Response::new(text);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let mut put = |name, value| headers.insert(name, HeaderValue::from_static(value));
    put(header::CONTENT_TYPE, "text/plain; charset=utf-8");
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::CACHE_CONTROL, "no-store");
    response
}
