//! Every error of the program: what failed, what to do about it, and the exit code.
//!
//! The modules below state facts; hints and exit codes are here alone, in matches without a `_` arm.

use std::io;

/// What the program ends with when it fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The answer could not be written.
    #[error("cannot write the answer: {0}")]
    Output(io::Error),
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
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Output(_) => None,
        }
    }
}
