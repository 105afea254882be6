//! Signals as the wish that the program ends.

use tokio::sync::watch;

use crate::error::Error;

/// SIGINT, SIGTERM and, unless it means something else, SIGHUP.
struct Stop {
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
}

impl Stop {
    /// The handlers are in place when this returns.
    #[cfg(unix)]
    fn new(at_hangup: bool) -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
        kinds.extend(at_hangup.then(SignalKind::hangup));
        let signals = kinds.into_iter().map(signal).collect::<Result<_, _>>();
        Ok(Self {
            signals: signals.map_err(Error::Signals)?,
        })
    }

    #[cfg(not(unix))]
    fn new(_at_hangup: bool) -> Result<Self, Error> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let mut signals = self.signals.iter_mut();
            match signals.any(|signal| signal.poll_recv(context).is_ready()) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Done when the first of the signals arrives.
pub(super) fn stop_signal(at_hangup: bool) -> Result<impl Future<Output = ()>, Error> {
    let mut stop = Stop::new(at_hangup)?;
    Ok(async move { stop.next().await })
}

/// How many of the signals have arrived, for as long as the program runs.
pub(super) fn stop_signals(at_hangup: bool) -> Result<watch::Receiver<u32>, Error> {
    let mut stop = Stop::new(at_hangup)?;
    let (arrived, count) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            stop.next().await;
            arrived.send_modify(|count| *count += 1);
        }
    });
    Ok(count)
}

/// Done when so many have arrived.
pub(super) async fn reaches(mut count: watch::Receiver<u32>, least: u32) {
    if count.wait_for(|count| *count >= least).await.is_err() {
        std::future::pending().await
    }
}
