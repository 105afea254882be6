//! `auditlog rules`: exclusion rules, looked at before they drop anything.

mod check;
mod file;
mod report;
mod test;

use std::{io, path::PathBuf};

use clap::{Args, Subcommand};

use super::Context;
use crate::{error::Error, output::counted, rules::Finding};

pub use file::read_rules;

/// Check exclusion rules, and try them on history
#[derive(Args, Clone, Debug)]
pub struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Subcommand, Clone, Debug)]
enum RulesCommand {
    Check(check::CheckArgs),
    Test(Box<test::TestArgs>),
}

/// Why a file of rules is of no use.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// It cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// `check` found errors, and has named them.
    #[error("{} has {}", path.display(), counted(*.errors, "error"))]
    Faulty {
        /// The file.
        path: PathBuf,
        /// How many.
        errors: u64,
    },
    /// It is to be acted upon, and does not say what it is meant to say.
    #[error("line {} of {}: {}", .first.line, path.display(), .first.fault)]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The first error.
        first: Finding,
    },
}

impl RulesArgs {
    /// Does what was asked.
    pub async fn run(&self, context: &Context) -> Result<(), Error> {
        match &self.command {
            RulesCommand::Check(args) => args.run(context),
            RulesCommand::Test(args) => args.run(context).await,
        }
    }
}
