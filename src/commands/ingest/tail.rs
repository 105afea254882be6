//! A file that is open because it is followed: what is new in it, and whether it is still the one that has its name.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    IngestError,
    file_summary::FileSummary,
    follow::{INTERVAL, cannot_read},
    input::Input,
    rotated::is_under,
    session::{Origin, Session, WRITTEN},
};
use crate::{
    files::FileId,
    ingest::{Lines, Place, Survey, read_lines_end},
};

/// After this time text that could go on, and has not, is taken as it is.
const QUIET: Duration = Duration::from_secs(5);
/// Bytes before the place of reading by which a file is known that was cut and written anew between two looks.
const MARK: u64 = 1024;

/// A file that is open.
pub struct Tail {
    file: File,
    id: Option<FileId>,
    place: Place,
    origin: Origin,
    /// What stands before the place.
    mark: Vec<u8>,
    /// Its length when it was last looked at, and since when that is so.
    len: u64,
    since: Instant,
    /// Since when something behind the place could go on.
    waiting: Option<Instant>,
    /// Where the file ended, and how it was read, when nothing ended that had begun.
    in_vain: Option<(u64, Taken)>,
    /// Whether another file had its name, and was written to, when it was last looked at.
    is_replaced: bool,
}

/// What of a text that could go on is taken as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Nothing,
    Records,
    Parts,
}

impl Tail {
    pub fn new(file: File, id: Option<FileId>, found: Survey) -> Self {
        Self {
            file,
            id,
            place: found.from,
            origin: Origin::File(found.known.map(|it| it.source)),
            mark: Vec::new(),
            len: 0,
            since: Instant::now(),
            waiting: None,
            in_vain: None,
            is_replaced: false,
        }
    }

    /// Bytes of it now.
    pub fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Keeps others from being taken for it.
    pub fn hold(&self, session: &mut Session<'_>) {
        session.followed.extend(self.id);
        if let Origin::File(Some(source)) = &self.origin {
            session.held.insert(*source);
        }
    }

    /// Lets them, while it is not known whether it is read on.
    pub fn let_go(&self, session: &mut Session<'_>) {
        if let Some(id) = &self.id {
            session.followed.remove(id);
        }
        if let Origin::File(Some(source)) = &self.origin {
            session.held.remove(source);
        }
    }

    /// Whether what was read is still there.
    pub fn is_as_before(&mut self, len: u64) -> io::Result<bool> {
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

    /// Whether it is not written to any more, now that it is `len` bytes long.
    ///
    /// Whoever writes may go on with the old file until something is in the new one, and for a moment after that: it
    /// must have stood still for one look.
    pub fn is_last(&mut self, path: &Path, len: u64) -> io::Result<bool> {
        if len != self.len {
            (self.len, self.since) = (len, Instant::now());
        }
        let was_replaced = self.is_replaced;
        self.is_replaced = !self.is_under(path)? && fs::metadata(path).is_ok_and(|it| it.len() > 0);
        Ok(was_replaced && self.is_replaced && self.since.elapsed() >= INTERVAL)
    }

    /// Stores what is new, and says whether there was anything.
    pub async fn read(
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
        let since = *self.waiting.get_or_insert_with(Instant::now);
        let taken = match since.elapsed() {
            _ if is_last => Taken::Parts,
            time if time < QUIET => Taken::Nothing,
            time if time < WRITTEN => Taken::Records,
            _ => Taken::Parts,
        };
        if self.in_vain == Some((to, taken)) {
            return Ok(false);
        }
        self.file
            .seek(SeekFrom::Start(self.place.offset))
            .map_err(cannot_read)?;
        let file = self.file.try_clone().map_err(cannot_read)?;
        let mut lines = Lines::new(file, self.place.clone(), Some(to));
        lines = match taken {
            Taken::Nothing => lines.growing(),
            Taken::Records => lines,
            Taken::Parts => lines.ended(),
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
        self.in_vain = (!has_moved).then_some((to, taken));
        Ok(has_moved)
    }
}
