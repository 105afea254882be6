//! What is sent to be stored: a body as events, what is kept of them, and what the sender is told.

use hyper::{HeaderMap, body::Bytes, header};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{error::Refusal, intake::Intake, metrics::Sent};
use crate::{
    api::{Event, Field, Timestamp},
    ingest::{Posted, Refused, has_no_long_text, posted},
    random,
};

/// Most events in one body.
pub(super) const MAX_EVENTS: usize = 10_000;
/// Rejected events that are named.
const NAMED: usize = 100;
/// Types of content that hold events.
const TYPES: [&str; 5] = [
    "application/json",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
];

/// Why a body holds no list of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ListError {
    /// Another type.
    #[error("Content-Type has to be application/json or application/x-ndjson")]
    Type,
    /// It begins as an array and does not end as one.
    #[error("The body is not a JSON array")]
    NotAnArray,
    /// More than [`MAX_EVENTS`].
    #[error("The body has more than 10000 events")]
    TooMany,
}

/// What became of the events of a body. Each is counted once.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostAnswer {
    pub(super) stored: u64,
    excluded: u64,
    pub(super) duplicate: u64,
    initiated: u64,
    /// Of the stored ones, those that came without an id.
    without_id: u64,
    rejected_count: u64,
    rejected: Vec<Rejected>,
}

#[derive(Debug, Serialize)]
struct Rejected {
    index: usize,
    reason: String,
}

/// The events of a body that are to be stored, and what became of the others.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) events: Vec<Event>,
    pub(super) told: PostAnswer,
    /// Events of which something was taken out.
    pub(super) redacted: u64,
    /// Why the last one over a limit was rejected.
    too_large: Option<Refused>,
}

impl PostAnswer {
    /// What is counted of it.
    pub(super) fn counts(&self) -> Sent {
        Sent {
            stored: self.stored,
            duplicate: self.duplicate,
            excluded: self.excluded,
            initiated: self.initiated,
            rejected: self.rejected_count,
        }
    }
}

/// Whether the body is of a type that holds events.
pub(super) fn check_type(headers: &HeaderMap) -> Result<(), ListError> {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let name = value.split(';').next().unwrap_or_default().trim();
    match TYPES.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        true => Ok(()),
        false => Err(ListError::Type),
    }
}

/// Reads a body: a JSON array, one object, or one a line. An event over a limit is rejected by itself, and refused where
/// it is the whole body.
pub(super) fn take(body: &Bytes, intake: &Intake, now: Timestamp) -> Result<Taken, Refusal> {
    let mut taken = Taken::default();
    match (taken.read(body, intake, now)?, taken.too_large.take()) {
        (1, Some(refused)) => Err(Refusal::Event(refused)),
        _ => Ok(taken),
    }
}

impl Taken {
    /// Adds each event of a body, and gives how many there are.
    fn read(&mut self, body: &Bytes, intake: &Intake, now: Timestamp) -> Result<usize, Refusal> {
        // What editors of Windows put before a text.
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let whole = body.trim_ascii();
        if whole.starts_with(b"[") {
            let List(parts) = serde_json::from_slice(whole).map_err(|_| ListError::NotAnArray)?;
            if parts.len() > MAX_EVENTS {
                return Err(ListError::TooMany.into());
            }
            for (index, part) in parts.iter().enumerate() {
                self.add(index, part.get().as_bytes(), intake, now)?;
            }
            return Ok(parts.len());
        }
        if serde_json::from_slice::<&RawValue>(whole).is_ok() {
            self.add(0, whole, intake, now)?;
            return Ok(1);
        }
        let lines = body
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty());
        let mut count = 0;
        for line in lines {
            if count >= MAX_EVENTS {
                return Err(ListError::TooMany.into());
            }
            self.add(count, line, intake, now)?;
            count += 1;
        }
        Ok(count)
    }

    fn add(
        &mut self,
        index: usize,
        bytes: &[u8],
        intake: &Intake,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match posted(bytes) {
            Ok(Posted::Initiated) => self.told.initiated += 1,
            Ok(Posted::Event(sent)) => {
                let has_id = sent.has_id();
                let new_id = if has_id { String::new() } else { new_id()? };
                match sent.into_event(new_id, now) {
                    Ok(event) => self.pass(index, event, has_id, intake),
                    Err(refused) => self.reject(index, refused),
                }
            }
            Err(refused) => self.reject(index, refused),
        }
        Ok(())
    }

    fn pass(&mut self, index: usize, event: Event, has_id: bool, intake: &Intake) {
        let name = event.text(Field::EventId).unwrap_or_default();
        if intake.excludes(event.text(Field::ActorId), name) {
            self.told.excluded += 1;
            return;
        }
        let redacted = intake.redacted(&event).map(|other| {
            self.redacted += u64::from(other.is_some());
            other.unwrap_or(event)
        });
        match redacted {
            Ok(event) if has_no_long_text(event.json()) => {
                self.told.without_id += u64::from(!has_id);
                self.events.push(event);
            }
            Ok(_) => self.reject(index, Refused::LongText),
            Err(_) => self.reject(index, Refused::NotAnObject),
        }
    }

    fn reject(&mut self, index: usize, refused: Refused) {
        self.told.rejected_count += 1;
        if self.told.rejected.len() < NAMED {
            let reason = refused.to_string();
            self.told.rejected.push(Rejected { index, reason });
        }
        if matches!(refused, Refused::TooLarge | Refused::LongText) {
            self.too_large = Some(refused);
        }
    }
}

/// A random UUID.
fn new_id() -> Result<String, Refusal> {
    let id = random::uuid().map_err(|_| Refusal::Busy)?;
    Ok(id.to_string())
}

/// The elements of an array, of which no more are kept than one too many: `[0,0,0,…]` would otherwise take many times
/// the memory of its text.
struct List<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for List<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements)
    }
}

struct Elements;

impl<'de> Visitor<'de> for Elements {
    type Value = List<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element::<&RawValue>()? {
            if list.len() <= MAX_EVENTS {
                list.push(element);
            }
        }
        Ok(List(list))
    }
}
