//! Lines of the log, put together from the records that carried them.

use super::{
    backstage::{Line, Reason, unreadable},
    carrier::{Carried, Extent, carried},
    lines::MAX_LINE,
    place::Place,
};
use crate::api::Timestamp;

/// A line of the log.
#[derive(Debug)]
pub struct Record {
    /// What the program wrote. One that is too long has been cut.
    pub text: Vec<u8>,
    /// Offset of its first record in its file.
    pub offset: u64,
    /// The number of that record in its file, from 1.
    pub number: u64,
    /// When it was written, as its carrier has it.
    pub time: Option<Timestamp>,
    /// What its carrier calls it.
    pub cursor: Option<String>,
}

/// A line that is not all there.
#[derive(Debug)]
struct Open {
    record: Record,
    /// Where it begins.
    place: Place,
    /// Line ends and bytes before the last record that brought something of it.
    last: (u64, u64),
}

/// Records, and bytes of them, behind a part of a line after which nothing more is expected of it.
const PATIENCE: (u64, u64) = (1000, MAX_LINE as u64);

/// Puts lines together. Two streams may be interleaved.
#[derive(Debug, Default)]
pub struct Records {
    parts: [Option<Open>; 2],
    /// Developers' text that the next record may belong to.
    text: Option<Open>,
}

impl Records {
    /// Takes a record, which begins at `place`; gives the lines that end with it.
    pub fn take(&mut self, record: &[u8], place: Place, number: u64) -> Vec<Record> {
        let carried = carried(record, self.text.is_some());
        if carried.extent == Extent::Rest {
            return self.take_rest(&carried).into_iter().collect();
        }
        let before = self.last();
        let (extent, stream) = (carried.extent, carried.stream);
        let begun = Open {
            record: Record {
                text: Vec::new(),
                offset: place.offset,
                number,
                time: carried.time,
                cursor: carried.cursor,
            },
            last: (place.newlines, place.offset),
            place,
        };
        let last = begun.last;
        let mut whole = None;
        let slot = match extent {
            Extent::Perhaps => Some(&mut self.text),
            Extent::Part | Extent::Last => self.parts.get_mut(stream),
            Extent::Whole | Extent::Rest => Some(&mut whole),
        };
        let done = slot.and_then(|slot| {
            let open = slot.get_or_insert(begun);
            open.last = last;
            let is_long = open.append(&carried.text);
            match is_long || matches!(extent, Extent::Whole | Extent::Last) {
                true => slot.take(),
                false => None,
            }
        });
        before
            .into_iter()
            .chain(done.map(|open| open.record))
            .collect()
    }

    fn take_rest(&mut self, carried: &Carried<'_>) -> Option<Record> {
        let open = self.text.as_mut()?;
        open.append(b"\n");
        let is_long = open.append(&carried.text);
        let has_end = carried.text.windows(5).any(|window| window == b"\x1b[36m");
        match is_long || has_end {
            true => self.last(),
            false => None,
        }
    }

    /// The line that nothing was found to belong to.
    pub fn last(&mut self) -> Option<Record> {
        self.text.take().map(|open| open.record)
    }

    /// Lines that have begun, and that a thousand records before `place` have brought no more of: a program may write
    /// without ever ending a line.
    pub fn take_forgotten(&mut self, place: &Place) -> Vec<Record> {
        let (records, bytes) = PATIENCE;
        let is_forgotten = |open: &mut Open| {
            place.newlines > open.last.0 + records || place.offset > open.last.1 + bytes
        };
        let slots = self.parts.iter_mut();
        let forgotten = slots.filter_map(|slot| slot.take_if(is_forgotten));
        forgotten.map(|open| open.record).collect()
    }

    /// Everything that has begun.
    pub fn take_all(&mut self) -> Vec<Record> {
        let parts = self.parts.iter_mut().filter_map(Option::take);
        let mut all: Vec<_> = parts.map(|open| open.record).collect();
        all.extend(self.last());
        all.sort_by_key(|record| record.offset);
        all
    }

    /// Whether a line has begun that is surely not all there.
    pub fn are_open(&self) -> bool {
        self.parts.iter().any(Option::is_some)
    }

    /// Where the first line begins that is not all there, or may go on.
    pub fn begun(&self) -> Option<&Place> {
        let open = self.parts.iter().flatten().chain(&self.text);
        open.map(|open| &open.place)
            .min_by_key(|place| place.offset)
    }
}

impl Open {
    /// Says whether the line has become too long: it ends there.
    fn append(&mut self, text: &[u8]) -> bool {
        let room = (MAX_LINE + 1).saturating_sub(self.record.text.len());
        let part = text.get(..room.min(text.len())).unwrap_or_default();
        self.record.text.extend_from_slice(part);
        self.record.text.len() > MAX_LINE
    }
}

impl Record {
    /// What it is if it is longer than any line may be.
    pub fn too_long(&self) -> Option<Line> {
        (self.text.len() > MAX_LINE).then(|| unreadable(&self.text, Reason::TooLong))
    }
}
