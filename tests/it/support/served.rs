//! The real server in the test's own process, and plain requests to it.

use std::net::{Ipv4Addr, SocketAddr};

use auditlog::{
    api::AUDIT_EVENT_PATH,
    output::Ui,
    server::{Limits, ServeError, Server},
    store::Store,
};
use tokio::{sync::oneshot, task::JoinHandle};

/// The token that it accepts.
pub const TOKEN: &str = "ref-audit-reader-token-0002";

/// A server on a port of its own.
pub struct Served {
    pub address: SocketAddr,
    client: reqwest::Client,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Served {
    pub async fn start(store: Store) -> Self {
        Self::start_with(store, Limits::default()).await
    }

    pub async fn start_with(store: Store, limits: Limits) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::bind_with(listen, limits).await.expect("a port");
        let address = server.url().strip_prefix("http://").map(str::parse);
        let address = address.expect("a plain URL").expect("an address");
        let (stop, stopped) = oneshot::channel();
        let tokens = [TOKEN.into()].into_iter().collect();
        let stopped = async { stopped.await.unwrap_or_default() };
        let serving = server.serve(store, tokens, Ui::default(), stopped);
        Self {
            address,
            client: client(),
            stop,
            serving: tokio::spawn(serving),
        }
    }

    /// A GET of the endpoint with the token.
    pub async fn ask(&self, pairs: &[(&str, String)]) -> (u16, String) {
        let mut url = reqwest::Url::parse(&self.url(AUDIT_EVENT_PATH)).expect("a URL");
        url.query_pairs_mut().extend_pairs(pairs);
        let request = self.client.get(url).bearer_auth(TOKEN);
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("a body"))
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks the server to stop, without waiting for it.
    pub fn begin_stop(self) -> JoinHandle<Result<(), ServeError>> {
        let _ = self.stop.send(());
        self.serving
    }

    pub async fn stop(self) {
        drop(self.client);
        let _ = self.stop.send(());
        let ended = self.serving.await.expect("the server does not panic");
        ended.expect("every request ends");
    }
}

/// A client that goes straight to where it is told.
pub fn client() -> reqwest::Client {
    // A second test that installs it is refused, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build();
    client.expect("a client")
}
