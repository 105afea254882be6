//! Lines in portions that are stored as a whole: the events among them, and what became of the others.

use std::io::{self, Read, Write};

use crate::api::{Event, EventError, Timestamp};

use super::{
    backstage::{Line, Parsed, Reason, line, unreadable},
    carrier::production_line,
    clock::Clock,
    lines::{CopyError, Lines, Piece},
    place::Place,
    records::Record,
};

/// Most lines in a batch.
const MAX_LINES: u64 = 1000;
/// Bytes of lines from which on a batch ends.
const MAX_BYTES: u64 = 4 << 20;

/// What became of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines.
    pub read: u64,
    /// Outcomes of audit events that are to be stored.
    pub events: u64,
    /// Outcomes of audit events that are not, by the rules.
    pub excluded: u64,
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
        self.excluded += other.excluded;
        self.initiated += other.initiated;
        self.other += other.other;
        self.repaired += other.repaired;
        self.rejected += other.rejected;
        self.timeless += other.timeless;
    }
}

/// Whether an actor's event is not to be stored.
pub type Excludes<'a> = &'a dyn Fn(Option<&str>, &str) -> bool;

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
    /// Where reading goes on after it.
    pub end: Place,
    /// Whether what was read behind that place is in it, too, and will be read again.
    pub looks_ahead: bool,
}

/// An event that lacks its id.
#[derive(Debug)]
pub struct Pending {
    /// Offset of its line's first byte in its file.
    pub offset: u64,
    /// What its carrier calls it, wherever it is read.
    pub cursor: Option<String>,
    read_at: Timestamp,
    parsed: Parsed,
}

impl Pending {
    /// The event.
    pub fn into_event(self, id: String) -> Result<Event, EventError> {
        self.parsed.into_event(id, self.read_at)
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
        excludes: Excludes<'_>,
    ) -> Result<Option<Self>, ReadError> {
        let before = lines.reached().offset;
        let mut batch = Self {
            events: Vec::new(),
            rejections: Vec::new(),
            counts: Counts::default(),
            before,
            after: before,
            end: lines.reached().clone(),
            looks_ahead: false,
        };
        let is_full = |batch: &Self| {
            batch.counts.read >= MAX_LINES || batch.after.saturating_sub(before) >= MAX_BYTES
        };
        loop {
            let at = lines.place().clone();
            match lines.read_next().map_err(ReadError::Lines)? {
                Piece::End => {
                    for record in lines.take_last() {
                        batch.take_record(record, clock, rejects, excludes)?;
                    }
                    break;
                }
                Piece::Line if at.in_line && lines.bytes().trim_ascii().is_empty() => {}
                Piece::Line => {
                    let ended = lines.take_records(at);
                    for record in ended.into_iter().chain(lines.take_forgotten()) {
                        batch.take_record(record, clock, rejects, excludes)?;
                    }
                }
                Piece::Long => batch.take_long(lines, rejects)?,
            }
            batch.after = lines.reached().offset;
            // What has begun is read to its end, a part alone being no line; what may go on is left for the next batch.
            let may_end = batch.after > before && !lines.records.are_open();
            if may_end && (is_full(&batch) || lines.must_wait()) {
                break;
            }
        }
        // The rest of a line that has begun may come later: then all of it is read again, and what stands between its
        // parts is known by its id.
        batch.end = lines.reached().clone();
        batch.after = batch.end.offset;
        batch.looks_ahead = lines.place().offset > batch.after && batch.counts.read > 0;
        // What stands behind a beginning that has no end is there all the same. A file is known by what was read of it:
        // before anything was, there is no place to store that at.
        let has_some = batch.after > before || (before > 0 && batch.counts.read > 0);
        Ok(has_some.then_some(batch))
    }

