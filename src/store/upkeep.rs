//! What can be said of a store as a whole.

use std::fmt;

use crate::api::Timestamp;

/// What is in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreInfo {
    /// Version of its tables.
    pub version: i64,
    /// Events.
    pub events: u64,
    /// Time of the oldest event.
    pub oldest: Option<Timestamp>,
    /// Time of the newest event.
    pub newest: Option<Timestamp>,
    /// Combinations of the fields that events are counted by.
    pub kinds: u64,
    /// Size of the file, without its write-ahead log.
    pub bytes: u64,
    /// Of these, bytes that hold nothing.
    pub free_bytes: u64,
}

/// What is wrong with a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What the database says of its own file.
    Damage(String),
    /// An event whose columns are not what its JSON says; its id.
    Event(String),
    /// So many counts that are not what counting the events gives.
    Counts(u64),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damage(said) => f.write_str(said),
            Self::Event(id) => write!(f, "event {id} is not stored as it says"),
            Self::Counts(1) => f.write_str("1 count is wrong"),
            Self::Counts(n) => write!(f, "{n} counts are wrong"),
        }
    }
}
