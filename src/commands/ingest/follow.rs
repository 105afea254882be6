//! `ingest --follow`: the same reading, again and again, of files that are written to and rotated.
//!
//! A file is kept open, so that what is written to it after a rotation renamed it is read before the new one begins.
//! Where reading stands is in the store alone: a follower that was killed goes on as any other run would.

use std::{fs::File, io, path::Path, time::Duration};

use tokio::sync::watch;

use super::{
    IngestError,
    file_summary::FileSummary,
    input::{Input, inflated, is_gzip},
    rotated::{Rotated, rotated},
    say_counts,
    session::Session,
    tail::Tail,
};
use crate::{commands::stop_signal, error::Error, files::FileId, ingest::Known};

/// Time between two looks at a file that has nothing new.
pub const INTERVAL: Duration = Duration::from_secs(1);

/// Follows the files until a signal.
pub async fn run(session: &mut Session<'_>, inputs: &[Input]) -> Result<(), Error> {
    let signal = stop_signal(false)?;
    let (tell, stopped) = watch::channel(false);
    tokio::spawn(async move {
        signal.await;
        tell.send_replace(true);
    });
    let mut done = FileSummary::default();
    let mut waiting = stopped.clone();
    // What is cut off in the middle of a wait was not kept, and is read again by the next run.
    let interrupted = tokio::select! {
        _ = waiting.wait_for(|it| *it) => Ok(true),
        interrupted = follow(session, inputs, &mut done, &stopped) => interrupted,
    };
    let concluded = session.conclude(&mut done.told).await;
    let interrupted = interrupted?;
    if !interrupted {
        concluded?;
    }
    session.ui.note(&done.summary());
    say_counts(session, &done);
    match interrupted {
        false => Ok(()),
        true => Err(Error::Stopped),
    }
}

/// Says whether it was a signal that ended it; else there was nothing to follow.
async fn follow(
    session: &mut Session<'_>,
    inputs: &[Input],
    done: &mut FileSummary,
    stopped: &watch::Receiver<bool>,
) -> Result<bool, IngestError> {
    let mut files = Vec::new();
    for input in inputs {
        match input {
            Input::File(path) => files.push(FollowedFile::new(path, input)),
            Input::Standard => {
                session
                    .ui
                    .note("standard input is read to its end, and then the files are followed");
                done.add(&session.ingest(input).await?);
            }
        }
    }
    while !*stopped.borrow() && !files.is_empty() {
        let mut busy = false;
        for file in &mut files {
            busy |= file.look(session, done, stopped).await?;
        }
        if !busy {
            session.finish().await?;
            tokio::time::sleep(INTERVAL).await;
        }
    }
    Ok(!files.is_empty())
}

/// A path that is followed.
struct FollowedFile<'a> {
    path: &'a Path,
    input: &'a Input,
    tail: Option<Tail>,
    said_missing: bool,
}

impl<'a> FollowedFile<'a> {
    fn new(path: &'a Path, input: &'a Input) -> Self {
        Self {
            path,
            input,
            tail: None,
            said_missing: false,
        }
    }

    /// Reads what is new, and says whether there may be more at once.
    async fn look(
        &mut self,
        session: &mut Session<'_>,
        done: &mut FileSummary,
        stopped: &watch::Receiver<bool>,
    ) -> Result<bool, IngestError> {
        let Some(mut tail) = self.tail.take() else {
            return self.open(session, done, false).await;
        };
        tail.let_go(session);
        let cannot_read = |reason| cannot_read(self.input, reason);
        let len = tail.len().map_err(cannot_read)?;
        if !tail.is_as_before(len).map_err(cannot_read)? {
            let name = self.input.name();
            session
                .ui
                .note(&format!("{name} was cut: it is read from its beginning"));
            return self.open(session, done, true).await;
        }
        let is_last = tail.is_last(self.path, len).map_err(cannot_read)?;
        let read = tail
            .read(session, self.input, done, stopped, is_last)
            .await?;
        if is_last && !read && !*stopped.borrow() {
            return Ok(true);
        }
        tail.hold(session);
        self.tail = Some(tail);
        Ok(read)
    }

