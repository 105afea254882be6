//! Results as bytes: one file a format, and [`Ui`] for everything that is said about them.

mod escape;
mod ui;

pub use escape::visible;
pub use ui::Ui;
