//! A query string as a request and back; and the grammar of the command line's filters, there and back.
#![no_main]

use std::borrow::Cow;

use auditlog::{
    api::{Event, Field, Timestamp},
    query::{Filter, Request},
};
use auditlog_fuzz::at;
use libfuzzer_sys::fuzz_target;
use url::form_urlencoded::{Serializer, parse};

fuzz_target!(|data: &[u8]| {
    let now = at("2026-11-21T12:00:00Z");
    if let Ok(request) = Request::from_pairs(parse(data), now) {
        check(&request, now);
    }
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let field = Field::ALL[usize::from(*first) % Field::ALL.len()];
    if let Ok(filter) = Filter::parse(field, &[text.to_owned()]) {
        let shown = filter.to_string();
        let list = shown.strip_prefix(&format!("{}=", field.name()));
        let again = Filter::parse(field, &[list.expect("a name").to_owned()]);
        assert_eq!(again.as_ref(), Ok(&filter), "{shown:?}");
    }
});

fn check(request: &Request, now: Timestamp) {
    assert!((1..=1000).contains(&request.limit));
    let pairs = request.to_pairs();
    let borrowed = pairs.iter().map(|(n, v)| (Cow::from(*n), Cow::from(v)));
    assert_eq!(Request::from_pairs(borrowed, now).as_ref(), Ok(request));
    // The same by way of the wire.
    let wire = Serializer::new(String::new()).extend_pairs(&pairs).finish();
    assert_eq!(
        Request::from_pairs(parse(wire.as_bytes()), now).as_ref(),
        Ok(request)
    );
    // All of it can be asked of a server.
    let cut = request.query.sendable(&[]);
    assert_eq!((&cut.query, cut.rest.len()), (&request.query, 0));
    // The event that it asks for is found; one that differs is not.
    let (Some(start), Some(end)) = (request.query.window.start, request.query.window.end) else {
        panic!("a window has two ends");
    };
    if start > end {
        return;
    }
    for time in [start, end] {
        let event = event(request, time, None);
        assert!(request.query.matches(&event), "{}", event.json());
    }
    for filter in &request.query.filters {
        let event = event(request, start, Some(filter.field));
        assert!(!request.query.matches(&event), "{}", event.json());
    }
    let later = end.plus(auditlog_fuzz::microsecond());
    if Timestamp::parse(&later.to_string()).is_some() {
        assert!(!request.query.matches(&event(request, later, None)));
    }
}

/// An event as it is asked for, with another value in the field `but`.
fn event(request: &Request, time: Timestamp, but: Option<Field>) -> Event {
    let mut json = serde_json::json!({"id": "1", "event_time": time.to_string()});
    for filter in &request.query.filters {
        let literal = filter.any_of[0].as_literal().expect("a literal");
        let more = if but == Some(filter.field) { "x" } else { "" };
        json[filter.field.name()] = format!("{literal}{more}").into();
    }
    Event::from_json(&json.to_string()).expect("an event")
}
