//! The log of a server. A thread of its own writes it, so that a stderr that blocks holds up nobody: what does not fit
//! in between is dropped, counted, and said.

use std::{
    fmt,
    io::Write,
    net::IpAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::visible;
use crate::api::Timestamp;

/// Lines that wait to be written.
const WAITING: usize = 4096;
/// Lines are written together until there are so many bytes.
const BATCH: usize = 64 << 10;
/// Longest text of a line, in bytes, before it is escaped.
const MAX_TEXT: usize = 8 << 10;

/// How much something matters, the most important first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// What failed.
    Error,
    /// What a person should look at.
    Warning,
    /// What the server does by itself.
    #[default]
    Notice,
    /// Each request.
    Info,
    /// What nobody asked for: probes.
    Debug,
}

/// What a line looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// As other commands talk, without times.
    #[default]
    Plain,
    /// For people: the time, the level, a text.
    Text,
    /// One JSON object a line.
    Json,
}

/// What a log is like.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// What a line looks like.
    pub format: LogFormat,
    /// What matters less is not written.
    pub level: Level,
    /// Whether [`LogFormat::Plain`] shows colours.
    pub color: bool,
    /// The clock.
    pub now: fn() -> Timestamp,
}

/// A request and its answer. No part of it is a secret.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Requested<'a> {
    /// The id, of safe characters.
    pub request_id: &'a str,
    /// The method, one of those that are known.
    pub method: &'a str,
    /// What was asked; no path that somebody made up.
    pub route: &'a str,
    /// The answer; none where the request was cut off before it.
    pub status: Option<u16>,
    /// Until the answer began.
    #[serde(rename = "duration_seconds", serialize_with = "seconds")]
    pub duration: Duration,
    /// Length of the answer's body.
    pub bytes: u64,
    /// Whose token it was.
    pub subject: Option<&'a str>,
    /// The client.
    pub client: IpAddr,
}

fn seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    // Microseconds: more digits are noise.
    serializer.serialize_f64((duration.as_secs_f64() * 1e6).round() / 1e6)
}

/// A line as JSON.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: Level,
    message: &'a str,
    #[serde(flatten)]
    requested: Option<&'a Requested<'a>>,
}

/// A log at work. Clones write to the same.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

struct Shared {
    options: LogOptions,
    lines: SyncSender<Waiting>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    /// Lines that were dropped and of which nothing was said yet.
    unsaid: AtomicU64,
    dropped: AtomicU64,
}

enum Waiting {
    Line(String),
    /// Somebody wants to know when all before it is written.
    Mark(SyncSender<()>),
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Log({:?})", self.0.options)
    }
}

impl Log {
    /// Starts to write to `out`.
    pub fn start(options: LogOptions, out: impl Write + Send + 'static) -> Self {
        let (lines, waiting) = mpsc::sync_channel(WAITING);
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        thread::spawn(move || write(&waiting, out, options, &counted));
        Self(Arc::new(Shared {
            options,
            lines,
            counts,
        }))
    }

    /// Says something.
    pub fn say(&self, level: Level, text: &str) {
        if level <= self.0.options.level {
            self.push(line(&self.0.options, level, &visible(cut(text)), None));
        }
    }

    /// Says what was asked and answered.
    pub fn request(&self, level: Level, requested: &Requested<'_>) {
        if level > self.0.options.level {
            return;
        }
        let subject = requested.subject.map(|subject| visible(cut(subject)));
        let requested = Requested {
            subject: subject.as_deref(),
            ..*requested
        };
        let text = match self.0.options.format {
            LogFormat::Json => "request".to_owned(),
            LogFormat::Plain | LogFormat::Text => told(&requested),
        };
        self.push(line(&self.0.options, level, &text, Some(&requested)));
    }

    /// Lines that were dropped so far, because nobody took what was written.
    pub fn dropped(&self) -> u64 {
        self.0.counts.dropped.load(Relaxed)
    }

