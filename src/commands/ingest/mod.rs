//! `auditlog ingest`: log files of a Backstage into a store.

mod input;
mod rejects;

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::PathBuf,
};

use chrono::Utc;
use uuid::Uuid;

use super::{Context, options::store_path, rules::read_rules};
use crate::{
    api::EventError,
    config::Environment,
    error::Error,
    ingest::{
        Batch, Clock, Counts, Known, Lines, Place, ReadError, event_id, journal_id, new_source,
        survey,
    },
    output::Ui,
    redact::Redact,
    rules::Rules,
    store::{Advance, SourceProgress, StoreError, Writer},
};

use input::{Input, inflated};
use rejects::{open_rejects, refuse_own_rejects};

/// Rejected lines that are named one by one.
const NAMED: u64 = 20;

/// Store the audit events that a Backstage wrote to its log
///
/// Reads the lines that Backstage's auditor writes to the log and stores the outcome of each audit event. They may come
/// as they are (JSON, or the coloured text of development), as Docker's json-file, in the log format of Kubernetes (CRI),
/// or from `journalctl -o json`, and compressed with gzip; that is seen by itself. Each line is stored once, however often the command runs: a file is known by its
/// content, renamed or not, and reading goes on where it ended, also after a crash. A pipe on standard input has no
/// such place: each run over one is new.
///
/// Events that an exclusion rule matches are counted and not stored: entity-fetch and entity-facets from plugins, and
/// what --rules says beside them.
///
/// Lines carry no time of their own as a rule: what carried them gives it, or else it is the time of reading. A line
/// whose isAuditEvent was overwritten by a field of an error cannot be told from other lines of the log.
#[derive(Debug, clap::Args)]
pub struct IngestArgs {
    /// Log files, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Store to write to; created if there is none [env: AUDITLOG_STORE]
    #[arg(long, value_name = "PATH")]
    store: Option<PathBuf>,
    /// Append lines that say they are audit events, and cannot be read as such, to this file
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Leave out what these exclusion rules say, too: YAML with excludeRules, as for rules check
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
}

/// What `ingest` will do.
#[derive(Debug)]
pub struct IngestPlan {
    inputs: Vec<Input>,
    store: PathBuf,
    rejects: Option<PathBuf>,
    rules: Rules,
}

