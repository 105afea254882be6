//! Connections: how many there are, what each may take, and an end that cuts nobody off before its time.

use std::{convert::Infallible, future::Future, net::IpAddr, sync::Arc, time::Duration};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    select,
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{Limits, answer::Content, metrics::Metrics, tls::Tls};
use crate::output::Ui;

/// Largest head of a request, in bytes: Node's limit, and so a real Backstage's.
const MAX_HEAD: usize = 16 * 1024;

/// Answers requests.
pub(super) trait Handler: Send + Sync + 'static {
    /// The answer to a request of `peer`.
    fn answer(
        &self,
        peer: IpAddr,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Content>> + Send;
}

/// A listener and those who connect to it.
pub(super) struct Connections<H> {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<watch::Receiver<Tls>>,
    pub(super) limits: Limits,
    pub(super) handler: Arc<H>,
    pub(super) ui: Ui,
    /// Where connections are counted; none where they are not.
    pub(super) metrics: Option<Arc<Metrics>>,
}

/// How it ended.
pub(super) struct Ended {
    /// Connections that were cut off.
    pub(super) cut: usize,
    /// When the time to end was, or will be, over.
    pub(super) deadline: Instant,
}

/// How a connection ended.
enum End {
    Done,
    CutOff,
}

impl<H: Handler> Connections<H> {
    /// Answers until `stop`; then requests under way have their time to end, and nothing new begins.
    pub(super) async fn run(self, stop: impl Future<Output = ()>) -> Ended {
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
            let (permit, (stream, peer)) = select! {
                biased;
                () = &mut stop => break,
                next = next => next,
            };
            let connection = Connection {
                peer,
                handler: Arc::clone(&self.handler),
                limits: self.limits,
                stopped: stopped.clone(),
                ui: self.ui.clone(),
                counted: self.metrics.clone().map(Counted::new),
            };
            let tls = self.tls.as_ref().map(|tls| tls.borrow().clone());
            connections.spawn(async move {
                let _permit = permit;
                connection.drive(stream, tls).await
            });
            while connections.try_join_next().is_some() {}
        }
        drop(self.listener);
        drop(serving);
        let deadline = Instant::now() + self.limits.stop;
        let mut cut = 0;
        while let Ok(Some(ended)) = timeout_at(deadline, connections.join_next()).await {
            cut += usize::from(matches!(ended, Ok(End::CutOff)));
        }
        cut += connections.len();
        connections.shutdown().await;
        Ended { cut, deadline }
    }
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

/// One connection.
struct Connection<H> {
    peer: IpAddr,
    handler: Arc<H>,
    limits: Limits,
    stopped: watch::Receiver<()>,
    ui: Ui,
    counted: Option<Counted>,
}

impl<H: Handler> Connection<H> {
    /// The handshake, where there has to be one, and then the requests.
    async fn drive(mut self, stream: TcpStream, tls: Option<Tls>) -> End {
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls else {
            return self.answer(stream).await;
        };
        let greeted = select! {
            greeted = tls.accept(stream, self.limits.head) => greeted,
            _ = self.stopped.changed() => return End::Done,
        };
        match greeted {
            Ok(stream) => self.answer(stream).await,
            Err(error) => {
                if let Some(Counted(metrics)) = &self.counted {
                    metrics.handshake_failed();
                }
                let text = format!("no TLS with {}: {error}", self.peer);
                self.ui.trace(1, &text);
                End::Done
            }
        }
    }

    async fn answer(mut self, stream: impl AsyncRead + AsyncWrite + Unpin) -> End {
        let (handler, peer) = (&self.handler, self.peer);
        let service = service_fn(|request| {
            let handler = Arc::clone(handler);
            async move { Ok::<_, Infallible>(handler.answer(peer, request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head)
            .max_buf_size(MAX_HEAD)
            // Who has said all there is to say can still listen.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        // A client that breaks off or sends no HTTP is nobody's error here.
        let time = select! {
            _ = connection.as_mut() => return End::Done,
            _ = self.stopped.changed() => self.limits.stop,
            () = sleep(self.limits.lifetime) => self.limits.grace,
        };
        connection.as_mut().graceful_shutdown();
        match timeout(time, connection).await {
            Ok(_) => End::Done,
            Err(_) => End::CutOff,
        }
    }
}

/// A connection that is counted for as long as this lives.
struct Counted(Arc<Metrics>);

impl Counted {
    fn new(metrics: Arc<Metrics>) -> Self {
        metrics.connected();
        Self(metrics)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.disconnected();
    }
}
