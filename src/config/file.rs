//! `config.toml`: profiles, and which of them is the default.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, Item, Table, Value};

use super::paths::ConfigDir;
use crate::files::read_at_most;

/// A saved source of events.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Address of a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A store's file, instead of a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<PathBuf>,
    /// A program and its arguments that print the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_command: Option<Vec<String>>,
    /// PEM certificates that are trusted beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_cert: Option<PathBuf>,
    /// Whether the token may cross a network over plain http.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_plain_http: bool,
    /// The output format where none is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The time zone where none is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
}

/// The keys of a profile, for naming the nearest one.
const PROFILE_KEYS: [&str; 7] = [
    "url",
    "store",
    "token_command",
    "ca_cert",
    "allow_plain_http",
    "output",
    "tz",
];
/// Largest file that is read: a path may lead to a device that never ends.
const MAX_FILE: u64 = 1 << 20;
const TOP_KEYS: [&str; 2] = ["default_profile", "profiles"];

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The profile of a command that names no source.
    pub default_profile: Option<String>,
    /// All profiles by name.
    pub profiles: BTreeMap<String, Profile>,
}

/// Why the configuration cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum ConfigError {
    #[error("there is no home folder to keep the configuration in")]
    NoHome,
    #[error("cannot read {}: {error}", path.display())]
    Read { path: PathBuf, error: io::Error },
    #[error("cannot write {}: {error}", path.display())]
    Write { path: PathBuf, error: io::Error },
    #[error("{} is not valid: {reason}", path.display())]
    Invalid { path: PathBuf, reason: String },
    #[error("{}: unknown key '{key}' in {table}", path.display())]
    UnknownKey {
        path: PathBuf,
        key: String,
        table: String,
        nearest: Option<&'static str>,
    },
    #[error("there is no profile '{name}'")]
    NoProfile { name: String, known: Vec<String> },
    #[error("'{0}' cannot be the name of a profile")]
    Name(String),
}

impl Config {
    /// Reads the file; one that does not exist is an empty one.
    pub fn read(dir: &ConfigDir) -> Result<Self, ConfigError> {
        let path = dir.config_file();
        let text = read_text(&path)?;
        check_keys(&path, parsed(&path, &text)?.as_table())?;
        let invalid = |error: toml_edit::de::Error| ConfigError::Invalid {
            path: path.clone(),
            reason: reason(error.message(), error.span(), &text),
        };
        toml_edit::de::from_str(&text).map_err(invalid)
    }

    /// The profile of that name.
    pub fn profile(&self, name: &str) -> Result<&Profile, ConfigError> {
        self.profiles
            .get(name)
            .ok_or_else(|| ConfigError::NoProfile {
                name: name.to_owned(),
                known: self.profiles.keys().cloned().collect(),
            })
    }

    /// Adds or replaces a profile, and makes it the default if `default`; comments and order of the rest stay.
    pub fn write_profile(
        dir: &ConfigDir,
        name: &str,
        profile: &Profile,
        default: bool,
    ) -> Result<(), ConfigError> {
        check_name(name)?;
        let path = dir.config_file();
        let table = toml_edit::ser::to_document(profile).map_err(|error| ConfigError::Invalid {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        edit(dir, |document| {
            if default {
                set_default(document, name);
            }
            let profiles = document.entry("profiles").or_insert_with(implicit_table);
            if let Some(profiles) = profiles.as_table_like_mut() {
                profiles.insert(name, Item::Table(table.as_table().clone()));
            }
        })
    }

    /// Takes a profile out; a default that named it is gone too.
    pub fn remove_profile(dir: &ConfigDir, name: &str) -> Result<(), ConfigError> {
        edit(dir, |document| {
            if let Some(profiles) = document
                .get_mut("profiles")
                .and_then(Item::as_table_like_mut)
            {
                profiles.remove(name);
            }
            if document.get("default_profile").and_then(Item::as_str) == Some(name) {
                document.remove("default_profile");
            }
        })
    }

    /// Makes a profile the default.
    pub fn write_default(dir: &ConfigDir, name: &str) -> Result<(), ConfigError> {
        edit(dir, |document| set_default(document, name))
    }
}

fn set_default(document: &mut DocumentMut, name: &str) {
    let mut value = Value::from(name);
    match document
        .get_mut("default_profile")
        .and_then(Item::as_value_mut)
    {
        // In its place, so that the comments around it stay.
        Some(old) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        None => {
            document.insert("default_profile", Item::Value(value));
        }
    }
}

/// Names go into file keys, messages and commands.
fn check_name(name: &str) -> Result<(), ConfigError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match !name.is_empty() && name.len() <= 64 && !name.starts_with('-') && name.chars().all(plain)
    {
        true => Ok(()),
        false => Err(ConfigError::Name(name.to_owned())),
    }
}

fn implicit_table() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn edit(dir: &ConfigDir, change: impl FnOnce(&mut DocumentMut)) -> Result<(), ConfigError> {
    let path = dir.config_file();
    let failed = |error| ConfigError::Write {
        path: path.clone(),
        error,
    };
    let _lock = dir.lock().map_err(failed)?;
    let mut document = read_document(&path)?;
    change(&mut document);
    dir.write(&path, &document.to_string()).map_err(failed)
}

pub(super) fn read_document(path: &Path) -> Result<DocumentMut, ConfigError> {
    parsed(path, &read_text(path)?)
}

fn read_text(path: &Path) -> Result<String, ConfigError> {
    match read_at_most(path, MAX_FILE) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(ConfigError::Read {
            path: path.to_owned(),
            error,
        }),
    }
}

fn parsed(path: &Path, text: &str) -> Result<DocumentMut, ConfigError> {
    text.parse()
        .map_err(|error: toml_edit::TomlError| ConfigError::Invalid {
            path: path.to_owned(),
            reason: reason(error.message(), error.span(), text),
        })
}

/// The library's own text quotes the line, or the value that it did not expect, which may be a secret.
fn reason(message: &str, span: Option<Range<usize>>, text: &str) -> String {
    let message = match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => message.to_owned(),
    };
    match span {
        Some(span) => format!("{message} in line {}", line_of(text, span.start)),
        None => message,
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|&byte| byte == b'\n').count()
}

fn check_keys(path: &Path, document: &Table) -> Result<(), ConfigError> {
    check_table(
        path,
        "the file",
        document.iter().map(|(key, _)| key),
        &TOP_KEYS,
    )?;
    let profiles = document.get("profiles").and_then(Item::as_table_like);
    for (name, profile) in profiles.into_iter().flat_map(|profiles| profiles.iter()) {
        let Some(profile) = profile.as_table_like() else {
            continue;
        };
        let table = format!("[profiles.{name}]");
        check_table(
            path,
            &table,
            profile.iter().map(|(key, _)| key),
            &PROFILE_KEYS,
        )?;
    }
    Ok(())
}

fn check_table<'a>(
    path: &Path,
    table: &str,
    mut keys: impl Iterator<Item = &'a str>,
    known: &[&'static str],
) -> Result<(), ConfigError> {
    match keys.find(|key| !known.contains(key)) {
        None => Ok(()),
        Some(key) => Err(ConfigError::UnknownKey {
            path: path.to_owned(),
            key: key.to_owned(),
            table: table.to_owned(),
            nearest: nearest(key, known),
        }),
    }
}

/// The known key that a mistyped one was most likely meant to be.
fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let (likeness, nearest) = known
        .iter()
        .map(|&known| (strsim::jaro_winkler(key, known), known))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (likeness > 0.7).then_some(nearest)
}
