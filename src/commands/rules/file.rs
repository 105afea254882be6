//! Reading a file of rules.

use std::path::Path;

use super::RulesError;
use crate::{files::read_at_most, rules::RulesFile};

/// Largest file that is read. A whole `app-config.yaml` is far smaller.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a file, whatever is wrong with what it says.
pub fn read_file(path: &Path) -> Result<RulesFile, RulesError> {
    match read_at_most(path, MAX_BYTES) {
        Ok(text) => Ok(RulesFile::parse(&text)),
        Err(reason) => Err(RulesError::Read {
            path: path.to_owned(),
            reason,
        }),
    }
}

/// Reads a file that is to be acted upon: an error in it is one.
pub fn read_rules(path: &Path) -> Result<RulesFile, RulesError> {
    let file = read_file(path)?;
    match file.first_error() {
        Some(first) => Err(RulesError::Unusable {
            path: path.to_owned(),
            first: first.clone(),
        }),
        None => Ok(file),
    }
}
