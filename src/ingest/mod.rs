//! What a Backstage says as audit events: the lines of its log, which of them are events, what becomes of them, and
//! where in which file they stood; and what its auditor sends.
//!
//! Nothing here knows a store, a path or the clock: readers, the time and the state of the hash are handed in.

mod auditor;
mod backstage;
mod batch;
mod carrier;
mod clock;
mod fields;
mod lines;
mod place;
mod records;
mod source;

pub use auditor::{MAX_EVENT, MAX_TEXT, Posted, Refused, Sent, has_no_long_text, posted};
pub use backstage::Reason;
pub use batch::{Batch, Counts, Excludes, Pending, ReadError, Rejection};
pub use clock::Clock;
pub use lines::{Lines, MAX_LINE};
pub use place::Place;
pub use source::{Known, Survey, event_id, journal_id, new_source, read_lines_end, survey};
