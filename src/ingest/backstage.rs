//! One line that a Backstage's auditor wrote to its log, as an audit event. It knows no file and no clock.
//!
//! The auditor writes `initiated` and then the outcome; the outcome is what becomes an event. A failure's error is
//! spread over its line: its text follows `<plugin>.<eventId> ` in `message`, and its own fields overwrite those of
//! the event. Where that can be seen, the line is repaired; an `isAuditEvent` that was overwritten cannot, and its
//! line is a line like any other.

use serde_json::value::{RawValue, to_raw_value};

use super::fields::{Object, Outcome, draft, raw, severity, string};
use crate::api::{Draft, Event, EventError, STATUSES, Timestamp, well_formed};

/// What a line is.
#[derive(Debug)]
pub enum Line {
    /// Not an audit event.
    Other,
    /// An audit event that has only begun: its outcome has a line of its own.
    Initiated,
    /// The outcome of an audit event.
    Event(Box<Parsed>),
    /// It says that it is an audit event, and cannot be read as one.
    Rejected(Reason),
}

/// Why a line that says that it is an audit event is not read as one. No value of the line is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The bytes are not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// Cut off, or something stands around the JSON.
    #[error("it is not a JSON object")]
    NotJson,
    /// Longer than [`super::MAX_LINE`].
    #[error("it is longer than 8 MiB")]
    TooLong,
    /// Neither the field nor `message` names one.
    #[error("it has no `plugin`")]
    NoPlugin,
    /// Neither the field nor `message` names one.
    #[error("it has no `eventId`")]
    NoEventId,
    /// A severity that Backstage does not have.
    #[error("its `severityLevel` is not low, medium, high or critical")]
    Severity,
    /// An outcome that Backstage does not have, and no sign of an error that would explain it.
    #[error("its `status` is not initiated, succeeded or failed, and it has no `stack`")]
    Status,
}

/// The outcome of an audit event: all of it that its line determines.
#[derive(Debug)]
pub struct Parsed {
    /// Everything but `id`, `event_time` and `recorded_at`, which are empty.
    pub(super) draft: Draft,
    /// The line's own time, as it is written there.
    time: Option<String>,
    /// Whether an error's fields had overwritten the event's.
    repaired: bool,
}

impl Parsed {
    /// Whether an error's fields had overwritten the event's.
    pub fn is_repaired(&self) -> bool {
        self.repaired
    }

    /// Whether the line says when it was written.
    pub fn has_time(&self) -> bool {
        self.time.is_some()
    }

    /// The event: `read_at` is its time where the line gives none. When it is recorded only the store knows.
    pub fn into_event(self, id: String, read_at: Timestamp) -> Result<Event, EventError> {
        Draft {
            id,
            event_time: self.time.unwrap_or_else(|| read_at.to_string()),
            ..self.draft
        }
        .into_event()
    }
}

/// What the line is that consists of these bytes.
pub fn line(bytes: &[u8]) -> Line {
    // What editors of Windows put before the first line of a file.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return unreadable(bytes, Reason::NotUtf8);
    };
    let json = well_formed(text);
    let Ok(members) = serde_json::from_str::<Object<'_>>(&json) else {
        // JSON that is no object is a line of another program, whatever its texts say.
        return match serde_json::from_str::<&RawValue>(&json) {
            Ok(_) => Line::Other,
            Err(_) => unreadable(bytes, Reason::NotJson),
        };
    };
    if raw(&members, "isAuditEvent") != Some("true") {
        return Line::Other;
    }
    if string(&members, "status").as_deref() == Some("initiated") {
        return Line::Initiated;
    }
    match outcome(&members) {
        Ok(parsed) => Line::Event(Box::new(parsed)),
        Err(reason) => Line::Rejected(reason),
    }
}

/// Whether a line without its end is all there: nothing that follows could make it another audit event.
pub fn is_whole(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| serde_json::from_str::<Object<'_>>(&well_formed(text)).is_ok())
}

/// What a line is that cannot be read: rejected if it says that it is an audit event, of no interest otherwise.
pub(super) fn unreadable(bytes: &[u8], reason: Reason) -> Line {
    if is_claim(bytes) {
        Line::Rejected(reason)
    } else {
        Line::Other
    }
}