    /// Waits until all is written, and no longer than `time`.
    pub fn flush(&self, time: Duration) {
        let deadline = Instant::now() + time;
        let (done, written) = mpsc::sync_channel(1);
        while self.0.lines.try_send(Waiting::Mark(done.clone())).is_err() {
            if Instant::now() >= deadline {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = written.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }

    fn push(&self, line: String) {
        if self.0.lines.try_send(Waiting::Line(line)).is_err() {
            self.0.counts.unsaid.fetch_add(1, Relaxed);
            self.0.counts.dropped.fetch_add(1, Relaxed);
        }
    }
}

/// Where a log will be, once there is one. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct LogSlot(Arc<OnceLock<Log>>);

impl LogSlot {
    /// From now on everything goes to this log.
    pub fn fill(&self, log: Log) {
        // The first stays: a process has one stderr.
        let _ = self.0.set(log);
    }

    /// The log, if there is one.
    pub fn log(&self) -> Option<&Log> {
        self.0.get()
    }
}

fn write(waiting: &Receiver<Waiting>, mut out: impl Write, options: LogOptions, counts: &Counts) {
    let mut batch = String::new();
    while let Ok(first) = waiting.recv() {
        let mut next = Some(first);
        let mut marks = Vec::new();
        while let Some(taken) = next {
            match taken {
                Waiting::Line(line) => batch.push_str(&line),
                Waiting::Mark(done) => marks.push(done),
            }
            next = (batch.len() < BATCH)
                .then(|| waiting.try_recv().ok())
                .flatten();
        }
        let unsaid = counts.unsaid.swap(0, Relaxed);
        if unsaid > 0 {
            let text =
                format!("{unsaid} lines of the log were dropped: they were not read in time");
            batch.push_str(&line(&options, Level::Warning, &text, None));
        }
        // A log that cannot be written is no reason to fail.
        let _ = out.write_all(batch.as_bytes());
        let _ = out.flush();
        batch.clear();
        for mark in marks {
            let _ = mark.send(());
        }
    }
}

fn line(
    options: &LogOptions,
    level: Level,
    text: &str,
    requested: Option<&Requested<'_>>,
) -> String {
    let time = || (options.now)().to_string();
    match options.format {
        LogFormat::Plain => format!("{}{text}\n", prefix(level, options.color)),
        LogFormat::Text => format!("{} {:<7} {text}\n", time(), name(level)),
        LogFormat::Json => {
            let line = Line {
                time: time(),
                level,
                message: text,
                requested,
            };
            let mut line = serde_json::to_string(&line).unwrap_or_default();
            line.push('\n');
            line
        }
    }
}

/// What stands before a text that is for a person alone.
pub(super) fn prefix(level: Level, color: bool) -> &'static str {
    match (level, color) {
        (Level::Error, false) => "error: ",
        (Level::Error, true) => "\x1b[31merror:\x1b[0m ",
        (Level::Warning, false) => "warning: ",
        (Level::Warning, true) => "\x1b[33mwarning:\x1b[0m ",
        (Level::Notice, _) => "",
        (Level::Info | Level::Debug, false) => "> ",
        (Level::Info | Level::Debug, true) => "\x1b[2m>\x1b[0m ",
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
        Level::Info => "info",
        Level::Debug => "debug",
    }
}

/// The text of a request.
pub(super) fn told(requested: &Requested<'_>) -> String {
    let Requested {
        request_id,
        method,
        route,
        status,
        duration,
        bytes,
        subject,
        client,
    } = requested;
    let status = status.map_or_else(|| "cut off".to_owned(), |status| status.to_string());
    let subject = subject.unwrap_or("-");
    let milliseconds = duration.as_secs_f64() * 1e3;
    format!(
        "{method} {route} → {status}, {milliseconds:.1} ms, {bytes} bytes, {subject}, {client}, {request_id}"
    )
}

/// The beginning of a text, where it is long.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
