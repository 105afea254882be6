//! The tests that look at the program from outside, one file a subject.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod agreement;
mod broken_answers;
mod compressed_answers;
mod connections;
mod docs;
mod files;
mod generated;
mod ingest;
mod ingest_cut_off;
mod layers;
mod leaky_filters;
mod memory;
mod output;
mod paging;
mod proxies;
mod recorded_answers;
mod retries;
mod secrecy;
mod server;
mod store;
mod stored_tokens;
mod support;
mod terminal;
mod tls;
mod token_sources;
