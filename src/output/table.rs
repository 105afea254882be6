//! Events for people: a line each, in columns.
//!
//! comfy-table does not write it. It lays out a whole table at once, where this one streams; it measures strings as a
//! whole (see `width`); and its colours ask the environment (see `paint`).

use std::{
    borrow::Cow,
    io::{self, Write},
};

use super::{
    Column, Format, Layout,
    escape::visible,
    fit::{GAP, Need, reads_well, widths},
    paint::Paint,
    width::{Keep, cut, width},
};
use crate::api::{Event, Field, Timestamp};

/// Rows that settle the widths.
const FIRST_ROWS: usize = 100;
/// Where nothing is cut, a wider value shifts its own row and not every row.
const WIDEST: usize = 60;

/// `-o table` and `-o wide`.
#[derive(Debug)]
pub struct Table {
    layout: Layout,
    columns: Vec<Column>,
    /// Whether the widths are settled for rows that are not there yet.
    ahead: bool,
    /// The first rows, until the widths are settled.
    kept: Vec<Event>,
    settled: Option<Settled>,
}

/// Once and for all rows.
#[derive(Debug)]
struct Settled {
    short: bool,
    widths: Vec<Option<usize>>,
}

/// One value, harmless, and how it is painted.
struct Cell<'a> {
    text: Cow<'a, str>,
    paint: Paint,
    keep: Keep,
}

impl Table {
    /// The columns that tell who did what, or those that were asked for; cut to the terminal.
    pub fn new(layout: Layout) -> Self {
        let fields = [
            Field::EventTime,
            Field::SeverityLevel,
            Field::Status,
            Field::PluginId,
            Field::EventId,
            Field::ActorId,
        ];
        let default = fields
            .map(Column::Field)
            .into_iter()
            .chain([Column::Target]);
        Self::with(layout, default.collect())
    }

    /// Every field, or those that were asked for; nothing is cut.
    pub fn wide(mut layout: Layout) -> Self {
        layout.width = None;
        let fields = [
            Field::EventTime,
            Field::SeverityLevel,
            Field::Status,
            Field::PluginId,
            Field::EventId,
            Field::ActorId,
            Field::EntityRef,
            Field::ActionType,
            Field::QueryType,
            Field::RequestMethod,
            Field::RequestUrl,
            Field::ActorType,
            Field::RecordedAt,
            Field::Id,
        ];
        let meta = Column::Meta(Vec::new());
        let default = fields.map(Column::Field).into_iter().chain([meta]);
        Self::with(layout, default.collect())
    }

    fn with(layout: Layout, default: Vec<Column>) -> Self {
        Self {
            columns: layout.columns.clone().unwrap_or(default),
            layout,
            ahead: false,
            kept: Vec::new(),
            settled: None,
        }
    }

    /// Makes room for what columns usually hold: rows will come one by one, for a long time.
    pub fn ahead(mut self) -> Self {
        self.ahead = true;
        self
    }

    /// Settles the widths by the rows that came, and writes these.
    fn settle(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let kept = std::mem::take(&mut self.kept);
        let settled = self.settled_for(&kept);
        if self.layout.header {
            let titles = self.titles().into_iter().map(|title| Cell {
                text: Cow::Owned(title),
                paint: Paint::Bold,
                keep: Keep::Start,
            });
            self.write_row(out, &settled, &titles.collect::<Vec<_>>())?;
        }
        for event in &kept {
            self.write_row(out, &settled, &self.cells(event, settled.short))?;
        }
        self.settled = Some(settled);
        Ok(())
    }

    fn settled_for(&self, events: &[Event]) -> Settled {
        let whole = self.needs(events, false);
        let Some(width) = self.layout.width else {
            let widths = whole.iter().map(|need| Some(need.whole.min(WIDEST)));
            return Settled {
                short: false,
                widths: widths.collect(),
            };
        };
        let short = !reads_well(&whole, width);
        let needs = if short {
            self.needs(events, true)
        } else {
            whole
        };
        let mut widths = widths(&needs, width);
        // What is left belongs to the last column: later rows may need it.
        let used: usize = widths.iter().flatten().map(|width| width + GAP).sum();
        if let Some(last) = widths.iter_mut().rev().flatten().next() {
            *last += (width + GAP).saturating_sub(used);
        }
        Settled { short, widths }
    }

    fn needs(&self, events: &[Event], short: bool) -> Vec<Need> {
        let mut found = vec![Vec::with_capacity(events.len()); self.columns.len()];
        for event in events {
            for (found, cell) in found.iter_mut().zip(self.cells(event, short)) {
                found.push(width(&cell.text));
            }
        }
        let columns = self.columns.iter().zip(self.titles()).zip(found);
        columns
            .map(|((column, title), mut found)| {
                let title = if self.layout.header { width(&title) } else { 1 };
                let usual = if self.ahead { usual(column, short) } else { 0 };
                let title = title.max(usual);
                found.sort_unstable();
                let at = |part: usize| found.get(part).copied().unwrap_or(0).max(title);
                let (whole, most) = (found.len().saturating_sub(1), found.len() * 9 / 10);
                self.need(column, at(whole), at(most), short)
            })
            .collect()
    }

