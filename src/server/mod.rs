//! The audit-event API over a store: connections, their limits, and an end that cuts nobody off.
//!
//! HTTP/1.1, with TLS or, behind a proxy that speaks it, without. Nothing here knows where the store's events come from.

mod auth;
mod body;
mod door;
mod error;
mod peer;
mod post;
mod reads;
mod retention;
mod routes;
mod sieve;
mod tls;
mod visits;
mod writing;

use std::{
    convert::Infallible,
    future::Future,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    select,
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{output::Ui, store::Store};

pub use auth::{AcceptedTokens, Caller, Permission};
pub use door::Access;
pub use error::ServeError;
pub use retention::keep as keep_retention;
pub use sieve::Sieve;
pub use tls::{Tls, TlsError};

use body::Bodies;
use door::Door;
use reads::Reads;
use routes::Routes;
use writing::Writing;

/// Largest head of a request, in bytes: Node's limit, and so a real Backstage's.
const MAX_HEAD: usize = 16 * 1024;

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
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            lifetime: Duration::from_secs(600),
            grace: Duration::from_secs(30),
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
        })
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
        let door = Door::new(access);
        let (writing, written) = Writing::start(store.clone());
        let routes = Arc::new(Routes {
            bodies: Bodies::new(self.limits.body),
            writing,
            reads: Arc::new(Reads::default()),
            door,
            store,
            ui,
        });
        let permits = Arc::new(Semaphore::new(self.limits.connections));
        // Its sender says all there is to say by being dropped.
        let (serving, stopped) = watch::channel(());
        let mut connections = JoinSet::new();
        tokio::pin!(stop);
        loop {
            let next = async {
                let permit = Arc::clone(&permits).acquire_owned().await;
                (permit, accept(&self.listener).await)
            };
            let (permit, stream) = select! {
                biased;
                () = &mut stop => break,
                next = next => next,
            };
            let tls = self.tls.as_ref().map(|tls| tls.borrow().clone());
            let drive = drive(
                stream,
                tls,
                Arc::clone(&routes),
                self.limits,
                stopped.clone(),
            );
            connections.spawn(async move {
                let _permit = permit;
                drive.await
            });
            while connections.try_join_next().is_some() {}
        }
        drop(self.listener);
        drop(serving);
        let mut cut = 0;
        while let Some(ended) = connections.join_next().await {
            cut += usize::from(matches!(ended, Ok(End::CutOff)));
        }
        // Who reads the trail does not wait until that is recorded; the end of the server does.
        drop(routes);
        let _ = timeout(self.limits.grace, written).await;
        match cut {
            0 => Ok(()),
            cut => Err(ServeError::CutOff(cut)),
        }
    }
}

/// How a connection ended.
enum End {
    Done,
    CutOff,
}

/// The next connection. What goes wrong is the client's doing, or a lack of file handles that passes.
async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer.ip()),
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

/// The handshake, where there has to be one, and then the requests.
async fn drive(
    (stream, peer): (TcpStream, IpAddr),
    tls: Option<Tls>,
    routes: Arc<Routes>,
    limits: Limits,
    mut stopped: watch::Receiver<()>,
) -> End {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return answer(stream, peer, routes, limits, stopped).await;
    };
    let greeted = select! {
        greeted = tls.accept(stream, limits.head) => greeted,
        _ = stopped.changed() => return End::Done,
    };
    match greeted {
        Ok(stream) => answer(stream, peer, routes, limits, stopped).await,
        Err(error) => {
            let text = format!("no TLS with {peer}: {error}");
            routes.ui.trace(1, &text);
            End::Done
        }
    }
}

async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: IpAddr,
    routes: Arc<Routes>,
    limits: Limits,
    mut stopped: watch::Receiver<()>,
) -> End {
    let service = service_fn(|request| {
        let routes = Arc::clone(&routes);
        async move { Ok::<_, Infallible>(routes.answer(peer, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(MAX_HEAD)
        // Who has said all there is to say can still listen.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // A client that breaks off or sends no HTTP is nobody's error here.
    select! {
        _ = connection.as_mut() => return End::Done,
        _ = stopped.changed() => {}
        () = sleep(limits.lifetime) => {}
    }
    connection.as_mut().graceful_shutdown();
    match timeout(limits.grace, connection).await {
        Ok(_) => End::Done,
        Err(_) => End::CutOff,
    }
}
