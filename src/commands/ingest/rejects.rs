//! The file that takes the lines that say they are audit events and cannot be read as such, and the events that a server
//! rejects.

use std::{
    fs::{File, OpenOptions},
    path::Path,
};

use super::{IngestError, IngestPlan, input::Input};
use crate::{config::Which, files::is_same};

/// Rejected lines are as private as the events of others.
pub fn open_rejects(path: &Path) -> Result<File, IngestError> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|reason| IngestError::Open {
        name: path.display().to_string(),
        reason,
    })
}

/// Rejected lines must not end up in what they come from, which would never end, nor in the store.
pub fn refuse_own_rejects(plan: &IngestPlan, rejects: &Path) -> Result<(), IngestError> {
    let inputs = plan.inputs.iter().filter_map(|input| match input {
        Input::Standard => None,
        Input::File(path) => Some(path.as_path()),
    });
    let own = match &plan.to.which {
        Which::Store(at) => at.value.file(),
        _ => plan.state.as_deref(),
    };
    let mut taken = inputs.chain(own);
    match taken.find(|path| is_same(path, rejects)) {
        None => Ok(()),
        Some(path) => Err(IngestError::OwnRejects(path.display().to_string())),
    }
}
