//! A receipt as a reader has it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Home;

/// What `docs/receipt.md` says, member by member.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    pub format: String,
    pub version: u32,
    pub tool: String,
    pub started: String,
    pub source: Source,
    pub order: String,
    pub limit: Option<u64>,
    pub offset: u64,
    pub page_size: u32,
    pub concurrency: u32,
    pub pieces: Vec<Piece>,
    pub window: Window,
    pub filters: Filters,
    pub requests: u64,
    pub retries: u64,
    pub doubles_dropped: u64,
    pub late_events: u64,
    pub events_written: u64,
    pub first_event: Option<EventRef>,
    pub last_event: Option<EventRef>,
    pub output: Output,
    pub ended: String,
    pub verdict: String,
    pub as_of: Option<String>,
    pub reason: Option<String>,
    pub gap_count: u64,
    pub gaps: Vec<Gap>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub kind: String,
    pub address: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    pub start: String,
    pub end: String,
    pub total: Option<u64>,
    pub distinct: u64,
    pub given: u64,
    pub requests: u64,
    pub as_of: Option<String>,
    pub doubt: Option<Doubt>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doubt {
    pub kind: String,
    pub text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    pub start: String,
    pub end: String,
    pub doubt: Doubt,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub start: String,
    pub end: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    pub asked: Vec<String>,
    pub parameters: BTreeMap<String, String>,
    pub applied_here: Vec<String>,
    pub leaky: Vec<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct EventRef {
    pub id: String,
    pub event_time: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    pub format: String,
    pub file: Option<String>,
    pub sha256: Option<String>,
    pub bytes: Option<u64>,
}

/// The receipt `r.json`.
pub fn receipt(home: &Home) -> Receipt {
    let text = home.read("r.json");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
