//! The line behind an answer: how many of how many, and of which window.

use super::options::FilterArgs;
use crate::{
    api::Timestamp,
    output::{counted, grouped},
    source::{ReadReport, Verdict},
};

/// What was shown.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// Events in the answer.
    pub shown: u64,
    /// Matches before them that were asked to be skipped.
    pub skipped: u64,
    /// Most events that were asked for.
    pub limit: Option<u64>,
    /// Whether the window is the one that holds where nobody named another.
    pub by_default: bool,
}

/// `100 of 4,213 events · 2026-10-22T…Z … 2026-11-21T…Z · --all for the rest`; of all events `complete as of …` at its
/// end.
pub fn summary(amount: &Amount, told: &ReadReport) -> String {
    let bound = |time: Option<Timestamp>| time.map_or_else(String::new, |time| time.to_string());
    let window = format!(
        "{} … {}",
        bound(told.begun.sent.window.start),
        bound(told.begun.sent.window.end)
    );
    let mut parts = vec![of_total(amount.shown, told), window];
    if amount.skipped > 0 {
        parts.push(format!("{} skipped", grouped(amount.skipped)));
    }
    if amount.shown == 0 && amount.skipped == 0 && amount.by_default {
        parts.push("--since for older ones".to_owned());
    }
    let full = amount.limit.is_some_and(|limit| amount.shown >= limit);
    let reached = amount.shown.saturating_add(amount.skipped);
    let whole =
        told.applied_here.is_empty() && told.begun.total.is_some_and(|total| reached >= total);
    if full && !whole {
        parts.push("--all for the rest".to_owned());
    }
    if let (None, Verdict::Complete { as_of }) = (amount.limit, &told.verdict) {
        parts.push(format!("complete as of {as_of}"));
    }
    parts.join(" · ")
}

fn of_total(shown: u64, told: &ReadReport) -> String {
    let events = events(shown);
    match (told.begun.total, told.applied_here.as_slice()) {
        (Some(total), []) if total != shown => {
            format!("{} of {}", grouped(shown), self::events(total))
        }
        (_, []) | (None, _) => events,
        (Some(total), fields) => {
            let mut options: Vec<_> = fields.iter().copied().map(FilterArgs::option).collect();
            options.dedup();
            format!(
                "{events} (the server holds {} before {})",
                grouped(total),
                options.join(", ")
            )
        }
    }
}

/// `1 event`, `4,213 events`
pub fn events(count: u64) -> String {
    counted(count, "event")
}

/// `1 stretch`, `17 stretches`
pub fn stretches(count: u64) -> String {
    let noun = if count == 1 { "stretch" } else { "stretches" };
    format!("{} {noun}", grouped(count))
}

#[cfg(test)]
mod tests {
    use super::{Amount, summary};
    use crate::{
        api::{Field, Timestamp},
        query::{Query, Window},
        source::{Begun, ReadReport, Verdict},
    };

    fn told(total: Option<u64>, applied_here: &[Field]) -> ReadReport {
        let window = Window {
            start: Timestamp::parse("2026-10-22T00:00:00Z"),
            end: Timestamp::parse("2026-11-21T12:00:00Z"),
        };
        ReadReport {
            begun: Begun {
                sent: Query {
                    window,
                    filters: Vec::new(),
                },
                total,
            },
            applied_here: applied_here.to_vec(),
            leaky: Vec::new(),
            doubles: 0,
            late: 0,
            verdict: Verdict::Stopped,
        }
    }

    fn of(shown: u64, skipped: u64, limit: Option<u64>, told: &ReadReport) -> String {
        let window = "2026-10-22T00:00:00Z … 2026-11-21T12:00:00Z";
        summary(
            &Amount {
                shown,
                skipped,
                limit,
                by_default: false,
            },
            told,
        )
        .replace(window, "WINDOW")
    }

    #[test]
    fn how_many_of_how_many() {
        let all = told(Some(1_234_213), &[]);
        let rest = "--all for the rest";
        assert_eq!(
            of(100, 0, Some(100), &all),
            format!("100 of 1,234,213 events · WINDOW · {rest}")
        );
        assert_eq!(of(1_234_213, 0, None, &all), "1,234,213 events · WINDOW");
        assert_eq!(of(1, 0, Some(1), &told(Some(1), &[])), "1 event · WINDOW");
        assert_eq!(
            of(0, 0, Some(100), &told(Some(0), &[])),
            "0 events · WINDOW"
        );
        let skipped = of(10, 20, Some(10), &told(Some(30), &[]));
        assert_eq!(skipped, "10 of 30 events · WINDOW · 20 skipped");
        assert_eq!(
            of(5, 0, Some(5), &told(None, &[])),
            format!("5 events · WINDOW · {rest}")
        );
    }

    #[test]
    fn what_is_applied_here_is_named() {
        let told = told(Some(4213), &[Field::ActionType, Field::ActorId]);
        let expected = "7 events (the server holds 4,213 before --action, --actor) · WINDOW";
        assert_eq!(of(7, 0, Some(100), &told), expected);
    }
}
