//! SIGHUP as the wish that a running server reads its configuration again.

use std::convert::Infallible;

use crate::{config::AuditLog, error::Error};

/// The signal's handler, in place from its making on.
#[derive(Debug)]
pub struct Reload {
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

impl Reload {
    /// Waits for SIGHUP from now on.
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            #[cfg(unix)]
            hangup: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())
                .map_err(Error::Signals)?,
        })
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if self.hangup.recv().await.is_some() {
            return;
        }
        std::future::pending().await
    }
}

/// Does `act` at each signal, for as long as it is asked to.
pub async fn each(reload: Option<Reload>, act: impl AsyncFn()) -> Infallible {
    let Some(mut reload) = reload else {
        return std::future::pending().await;
    };
    loop {
        reload.next().await;
        act().await;
    }
}

/// The keys that differ and hold from the start of a server to its end.
pub fn at_restart(before: &AuditLog, after: &AuditLog) -> Vec<&'static str> {
    let changed = [
        ("listen", before.listen != after.listen),
        ("store", before.store != after.store),
        ("retention", before.retention != after.retention),
        ("log", before.log != after.log),
        ("metrics", before.metrics != after.metrics),
        ("stopWithin", before.stop_within != after.stop_within),
        ("https", before.https.is_some() != after.https.is_some()),
    ];
    let changed = changed.into_iter().filter(|(_, differs)| *differs);
    changed.map(|(key, _)| key).collect()
}
