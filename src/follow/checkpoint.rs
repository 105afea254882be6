//! Where a following stands, as text: what a checkpoint file holds.

use serde::{Deserialize, Serialize};

use super::memory::{MOST, Memory};
use crate::api::Timestamp;

/// The version of the format.
const VERSION: u32 = 1;

/// Where a following stands.
#[derive(Clone, Debug)]
pub struct Position {
    /// Events of this instant or later are followed.
    pub start: Timestamp,
    /// A moment by the server's clock; all that could be seen then was written, unless it was recorded too late for
    /// the window that was looked at.
    pub frontier: Timestamp,
    /// What was seen.
    pub memory: Memory,
    /// Whether the newest events are still to be shown, for `--tail`.
    pub tail_due: bool,
}

/// What is followed: a checkpoint serves no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowIdentity {
    /// The server or the store.
    pub source: String,
    /// The filters, as they are typed.
    pub filters: Vec<String>,
    /// `--since` as it was typed: `7d` is the same question tomorrow, and has been answered in part.
    pub since: Option<String>,
    /// The file that is written to; none for stdout.
    pub file: Option<String>,
    /// How it is written; told for a file alone, which must not change half-way.
    pub format: Option<String>,
}

/// What a checkpoint file holds.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// What is followed.
    pub followed: FollowIdentity,
    /// Length of the file that is written to; none where it is not a file.
    pub length: Option<u64>,
    /// Where it stands; none if it has not begun.
    pub position: Option<Position>,
}

/// Why a text is no checkpoint that can be gone on from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Not one at all.
    #[error("it is not a checkpoint")]
    NotOne,
    /// A later version of the program made it.
    #[error("it has version {0}; this program knows version {VERSION}")]
    TooNew(u32),
    /// It belongs to something else.
    #[error("it belongs to another {what}: {was}, not {is}")]
    Other {
        /// What differs.
        what: &'static str,
        /// What the checkpoint has.
        was: String,
        /// What was asked for.
        is: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: u32,
    followed: FollowIdentity,
    length: Option<u64>,
    position: Option<WirePosition>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePosition {
    start: String,
    frontier: String,
    tail_due: bool,
    remembered_from: String,
    remembered: String,
}

impl Checkpoint {
    /// The checkpoint as JSON.
    pub fn to_json(
        followed: &FollowIdentity,
        length: Option<u64>,
        position: Option<&Position>,
    ) -> String {
        let position = position.map(|position| WirePosition {
            start: position.start.to_string(),
            frontier: position.frontier.to_string(),
            tail_due: position.tail_due,
            remembered_from: position.memory.from().to_string(),
            remembered: position.memory.to_text(),
        });
        let wire = Wire {
            version: VERSION,
            followed: followed.clone(),
            length,
            position,
        };
        serde_json::to_string(&wire).unwrap_or_default() + "\n"
    }

    /// Reads it, for a following of `followed`. None where the text is empty: nothing has begun.
    pub fn from_json(text: &str, followed: &FollowIdentity) -> Result<Option<Self>, Unusable> {
        if text.is_empty() {
            return Ok(None);
        }
        let version: Version = serde_json::from_str(text).map_err(|_| Unusable::NotOne)?;
        if version.version > VERSION {
            return Err(Unusable::TooNew(version.version));
        }
        let wire: Wire = serde_json::from_str(text).map_err(|_| Unusable::NotOne)?;
        wire.followed.check(followed)?;
        let position = wire.position.map(WirePosition::read);
        Ok(Some(Self {
            followed: wire.followed,
            length: wire.length,
            position: match position {
                Some(read) => Some(read.ok_or(Unusable::NotOne)?),
                None => None,
            },
        }))
    }
}

impl WirePosition {
    fn read(self) -> Option<Position> {
        let from = Timestamp::parse(&self.remembered_from)?;
        Some(Position {
            start: Timestamp::parse(&self.start)?,
            frontier: Timestamp::parse(&self.frontier)?,
            memory: Memory::from_text(&self.remembered, from, MOST)?,
            tail_due: self.tail_due,
        })
    }
}

impl FollowIdentity {
    fn check(&self, asked: &Self) -> Result<(), Unusable> {
        let shown = |text: &Option<String>, none: &str| match text {
            Some(text) => format!("'{text}'"),
            None => none.to_owned(),
        };
        let list = |filters: &[String]| match filters {
            [] => "none".to_owned(),
            filters => format!("'{}'", filters.join(" ")),
        };
        let pairs = [
            ("source", self.source.clone(), asked.source.clone()),
            ("set of filters", list(&self.filters), list(&asked.filters)),
            (
                "--since",
                shown(&self.since, "now"),
                shown(&asked.since, "now"),
            ),
            (
                "--output-file",
                shown(&self.file, "stdout"),
                shown(&asked.file, "stdout"),
            ),
            (
                "format",
                shown(&self.format, "any"),
                shown(&asked.format, "any"),
            ),
        ];
        match pairs.into_iter().find(|(_, was, is)| was != is) {
            Some((what, was, is)) => Err(Unusable::Other { what, was, is }),
            None => Ok(()),
        }
    }
}
