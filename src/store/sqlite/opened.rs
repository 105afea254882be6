//! The file that a store has opened, which is not always the one that has its name.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::location::Location;
use crate::store::error::StoreError;

/// Which file a store has opened: another one may take its name, or nobody.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    path: PathBuf,
    number: Option<(u64, u64)>,
}

impl Opened {
    pub(super) fn new(location: &Location) -> Option<Self> {
        match location {
            Location::File(path) => Some(Self {
                number: number(path),
                path: path.clone(),
            }),
            Location::ReadOnly(_) | Location::Immutable(_) | Location::Memory(_) => None,
        }
    }

    /// Says that what is written would be in no file that anybody finds again.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match number(&self.path) == self.number {
            true => Ok(()),
            false => Err(StoreError::cannot_open(
                self.path.as_path(),
                io::Error::other("the file is gone, or another one has its name"),
            )),
        }
    }
}

/// What a file is known by, whatever its name.
#[cfg(unix)]
fn number(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let file = fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

/// There SQLite holds the file, so that nobody can take it away.
#[cfg(not(unix))]
fn number(_path: &Path) -> Option<(u64, u64)> {
    None
}
