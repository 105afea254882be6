//! The audit trail of a Backstage or a Spotify Portal: asked, kept and served.
//!
//! Layers, each of which knows the ones below it alone:
//!
//! ```text
//! 6  main  lib  cli                      argv in, exit code out
//! 5  commands  error                     one file a subcommand; errors become hint and exit code
//! 4  server  demo  follow                work that uses a source or a store
//! 3  source  receipt                     one question, asked of a server or of a store; what its answer is worth
//! 2  config  client  store  output       edges: each touches one outside thing
//! 2  walk                                complete retrieval over anything that fetches a page
//! 1  address  query  rules  redact  token  ingest    meaning: pure; clock, random bytes and readers are handed in
//! 1  files  random                       edges that know nothing of what passes
//! 0  api  wildcard  yaml                 the contract, and what files are written in
//! ```

pub mod address;
pub mod api;
pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod demo;
pub mod error;
pub mod files;
pub mod follow;
pub mod ingest;
pub mod output;
pub mod query;
pub mod random;
pub mod receipt;
pub mod redact;
pub mod rules;
pub mod server;
pub mod source;
pub mod store;
pub mod token;
pub mod walk;
pub mod wildcard;
pub mod yaml;
