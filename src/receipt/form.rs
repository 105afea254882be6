//! The members of a receipt: `docs/receipt.md` in types.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::Digest;
use crate::{
    api::{Event, Field, Timestamp},
    query::{Filter, Order, Query, Request, Window},
    walk::{Begun, Doubt, Gap, Piece},
};

/// The name of the format.
pub const FORMAT: &str = "auditlog-receipt";
/// Its version. A reader refuses one that it does not know.
pub const VERSION: u32 = 1;

/// What was asked of whom, known before anything is read.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The moment at which the run began, by the clock of this machine.
    pub started: Timestamp,
    /// Where the events come from.
    pub source: Place,
    /// Which events come first.
    pub order: Order,
    /// Most matches that are shown; all without it.
    pub limit: Option<u64>,
    /// Matches that are passed over.
    pub offset: u64,
    /// Events a request, at most.
    pub page_size: u32,
    /// Requests side by side, at most.
    pub concurrency: usize,
}

/// Where events come from.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    /// What it is.
    pub kind: PlaceKind,
    /// A server's URL, which never has credentials in it, or a store's path; nothing for the sample trail.
    pub address: Option<String>,
}

/// What can be asked.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// A server of the audit-event API.
    Server,
    /// A store's file.
    Store,
    /// The built-in sample trail.
    Demo,
}

/// What stands before the pieces.
#[derive(Serialize)]
pub(super) struct Start<'a> {
    format: &'static str,
    version: u32,
    tool: &'static str,
    #[serde(serialize_with = "shown")]
    started: Timestamp,
    source: &'a Place,
    order: &'static str,
    limit: Option<u64>,
    offset: u64,
    page_size: u32,
    concurrency: usize,
}

impl<'a> Start<'a> {
    pub(super) fn of(asked: &'a Asked) -> Self {
        Self {
            format: FORMAT,
            version: VERSION,
            tool: concat!("auditlog ", env!("CARGO_PKG_VERSION")),
            started: asked.started,
            source: &asked.source,
            order: match asked.order {
                Order::NewestFirst => "newest_first",
                Order::OldestFirst => "oldest_first",
            },
            limit: asked.limit,
            offset: asked.offset,
            page_size: asked.page_size,
            concurrency: asked.concurrency,
        }
    }
}

#[derive(Serialize)]
struct PieceForm {
    start: Option<String>,
    end: Option<String>,
    total: Option<u64>,
    distinct: u64,
    given: u64,
    requests: u64,
    as_of: Option<String>,
    doubt: Option<DoubtForm>,
}

#[derive(Debug, Serialize)]
struct DoubtForm {
    kind: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
struct GapForm {
    start: Option<String>,
    end: Option<String>,
    doubt: DoubtForm,
}

pub(super) fn piece_form(piece: &Piece) -> impl Serialize {
    PieceForm {
        start: text(piece.window.start),
        end: text(piece.window.end),
        total: piece.total,
        distinct: piece.distinct,
        given: piece.given,
        requests: piece.requests,
        as_of: text(piece.as_of),
        doubt: piece.doubt.map(doubt_form),
    }
}

fn doubt_form(doubt: Doubt) -> DoubtForm {
    DoubtForm {
        kind: match doubt {
            Doubt::NoTotal => "no_total",
            Doubt::Counts { .. } => "counts",
            Doubt::Unsettled => "unsettled",
            Doubt::Seam => "seam",
            Doubt::Crowded => "crowded",
        },
        text: doubt.to_string(),
    }
}

/// What is known at the end.
#[derive(Debug, Serialize)]
pub struct End {
    /// The window, frozen by the first answer; without an end where there was none.
    #[serde(serialize_with = "shown_window")]
    pub window: Window,
    /// The filters, and what became of them.
    pub filters: Filters,
    /// Requests, each time that one was sent.
    pub requests: u64,
    /// Those among them that were sent because one before had failed.
    pub retries: u64,
    /// Events that came again, and were written once.
    pub doubles_dropped: u64,
    /// Events that came after their place had gone out.
    pub late_events: u64,
    /// Events in the output.
    pub events_written: u64,
    /// The first of them.
    pub first_event: Option<EventRef>,
    /// The last of them.
    pub last_event: Option<EventRef>,
    /// Where they went.
    pub output: Output,
    /// The moment at which the run ended, by the clock of this machine.
    #[serde(serialize_with = "shown")]
    pub ended: Timestamp,
    /// What all that proves.
    #[serde(flatten)]
    pub worth: Worth,
}

/// The filters of a question.
#[derive(Debug, Default, Serialize)]
pub struct Filters {
    /// As they were asked for: a field and its list, as options have it.
    asked: Vec<String>,
    /// As the server got them, by parameter.
    parameters: BTreeMap<&'static str, String>,
    /// Those that were applied to what the source gave, since it could not be asked to.
    applied_here: Vec<String>,
    /// The fields by which the server was asked to filter, and let others through.
    leaky: Vec<&'static str>,
}

impl Filters {
    /// Filters that a server got as far as the API has words for them.
    pub fn of_server(asked: &Query, begun: &Begun, leaky: &[Field]) -> Self {
        let request = Request {
            query: Query {
                window: Window::default(),
                ..begun.sent.clone()
            },
            limit: 0,
            offset: 0,
        };
        let mut parameters: BTreeMap<_, _> = request.to_pairs().into_iter().collect();
        parameters.remove("limit");
        Self {
            asked: texts(&asked.filters),
            parameters,
            applied_here: texts(&asked.sendable(leaky).rest),
            leaky: leaky.iter().map(|field| field.name()).collect(),
        }
    }

