//! What a follower writes, keeps and says, on this machine.

use std::{io, path::PathBuf, time::Duration};

use super::output::Rows;
use crate::{
    api::{Event, Timestamp},
    commands::{options::FilterArgs, summary::events},
    error::Error,
    files::OwnedFile,
    follow::{Checkpoint, FollowIdentity, Keep, MOST, Note, Position},
    output::Ui,
};

/// The rows, the checkpoint, and stderr.
pub struct Kept {
    pub rows: Rows,
    pub checkpoint: Option<KeptCheckpoint>,
    pub ui: Ui,
    pub overlap: chrono::Duration,
    pub now: fn() -> Timestamp,
}

/// A checkpoint file in use.
pub struct KeptCheckpoint {
    pub path: PathBuf,
    pub file: OwnedFile,
    pub followed: FollowIdentity,
}

impl KeptCheckpoint {
    /// Writes down where it stands; `length` is that of the file that is written to.
    pub fn replace(
        &mut self,
        length: Option<u64>,
        position: Option<&Position>,
    ) -> Result<(), Error> {
        let text = Checkpoint::to_json(&self.followed, length, position);
        self.file
            .replace(&text)
            .map_err(|error| Error::CheckpointFile {
                path: self.path.clone(),
                error,
            })
    }
}

impl Keep for Kept {
    type Error = Error;

    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.rows.event(event)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.rows.flush()
    }

    fn keep(&mut self, position: &Position) -> Result<(), Error> {
        let Some(checkpoint) = &mut self.checkpoint else {
            return Ok(());
        };
        // The rows first: a checkpoint must not speak of rows that may still be lost.
        let length = self.rows.sync().map_err(Error::Output)?;
        checkpoint.replace(length, Some(position))
    }

    fn say(&mut self, note: Note<'_>) {
        let text = self.said(&note);
        match note {
            Note::Unproven { .. } | Note::Late { .. } | Note::Forgets { .. } => {
                self.ui.warning(&text);
            }
            _ => self.ui.note(&text),
        }
    }
}

impl Kept {
    fn said(&self, note: &Note<'_>) -> String {
        match note {
            Note::Following { start } => {
                format!("following what is recorded from now on, and happened after {start}")
            }
            Note::Resumed { frontier } => format!("going on where {frontier} was"),
            Note::Away { why, ago } => format!(
                "the server is away since {}: {why}; it is asked again until it is back",
                self.time_before(*ago)
            ),
            Note::Back { after } => format!("the server is back, after {}", rounded(*after)),
            Note::Refused { why: None } => {
                "the server does not take the token any more, and there \
                 is no other yet: it is read again until there is"
                    .to_owned()
            }
            Note::Refused { why: Some(why) } => format!(
                "the server does not take the token any more, and a new one cannot be read: {why}"
            ),
            Note::Leaky(field) => format!(
                "the server lets other events through {}: it is applied here",
                FilterArgs::option(*field)
            ),
            Note::Unproven { why } => {
                format!("it cannot be proven that no event is missing: {why}")
            }
            Note::Late { count, longest } => format!(
                "{} had been recorded later than --overlap {} reaches, and came only now: up to {} after {}",
                events(*count),
                shown(self.overlap),
                shown(*longest),
                if *count == 1 {
                    "it happened"
                } else {
                    "they happened"
                },
            ),
            Note::Forgets { reach } => format!(
                "of more than {} the oldest are forgotten: one that is recorded more than {} after it happened is \
                 missed",
                events(MOST as u64),
                shown(*reach)
            ),
        }
    }

    fn time_before(&self, ago: Duration) -> String {
        let ago = chrono::Duration::from_std(ago).unwrap_or_default();
        (self.now)().minus(ago).whole_second().to_string()
    }
}

fn rounded(duration: Duration) -> String {
    shown(chrono::Duration::from_std(duration).unwrap_or_default())
}

/// A length of time as it is typed, in its two largest units: `2h5m`.
pub fn shown(duration: chrono::Duration) -> String {
    let mut seconds = duration.num_seconds().max(0);
    let mut parts = Vec::new();
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if seconds >= length {
            parts.push(format!("{}{unit}", seconds / length));
            seconds %= length;
        }
    }
    match parts.is_empty() {
        true => "0s".to_owned(),
        false => parts.into_iter().take(2).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_length_of_time_is_shown_as_it_is_typed() {
        let of = |seconds| shown(chrono::Duration::seconds(seconds));
        assert_eq!(of(0), "0s");
        assert_eq!(of(600), "10m");
        assert_eq!(of(7505), "2h5m");
        assert_eq!(of(90_000), "1d1h");
        assert_eq!(of(86_401), "1d1s");
    }
}
