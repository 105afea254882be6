//! What can be wrong with a store, told apart where somebody has to do something else about it.

use std::{io, path::PathBuf};

use rusqlite::ErrorCode;

use crate::api::Field;

/// Why a store cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no file of that name.
    #[error("there is no store at {}", .0.display())]
    NotFound(PathBuf),
    /// The file is not SQLite's, or SQLite's and not a store of this program. It was not touched.
    #[error("{} is not an auditlog store", .0.display())]
    NotAStore(PathBuf),
    /// A later version of the program made it.
    #[error("the store has version {found}; this program knows versions up to {known}")]
    TooNew {
        /// Version of the store.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// The file cannot be created or opened.
    #[error("cannot open {}: {reason}", path.display())]
    CannotOpen {
        /// The store.
        path: PathBuf,
        /// What the operating system or SQLite said.
        reason: String,
    },
    /// It can be read, not written.
    #[error("the store is read-only")]
    ReadOnly,
    /// Another program kept it locked for longer than this one waits.
    #[error("another program keeps the store locked")]
    Locked,
    /// No room is left on its disk.
    #[error("the disk of the store is full")]
    Full,
    /// The file is damaged.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// A question was stopped because answering it took too long.
    #[error("the store took too long to answer")]
    TooSlow,
    /// The source was read further by somebody else meanwhile. Nothing was written.
    #[error("another program has read the same source meanwhile")]
    Moved,
    /// A filter of a field that a store has no column for.
    #[error("a store cannot filter by {}", .0.name())]
    NotFilterable(Field),
    /// Anything else that SQLite reports.
    #[error("the database failed: {0}")]
    Database(rusqlite::Error),
    /// The thread that worked on it ended early: a fault of the program, or its end.
    #[error("the work on the store broke off")]
    BrokenOff,
}

impl StoreError {
    pub(super) fn cannot_open(path: impl Into<PathBuf>, reason: io::Error) -> Self {
        Self::CannotOpen {
            path: path.into(),
            reason: reason.to_string(),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            Some(ErrorCode::OperationInterrupted) => Self::TooSlow,
            _ if is_being_loaded(&error) => Self::Locked,
            _ => Self::Database(error),
        }
    }
}

/// Whether an index is missing: another program fills the store for the first time.
fn is_being_loaded(error: &rusqlite::Error) -> bool {
    let said = error.to_string();
    said.contains("no such index: ") || said.contains("ON CONFLICT clause does not match")
}
