//! Events that are sent to a server, and its answers.

use auditlog::api::AUDIT_EVENT_PATH;
use serde_json::Value;

use super::TOKEN;

pub const LINES: &str = "application/x-ndjson";

/// What Backstage's auditor says about `id`.
pub fn sent(id: &str) -> String {
    sent_with(id, "")
}

/// The same with more members, which begin with a comma each.
pub fn sent_with(id: &str, more: &str) -> String {
    format!(
        r#"{{"id":"{id}","eventTime":"2026-11-21T10:00:00Z","plugin":"catalog","eventId":"entity-mutate","actor":{{"actorId":"user:default/a"}},"status":"succeeded"{more}}}"#
    )
}

/// A body of lines.
pub fn lines(events: impl IntoIterator<Item = String>) -> String {
    events
        .into_iter()
        .map(|event| format!("{event}\n"))
        .collect()
}

/// A request that brings `body` to the server at `url`.
pub fn request(
    client: &reqwest::Client,
    url: &str,
    body: impl Into<reqwest::Body>,
) -> reqwest::RequestBuilder {
    client
        .post(format!("{url}{AUDIT_EVENT_PATH}"))
        .bearer_auth(TOKEN)
        .header("content-type", LINES)
        .body(body)
}

/// Status and body of the answer.
pub async fn told(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let body = answer.text().await.expect("a body");
    (status, serde_json::from_str(&body).expect("JSON"))
}

/// The counts of an answer in words, and the rejected events.
pub fn counts((status, body): &(u16, Value)) -> String {
    if *status != 200 {
        let (name, message) = (&body["error"]["name"], &body["error"]["message"]);
        let of = |text: &Value| text.as_str().expect("a text").to_owned();
        assert_eq!(body["response"]["statusCode"], *status);
        return format!("{status} {}: {}", of(name), of(message));
    }
    let mut words = String::new();
    for name in [
        "stored",
        "excluded",
        "duplicate",
        "initiated",
        "withoutId",
        "rejectedCount",
    ] {
        let count = body[name].as_u64().expect("a number");
        if count > 0 {
            words.push_str(&format!("{name} {count} "));
        }
    }
    for rejected in body["rejected"].as_array().expect("a list") {
        let reason = rejected["reason"].as_str().expect("a text");
        words.push_str(&format!("#{} {reason} ", rejected["index"]));
    }
    words.trim_end().to_owned()
}

/// A configuration in which [`TOKEN`](super::TOKEN) may read and send, and what else it says.
pub fn allow(more: &str) -> String {
    let options = format!("{{token: {}, subject: 'external:tests'}}", super::TOKEN);
    format!("backend: {{auth: {{externalAccess: [{{type: static, options: {options}}}]}}}}\n{more}")
}

/// A line of a Backstage's log: the outcome of an audit event, with a number in it.
pub fn logged(number: usize) -> String {
    let line = r#"{"actor":{},"eventId":"entity-fetch","isAuditEvent":true,"level":"info","message":"catalog.entity-fetch","plugin":"catalog","severityLevel":"low","status":"succeeded","timestamp":"2026-03-01T10:00:00.@Z","meta":{"line":#}}"#;
    let line = line.replace('@', &format!("{:03}", number % 1000));
    line.replace('#', &number.to_string()) + "\n"
}
