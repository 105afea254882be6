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
mod broken_off;
mod carriers;
mod command_line;
mod completeness;
mod compressed_answers;
mod configuration;
mod conformance;
mod conformance_events;
mod connections;
mod counts;
mod crowded_instant;
mod demo;
mod docs;
mod event_json;
mod events;
mod files;
mod follow;
mod follow_ends;
mod follow_files;
mod follow_killed;
mod follow_program;
mod generated;
mod hostile_requests;
mod ingest;
mod ingest_alike;
mod ingest_cut_off;
mod ingest_follow;
mod ingest_parts;
mod ingest_rotations;
mod ingest_to;
mod ingest_to_rejects;
mod ingest_to_ways;
mod layers;
mod leaky_filters;
mod memory;
mod moving_trails;
mod operating;
mod operating_log;
mod operating_metrics;
mod output;
mod page_sizes;
mod paging;
mod politeness;
mod postgres;
mod postgres_commands;
mod postgres_killed;
mod postgres_load;
mod postgres_plans;
mod profile;
mod progress;
mod proxies;
mod reads_recorded;
mod receipt;
mod recorded_answers;
mod redact;
mod reload;
mod retention;
mod retries;
mod rules;
mod rules_check;
mod rules_regex;
mod rules_terminal;
mod schedules;
mod schedules_over_tcp;
mod secrecy;
mod serve;
mod serve_config;
mod serve_tls;
mod server;
mod server_post;
mod server_post_killed;
mod server_post_store;
mod server_post_waiting;
mod show;
mod store;
mod store_command;
mod stored_tokens;
mod support;
mod terminal;
mod time_options;
mod tls;
mod token;
mod token_sources;
mod validators;
mod walk_model;
