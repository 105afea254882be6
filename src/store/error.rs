//! What can be wrong with a store, told apart where somebody has to do something else about it.

use std::io;

use rusqlite::ErrorCode;

use crate::{address::StoreAddress, api::Field};

/// Why a store cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no file of that name, or nothing in the database.
    #[error("there is no store at {0}")]
    NotFound(StoreAddress),
    /// The file is not SQLite's, or SQLite's and not a store of this program; or something else in the database has the
    /// name of the store's schema. It was not touched.
    #[error("{0} is not an auditlog store")]
    NotAStore(StoreAddress),
    /// A later version of the program made it.
    #[error("the store has version {found}; this program knows versions up to {known}")]
    TooNew {
        /// Version of the store.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// The file cannot be created or opened, the database lets nobody in.
    #[error("cannot open {store}: {reason}")]
    CannotOpen {
        /// The store.
        store: StoreAddress,
        /// What the operating system or the database said.
        reason: String,
    },
    /// The database does not answer, or has broken off: it may be starting again.
    #[error("cannot reach the database: {0}")]
    Away(String),
    /// The database broke off while it made a transaction last: nobody knows whether it did.
    #[error("the database broke off, and may have stored it: {0}")]
    Unsure(String),
    /// The database lets its user not do it.
    #[error("the database does not allow it: {0}")]
    Denied(String),
    /// It is a database, of which the database's own tools make copies.
    #[error("a store in PostgreSQL is copied by its own tools")]
    NoFile,
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
    /// Anything else that PostgreSQL reports, with its code. Details are left out: they quote what is stored.
    #[error("the database failed: {0}")]
    Postgres(String),
    /// Anything else that SQLite reports.
    #[error("the database failed: {0}")]
    Database(rusqlite::Error),
    /// The thread that worked on it ended early: a fault of the program, or its end.
    #[error("the work on the store broke off")]
    BrokenOff,
}

impl StoreError {
    pub(super) fn cannot_open(store: impl Into<StoreAddress>, reason: io::Error) -> Self {
        Self::CannotOpen {
            store: store.into(),
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

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            return Self::Away(reasons(&error));
        };
        match said.code().code() {
            "25006" => Self::ReadOnly,
            "42501" => Self::Denied(said.message().to_owned()),
            "40001" | "40P01" | "55P03" => Self::Locked,
            "53100" => Self::Full,
            "57014" => Self::TooSlow,
            "XX001" | "XX002" => Self::Damaged(said.message().to_owned()),
            // Connections break, the server stops or starts, or has no room for one more.
            code if code.starts_with("08") || code.starts_with("57P") || code == "53300" => {
                Self::Away(said.message().to_owned())
            }
            code => Self::Postgres(format!("{} ({code})", said.message())),
        }
    }
}

/// What an error says, and what those say that it comes from.
pub(super) fn reasons(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !said.ends_with(&more) {
            said.push_str(": ");
            said.push_str(&more);
        }
        cause = error.source();
    }
    said
}
