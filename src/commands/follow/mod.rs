//! `auditlog events --follow`: events as they are recorded.

mod kept;
mod output;
mod trail;

use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::Args;

use super::{
    Context,
    options::{FilterArgs, OutputArgs, OutputPlan, SourceArgs, TimeArgs, refuse_store_as_output},
    stop_signal,
    summary::events,
};
use crate::{
    address::StoreAddress,
    api::{AUDIT_LOG_PLUGIN, Field, READ_EVENT, Timestamp},
    config::{Target, Which},
    error::Error,
    files::OwnedFile,
    follow::{
        Checkpoint, End, FollowError, FollowIdentity, Follower, MOST, Position, Question, Unusable,
    },
    query::{Filter, Query, Window, parse_duration},
    wildcard::Wildcard,
};
use kept::{Kept, KeptCheckpoint, shown};
use output::{Rows, absolute};
use trail::FollowedSource;

/// Following.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Following")]
pub struct FollowArgs {
    /// Go on with events as they are recorded, oldest first, late ones too; start now, or at --since. Who read the
    /// trail itself is left out, unless --plugin audit-log or --event audit-log-read asks for it
    #[arg(short, long, conflicts_with_all = ["limit", "all", "offset", "reverse", "last", "on", "explain", "require_complete", "receipt"])]
    follow: bool,
    /// Show the newest N events first
    #[arg(long, value_name = "N", requires = "follow", conflicts_with = "since",
        value_parser = clap::value_parser!(u64).range(1..=100_000))]
    tail: Option<u64>,
    /// Ask again after this time
    #[arg(long, value_name = "DURATION", requires = "follow", default_value = "5s", value_parser = positive)]
    interval: chrono::Duration,
    /// Find events with each request that are recorded this long after they happened; later ones are found within an hour
    #[arg(long, value_name = "DURATION", requires = "follow", default_value = "10m", value_parser = positive)]
    overlap: chrono::Duration,
    /// Keep in this file what was shown, and go on from there the next time
    #[arg(long, value_name = "FILE", requires = "follow")]
    checkpoint: Option<PathBuf>,
    /// End after this many events
    #[arg(long, value_name = "N", requires = "follow",
        value_parser = clap::value_parser!(u64).range(1..))]
    max_events: Option<u64>,
    /// End with code 3 when no event was recorded for this time
    #[arg(long, value_name = "DURATION", requires = "follow", value_parser = positive)]
    stall_after: Option<chrono::Duration>,
}

fn positive(text: &str) -> Result<chrono::Duration, String> {
    let year = chrono::Duration::days(366);
    let duration = parse_duration(text).ok();
    duration
        .filter(|duration| !duration.is_zero() && *duration <= year)
        .ok_or_else(|| "a length of time like 5s or 10m".to_owned())
}

/// The other options of `events`.
pub struct Beside<'a> {
    pub source: &'a SourceArgs,
    pub filters: &'a FilterArgs,
    pub time: &'a TimeArgs,
    pub output: &'a OutputArgs,
    pub page_size: u32,
    pub concurrency: usize,
}

/// What is followed, and how.
struct FollowPlan {
    question: Question,
    output: OutputPlan,
    followed: FollowIdentity,
    checkpoint: Option<PathBuf>,
}

impl FollowArgs {
    /// Whether events are followed.
    pub fn is_on(&self) -> bool {
        self.follow
    }

