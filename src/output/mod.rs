//! Results as bytes: one file a format, and [`Ui`] for everything that is said about them.
//!
//! Rows go to a writer that is handed in; a terminal's width and whether it shows colours are values of [`Layout`].

mod column;
mod csv;
mod escape;
mod fit;
mod grid;
mod json;
mod jsonl;
mod log;
mod numbers;
mod paint;
mod progress;
mod record;
mod table;
mod ui;
mod width;

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

use crate::{api::Event, query::Zone};

pub use column::{Column, ColumnError};
pub use escape::visible;
pub use grid::{Grid, Title};
pub use log::{Level, Log, LogFormat, LogOptions, LogSlot, Requested};
pub use numbers::{counted, grouped};
pub use paint::Paint;
pub use progress::{Bar, Progress};
pub use record::write_record;
pub use ui::Ui;
pub use width::wrapped;

/// Events as bytes, one after the other.
pub trait Format {
    /// Writes what stands before the first event.
    fn begin(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Writes an event, or keeps it until more is known.
    fn event(&mut self, out: &mut dyn Write, event: &Event) -> io::Result<()>;

    /// Writes what was kept, so that what came is seen; after a failure, too.
    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.flush()
    }

    /// Writes what stands behind the last event. Of a run that fails it is not called, so that what was written cannot
    /// pass for whole.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.flush(out)
    }
}

/// What `-o` names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Columns that fit the terminal
    #[default]
    Table,
    /// Every field, nothing cut off
    Wide,
    /// One JSON array
    Json,
    /// An event a line, as JSON
    Jsonl,
    /// CSV for spreadsheets
    Csv,
}

/// How the answer is laid out.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Columns of the terminal; none where the answer does not go to one.
    pub width: Option<usize>,
    /// Whether colours are shown.
    pub color: bool,
    /// Where times are shown for people.
    pub zone: Zone,
    /// Whether the columns are named first.
    pub header: bool,
    /// The columns that were asked for.
    pub columns: Option<Vec<Column>>,
    /// CSV without quotes that are not needed and without `'` before what a spreadsheet would run.
    pub csv_raw: bool,
}

impl OutputFormat {
    /// The format at work.
    pub fn format(self, layout: Layout) -> Box<dyn Format> {
        match self {
            Self::Table => Box::new(table::Table::new(layout)),
            Self::Wide => Box::new(table::Table::wide(layout)),
            Self::Json => Box::<json::Json>::default(),
            Self::Jsonl => Box::new(jsonl::Jsonl),
            Self::Csv => Box::new(csv::Csv::new(&layout)),
        }
    }

    /// The format at work on events that come one by one: widths are settled, and the columns named, before the first.
    pub fn format_following(self, layout: Layout) -> Box<dyn Format> {
        match self {
            Self::Table => Box::new(table::Table::new(layout).ahead()),
            Self::Wide => Box::new(table::Table::wide(layout).ahead()),
            other => other.format(layout),
        }
    }
}

/// Columns of the terminal that stdout is; none where it is not one. One that does not know its size has 80.
pub fn terminal_width() -> Option<usize> {
    let width = comfy_table::Table::new().width().filter(|width| *width > 0);
    io::stdout()
        .is_terminal()
        .then(|| width.map_or(80, usize::from))
}

/// Whether what is written to stdout goes to another program.
#[cfg(unix)]
pub fn stdout_is_piped() -> bool {
    use std::{
        fs::File,
        os::{fd::AsFd, unix::fs::FileTypeExt},
    };
    let out = io::stdout();
    let metadata = out.as_fd().try_clone_to_owned().map(File::from);
    let kind = metadata.and_then(|file| Ok(file.metadata()?.file_type()));
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

/// Whether what is written to stdout goes to another program. Nobody knows here.
#[cfg(not(unix))]
pub fn stdout_is_piped() -> bool {
    false
}
