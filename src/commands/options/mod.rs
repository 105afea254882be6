//! Options that several commands share: the source, the filters, the time, the output.

mod filters;
mod output;
mod source;
mod time;

pub use filters::FilterArgs;
pub use output::{OpenOutput, OutputArgs, OutputPlan};
pub use source::{Opened, SourceArgs, read_token, refuse_postgres, store_path};
pub use time::TimeArgs;