    fn plan(
        &self,
        beside: &Beside<'_>,
        target: &Target,
        context: &Context,
    ) -> Result<FollowPlan, Error> {
        let zone = beside.time.zone(target.tz.as_deref())?;
        let typed = beside.time.window(context.now, zone)?;
        let since = beside.time.since();
        if let (None, Some(end)) = (since, typed.end)
            && end < context.now
        {
            let start = context.now;
            return Err(Error::EmptyWindow { start, end });
        }
        let window = Window {
            start: typed.start.filter(|_| since.is_some()),
            end: typed.end,
        };
        let filters = beside.filters.plan()?;
        let output = beside.output.plan(target, zone)?;
        let place = Rows::file_and_format(&output, context);
        let (file, format) = place.unzip();
        Ok(FollowPlan {
            followed: FollowIdentity {
                source: name(target),
                filters: filters.iter().map(Filter::to_string).collect(),
                since: since.map(str::to_owned),
                file,
                format,
            },
            question: Question {
                query: Query {
                    window,
                    filters: without_reads(filters),
                },
                overlap: self.overlap,
                interval: self.interval.to_std().unwrap_or_default(),
                tail: self.tail,
                max_events: self.max_events,
                stall_after: self.stall_after,
                page_size: beside.page_size,
                concurrency: beside.concurrency,
                most_ids: MOST,
            },
            output,
            checkpoint: self.checkpoint.clone(),
        })
    }

    /// Follows until a signal or an end that was asked for.
    pub async fn run(&self, beside: &Beside<'_>, context: &Context) -> Result<(), Error> {
        let target = beside.source.target(context)?;
        let plan = self.plan(beside, &target, context)?;
        let files = [plan.output.file(), plan.checkpoint.as_deref()];
        refuse_store_as_output(&target, &files)?;
        let (kept, position) = plan.open(context)?;
        // In place before anything is asked: what is under way is kept.
        let mut stopped = std::pin::pin!(stop_signal(true)?);
        let closed = pipe_closed(plan.followed.file.is_none());
        let source = tokio::select! {
            () = &mut stopped => return Err(Error::Stopped),
            source = FollowedSource::open(beside.source, &target, context) => source?,
        };
        let random = fastrand::f64;
        let now = context.now;
        let mut follower =
            Follower::new(source, kept, plan.question.clone(), position, now, random);
        let done = tokio::select! {
            () = stopped => Err(Error::Stopped),
            () = closed => return Ok(()),
            done = follower.run() => self.ended(done),
        };
        if let Err(Error::Output(_) | Error::CheckpointFile { .. }) = done {
            follower.keep().rows.take_back();
            return done;
        }
        follower.close().map_err(error)?;
        let written = events(follower.written());
        context.ui.note(&format!("{written} followed"));
        done
    }

    fn ended(&self, done: Result<End, FollowError<Error>>) -> Result<(), Error> {
        match done.map_err(error)? {
            End::Done => Ok(()),
            End::Stalled { last, clock } => Err(Error::Stalled {
                after: shown(self.stall_after.unwrap_or_default()),
                last: last.map(|last| {
                    let age = clock.utc().signed_duration_since(last.utc());
                    (last, shown(age))
                }),
            }),
        }
    }
}

fn error(error: FollowError<Error>) -> Error {
    match error {
        FollowError::Source(error) => Error::Source(error),
        FollowError::Output(error) => Error::Output(error),
        FollowError::Keep(error) => error,
    }
}

/// Leaves out who read the trail, unless a plugin or an event that is asked for is theirs: a server that records that
/// would feed the follower with the follower. This side of the line alone knows of it, as of every `!`: what the server
/// is sent and counts stays as it was, and so what is proven of it.
fn without_reads(mut filters: Vec<Filter>) -> Vec<Filter> {
    let names = |filter: &Filter| match filter.field {
        Field::PluginId => filter.admits(Some(AUDIT_LOG_PLUGIN)),
        Field::EventId => filter.admits(Some(READ_EVENT)),
        _ => false,
    };
    let is_asked_for = |filter: &Filter| !filter.any_of.is_empty() && names(filter);
    if !filters.iter().any(is_asked_for) {
        filters.push(Filter {
            field: Field::EventId,
            any_of: Vec::new(),
            none_of: vec![Wildcard::literal(READ_EVENT)],
        });
    }
    filters
}

