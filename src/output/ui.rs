//! Everything that is said about an answer, on stderr.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use super::{
    escape::visible,
    log::{Level, LogSlot, Requested, prefix, told},
    progress::{Bar, Progress},
    width::wrapped,
};

/// How long the end of the program waits for a stderr that takes nothing.
const PATIENCE: Duration = Duration::from_secs(1);

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
    /// The log that everything goes to, where a server has one.
    pub log: LogSlot,
}

impl Ui {
    /// Says something about the answer; `-q` silences it.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.say(Level::Notice, text);
        }
    }

    /// Says something that a person should look at, `-q` or not.
    pub fn warning(&self, text: &str) {
        self.say(Level::Warning, text);
    }

    /// Says more about a warning, in a line below it.
    pub fn warning_detail(&self, text: &str) {
        match self.log.log() {
            Some(log) => log.say(Level::Warning, text),
            None => self.line(&fitting(&format!("  {}", visible(text)))),
        }
    }

    /// Says what failed.
    pub fn error(&self, text: &str) {
        self.say(Level::Error, text);
    }

    /// Says what happens, from `level` times `-v` on; to a log, where its own level wants it.
    pub fn trace(&self, level: u8, text: &str) {
        let of = if level > 1 { Level::Debug } else { Level::Info };
        if self.log.log().is_some() || self.verbosity >= level {
            self.say(of, text);
        }
    }

    /// Says what a server was asked and answered; without a log as [`Ui::trace`] does.
    pub fn request(&self, level: Level, requested: &Requested<'_>) {
        match self.log.log() {
            Some(log) => log.request(level, requested),
            None => {
                let times = if level < Level::Debug { 1 } else { 2 };
                self.trace(times, &told(requested));
            }
        }
    }

    /// The line of progress of something that may take long; none with `-q`.
    pub fn progress(&self) -> Progress {
        match self.quiet {
            true => Progress::default(),
            false => Progress::on(&self.bar),
        }
    }

    /// Lets a log be written to its end, as far as stderr takes it.
    pub fn end(&self) {
        if let Some(log) = self.log.log() {
            log.flush(PATIENCE);
        }
    }

    fn say(&self, level: Level, text: &str) {
        match self.log.log() {
            Some(log) => log.say(level, text),
            None => {
                let [plain, shown] = [false, self.color].map(|color| prefix(level, color));
                let line = format!("{plain}{}", visible(text));
                // A trace is for whoever copies its addresses.
                let line = if level > Level::Notice {
                    line
                } else {
                    fitting(&line)
                };
                let rest = line.strip_prefix(plain).unwrap_or(&line);
                self.line(&format!("{shown}{rest}"));
            }
        }
    }

    fn line(&self, line: &str) {
        self.bar.suspended(|| {
            let _ = writeln!(io::stderr().lock(), "{line}");
        });
    }
}

/// A line as stderr shows it: broken between words where it is a terminal, and left whole where it is not.
fn fitting(line: &str) -> String {
    let width = comfy_table::Table::new().width();
    match width.filter(|width| *width > 0 && io::stderr().is_terminal()) {
        Some(width) => wrapped(line, width.into()),
        None => line.to_owned(),
    }
}
