//! Groups of options: the source, the filters, the time, the output, completeness.

mod completeness;
mod connection;
mod filters;
mod output;
mod source;
mod time;

pub use completeness::{CompletenessArgs, CompletenessPlan};
pub use connection::{ConnectionArgs, read_token};
pub use filters::FilterArgs;
pub use output::{OpenOutput, OutputArgs, OutputPlan};
pub use source::{Opened, SourceArgs, refuse_password, refuse_store_as_output, store_address};
pub use time::{TimeArgs, ZoneArgs};
