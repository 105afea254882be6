//! Lines in portions that are stored as a whole: the events among them, and what became of the others.

use std::io::{self, Read, Write};

use crate::api::{Event, EventError, Timestamp};

use super::{
    backstage::{Line, Parsed, Reason, line, unreadable},
    lines::{CopyError, Lines, Piece},
};

/// Most lines in a batch.
const MAX_LINES: u64 = 1000;
/// Bytes of lines from which on a batch ends.
const MAX_BYTES: u64 = 4 << 20;

/// The times of reading, each later than the one before: events whose lines carry no time keep the lines' order.
pub struct Clock {
    now: Box<dyn FnMut() -> Timestamp>,
    last: Option<Timestamp>,
}

impl Clock {
    /// A clock that asks `now`.
    pub fn new(now: impl FnMut() -> Timestamp + 'static) -> Self {
        Self {
            now: Box::new(now),
            last: None,
        }
    }

    /// The time, or a microsecond after the last answer if that is later.
    pub fn tick(&mut self) -> Timestamp {
        let now = (self.now)();
        let next = self.last.map_or(now, |last| {
            now.max(last.plus(chrono::Duration::microseconds(1)))
        });
        self.last = Some(next);
        next
    }
}

/// What became of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines.
    pub read: u64,
    /// Outcomes of audit events.
    pub events: u64,
    /// Beginnings of audit events, which are not stored.
    pub initiated: u64,
    /// Lines of something else.
    pub other: u64,
    /// Of the events, those that were repaired.
    pub repaired: u64,
    /// Lines that say that they are audit events, and cannot be read as such.
    pub rejected: u64,
    /// Of the events, those without a time of their own.
    pub timeless: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.events += other.events;
        self.initiated += other.initiated;
        self.other += other.other;
        self.repaired += other.repaired;
        self.rejected += other.rejected;
        self.timeless += other.timeless;
    }
}

/// A line that was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Its number in its file, from 1.
    pub number: u64,
    /// Why.
    pub reason: Reason,
}

/// Lines that are stored as a whole.
#[derive(Debug)]
pub struct Batch {
    /// The events, in the order of their lines.
    pub events: Vec<Pending>,
    /// The lines that were rejected, in their order.
    pub rejections: Vec<Rejection>,
    /// What became of the lines.
    pub counts: Counts,
    /// Bytes of the file before the batch.
    pub before: u64,
    /// Bytes of the file up to its end.
    pub after: u64,
    /// What those hash to.
    pub sha256: [u8; 32],
}

/// An event that lacks its id.
#[derive(Debug)]
pub struct Pending {
    /// Offset of its line's first byte in its file.
    pub offset: u64,
    read_at: Timestamp,
    parsed: Parsed,
}

impl Pending {
    /// The event.
    pub fn into_event(self, id: String, recorded_at: Timestamp) -> Result<Event, EventError> {
        self.parsed.into_event(id, self.read_at, recorded_at)
    }
}

/// Why there is no next batch.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The lines could not be read.
    #[error("{0}")]
    Lines(io::Error),
    /// A rejected line could not be written.
    #[error("{0}")]
    Rejects(io::Error),
}

impl From<CopyError> for ReadError {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::Read(error) => Self::Lines(error),
            CopyError::Write(error) => Self::Rejects(error),
        }
    }
}

impl Batch {
    /// Reads the next one; none at the end. Rejected lines are copied to `rejects`, as they are.
    pub fn read<R: Read>(
        lines: &mut Lines<R>,
        clock: &mut Clock,
        rejects: &mut dyn Write,
    ) -> Result<Option<Self>, ReadError> {
        let before = lines.place().offset;
        let mut batch = Self {
            events: Vec::new(),
            rejections: Vec::new(),
            counts: Counts::default(),
            before,
            after: before,
            sha256: [0; 32],
        };
        while batch.counts.read < MAX_LINES && batch.after - before < MAX_BYTES {
            let goes_on = lines.place().in_line;
            match lines.read_next().map_err(ReadError::Lines)? {
                Piece::End => break,
                Piece::Line if goes_on && lines.bytes().trim_ascii().is_empty() => {}
                Piece::Line => batch.take_line(lines, clock, rejects)?,
                Piece::Long => batch.take_long(lines, rejects)?,
            }
            batch.after = lines.place().offset;
            if lines.must_wait() {
                break;
            }
        }
        batch.sha256 = lines.place().sha256();
        Ok((batch.after > before).then_some(batch))
    }

    fn take_line<R: Read>(
        &mut self,
        lines: &Lines<R>,
        clock: &mut Clock,
        rejects: &mut dyn Write,
    ) -> Result<(), ReadError> {
        self.counts.read += 1;
        match line(lines.bytes()) {
            Line::Other => self.counts.other += 1,
            Line::Initiated => self.counts.initiated += 1,
            Line::Event(parsed) => {
                self.counts.events += 1;
                self.counts.repaired += u64::from(parsed.is_repaired());
                self.counts.timeless += u64::from(!parsed.has_time());
                self.events.push(Pending {
                    offset: lines.start(),
                    read_at: clock.tick(),
                    parsed: *parsed,
                });
            }
            Line::Rejected(reason) => {
                self.reject(lines.number(), reason);
                // In one call, so that another program that appends to the same file does not get in between.
                let line = [lines.bytes(), b"\n"].concat();
                rejects.write_all(&line).map_err(ReadError::Rejects)?;
            }
        }
        Ok(())
    }

    fn take_long<R: Read>(
        &mut self,
        lines: &mut Lines<R>,
        rejects: &mut dyn Write,
    ) -> Result<(), ReadError> {
        self.counts.read += 1;
        if let Line::Rejected(reason) = unreadable(lines.bytes(), Reason::TooLong) {
            self.reject(lines.number(), reason);
            rejects
                .write_all(lines.bytes())
                .map_err(ReadError::Rejects)?;
            lines.copy_rest(rejects)?;
            rejects.write_all(b"\n").map_err(ReadError::Rejects)
        } else {
            self.counts.other += 1;
            Ok(lines.copy_rest(&mut io::sink())?)
        }
    }

    fn reject(&mut self, number: u64, reason: Reason) {
        self.counts.rejected += 1;
        self.rejections.push(Rejection { number, reason });
    }
}
