//! What can be said of an answer: that it is complete, or where it may not be.

use std::fmt;

use crate::{api::Timestamp, query::Window};

/// A part of the window as it was read: closed at both ends, as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// What was asked for, a millisecond wider than the instants that were written from it.
    pub window: Window,
    /// Matches by the server's first count; none where it gave no number.
    pub total: Option<u64>,
    /// Different ids that came for exactly this window.
    pub distinct: u64,
    /// Events that went on from it: its neighbours give those at its edges, and filters applied here keep some back.
    pub given: u64,
    /// Requests that it took, those that were in vain included.
    pub requests: u64,
    /// The moment of the first count, by the server's clock: whatever could be seen then is in it.
    pub as_of: Option<Timestamp>,
    /// Why it is not proven; none where it is.
    pub doubt: Option<Doubt>,
}

/// Why a piece is not proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The server does not say how many events there are, or its numbers mean nothing.
    NoTotal,
    /// The server counts other than it gives.
    Counts {
        /// The server's count.
        total: u64,
        /// The different ids that came.
        distinct: u64,
    },
    /// Events were recorded into the piece each time that it was read.
    Unsettled,
    /// No event was seen from both sides of the piece's edge.
    Seam,
    /// More events of one instant than are held in memory.
    Crowded,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTotal => f.write_str("the server does not say how many events there are"),
            Self::Counts { total, distinct } => {
                write!(f, "the server counts {total} and gives {distinct}")
            }
            Self::Unsettled => f.write_str("events were recorded each time it was read"),
            Self::Seam => f.write_str("its edge was not seen from both sides"),
            Self::Crowded => f.write_str("one instant holds more events than fit into memory"),
        }
    }
}

/// A stretch of the window that may lack events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Where.
    pub window: Window,
    /// Why.
    pub doubt: Doubt,
}

/// What can be said of the whole answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Every event of the window that could be seen at this moment, by the server's clock, was given.
    Complete {
        /// The earliest of the pieces' first counts.
        as_of: Timestamp,
    },
    /// Something may be missing.
    Incomplete {
        /// The first stretches that may lack events, in the order of the answer.
        gaps: Vec<Gap>,
        /// How many there are.
        count: u64,
    },
    /// Reading stopped when enough had come: nothing is said of the rest.
    Stopped,
}

/// Gaps that a verdict names.
pub const MAX_GAPS: usize = 20;

/// What is added up on the way to a verdict.
#[derive(Debug, Default)]
pub(super) struct Account {
    as_of: Option<Timestamp>,
    gaps: Vec<Gap>,
    count: u64,
    stopped: bool,
    /// Events that have gone on.
    pub(super) given: u64,
    /// Events that came to the end of the walk, those that filters kept back included.
    pub(super) taken: u64,
    /// Events that were recorded into what had been read.
    pub(super) late: u64,
}

impl Account {
    pub(super) fn piece(&mut self, piece: &Piece) {
        self.as_of = self.as_of.into_iter().chain(piece.as_of).min();
        if let Some(doubt) = piece.doubt {
            self.count += 1;
            if self.gaps.len() < MAX_GAPS {
                self.gaps.push(Gap {
                    window: piece.window,
                    doubt,
                });
            }
        }
    }

    /// The rest of a window cannot be read in pieces that meet.
    pub(super) fn give_up(&mut self, window: Window) {
        self.count += 1;
        let doubt = Doubt::Seam;
        self.gaps.push(Gap { window, doubt });
    }

    pub(super) fn stop(&mut self) {
        self.stopped = true;
    }

    pub(super) fn verdict(self) -> Verdict {
        match self.as_of {
            _ if self.stopped => Verdict::Stopped,
            Some(as_of) if self.count == 0 => Verdict::Complete { as_of },
            _ => Verdict::Incomplete {
                gaps: self.gaps,
                count: self.count,
            },
        }
    }
}