/// Whether the bytes hold `"isAuditEvent":true`, with or without white space around the colon.
fn is_claim(bytes: &[u8]) -> bool {
    const KEY: &[u8] = b"\"isAuditEvent\"";
    bytes.windows(KEY.len()).enumerate().any(|(at, window)| {
        window == KEY
            && bytes
                .get(at + KEY.len()..)
                .and_then(|rest| rest.trim_ascii_start().strip_prefix(b":"))
                .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"true"))
    })
}

fn outcome(members: &Object<'_>) -> Result<Parsed, Reason> {
    let message = string(members, "message").unwrap_or_default();
    let name = Name::of(members, &message)?;
    let status = string(members, "status").filter(|text| STATUSES.contains(&text.as_str()));
    let overwritten = status.is_none();
    if overwritten && !members.contains_key("stack") {
        return Err(Reason::Status);
    }
    let status = status.unwrap_or_else(|| "failed".to_owned());

    let error = (status == "failed").then(|| to_raw_value(name.error).ok());
    let outcome = Outcome {
        plugin: name.plugin,
        event: name.event,
        severity: severity(members).ok_or(Reason::Severity)?,
        status,
        error: error.flatten(),
    };
    Ok(Parsed {
        draft: draft(members, outcome),
        time: string(members, "timestamp").filter(|text| Timestamp::parse(text).is_some()),
        repaired: overwritten || name.repaired,
    })
}

/// Which event it is, and the text of its error.
struct Name<'a> {
    plugin: String,
    event: String,
    error: &'a str,
    repaired: bool,
}

