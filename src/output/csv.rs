//! CSV after RFC 4180, safe to open in a spreadsheet.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::{Column, Format, Layout};
use crate::api::{Event, Field};

/// `-o csv`.
///
/// A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, a tab, a carriage return or a NUL (CWE-1236). Such a
/// cell gets a `'` in front. So does one that begins with `'`, so that taking the first `'` off each cell that has one
/// gives every value back.
#[derive(Debug)]
pub struct Csv {
    columns: Vec<Column>,
    header: bool,
    raw: bool,
}

impl Csv {
    /// The API's fields in its order, `meta` last, unless columns were chosen.
    pub fn new(layout: &Layout) -> Self {
        let all = || {
            let fields = Field::ALL.into_iter().map(Column::Field);
            fields.chain([Column::Meta(Vec::new())]).collect()
        };
        Self {
            columns: layout.columns.clone().unwrap_or_else(all),
            header: layout.header,
            raw: layout.csv_raw,
        }
    }

    fn write<'a>(
        &self,
        out: &mut dyn Write,
        cells: impl Iterator<Item = Cow<'a, str>>,
    ) -> io::Result<()> {
        let style = if self.raw {
            QuoteStyle::Necessary
        } else {
            QuoteStyle::Always
        };
        // Into memory first: the writer flushes what it writes to, and each event would be a call of the system.
        let mut line = Vec::new();
        let mut writer = WriterBuilder::new()
            .quote_style(style)
            .terminator(Terminator::CRLF)
            .from_writer(&mut line);
        let cells = cells.map(|cell| if self.raw { cell } else { harmless(cell) });
        writer.write_record(cells.map(|cell| cell.into_owned()))?;
        writer.flush()?;
        drop(writer);
        out.write_all(&line)
    }
}

impl Format for Csv {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.header {
            return Ok(());
        }
        self.write(out, self.columns.iter().map(Column::name))
    }

    fn event(&mut self, out: &mut dyn Write, event: &Event) -> io::Result<()> {
        let cells = self.columns.iter().map(|column| column.value(event));
        self.write(out, cells.map(Option::unwrap_or_default))
    }
}

/// The cell as text to every spreadsheet.
fn harmless(cell: Cow<'_, str>) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\0', '\'']) {
        return Cow::Owned(format!("'{cell}"));
    }
    cell
}
