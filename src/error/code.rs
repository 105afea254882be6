//! Exit codes.

use std::io;

use super::Error;
use crate::{
    client::ClientError, commands::ingest::IngestError, config::TokenSourceError,
    files::AppendError, server::ServeError, source::SourceError, store::StoreError,
};

/// The exit codes that scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// Done; no events is done, a closed pipe is done.
    Done = 0,
    /// A fault here, such as a full disk, or a damaged or locked store; or no such event.
    Fault = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Incomplete: `--require-complete` was not met, or `--stall-after` has passed.
    Incomplete = 3,
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
            Self::Output(error) | Self::Source(SourceError::Sink(error))
                if error.kind() == io::ErrorKind::BrokenPipe =>
            {
                Code::Done
            }
            Self::Interrupted | Self::Stopped => Code::Interrupted,
            Self::Incomplete { .. } => Code::Incomplete,
            // Not a text, and so no token.
            Self::Stdin(error) if error.kind() == io::ErrorKind::InvalidData => Code::Usage,
            Self::Output(_) | Self::Stdin(_) | Self::Signals(_) | Self::Random(_) => Code::Fault,
            Self::Receipt { .. } | Self::NoSuchEvent { .. } | Self::ReloadSlow => Code::Fault,
            Self::Stalled { .. } => Code::Incomplete,
            Self::CheckpointFile { error, .. }
            | Self::Append {
                error: AppendError::Io(error),
                ..
            } if is_full(error) => Code::Fault,
            Self::FollowJson
            | Self::Append { .. }
            | Self::CheckpointFile { .. }
            | Self::Checkpoint { .. }
            | Self::OutputFile { .. }
            | Self::EmptyWindow { .. }
            | Self::FutureWindow(_)
            | Self::ColumnsOfJson
            | Self::ReceiptOnStdout
            | Self::ReceiptIsOutput(_)
            | Self::OutputIsStore(_)
            | Self::ProfileOutput(_)
            | Self::ProfileExists(_)
            | Self::NoProfile
            | Self::NotAServer
            | Self::NoStore
            | Self::PasswordInArgument
            | Self::NoAcceptedTokens
            | Self::AcceptedTokens { .. }
            | Self::AcceptedToken { .. }
            | Self::WeakHash
            | Self::Certificate(_)
            | Self::AppConfig(_)
            | Self::Token(_)
            | Self::Filter(_)
            | Self::Time(_)
            | Self::Config(_)
            | Self::Credentials(_)
            | Self::Settings(_)
            | Self::Rules(_) => Code::Usage,
            Self::NoToken => Code::Refused,
            Self::TokenSource(error) => token_source_code(error),
            Self::Client(error) | Self::Source(SourceError::Client(error)) => client_code(error),
            Self::Source(error) => source_code(error),
            Self::Store(error) => store_code(error),
            Self::Ingest(error) => ingest_code(error),
            Self::Serve(ServeError::Listen { .. } | ServeError::ListenMetrics { .. }) => {
                Code::Usage
            }
            Self::Serve(ServeError::CutOff(_)) => Code::Fault,
        }
    }
}

/// Not a mistake of who asked.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

fn token_source_code(error: &TokenSourceError) -> Code {
    match error {
        TokenSourceError::NotStored(_) => Code::Refused,
        TokenSourceError::Failed { .. } | TokenSourceError::Slow { .. } => Code::Refused,
        TokenSourceError::Read { .. }
        | TokenSourceError::Token { .. }
        | TokenSourceError::NoCommand
        | TokenSourceError::Start { .. }
        | TokenSourceError::Credentials(_) => Code::Usage,
    }
}

/// A 4xx that is not about the token will be the same next time: it is the request, or the address, that is wrong.
fn client_code(error: &ClientError) -> Code {
    match error {
        ClientError::Unauthorized(_) | ClientError::Forbidden(_) => Code::Refused,
        ClientError::Certificates { .. }
        | ClientError::PlainHttp { .. }
        | ClientError::BadRequest { .. }
        | ClientError::NotFound { .. } => Code::Usage,
        ClientError::Setup(_)
        | ClientError::Unreachable { .. }
        | ClientError::Untrusted { .. }
        | ClientError::TimedOut { .. }
        | ClientError::NoHttp { .. }
        | ClientError::BrokenOff { .. }
        | ClientError::Redirected { .. }
        | ClientError::RedirectedInCircles { .. }
        | ClientError::RateLimited(_)
        | ClientError::Fault { .. }
        | ClientError::Status(_)
        | ClientError::Empty
        | ClientError::NotJson(_)
        | ClientError::NotAPage(_)
        | ClientError::NotTold
        | ClientError::TooLarge(_) => Code::Server,
    }
}

fn source_code(error: &SourceError) -> Code {
    match error {
        SourceError::Client(error) => client_code(error),
        SourceError::Store(error) => store_code(error),
        SourceError::Sink(_) => Code::Fault,
    }
}

fn ingest_code(error: &IngestError) -> Code {
    match error {
        IngestError::StandardInputTwice
        | IngestError::OwnRejects(_)
        | IngestError::NotFollowed(_)
        | IngestError::NotAState { .. }
        | IngestError::OtherState { .. }
        | IngestError::Open { .. } => Code::Usage,
        IngestError::Read { .. }
        | IngestError::Rejects(_)
        | IngestError::Event(_)
        | IngestError::Random(_) => Code::Fault,
        IngestError::State { reason, .. } if is_full(reason) => Code::Fault,
        IngestError::State { .. } => Code::Usage,
        IngestError::Store(error) => store_code(error),
        IngestError::Send(error) => client_code(error),
    }
}

fn store_code(error: &StoreError) -> Code {
    match error {
        StoreError::NotFound(_)
        | StoreError::NotAStore(_)
        | StoreError::TooNew { .. }
        | StoreError::CannotOpen { .. }
        | StoreError::ReadOnly
        | StoreError::NoFile
        | StoreError::Denied(_)
        | StoreError::NotFilterable(_) => Code::Usage,
        StoreError::Away(_) | StoreError::Unsure(_) => Code::Server,
        StoreError::Locked
        | StoreError::Full
        | StoreError::Damaged(_)
        | StoreError::TooSlow
        | StoreError::Moved
        | StoreError::Database(_)
        | StoreError::Postgres(_)
        | StoreError::BrokenOff => Code::Fault,
    }
}
