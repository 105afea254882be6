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

/// The tokens that the recorded backend had.
pub const TOKENS: &str = "
backend:
  auth:
    externalAccess:
      - type: static
        options: {token: ref-unrestricted-token-0001, subject: 'external:ref-admin'}
      - type: static
        options: {token: ref-audit-reader-token-0002, subject: 'external:reader'}
        accessRestrictions: [{plugin: audit-log, permission: audit.log.read}]
      - type: static
        options: {token: ref-catalog-only-token-0003, subject: 'external:catalog-only'}
        accessRestrictions: [{plugin: catalog}]
      - type: static
        options: {token: ref-wrong-permission-token-0004, subject: 'external:wrong'}
        accessRestrictions: [{plugin: audit-log, permission: audit.log.delete}]
      - type: static
        options: {token: ref-attr-update-token-0005, subject: 'external:attr'}
        accessRestrictions: [{plugin: audit-log, permissionAttribute: {action: update}}]
";

/// The words of a recorded `curl` command, a backslash taking the next character as it is.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        let word = words.last_mut().expect("a word");
        match c {
            ' ' => words.push(String::new()),
            '\\' => word.extend(chars.next()),
            _ => word.push(c),
        }
    }
    words
}

/// The request that a recorded `curl` command sent, with more parameters.
pub fn recorded_request(command: &str, parameters: &str) -> String {
    let (mut method, mut version, mut headers) = ("GET", "1.1", String::new());
    let (mut target, mut body) = (String::new(), String::new());
    let words = words(command.strip_prefix("### curl ").expect("a command"));
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let mut next = || words.next().expect("its value");
        match word {
            "-X" => method = next(),
            "-I" => method = "HEAD",
            "-H" => headers += &format!("{}\r\n", next()),
            "-d" => body += next(),
            "-g" => {}
            "--http1.0" => version = "1.0",
            "--http2" => {
                headers += "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
            }
            url => {
                target += url
                    .strip_prefix("http://127.0.0.1:7801")
                    .expect("its server")
            }
        }
    }
    if !parameters.is_empty() {
        let joint = if target.contains('?') { '&' } else { '?' };
        target += &format!("{joint}{parameters}");
    }
    let headers = headers.replace("aaaa...(20000)", &"a".repeat(20_000));
    let length = body.len();
    format!(
        "{method} {target} HTTP/{version}\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}
