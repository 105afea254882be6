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
    destination::{Destination, may_pass},
    done::Done,
    input::{Input, inflated},
};
use crate::{
    api::Event,
    client::Told,
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

/// Rejected lines and events that are named one by one.
const NAMED: u64 = 20;
/// The wait before what may go well later is tried again; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest of these waits.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

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
    pub async fn ingest(&mut self, input: &Input) -> Result<Done, IngestError> {
        let cannot_open = |reason| IngestError::Open {
            name: input.name(),
            reason,
        };
        let file = input.open().map_err(cannot_open)?;
        self.ingest_opened(file, input).await
    }

    /// The same of a file that is open.
    pub async fn ingest_opened(&mut self, file: File, input: &Input) -> Result<Done, IngestError> {
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
            let file = inflated(file).map_err(|reason| IngestError::Read {
                name: input.name(),
                reason,
            })?;
            self.ingest_file(file, input).await
        } else {
            let origin = Origin::Pipe(random::uuid()?);
            let lines = Lines::new(file, Place::default(), None);
            self.ingest_lines(lines, origin, input).await
        }
    }

    async fn ingest_file(&mut self, mut file: File, input: &Input) -> Result<Done, IngestError> {
        let cannot_read = |reason| IngestError::Read {
            name: input.name(),
            reason,
        };
        let known = self.known()?;
        let found = self.survey(&mut file, &known).map_err(cannot_read)?;
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
    ) -> Result<Done, IngestError> {
        let mut done = Done::default();
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
        done.at_server = self.destination.is_server();
        self.store(batch, origin, &mut done.told).await?;
        for rejection in rejections {
            let (name, number) = (input.name(), rejection.number);
            let reason = rejection.reason;
            self.name(&format!("{name}: line {number} is rejected: {reason}"));
        }
        Ok(Some(end))
    }

    async fn store(
        &mut self,
        batch: Batch,
        origin: &mut Origin,
        told: &mut Told,
    ) -> Result<(), IngestError> {
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
            self.append(named, None, told).await?;
        }
        self.append(events, advance, told).await
    }

    async fn append(
        &mut self,
        events: Vec<Event>,
        advance: Option<Advance>,
        told: &mut Told,
    ) -> Result<(), IngestError> {
        while let Destination::Store(storing) = &mut self.destination {
            if storing.has_room_for(advance.as_ref()) {
                storing.add(events, advance);
                return match storing.is_at_work() {
                    true => Ok(()),
                    false => self.wait(told).await,
                };
            }
            self.wait(told).await?;
        }
        self.send(&events, advance.as_ref(), told).await
    }

    /// Waits for what the store has under way, and lets it begin with what has come since.
    async fn wait(&mut self, told: &mut Told) -> Result<(), IngestError> {
        let mut pause = FIRST_WAIT;
        while let Destination::Store(storing) = &mut self.destination {
            match storing.wait().await {
                Ok(stored) => {
                    told.stored += stored;
                    storing.begin();
                    break;
                }
                Err(error) => self.bear(error.into(), &mut pause).await?,
            }
            if let Destination::Store(storing) = &mut self.destination {
                storing.begin();
            }
        }
        Ok(())
    }

    /// Waits until all that was taken is stored.
    pub async fn settle(&mut self, told: &mut Told) -> Result<(), IngestError> {
        while matches!(&self.destination, Destination::Store(storing) if storing.has_work()) {
            self.wait(told).await?;
        }
        Ok(())
    }

    /// Leaves the store as every other one: nothing more will be read for now.
    pub async fn finish(&mut self) -> Result<(), IngestError> {
        match &mut self.destination {
            Destination::Store(storing) => Ok(storing.finish().await?),
            Destination::Server(_) => Ok(()),
        }
    }

    /// Stores what was taken, unless that has failed already: then the next run reads it again.
    pub async fn conclude(&mut self, told: &mut Told) -> Result<(), IngestError> {
        self.patient = false;
        if matches!(&self.destination, Destination::Store(storing) if storing.has_failed()) {
            return self.finish().await;
        }
        let settled = self.settle(told).await;
        self.finish().await.and(settled)
    }

    async fn send(
        &mut self,
        events: &[Event],
        advance: Option<&Advance>,
        told: &mut Told,
    ) -> Result<(), IngestError> {
        let Destination::Server(server) = &mut self.destination else {
            return Ok(());
        };
        if let Some(advance) = advance {
            server.begin(advance)?;
        }
        let portions = server.portions(events);
        let last = portions.len().saturating_sub(1);
        for (number, portion) in portions.into_iter().enumerate() {
            let advance = advance.filter(|_| number == last);
            let answer = self.send_patiently(portion, advance).await?;
            for rejected in &answer.rejected {
                let id = portion.get(rejected.index).map_or("?", Event::id);
                let reason = &rejected.reason;
                self.name(&format!("the server rejects event {id}: {reason}"));
            }
            told.add(&answer);
        }
        Ok(())
    }

    async fn send_patiently(
        &mut self,
        portion: &[Event],
        advance: Option<&Advance>,
    ) -> Result<Told, IngestError> {
        let mut pause = FIRST_WAIT;
        loop {
            match self.send_portion(portion, advance).await {
                Ok(told) => return Ok(told),
                Err(error) => self.bear(error, &mut pause).await?,
            }
        }
    }

    /// What a server rejects is on the disk before it counts as read: cut off here, it is written twice and not lost.
    async fn send_portion(
        &mut self,
        portion: &[Event],
        advance: Option<&Advance>,
    ) -> Result<Told, IngestError> {
        let Destination::Server(server) = &mut self.destination else {
            return Ok(Told::default());
        };
        let told = server.append(portion).await?;
        let rejected = told.rejected.iter().map(|it| portion.get(it.index));
        for event in rejected.flatten() {
            let line = [event.json().as_bytes(), b"\n"].concat();
            self.rejects
                .write_all(&line)
                .map_err(IngestError::Rejects)?;
        }
        self.rejects.flush().map_err(IngestError::Rejects)?;
        if let Some(advance) = advance {
            server.advance(advance)?;
        }
        Ok(told)
    }

    /// Whoever follows waits for a store or a server that will be there again.
    async fn bear(&self, error: IngestError, pause: &mut Duration) -> Result<(), IngestError> {
        if !self.patient || !may_pass(&error) {
            return Err(error);
        }
        if *pause == FIRST_WAIT {
            let text = format!("{error}; it is tried again until it goes well");
            self.ui.warning(&text);
        }
        tokio::time::sleep(*pause).await;
        *pause = (*pause * 2).min(LONGEST_WAIT);
        Ok(())
    }

    /// The files that were read before.
    pub fn known(&mut self) -> Result<Vec<Known>, IngestError> {
        let sources = self.destination.sources()?;
        Ok(sources.into_iter().map(known).collect())
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
    fn name(&mut self, text: &str) {
        if self.named < NAMED {
            self.named += 1;
            self.ui.warning(text);
        }
    }
}

fn known(progress: SourceProgress) -> Known {
    Known {
        source: progress.source,
        read_to: progress.read_to,
        sha256: progress.prefix_sha256,
    }
}
