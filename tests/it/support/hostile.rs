//! Values that an attacker would choose, events of them, and the writing of those.

use auditlog::{
    api::Event,
    output::{Layout, OutputFormat},
    query::Zone,
};

/// Values that an attacker would choose. None begins with a space.
pub const HOSTILE: [&str; 26] = [
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}]0;owned\u{7}",
    "\u{1b}]8;;https://example.com\u{1b}\\link",
    "\u{9b}31m\u{9d}0;x\u{9c}",
    "user:default/\u{202e}nimda",
    "\u{2066}a\u{2069}\u{200f}\u{61c}",
    "two\nlines\u{2028}three",
    "lone\rcarriage",
    "tab\there\u{b}\u{c}",
    "nul\0bell\u{7}back\u{8}\u{8}\u{8}del\u{7f}",
    "=1+1",
    "=HYPERLINK(\"http://example.com\",\"x\")",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\0=1",
    "'x",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{644}\u{627}\u{644}\u{627}\u{644}\u{627}\u{644}\u{627}\u{644}\u{627}",
    "👨\u{200d}👩\u{200d}👧 👍\u{1f3fd}👍\u{1f3fd}👍\u{1f3fd} 🇩🇪 ❤\u{fe0f} 1\u{fe0f}\u{20e3}",
    "日本語日本語日本語日本語日本語日本語日本語",
    "\u{1100}\u{1161}\u{11a8} \u{1780}\u{17d2}\u{1780}\u{17d2}\u{1780} \u{e01}\u{e33}",
    "\u{feff}\u{ad}\u{3164}\u{e0041}",
    "\u{301}\u{301}mark first",
    "",
];

/// The hostile values and three that are long.
pub fn hostile() -> Vec<String> {
    let mut values: Vec<String> = HOSTILE.iter().map(|value| (*value).to_owned()).collect();
    values.push("x".repeat(10_000));
    values.push("Z\u{301}\u{302}\u{303}\u{304}\u{305}".repeat(2_000));
    values.push(format!("a{}", "\u{20dd}".repeat(10_000)));
    values
}

/// An event with `value` in every text field that its sender chose.
pub fn event_of(value: &str) -> Event {
    let value = serde_json::to_string(value).unwrap();
    let json = format!(
        r#"{{"id":"1","event_time":"2026-11-21T20:15:46.100Z","plugin_id":{value},"event_id":{value},"severity_level":{value},"status":{value},"actor_id":{value},"request_url":{value},"entity_ref":{value},{value}:{value},"meta":{{"x":{value}}}}}"#
    );
    Event::from_json(&json).unwrap()
}

/// A layout that goes to no terminal, in UTC.
pub fn layout() -> Layout {
    Layout {
        width: None,
        color: false,
        zone: Zone::UTC,
        header: true,
        columns: None,
        csv_raw: false,
    }
}

/// A whole answer.
pub fn written(format: OutputFormat, layout: Layout, events: &[Event]) -> String {
    let mut out = Vec::new();
    let mut format = format.format(layout);
    format.begin(&mut out).unwrap();
    for event in events {
        format.event(&mut out, event).unwrap();
    }
    format.end(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}
