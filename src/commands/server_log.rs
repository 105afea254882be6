//! The log of a running server: where everything goes that is said from then on.

use std::io;

use chrono::Utc;

use crate::{
    config::{LogForm, LogLevel, Logging},
    output::{Level, Log, LogFormat, LogOptions, Ui},
};

/// Gives `ui` a log on stderr; where none is configured, its lines are as everywhere. `-v` shows more of either.
pub(super) fn start(logging: Option<Logging>, ui: &Ui) {
    let level = match logging.map(|logging| logging.level) {
        Some(LogLevel::Error) => Level::Error,
        Some(LogLevel::Warning) => Level::Warning,
        None | Some(LogLevel::Notice) => Level::Notice,
        Some(LogLevel::Info) => Level::Info,
        Some(LogLevel::Debug) => Level::Debug,
    };
    let asked = match ui.verbosity {
        0 => Level::Error,
        1 => Level::Info,
        _ => Level::Debug,
    };
    let options = LogOptions {
        format: match logging.map(|logging| logging.format) {
            None => LogFormat::Plain,
            Some(LogForm::Text) => LogFormat::Text,
            Some(LogForm::Json) => LogFormat::Json,
        },
        level: level.max(asked),
        color: ui.color,
        now: || Utc::now().into(),
    };
    ui.log.fill(Log::start(options, io::stderr()));
    if logging.is_some() {
        // Who reads the log by its lines is not to find a panic spread over several.
        let ui = ui.clone();
        std::panic::set_hook(Box::new(move |panic| ui.error(&panic.to_string())));
    }
}