    /// Filters that a store answers all by itself.
    pub fn of_store(asked: &Query) -> Self {
        Self {
            asked: texts(&asked.filters),
            ..Self::default()
        }
    }
}

fn texts(filters: &[Filter]) -> Vec<String> {
    filters.iter().map(ToString::to_string).collect()
}

/// An event, as far as a receipt names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventRef {
    id: String,
    event_time: String,
}

impl EventRef {
    /// As the source sent it.
    pub fn of(event: &Event) -> Self {
        let time = event.text(Field::EventTime).map(Into::into);
        Self {
            id: event.id().to_owned(),
            event_time: time.unwrap_or_else(|| event.time().to_string()),
        }
    }
}

/// What was written.
#[derive(Debug, Serialize)]
pub struct Output {
    /// The format, as `-o` names it.
    pub format: String,
    /// The file; none where the answer went to stdout.
    pub file: Option<String>,
    /// SHA-256 of the bytes that went there; none where the file was not put in its place.
    sha256: Option<String>,
    /// How many they are.
    bytes: Option<u64>,
}

impl Output {
    /// An answer in this format, and the digest of what is there.
    pub fn new(format: String, file: Option<String>, digest: Option<Digest>) -> Self {
        let bytes = digest.as_ref().map(|digest| digest.bytes);
        Self {
            format,
            file,
            sha256: digest.map(|digest| digest.sha256),
            bytes,
        }
    }
}

/// What an answer is worth.
#[derive(Debug, Serialize)]
pub struct Worth {
    verdict: &'static str,
    as_of: Option<String>,
    reason: Option<String>,
    gap_count: u64,
    gaps: Vec<GapForm>,
}

impl Worth {
    /// Every event of the window that could be seen at this moment was given.
    pub fn complete(as_of: Timestamp) -> Self {
        Self {
            verdict: "complete",
            as_of: text(Some(as_of)),
            reason: None,
            gap_count: 0,
            gaps: Vec::new(),
        }
    }

    /// Something may be missing. `gaps` are the first `count` stretches that may lack events, as far as they are known.
    pub fn incomplete(reason: &str, gaps: &[Gap], count: u64) -> Self {
        let form = |gap: &Gap| GapForm {
            start: text(gap.window.start),
            end: text(gap.window.end),
            doubt: doubt_form(gap.doubt),
        };
        Self {
            verdict: "incomplete",
            as_of: None,
            reason: Some(reason.to_owned()),
            gap_count: count,
            gaps: gaps.iter().map(form).collect(),
        }
    }
}

fn text(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| time.to_string())
}

fn shown<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

fn shown_window<S: Serializer>(window: &Window, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Form {
        start: Option<String>,
        end: Option<String>,
    }
    let form = Form {
        start: text(window.start),
        end: text(window.end),
    };
    form.serialize(serializer)
}