impl<'a> Name<'a> {
    /// `message` was made from the event before an error could overwrite anything: where it names another event than
    /// the fields do, it is right. One that names none says nothing about the fields.
    fn of(members: &Object<'_>, message: &'a str) -> Result<Self, Reason> {
        let field = |name| string(members, name).filter(|text| !text.is_empty());
        let (plugin, event) = (field("plugin"), field("eventId"));
        if let (Some(plugin), Some(event)) = (&plugin, &event)
            && let Some(rest) = message.strip_prefix(&format!("{plugin}.{event}"))
            && (rest.is_empty() || rest.starts_with(' '))
        {
            return Ok(Self {
                plugin: plugin.clone(),
                event: event.clone(),
                error: rest.get(1..).unwrap_or_default(),
                repaired: false,
            });
        }
        let (word, error) = message.split_once(' ').unwrap_or((message, ""));
        match word.split_once('.') {
            Some((plugin, event)) if !plugin.is_empty() && !event.is_empty() => Ok(Self {
                plugin: plugin.to_owned(),
                event: event.to_owned(),
                error,
                repaired: true,
            }),
            _ => Ok(Self {
                plugin: plugin.ok_or(Reason::NoPlugin)?,
                event: event.ok_or(Reason::NoEventId)?,
                error: "",
                repaired: false,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, is_whole, line};
    use crate::api::{Event, Field, Timestamp};

    const READ_AT: &str = "2026-11-21T20:15:46.100Z";

    fn event(parsed: super::Parsed) -> Event {
        let at = Timestamp::parse(READ_AT).unwrap();
        parsed.into_event("id".to_owned(), at).unwrap()
    }

    /// What a line became, in words: of an event its fields, `-` for null, and `meta`.
    fn became(bytes: &[u8]) -> String {
        let parsed = match line(bytes) {
            Line::Other => return "other".to_owned(),
            Line::Initiated => return "initiated".to_owned(),
            Line::Rejected(reason) => return format!("rejected: {reason}"),
            Line::Event(parsed) => *parsed,
        };
        let repaired = if parsed.is_repaired() {
            "repaired "
        } else {
            ""
        };
        let event = event(parsed);
        let of = |field: Field| event.text(field).unwrap_or("-");
        let fields: Vec<_> = [
            Field::SeverityLevel,
            Field::Status,
            Field::ActorType,
            Field::ActorId,
            Field::RequestMethod,
            Field::RequestUrl,
            Field::ActionType,
            Field::QueryType,
            Field::EntityRef,
        ]
        .map(of)
        .into();
        let name = format!("{}.{}", of(Field::PluginId), of(Field::EventId));
        let meta = event.meta().unwrap();
        format!("{repaired}{name} {} {meta}", fields.join(" "))
    }

    /// Rows of `line | what it became`.
    fn check(table: &str, wrap: impl Fn(&str) -> String) {
        let rows: Vec<_> = table.trim().lines().collect();
        assert!(rows.len() > 5);
        for row in rows {
            let (line, expected) = row.split_once(" | ").unwrap();
            assert_eq!(
                became(wrap(line.trim()).as_bytes()),
                expected.trim(),
                "{line}"
            );
        }
    }

    #[test]
    fn a_line_is_an_event_or_not_or_says_so_in_vain() {
        let table = r#"
            plain text | other
            {} | other
            [{"isAuditEvent":true}] | other
            "\"isAuditEvent\":true" | other
            {"isAuditEvent":false,"plugin":"p","eventId":"e","status":"failed"} | other
            {"isAuditEvent":"true","plugin":"p","eventId":"e","status":"failed"} | other
            {"message":"x","meta":{"isAuditEvent":true}} | other
            {"isAuditEvent":true,"isAuditEvent":false} | other
            {"isAuditEvent":true,"status":"initiated"} | initiated
            {"isAuditEvent":true,"plugin":"p" | rejected: it is not a JSON object
            2026-11-21T20:15:46Z stdout F {"isAuditEvent" :  true} | rejected: it is not a JSON object
            {"isAuditEvent":true,"status":"failed"} {"isAuditEvent":true} | rejected: it is not a JSON object
            {"isAuditEvent": false | other
            {"isAuditEvent":true,"status":"failed"} | rejected: it has no `plugin`
            {"isAuditEvent":true,"status":"failed","plugin":"p","eventId":7} | rejected: it has no `eventId`
            {"isAuditEvent":true,"status":"failed","plugin":"","eventId":"e"} | rejected: it has no `plugin`
            {"isAuditEvent":true,"plugin":"p","eventId":"e"} | rejected: its `status` is not initiated, succeeded or failed, and it has no `stack`
            {"isAuditEvent":true,"status":"failed","message":"p.e boom"} | repaired p.e low failed service - - - - - - {"error":"boom"}
            {"isAuditEvent":true,"status":"failed","plugin":"p","eventId":"e"} | p.e low failed service - - - - - - {"error":""}
        "#;
        check(table, str::to_owned);
        assert_eq!(became(b"\xff"), "other");
        assert_eq!(
            became(b"{\"isAuditEvent\":\ttrue,\"x\":\"\xff\"}"),
            "rejected: it is not UTF-8"
        );
    }

    #[test]
    fn what_an_error_overwrote_is_repaired_as_far_as_it_can_be_seen() {
        // Each row stands behind these members, and takes the place of those of the same name.
        let base = r#""isAuditEvent":true,"plugin":"p","eventId":"e","message":"p.e","status":"succeeded""#;
        let table = r#"
            "x":1 | p.e low succeeded service - - - - - - {}
            "message":"p.e "  | p.e low succeeded service - - - - - - {}
            "message":7 | p.e low succeeded service - - - - - - {}
            "message":"p.ex" | repaired p.ex low succeeded service - - - - - - {}
            "message":"a.b.c d e","status":"failed" | repaired a.b.c low failed service - - - - - - {"error":"d e"}
            "message":"p.e  two","status":"failed" | p.e low failed service - - - - - - {"error":" two"}
            "message":"boom p.e","status":"failed" | p.e low failed service - - - - - - {"error":""}
            "message":"Failed. again" | p.e low succeeded service - - - - - - {}
            "message":".e x" | p.e low succeeded service - - - - - - {}
            "plugin":null,"eventId":["x"] | repaired p.e low succeeded service - - - - - - {}
            "plugin":"p.q","message":"p.q.e" | p.q.e low succeeded service - - - - - - {}
            "status":404,"stack":"x" | repaired p.e low failed service - - - - - - {"error":""}
            "status":"gone","stack":null | repaired p.e low failed service - - - - - - {"error":""}
            "status":404 | rejected: its `status` is not initiated, succeeded or failed, and it has no `stack`
            "severityLevel":"critical" | p.e critical succeeded service - - - - - - {}
            "severityLevel":null | p.e low succeeded service - - - - - - {}
            "severityLevel":"HIGH" | rejected: its `severityLevel` is not low, medium, high or critical
            "severityLevel":3 | rejected: its `severityLevel` is not low, medium, high or critical
        "#;
        check(table, |members| format!("{{{base},{members}}}"));
    }

    #[test]
    fn who_and_what_is_carried_over_and_odd_types_are_no_reason_to_lose_an_event() {
        let base = r#""isAuditEvent":true,"plugin":"p","eventId":"e","message":"p.e","status":"succeeded""#;
        let table = r#"
            "actor":{"actorId":"user:default/a"} | p.e low succeeded user user:default/a - - - - - {}
            "actor":{"actorId":"User:default/a"} | p.e low succeeded service User:default/a - - - - - {}
            "actor":{"actorId":7,"ip":null,"userAgent":["x"]} | p.e low succeeded service - - - - - - {"actor":{"userAgent":["x"]}}
            "actor":"root","request":[1] | p.e low succeeded service - - - - - - {}
            "request":{"method":"GET","url":"/a?b"} | p.e low succeeded service - GET /a?b - - - {}
            "request":{"method":1,"url":null} | p.e low succeeded service - - - - - - {}
            "actor":{"ip":"::1","hostname":"h"},"meta":{"a":1} | p.e low succeeded service - - - - - - {"a":1,"actor":{"ip":"::1","hostname":"h"}}
            "actor":{"ip":"::1"},"meta":{"actor":null,"error":0},"status":"failed" | p.e low failed service - - - - - - {"actor":null,"error":0}
            "meta":{"z":1,"actionType":"a","queryType":"q","y":2,"entityRef":"r","x":3} | p.e low succeeded service - - - a q r {"z":1,"y":2,"x":3}
            "meta":{"actionType":null,"queryType":7,"entityRef":["r"]} | p.e low succeeded service - - - - - - {"queryType":7,"entityRef":["r"]}
            "meta":null | p.e low succeeded service - - - - - - {}
            "meta":[1,2.50] | p.e low succeeded service - - - - - - {"value":[1,2.50]}
            "meta":"text" | p.e low succeeded service - - - - - - {"value":"text"}
            "meta":{"n":1e400,"m":-0.10,"big":123456789012345678901234567890} | p.e low succeeded service - - - - - - {"n":1e400,"m":-0.10,"big":123456789012345678901234567890}
            "meta":{"a":1,"b":2,"a":"last"} | p.e low succeeded service - - - - - - {"a":"last","b":2}
            "meta":{"a":"\u00e9\/\u001b"},"actor":{"actorId":"\ud800\u0000"} | p.e low succeeded service <fffd><0> - - - - - {"a":"\u00e9\/\u001b"}
            "meta":{"\udc00":"\ud83d\ude00"} | p.e low succeeded service - - - - - - {"<fffd>":"\ud83d\ude00"}
            "meta":{"t":"a<2028>b<202e>"} | p.e low succeeded service - - - - - - {"t":"a<2028>b<202e>"}
            "meta": { "a" : [ 1 ] } | p.e low succeeded service - - - - - - {"a":[1]}
        "#;
        let hostile = [
            ("<0>", "\0"),
            ("<2028>", "\u{2028}"),
            ("<202e>", "\u{202e}"),
            ("<fffd>", "\u{fffd}"),
        ];
        let table = hostile
            .iter()
            .fold(table.to_owned(), |table, (name, text)| {
                table.replace(name, text)
            });
        check(&table, |members| format!("{{{base},{members}}}"));
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        let line = format!(
            r#"{{"isAuditEvent":true,"plugin":"p","eventId":"e","status":"succeeded","meta":{{"a":{deep}}}}}"#
        );
        assert!(became(line.as_bytes()).ends_with(&format!("{{\"a\":{deep}}}")));
    }

    #[test]
    fn a_line_keeps_its_own_time_as_it_wrote_it() {
        for (time, expected) in [
            (
                r#""2026-01-31T01:02:03.1+01:00""#,
                "2026-01-31T01:02:03.1+01:00",
            ),
            (r#""31.01.2026""#, READ_AT),
            ("1761955200", READ_AT),
        ] {
            let text = format!(
                r#"{{"isAuditEvent":true,"message":"p.e","status":"failed","timestamp":{time}}}"#
            );
            let Line::Event(parsed) = line(text.as_bytes()) else {
                panic!("{text}")
            };
            assert_eq!(parsed.has_time(), expected != READ_AT);
            let event = event(*parsed);
            assert_eq!(event.text(Field::EventTime), Some(expected));
            assert_eq!(event.text(Field::RecordedAt), None);
        }
    }

    #[test]
    fn a_line_without_its_end_is_whole_if_it_is_an_object() {
        assert!(is_whole(br#"{"a":1}"#));
        assert!(is_whole(b"{\"a\":1}\r"));
        assert!(!is_whole(br#"{"a":1"#));
        assert!(!is_whole(b"12"));
        assert!(!is_whole(b"plain text"));
    }
}