    /// What a column asks of a terminal. Columns that were asked for stay; of the others those go first that the rest
    /// tells best: the plugin, which the name of the event suggests, then the severity, then the target.
    fn need(&self, column: &Column, whole: usize, most: usize, short: bool) -> Need {
        let (fair, least, leaves) = match column {
            Column::Field(Field::EventTime | Field::RecordedAt) => (whole, 11, None),
            Column::Field(Field::SeverityLevel) => (8, 6, Some(1)),
            Column::Field(Field::Status) => (if short { 6 } else { 9 }, 6, None),
            Column::Field(Field::PluginId) => (10, 4, Some(0)),
            Column::Target => (16, 4, Some(2)),
            _ => (14, 4, None),
        };
        Need {
            whole,
            most,
            fair,
            least,
            leaves: leaves.filter(|_| self.layout.columns.is_none()),
        }
    }

    fn titles(&self) -> Vec<String> {
        let titles = self.columns.iter().map(Column::title);
        titles.map(|title| visible(&title).into_owned()).collect()
    }

    fn cells<'a>(&self, event: &'a Event, short: bool) -> Vec<Cell<'a>> {
        let columns = self.columns.iter();
        columns
            .map(|column| self.cell(column, event, short))
            .collect()
    }

    fn cell<'a>(&self, column: &Column, event: &'a Event, short: bool) -> Cell<'a> {
        let value = column.value(event);
        let paint = match column {
            Column::Field(field) => Paint::of(*field, value.as_deref()),
            _ if value.is_none() => Paint::Dim,
            _ => Paint::Plain,
        };
        let text = match (column, value) {
            (_, None) => Cow::Borrowed("-"),
            (Column::Field(Field::EventTime), _) => Cow::Owned(self.time(event.time(), short)),
            (Column::Field(Field::RecordedAt), Some(text)) => match Timestamp::parse(&text) {
                Some(time) => Cow::Owned(self.time(time, short)),
                None => harmless(text),
            },
            (Column::Field(Field::Status), Some(Cow::Borrowed("succeeded"))) if short => {
                Cow::Borrowed("ok")
            }
            (_, Some(text)) => harmless(text),
        };
        let keep = keep(column, event);
        Cell { text, paint, keep }
    }

    fn time(&self, time: Timestamp, short: bool) -> String {
        let format = if short {
            "%m-%d %H:%M"
        } else {
            "%Y-%m-%d %H:%M:%S"
        };
        self.layout.zone.wall_clock(time).format(format).to_string()
    }

    fn write_row(
        &self,
        out: &mut dyn Write,
        settled: &Settled,
        cells: &[Cell<'_>],
    ) -> io::Result<()> {
        let mut gap = 0;
        for (cell, room) in cells.iter().zip(&settled.widths) {
            let Some(room) = *room else { continue };
            let text = match self.layout.width {
                Some(_) => cut(&cell.text, room, cell.keep),
                None => Cow::Borrowed(cell.text.as_ref()),
            };
            let text = text.trim_end();
            write!(out, "{:gap$}", "")?;
            cell.paint.write(out, text, self.layout.color)?;
            gap = room.saturating_sub(width(text)) + GAP;
        }
        out.write_all(b"\n")
    }
}

impl Format for Table {
    fn event(&mut self, out: &mut dyn Write, event: &Event) -> io::Result<()> {
        if let Some(settled) = &self.settled {
            return self.write_row(out, settled, &self.cells(event, settled.short));
        }
        self.kept.push(event.clone());
        if self.kept.len() < FIRST_ROWS {
            return Ok(());
        }
        self.settle(out)
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.kept.is_empty() || self.ahead && self.settled.is_none() {
            self.settle(out)?;
        }
        out.flush()
    }
}

/// What a column usually takes.
fn usual(column: &Column, short: bool) -> usize {
    match column {
        Column::Field(Field::EventTime | Field::RecordedAt) if short => 11,
        Column::Field(Field::EventTime | Field::RecordedAt) => 19,
        Column::Field(Field::SeverityLevel) => 8,
        Column::Field(Field::Status) if short => 6,
        Column::Field(Field::Status) => 9,
        Column::Field(Field::PluginId) => 12,
        Column::Field(Field::EventId) => 16,
        Column::Field(Field::ActorId) => 24,
        Column::Field(Field::EntityRef) | Column::Target => 32,
        Column::Field(Field::Id) => 36,
        _ => 12,
    }
}

/// A reference says most at its end (`user:default/guest`), everything else at its beginning.
fn keep(column: &Column, event: &Event) -> Keep {
    match column {
        Column::Field(Field::ActorId | Field::EntityRef) => Keep::End,
        Column::Target if event.text(Field::EntityRef).is_some() => Keep::End,
        _ => Keep::Start,
    }
}

/// Harmless text; nothing at all would look like a shifted row.
fn harmless(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        text if text.is_empty() => Cow::Borrowed("\"\""),
        Cow::Borrowed(text) => visible(text),
        Cow::Owned(text) => Cow::Owned(visible(&text).into_owned()),
    }
}
