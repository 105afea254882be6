//! What `rules test` has found: for people, and for programs.

use comfy_table::{CellAlignment, Table, presets::NOTHING};
use serde::Serialize;

use crate::{
    output::{grouped, visible},
    rules::{Example, Flag, Flagged, Origin, Rules, RulesFile, Tally},
    source::Told,
};

/// Longest text in a cell.
const CELL: usize = 60;

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
        told: &Told,
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

    /// The rules, and below them what nobody should lose.
    pub fn tables(&self) -> String {
        format!("{}\n\n{}", self.rules_table(), self.flags_table())
    }

    fn rules_table(&self) -> String {
        let mut table = Table::new();
        table.load_style(NOTHING).set_header([
            "RULE",
            "ACTOR",
            "EVENT",
            "LOST",
            "SHARE",
            "BY IT ALONE",
        ]);
        for row in &self.rules {
            table.add_row([
                row.place(),
                cell(&row.actor_id),
                cell(&row.event_id),
                grouped(row.lost),
                percent(row.share),
                grouped(row.alone),
            ]);
        }
        for (name, count) in [("all rules", self.lost), ("kept", self.kept)] {
            table.add_row([
                name.to_owned(),
                String::new(),
                String::new(),
                grouped(count),
                percent(share(count, self.events)),
                String::new(),
            ]);
        }
        aligned(table, &[3, 4, 5])
    }

    fn flags_table(&self) -> String {
        let mut table = Table::new();
        table
            .load_style(NOTHING)
            .set_header(["NOT TO BE LOST", "LOST", "LIKE", "ID", "BY"]);
        for row in &self.flags {
            let mut name = (row.flag.to_owned(), grouped(row.lost));
            if row.examples.is_empty() {
                table.add_row([name.0.clone(), name.1.clone()]);
            }
            for example in &row.examples {
                let (flag, lost) = std::mem::take(&mut name);
                let rule = self.rules.get(example.rule);
                table.add_row([
                    flag,
                    lost,
                    cell(&example.event_time),
                    cell(&example.id),
                    rule.map(Row::place).unwrap_or_default(),
                ]);
            }
        }
        aligned(table, &[1])
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

/// Harmless, and short.
fn cell(text: &str) -> String {
    let text = visible(text);
    match text.char_indices().nth(CELL) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.into_owned(),
    }
}

/// Columns one under the other, numbers to the right.
fn aligned(mut table: Table, numbers: &[usize]) -> String {
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if numbers.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}
