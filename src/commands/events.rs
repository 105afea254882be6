//! `auditlog events`: find events.

use std::ops::ControlFlow;

use clap::Args;

use super::{
    Context, answer,
    explain::explanation,
    follow::{Beside, FollowArgs},
    options::{FilterArgs, OpenOutput, OutputArgs, OutputPlan, SourceArgs, TimeArgs},
    stop_signal,
    summary::{Amount, events, summary},
};
use crate::{
    api::{MAX_LIMIT, Timestamp},
    config::Target,
    error::Error,
    query::{Order, Query},
    source::{Reading, Told},
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
    /// Show every event; read page after page by offset, which cannot prove that a busy server left none out
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
}

/// What `events` does.
pub struct EventsPlan {
    reading: Reading,
    /// Matches to skip.
    offset: u64,
    /// Matches to show; all without it.
    limit: Option<u64>,
    output: OutputPlan,
    explain: bool,
}

impl EventsArgs {
    /// What was typed, completed by the profile and the clock.
    pub fn plan(&self, target: &Target, now: Timestamp) -> Result<EventsPlan, Error> {
        let zone = self.time.zone(target.tz.as_deref())?;
        let limit = (!self.amount.all).then_some(self.amount.limit);
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
                concurrency: 4,
                now,
            },
            offset: self.amount.offset,
            limit,
            output: self.output.plan(target, zone)?,
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
                concurrency: 4,
            };
            return self.follow.run(&beside, context).await;
        }
        let target = self.source.target(context)?;
        let plan = self.plan(&target, context.now)?;
        if plan.explain {
            return answer(&explanation(&plan.reading, &target));
        }
        let mut output = plan.output.open(context)?;
        // In place before anything is asked: what is under way is tidied up.
        let stopped = stop_signal()?;
        let done = tokio::select! {
            () = stopped => Err(Error::Interrupted),
            done = self.read(&plan, &target, context, &mut output) => done,
        };
        match done {
            Ok((told, amount)) => {
                output.end()?;
                say(context, &told, &amount);
                Ok(())
            }
            Err(error) => {
                output.break_off();
                Err(error)
            }
        }
    }

    /// Reads the matches into the output, those before the offset aside.
    async fn read(
        &self,
        plan: &EventsPlan,
        target: &Target,
        context: &Context,
        output: &mut OpenOutput,
    ) -> Result<(Told, Amount), Error> {
        let opened = self.source.open(target, context).await?;
        let mut seen: u64 = 0;
        let enough = |seen| plan.reading.wanted.is_some_and(|wanted| seen >= wanted);
        let mut sink = |event| {
            if enough(seen) {
                return Ok(ControlFlow::Break(()));
            }
            seen += 1;
            if seen > plan.offset {
                output.event(&event)?;
            }
            Ok(match enough(seen) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        };
        let told = opened.source.read(&plan.reading, &mut sink).await?;
        let amount = Amount {
            shown: seen.saturating_sub(plan.offset),
            skipped: seen.min(plan.offset),
            limit: plan.limit,
        };
        Ok((told, amount))
    }
}

/// What there is to say about the answer.
fn say(context: &Context, told: &Told, amount: &Amount) {
    for field in &told.leaky {
        let option = FilterArgs::option(*field);
        context.ui.note(&format!(
            "the server lets other events through {option}: it is applied here"
        ));
    }
    if told.late > 0 {
        context.ui.warning(&format!(
            "{} came after their place in the answer had gone out, and are left out: they were recorded late, or the \
             server does not answer in order",
            events(told.late)
        ));
    }
    context.ui.note(&summary(amount, told));
}
