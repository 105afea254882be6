//! One file a subcommand: what was typed (`Args`), what it means (`plan`, pure), and doing it (`run`).

pub mod completions;
mod conclusion;
mod delivery;
mod demo;
pub mod events;
mod explain;
mod follow;
pub mod ingest;
pub mod options;
pub mod profile;
mod reload;
pub mod rules;
pub mod serve;
pub mod show;
pub mod store;
mod summary;
pub mod token;

use std::io::{self, Write};

use crate::{
    api::Timestamp,
    config::{Config, ConfigDir, ConfigError, Environment},
    error::Error,
    output::Ui,
};

/// What every command is given: the world as it was at the start.
#[derive(Debug)]
pub struct Context {
    /// What is said about the answer goes here.
    pub ui: Ui,
    /// The environment variables.
    pub environment: Environment,
    /// The clock.
    pub now: Timestamp,
    /// Whether the answer shows colours.
    pub color: bool,
}

impl Context {
    /// The folder of the configuration.
    pub fn config_dir(&self) -> Result<ConfigDir, Error> {
        ConfigDir::of(&self.environment).ok_or(Error::Config(ConfigError::NoHome))
    }

    /// The configuration; an empty one where there is no home to keep it in.
    pub fn read_config(&self) -> Result<Config, Error> {
        match ConfigDir::of(&self.environment) {
            Some(dir) => Ok(Config::read(&dir)?),
            None => Ok(Config::default()),
        }
    }
}

/// Writes a short answer to stdout.
fn answer(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(Error::Output)
}

/// Done when SIGINT, SIGTERM or, unless it means something else, SIGHUP arrives. The handlers are in place when this
/// returns.
#[cfg(unix)]
fn stop_signal(at_hangup: bool) -> Result<impl Future<Output = ()>, Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    let mut hangup = match at_hangup {
        true => Some(signal(SignalKind::hangup()).map_err(Error::Signals)?),
        false => None,
    };
    Ok(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hung_up => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal(_at_hangup: bool) -> Result<impl Future<Output = ()>, Error> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