    fn take_record(
        &mut self,
        record: Record,
        clock: &mut Clock,
        rejects: &mut dyn Write,
        excludes: Excludes<'_>,
    ) -> Result<(), ReadError> {
        self.counts.read += 1;
        let translated = production_line(&record.text);
        let line = record
            .too_long()
            .unwrap_or_else(|| line(translated.as_deref().unwrap_or(&record.text)));
        match line {
            Line::Other => self.counts.other += 1,
            Line::Initiated => self.counts.initiated += 1,
            Line::Event(parsed)
                if excludes(parsed.draft.actor_id.as_deref(), &parsed.draft.event_id) =>
            {
                self.counts.excluded += 1;
            }
            Line::Event(parsed) => {
                self.counts.events += 1;
                self.counts.repaired += u64::from(parsed.is_repaired());
                let is_timeless = !parsed.has_time() && record.time.is_none();
                self.counts.timeless += u64::from(is_timeless);
                self.events.push(Pending {
                    offset: record.offset,
                    cursor: record.cursor,
                    read_at: record.time.unwrap_or_else(|| clock.tick()),
                    parsed: *parsed,
                });
            }
            Line::Rejected(reason) => {
                self.reject(record.number, reason);
                // In one call, so that another program that appends to the same file does not get in between.
                let line = [record.text.as_slice(), b"\n"].concat();
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

#[cfg(test)]
mod tests {
    use super::{
        super::{Place, lines::MAX_LINE},
        Batch, Clock, Counts, Excludes, Lines, MAX_LINES, ReadError, Rejection,
    };
    use crate::{api::Timestamp, ingest::Reason};

    const EVENT: &str = r#"{"isAuditEvent":true,"message":"p.e","status":"succeeded"}"#;

    const NONE: Excludes<'_> = &|_, _| false;

    fn stopped() -> Clock {
        Clock::new(|| Timestamp::from_micros(1_000).unwrap())
    }

    /// All batches of a file, and what was rejected.
    fn batches(text: &str) -> (Vec<Batch>, String) {
        let mut lines = Lines::new(text.as_bytes(), Place::default(), Some(text.len() as u64));
        let mut rejects = Vec::new();
        let mut batches = Vec::new();
        while let Some(batch) = Batch::read(&mut lines, &mut stopped(), &mut rejects, NONE).unwrap()
        {
            batches.push(batch);
        }
        (batches, String::from_utf8(rejects).unwrap())
    }

    #[test]
    fn a_batch_ends_after_a_thousand_lines_or_four_megabytes() {
        let (all, _) = batches(&"x\n".repeat(2_500));
        let read: Vec<_> = all.iter().map(|batch| batch.counts.read).collect();
        assert_eq!(read, [MAX_LINES, MAX_LINES, 500]);
        let ends: Vec<_> = all.iter().map(|it| (it.before, it.after)).collect();
        assert_eq!(ends, [(0, 2_000), (2_000, 4_000), (4_000, 5_000)]);
        let (all, _) = batches(&format!("{}\n", "x".repeat(3 << 20)).repeat(3));
        let read: Vec<_> = all.iter().map(|batch| batch.counts.read).collect();
        assert_eq!(read, [2, 1]);
    }

    #[test]
    fn a_part_without_an_end_hides_nothing_that_stands_behind_it() {
        let text = format!(
            "x\n2026-11-21T09:00:00Z stdout P {{\n2026-11-21T09:00:01Z stderr F {EVENT}\n{EVENT}\n"
        );
        let pipe = Drops(text.as_bytes());
        let mut lines = Lines::new(pipe, Place::default(), None);
        let mut events = 0;
        while let Some(batch) =
            Batch::read(&mut lines, &mut stopped(), &mut std::io::sink(), NONE).unwrap()
        {
            events += batch.events.len();
        }
        assert_eq!(events, 2);
        let (all, _) = batches(&text);
        assert_eq!(all[0].events.len(), 2);
        assert_eq!((all[0].after, all[0].looks_ahead), (2, true));
        let rest = &text[2..];
        let place = all[0].end.clone();
        let to = Some(text.len() as u64);
        let mut lines = Lines::new(rest.as_bytes(), place, to);
        let again = Batch::read(&mut lines, &mut stopped(), &mut std::io::sink(), NONE);
        let again = again.unwrap().unwrap();
        assert_eq!((again.before, again.after, again.events.len()), (2, 2, 2));
        let end = Batch::read(&mut lines, &mut stopped(), &mut std::io::sink(), NONE);
        assert!(end.unwrap().is_none());
    }

    #[test]
    fn a_file_that_begins_with_a_part_without_an_end_is_read_all_the_same() {
        let part = "2026-11-21T09:00:00Z stderr P Starting";
        let text = format!("{part}\n{EVENT}\n");
        // It may have its end the next time.
        assert!(batches(&text).0.is_empty());
        let to = Some(text.len() as u64);
        let mut lines = Lines::new(text.as_bytes(), Place::default(), to).ended();
        let batch = Batch::read(&mut lines, &mut stopped(), &mut std::io::sink(), NONE);
        let batch = batch.unwrap().unwrap();
        let found = (batch.counts.read, batch.counts.other, batch.events.len());
        assert_eq!((found, batch.looks_ahead), ((2, 1, 1), false));
        assert_eq!(Some(batch.after), to);
    }

    #[test]
    fn what_never_ends_holds_up_a_thousand_lines_and_no_more() {
        let part = "2026-11-21T09:00:00Z stderr P Starting\n";
        let text = part.to_owned() + &format!("{EVENT}\n").repeat(5_000);
        let (all, _) = batches(&text);
        let events: Vec<_> = all.iter().map(|batch| batch.events.len()).collect();
        assert_eq!(events.iter().sum::<usize>(), 5_000);
        assert!(events.iter().all(|&it| it <= 1_001), "{events:?}");
        assert_eq!(all.iter().map(|it| it.counts.other).sum::<u64>(), 1);
        assert_eq!(all.last().unwrap().after as usize, text.len());
    }

    /// Gives a few bytes at a time, as a pipe may.
    struct Drops<'a>(&'a [u8]);

    impl std::io::Read for Drops<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let read = std::io::Read::read(&mut self.0.get(..7).unwrap_or(self.0), out)?;
            self.0 = &self.0[read..];
            Ok(read)
        }
    }

    #[test]
    fn a_record_of_several_lines_is_whole_wherever_a_batch_or_a_pipe_pauses_in_it() {
        let log = include_str!("../../tests/fixtures/backstage/audit.development.log");
        let events = |lines: &mut Lines<&mut dyn std::io::Read>| {
            let (mut texts, mut counts) = (Vec::new(), Counts::default());
            while let Some(batch) =
                Batch::read(lines, &mut stopped(), &mut std::io::sink(), NONE).unwrap()
            {
                counts += batch.counts;
                texts.extend(batch.events.into_iter().map(|event| {
                    let event = event.into_event("id".to_owned());
                    event.unwrap().json().to_owned()
                }));
            }
            (texts, counts)
        };
        let whole = events(&mut Lines::new(&mut log.as_bytes(), Place::default(), None));
        assert_eq!(whole.0.len(), 94);
        let dropped = events(&mut Lines::new(
            &mut Drops(log.as_bytes()),
            Place::default(),
            None,
        ));
        assert_eq!(dropped, whole);
        // A batch ends after a thousand lines: before, in and after each line that is not a record by itself.
        let odd = log
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.contains("isAuditEvent"));
        let near = odd.flat_map(|(at, _)| 997 - at..=1000 - at);
        for before in near {
            let text = "{}\n".repeat(before) + log;
            let to = Some(text.len() as u64);
            let (texts, counts) =
                events(&mut Lines::new(&mut text.as_bytes(), Place::default(), to));
            assert!(texts == whole.0, "behind {before} lines");
            assert_eq!(counts.other, whole.1.other + before as u64);
        }
    }

