//! `credentials.toml`: one token a profile, with the origin that it belongs to.
//!
//! A token is bound to an origin, so that a changed URL in `config.toml` cannot send it elsewhere.

use std::{fs, io, path::PathBuf};

use toml_edit::{DocumentMut, Item, Table, value};

use super::{
    file::{ConfigError, read_document},
    paths::ConfigDir,
};
use crate::token::{Token, TokenError};

/// Why a stored token cannot be used or changed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum CredentialsError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{} can be read by others (mode {mode:03o})", path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("the stored token of profile '{profile}' belongs to {bound}, not to {origin}")]
    OtherOrigin {
        profile: String,
        bound: String,
        origin: String,
    },
    #[error("the stored token of profile '{profile}' cannot be used: {error}")]
    Token { profile: String, error: TokenError },
    #[error("{} is not valid: [profiles.{profile}] needs 'origin' and 'token'", path.display())]
    Shape { path: PathBuf, profile: String },
    #[error("{} is not valid: 'profiles' is not a table", path.display())]
    NoPlace { path: PathBuf },
}

/// Reads the token that is stored for a profile, if one is; it must belong to `origin`.
pub fn read_stored_token(
    dir: &ConfigDir,
    profile: &str,
    origin: &str,
) -> Result<Option<Token>, CredentialsError> {
    let path = dir.credentials_file();
    refuse_exposed(&path)?;
    let document = read_document(&path)?;
    let Some(entry) = document
        .get("profiles")
        .and_then(|profiles| profiles.get(profile))
    else {
        return Ok(None);
    };
    let shape = || CredentialsError::Shape {
        path: path.clone(),
        profile: profile.to_owned(),
    };
    let table = entry.as_table_like().ok_or_else(shape)?;
    let text = |key: &str| table.get(key).and_then(Item::as_str).ok_or_else(shape);
    let bound = text("origin")?;
    if bound != origin {
        return Err(CredentialsError::OtherOrigin {
            profile: profile.to_owned(),
            bound: bound.to_owned(),
            origin: origin.to_owned(),
        });
    }
    let error = |error| CredentialsError::Token {
        profile: profile.to_owned(),
        error,
    };
    Token::parse(text("token")?).map(Some).map_err(error)
}

/// Stores a token for a profile, bound to `origin`.
pub fn write_stored_token(
    dir: &ConfigDir,
    profile: &str,
    origin: &str,
    token: &Token,
) -> Result<(), CredentialsError> {
    edit(dir, |document| {
        let mut entry = Table::new();
        entry.insert("origin", value(origin));
        entry.insert("token", value(token.expose()));
        let profiles = document.entry("profiles").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let profiles = profiles.as_table_like_mut()?;
        profiles.insert(profile, Item::Table(entry));
        Some(())
    })
}

/// Forgets the token of a profile; says whether there was one.
pub fn remove_stored_token(dir: &ConfigDir, profile: &str) -> Result<bool, CredentialsError> {
    let mut removed = false;
    if dir.credentials_file().exists() {
        edit(dir, |document| {
            let profiles = document
                .get_mut("profiles")
                .and_then(Item::as_table_like_mut);
            removed = profiles.is_some_and(|profiles| profiles.remove(profile).is_some());
            Some(())
        })?;
    }
    Ok(removed)
}

/// `change` gives none where the file has no place for it.
fn edit(
    dir: &ConfigDir,
    change: impl FnOnce(&mut DocumentMut) -> Option<()>,
) -> Result<(), CredentialsError> {
    let path = dir.credentials_file();
    let failed = |error| {
        let path = path.clone();
        CredentialsError::Config(ConfigError::Write { path, error })
    };
    let _lock = dir.lock().map_err(failed)?;
    refuse_exposed(&path)?;
    let mut document = read_document(&path)?;
    change(&mut document).ok_or_else(|| CredentialsError::NoPlace { path: path.clone() })?;
    dir.write(&path, &document.to_string()).map_err(failed)
}

/// A file that others can read is refused rather than mended: what was readable may have been read.
#[cfg(unix)]
fn refuse_exposed(path: &PathBuf) -> Result<(), CredentialsError> {
    use std::os::unix::fs::PermissionsExt;
    match fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            let mode = metadata.permissions().mode() & 0o777;
            Err(CredentialsError::Exposed {
                path: path.clone(),
                mode,
            })
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ConfigError::Read {
            path: path.clone(),
            error,
        }
        .into()),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn refuse_exposed(_path: &PathBuf) -> Result<(), CredentialsError> {
    Ok(())
}
