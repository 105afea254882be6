//! Answers of a real backend, as `tests/fixtures/README.md` says.

use serde_json::value::RawValue;

use super::fixture;

/// A recording's call, which is the line above the answer, and the bytes of the answer as they were sent.
pub fn recorded_call(name: &str) -> (String, Vec<u8>) {
    let file = std::fs::read(fixture(&format!("backstage/http/{name}"))).expect("a recording");
    let at = file.iter().position(|&byte| byte == b'\n').expect("a call");
    let call = String::from_utf8(file[..at].to_vec()).expect("text");
    let sent = &file[at + 1..];
    // The newline that ends the file is no part of it.
    let sent = match sent.ends_with(b"\r\n\r\n") {
        true => sent,
        false => sent.strip_suffix(b"\n").expect("a last line"),
    };
    let text = String::from_utf8(sent.to_vec()).expect("text");
    // The paths in its stack trace were shortened when it was recorded.
    let text = text.replace("Content-Length: 513\r\n", "Content-Length: 509\r\n");
    (call, text.into_bytes())
}

/// The answer alone.
pub fn recorded(name: &str) -> Vec<u8> {
    recorded_call(name).1
}

pub fn body(answer: &[u8]) -> &[u8] {
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n");
    &answer[at.expect("the head's end") + 4..]
}

/// The events of a page's body on one line each, newest first; not read by the program's own reader.
pub fn events(body: &[u8]) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
    }
    let page: Page = serde_json::from_slice(body).expect("a page");
    let mut events: Vec<_> = page
        .data
        .iter()
        .map(|raw| without_space(raw.get()))
        .collect();
    events.sort_by_key(|json| {
        let event: serde_json::Value = serde_json::from_str(json).expect("JSON");
        let key = |name: &str| event[name].as_str().expect("text").to_owned();
        std::cmp::Reverse((key("event_time"), key("id")))
    });
    events
}

/// No string of the recordings has two spaces, or a space behind a colon that is not indented JSON's own.
fn without_space(json: &str) -> String {
    let lines = json.lines().map(str::trim_start);
    lines.map(|line| line.replacen("\": ", "\":", 1)).collect()
}
