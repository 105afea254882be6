//! One answer of the endpoint: `{"data": [event…], "total": n, "limit": n, "offset": n}`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    event::{Event, EventError},
    members::Members,
};

/// A page of events, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The events, in the order in which the server gave them.
    pub events: Vec<Event>,
    /// Matches in the whole window, if the server says.
    pub total: Option<u64>,
}

/// Why a body is not a page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Not JSON, or cut off.
    #[error("the body is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// JSON of something else.
    #[error("the JSON has no list of audit events in `data`")]
    NotAPage,
    /// An element of `data` is not an event.
    #[error("event {} of the page is not an audit event: {reason}", index + 1)]
    NotAnEvent {
        /// Place in `data`, from 0.
        index: usize,
        /// What is wrong with it.
        reason: EventError,
    },
}

#[derive(Deserialize)]
struct Wire<'a, T> {
    data: Vec<T>,
    #[serde(borrow, default)]
    total: Option<&'a RawValue>,
}

impl Page {
    /// Reads a body, which is not copied where it is given away. A `total` that is not a whole number counts as none.
    pub fn from_json(body: impl Into<Vec<u8>>) -> Result<Self, PageError> {
        let body = match String::from_utf8(body.into()) {
            Ok(text) => Arc::new(text.into_boxed_str()),
            Err(error) => return Self::from_any_json(error.as_bytes()),
        };
        match Self::from_compact_json(&body) {
            Some(page) => Ok(page),
            None => Self::from_any_json(body.as_bytes()),
        }
    }

    /// Reads a body in one pass, as servers send it: without white space. None where there is anything special about
    /// it, an error included.
    ///
    /// The events share the text. A page's events come and go together, so that it outlives few of them.
    fn from_compact_json(text: &Arc<Box<str>>) -> Option<Self> {
        let wire: Wire<'_, Members<'_>> = serde_json::from_str(text).ok()?;
        let read = |members: &Members<'_>| {
            let part = members.place_in(text)?;
            match members.has_escapes() {
                false => Event::of_part(text, part, &members.spans).ok(),
                true => Event::from_json(text.get(part)?).ok(),
            }
        };
        let mut events = Vec::with_capacity(wire.data.len());
        for members in &wire.data {
            events.push(read(members)?);
        }
        let total = total(wire.total);
        Some(Self { events, total })
    }

    fn from_any_json(body: &[u8]) -> Result<Self, PageError> {
        let wire: Wire<'_, &RawValue> =
            serde_json::from_slice(body).map_err(|error| match error.classify() {
                serde_json::error::Category::Data => PageError::NotAPage,
                _ => PageError::NotJson(error),
            })?;
        let read = |(index, raw): (usize, &&RawValue)| {
            Event::from_json(raw.get()).map_err(|reason| PageError::NotAnEvent { index, reason })
        };
        let events = wire.data.iter().enumerate().map(read);
        Ok(Self {
            events: events.collect::<Result<_, _>>()?,
            total: total(wire.total),
        })
    }
}

fn total(raw: Option<&RawValue>) -> Option<u64> {
    raw?.get().parse().ok()
}

/// Writes a page's body around events that are JSON text already.
pub fn write_page<'a>(
    events: impl Iterator<Item = &'a str> + Clone,
    total: u64,
    limit: u32,
    offset: u64,
) -> String {
    let length: usize = events.clone().map(|event| event.len() + 1).sum();
    let mut body = String::with_capacity(length + 100);
    body.push_str("{\"data\":[");
    for (index, event) in events.enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(event);
    }
    body.push_str(&format!(
        "],\"total\":{total},\"limit\":{limit},\"offset\":{offset}}}"
    ));
    body
}

#[cfg(test)]
mod tests {
    use super::{Page, PageError};

    #[test]
    fn a_body_that_is_not_a_page_is_told_apart() {
        let of = |body: &str| Page::from_json(body.as_bytes()).unwrap_err();
        assert!(matches!(of("<html>"), PageError::NotJson(_)));
        assert!(matches!(of("{\"data\":[{\"id\""), PageError::NotJson(_)));
        assert!(matches!(of("{\"items\":[]}"), PageError::NotAPage));
        assert!(matches!(of("[]"), PageError::NotAPage));
        assert!(matches!(
            of("{\"data\":[{}]}"),
            PageError::NotAnEvent { index: 0, .. }
        ));
    }

    #[test]
    fn a_total_that_is_no_whole_number_counts_as_none() {
        let of = |body: &str| Page::from_json(body.as_bytes()).unwrap().total;
        assert_eq!(of("{\"data\":[],\"total\":7}"), Some(7));
        assert_eq!(of("{\"data\":[]}"), None);
        assert_eq!(of("{\"data\":[],\"total\":\"7\"}"), None);
        assert_eq!(of("{\"data\":[],\"total\":null}"), None);
        assert_eq!(of("{\"data\":[],\"total\":-1}"), None);
    }
}
