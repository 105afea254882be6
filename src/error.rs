//! Every error of the program: what failed, what to do about it, and the exit code.
//!
//! The modules below state facts; hints and exit codes are here alone, in matches without a `_` arm.

use std::io;

use crate::{commands::ingest::IngestError, store::StoreError};

/// What the program ends with when it fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The answer could not be written.
    #[error("cannot write the answer: {0}")]
    Output(io::Error),
    /// Log files could not be stored.
    #[error("{0}")]
    Ingest(#[from] IngestError),
}

/// The exit codes that scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// Done; no events is done, a closed pipe is done.
    Done = 0,
    /// An unexpected fault.
    Fault = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Refused: no token, 401, 403.
    Refused = 4,
    /// The server or the network failed, after retries.
    Server = 5,
    /// Interrupted.
    Interrupted = 130,
}

impl Error {
    /// The exit code.
    pub fn code(&self) -> Code {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Code::Done,
            Self::Output(_) => Code::Fault,
            Self::Ingest(error) => ingest_code(error),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Output(_) => None,
            Self::Ingest(error) => ingest_hint(error).map(str::to_owned),
        }
    }
}

fn ingest_code(error: &IngestError) -> Code {
    match error {
        IngestError::Postgres | IngestError::StandardInputTwice | IngestError::Open { .. } => {
            Code::Usage
        }
        IngestError::Read { .. }
        | IngestError::Rejects(_)
        | IngestError::Event(_)
        | IngestError::Random(_) => Code::Fault,
        IngestError::Store(error) => store_code(error),
    }
}

fn ingest_hint(error: &IngestError) -> Option<&'static str> {
    const FULL: &str = "free some space and run the same command again: nothing is lost or doubled";
    match error {
        IngestError::Postgres => Some("give --store the path of a file"),
        IngestError::StandardInputTwice => Some("give - once"),
        IngestError::Open { .. } => Some("check the path and who may use it"),
        IngestError::Read { .. } => {
            Some("run the same command again: it goes on where this one ended")
        }
        IngestError::Rejects(reason) if reason.kind() == io::ErrorKind::StorageFull => Some(FULL),
        IngestError::Rejects(_) => {
            Some("run the same command again with another --rejects: nothing is lost or doubled")
        }
        IngestError::Store(StoreError::Full) => Some(FULL),
        IngestError::Store(StoreError::Moved) => {
            Some("let the other one end and run the same command again: nothing is lost or doubled")
        }
        IngestError::Store(StoreError::Locked | StoreError::Database(_)) => {
            Some("run the same command again: nothing is lost or doubled")
        }
        IngestError::Store(error) => store_hint(error),
        IngestError::Event(_) | IngestError::Random(_) => None,
    }
}

fn store_code(error: &StoreError) -> Code {
    match error {
        StoreError::NotFound(_)
        | StoreError::NotAStore(_)
        | StoreError::TooNew { .. }
        | StoreError::CannotOpen { .. }
        | StoreError::ReadOnly
        | StoreError::NotFilterable(_) => Code::Usage,
        StoreError::Locked
        | StoreError::Full
        | StoreError::Damaged(_)
        | StoreError::TooSlow
        | StoreError::Moved
        | StoreError::Database(_)
        | StoreError::BrokenOff => Code::Fault,
    }
}

fn store_hint(error: &StoreError) -> Option<&'static str> {
    match error {
        StoreError::NotFound(_) | StoreError::CannotOpen { .. } => {
            Some("check the path and who may use it")
        }
        StoreError::NotAStore(_) => Some("name another file: this one was not touched"),
        StoreError::TooNew { .. } => Some("use a newer auditlog"),
        StoreError::ReadOnly => Some("check who may write to the store and its folder"),
        StoreError::Locked => Some("let the other program end"),
        StoreError::Full => Some("free some space"),
        StoreError::Damaged(_) => Some("put a backup in its place"),
        StoreError::TooSlow
        | StoreError::Moved
        | StoreError::NotFilterable(_)
        | StoreError::Database(_)
        | StoreError::BrokenOff => None,
    }
}
