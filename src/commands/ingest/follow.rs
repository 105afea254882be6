//! `ingest --follow`: the same reading, again and again, of files that are written to and rotated.
//!
//! A file is kept open, so that what is written to it after a rotation renamed it is read before the new one begins.
//! Where reading stands is in the store alone: a follower that was killed goes on as any other run would.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    IngestError,
    file_summary::FileSummary,
    input::{Input, inflated, is_gzip},
    rotated::{Rotated, is_under, rotated},
    say_counts,
    session::{Origin, Session, WRITTEN},
};
use crate::{
    commands::stop_signal,
    error::Error,
    ingest::{Known, Lines, Place, read_lines_end},
};

/// Time between two looks at a file that has nothing new.
const INTERVAL: Duration = Duration::from_secs(1);
/// After this time text that could go on, and has not, is taken as it is.
const QUIET: Duration = Duration::from_secs(5);
/// Bytes before the place of reading by which a file is known that was cut and written anew between two looks.
const MARK: u64 = 1024;

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

/// A file that is open.
struct Tail {
    file: File,
    place: Place,
    origin: Origin,
    /// What stands before the place.
    mark: Vec<u8>,
    /// Its length when it was last looked at, and since when that is so.
    len: u64,
    since: Instant,
    /// Since when something behind the place could go on.
    waiting: Option<Instant>,
    /// Whether another file had its name when it was last looked at.
    renamed: bool,
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
        let cannot_read = |reason| cannot_read(self.input, reason);
        let len = tail.file.metadata().map_err(cannot_read)?.len();
        if !tail.is_as_before(len).map_err(cannot_read)? {
            let name = self.input.name();
            session
                .ui
                .note(&format!("{name} was cut: it is read from its beginning"));
            return self.open(session, done, true).await;
        }
        if len != tail.len {
            (tail.len, tail.since) = (len, Instant::now());
        }
        let moved = !tail.is_under(self.path).map_err(cannot_read)?;
        // Whoever writes may go on with the old file for a moment: it must have stood still for one look.
        let is_last = moved && tail.renamed && tail.since.elapsed() >= INTERVAL;
        let read = tail
            .read(session, self.input, done, stopped, is_last)
            .await?;
        tail.renamed = moved;
        if is_last && !read && !*stopped.borrow() {
            return Ok(true);
        }
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
        if !file.metadata().map_err(cannot_open)?.is_file()
            || is_gzip(&mut file).map_err(cannot_open)?
        {
            return Err(IngestError::NotFollowed(self.input.name()));
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
        self.tail = Some(Tail {
            file,
            place: found.from,
            origin: Origin::File {
                source: found.known.map(|it| it.source),
                taken: sources.iter().map(|it| it.source).collect(),
            },
            mark: Vec::new(),
            len: 0,
            since: Instant::now(),
            waiting: None,
            renamed: false,
        });
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

/// Whether something of a file was read before.
fn is_known(session: &Session<'_>, it: &Rotated, known: &[Known]) -> bool {
    let file = it.copy().and_then(inflated);
    let found = file.and_then(|mut file| session.survey(&mut file, known));
    found.is_ok_and(|found| found.known.is_some())
}

impl Tail {
    /// Whether what was read is still there.
    fn is_as_before(&mut self, len: u64) -> io::Result<bool> {
        Ok(len >= self.place.offset && self.read_mark()? == self.mark)
    }

    /// The bytes before the place, as many as were remembered.
    fn read_mark(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let length = self.mark.len() as u64;
        self.file
            .seek(SeekFrom::Start(self.place.offset - length))?;
        self.file.by_ref().take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Whether the path leads to it; also where it leads to nothing, for then nothing is in its place.
    fn is_under(&self, path: &Path) -> io::Result<bool> {
        match is_under(&self.file, path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            result => result,
        }
    }

    /// Stores what is new, and says whether there was anything.
    async fn read(
        &mut self,
        session: &mut Session<'_>,
        input: &Input,
        done: &mut FileSummary,
        stopped: &watch::Receiver<bool>,
        is_last: bool,
    ) -> Result<bool, IngestError> {
        let cannot_read = |reason| cannot_read(input, reason);
        let to = read_lines_end(&mut self.file, self.place.offset, self.len, is_last)
            .map_err(cannot_read)?;
        if to == self.place.offset {
            self.waiting = None;
            return Ok(false);
        }
        self.file
            .seek(SeekFrom::Start(self.place.offset))
            .map_err(cannot_read)?;
        let file = self.file.try_clone().map_err(cannot_read)?;
        let mut lines = Lines::new(file, self.place.clone(), Some(to));
        let since = *self.waiting.get_or_insert_with(Instant::now);
        lines = match since.elapsed() {
            _ if is_last => lines.ended(),
            time if time < QUIET => lines.growing(),
            time if time < WRITTEN => lines,
            _ => lines.ended(),
        };
        let before = self.place.offset;
        while !*stopped.borrow() {
            let batch = session.ingest_batch(&mut lines, &mut self.origin, input, done);
            match batch.await {
                Ok(Some(end)) => self.place = end,
                // It was cut while it was read: the next look finds out.
                Err(IngestError::Read { reason, .. })
                    if reason.kind() == io::ErrorKind::UnexpectedEof =>
                {
                    break;
                }
                Err(error) => return Err(error),
                Ok(None) => break,
            }
        }
        session.settle(&mut done.told).await?;
        self.mark = vec![0; MARK.min(self.place.offset) as usize];
        self.mark = self.read_mark().map_err(cannot_read)?;
        let has_moved = self.place.offset > before;
        if has_moved {
            self.waiting = None;
        }
        Ok(has_moved)
    }
}

fn cannot_read(input: &Input, reason: io::Error) -> IngestError {
    IngestError::Read {
        name: input.name(),
        reason,
    }
}
