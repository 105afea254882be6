//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{
    commands::ingest::{self, IngestArgs, IngestError},
    error::Error,
    output::Ui,
};

#[derive(Parser)]
#[command(name = "auditlog", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Ingest(IngestArgs),
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let ui = Ui::default();
    let Command::Ingest(args) = Cli::parse().command;
    let plan = args.plan().map_err(IngestError::into);
    match plan.and_then(|plan| ingest::run(plan, &ui)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error, &ui),
    }
}

fn report(error: &Error, ui: &Ui) -> ExitCode {
    let hint = error.hint().map(|hint| format!("; {hint}"));
    ui.error(&format!("{error}{}", hint.unwrap_or_default()));
    ExitCode::from(error.code() as u8)
}
