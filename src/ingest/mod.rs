//! Log files of a Backstage as audit events: which lines are events, what becomes of them, and where in which file
//! they stood.
//!
//! Nothing here knows a store, a path or the clock: readers, the time and the state of the hash are handed in.

mod backstage;
mod batch;
mod carrier;
mod lines;
mod place;
mod records;
mod source;

pub use backstage::Reason;
pub use batch::{Batch, Clock, Counts, Excludes, Pending, ReadError, Rejection};
pub use lines::{Lines, MAX_LINE};
pub use place::Place;
pub use source::{Known, Survey, event_id, journal_id, new_source, survey};
