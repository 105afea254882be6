//! One file a subcommand: what was typed (`Args`), what it means (`plan`, pure), and doing it (`run`).

pub mod ingest;
