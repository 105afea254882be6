//! Everything that is said about an answer, on stderr.

use std::io::{self, Write};

use super::{
    escape::visible,
    progress::{Bar, Progress},
};

/// The talk: notes, warnings, traces and the one line of an error.
///
/// What it is given is escaped before it is shown, since much of it quotes a server. A stderr that cannot be written
/// to is no reason to fail.
#[derive(Clone, Debug, Default)]
pub struct Ui {
    /// No notes.
    pub quiet: bool,
    /// How often `-v` was given.
    pub verbosity: u8,
    /// Whether stderr shows colours.
    pub color: bool,
    /// The line of progress, which makes room for everything else that is said.
    pub bar: Bar,
}

impl Ui {
    /// Says something about the answer; `-q` silences it.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.line("", text);
        }
    }

    /// Says something that a person should look at, `-q` or not.
    pub fn warning(&self, text: &str) {
        self.line(
            if self.color {
                "\x1b[33mwarning:\x1b[0m "
            } else {
                "warning: "
            },
            text,
        );
    }

    /// Says more about a warning, in a line below it.
    pub fn warning_detail(&self, text: &str) {
        self.line("  ", text);
    }

    /// Says what failed.
    pub fn error(&self, text: &str) {
        self.line(
            if self.color {
                "\x1b[31merror:\x1b[0m "
            } else {
                "error: "
            },
            text,
        );
    }

    /// Says what happens, from `level` times `-v` on.
    pub fn trace(&self, level: u8, text: &str) {
        if self.verbosity >= level {
            self.line(if self.color { "\x1b[2m>\x1b[0m " } else { "> " }, text);
        }
    }

    /// The line of progress of something that may take long; none with `-q`.
    pub fn progress(&self) -> Progress {
        match self.quiet {
            true => Progress::default(),
            false => Progress::on(&self.bar),
        }
    }

    fn line(&self, prefix: &str, text: &str) {
        self.bar.suspended(|| {
            let _ = writeln!(io::stderr().lock(), "{prefix}{}", visible(text));
        });
    }
}