    /// Opens the file that has the name now, if there is one, when what was rotated away before it is read.
    async fn open(
        &mut self,
        session: &mut Session<'_>,
        done: &mut FileSummary,
        was_cut: bool,
    ) -> Result<bool, IngestError> {
        let cannot_open = |reason| IngestError::Open {
            name: self.input.name(),
            reason,
        };
        // A pipe would have to be waited for.
        if std::fs::metadata(self.path).is_ok_and(|it| !it.is_file()) {
            return Err(IngestError::NotFollowed(self.input.name()));
        }
        let mut file = match File::open(self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if !std::mem::replace(&mut self.said_missing, true) {
                    let name = self.input.name();
                    session
                        .ui
                        .note(&format!("{name} is not there yet: it is waited for"));
                }
                return Ok(false);
            }
            Err(error) => return Err(cannot_open(error)),
        };
        let metadata = file.metadata().map_err(cannot_open)?;
        if !metadata.is_file() || is_gzip(&mut file).map_err(cannot_open)? {
            return Err(IngestError::NotFollowed(self.input.name()));
        }
        let id = FileId::of(&metadata);
        // It has two names for a moment, or for good: it is read under the other one.
        if id.is_some_and(|id| session.followed.contains(&id)) {
            return Ok(false);
        }
        let mut sources = session.known()?;
        let mut survey = |session: &Session<'_>, sources: &[Known]| {
            let found = session.survey(&mut file, sources);
            found.map_err(|it| cannot_read(self.input, it))
        };
        let mut found = survey(session, &sources)?;
        // What was read last has another name now, or is gone. The file is open already: one that is rotated away now
        // is among those that are read here, too.
        if was_cut || found.known.is_none() && !sources.is_empty() {
            self.read_rotated(session, done).await?;
            sources = session.known()?;
            found = survey(session, &sources)?;
        }
        let tail = Tail::new(file, id, found);
        tail.hold(session);
        self.tail = Some(tail);
        Ok(true)
    }

    /// Reads what rotations put beside the file: the rest of the newest that was read before, and all that is newer.
    async fn read_rotated(
        &self,
        session: &mut Session<'_>,
        done: &mut FileSummary,
    ) -> Result<(), IngestError> {
        let known = session.known()?;
        let lists = rotated(self.path).map_err(|it| cannot_read(self.input, it))?;
        let newest = lists.iter().find_map(|list| list.last());
        let mut is_found = false;
        for list in &lists {
            let is_known = |it: &Rotated| is_known(session, it, &known);
            let Some(from) = list.iter().rposition(is_known) else {
                continue;
            };
            is_found = true;
            for it in list.get(from..).unwrap_or_default() {
                if is_followed(session, it) {
                    continue;
                }
                let input = Input::File(it.path.clone());
                let read = match it.copy() {
                    Ok(file) => session.ingest_opened(file, &input).await,
                    Err(reason) => Err(cannot_read(&input, reason)),
                };
                match read {
                    Ok(read) => done.add(&read),
                    // It will be no other later: whoever follows goes on, and has said it.
                    Err(error @ (IngestError::Open { .. } | IngestError::Read { .. })) => session
                        .ui
                        .warning(&format!("{error}: what is in it is missing")),
                    Err(error) => return Err(error),
                }
            }
        }
        if let Some(newest) = newest.filter(|_| !is_found) {
            let (old, name) = (newest.path.display(), self.input.name());
            session.ui.warning(&format!(
                "{old} is none of the files that were read: what was written to {name} before it may be missing"
            ));
        }
        Ok(())
    }
}

/// Whether a file is read under a name of its own.
fn is_followed(session: &Session<'_>, it: &Rotated) -> bool {
    let id = it.copy().and_then(|file| Ok(FileId::of(&file.metadata()?)));
    id.is_ok_and(|id| id.is_some_and(|id| session.followed.contains(&id)))
}

/// Whether something of a file was read before.
fn is_known(session: &Session<'_>, it: &Rotated, known: &[Known]) -> bool {
    if is_followed(session, it) {
        return true;
    }
    let file = it.copy().and_then(inflated);
    let found = file.and_then(|mut file| session.survey(&mut file, known));
    found.is_ok_and(|found| found.known.is_some())
}

pub fn cannot_read(input: &Input, reason: io::Error) -> IngestError {
    IngestError::Read {
        name: input.name(),
        reason,
    }
}
