//! Every error of the program: what failed, what to do about it, and the exit code.
//!
//! The modules below state facts; hints and exit codes are here alone. Exit codes are matches without a `_` arm, so that
//! a new error has to choose one.

mod code;
mod hint;
mod usage;

use std::{io, path::PathBuf};

use crate::{
    api::Timestamp,
    client::ClientError,
    commands::{ingest::IngestError, rules::RulesError},
    config::{AppConfigError, ConfigError, CredentialsError, SettingsError, TokenSourceError},
    files::AppendError,
    follow::Unusable,
    query::{FilterError, TimeError, Window},
    random::NoRandomBytes,
    server::{ServeError, TlsError},
    source::SourceError,
    store::StoreError,
    token::TokenError,
};

pub use code::Code;

/// What the program ends with when it fails.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum Error {
    #[error("cannot write the answer: {0}")]
    Output(io::Error),
    #[error("cannot write {}: {error}", path.display())]
    OutputFile { path: PathBuf, error: io::Error },
    #[error("cannot write the receipt {}: {error}", path.display())]
    Receipt { path: PathBuf, error: io::Error },
    #[error("incomplete: interrupted")]
    Interrupted,
    #[error("stopped")]
    Stopped,
    #[error("the configuration was not read within ten seconds")]
    ReloadSlow,
    #[error("the answer is not proven complete{}", left(.file))]
    Incomplete { file: Option<PathBuf> },
    #[error("--receipt needs a file of its own: stdout carries the answer")]
    ReceiptOnStdout,
    #[error("{} is the file of the answer, too", .0.display())]
    ReceiptIsOutput(PathBuf),
    #[error("{} is the store that is asked", .0.display())]
    OutputIsStore(PathBuf),
    #[error("cannot read standard input: {0}")]
    Stdin(io::Error),
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
    #[error(transparent)]
    Random(#[from] NoRandomBytes),
    #[error("the window ends before it begins: {start} is after {end}")]
    EmptyWindow { start: Timestamp, end: Timestamp },
    #[error("the window begins in the future, at {0}")]
    FutureWindow(Timestamp),
    #[error("there is no event '{id}' from {}", shown(.window))]
    NoSuchEvent { id: String, window: Window },
    #[error("--columns does not go with JSON: it carries every field")]
    ColumnsOfJson,
    #[error("json does not go with --follow: an array that goes on is not valid")]
    FollowJson,
    #[error("cannot append to {}: {error}", path.display())]
    Append { path: PathBuf, error: AppendError },
    #[error("cannot use the checkpoint {}: {}", path.display(), in_use(.error))]
    CheckpointFile { path: PathBuf, error: io::Error },
    #[error("cannot go on from {}: {reason}", path.display())]
    Checkpoint { path: PathBuf, reason: Unusable },
    #[error("no event was recorded for {after}{}", last_event(.last))]
    Stalled {
        after: String,
        last: Option<(Timestamp, String)>,
    },
    #[error("the profile's output '{0}' is not a format")]
    ProfileOutput(String),
    #[error("profile '{0}' exists already")]
    ProfileExists(String),
    #[error("no profile is named, and there is no default profile")]
    NoProfile,
    #[error("this source is not a server: it takes no token")]
    NotAServer,
    #[error("there is no token for this server")]
    NoToken,
    #[error("no store is named")]
    NoStore,
    #[error("the URL of the store holds a password, and everybody on this machine can see it")]
    PasswordInArgument,
    #[error("no token is named that the server should accept")]
    NoAcceptedTokens,
    #[error("cannot read {}: {error}", path.display())]
    AcceptedTokens { path: PathBuf, error: io::Error },
    #[error("line {line} of {}: {error}", path.display())]
    AcceptedToken {
        path: PathBuf,
        line: usize,
        error: TokenError,
    },
    #[error("a token of fewer than 16 random bytes can be found from its hash")]
    WeakHash,
    #[error(transparent)]
    Certificate(#[from] TlsError),
    #[error(transparent)]
    AppConfig(#[from] AppConfigError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Filter(#[from] FilterError),
    #[error(transparent)]
    Time(#[from] TimeError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    TokenSource(#[from] TokenSourceError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ingest(#[from] IngestError),
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error(transparent)]
    Serve(#[from] ServeError),
}

fn shown(window: &Window) -> String {
    let bound =
        |time: Option<Timestamp>| time.map_or_else(|| "…".to_owned(), |time| time.to_string());
    format!("{} to {}", bound(window.start), bound(window.end))
}

fn left(file: &Option<PathBuf>) -> String {
    let left = |file: &PathBuf| format!(", and {} is left as it was", file.display());
    file.as_ref().map_or_else(String::new, left)
}

fn in_use(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock => "another program is using it".to_owned(),
        _ => error.to_string(),
    }
}

fn last_event(last: &Option<(Timestamp, String)>) -> String {
    last.as_ref().map_or_else(String::new, |(time, age)| {
        format!(": the last is of {time}, {age} ago")
    })
}
