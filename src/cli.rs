//! The command line as a whole: what was typed becomes a command, an error becomes a line and an exit code.

use std::{
    ffi::OsString,
    io::{self, IsTerminal},
    time::SystemTime,
};

use chrono::{DateTime, Utc};
use clap::{Args, ColorChoice, CommandFactory, Parser, Subcommand};

use crate::{
    api::Timestamp,
    commands::{
        Context, completions::CompletionsArgs, events::EventsArgs, ingest::IngestArgs,
        profile::ProfileArgs, rules::RulesArgs, serve::ServeArgs, show::ShowArgs, store::StoreArgs,
        token::TokenArgs,
    },
    config::Environment,
    error::{Code, Error},
    output::Ui,
};

/// Ask who did what in a Backstage or a Spotify Portal
#[derive(Parser, Debug)]
#[command(
    name = "auditlog",
    version,
    arg_required_else_help = true,
    disable_help_flag = true
)]
#[command(after_help = format!("{TRY}\n\n{EXIT_CODES}"), max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    talk: TalkArgs,
    #[command(subcommand)]
    command: Command,
}

/// What is said, and how.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
struct TalkArgs {
    /// Say nothing about the answer but errors and warnings
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more: each request and the causes of errors; twice: the headers of answers
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Show colours [env: NO_COLOR]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    /// Print this help; -h prints less of it
    #[arg(short, long, global = true, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

#[derive(Subcommand, Debug)]
enum Command {
    Events(Box<EventsArgs>),
    Show(Box<ShowArgs>),
    Ingest(IngestArgs),
    Rules(RulesArgs),
    Serve(ServeArgs),
    Store(StoreArgs),
    Token(TokenArgs),
    Profile(ProfileArgs),
    Completions(CompletionsArgs),
}

/// For who has nothing yet.
const TRY: &str = "Try it without a server: auditlog events --demo";

/// The codes that scripts rely on; the README's table is held against this.
const EXIT_CODES: &str = "Exit codes:
  0    done; no events is done
  1    a fault here, such as a full disk; or no such event
  2    wrong usage or configuration
  3    incomplete: --require-complete was not met, or --stall-after has passed
  4    refused: no token, 401, 403
  5    the server or the network failed, after retries
  130  interrupted";

impl Cli {
    /// The command line as clap sees it, for completions and man pages.
    pub fn command_line() -> clap::Command {
        Self::command()
    }
}

/// Runs a command line to its end.
pub async fn run(arguments: impl IntoIterator<Item = OsString>) -> Code {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let context = context(&cli.talk);
    let code = match dispatch(&cli.command, &context).await {
        Ok(()) => Code::Done,
        // Who follows until a signal has seen all there was.
        Err(Error::Stopped) => Code::Interrupted,
        Err(error) => {
            if error.code() != Code::Done {
                report(&error, &context.ui);
            }
            error.code()
        }
    };
    context.ui.end();
    code
}

/// What clap says when a command line is not to be run: a help text, or what is wrong with it.
fn refuse(error: &clap::Error) -> Code {
    use clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !error.use_stderr() || error.kind() == DisplayHelpOnMissingArgumentOrSubcommand {
        // A closed pipe is no failure of a help text.
        let _ = error.print();
        return if error.use_stderr() {
            Code::Usage
        } else {
            Code::Done
        };
    }
    let environment = Environment::read(|name| std::env::var_os(name));
    let color = io::stderr().is_terminal() && !environment.no_color;
    Ui {
        color,
        ..Ui::default()
    }
    .error(&usage_line(&error.render().to_string()));
    Code::Usage
}

/// One line of clap's several: what is wrong, then its tip, or where to look.
fn usage_line(text: &str) -> String {
    let told = text.split("\nUsage:").next().unwrap_or_default();
    let told = told
        .split("\nFor more information")
        .next()
        .unwrap_or_default();
    let lines = told.lines().map(str::trim).filter(|line| !line.is_empty());
    let (tips, wrong): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("tip: "));
    let wrong = wrong.join(" ");
    let wrong = wrong.strip_prefix("error: ").unwrap_or(&wrong);
    let tips: Vec<_> = tips
        .iter()
        .map(|tip| tip.trim_start_matches("tip: "))
        .collect();
    match tips.is_empty() {
        true => format!("{wrong} — see --help"),
        false => format!("{wrong} — {}", tips.join("; ")),
    }
}

async fn dispatch(command: &Command, context: &Context) -> Result<(), Error> {
    match command {
        Command::Events(args) => args.run(context).await,
        Command::Show(args) => args.run(context).await,
        Command::Ingest(args) => args.run(context).await,
        Command::Rules(args) => args.run(context).await,
        Command::Serve(args) => args.run(context).await,
        Command::Store(args) => args.run(context).await,
        Command::Token(args) => args.run(context).await,
        Command::Profile(args) => args.run(context),
        Command::Completions(args) => args.run(Cli::command()),
    }
}

fn context(talk: &TalkArgs) -> Context {
    let environment = Environment::read(|name| std::env::var_os(name));
    let color = |terminal: bool| match talk.color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => terminal && !environment.no_color,
    };
    Context {
        ui: Ui {
            quiet: talk.quiet,
            verbosity: talk.verbose,
            color: color(io::stderr().is_terminal()),
            ..Ui::default()
        },
        color: color(io::stdout().is_terminal()),
        now: Timestamp::from(DateTime::<Utc>::from(SystemTime::now())),
        environment,
    }
}

/// One line: what failed, then what to do about it; the causes below it where they were asked for.
fn report(error: &Error, ui: &Ui) {
    let mut said = error.to_string();
    let hint = error
        .hint()
        .map(|hint| format!(" — {hint}"))
        .unwrap_or_default();
    ui.error(&format!("{said}{hint}"));
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        let text = source.to_string();
        // Many an error has its cause in its own text.
        if !said.contains(&text) {
            ui.trace(1, &format!("caused by: {text}"));
            said = text;
        }
        cause = source.source();
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command_line().debug_assert();
    }
}
