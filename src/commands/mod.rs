//! One file a subcommand: what was typed (`Args`), what it means (`plan`, which at most reads), and doing it (`run`).

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
mod server_log;
pub mod show;
mod stop;
pub mod store;
mod summary;
pub mod token;

use std::io::{self, Write};

use stop::stop_signal;

use crate::{
    api::Timestamp,
    config::{Config, ConfigDir, ConfigError, Environment},
    error::Error,
    output::Ui,
};

/// What every command is given: the world as it was at the start.
#[derive(Clone, Debug)]
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
