//! Reading one file or pipe after another: each batch of lines is stored together with how far its file was read.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    time::Duration,
};

use uuid::Uuid;

use super::{
    IngestError,
    destination::Destination,
    file_summary::FileSummary,
    input::{Input, inflated},
};
use crate::{
    client::PostAnswer,
    files::FileId,
    ingest::{
        Batch, Clock, Known, Lines, Place, ReadError, Survey, event_id, journal_id, new_source,
        survey,
    },
    output::Ui,
    random,
    redact::Redact,
    rules::Rules,
    store::{Advance, SourceProgress},
};

/// After this time without anything new, a part of a line is taken as it is.
pub const WRITTEN: Duration = Duration::from_secs(60);
/// Rejected lines and events that are named one by one.
const NAMED: u64 = 20;

/// One run over all files.
pub struct Session<'a> {
    pub destination: Destination,
    /// Whether what may go well later is waited for.
    pub patient: bool,
    pub rejects: Box<dyn Write>,
    pub clock: Clock,
    pub redact: Redact,
    pub ui: &'a Ui,
    pub rules: &'a Rules,
    /// Rejected lines and events that were named.
    pub named: u64,
    /// The ids of all files that were read before or now: a new one gets another.
    pub taken: HashSet<Uuid>,
    /// The files that are open because they are followed: each is read under one of its names.
    pub followed: HashSet<FileId>,
    /// The ids of those: what begins like one of them is another.
    pub held: HashSet<Uuid>,
}

/// Where events come from, as far as their ids go.
pub enum Origin {
    /// A file, whose id is made from its first batch if it has none yet.
    File(Option<Uuid>),
    /// A pipe.
    Pipe(Uuid),
}

