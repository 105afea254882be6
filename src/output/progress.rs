//! How far a long reading is: one line at the end of a terminal's stderr, gone when there is something better to say.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::numbers::grouped;

/// What is done before that needs no line.
const PATIENCE: Duration = Duration::from_secs(1);
const REFRESH: Duration = Duration::from_millis(200);
/// The narrowest terminal on which the line is whole; the last column stays free.
const WIDTH: usize = 39;

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
        let started = Instant::now();
        tokio::time::sleep(PATIENCE).await;
        let bar = &self.bar.0;
        // Nothing that fills the line: a terminal that becomes narrower would break it in two.
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        bar.set_draw_target(ProgressDrawTarget::stderr());
        loop {
            bar.set_message(self.numbers.line(started.elapsed()));
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
    fn line(&self, elapsed: Duration) -> String {
        let [events, read, total] =
            [&self.events, &self.read, &self.total].map(|n| n.load(Relaxed));
        if read == 0 {
            return "waiting for the first events".to_owned();
        }
        let elapsed = elapsed.as_secs_f64().max(0.001);
        let rate = (events as f64 / elapsed) as u64;
        // Nobody knows how many there are, or they became more meanwhile.
        let share = (total > 0).then(|| (read as f64 / total as f64).min(1.0));
        let left = share.map(|share| (elapsed * (1.0 - share) / share) as u64);
        let parts = [
            share.map(|share| format!("{}%", (share * 100.0) as u64)),
            Some(format!("{} events", grouped(events))),
            left.map(|left| format!("{} left", span(left))),
            Some(format!("{}/s", grouped(rate))),
        ];
        let mut line = String::new();
        for part in parts.into_iter().flatten() {
            let dot = if line.is_empty() { "" } else { " · " };
            if line.chars().count() + dot.chars().count() + part.chars().count() > WIDTH {
                break;
            }
            line.push_str(dot);
            line.push_str(&part);
        }
        line
    }
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

    use super::Progress;

    fn line(events: u64, read: u64, total: u64, seconds: u64) -> String {
        let progress = Progress::default();
        progress.expect(total);
        progress.reached(events, read);
        progress.numbers.line(Duration::from_secs(seconds))
    }

    #[test]
    fn a_line_says_how_far_it_is_and_how_long_it_takes() {
        assert_eq!(line(0, 0, 0, 2), "waiting for the first events");
        assert_eq!(
            line(1_000, 1_000, 10_000, 2),
            "10% · 1,000 events · 18s left · 500/s"
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
                assert!(line.chars().count() < 40, "{line}");
            }
        }
    }
}