    #[test]
    fn lines_end_with_a_line_feed_alone_and_may_have_a_carriage_return_before_it() {
        let text = format!("{EVENT}\r\n\n\u{2028}{EVENT}\n{EVENT}");
        let (all, rejects) = batches(&text);
        let offsets: Vec<_> = all[0].events.iter().map(|event| event.offset).collect();
        let second = EVENT.len() + 3;
        let third = second + 3 + EVENT.len() + 1;
        assert_eq!(offsets, [0, third as u64]);
        let [rejection] = all[0].rejections[..] else {
            panic!("{all:?}")
        };
        assert_eq!(rejection.number, 3);
        assert_eq!(rejects, format!("\u{2028}{EVENT}\n"));
        assert_eq!((all[0].counts.read, all[0].counts.other), (4, 1));
    }

    #[test]
    fn a_line_too_long_to_hold_passes_through_and_costs_nobody_else_their_place() {
        let filler = "x".repeat(2 * MAX_LINE);
        let claim = format!("{{\"isAuditEvent\":true,\"x\":\"{filler}\"}}");
        let text = format!("{filler}\n{claim}\n{EVENT}\n");
        let (all, rejects) = batches(&text);
        assert!(rejects == format!("{claim}\n"));
        let rejections: Vec<_> = all.iter().flat_map(|batch| &batch.rejections).collect();
        let expected = Rejection {
            number: 2,
            reason: Reason::TooLong,
        };
        assert_eq!(rejections, [&expected]);
        let offsets: Vec<_> = all.iter().flat_map(|batch| &batch.events).collect();
        assert_eq!(
            offsets[0].offset as usize,
            filler.len() + 1 + claim.len() + 1
        );
        let longest = format!("{}\n", "y".repeat(MAX_LINE)).repeat(2);
        let others: Vec<_> = batches(&longest)
            .0
            .iter()
            .map(|it| it.counts.other)
            .collect();
        assert_eq!(others, [1, 1]);
    }

    #[test]
    fn a_file_that_becomes_shorter_while_it_is_read_gives_an_error_and_no_part_of_a_line() {
        let text = format!("{EVENT}\n{EVENT}");
        let to = Some(text.len() as u64 + 1);
        let mut lines = Lines::new(text.as_bytes(), Place::default(), to);
        let read = Batch::read(&mut lines, &mut stopped(), &mut Vec::new(), NONE);
        assert!(matches!(read, Err(ReadError::Lines(_))));
    }

    #[test]
    fn a_pipe_that_pauses_does_not_hold_back_what_it_brought() {
        /// Gives one piece a call.
        struct Pipe(Vec<&'static str>);
        impl std::io::Read for Pipe {
            fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
                let piece = if self.0.is_empty() {
                    ""
                } else {
                    self.0.remove(0)
                };
                out[..piece.len()].copy_from_slice(piece.as_bytes());
                Ok(piece.len())
            }
        }
        let pipe = Pipe(vec!["a\nb\nc", "c\n", "d"]);
        let mut lines = Lines::new(pipe, Place::default(), None);
        let mut next = || {
            Batch::read(&mut lines, &mut stopped(), &mut Vec::new(), NONE)
                .unwrap()
                .map(|batch| batch.after)
        };
        assert_eq!(
            [next(), next(), next(), next()],
            [Some(4), Some(7), Some(8), None]
        );
    }
}
