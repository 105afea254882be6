//! How far a long reading is: one line at the end of a terminal's stderr, gone when there is something better to say.

use std::{
    convert::Infallible,
    env,
    io::{self, BufWriter, IsTerminal, Stderr, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::numbers::grouped;

/// What is done before that needs no line.
const PATIENCE: Duration = Duration::from_secs(1);
const REFRESH: Duration = Duration::from_millis(200);
/// The longest line; it holds everything.
const WIDTH: u16 = 60;
/// Room behind the line for the `^C` of somebody who has seen enough. Were it to begin a new line, the old one would stay.
const MARGIN: u16 = 3;

/// The place of the line, shared by everything that writes to stderr. It is hidden until a [`Progress`] shows it.
#[derive(Clone, Debug)]
pub struct Bar(ProgressBar);

impl Default for Bar {
    fn default() -> Self {
        Self(ProgressBar::hidden())
    }
}

impl Bar {
    /// Takes the line away while something else is written.
    pub fn suspended(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }
}

/// The terminal of stderr, of which a margin stays free. The library's own is filled with spaces to its end.
#[derive(Clone, Debug)]
struct Narrow(Arc<Mutex<BufWriter<Stderr>>>);

impl Narrow {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(BufWriter::new(io::stderr()))))
    }

    fn write(&self, text: std::fmt::Arguments<'_>) -> io::Result<()> {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_fmt(text)
    }

    /// Moves the cursor by `n`, which a terminal would take for 1 where it is 0.
    fn moved(&self, n: usize, direction: char) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => self.write(format_args!("\x1b[{n}{direction}")),
        }
    }
}

impl TermLike for Narrow {
    fn width(&self) -> u16 {
        let columns = comfy_table::Table::new().width().unwrap_or(WIDTH);
        columns.saturating_sub(MARGIN).clamp(1, WIDTH)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.moved(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.moved(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.moved(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.moved(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write(format_args!("{text}\n"))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.write(format_args!("{text}"))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write(format_args!("\r\x1b[2K"))
    }

    fn flush(&self) -> io::Result<()> {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        out.flush()
    }
}

/// Something that takes its time. Its line is gone when this value is.
#[derive(Debug, Default)]
pub struct Progress {
    bar: Bar,
    visible: bool,
    numbers: Arc<Numbers>,
}

#[derive(Debug, Default)]
struct Numbers {
    events: AtomicU64,
    read: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    pub(super) fn on(bar: &Bar) -> Self {
        Self {
            bar: bar.clone(),
            visible: true,
            numbers: Arc::default(),
        }
    }

    /// Says how many events are to be read; 0 where nobody knows.
    pub fn expect(&self, total: u64) {
        self.numbers.total.store(total, Relaxed);
    }

    /// Says how many events were found among how many that were read.
    pub fn reached(&self, events: u64, read: u64) {
        self.numbers.events.store(events, Relaxed);
        self.numbers.read.store(read, Relaxed);
    }

    /// Shows the line after a moment, on a terminal alone, and keeps it true until it is dropped. To be run beside the
    /// work.
    pub async fn show(&self) -> Infallible {
        if !self.visible {
            return std::future::pending().await;
        }
        let is_dumb = env::var_os("TERM").is_some_and(|kind| kind == "dumb");
        if !io::stderr().is_terminal() || is_dumb {
            return std::future::pending().await;
        }
        let terminal = Narrow::new();
        let started = Instant::now();
        tokio::time::sleep(PATIENCE).await;
        let bar = &self.bar.0;
        // One of the few texts that the library knows as a template.
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        bar.set_draw_target(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
        loop {
            let line = self.numbers.line(started.elapsed(), terminal.width());
            bar.set_message(line);
            bar.tick();
            tokio::time::sleep(REFRESH).await;
        }
    }

    /// Takes the line away for good.
    pub fn clear(&self) {
        if self.visible {
            self.bar.0.finish_and_clear();
            self.bar.0.set_draw_target(ProgressDrawTarget::hidden());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Numbers {
    /// `12% · 4,213 events · 2m left · 890/s`, of which the end is left out where it does not fit.
    fn line(&self, elapsed: Duration, width: u16) -> String {
        let [events, read, total] =
            [&self.events, &self.read, &self.total].map(|n| n.load(Relaxed));
        if read == 0 {
            return fitting([Some("waiting for the first events".to_owned())], width);
        }
        let elapsed = elapsed.as_secs_f64().max(0.001);
        let rate = (events as f64 / elapsed) as u64;
        // Nobody knows how many there are, or they became more meanwhile.
        let share = (total > 0).then(|| (read as f64 / total as f64).min(1.0));
        let left = share.map(|share| (elapsed * (1.0 - share) / share).round() as u64);
        let parts = [
            share.map(|share| format!("{}%", (share * 100.0) as u64)),
            Some(format!("{} events", grouped(events))),
            left.map(|left| format!("{} left", span(left))),
            Some(format!("{}/s", grouped(rate))),
        ];
        fitting(parts, width)
    }
}

/// As many of the parts, from the first on, as there is room for.
fn fitting(parts: impl IntoIterator<Item = Option<String>>, width: u16) -> String {
    let mut line = String::new();
    for part in parts.into_iter().flatten() {
        let dot = if line.is_empty() { "" } else { " · " };
        let length = [line.as_str(), dot, &part].map(|text| text.chars().count());
        if length.iter().sum::<usize>() > width.into() {
            break;
        }
        line.push_str(dot);
        line.push_str(&part);
    }
    line
}

/// `42s`, `3m`, `2h 5m`
fn span(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m"),
        (hours, minutes) => format!("{hours}h {minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Progress, fitting};

    fn line(events: u64, read: u64, total: u64, seconds: u64) -> String {
        let progress = Progress::default();
        progress.expect(total);
        progress.reached(events, read);
        progress.numbers.line(Duration::from_secs(seconds), 37)
    }

    #[test]
    fn a_line_says_how_far_it_is_and_how_long_it_takes() {
        assert_eq!(line(0, 0, 0, 2), "waiting for the first events");
        assert_eq!(
            line(500, 500, 10_000, 1),
            "5% · 500 events · 19s left · 500/s"
        );
        // Matches are counted, and the share is that of what was looked at.
        assert_eq!(
            line(3, 5_000, 10_000, 600),
            "50% · 3 events · 10m left · 0/s"
        );
        assert_eq!(line(50, 50, 0, 1), "50 events · 50/s");
        assert_eq!(line(10, 20, 10, 1), "100% · 10 events · 0s left · 10/s");
        let long = line(2_500_000, 2_500_000, 1_000_000_000, 600);
        assert_eq!(long, "0% · 2,500,000 events · 66h 30m left");
    }

    #[test]
    fn a_line_fits_forty_columns_whatever_the_numbers() {
        for read in [1, 999, 123_456, 1_234_567_890, u64::MAX] {
            for seconds in [0, 1, 3_600, 1 << 40] {
                let line = line(read, read, u64::MAX, seconds);
                assert!(line.chars().count() <= 37, "{line}");
            }
        }
    }

    #[test]
    fn a_narrow_terminal_has_the_first_parts() {
        let parts = || ["5%", "500 events", "19s left"].map(|part| Some(part.to_owned()));
        assert_eq!(fitting(parts(), 26), "5% · 500 events · 19s left");
        assert_eq!(fitting(parts(), 25), "5% · 500 events");
        assert_eq!(fitting(parts(), 2), "5%");
        assert_eq!(fitting(parts(), 1), "");
    }
}
