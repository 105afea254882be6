//! A receipt: what was asked, how it was read, what came of it and how far that is proven, as JSON for an auditor.
//!
//! `docs/receipt.md` describes the format. It is written as the answer is: the pieces go out as they are read, and what
//! is known at the end stands behind them, so that a receipt of millions of events needs no memory. Nothing here knows
//! a clock, or what the command line is called.

mod digest;
mod form;

use std::{
    io::{self, Write},
    path::Path,
};

use serde::Serialize;

use crate::{files::AtomicFile, walk::Piece};

pub use digest::{Digest, Tee};
pub use form::{Asked, End, EventRef, FORMAT, Filters, Output, Place, PlaceKind, VERSION, Worth};

use form::{Start, piece_form};

/// A receipt being written. Until [`Receipt::end`] a file that has its name stays as it was.
pub struct Receipt(Streamed<AtomicFile>);

impl Receipt {
    /// Begins to write what will be `path`.
    pub fn create(path: &Path, asked: &Asked) -> io::Result<Self> {
        Ok(Self(Streamed::begin(AtomicFile::create(path)?, asked)?))
    }

    /// Adds a piece, in the order of the answer.
    pub fn piece(&mut self, piece: &Piece) -> io::Result<()> {
        self.0.piece(piece)
    }

    /// Adds what is known at the end, and puts the file in its place.
    pub fn end(self, end: &End) -> io::Result<()> {
        self.0.end(end)?.commit()
    }
}

/// One JSON object, written in three parts.
struct Streamed<W> {
    out: W,
    pieces: u64,
}

impl<W: Write> Streamed<W> {
    fn begin(mut out: W, asked: &Asked) -> io::Result<Self> {
        write!(out, "{{\n{},\n  \"pieces\": [", members(&Start::of(asked))?)?;
        Ok(Self { out, pieces: 0 })
    }

    fn piece(&mut self, piece: &Piece) -> io::Result<()> {
        let comma = if self.pieces > 0 { "," } else { "" };
        self.pieces += 1;
        write!(self.out, "{comma}\n    ")?;
        serde_json::to_writer(&mut self.out, &piece_form(piece)).map_err(io::Error::from)
    }

    fn end(mut self, end: &End) -> io::Result<W> {
        let line = if self.pieces > 0 { "\n  " } else { "" };
        write!(self.out, "{line}],\n{}\n}}\n", members(end)?)?;
        Ok(self.out)
    }
}

/// The members of an object without the braces around them: others stand before or behind them.
fn members(object: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string_pretty(object)?;
    let inside = text
        .strip_prefix("{\n")
        .and_then(|text| text.strip_suffix("\n}"));
    Ok(inside.unwrap_or_default().to_owned())
}
