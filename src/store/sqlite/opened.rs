//! The file that a store has opened, which is not always the one that has its name.

use std::{io, path::PathBuf};

use super::location::Location;
use crate::{files::FileId, store::error::StoreError};

/// Which file a store has opened: another one may take its name, or nobody. On Windows SQLite holds the file, so that
/// nobody can take it away.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    path: PathBuf,
    id: Option<FileId>,
}

impl Opened {
    pub(super) fn new(location: &Location) -> Option<Self> {
        match location {
            Location::File(path) => Some(Self {
                id: FileId::at(path),
                path: path.clone(),
            }),
            Location::ReadOnly(_) | Location::Immutable(_) | Location::Memory(_) => None,
        }
    }

    /// Says that what is written would be in no file that anybody finds again.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match FileId::at(&self.path) == self.id {
            true => Ok(()),
            false => Err(StoreError::cannot_open(
                self.path.as_path(),
                io::Error::other("the file is gone, or another one has its name"),
            )),
        }
    }
}
