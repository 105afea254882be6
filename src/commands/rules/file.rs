//! Reading a file of rules.

use std::{fs::File, io::Read, path::Path};

use super::RulesError;
use crate::rules::RulesFile;

/// Largest file that is read. A whole `app-config.yaml` is far smaller.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a file, whatever is wrong with what it says.
pub fn read_file(path: &Path) -> Result<RulesFile, RulesError> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
        .map_err(|reason| RulesError::Read {
            path: path.to_owned(),
            reason,
        })?;
    match text.len() as u64 > MAX_BYTES {
        true => Err(RulesError::TooLarge(path.to_owned())),
        false => Ok(RulesFile::parse(&text)),
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
