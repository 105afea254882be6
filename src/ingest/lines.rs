//! A reader's lines, with where each begins and what all of them hash to, in bounded memory.

use std::io::{self, BufRead, BufReader, Read, Write};

use super::{
    place::Place,
    records::{Record, Records},
};

/// Longest line that is read, in bytes. A longer one is not held in memory: a real one has about a kilobyte.
pub const MAX_LINE: usize = 8 << 20;

/// Bytes asked for at once: what a pipe holds.
const BUFFER: usize = 64 << 10;

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A line, which [`Lines::bytes`] holds.
    Line,
    /// The beginning of a line over [`MAX_LINE`]: [`Lines::copy_rest`] must follow.
    Long,
    /// The end.
    End,
}

/// What may come behind the end of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    Nothing,
    /// When it is read the next time.
    Perhaps,
    /// It is being written.
    Soon,
}

/// Lines, which end with `\n` alone: U+2028 and other separators are part of a line.
///
/// The last one may lack its `\n`: whoever hands in the reader has decided that it is whole.
pub struct Lines<R> {
    input: BufReader<R>,
    to: Option<u64>,
    behind: Behind,
    place: Place,
    buffer: Vec<u8>,
    number: u64,
    /// What has begun in the lines that were read, and may go on in the next one.
    pub(super) records: Records,
}

impl<R: Read> Lines<R> {
    /// Lines of `input`, which begins at `place` in its file and ends at `to`, or where it ends.
    pub fn new(input: R, place: Place, to: Option<u64>) -> Self {
        Self {
            input: BufReader::with_capacity(BUFFER, input),
            behind: match to {
                Some(_) => Behind::Perhaps,
                None => Behind::Nothing,
            },
            to,
            number: place.newlines,
            place,
            buffer: Vec::new(),
            records: Records::default(),
        }
    }

    /// The same of a file that is being written: what may go on behind its end is left for later.
    pub fn growing(self) -> Self {
        Self {
            behind: Behind::Soon,
            ..self
        }
    }

    /// The same of a file that nobody writes to any more: what has begun has ended.
    pub fn ended(self) -> Self {
        Self {
            behind: Behind::Nothing,
            ..self
        }
    }

    /// Reads the next line.
    pub fn read_next(&mut self) -> io::Result<Piece> {
        self.number = self.place.newlines + 1;
        // One byte more than the longest line, for its `\n`.
        let has_end = self.read_some(MAX_LINE as u64 + 1)?;
        match self.buffer.len() {
            0 if !has_end => Ok(Piece::End),
            length if length > MAX_LINE => Ok(Piece::Long),
            _ => Ok(Piece::Line),
        }
    }

    /// Copies what is left of a long line, without its `\n`.
    pub fn copy_rest(&mut self, out: &mut dyn Write) -> Result<(), CopyError> {
        loop {
            let has_end = self.read_some(MAX_LINE as u64).map_err(CopyError::Read)?;
            out.write_all(&self.buffer).map_err(CopyError::Write)?;
            if has_end || self.buffer.is_empty() {
                return Ok(());
            }
        }
    }

    /// Fills the buffer up to the next `\n`, which is left out, or to `limit`; says whether there was one.
    fn read_some(&mut self, limit: u64) -> io::Result<bool> {
        self.buffer.clear();
        let left = self
            .to
            .map_or(u64::MAX, |to| to.saturating_sub(self.place.offset));
        let wanted = limit.min(left);
        let read = (&mut self.input)
            .take(wanted)
            .read_until(b'\n', &mut self.buffer)?;
        self.place.pass(&self.buffer);
        let has_end = self.buffer.pop_if(|last| *last == b'\n').is_some();
        if self.to.is_some() && !has_end && (read as u64) < wanted {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it became shorter while it was read",
            ));
        }
        Ok(has_end)
    }

    /// The lines of the log that end with the line that was read, which begins at `at`.
    pub(super) fn take_records(&mut self, at: Place) -> Vec<Record> {
        self.records.take(&self.buffer, at, self.number)
    }

    /// What has begun in the lines before the last thousand, and was not heard of in these.
    pub(super) fn take_forgotten(&mut self) -> Vec<Record> {
        self.records.take_forgotten(&self.place)
    }

    /// What has begun and, at the end, is as it is. A part of a line may go on the next time that a file is read.
    pub(super) fn take_last(&mut self) -> Vec<Record> {
        match self.behind {
            Behind::Soon => Vec::new(),
            Behind::Perhaps => self.records.last().into_iter().collect(),
            Behind::Nothing => self.records.take_all(),
        }
    }

    /// The line that was read, as it is, without its `\n`.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Whether the next line would have to be waited for, perhaps for hours: nothing says when a pipe brings more.
    pub fn must_wait(&self) -> bool {
        self.to.is_none() && !self.input.buffer().contains(&b'\n')
    }

    /// The line's number in its file, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Where the first line begins that has not been taken as a whole.
    pub(super) fn reached(&self) -> &Place {
        self.records.begun().unwrap_or(&self.place)
    }

    /// How far the input has been read.
    pub fn place(&self) -> &Place {
        &self.place
    }
}

/// Which side of a copy failed.
#[derive(Debug)]
pub enum CopyError {
    /// The input.
    Read(io::Error),
    /// The output.
    Write(io::Error),
}
