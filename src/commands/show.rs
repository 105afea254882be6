//! `auditlog show`: one event, every field.

use std::{
    io::{self, Write},
    ops::ControlFlow,
};

use clap::{Args, ValueEnum};

use super::{
    Context,
    options::{SourceArgs, TimeArgs},
};
use crate::{
    api::{Event, Field, MAX_LIMIT, Timestamp},
    config::{Target, Which},
    error::Error,
    output::{Layout, write_record},
    query::{Filter, Order, Query, Window, Zone},
    source::{Reading, Source},
};

/// Show one event, every field
///
/// The API cannot look an event up by its id: a server is read newest first until the event is found, in the window
/// given (default: the last 30 days). A store is asked for it, whenever it happened.
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// The event's id
    id: String,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    time: TimeArgs,
    /// Write in this format
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = ShowFormat::Text, help_heading = "Output")]
    output: ShowFormat,
}

/// How one event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ShowFormat {
    /// A field a line
    Text,
    /// The JSON as it was sent
    Json,
}

/// What `show` does.
struct ShowPlan {
    window: Window,
    zone: Zone,
}

impl ShowArgs {
    fn plan(&self, target: &Target, now: Timestamp) -> Result<ShowPlan, Error> {
        let zone = self.time.zone(target.tz.as_deref())?;
        // By id a store is asked at once, however long it is.
        let window = match target.which {
            Which::Store(_) if !self.time.is_given() => Window::default(),
            _ => self.time.window(now, zone)?,
        };
        Ok(ShowPlan { window, zone })
    }

    /// Looks for the event and shows it.
    pub async fn run(&self, context: &Context) -> Result<(), Error> {
        let target = self.source.target(context)?;
        let plan = self.plan(&target, context.now)?;
        let opened = self.source.open(&target, context).await?;
        if matches!(opened.source, Source::Server(_)) {
            let slow =
                "the API cannot look up an id: reading newest first until the event is found";
            context.ui.note(slow);
        }
        let reading = Reading {
            query: Query {
                window: plan.window,
                filters: vec![Filter::equals(Field::Id, &self.id)],
            },
            order: Order::NewestFirst,
            page_size: MAX_LIMIT,
            wanted: Some(1),
            concurrency: 4,
            now: context.now,
        };
        let mut found = None;
        let mut sink = |event: Event| {
            found = Some(event);
            Ok(ControlFlow::Break(()))
        };
        let told = opened.source.read(&reading, &mut sink).await?;
        let event = found.ok_or_else(|| Error::NoSuchEvent {
            id: self.id.clone(),
            window: told.begun.sent.window,
        })?;
        let layout = Layout {
            width: None,
            color: context.color,
            zone: plan.zone,
            header: true,
            columns: None,
            csv_raw: false,
        };
        let mut out = io::stdout().lock();
        match self.output {
            ShowFormat::Json => writeln!(out, "{}", event.json()),
            ShowFormat::Text => write_record(&mut out, &event, &layout),
        }
        .and_then(|()| out.flush())
        .map_err(Error::Output)
    }
}
