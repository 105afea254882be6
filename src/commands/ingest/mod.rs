//! `auditlog ingest`: log files of a Backstage into a store, or to a server.

mod destination;
mod file_summary;
mod follow;
mod forwarding;
mod input;
mod rejects;
mod rotated;
mod session;
mod state;
mod storing;
mod tail;

use std::{
    collections::HashSet,
    io::{self, Write},
    path::PathBuf,
};

use chrono::Utc;

use super::{
    Context,
    options::{ConnectionArgs, read_token, store_address},
    rules::read_rules,
};
use crate::{
    api::EventError,
    client::{ClientError, PostAnswer},
    config::{Asked, Target, TokenSource, Which},
    error::Error,
    ingest::Clock,
    output::Ui,
    random::NoRandomBytes,
    redact::Redact,
    rules::Rules,
    store::StoreError,
};

use destination::Destination;
use file_summary::FileSummary;
use input::Input;
use rejects::{open_rejects, refuse_own_rejects};
use session::Session;

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
/// With --to they go to an auditlog serve, which takes each event once, too. How far a file was sent is kept in a small
/// file, and moves on when the server has said that it keeps the events.
///
/// Lines carry no time of their own as a rule: what carried them gives it, or else it is the time of reading. A line
/// whose isAuditEvent was overwritten by a field of an error cannot be told from other lines of the log.
#[derive(Debug, clap::Args)]
pub struct IngestArgs {
    /// Log files, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Wait for what is written to the files, through rotations, until interrupted
    #[arg(short, long)]
    follow: bool,
    /// Store to write to, a file or a postgres:// URL; created if there is none [env: AUDITLOG_STORE]
    #[arg(long, value_name = "PATH", conflicts_with_all = ["to", "profile", "token_file", "ca_cert", "state"])]
    store: Option<PathBuf>,
    /// Append lines that say they are audit events, and cannot be read as such, to this file; and events that the server
    /// does not take, as JSON
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Leave out what these exclusion rules say, too: YAML with excludeRules, as for rules check
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Send the events to this server instead, an auditlog serve
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "profile",
        help_heading = "Server"
    )]
    to: Option<String>,
    /// Send them to the server of this profile, or write to its store
    #[arg(long, value_name = "NAME", help_heading = "Server")]
    profile: Option<String>,
    /// Keep here how far each file was sent, and not in the folder of the configuration
    #[arg(long, value_name = "FILE", help_heading = "Server")]
    state: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Server")]
    connection: ConnectionArgs,
}

