//! What carried a line of a Backstage's log here: nothing, a container runtime, the journal, or the text that it writes
//! for developers. Each is recognised by itself, line by line; most give the time that a production line lacks.
//!
//! The forms: Docker's `json-file` driver (`{"log","stream","time"}`), the Kubernetes CRI log format
//! (`time stream P|F text`), `journalctl -o json`, and Backstage's coloured text with `NODE_ENV=development`.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::value::RawValue;

use crate::api::Timestamp;

/// How much of a line of the log a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// A part, which the next record of its stream continues.
    Part,
    /// The last part of one, or all of it.
    Last,
    /// All of it, unless the next record has no beginning: developers' text breaks where a message does.
    Perhaps,
    /// What belongs behind such a one.
    Rest,
}

/// A record without its carrier.
#[derive(Debug, PartialEq, Eq)]
pub struct Carried<'a> {
    /// What the program wrote, or a part of it.
    pub text: Cow<'a, [u8]>,
    /// Whether that is a line.
    pub extent: Extent,
    /// The stream that it was written to, for those that are interleaved: 0 or 1.
    pub stream: usize,
    /// When it was written, as the carrier has it.
    pub time: Option<Timestamp>,
    /// What the carrier calls the record, wherever it is read.
    pub cursor: Option<String>,
}

impl<'a> Carried<'a> {
    fn bare(text: &'a [u8]) -> Self {
        Self {
            text: Cow::Borrowed(text),
            extent: Extent::Whole,
            stream: 0,
            time: None,
            cursor: None,
        }
    }
}

/// What begins a record for developers, before its time.
const DEVELOPERS: &[u8] = b"\x1b[2m";
/// What stands before a field's name in it.
const FIELD: &str = " \u{1b}[36m";
/// What stands between the name and its value.
const VALUE: &str = "\u{1b}[39m=";
/// The field that every audit event begins with.
const AUDIT: &str = " \u{1b}[36misAuditEvent\u{1b}[39m=true";

/// Takes a record out of what carried it. `after_text` says that the one before it was developers' text.
pub fn carried(record: &[u8], after_text: bool) -> Carried<'_> {
    if record.starts_with(DEVELOPERS) {
        let has_fields = has_fields(record);
        return Carried {
            extent: if has_fields {
                Extent::Whole
            } else {
                Extent::Perhaps
            },
            ..Carried::bare(record)
        };
    }
    if record.first() == Some(&b'{') {
        return json(record).unwrap_or_else(|| Carried::bare(record));
    }
    if let Some(carried) = cri(record) {
        return carried;
    }
    match after_text {
        true => Carried {
            extent: Extent::Rest,
            ..Carried::bare(record)
        },
        false => Carried::bare(record),
    }
}

/// Whether the fields of developers' text have begun in a record.
fn has_fields(record: &[u8]) -> bool {
    let field = FIELD.as_bytes();
    record.windows(field.len()).any(|window| window == field)
}

type Object<'a> = IndexMap<Cow<'a, str>, &'a RawValue>;

fn json(record: &[u8]) -> Option<Carried<'_>> {
    let record = std::str::from_utf8(record).ok()?;
    // Reading every line twice would cost as much again: only what may be a carrier's is.
    let has = |name| record.contains(name);
    let is_docker = record.starts_with("{\"log\":") || record.starts_with("{\"stream\":");
    if !is_docker && !has("\"__CURSOR\"") && !has("\"__REALTIME_TIMESTAMP\"") {
        return None;
    }
    let members: Object<'_> = serde_json::from_str(record).ok()?;
    if members.contains_key("isAuditEvent") {
        return None;
    }
    let text =
        |name: &str| -> Option<String> { serde_json::from_str(members.get(name)?.get()).ok() };
    if is_docker {
        let line = text("log")?;
        let time = Timestamp::parse(&text("time")?)?;
        let whole = line.strip_suffix('\n').map(str::to_owned);
        return Some(Carried {
            extent: if whole.is_some() {
                Extent::Last
            } else {
                Extent::Part
            },
            text: Cow::Owned(whole.unwrap_or(line).into_bytes()),
            stream: usize::from(text("stream").as_deref() == Some("stderr")),
            time: Some(time),
            cursor: None,
        });
    }
    let micros = text("__REALTIME_TIMESTAMP").and_then(|text| text.parse().ok());
    // What is not UTF-8 is given as an array of bytes; what is too large, as null.
    let message = members.get("MESSAGE")?.get();
    let bytes = serde_json::from_str::<String>(message)
        .map(String::into_bytes)
        .or_else(|_| serde_json::from_str::<Vec<u8>>(message));
    Some(Carried {
        text: Cow::Owned(bytes.unwrap_or_default()),
        extent: Extent::Whole,
        stream: 0,
        time: micros.and_then(Timestamp::from_micros),
        cursor: text("__CURSOR").filter(|cursor| !cursor.is_empty()),
    })
}

/// `2026-01-31T10:00:00.123456789Z stdout F text`.
fn cri(record: &[u8]) -> Option<Carried<'_>> {
    let mut words = record.splitn(4, |&byte| byte == b' ');
    let time = std::str::from_utf8(words.next()?).ok()?;
    let stream = match words.next()? {
        b"stdout" => 0,
        b"stderr" => 1,
        _ => return None,
    };
    // Tags are separated by colons; the first says whether it is whole.
    let tag = words.next()?.split(|&byte| byte == b':').next();
    Some(Carried {
        text: Cow::Borrowed(words.next().unwrap_or_default()),
        extent: match tag? {
            b"F" => Extent::Last,
            b"P" => Extent::Part,
            _ => return None,
        },
        stream,
        time: Some(Timestamp::parse(time)?),
        cursor: None,
    })
}

/// A record of developers' text as the line that production would have written, with its time.
///
/// None where it is not an audit event; what follows its fields' beginning must be fields to the end.
pub fn production_line(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text.strip_prefix(DEVELOPERS)?).ok()?;
    let (time, rest) = text.split_once("\u{1b}[22m \u{1b}[34m")?;
    let (plugin, rest) = rest.split_once("\u{1b}[39m ")?;
    let (_, rest) = rest.split_once(' ')?;
    // The message is printed raw: the fields begin where the auditor's first one does, for the last time.
    let (message, fields) = rest.split_at_checked(rest.rfind(AUDIT)?)?;
    let string = |text: &str| serde_json::to_string(text).ok();
    let mut line = format!(
        "{{\"plugin\":{},\"timestamp\":{},\"message\":{}",
        string(plugin)?,
        string(time)?,
        string(message)?
    );
    let mut rest = fields;
    while let Some(field) = rest.strip_prefix(FIELD) {
        let (name, value) = field.split_once(VALUE)?;
        if let Some(behind) = value.strip_prefix("undefined") {
            rest = behind;
            continue;
        }
        let mut values = serde_json::Deserializer::from_str(value).into_iter::<&RawValue>();
        let json = values.next()?.ok()?.get();
        rest = value.get(values.byte_offset()..)?;
        // The prefix has said which plugin it is, before an error's fields could.
        line.push_str(&format!(",{}:{json}", string(name)?));
    }
    line.push('}');
    rest.trim().is_empty().then(|| line.into_bytes())
}
