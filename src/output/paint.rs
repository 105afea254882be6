//! The few colours of the program: what is urgent stands out, what is dull steps back.
//!
//! Of the 16 ANSI colours alone, so that each terminal's own palette keeps them readable on light and on dark.

use std::io::{self, Write};

use crate::api::Field;

/// How a value is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// As the terminal writes.
    Plain,
    /// A heading.
    Bold,
    /// Low severity, and the absence of a value.
    Dim,
    /// Medium severity.
    Yellow,
    /// High severity.
    Magenta,
    /// A failure.
    Red,
    /// Critical severity.
    BoldRed,
}

impl Paint {
    /// How the value of a field is painted.
    pub fn of(field: Field, value: Option<&str>) -> Self {
        match (field, value) {
            (_, None) => Self::Dim,
            (Field::SeverityLevel, Some("low")) => Self::Dim,
            (Field::SeverityLevel, Some("medium")) => Self::Yellow,
            (Field::SeverityLevel, Some("high")) => Self::Magenta,
            (Field::SeverityLevel, Some("critical")) => Self::BoldRed,
            (Field::Status, Some("failed")) => Self::Red,
            _ => Self::Plain,
        }
    }

    /// Writes `text`, which must hold no controls, in this paint.
    ///
    /// comfy-table's own colours are not used: they follow `NO_COLOR` of the process, where `--color always` must win,
    /// and come as 256-colour sequences.
    pub fn write(self, out: &mut dyn Write, text: &str, color: bool) -> io::Result<()> {
        out.write_all(self.painted(text, color).as_bytes())
    }

    /// `text`, which must hold no controls, in this paint.
    pub fn painted(self, text: &str, color: bool) -> String {
        match self.code().filter(|_| color) {
            Some(code) => format!("\x1b[{code}m{text}\x1b[0m"),
            None => text.to_owned(),
        }
    }

    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Bold => Some("1"),
            Self::Dim => Some("2"),
            Self::Yellow => Some("33"),
            Self::Magenta => Some("35"),
            Self::Red => Some("31"),
            Self::BoldRed => Some("1;31"),
        }
    }
}