/// Why `ingest` cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file for rejected lines is one of those that are read, or the store.
    #[error("{0} cannot take the rejected lines: it is read or written already")]
    OwnRejects(String),
    /// `-` twice.
    #[error("standard input is named twice")]
    StandardInputTwice,
    /// A file that is to be read or written cannot be opened.
    #[error("cannot open {name}: {reason}")]
    Open {
        /// The file.
        name: String,
        /// What the operating system said.
        reason: io::Error,
    },
    /// Reading broke off.
    #[error("cannot read {name}: {reason}")]
    Read {
        /// The file.
        name: String,
        /// What the operating system said.
        reason: io::Error,
    },
    /// A rejected line could not be written.
    #[error("cannot write the rejected lines: {0}")]
    Rejects(io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A line became something that is no event: a fault of the program.
    #[error("a line gave no event: {0}")]
    Event(#[from] EventError),
    /// The operating system gave no random bytes.
    #[error("cannot make an id: {0}")]
    Random(#[from] getrandom::Error),
}

impl IngestArgs {
    /// What was asked for.
    pub fn plan(&self, environment: &Environment) -> Result<IngestPlan, Error> {
        let store = store_path(self.store.as_ref(), environment)?;
        let input = |path: &PathBuf| match path.as_os_str() == "-" {
            true => Input::Standard,
            false => Input::File(path.clone()),
        };
        let inputs: Vec<_> = self.files.iter().map(input).collect();
        if inputs.iter().filter(|&it| *it == Input::Standard).count() > 1 {
            return Err(IngestError::StandardInputTwice.into());
        }
        let rules = match &self.rules {
            Some(path) => read_rules(path)?.in_force(),
            None => Rules::default(),
        };
        Ok(IngestPlan {
            inputs,
            store,
            rules,
            rejects: self.rejects.clone(),
        })
    }

    /// Reads the files into the store.
    pub fn run(&self, context: &Context) -> Result<(), Error> {
        run(self.plan(&context.environment)?, &context.ui)
    }
}

/// Reads the files, one after the other.
fn run(plan: IngestPlan, ui: &Ui) -> Result<(), Error> {
    let rejects: Box<dyn Write> = match &plan.rejects {
        Some(path) => {
            let file = open_rejects(path)?;
            refuse_own_rejects(&plan, path)?;
            Box::new(file)
        }
        None => Box::new(io::sink()),
    };
    let mut session = Session {
        writer: Writer::open(&plan.store).map_err(IngestError::Store)?,
        rejects,
        clock: Clock::new(|| Utc::now().into()),
        redact: Redact::default(),
        ui,
        rules: &plan.rules,
        named: 0,
    };
    let mut all = Counts::default();
    let several = plan.inputs.len() > 1;
    for input in &plan.inputs {
        let done = session.ingest(input)?;
        let name = if several {
            format!("{}: ", input.name())
        } else {
            String::new()
        };
        ui.note(&format!("{name}{}", done.summary()));
        if done.nothing_new {
            ui.note("a file with this content was read before");
        }
        all += done.counts;
    }
    if all.rejected > session.named {
        ui.warning(&format!("… and {} more", all.rejected - session.named));
    }
    if all.other > 0 && all.other == all.read {
        ui.note("no line is an audit event of a Backstage");
    }
    match all.timeless {
        0 => {}
        1 => ui.note("1 event carries no time of its own: its is when it was read"),
        n => ui.note(&format!(
            "{n} events carry no time of their own: theirs is when they were read"
        )),
    }
    Ok(())
}

/// One run over all files.
struct Session<'a> {
    writer: Writer,
    rejects: Box<dyn Write>,
    clock: Clock,
    redact: Redact,
    ui: &'a Ui,
    rules: &'a Rules,
    /// Rejected lines that were named.
    named: u64,
}

/// What became of one file.
#[derive(Default)]
struct Done {
    counts: Counts,
    stored: u64,
    /// All of the file was read before, as it seems from its content.
    nothing_new: bool,
}

/// Where events come from, as far as their ids go.
enum Origin {
    /// A file, whose id is made from its first batch if it has none yet.
    File {
        source: Option<Uuid>,
        taken: HashSet<Uuid>,
    },
    /// A pipe.
    Pipe(Uuid),
}

impl Session<'_> {
    fn ingest(&mut self, input: &Input) -> Result<Done, IngestError> {
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
        loop {
            let excludes = |actor: Option<&str>, event: &str| self.rules.excludes(actor, event);
            let read = Batch::read(&mut lines, &mut self.clock, &mut self.rejects, &excludes);
            let batch = read.map_err(|error| match error {
                ReadError::Rejects(reason) => IngestError::Rejects(reason),
                ReadError::Lines(reason) => IngestError::Read {
                    name: input.name(),
                    reason,
                },
            })?;
            let Some(batch) = batch else {
                return Ok(done);
            };
            self.rejects.flush().map_err(IngestError::Rejects)?;
            done.counts += batch.counts;
            let rejections = batch.rejections.clone();
            done.stored += self.store(batch, &mut origin)?;
            for rejection in rejections {
                if self.named < NAMED {
                    self.named += 1;
                    let (name, number) = (input.name(), rejection.number);
                    let reason = rejection.reason;
                    self.ui
                        .warning(&format!("{name}: line {number} is rejected: {reason}"));
                }
            }
        }
    }

    fn store(&mut self, batch: Batch, origin: &mut Origin) -> Result<u64, IngestError> {
        let (source, advance) = match origin {
            Origin::Pipe(source) => (*source, None),
            Origin::File { source, taken } => {
                let source = *source.get_or_insert_with(|| new_source(&batch.sha256, taken));
                let after = SourceProgress {
                    source,
                    read_to: batch.after,
                    prefix_sha256: batch.sha256,
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

fn known(progress: SourceProgress) -> Known {
    Known {
        source: progress.source,
        read_to: progress.read_to,
        sha256: progress.prefix_sha256,
    }
}

impl Done {
    fn summary(&self) -> String {
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
