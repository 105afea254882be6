//! Fetches pages of the audit-event API from a server and sends events to one, or says why it cannot.
//!
//! It knows no command, no output and no file but a certificate. What an answer that is no page may be is told apart
//! here, once, in [`ClientError`].

mod answer;
mod connection;
mod http;
mod limiter;
mod pace;
mod retry;

pub use answer::{ClientError, PostAnswer, Rejected};
pub use http::{Answer, Client, Counts, Options, Trace};
pub use retry::DEFAULT_RETRIES;
