//! Where followed events go: to stdout, or to a file that grows.

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
};

use crate::{
    api::Event,
    commands::{Context, options::OutputPlan},
    error::Error,
    files::AppendedFile,
    output::{Format, OutputFormat},
};

/// A format at work on events that come one by one, and what it writes to.
pub struct Rows {
    format: Box<dyn Format>,
    place: Place,
    begun: bool,
}

enum Place {
    Stdout(Box<dyn Write>),
    File(AppendedFile),
}

impl Rows {
    /// Opens the target. A file is appended to; with `keep` it is cut back to so many bytes before.
    pub fn open(plan: &OutputPlan, context: &Context, keep: Option<u64>) -> Result<Self, Error> {
        let (format, mut layout) = plan.laid_out(context);
        if format == OutputFormat::Json {
            return Err(Error::FollowJson);
        }
        let place = match plan.file() {
            Some(path) => {
                let file = AppendedFile::open(path, keep).map_err(|error| Error::Append {
                    path: path.to_owned(),
                    error,
                })?;
                // Columns are named once.
                layout.header &= file.is_empty();
                Place::File(file)
            }
            None if io::stdout().is_terminal() => Place::Stdout(Box::new(io::stdout())),
            None => Place::Stdout(Box::new(BufWriter::with_capacity(64 * 1024, io::stdout()))),
        };
        Ok(Self {
            format: format.format_following(layout),
            place,
            begun: false,
        })
    }

    /// The file that is written to, and how; none for stdout.
    pub fn file_and_format(plan: &OutputPlan, context: &Context) -> Option<(String, String)> {
        let (format, layout) = plan.laid_out(context);
        let mut told = format!("{format:?}").to_lowercase();
        for column in layout.columns.iter().flatten() {
            told.push_str(&format!(" {}", column.name()));
        }
        Some((absolute(plan.file()?), told))
    }

    /// Writes an event.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        self.begin()?;
        self.format.event(self.place.writer(), event)
    }

    /// Hands on all that was written, and what stands before the first event.
    pub fn flush(&mut self) -> io::Result<()> {
        self.begin()?;
        self.format.flush(self.place.writer())
    }

    /// Waits until a file is on the disk. Its length; none for what has none.
    pub fn sync(&mut self) -> io::Result<Option<u64>> {
        match &mut self.place {
            Place::File(file) => file.sync().map(|()| file.length()),
            Place::Stdout(_) => Ok(None),
        }
    }

    /// Takes back from a file what was written since it was handed on last: half a line is worse than none.
    pub fn take_back(&mut self) {
        if let Place::File(file) = &mut self.place {
            let _ = file.take_back();
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.begun, true) {
            true => Ok(()),
            false => self.format.begin(self.place.writer()),
        }
    }
}

impl Place {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Stdout(out) => out,
            Self::File(file) => file,
        }
    }
}

/// The path from the root: a checkpoint is used from anywhere.
pub fn absolute(path: &Path) -> String {
    let absolute = std::path::absolute(path);
    absolute.as_deref().unwrap_or(path).display().to_string()
}
