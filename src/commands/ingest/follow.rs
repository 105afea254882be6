//! `ingest --follow`: the same reading, again and again, of files that are written to and rotated.
//!
//! A file is kept open, so that what is written to it after a rotation renamed it is read before the new one begins.
//! Where reading stands is in the store alone: a follower that was killed goes on as any other run would.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    IngestError,
    done::Done,
    input::{Input, is_gzip},
    say_counts,
    session::{Origin, Session},
};
use crate::{
    commands::stop_signal,
    error::Error,
    ingest::{Lines, Place, read_lines_end},
};

/// Time between two looks at a file that has nothing new.
const INTERVAL: Duration = Duration::from_secs(1);
/// After this time without anything new, text that could go on is taken as it is.
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
    let mut done = Done::default();
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
    say_counts(session, done.counts);
    match interrupted {
        false => Ok(()),
        true => Err(Error::Interrupted),
    }
}

/// Says whether it was a signal that ended it; else there was nothing to follow.
async fn follow(
    session: &mut Session<'_>,
    inputs: &[Input],
    done: &mut Done,
    stopped: &watch::Receiver<bool>,
) -> Result<bool, IngestError> {
    let mut files = Vec::new();
    for input in inputs {
        match input {
            Input::File(path) => files.push(Followed::new(path, input)),
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
struct Followed<'a> {
    path: &'a Path,
    input: &'a Input,
    tail: Option<Tail>,
    /// Whether it has been looked for before.
    begun: bool,
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
    /// Whether another file had its name when it was last looked at.
    renamed: bool,
}

impl<'a> Followed<'a> {
    fn new(path: &'a Path, input: &'a Input) -> Self {
        Self {
            path,
            input,
            tail: None,
            begun: false,
            said_missing: false,
        }
    }

    /// Reads what is new, and says whether there may be more at once.
    async fn look(
        &mut self,
        session: &mut Session<'_>,
        done: &mut Done,
        stopped: &watch::Receiver<bool>,
    ) -> Result<bool, IngestError> {
        let Some(mut tail) = self.tail.take() else {
            return self.open(session, done).await;
        };
        let cannot_read = |reason| cannot_read(self.input, reason);
        let len = tail.file.metadata().map_err(cannot_read)?.len();
        if !tail.is_as_before(len).map_err(cannot_read)? {
            let name = self.input.name();
            session
                .ui
                .note(&format!("{name} was cut: it is read from its beginning"));
            self.read_rotated(session, done).await?;
            return self.open(session, done).await;
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

    /// Opens the file that has the name now, if there is one.
    async fn open(
        &mut self,
        session: &mut Session<'_>,
        done: &mut Done,
    ) -> Result<bool, IngestError> {
        let cannot_open = |reason| IngestError::Open {
            name: self.input.name(),
            reason,
        };
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
        let sources = session.known()?;
        let found = session
            .survey(&mut file, &sources)
            .map_err(|it| cannot_read(self.input, it))?;
        // What was read last has another name now, or is gone.
        if !std::mem::replace(&mut self.begun, true) && found.known.is_none() && !sources.is_empty()
        {
            self.read_rotated(session, done).await?;
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
            renamed: false,
        });
        Ok(true)
    }

    /// Reads the rest of what a rotation put beside the file, if it was read before.
    async fn read_rotated(
        &self,
        session: &mut Session<'_>,
        done: &mut Done,
    ) -> Result<(), IngestError> {
        let mut name = OsString::from(self.path);
        name.push(".1");
        let path = PathBuf::from(name);
        let Ok(mut file) = File::open(&path) else {
            return Ok(());
        };
        let input = Input::File(path);
        let found = session.survey(&mut file, &session.known()?);
        let found = found.map_err(|it| cannot_read(&input, it))?;
        if found.known.is_none() {
            let (old, name) = (input.name(), self.input.name());
            session.ui.warning(&format!(
                "{old} is none of the files that were read: what was written to {name} before it may be missing"
            ));
            return Ok(());
        }
        done.add(&session.ingest(&input).await?);
        Ok(())
    }
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
    #[cfg(unix)]
    fn is_under(&self, path: &Path) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt;
        let own = self.file.metadata()?;
        match fs::metadata(path) {
            Ok(other) => Ok((own.dev(), own.ino()) == (other.dev(), other.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Whether the path leads to it, as far as its length tells.
    #[cfg(not(unix))]
    fn is_under(&self, path: &Path) -> io::Result<bool> {
        Ok(fs::metadata(path).map_or(true, |other| other.len() >= self.len))
    }

    /// Stores what is new, and says whether there was anything.
    async fn read(
        &mut self,
        session: &mut Session<'_>,
        input: &Input,
        done: &mut Done,
        stopped: &watch::Receiver<bool>,
        is_last: bool,
    ) -> Result<bool, IngestError> {
        let cannot_read = |reason| cannot_read(input, reason);
        let to = read_lines_end(&mut self.file, self.place.offset, self.len, is_last)
            .map_err(cannot_read)?;
        if to == self.place.offset {
            return Ok(false);
        }
        self.file
            .seek(SeekFrom::Start(self.place.offset))
            .map_err(cannot_read)?;
        let file = self.file.try_clone().map_err(cannot_read)?;
        let mut lines = Lines::new(file, self.place.clone(), Some(to));
        if !is_last && self.since.elapsed() < QUIET {
            lines = lines.growing();
        }
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
        Ok(self.place.offset > before)
    }
}

fn cannot_read(input: &Input, reason: io::Error) -> IngestError {
    IngestError::Read {
        name: input.name(),
        reason,
    }
}
