//! The window of the command line.

use chrono::Duration;
use clap::Args;

use crate::{
    api::{DEFAULT_DAYS, Timestamp},
    error::Error,
    query::{Period, TimeError, Window, Zone},
};

/// The window. Without any of these: the last 30 days.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Time")]
pub struct TimeArgs {
    /// Show events from here on: RFC 3339, 2026-01-31, "2026-01-31 10:00", 7d or 2h30m ago, now, today, yesterday, a weekday
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,
    /// Show events up to here; a day belongs to it whole. Default: the server's clock
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
    /// Show the last 24h, 7d, 2w
    #[arg(long, value_name = "DURATION", conflicts_with_all = ["since", "until", "on"])]
    last: Option<String>,
    /// Show a day, month, quarter or year: 2026-01-31, 2026-01, 2026-Q1, 2026, today, yesterday, a weekday
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["since", "until"])]
    on: Option<String>,
    #[command(flatten)]
    zone: ZoneArgs,
}

/// The zone of dates.
#[derive(Args, Clone, Debug, Default)]
pub struct ZoneArgs {
    /// Read and show times in this zone, like Europe/Berlin. Default: local
    #[arg(long, value_name = "ZONE", conflicts_with = "utc")]
    tz: Option<String>,
    /// Read and show times in UTC
    #[arg(long)]
    utc: bool,
}

impl ZoneArgs {
    /// The zone: the flags', the profile's, the machine's.
    pub fn zone(&self, profile: Option<&str>) -> Result<Zone, TimeError> {
        match (self.utc, self.tz.as_deref().or(profile)) {
            (true, _) => Ok(Zone::UTC),
            (false, Some(name)) => Zone::parse(name),
            (false, None) => Ok(Zone::Local),
        }
    }
}

impl TimeArgs {
    /// The zone of dates: the flags', the profile's, the machine's.
    pub fn zone(&self, profile: Option<&str>) -> Result<Zone, TimeError> {
        self.zone.zone(profile)
    }

    /// Whether any window was typed.
    pub fn is_given(&self) -> bool {
        [&self.since, &self.until, &self.last, &self.on]
            .iter()
            .any(|it| it.is_some())
    }

    /// `--since` as it was typed.
    pub fn since(&self) -> Option<&str> {
        self.since.as_deref()
    }

    /// The window that was typed. It always has a start, and an end where one was asked for.
    pub fn window(&self, now: Timestamp, zone: Zone) -> Result<Window, Error> {
        let month = Duration::days(DEFAULT_DAYS);
        if let Some(text) = &self.on {
            let period = Period::parse_span(text, now, zone)?;
            if period.first > now {
                return Err(Error::FutureWindow(period.first));
            }
            return Ok(Window {
                start: Some(period.first),
                end: Some(period.last),
            });
        }
        if let Some(text) = &self.last {
            return Ok(Window {
                start: Some(Period::parse_last(text, now)?.first),
                end: None,
            });
        }
        let parse = |text: &String| Period::parse(text, now, zone);
        let since = self.since.as_ref().map(parse).transpose()?;
        let end = self
            .until
            .as_ref()
            .map(parse)
            .transpose()?
            .map(|period| period.last);
        let default = || end.unwrap_or(now).minus(month).whole_second();
        let start = since.map_or_else(default, |period| period.first);
        match end {
            Some(end) if start > end => Err(Error::EmptyWindow { start, end }),
            // Nothing can be there yet, which must not pass for a proof that nothing was.
            _ if start > now => Err(Error::FutureWindow(start)),
            end => Ok(Window {
                start: Some(start),
                end,
            }),
        }
    }
}
