//! `auditlog events`: find events.

use clap::Args;

use super::{
    Context, answer,
    delivery::Delivery,
    explain::explanation,
    follow::{Beside, FollowArgs},
    options::{
        CompletenessArgs, CompletenessPlan, FilterArgs, Opened, OutputArgs, OutputPlan, SourceArgs,
        TimeArgs,
    },
    stop_signal,
};
use crate::{
    api::{MAX_LIMIT, Timestamp},
    config::Target,
    error::Error,
    query::{Order, Query},
    source::{ReadReport, Reading},
};

/// Find events, newest first
///
/// The answer goes to stdout; how many there are and of which window goes to stderr.
///
/// A filter can be repeated, and may hold a comma list: an event passes with any of the values. * stands for any
/// text; ! in front lets pass what is not the value; \ before , * ! or \ takes it as it is. All filters must let an
/// event pass.
#[derive(Args, Clone, Debug)]
pub struct EventsArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    amount: AmountArgs,
    #[command(flatten)]
    completeness: CompletenessArgs,
    #[command(flatten)]
    follow: FollowArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Print what is sent, what is applied here, and the first request; ask nothing
    #[arg(long, help_heading = "Output")]
    explain: bool,
}

/// How many events, and which first.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Amount and order")]
struct AmountArgs {
    /// Show this many matching events
    #[arg(long, value_name = "N", default_value_t = 100, conflicts_with = "all")]
    limit: u64,
    /// Show every event, and say whether it is proven that none is missing
    #[arg(long)]
    all: bool,
    /// Skip this many matches; they are read, not shown
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "all")]
    offset: u64,
    /// Show the oldest first; with --limit the oldest N
    #[arg(long)]
    reverse: bool,
    /// Ask for this many events a request, at most
    #[arg(long, value_name = "N", default_value_t = MAX_LIMIT, value_parser = clap::value_parser!(u32).range(1..=1000))]
    page_size: u32,
    /// Send this many requests side by side, at most
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    concurrency: u8,
}

/// What `events` does.
pub struct EventsPlan {
    pub(super) reading: Reading,
    /// Matches to skip.
    pub(super) offset: u64,
    /// Matches to show; all without it.
    pub(super) limit: Option<u64>,
    pub(super) output: OutputPlan,
    pub(super) completeness: CompletenessPlan,
    /// Whether nobody named a window.
    pub(super) by_default: bool,
    explain: bool,
}

impl EventsArgs {
    /// What was typed, completed by the profile and the clock.
    pub fn plan(&self, target: &Target, now: Timestamp) -> Result<EventsPlan, Error> {
        let zone = self.time.zone(target.tz.as_deref())?;
        let output = self.output.plan(target, zone)?;
        let completeness = self.completeness.plan(output.file())?;
        let all = self.amount.all || completeness.required;
        let limit = (!all).then_some(self.amount.limit);
        let query = Query {
            window: self.time.window(now, zone)?,
            filters: self.filters.plan()?,
        };
        Ok(EventsPlan {
            reading: Reading {
                query,
                order: if self.amount.reverse {
                    Order::OldestFirst
                } else {
                    Order::NewestFirst
                },
                page_size: self.amount.page_size,
                wanted: limit.map(|limit| limit.saturating_add(self.amount.offset)),
                concurrency: self.amount.concurrency.into(),
                now,
            },
            offset: self.amount.offset,
            limit,
            output,
            completeness,
            by_default: !self.time.is_given(),
            explain: self.explain,
        })
    }

    /// Finds the events.
    pub async fn run(&self, context: &Context) -> Result<(), Error> {
        if self.follow.is_on() {
            let beside = Beside {
                source: &self.source,
                filters: &self.filters,
                time: &self.time,
                output: &self.output,
                page_size: self.amount.page_size,
                concurrency: self.amount.concurrency.into(),
            };
            return self.follow.run(&beside, context).await;
        }
        let target = self.source.target(context)?;
        let plan = self.plan(&target, context.now)?;
        if plan.explain {
            return answer(&explanation(&plan.reading, &target));
        }
        let mut delivery = Delivery::open(&plan, &target, context)?;
        let progress = delivery.progress();
        // In place before anything is asked: what is under way is tidied up.
        let stopped = stop_signal(true)?;
        let mut opened = None;
        let done = tokio::select! {
            () = stopped => Err(Error::Interrupted),
            never = progress.show() => match never {},
            done = self.read(&plan, &target, context, &mut delivery, &mut opened) => done,
        };
        let sent = opened.map(|opened| opened.source.counts());
        delivery.finish(done, sent.unwrap_or_default(), &target, context)
    }

    /// Reads the matches into the delivery. The source stays with the caller, also where this is stopped.
    async fn read(
        &self,
        plan: &EventsPlan,
        target: &Target,
        context: &Context,
        delivery: &mut Delivery<'_>,
        opened: &mut Option<Opened>,
    ) -> Result<ReadReport, Error> {
        let opened = opened.insert(self.source.open(target, context).await?);
        Ok(opened.source.read(&plan.reading, delivery).await?)
    }
}