impl Session<'_> {
    /// Reads what there is.
    pub async fn ingest(&mut self, input: &Input) -> Result<FileSummary, IngestError> {
        let cannot_open = |reason| IngestError::Open {
            name: input.name(),
            reason,
        };
        let file = input.open().map_err(cannot_open)?;
        self.ingest_opened(file, input).await
    }

    /// The same of a file that is open.
    pub async fn ingest_opened(
        &mut self,
        file: File,
        input: &Input,
    ) -> Result<FileSummary, IngestError> {
        let cannot_open = |reason| IngestError::Open {
            name: input.name(),
            reason,
        };
        let kind = file.metadata().map_err(cannot_open)?.file_type();
        if kind.is_dir() {
            return Err(cannot_open(io::ErrorKind::IsADirectory.into()));
        }
        // A path can lead to a pipe, and standard input can be a file.
        if kind.is_file() {
            let cannot_read = |reason| IngestError::Read {
                name: input.name(),
                reason,
            };
            let has_ended = is_old(&file).map_err(cannot_open)?;
            let file = inflated(file).map_err(cannot_read)?;
            self.ingest_file(file, has_ended, input).await
        } else {
            let origin = Origin::Pipe(random::uuid()?);
            let lines = Lines::new(file, Place::default(), None);
            self.ingest_lines(lines, origin, input).await
        }
    }

    async fn ingest_file(
        &mut self,
        mut file: File,
        has_ended: bool,
        input: &Input,
    ) -> Result<FileSummary, IngestError> {
        let cannot_read = |reason| IngestError::Read {
            name: input.name(),
            reason,
        };
        let known = self.known()?;
        let found = self.survey(&mut file, &known).map_err(cannot_read)?;
        file.seek(SeekFrom::Start(found.from.offset))
            .map_err(cannot_read)?;
        let origin = Origin::File(found.known.map(|it| it.source));
        let nothing_new = found.known.is_some() && found.from.offset == found.to;
        let mut lines = Lines::new(file, found.from, Some(found.to));
        if has_ended {
            lines = lines.ended();
        }
        let done = FileSummary {
            nothing_new,
            ..self.ingest_lines(lines, origin, input).await?
        };
        if found.unfinished {
            self.ui.note(&format!(
                "{}: the last line is not finished and will be read when it is",
                input.name()
            ));
        }
        Ok(done)
    }

    /// Each batch is stored together with how far its file was read: whenever this is cut off, what is missing is
    /// read by the next run, and nothing is read twice. Only rejected lines can be written twice.
    async fn ingest_lines<R: Read>(
        &mut self,
        mut lines: Lines<R>,
        mut origin: Origin,
        input: &Input,
    ) -> Result<FileSummary, IngestError> {
        let mut done = FileSummary::default();
        let read = loop {
            let batch = self.ingest_batch(&mut lines, &mut origin, input, &mut done);
            match batch.await {
                Ok(Some(_)) if lines.must_wait() => {
                    self.settle(&mut done.told).await?;
                    self.finish().await?;
                }
                Ok(Some(_)) => {}
                Ok(None) => break Ok(()),
                // Whoever follows goes on with other files.
                Err(error @ IngestError::Read { .. }) => break Err(error),
                Err(error) => return Err(error),
            }
        };
        self.settle(&mut done.told).await?;
        read.map(|()| done)
    }

    /// Takes the next batch, and gives where it ends; none where there is none. It is stored before [`Session::settle`]
    /// returns.
    pub async fn ingest_batch<R: Read>(
        &mut self,
        lines: &mut Lines<R>,
        origin: &mut Origin,
        input: &Input,
        done: &mut FileSummary,
    ) -> Result<Option<Place>, IngestError> {
        let excludes = |actor: Option<&str>, event: &str| self.rules.excludes(actor, event);
        let read = Batch::read(lines, &mut self.clock, &mut self.rejects, &excludes);
        let batch = read.map_err(|error| match error {
            ReadError::Rejects(reason) => IngestError::Rejects(reason),
            ReadError::Lines(reason) => IngestError::Read {
                name: input.name(),
                reason,
            },
        })?;
        let Some(batch) = batch else {
            return Ok(None);
        };
        self.rejects.flush().map_err(IngestError::Rejects)?;
        done.counts += batch.counts;
        let (rejections, end) = (batch.rejections.clone(), batch.end.clone());
        done.at_server = self.destination.is_server();
        self.store(batch, origin, &mut done.told).await?;
        for rejection in rejections {
            let (name, number) = (input.name(), rejection.number);
            let reason = rejection.reason;
            self.warn_rejected(&format!("{name}: line {number} is rejected: {reason}"));
        }
        Ok(Some(end))
    }

    async fn store(
        &mut self,
        batch: Batch,
        origin: &mut Origin,
        told: &mut PostAnswer,
    ) -> Result<(), IngestError> {
        let (source, advance) = match origin {
            Origin::Pipe(source) => (*source, None),
            Origin::File(source) => {
                let new = || new_source(&batch.end.sha256(), &self.taken);
                let source = *source.get_or_insert_with(new);
                self.taken.insert(source);
                let after = SourceProgress {
                    source,
                    read_to: batch.end.offset,
                    prefix_sha256: batch.end.sha256(),
                };
                let before = batch.before;
                (source, Some(Advance { before, after }))
            }
        };
        let (mut events, mut named) = (Vec::new(), Vec::new());
        for event in batch.events {
            match event.cursor.as_deref().map(journal_id) {
                Some(id) => named.push(self.redact.apply(event.into_event(id.to_string())?)?),
                None => {
                    let id = event_id(source, event.offset).to_string();
                    events.push(self.redact.apply(event.into_event(id)?)?);
                }
            }
        }
        // What the journal names is one event in whatever file it comes; whoever is cut off here stores it again.
        if !named.is_empty() {
            self.settle(told).await?;
            self.finish().await?;
            self.append(named, None, false, told).await?;
        }
        self.append(events, advance, batch.looks_ahead, told).await
    }

    /// The files that were read before, and are not open.
    pub fn known(&mut self) -> Result<Vec<Known>, IngestError> {
        let sources = self.destination.sources()?;
        self.taken.extend(sources.iter().map(|it| it.source));
        let free = sources
            .into_iter()
            .filter(|it| !self.held.contains(&it.source));
        Ok(free.map(known).collect())
    }

    /// Which file it is, and what there is to read in it.
    pub fn survey(&self, file: &mut File, known: &[Known]) -> io::Result<Survey> {
        let mut found = survey(file, known)?;
        if found
            .known
            .is_some_and(|it| self.destination.is_unsent(it.source))
        {
            found.from = Place::default();
        }
        Ok(found)
    }

    /// Says what became of a line or an event, for the first of them.
    pub fn warn_rejected(&mut self, text: &str) {
        if self.named < NAMED {
            self.named += 1;
            self.ui.warning(text);
        }
    }
}

/// Whether nobody has written to a file for so long that what has begun in it has ended.
fn is_old(file: &File) -> io::Result<bool> {
    let written = file.metadata()?.modified()?;
    Ok(written.elapsed().is_ok_and(|ago| ago >= WRITTEN))
}

fn known(progress: SourceProgress) -> Known {
    Known {
        source: progress.source,
        read_to: progress.read_to,
        sha256: progress.prefix_sha256,
    }
}
