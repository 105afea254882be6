//! The sample trail behind the real API: a store in memory, a server on this machine, a token of its own.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::sync::oneshot;

use super::token::new_token;
use crate::{
    api::Timestamp,
    demo::sample_trail,
    error::Error,
    output::Ui,
    server::{AcceptedTokens, Server},
    store::Store,
    token::Token,
};

/// The sample trail, being served; it ends with this value.
pub struct Served {
    /// Address of the server.
    pub url: String,
    /// The token that it takes.
    pub token: Token,
    _stop: oneshot::Sender<()>,
}

/// The sample trail in a store in memory.
pub fn store(now: Timestamp) -> Result<Store, Error> {
    let store = Store::in_memory()?;
    store.writer()?.append(&sample_trail(now), None)?;
    Ok(store)
}

/// Serves the sample trail on a free port of the loopback interface.
pub async fn serve(now: Timestamp, ui: Ui) -> Result<Served, Error> {
    let (token, store) = (new_token()?, store(now)?);
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
