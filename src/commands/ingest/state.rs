//! How far each file was sent to a server: a small file that one program at a time has, and replaces whole.

use std::{
    io,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::IngestError;
use crate::{
    config::{ConfigDir, ConfigError},
    error::Error,
    files::OwnedFile,
    store::{Advance, SourceProgress, StoreError},
};

/// The version of the format.
const VERSION: u32 = 1;
/// Files that are remembered: those that were read last.
const MOST: usize = 10_000;

/// What was sent to one server.
#[derive(Debug)]
pub struct State {
    file: OwnedFile,
    name: String,
    to: String,
    sources: Vec<Sent>,
}

/// How far a file was sent.
#[derive(Clone, Debug)]
struct Sent {
    progress: SourceProgress,
    /// False where its id alone is known: what `progress` says is what the id was made from.
    sent: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: u32,
    to: String,
    sources: Vec<WireSent>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSent {
    source: String,
    read_to: u64,
    /// In base64.
    prefix_sha256: String,
    sent: bool,
}

/// The file in the folder of the configuration, one a server, so that two do not get into each other's way.
pub fn default_path(dir: &ConfigDir, to: &str) -> Result<PathBuf, Error> {
    let digest = Sha256::digest(to);
    let name: String = digest
        .iter()
        .take(8)
        .map(|it| format!("{it:02x}"))
        .collect();
    dir.make_room_for_sent(&name).map_err(|error| {
        Error::Config(ConfigError::Write {
            path: dir.config_file().with_file_name(""),
            error,
        })
    })
}

impl State {
    /// Opens what was sent to the server that is called `to`; nothing, where there is no file yet.
    pub fn open(path: &Path, to: String) -> Result<Self, IngestError> {
        let name = path.display().to_string();
        let failed = |reason: io::Error| match reason.kind() {
            io::ErrorKind::InvalidData => IngestError::NotAState { name: name.clone() },
            _ => IngestError::State {
                name: name.clone(),
                reason,
            },
        };
        let mut file = OwnedFile::open(path).map_err(failed)?;
        let text = file.read().map_err(failed)?;
        let mut sources = Vec::new();
        if !text.is_empty() {
            let wire: Option<Wire> = serde_json::from_str(&text).ok();
            let not_one = || IngestError::NotAState { name: name.clone() };
            let wire = wire
                .filter(|it| it.version == VERSION)
                .ok_or_else(not_one)?;
            if wire.to != to {
                let to = wire.to;
                return Err(IngestError::OtherState { name, to });
            }
            for sent in wire.sources {
                sources.push(sent.read().ok_or_else(not_one)?);
            }
        }
        Ok(Self {
            file,
            name,
            to,
            sources,
        })
    }

    /// Every file that is known.
    pub fn sources(&self) -> Vec<SourceProgress> {
        self.sources.iter().map(|it| it.progress.clone()).collect()
    }

    /// Whether nothing of a file is known to have arrived.
    pub fn is_unsent(&self, source: Uuid) -> bool {
        let known = self.sources.iter().find(|it| it.progress.source == source);
        known.is_some_and(|it| !it.sent)
    }

    /// Remembers the id of a file that is about to be sent for the first time.
    ///
    /// An error where it was sent to another place than the one from which it is sent now, as by a store.
    pub fn begin(&mut self, advance: &Advance) -> Result<(), IngestError> {
        let Advance { before, after } = advance;
        let known = |it: &&Sent| it.progress.source == after.source;
        match self.sources.iter().find(known) {
            Some(it) if it.sent && it.progress.read_to != *before => Err(StoreError::Moved.into()),
            Some(_) => Ok(()),
            None => self.write(after, false),
        }
    }

    /// Remembers how far a file has arrived.
    pub fn advance(&mut self, progress: &SourceProgress) -> Result<(), IngestError> {
        self.write(progress, true)
    }

    fn write(&mut self, progress: &SourceProgress, sent: bool) -> Result<(), IngestError> {
        let mut sources = self.sources.clone();
        sources.retain(|it| it.progress.source != progress.source);
        let forgotten = (sources.len() + 1).saturating_sub(MOST);
        sources.drain(..forgotten);
        sources.push(Sent {
            progress: progress.clone(),
            sent,
        });
        let wire = Wire {
            version: VERSION,
            to: self.to.clone(),
            sources: sources.iter().map(WireSent::of).collect(),
        };
        let text = serde_json::to_string(&wire).unwrap_or_default() + "\n";
        self.file
            .replace(&text)
            .map_err(|reason| IngestError::State {
                name: self.name.clone(),
                reason,
            })?;
        self.sources = sources;
        Ok(())
    }
}

impl WireSent {
    fn of(sent: &Sent) -> Self {
        Self {
            source: sent.progress.source.to_string(),
            read_to: sent.progress.read_to,
            prefix_sha256: BASE64_STANDARD.encode(sent.progress.prefix_sha256),
            sent: sent.sent,
        }
    }

    fn read(self) -> Option<Sent> {
        let sha256 = BASE64_STANDARD.decode(&self.prefix_sha256).ok()?;
        Some(Sent {
            progress: SourceProgress {
                source: Uuid::try_parse(&self.source).ok()?,
                read_to: self.read_to,
                prefix_sha256: sha256.try_into().ok()?,
            },
            sent: self.sent,
        })
    }
}
