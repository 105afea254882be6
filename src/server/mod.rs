//! The audit-event API over a store, and beside it what an operator needs to see of the server.
//!
//! HTTP/1.1, with TLS or, behind a proxy that speaks it, without. Nothing here knows where the store's events come from.

mod admission;
mod answer;
mod answer_budget;
mod auth;
mod body;
mod connections;
mod error;
mod exposition;
mod health;
mod intake;
mod metrics;
mod operations;
mod peer;
mod post;
mod reads;
mod request_record;
mod retention;
mod route;
mod routes;
mod shared_pages;
mod tls;
mod visits;
mod write_queue;

use std::{
    convert::Infallible,
    future::{Future, pending},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::TcpListener,
    select,
    sync::watch,
    time::{Instant, timeout_at},
};

use crate::{output::Ui, store::Store};

pub use admission::Access;
pub use auth::{AcceptedTokens, Caller, Permission};
pub use error::ServeError;
pub use intake::Intake;
pub use metrics::Metrics;
pub use retention::keep as keep_retention;
pub use tls::{Tls, TlsError};

use admission::Admission;
use answer_budget::AnswerBudget;
use body::Bodies;
use connections::{Connections, Ended};
use health::Health;
use operations::Operations;
use reads::Reads;
use routes::Routes;
use shared_pages::SharedPages;
use write_queue::WriteQueue;

/// Connections at a time of those who operate the server.
const OPERATORS: usize = 16;
/// Time for what was answered to be recorded, even where requests took all of theirs.
const LAST_WRITES: Duration = Duration::from_secs(1);

/// What one server takes upon itself.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time; more wait outside.
    pub connections: usize,
    /// Time for the head of a request, and for the pause before it; also for a TLS handshake.
    pub head: Duration,
    /// Time for the body of a request.
    pub body: Duration,
    /// Time after which a connection takes no further request. Else a few clients that do not read could keep all.
    pub lifetime: Duration,
    /// Time for a request to end when its connection has to.
    pub grace: Duration,
    /// Time for requests to end when the server has to.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            lifetime: Duration::from_secs(600),
            grace: Duration::from_secs(30),
            stop: Duration::from_secs(10),
        }
    }
}

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    limits: Limits,
    tls: Option<watch::Receiver<Tls>>,
    operators: Option<TcpListener>,
    metrics: Arc<Metrics>,
}

impl Server {
    /// Listens on `listen`; port 0 takes a free one.
    pub async fn bind(listen: SocketAddr) -> Result<Self, ServeError> {
        Self::bind_with(listen, Limits::default()).await
    }

    /// Listens with limits of one's own.
    pub async fn bind_with(listen: SocketAddr, limits: Limits) -> Result<Self, ServeError> {
        let refused = |reason| ServeError::Listen {
            address: listen,
            reason,
        };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self {
            listener,
            address,
            limits,
            tls: None,
            operators: None,
            metrics: Arc::default(),
        })
    }

    /// Serves metrics and probes, too, to whoever reaches this address. Gives where that is: port 0 takes a free one.
    pub async fn with_metrics(self, listen: SocketAddr) -> Result<(Self, SocketAddr), ServeError> {
        let refused = |reason| ServeError::ListenMetrics {
            address: listen,
            reason,
        };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let server = Self {
            operators: Some(listener),
            ..self
        };
        Ok((server, address))
    }

    /// What is counted, for those who know of more than requests.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Speaks TLS alone. The certificate may change meanwhile: who connects is shown the newest.
    pub fn over_tls(self, tls: watch::Receiver<Tls>) -> Self {
        Self {
            tls: Some(tls),
            ..self
        }
    }

    /// The address that clients put before the path of the API.
    pub fn url(&self) -> String {
        let scheme = match self.tls {
            Some(_) => "https",
            None => "http",
        };
        format!("{scheme}://{}", self.address)
    }

    /// Answers who has one of `tokens` until `stop`; see [`Server::serve_while`].
    pub async fn serve(
        self,
        store: Store,
        tokens: AcceptedTokens,
        ui: Ui,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let (_unchanged, access) = watch::channel(Arc::new(tokens.into()));
        self.serve_while(store, access, ui, stop).await
    }

    /// Answers until `stop`; then requests under way end, and nothing new begins. `access` may change meanwhile.
    ///
    /// What the store fails at is told to `ui`, and to the client only that it failed.
    pub async fn serve_while(
        self,
        store: Store,
        access: watch::Receiver<Arc<Access>>,
        ui: Ui,
        stop: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let Self {
            listener,
            limits,
            tls,
            operators,
            metrics,
            ..
        } = self;
        let (write_queue, written) = WriteQueue::start(store.clone());
        let health = Arc::new(Health::new(store.clone(), write_queue.clone(), ui.clone()));
        let operations = Operations {
            metrics: Arc::clone(&metrics),
            health: Arc::clone(&health),
            store: store.clone(),
            ui: ui.clone(),
            most_connections: limits.connections,
            known: Default::default(),
        };
        let observed = observed(operators, operations);
        let handler = Arc::new(Routes {
            bodies: Bodies::new(limits.body),
            write_queue,
            reads: Arc::new(Reads::default()),
            admission: Admission::new(access),
            health: Arc::clone(&health),
            metrics: Arc::clone(&metrics),
            store,
            ui: ui.clone(),
            shared_pages: SharedPages::default(),
            answer_budget: AnswerBudget::default(),
        });
        let served = Connections {
            listener,
            tls,
            limits,
            handler,
            ui,
            metrics: Some(metrics),
        };
        let stop = async {
            stop.await;
            health.end();
        };
        let serving = async {
            let Ended { cut, deadline } = served.run(stop).await;
            // Who reads the trail does not wait until that is recorded; the end of the server does.
            let last = deadline.max(Instant::now() + LAST_WRITES);
            let _ = timeout_at(last, written).await;
            cut
        };
        // Until the last request has ended, who asks is told that the server is ending.
        let cut = select! {
            cut = serving => cut,
            never = observed => match never {},
        };
        match cut {
            0 => Ok(()),
            cut => Err(ServeError::CutOff(cut)),
        }
    }
}

/// Answers those who operate the server, if it listens for them, for as long as it is asked to.
async fn observed(listener: Option<TcpListener>, operations: Operations) -> Infallible {
    if let Some(listener) = listener {
        let operators = Connections {
            listener,
            tls: None,
            limits: Limits {
                connections: OPERATORS,
                ..Limits::default()
            },
            ui: operations.ui.clone(),
            handler: Arc::new(operations),
            metrics: None,
        };
        operators.run(pending()).await;
    }
    pending().await
}
