//! How the answer is written, and where to.

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::PathBuf,
};

use clap::{Args, ValueEnum};

use crate::{
    api::Event,
    commands::Context,
    config::Target,
    error::Error,
    files::AtomicFile,
    output::{Column, Format, Layout, OutputFormat, terminal_width},
    query::Zone,
};

/// The output.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Write in this format. Default: the profile's, else table
    #[arg(short, long, value_name = "FORMAT", value_enum)]
    output: Option<OutputFormat>,
    /// Write these columns, like time,actor,meta.taskId (table, wide, csv)
    #[arg(short, long, value_name = "LIST", value_delimiter = ',')]
    columns: Option<Vec<Column>>,
    /// Write to a file, whole or not at all, with --follow appending; - is stdout
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// Leave out the line that names the columns (table, wide, csv)
    #[arg(long)]
    no_header: bool,
    /// Write values to CSV as they are, also those that a spreadsheet would run as formulas
    #[arg(long)]
    csv_raw: bool,
}

/// The format, its columns, and the file.
#[derive(Clone, Debug)]
pub struct OutputPlan {
    format: OutputFormat,
    columns: Option<Vec<Column>>,
    file: Option<PathBuf>,
    header: bool,
    csv_raw: bool,
    zone: Zone,
}

impl OutputArgs {
    /// What was typed, completed by the profile.
    pub fn plan(&self, target: &Target, zone: Zone) -> Result<OutputPlan, Error> {
        let saved = target.output.as_deref().map(|name| {
            OutputFormat::from_str(name, false).map_err(|_| Error::ProfileOutput(name.to_owned()))
        });
        let format = match (self.output, saved) {
            (Some(format), _) => format,
            (None, saved) => saved.transpose()?.unwrap_or_default(),
        };
        if self.columns.is_some() && matches!(format, OutputFormat::Json | OutputFormat::Jsonl) {
            return Err(Error::ColumnsOfJson);
        }
        Ok(OutputPlan {
            format,
            columns: self.columns.clone(),
            file: self
                .output_file
                .clone()
                .filter(|path| path.as_os_str() != "-"),
            header: !self.no_header,
            csv_raw: self.csv_raw,
            zone,
        })
    }
}

/// An answer under way: a format at work and what it writes to.
///
/// Nothing is written before the first event or the end: a header alone would pass for "no events" where a token
/// was refused.
pub struct OpenOutput {
    format: Box<dyn Format>,
    target: Place,
    begun: bool,
}

enum Place {
    Stdout(Box<dyn Write>),
    File(AtomicFile),
}

impl OutputPlan {
    /// Opens the target, before anything is fetched.
    pub fn open(&self, context: &Context) -> Result<OpenOutput, Error> {
        let terminal = self.file.is_none() && io::stdout().is_terminal();
        let layout = Layout {
            width: terminal.then(terminal_width).flatten(),
            color: context.color && self.file.is_none(),
            zone: self.zone,
            header: self.header,
            columns: self.columns.clone(),
            csv_raw: self.csv_raw,
        };
        let target = match &self.file {
            Some(path) => {
                let file = AtomicFile::create(path);
                Place::File(file.map_err(|error| Error::OutputFile {
                    path: path.clone(),
                    error,
                })?)
            }
            None if terminal => Place::Stdout(Box::new(io::stdout())),
            None => Place::Stdout(Box::new(BufWriter::with_capacity(64 * 1024, io::stdout()))),
        };
        Ok(OpenOutput {
            format: self.format.format(layout),
            target,
            begun: false,
        })
    }
}

impl OpenOutput {
    /// Writes an event.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        self.begin()?;
        self.format.event(self.target.writer(), event)
    }

    /// Ends an answer that is whole.
    pub fn end(mut self) -> Result<(), Error> {
        self.finish().map_err(Error::Output)?;
        match self.target {
            Place::Stdout(_) => Ok(()),
            Place::File(file) => file.commit().map_err(Error::Output),
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.begun, true) {
            true => Ok(()),
            false => self.format.begin(self.target.writer()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.begin()?;
        self.format.end(self.target.writer())?;
        self.target.writer().flush()
    }

    /// Ends an answer that broke off: what came is shown, nothing that says it is whole.
    pub fn break_off(mut self) {
        if let Place::Stdout(out) = &mut self.target {
            let _ = self.format.flush(out).and_then(|()| out.flush());
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

impl OutputPlan {
    /// The format and its layout, for who writes to a place of another kind.
    pub fn laid_out(&self, context: &Context) -> (OutputFormat, Layout) {
        let terminal = self.file.is_none() && io::stdout().is_terminal();
        let layout = Layout {
            width: terminal.then(terminal_width).flatten(),
            color: context.color && self.file.is_none(),
            zone: self.zone,
            header: self.header,
            columns: self.columns.clone(),
            csv_raw: self.csv_raw,
        };
        (self.format, layout)
    }

    /// The file that was named; none for stdout.
    pub fn named_file(&self) -> Option<&std::path::Path> {
        self.file.as_deref()
    }
}
