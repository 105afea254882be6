//! What is sent to a server: what becomes an event is valid, keeps its id, and holds no secret once it is redacted.
#![no_main]

use auditlog::{
    api::{Event, Field},
    ingest::{Posted, has_no_long_text, posted},
    redact::Redact,
};
use auditlog_fuzz::{at, check_event};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(Posted::Event(sent)) = posted(data) else {
        return;
    };
    let has_id = sent.has_id();
    let Ok(event) = sent.into_event("new".to_owned(), at("2026-11-21T12:00:00Z")) else {
        return;
    };
    assert_eq!(has_id, event.id() != "new" || has_id);
    let _ = has_no_long_text(event.json());
    let event = match event.recorded_at() {
        Some(_) => event,
        None => event
            .recorded(at("2026-11-21T12:00:01Z"))
            .expect("an event"),
    };
    check_event(&event, event.id());
    assert!(event.recorded_at().is_some());
    let redact = Redact::default();
    let redacted = redact.apply(event.clone()).expect("an event");
    check_event(&redacted, event.id());
    check_redacted(&redacted);
    check_url(&redacted);
});

/// No parameter of a secret name holds anything but the mark.
fn check_url(event: &Event) {
    let url = event.text(Field::RequestUrl).unwrap_or_default();
    let Some((_, query)) = url.split_once('?').filter(|(path, _)| !path.contains('#')) else {
        return;
    };
    for pair in query.split(['&', '#', ';', '?']) {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        let name = name.to_lowercase();
        let is_secret = ["password", "token", "secret"].iter().any(|word| name.contains(word));
        assert!(!is_secret || ["", "[redacted]"].contains(&value), "{url:?}");
    }
}

fn check_redacted(event: &Event) {
    let Some(meta) = event.meta() else { return };
    // What is too odd for a plain JSON reader (numbers beyond its range) is left to the other checks.
    let Ok(meta) = serde_json::from_str::<Value>(meta) else {
        return;
    };
    let mut open = vec![&meta];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(list) => open.extend(list),
            Value::Object(members) => {
                for (key, value) in members {
                    let key = key.to_lowercase();
                    let is_secret = ["password", "token", "secret"]
                        .iter()
                        .any(|word| key.contains(word));
                    let is_hidden = match value {
                        Value::Null | Value::Bool(_) => true,
                        Value::String(text) => text == "[redacted]",
                        _ => false,
                    };
                    assert!(!is_secret || is_hidden, "{}", event.json());
                    open.push(value);
                }
            }
            _ => {}
        }
    }
}
