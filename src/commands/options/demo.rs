//! The sample trail behind the real API: a store in memory, a server on this machine, a token of its own.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::sync::oneshot;

use crate::{
    api::Timestamp,
    demo::sample_trail,
    output::Ui,
    server::{AcceptedTokens, ServeError, Server},
    store::{Store, StoreError},
    token::{DEFAULT_BYTES, Encoding, Token, TokenError},
};

/// The sample trail, being served; it ends with this value.
pub struct Served {
    /// Address of the server.
    pub url: String,
    /// The token that it takes.
    pub token: Token,
    _stop: oneshot::Sender<()>,
}

/// Why the sample trail cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// They make no token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The store in memory failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No port, or a server that broke off.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// A token of 24 random bytes.
pub fn new_token() -> Result<Token, DemoError> {
    let mut bytes = [0; DEFAULT_BYTES as usize];
    getrandom::fill(&mut bytes).map_err(DemoError::Random)?;
    Ok(Token::from_random(&bytes, Encoding::Base64)?)
}

/// The sample trail in a store in memory.
pub fn demo_store(now: Timestamp) -> Result<Store, DemoError> {
    let store = Store::in_memory()?;
    store.writer()?.append(&sample_trail(now), None)?;
    Ok(store)
}

/// Serves the sample trail on a free port of the loopback interface.
pub async fn serve_demo(now: Timestamp, ui: Ui) -> Result<Served, DemoError> {
    let (token, store) = (new_token()?, demo_store(now)?);
    let server = Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let (url, accepted) = (
        server.url(),
        AcceptedTokens::from_iter([token.clone().into_secret()]),
    );
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        server.serve(store, accepted, ui, stopped).await
    });
    Ok(Served {
        url,
        token,
        _stop: stop,
    })
}
