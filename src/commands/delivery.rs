//! The answer of `events` on its way: matches into the output, pieces into the receipt, and what is said at the end.

use std::{io, ops::ControlFlow, path::Path, sync::Arc};

use chrono::Utc;

use super::{
    Context,
    conclusion::{Conclusion, Gaps},
    events::EventsPlan,
    options::{FilterArgs, OpenOutput, refuse_store_as_output},
    summary::{Amount, events, summary},
};
use crate::{
    api::Event,
    client::Counts,
    config::{Target, Which},
    error::{Code, Error},
    output::Progress,
    receipt::{Asked, Digest, End, EventRef, Filters, Output, Place, PlaceKind, Receipt},
    source::{Begun, Gap, Piece, ReadReport, Sink},
};

/// An answer under way.
pub struct Delivery<'a> {
    plan: &'a EventsPlan,
    output: OpenOutput,
    receipt: Option<Receipt>,
    progress: Arc<Progress>,
    tally: Tally,
}

/// What has come so far.
#[derive(Debug, Default)]
struct Tally {
    begun: Begun,
    /// Matches, those before the offset among them.
    seen: u64,
    /// Events in the pieces that are done.
    read: u64,
    sent: Counts,
    first: Option<EventRef>,
    last: Option<EventRef>,
    gaps: Gaps,
}

impl<'a> Delivery<'a> {
    /// Opens the output and the receipt, before anything is asked.
    pub fn open(plan: &'a EventsPlan, target: &Target, context: &Context) -> Result<Self, Error> {
        let files = [plan.output.file(), plan.completeness.receipt.as_deref()];
        refuse_store_as_output(target, &files)?;
        let output = plan
            .output
            .open(context, plan.completeness.receipt.is_some())?;
        let receipt = plan.completeness.receipt.as_ref().map(|path| {
            let receipt = Receipt::create(path, &asked(plan, target));
            receipt.map_err(|error| Error::OutputFile {
                path: path.clone(),
                error,
            })
        });
        Ok(Self {
            plan,
            output,
            receipt: receipt.transpose()?,
            progress: Arc::new(match plan.output.is_watched() {
                true => Progress::default(),
                false => context.ui.progress(),
            }),
            tally: Tally::default(),
        })
    }

    /// The line of progress, to be shown beside the reading.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Ends the output and the receipt, and says what there is to say.
    pub fn finish(
        self,
        done: Result<ReadReport, Error>,
        sent: Counts,
        target: &Target,
        context: &Context,
    ) -> Result<(), Error> {
        let (plan, mut tally) = (self.plan, self.tally);
        tally.sent = sent;
        self.progress.clear();
        let (told, mut error) = match done {
            Ok(told) => (Some(told), None),
            Err(error) => (None, Some(error)),
        };
        let of = |error: Option<&Error>| Conclusion::of(told.as_ref(), error, &tally.gaps);
        let mut conclusion = of(error.as_ref());
        let required = plan.completeness.required;
        let digest = if error.is_none() && (conclusion.is_complete() || !required) {
            let (digest, ended) = self.output.end();
            error = ended.err();
            if error.is_some() {
                conclusion = of(error.as_ref());
            }
            digest
        } else {
            self.output.break_off()
        };
        if let (Some(told), None) = (&told, &error) {
            say(context, plan, told, &tally, &conclusion);
        }
        if let (Some(receipt), Some(path)) = (self.receipt, &plan.completeness.receipt) {
            let end = tally.end(plan, target, told.as_ref(), digest, &conclusion);
            let path = path.clone();
            let failed = receipt.end(&end).err();
            error = error.or(failed.map(|error| Error::Receipt { path, error }));
        }
        match error {
            // A pipe that nobody read to its end is no failure, but it is no proof either.
            Some(error) if !(required && error.code() == Code::Done) => Err(error),
            _ if required && !conclusion.is_complete() => Err(Error::Incomplete {
                file: plan.output.file().map(Path::to_owned),
            }),
            _ => Ok(()),
        }
    }
}

