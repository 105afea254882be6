//! What the targets share: small models, and what holds of every event.

use auditlog::{
    api::{Event, Field, SEVERITIES, STATUSES, Timestamp},
    ingest::{Batch, Clock, Counts, Lines, Place},
};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// An instant.
pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

/// The smallest step of time.
pub fn microsecond() -> chrono::Duration {
    chrono::Duration::microseconds(1)
}

/// Whether a pattern with `*` matches all of a text: a table of which prefix matches which, byte by byte.
pub fn matches(pattern: &str, text: &str) -> bool {
    let text = text.as_bytes();
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for byte in pattern.bytes() {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match byte {
                b'*' => reached[at] || at > 0 && next[at - 1],
                _ => at > 0 && reached[at - 1] && text[at - 1] == byte,
            };
        }
        reached = next;
    }
    reached[text.len()]
}

/// Checks what holds of every event that is stored.
pub fn check_event(event: &Event, id: &str) {
    let json = event.json();
    assert_eq!(event.id(), id, "{json}");
    assert!(!json.contains(['\n', '\r']), "{json}");
    let raw: &RawValue = serde_json::from_str(json).expect("JSON");
    assert_eq!(raw.get(), json);
    let again = Event::from_json(json).expect("an event");
    assert_eq!(again.json(), json);
    for field in Field::ALL {
        assert_eq!(again.text(field), event.text(field), "{json}");
    }
    assert_eq!(again.time(), event.time());
    let text = |field| event.text(field).unwrap_or_default();
    assert!(STATUSES.contains(&text(Field::Status)), "{json}");
    assert!(
        [&SEVERITIES[..], &[""]]
            .concat()
            .contains(&text(Field::SeverityLevel)),
        "{json}"
    );
    assert!(!text(Field::PluginId).is_empty() && !text(Field::EventId).is_empty());
}

/// What was read of a log.
#[derive(Debug, Default, PartialEq)]
pub struct Read {
    /// The place and the name of each event, and its JSON.
    pub events: Vec<(u64, Option<String>, String)>,
    /// The lines that were rejected.
    pub rejected: Vec<u64>,
    /// The same as bytes.
    pub rejects: Vec<u8>,
    /// What became of the lines.
    pub counts: Counts,
    /// How far it was read.
    pub after: u64,
    /// What that hashes to.
    pub sha256: Option<[u8; 32]>,
}

/// Reads the lines of `input`, which is `data` from `place` on, and checks what holds of every reading.
pub fn read(data: &[u8], input: impl std::io::Read, place: Place, to: Option<u64>) -> Read {
    let mut read = Read {
        after: place.offset,
        ..Read::default()
    };
    let mut lines = Lines::new(input, place, to);
    let mut clock = Clock::new(|| Timestamp::from_micros(0).expect("the epoch"));
    while let Some(batch) = Batch::read(&mut lines, &mut clock, &mut read.rejects, &|_, _| false)
        .expect("a slice can be read")
    {
        assert!(batch.before >= read.after && batch.after >= batch.before);
        assert_eq!(batch.events.len() as u64, batch.counts.events);
        assert_eq!(batch.rejections.len() as u64, batch.counts.rejected);
        let hash: [u8; 32] = Sha256::digest(&data[..batch.after as usize]).into();
        assert_eq!(hash, batch.end.sha256());
        let is_line_end = |at: u64| at == 0 || data[at as usize - 1] == b'\n';
        for pending in batch.events {
            assert!(
                is_line_end(pending.offset),
                "an event begins where a line does"
            );
            let (offset, cursor) = (pending.offset, pending.cursor.clone());
            let event = pending.into_event("id".to_owned());
            let event = event.expect("what was read is an event");
            check_event(&event, "id");
            read.events.push((offset, cursor, timeless(&event)));
        }
        read.rejected
            .extend(batch.rejections.iter().map(|it| it.number));
        read.counts += batch.counts;
        (read.after, read.sha256) = (batch.after, Some(batch.end.sha256()));
    }
    let Counts {
        read: all,
        events,
        excluded,
        initiated,
        other,
        rejected,
        ..
    } = read.counts;
    assert_eq!(all, events + excluded + initiated + other + rejected);
    read
}

/// An event without the time of the clock, which ticks at the epoch and depends on what else was read.
fn timeless(event: &Event) -> String {
    let time = event.text(Field::EventTime).unwrap_or_default();
    match time.starts_with("1970-01-01T00:00:00") {
        true => event.json().replacen(time, "", 1),
        false => event.json().to_owned(),
    }
}
