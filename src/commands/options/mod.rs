//! Options that several commands share: the source, the filters, the time, the output.

mod demo;
mod filters;
mod output;
mod source;
mod time;

pub use demo::{DemoError, demo_store, new_token};
pub use filters::FilterArgs;
pub use output::{OutputArgs, OutputPlan};
pub use source::{SourceArgs, is_postgres, read_token};
pub use time::TimeArgs;
