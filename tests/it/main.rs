//! The tests that look at the program from outside, one file a subject.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod agreement;
mod broken_off;
mod command_line;
mod configuration;
mod demo;
mod events;
mod files;
mod ingest;
mod ingest_cut_off;
mod layers;
mod output;
mod profile;
mod serve;
mod show;
mod store;
mod support;
mod terminal;
mod time_options;
mod token;
