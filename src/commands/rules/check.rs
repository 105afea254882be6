//! `auditlog rules check`: what is wrong with a file of rules.

use std::path::PathBuf;

use clap::Args;

use super::{RulesError, file::read_file};
use crate::{
    commands::{Context, answer},
    error::Error,
    output::{Paint, counted, terminal_width, visible, wrapped},
    rules::{Finding, RulesFile, Weight},
};

/// Say what is wrong with exclusion rules, line by line
///
/// FILE is YAML: excludeRules and syntheticActors, at the top level or under auditLog; a whole app-config.yaml will do.
/// Ends with code 2 where there are errors; warnings alone are none.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// The file of the rules
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl CheckArgs {
    /// Names the findings.
    pub fn run(&self, context: &Context) -> Result<(), Error> {
        let file = read_file(&self.file)?;
        if !file.findings.is_empty() {
            let name = self.file.display().to_string();
            let columns = terminal_width();
            let lines = file.findings.iter().map(|it| {
                let line = line(&name, it);
                match columns {
                    Some(columns) => painted(&wrapped(&line, columns), it, context.color),
                    None => painted(&line, it, context.color),
                }
            });
            answer(&lines.collect::<Vec<_>>().join("\n"))?;
        }
        context.ui.note(&summary(&file));
        match file.count(Weight::Error) {
            0 => Ok(()),
            errors => Err(RulesError::Faulty {
                path: self.file.clone(),
                errors,
            }
            .into()),
        }
    }
}

/// `rules.yaml:3: error: the rule has no eventId`, which editors know how to jump to.
fn line(name: &str, finding: &Finding) -> String {
    let Finding { line, fault } = finding;
    let line = format!("{name}:{line}: {}: {fault}", fault.weight());
    visible(&line).into_owned()
}

/// The line with its weight in colour.
fn painted(line: &str, finding: &Finding, color: bool) -> String {
    let (weight, paint) = match finding.fault.weight() {
        Weight::Error => ("error:", Paint::Red),
        Weight::Warning => ("warning:", Paint::Yellow),
    };
    match line.split_once(weight) {
        Some((before, after)) => format!("{before}{}{after}", paint.painted(weight, color)),
        None => line.to_owned(),
    }
}

fn summary(file: &RulesFile) -> String {
    format!(
        "{}: {}, {}",
        counted(file.rules.len() as u64, "usable rule"),
        counted(file.count(Weight::Error), "error"),
        counted(file.count(Weight::Warning), "warning")
    )
}