/// What `ingest` will do.
#[derive(Debug)]
pub struct IngestPlan {
    inputs: Vec<Input>,
    follow: bool,
    to: Target,
    state: Option<PathBuf>,
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
    /// A pipe or a compressed file, which does not grow.
    #[error("{0} cannot be followed: it is not a plain file")]
    NotFollowed(String),
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
    /// The server did not take the events.
    #[error("{}", unsent(.0))]
    Send(#[from] ClientError),
    /// The file that says how far files were sent cannot be used.
    #[error("cannot use {name}: {}", in_use(.reason))]
    State {
        /// The file.
        name: String,
        /// What the operating system said.
        reason: io::Error,
    },
    /// It holds something else.
    #[error("{name} does not say how far files were sent")]
    NotAState {
        /// The file.
        name: String,
    },
    /// It says so for another server.
    #[error("{name} says how far files were sent to {to}")]
    OtherState {
        /// The file.
        name: String,
        /// The other server.
        to: String,
    },
    /// A line became something that is no event: a fault of the program.
    #[error("a line gave no event: {0}")]
    Event(#[from] EventError),
    /// The operating system gave no random bytes.
    #[error("cannot make an id: {0}")]
    Random(#[from] NoRandomBytes),
}

impl IngestArgs {
    /// What was asked for.
    pub fn plan(&self, context: &Context) -> Result<IngestPlan, Error> {
        let to = self.target(context)?;
        let input = |path: &PathBuf| match path.as_os_str() == "-" {
            true => Input::Standard,
            false => Input::File(path.clone()),
        };
        let inputs: Vec<_> = self.files.iter().map(input).collect();
        let token_too = matches!(
            to.which,
            Which::Server {
                token: Some(TokenSource::Stdin),
                ..
            }
        );
        let named = inputs.iter().filter(|&it| *it == Input::Standard).count();
        if named + usize::from(token_too) > 1 {
            return Err(IngestError::StandardInputTwice.into());
        }
        let rules = match &self.rules {
            Some(path) => read_rules(path)?.in_force(),
            None => Rules::default(),
        };
        Ok(IngestPlan {
            inputs,
            follow: self.follow,
            to,
            state: self.state.clone(),
            rules,
            rejects: self.rejects.clone(),
        })
    }

    fn target(&self, context: &Context) -> Result<Target, Error> {
        let asked = Asked {
            url: self.to.clone(),
            profile: self.profile.clone(),
            token_file: self.connection.token_file.clone(),
            ca_cert: self.connection.ca_cert.clone(),
            ..Asked::default()
        };
        let config = match self.profile {
            Some(_) => context.read_config()?,
            None => Default::default(),
        };
        if self.to.is_none() && self.profile.is_none() {
            // A server that the environment names for questions is not written to.
            let at = store_address(self.store.as_ref(), &context.environment)?;
            return Ok(Target::store(at));
        }
        Ok(Target::chosen(&asked, &context.environment, &config)?)
    }

    /// Reads the files into the store, or sends what is in them.
    pub async fn run(&self, context: &Context) -> Result<(), Error> {
        let plan = self.plan(context)?;
        let destination = self.open(&plan, context).await?;
        run(plan, destination, &context.ui).await
    }

    async fn open(&self, plan: &IngestPlan, context: &Context) -> Result<Destination, Error> {
        match &plan.to.which {
            Which::Server { address, token, .. } => {
                let token = read_token(token.as_ref(), context).await?;
                let client = self.connection.client(&plan.to, &token, context)?;
                let to = address.value.to_string();
                let path = match &plan.state {
                    Some(path) => path.clone(),
                    None => state::default_path(&context.config_dir()?, &to)?,
                };
                Ok(Destination::server(client, &path, to)?)
            }
            Which::Store(at) => Ok(Destination::store(&at.value)?),
            Which::Demo => Err(Error::NoStore),
        }
    }
}

/// What is said of a server that does not take events.
fn unsent(error: &ClientError) -> String {
    match error {
        ClientError::Forbidden(_) => {
            "403: the token is real, but is not allowed to send audit events".to_owned()
        }
        ClientError::NotFound { address } => format!("404: no events are taken at {address}"),
        error => error.to_string(),
    }
}

fn in_use(reason: &io::Error) -> String {
    match reason.kind() {
        io::ErrorKind::WouldBlock => "another program is using it".to_owned(),
        _ => reason.to_string(),
    }
}

/// Reads the files, one after the other; or all of them again and again.
async fn run(plan: IngestPlan, destination: Destination, ui: &Ui) -> Result<(), Error> {
    let rejects: Box<dyn Write> = match &plan.rejects {
        Some(path) => {
            let file = open_rejects(path)?;
            refuse_own_rejects(&plan, path)?;
            Box::new(file)
        }
        None => Box::new(io::sink()),
    };
    let mut session = Session {
        destination,
        patient: plan.follow,
        rejects,
        clock: Clock::new(|| Utc::now().into()),
        redact: Redact::default(),
        ui,
        rules: &plan.rules,
        named: 0,
        taken: HashSet::new(),
        followed: HashSet::new(),
        held: HashSet::new(),
    };
    if plan.follow {
        return follow::run(&mut session, &plan.inputs).await;
    }
    let read = read_all(&mut session, &plan.inputs).await;
    // What was read before something failed is stored all the same.
    let concluded = session.conclude(&mut PostAnswer::default()).await;
    Ok(read.and(concluded)?)
}

async fn read_all(session: &mut Session<'_>, inputs: &[Input]) -> Result<(), IngestError> {
    let ui = session.ui;
    let mut all = FileSummary::default();
    let several = inputs.len() > 1;
    for input in inputs {
        let done = session.ingest(input).await?;
        let name = if several {
            format!("{}: ", input.name())
        } else {
            String::new()
        };
        ui.note(&format!("{name}{}", done.summary()));
        if done.nothing_new {
            ui.note("a file with this content was read before");
        }
        all.add(&done);
    }
    say_counts(session, &all);
    Ok(())
}

/// What is worth saying about all of the lines.
fn say_counts(session: &Session<'_>, all: &FileSummary) {
    let ui = session.ui;
    let rejected = all.counts.rejected + all.told.rejected_count;
    if rejected > session.named {
        ui.warning(&format!("… and {} more", rejected - session.named));
    }
    let all = all.counts;
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
}