/// The source as a checkpoint names it.
fn name(target: &Target) -> String {
    match &target.which {
        Which::Server { address, .. } => address.value.to_string(),
        Which::Store(at) => match &at.value {
            StoreAddress::File(path) => absolute(path),
            database => database.to_string(),
        },
        Which::Demo => "--demo".to_owned(),
    }
}

impl FollowPlan {
    /// Opens the checkpoint and the output, before anything is asked.
    fn open(&self, context: &Context) -> Result<(Kept, Option<Position>), Error> {
        let (mut checkpoint, saved) = match &self.checkpoint {
            Some(path) => {
                let (kept, saved) = self.open_checkpoint(path)?;
                (Some(kept), saved)
            }
            None => (None, None),
        };
        let keep = saved.as_ref().and_then(|saved| saved.length);
        let mut rows = Rows::open(&self.output, context, keep)?;
        // Before the first row is written: what a killed program wrote can then be told from what was there before.
        if let (Some(checkpoint), None) = (&mut checkpoint, &saved) {
            let length = rows.sync().map_err(Error::Output)?;
            checkpoint.replace(length, None)?;
        }
        let kept = Kept {
            rows,
            checkpoint,
            ui: context.ui.clone(),
            overlap: self.question.overlap,
            now: || Timestamp::from(Utc::now()),
        };
        Ok((kept, saved.and_then(|saved| saved.position)))
    }

    fn open_checkpoint(&self, path: &Path) -> Result<(KeptCheckpoint, Option<Checkpoint>), Error> {
        let failed = |error| Error::CheckpointFile {
            path: path.to_owned(),
            error,
        };
        let mut file = OwnedFile::open(path).map_err(failed)?;
        let text = file.read().map_err(failed)?;
        let unusable = |reason: Unusable| Error::Checkpoint {
            path: path.to_owned(),
            reason,
        };
        let saved = Checkpoint::from_json(&text, &self.followed).map_err(unusable)?;
        let kept = KeptCheckpoint {
            path: path.to_owned(),
            file,
            followed: self.followed.clone(),
        };
        Ok((kept, saved))
    }
}

/// Done when stdout is a pipe and its reader has gone: without events there would be no write that fails.
#[cfg(unix)]
async fn pipe_closed(is_used: bool) {
    use tokio::io::{Interest, unix::AsyncFd};
    // Not of a file or a device, which can always be written to.
    #[expect(
        deprecated,
        reason = "it trusts its file to stay open, as stdout does; what replaces it is unsafe to call"
    )]
    let stdout = AsyncFd::with_interest(std::io::stdout(), Interest::ERROR);
    if is_used
        && let Ok(stdout) = stdout
        && stdout.ready(Interest::ERROR).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

#[cfg(not(unix))]
async fn pipe_closed(_is_used: bool) {
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::without_reads;
    use crate::{api::Field, query::Filter};

    #[test]
    fn readers_are_left_out_unless_their_plugin_or_event_is_asked_for() {
        for (field, list, left_out) in [
            (Field::PluginId, "audit-log", false),
            (Field::PluginId, "catalog,audit-*", false),
            (Field::EventId, "audit-log-read", false),
            (Field::EventId, "*", false),
            (Field::PluginId, "catalog", true),
            (Field::PluginId, "!catalog", true),
            (Field::EventId, "!entity-fetch", true),
            (Field::EventId, "audit-*,!audit-log-read", true),
            (Field::ActorId, "audit-log", true),
        ] {
            let filter = Filter::parse(field, &[list.to_owned()]).unwrap();
            let filters = without_reads(vec![filter.clone()]);
            let shown: Vec<_> = filters.iter().map(Filter::to_string).collect();
            let expected = match left_out {
                true => vec![filter.to_string(), "event_id=!audit-log-read".to_owned()],
                false => vec![filter.to_string()],
            };
            assert_eq!(shown, expected);
        }
    }
}
