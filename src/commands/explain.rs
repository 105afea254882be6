//! What `events --explain` prints.

use url::form_urlencoded::Serializer;

use crate::{
    address::Address,
    api::{AUDIT_EVENT_PATH, Timestamp},
    config::{Target, Which},
    query::{Filter, Query},
    source::Reading,
};

/// What is sent, what is applied here, and the first request.
pub fn explanation(reading: &Reading, target: &Target) -> String {
    match &target.which {
        Which::Server { address, .. } => {
            of_server(reading, &address.value.to_string(), Some(&address.value))
        }
        Which::Demo => of_server(reading, "the sample trail, served on this machine", None),
        Which::Store(at) => of_store(reading, &at.value.to_string()),
    }
}

fn of_server(reading: &Reading, place: &str, address: Option<&Address>) -> String {
    let cut = reading.query.sendable(&[]);
    let pairs = reading.first_request(&cut).to_pairs();
    let sent: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut lines = vec![row("source", place)];
    lines.push(row("sent", &list(&sent)));
    lines.push(row("applied here", &list(&texts(&cut.rest))));
    let url = match address {
        Some(address) => address.endpoint(&pairs).to_string(),
        None => {
            let query = Serializer::new(String::new()).extend_pairs(&pairs).finish();
            format!("{AUDIT_EVENT_PATH}?{query}")
        }
    };
    lines.push(row("first request", &format!("GET {url}")));
    lines.join("\n")
}

fn of_store(reading: &Reading, place: &str) -> String {
    let asked = bounds(&reading.query)
        .into_iter()
        .chain(texts(&reading.query.filters))
        .collect::<Vec<_>>();
    [
        row("source", place),
        row("asked", &list(&asked)),
        row("applied here", &list(&[])),
    ]
    .join("\n")
}

fn texts(filters: &[Filter]) -> Vec<String> {
    filters.iter().map(ToString::to_string).collect()
}

fn bounds(query: &Query) -> Vec<String> {
    let bound = |name: &str, time: Option<Timestamp>| time.map(|time| format!("{name}={time}"));
    let window = query.window;
    [
        bound("start_time", window.start),
        bound("end_time", window.end),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A name and its values, one below the other.
fn row(name: &str, values: &str) -> String {
    format!("{name:<15}{values}")
}

fn list(values: &[String]) -> String {
    match values {
        [] => "nothing".to_owned(),
        values => values.join(&format!("\n{:15}", "")),
    }
}
