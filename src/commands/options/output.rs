//! How the answer is written, and where to.

use std::{
    io::{self, BufWriter, IsTerminal, Stdout, Write},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use crate::{
    api::Event,
    commands::Context,
    config::Target,
    error::Error,
    files::AtomicFile,
    output::{Column, Format, Layout, OutputFormat, stdout_is_piped, terminal_width},
    query::Zone,
    receipt::{Digest, Tee},
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

/// The digest is taken behind the buffer of stdout, of what has really gone there, and before that of a file, which is
/// put in its place whole or not at all.
enum Place {
    Stdout(BufWriter<Tee<Stdout>>),
    File(Tee<AtomicFile>),
}

impl OutputPlan {
    /// The name of the format, as it is typed.
    pub fn format_name(&self) -> String {
        let value = self.format.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The file; none where the answer goes to stdout.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Whether a person may be reading the rows while they come: on the terminal, or behind a pipe that ends there.
    pub fn is_watched(&self) -> bool {
        self.file.is_none() && (io::stdout().is_terminal() || stdout_is_piped())
    }

    /// Opens the target, before anything is fetched. Where a digest is wanted, the end gives one.
    pub fn open(&self, context: &Context, digest: bool) -> Result<OpenOutput, Error> {
        let terminal = self.file.is_none() && io::stdout().is_terminal();
        let (format, layout) = self.laid_out(context);
        let target = match &self.file {
            Some(path) => {
                let file = AtomicFile::create(path).map_err(|error| Error::OutputFile {
                    path: path.clone(),
                    error,
                })?;
                Place::File(Tee::new(file, digest))
            }
            None => {
                // A terminal shows each row as it comes.
                let capacity = if terminal { 0 } else { 64 * 1024 };
                let out = Tee::new(io::stdout(), digest);
                Place::Stdout(BufWriter::with_capacity(capacity, out))
            }
        };
        Ok(OpenOutput {
            format: format.format(layout),
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

    /// Ends an answer that is whole. Gives the digest of what is now there, and what failed.
    pub fn end(mut self) -> (Option<Digest>, Result<(), Error>) {
        let done = self.finish();
        let (digest, done) = match self.target {
            Place::Stdout(out) => (out.into_parts().0.into_parts().1, done),
            Place::File(tee) => {
                let (file, digest) = tee.into_parts();
                let done = done.and_then(|()| file.commit());
                (digest.filter(|_| done.is_ok()), done)
            }
        };
        (digest, done.map_err(Error::Output))
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

    /// Ends an answer that broke off: what came is shown, nothing that says it is whole. A file is not put in its place.
    pub fn break_off(mut self) -> Option<Digest> {
        let Place::Stdout(mut out) = self.target else {
            return None;
        };
        let _ = self.format.flush(&mut out).and_then(|()| out.flush());
        out.into_parts().0.into_parts().1
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
}
