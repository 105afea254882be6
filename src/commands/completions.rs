//! `auditlog completions`: scripts that complete command lines.

use std::io::{self, Write};

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::error::Error;

/// Print the completion script of a shell
///
/// For bash: auditlog completions bash > ~/.local/share/bash-completion/completions/auditlog
#[derive(Args, Clone, Debug)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints the script for `command`, the whole command line.
    pub fn run(&self, mut command: Command) -> Result<(), Error> {
        let mut script = Vec::new();
        generate(self.shell, &mut command, "auditlog", &mut script);
        let mut out = io::stdout().lock();
        out.write_all(&script)
            .and_then(|()| out.flush())
            .map_err(Error::Output)
    }
}
