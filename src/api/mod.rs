//! The wire contract as plain types: [`Event`], [`Page`], [`Problem`], [`Timestamp`].
//!
//! Nothing here knows a network, a store or a clock. What a server sent stays as it was sent: an event keeps its
//! JSON text beside the fields that were read from it.

mod event;
mod json;
mod members;
mod page;
mod problem;
mod timestamp;

pub use event::{Draft, Event, EventError, Field, Meta, SEVERITIES, STATUSES, newest_first};
pub use json::{compact, text, well_formed};
pub use page::{Page, PageError, write_page};
pub use problem::{Problem, ProblemRequest};
pub use timestamp::Timestamp;

/// Path of the one endpoint, below the address of a Backstage.
pub const AUDIT_EVENT_PATH: &str = "/api/audit-log/v1/audit-event";
/// The plugin whose API that is.
pub const AUDIT_LOG_PLUGIN: &str = "audit-log";
/// The event of somebody who read the trail.
pub const READ_EVENT: &str = "audit-log-read";
/// What a token needs to ask.
pub const READ_PERMISSION: &str = "audit.log.read";
/// What a token needs to send.
pub const WRITE_PERMISSION: &str = "audit.log.write";
/// Largest page that a server gives (`limit`).
pub const MAX_LIMIT: u32 = 1000;
/// Page size of a request without `limit`.
pub const DEFAULT_LIMIT: u32 = 100;
/// Days that a request without `start_time` reaches back.
pub const DEFAULT_DAYS: i64 = 30;
