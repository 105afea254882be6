//! `auditlog rules test`: what exclusion rules would have dropped of a history.

use std::{io, ops::ControlFlow, path::PathBuf};

use clap::{Args, ValueEnum};

use super::{read_rules, report::Report};
use crate::{
    api::{Event, MAX_LIMIT, Timestamp},
    commands::{
        Context, answer,
        conclusion::{Conclusion, Gaps},
        options::{FilterArgs, SourceArgs, TimeArgs},
        stop_signal,
        summary::{Amount, summary},
    },
    config::Target,
    error::Error,
    output::{Progress, terminal_width},
    query::{Order, Query},
    rules::Tally,
    source::{Begun, Gap, Piece, ReadReport, Reading, Sink},
};

/// Say what exclusion rules would drop of the events that there are
///
/// Reads every event of the window (default: the last 30 days) from any source and says, rule by rule, how many of them
/// would not have been stored; then what nobody should lose: failures, high severity, and changes. Nothing is deleted.
/// The defaults count, too; what they drop already is not in the history.
#[derive(Args, Clone, Debug)]
pub struct TestArgs {
    /// The file of the rules, as for rules check
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    time: TimeArgs,
    /// Write in this format
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = TestFormat::Table, help_heading = "Output")]
    output: TestFormat,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TestFormat {
    /// Two tables: the rules, and what nobody should lose
    Table,
    /// One JSON object
    Json,
}

impl TestArgs {
    /// What is to be read.
    fn plan(&self, target: &Target, now: Timestamp) -> Result<Reading, Error> {
        let zone = self.time.zone(target.tz.as_deref())?;
        Ok(Reading {
            query: Query {
                window: self.time.window(now, zone)?,
                filters: self.filters.plan()?,
            },
            order: Order::NewestFirst,
            page_size: MAX_LIMIT,
            wanted: None,
            concurrency: 4,
            now,
        })
    }

    /// Reads the history and says what would be lost of it.
    pub async fn run(&self, context: &Context) -> Result<(), Error> {
        let file = read_rules(&self.file)?;
        let rules = file.in_force();
        let target = self.source.target(context)?;
        let reading = self.plan(&target, context.now)?;
        let mut trial = Trial {
            tally: Tally::new(&rules),
            gaps: Gaps::default(),
            progress: context.ui.progress().into(),
        };
        let progress = trial.progress.clone();
        let stopped = stop_signal(true)?;
        let told = tokio::select! {
            () = stopped => Err(Error::Interrupted),
            never = progress.show() => match never {},
            told = self.read(&reading, &target, context, &mut trial) => told,
        }?;
        progress.clear();
        let conclusion = Conclusion::of(Some(&told), None, &trial.gaps);
        let report = Report::new(&file, &rules, &trial.tally, &told, conclusion.is_complete());
        answer(&match self.output {
            TestFormat::Table => report.tables(terminal_width(), context.color),
            TestFormat::Json => report.json(),
        })?;
        say(context, &told, &conclusion, trial.tally.events());
        Ok(())
    }

    async fn read(
        &self,
        reading: &Reading,
        target: &Target,
        context: &Context,
        trial: &mut Trial<'_>,
    ) -> Result<ReadReport, Error> {
        let opened = self.source.open(target, context).await?;
        Ok(opened.source.read(reading, trial).await?)
    }
}

/// What there is to say about the history that was read.
fn say(context: &Context, told: &ReadReport, conclusion: &Conclusion, events: u64) {
    for field in &told.leaky {
        let option = FilterArgs::option(*field);
        context.ui.note(&format!(
            "the server lets other events through {option}: it is applied here"
        ));
    }
    conclusion.warn(&context.ui, true);
    let amount = Amount {
        shown: events,
        skipped: 0,
        limit: None,
        by_default: false,
    };
    context.ui.note(&summary(&amount, told));
}

/// Events on their way into the count.
struct Trial<'a> {
    tally: Tally<'a>,
    gaps: Gaps,
    progress: std::sync::Arc<Progress>,
}

impl Sink for Trial<'_> {
    fn begun(&mut self, begun: &Begun) -> io::Result<()> {
        self.progress.expect(begun.total.unwrap_or_default());
        Ok(())
    }

    fn event(&mut self, event: Event) -> io::Result<ControlFlow<()>> {
        self.tally.add(&event);
        let events = self.tally.events();
        self.progress.reached(events, events);
        Ok(ControlFlow::Continue(()))
    }

    fn piece(&mut self, piece: &Piece) -> io::Result<()> {
        if let Some(doubt) = piece.doubt {
            let window = piece.window;
            self.gaps.add(Gap { window, doubt });
        }
        Ok(())
    }
}
