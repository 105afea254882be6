//! Reading one file or pipe after another: each batch of lines is stored together with how far its file was read.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
};

use uuid::Uuid;

use super::{
    IngestError,
    input::{Input, inflated},
};
use crate::{
    ingest::{
        Batch, Clock, Counts, Known, Lines, Place, ReadError, event_id, journal_id, new_source,
        survey,
    },
    output::Ui,
    redact::Redact,
    rules::Rules,
    store::{Advance, SourceProgress, Writer},
};

/// Rejected lines that are named one by one.
const NAMED: u64 = 20;

/// One run over all files.
pub struct Session<'a> {
    pub writer: Writer,
    pub rejects: Box<dyn Write>,
    pub clock: Clock,
    pub redact: Redact,
    pub ui: &'a Ui,
    pub rules: &'a Rules,
    /// Rejected lines that were named.
    pub named: u64,
}

/// What became of one file.
#[derive(Default)]
pub struct Done {
    pub counts: Counts,
    pub stored: u64,
    /// All of the file was read before, as it seems from its content.
    pub nothing_new: bool,
}

/// Where events come from, as far as their ids go.
pub enum Origin {
    /// A file, whose id is made from its first batch if it has none yet.
    File {
        source: Option<Uuid>,
        taken: HashSet<Uuid>,
    },
    /// A pipe.
    Pipe(Uuid),
}

impl Session<'_> {
    /// Reads what there is.
    pub fn ingest(&mut self, input: &Input) -> Result<Done, IngestError> {
        let cannot_open = |reason| IngestError::Open {
            name: input.name(),
            reason,
        };
        let file = input.open().map_err(cannot_open)?;
        let kind = file.metadata().map_err(cannot_open)?.file_type();
        if kind.is_dir() {
            return Err(cannot_open(io::ErrorKind::IsADirectory.into()));
        }
        // A path can lead to a pipe, and standard input can be a file.
        if kind.is_file() {
            let file = inflated(file).map_err(|reason| IngestError::Read {
                name: input.name(),
                reason,
            })?;
            self.ingest_file(file, input)
        } else {
            let mut random = [0; 16];
            getrandom::fill(&mut random)?;
            let origin = Origin::Pipe(uuid::Builder::from_random_bytes(random).into_uuid());
            let lines = Lines::new(file, Place::default(), None);
            self.ingest_lines(lines, origin, input)
        }
    }

    fn ingest_file(&mut self, mut file: File, input: &Input) -> Result<Done, IngestError> {
        let cannot_read = |reason| IngestError::Read {
            name: input.name(),
            reason,
        };
        let known: Vec<_> = self.writer.sources()?.into_iter().map(known).collect();
        let found = survey(&mut file, &known).map_err(cannot_read)?;
        file.seek(SeekFrom::Start(found.from.offset))
            .map_err(cannot_read)?;
        let origin = Origin::File {
            source: found.known.map(|it| it.source),
            taken: known.iter().map(|it| it.source).collect(),
        };
        let nothing_new = found.known.is_some() && found.from.offset == found.to;
        let lines = Lines::new(file, found.from, Some(found.to));
        let done = Done {
            nothing_new,
            ..self.ingest_lines(lines, origin, input)?
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
    fn ingest_lines<R: Read>(
        &mut self,
        mut lines: Lines<R>,
        mut origin: Origin,
        input: &Input,
    ) -> Result<Done, IngestError> {
        let mut done = Done::default();
        while self
            .ingest_batch(&mut lines, &mut origin, input, &mut done)?
            .is_some()
        {}
        Ok(done)
    }

    /// Stores the next batch, and gives where it ends; none where there is none.
    pub fn ingest_batch<R: Read>(
        &mut self,
        lines: &mut Lines<R>,
        origin: &mut Origin,
        input: &Input,
        done: &mut Done,
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
        done.stored += self.store(batch, origin)?;
        for rejection in rejections {
            if self.named < NAMED {
                self.named += 1;
                let (name, number) = (input.name(), rejection.number);
                let reason = rejection.reason;
                self.ui
                    .warning(&format!("{name}: line {number} is rejected: {reason}"));
            }
        }
        Ok(Some(end))
    }

    fn store(&mut self, batch: Batch, origin: &mut Origin) -> Result<u64, IngestError> {
        let (source, advance) = match origin {
            Origin::Pipe(source) => (*source, None),
            Origin::File { source, taken } => {
                let source = *source.get_or_insert_with(|| new_source(&batch.end.sha256(), taken));
                let after = SourceProgress {
                    source,
                    read_to: batch.end.offset,
                    prefix_sha256: batch.end.sha256(),
                };
                let before = batch.before;
                (source, Some(Advance { before, after }))
            }
        };
        let recorded_at = self.clock.tick();
        let (mut events, mut named) = (Vec::new(), Vec::new());
        for event in batch.events {
            match event.cursor.as_deref().map(journal_id) {
                Some(id) => named.push(
                    self.redact
                        .apply(event.into_event(id.to_string(), recorded_at)?)?,
                ),
                None => {
                    let id = event_id(source, event.offset).to_string();
                    events.push(self.redact.apply(event.into_event(id, recorded_at)?)?);
                }
            }
        }
        // What the journal names is one event in whatever file it comes; whoever is cut off here stores it again.
        let stored = match named.is_empty() {
            true => 0,
            false => self.writer.append(&named, None)?,
        };
        Ok(stored + self.writer.append(&events, advance.as_ref())?)
    }
}

pub fn known(progress: SourceProgress) -> Known {
    Known {
        source: progress.source,
        read_to: progress.read_to,
        sha256: progress.prefix_sha256,
    }
}

impl Done {
    pub fn summary(&self) -> String {
        let Counts {
            read,
            excluded,
            initiated,
            other,
            repaired,
            rejected,
            ..
        } = self.counts;
        format!(
            "read {read}, stored {}, excluded {excluded}, initiated {initiated}, other {other}, repaired {repaired}, \
             rejected {rejected}",
            self.stored
        )
    }
}
