//! What `rules test` has found: for people, and for programs.

use serde::Serialize;

use crate::{
    output::{Grid, Paint, Title, grouped, visible},
    rules::{Example, Flag, Flagged, Origin, Rules, RulesFile, Tally},
    source::ReadReport,
};

/// What examples are indented by, below what they are examples of.
const INDENT: &str = "  ";

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Both ends of the window that was read.
    start: Option<String>,
    end: Option<String>,
    /// Whether it is proven that every event of it was read.
    complete: bool,
    events: u64,
    lost: u64,
    kept: u64,
    rules: Vec<Row>,
    flags: Vec<FlagRow>,
}

/// A rule and what it drops.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// `file`, `default` or `synthetic`.
    from: &'static str,
    line: Option<u64>,
    actor_id: String,
    event_id: String,
    lost: u64,
    /// Of all events.
    share: f64,
    /// Events that no other rule drops.
    alone: u64,
}

#[derive(Debug, Serialize)]
struct FlagRow {
    flag: &'static str,
    lost: u64,
    examples: Vec<ExampleRow>,
}

/// An event that would be lost, by the names of the API.
#[derive(Debug, Serialize)]
struct ExampleRow {
    event_time: String,
    id: String,
    /// Index of the first rule that drops it.
    rule: usize,
}

impl Report {
    /// What there is to say about a count.
    pub fn new(
        file: &RulesFile,
        rules: &Rules,
        tally: &Tally<'_>,
        told: &ReadReport,
        complete: bool,
    ) -> Self {
        let (events, lost) = (tally.events(), tally.lost());
        let row =
            |((rule, origin), count): ((&crate::rules::Rule, Origin), &crate::rules::Count)| {
                let line = match origin {
                    Origin::Given(index) => file.rules.get(index).map(|it| it.line),
                    Origin::Default | Origin::Synthetic => None,
                };
                Row {
                    from: name(origin),
                    line,
                    actor_id: rule.actor_id.clone(),
                    event_id: rule.event_id.clone(),
                    lost: count.lost,
                    share: share(count.lost, events),
                    alone: count.alone,
                }
            };
        let window = told.begun.sent.window;
        Self {
            start: window.start.map(|time| time.to_string()),
            end: window.end.map(|time| time.to_string()),
            complete,
            events,
            lost,
            kept: events - lost,
            rules: rules.iter().zip(tally.counts()).map(row).collect(),
            flags: tally.flags().map(FlagRow::from).collect(),
        }
    }

    /// One JSON object.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The rules, and below them what nobody should lose, for a terminal of that many columns or for no terminal.
    pub fn tables(&self, columns: Option<usize>, color: bool) -> String {
        let mut lines = self.rules_table().lines(columns, color);
        lines.push(String::new());
        lines.extend(self.flags_lines(columns, color));
        lines.join("\n")
    }

    fn rules_table(&self) -> Grid {
        let mut grid = Grid::new([
            Title::text("RULE"),
            Title::text("ACTOR"),
            Title::text("EVENT"),
            Title::number("LOST"),
            Title::number("SHARE").leaving(1),
            Title::number("BY IT ALONE").leaving(0),
        ]);
        for row in &self.rules {
            let cells = [
                row.place(),
                cell(&row.actor_id),
                cell(&row.event_id),
                grouped(row.lost),
                percent(row.share),
                grouped(row.alone),
            ];
            grid.push(lost_or(row.lost, Paint::Plain), cells);
        }
        for (name, count) in [("all rules", self.lost), ("kept", self.kept)] {
            let (count, share) = (grouped(count), percent(share(count, self.events)));
            let none = String::new;
            grid.push(
                Paint::Bold,
                [name.to_owned(), none(), none(), count, share, none()],
            );
        }
        grid
    }

    /// Each kind with its count, and below it a few events of it: the id whole before anything else.
    fn flags_lines(&self, columns: Option<usize>, color: bool) -> Vec<String> {
        let mut flags = Grid::new([Title::text("NOT TO BE LOST"), Title::number("LOST")]);
        let mut examples = Grid::new([
            Title::whole(""),
            Title::whole("").leaving(0),
            Title::whole("").leaving(1),
        ]);
        for row in &self.flags {
            flags.push(
                lost_or(row.lost, Paint::Red),
                [row.flag.to_owned(), grouped(row.lost)],
            );
            for example in &row.examples {
                let by = self.rules.get(example.rule).map(Row::place);
                let by = format!("by {}", by.unwrap_or_default());
                examples.push(
                    Paint::Plain,
                    [cell(&example.id), cell(&example.event_time), by],
                );
            }
        }
        let mut flags = flags.lines(columns, color).into_iter();
        let room = columns.map(|columns| columns.saturating_sub(INDENT.len()));
        let mut examples = examples.lines(room, color).into_iter();
        let mut lines: Vec<_> = flags.next().into_iter().collect();
        for (row, line) in self.flags.iter().zip(flags) {
            lines.push(line);
            let own = examples.by_ref().take(row.examples.len());
            lines.extend(own.map(|line| format!("{INDENT}{line}")));
        }
        lines
    }
}

impl Row {
    fn place(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}"),
            None => self.from.to_owned(),
        }
    }
}

impl From<(Flag, &Flagged)> for FlagRow {
    fn from((flag, flagged): (Flag, &Flagged)) -> Self {
        let example = |it: &Example| ExampleRow {
            event_time: it.event_time.clone(),
            id: it.id.clone(),
            rule: it.rule,
        };
        Self {
            flag: match flag {
                Flag::Failed => "failed",
                Flag::Severe => "high or critical",
                Flag::Write => "changes",
            },
            lost: flagged.lost,
            examples: flagged.examples.iter().map(example).collect(),
        }
    }
}

fn name(origin: Origin) -> &'static str {
    match origin {
        Origin::Given(_) => "file",
        Origin::Default => "default",
        Origin::Synthetic => "synthetic",
    }
}

fn share(count: u64, of: u64) -> f64 {
    match of {
        0 => 0.0,
        of => count as f64 / of as f64,
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// What drops nothing steps back.
fn lost_or(lost: u64, paint: Paint) -> Paint {
    match lost {
        0 => Paint::Dim,
        _ => paint,
    }
}

fn cell(text: &str) -> String {
    visible(text).into_owned()
}
