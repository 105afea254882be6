//! The tests that look at the program from outside, one file a subject.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod agreement;
mod connections;
mod docs;
mod files;
mod generated;
mod ingest;
mod ingest_cut_off;
mod layers;
mod memory;
mod output;
mod server;
mod store;
mod support;
mod terminal;
