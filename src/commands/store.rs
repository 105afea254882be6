//! `auditlog store`: looks after a store.

use std::path::PathBuf;

use chrono::Duration;
use clap::{Args, Subcommand};

use super::{
    Context, answer,
    options::{SourceArgs, ZoneArgs},
};
use crate::{
    address::StoreAddress,
    api::Timestamp,
    config::{SettingsError, Target, Which},
    error::Error,
    output::{counted, grouped, visible},
    query::{Period, Query, Window},
    store::{Store, StoreError, StoreInfo},
};

/// Events that are deleted at a time, so that nobody who writes waits for long.
const BATCH: u32 = 1000;

/// Look after a store
#[derive(Args, Clone, Debug)]
pub struct StoreArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Clone, Debug)]
enum Command {
    Info(InfoArgs),
    Check(CheckArgs),
    Backup(BackupArgs),
    Prune(PruneArgs),
}

/// Which store.
#[derive(Args, Clone, Debug)]
struct WhichArgs {
    /// The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]
    #[arg(long, value_name = "PATH", conflicts_with = "profile")]
    store: Option<PathBuf>,
    /// The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile's
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// Show what is in a store
#[derive(Args, Clone, Debug)]
struct InfoArgs {
    #[command(flatten)]
    which: WhichArgs,
}

/// Read all of a store, and say what is wrong with it
///
/// The database's own check comes first, then each event against its columns, and the counts that totals come from
/// against the events. Reading and writing may go on meanwhile.
#[derive(Args, Clone, Debug)]
struct CheckArgs {
    #[command(flatten)]
    which: WhichArgs,
}

/// Copy a store to a new file, while it is in use
///
/// The copy is one moment of the store. It is there whole or not at all, and only its owner can read it.
#[derive(Args, Clone, Debug)]
struct BackupArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// The new file; one that exists is refused
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Delete the events before a time, for good
///
/// In small steps, the oldest first, beside whoever reads and writes; the file becomes smaller. What a stopped prune has
/// deleted stays deleted. A server does it by itself with auditLog.retention.
#[derive(Args, Clone, Debug)]
struct PruneArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// Delete what happened before: RFC 3339, 2026-01-31, 400d ago as 400d
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    before: String,
    #[command(flatten)]
    zone: ZoneArgs,
    /// Say how many events there are, and delete none
    #[arg(long)]
    dry_run: bool,
}

impl StoreArgs {
    /// Does it.
    pub async fn run(&self, context: &Context) -> Result<(), Error> {
        match &self.command {
            Command::Info(args) => {
                let (at, store) = args.which.open(context)?;
                answer(&shown(&at, &store.info().await?))
            }
            Command::Check(args) => args.run(context).await,
            Command::Backup(args) => {
                let (_, store) = args.which.open(context)?;
                store.backup(&args.file).await?;
                context.ui.note("the copy is whole");
                Ok(())
            }
            Command::Prune(args) => args.run(context).await,
        }
    }
}

impl WhichArgs {
    /// The store, and the zone of its profile.
    fn target(&self, context: &Context) -> Result<(StoreAddress, Option<String>), Error> {
        let asked = SourceArgs::of_store(self.store.clone(), self.profile.clone());
        match asked.target(context) {
            Ok(Target {
                which: Which::Store(at),
                tz,
                ..
            }) => Ok((at.value, tz)),
            Ok(_) | Err(Error::Settings(SettingsError::NoSource)) => Err(Error::NoStore),
            Err(error) => Err(error),
        }
    }

    fn open(&self, context: &Context) -> Result<(StoreAddress, Store), Error> {
        let (at, _) = self.target(context)?;
        let store = Store::open_existing(at.clone())?;
        Ok((at, store))
    }
}

impl CheckArgs {
    async fn run(&self, context: &Context) -> Result<(), Error> {
        let (_, store) = self.which.open(context)?;
        let faults = store.check().await?;
        if faults.is_empty() {
            let events = store.info().await?.events;
            return answer(&format!("sound: {}", counted(events, "event")));
        }
        for fault in &faults {
            context.ui.error(&visible(&fault.to_string()));
        }
        let found = match faults.len() {
            1 => "a fault was found".to_owned(),
            faults => format!("{faults} faults were found"),
        };
        let found = StoreError::Damaged(found);
        Err(Error::Store(found))
    }
}

impl PruneArgs {
    async fn run(&self, context: &Context) -> Result<(), Error> {
        let (at, tz) = self.which.target(context)?;
        let zone = self.zone.zone(tz.as_deref())?;
        let before = Period::parse(&self.before, context.now, zone)?.first;
        let store = Store::open_existing(at)?;
        if self.dry_run {
            let window = Window {
                start: None,
                end: Some(before.minus(Duration::microseconds(1))),
            };
            let query = Query {
                window,
                filters: Vec::new(),
            };
            let found = match store.count(&query).await? {
                1 => "1 event lies".to_owned(),
                events => format!("{} events lie", grouped(events)),
            };
            return answer(&format!("{found} before {before}"));
        }
        let mut writer = store.writer()?;
        let mut deleted = 0;
        loop {
            let some = writer.delete_before(before, BATCH)?;
            deleted += some;
            if some < u64::from(BATCH) {
                break;
            }
            // Others that wait for the store come in between.
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        let deleted = counted(deleted, "event");
        answer(&format!("{deleted} before {before} deleted"))
    }
}

fn shown(at: &StoreAddress, info: &StoreInfo) -> String {
    let time = |time: Option<Timestamp>| time.map_or_else(|| "-".to_owned(), |it| it.to_string());
    let rows = [
        ("Store", visible(&at.to_string()).into_owned()),
        ("Version", info.version.to_string()),
        ("Events", grouped(info.events)),
        ("Oldest", time(info.oldest)),
        ("Newest", time(info.newest)),
        ("Kinds", grouped(info.kinds)),
        ("Bytes", grouped(info.bytes)),
    ];
    let free = info.free_bytes.map(|bytes| ("Free", grouped(bytes)));
    let lines = rows
        .into_iter()
        .chain(free)
        .map(|(name, value)| format!("{name:<9}{value}"));
    lines.collect::<Vec<_>>().join("\n")
}