impl Sink for Delivery<'_> {
    fn begun(&mut self, begun: &Begun) -> io::Result<()> {
        self.tally.begun = begun.clone();
        let wanted = self.plan.reading.wanted;
        let unfiltered = begun.sent.filters == self.plan.reading.query.filters;
        let total = begun.total.unwrap_or_default();
        self.progress.expect(match wanted {
            None => total,
            Some(wanted) if unfiltered => total.min(wanted),
            // How far the matches are to be looked for is not known.
            Some(_) => 0,
        });
        Ok(())
    }

    fn event(&mut self, event: Event) -> io::Result<ControlFlow<()>> {
        let tally = &mut self.tally;
        let wanted = self.plan.reading.wanted.unwrap_or(u64::MAX);
        if tally.seen >= wanted {
            return Ok(ControlFlow::Break(()));
        }
        tally.seen += 1;
        if tally.seen > self.plan.offset {
            self.output.event(&event)?;
            if self.receipt.is_some() {
                tally.note(&event);
            }
        }
        self.progress
            .reached(tally.written(self.plan), tally.read.max(tally.seen));
        Ok(match tally.seen >= wanted {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    }

    fn piece(&mut self, piece: &Piece) -> io::Result<()> {
        let tally = &mut self.tally;
        tally.read += piece.distinct;
        if let Some(doubt) = piece.doubt {
            let window = piece.window;
            tally.gaps.add(Gap { window, doubt });
        }
        self.progress
            .reached(tally.written(self.plan), tally.read.max(tally.seen));
        match &mut self.receipt {
            Some(receipt) => receipt
                .piece(piece)
                .map_err(|error| io::Error::new(error.kind(), format!("the receipt: {error}"))),
            None => Ok(()),
        }
    }
}

impl Tally {
    fn written(&self, plan: &EventsPlan) -> u64 {
        self.seen.saturating_sub(plan.offset)
    }

    fn note(&mut self, event: &Event) {
        let event = EventRef::of(event);
        self.first.get_or_insert_with(|| event.clone());
        self.last = Some(event);
    }

    fn end(
        self,
        plan: &EventsPlan,
        target: &Target,
        told: Option<&ReadReport>,
        digest: Option<Digest>,
        conclusion: &Conclusion,
    ) -> End {
        let asked = &plan.reading.query;
        let begun = told.map_or(&self.begun, |told| &told.begun);
        let filters = match target.which {
            Which::Store(_) => Filters::of_store(asked),
            Which::Server { .. } | Which::Demo => {
                let leaky = told.map(|told| told.leaky.as_slice());
                Filters::of_server(asked, begun, leaky.unwrap_or_default())
            }
        };
        let window = match begun.sent.window {
            window if window.start.is_none() => asked.window,
            window => window,
        };
        let file = plan.output.file();
        End {
            window,
            filters,
            requests: self.sent.requests,
            retries: self.sent.retries,
            doubles_dropped: told.map_or(0, |told| told.doubles),
            late_events: told.map_or(0, |told| told.late),
            events_written: self.written(plan),
            output: Output::new(
                plan.output.format_name(),
                file.map(|file| file.display().to_string()),
                digest,
            ),
            first_event: self.first,
            last_event: self.last,
            ended: Utc::now().into(),
            worth: conclusion.worth(),
        }
    }
}

fn asked(plan: &EventsPlan, target: &Target) -> Asked {
    let (kind, address) = match &target.which {
        Which::Server { address, .. } => (PlaceKind::Server, Some(address.value.to_string())),
        Which::Store(at) => (PlaceKind::Store, Some(at.value.to_string())),
        Which::Demo => (PlaceKind::Demo, None),
    };
    Asked {
        started: plan.reading.now,
        source: Place { kind, address },
        order: plan.reading.order,
        limit: plan.limit,
        offset: plan.offset,
        page_size: plan.reading.page_size,
        concurrency: plan.reading.concurrency,
    }
}

/// What there is to say about an answer that came to its end.
fn say(
    context: &Context,
    plan: &EventsPlan,
    told: &ReadReport,
    tally: &Tally,
    conclusion: &Conclusion,
) {
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
    conclusion.warn(&context.ui, plan.limit.is_none());
    let amount = Amount {
        shown: tally.written(plan),
        skipped: tally.seen.min(plan.offset),
        limit: plan.limit,
        by_default: plan.by_default,
    };
    context.ui.note(&summary(&amount, told));
}
