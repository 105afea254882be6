//! How far an answer has to be proven, and where that is written down.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{error::Error, files::is_same};

/// Completeness.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Completeness")]
pub struct CompletenessArgs {
    /// Show every event, and end with code 3 where it is not proven that none is missing; --output-file is then left as it was
    #[arg(long, conflicts_with_all = ["limit", "offset"])]
    require_complete: bool,
    /// Write how the answer was read and how far it is proven complete, as JSON
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

/// What was typed of it.
#[derive(Clone, Debug, Default)]
pub struct CompletenessPlan {
    /// Whether an answer that is not proven is a failure.
    pub required: bool,
    /// The file of the receipt.
    pub receipt: Option<PathBuf>,
}

impl CompletenessArgs {
    /// What was typed; `output` is the file of the answer.
    pub fn plan(&self, output: Option<&Path>) -> Result<CompletenessPlan, Error> {
        match &self.receipt {
            // stdout carries the answer and nothing else.
            Some(path) if path.as_os_str() == "-" => Err(Error::ReceiptOnStdout),
            Some(path) if output.is_some_and(|output| is_same(output, path)) => {
                Err(Error::ReceiptIsOutput(path.clone()))
            }
            receipt => Ok(CompletenessPlan {
                required: self.require_complete,
                receipt: receipt.clone(),
            }),
        }
    }
}
