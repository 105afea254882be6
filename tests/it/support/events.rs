//! Events: as JSON text, as servers give them, and as a store takes them.

use auditlog::api::Event;

/// An event of second `second` of the window, as JSON text.
pub fn event(id: &str, second: usize) -> String {
    event_of(id, second, "catalog")
}

/// The same of another plugin.
pub fn event_of(id: &str, second: usize, plugin: &str) -> String {
    let (minute, second) = (second / 60, second % 60);
    format!(
        r#"{{"id":"{id}","event_time":"2026-11-21T10:{minute:02}:{second:02}.000Z","plugin_id":"{plugin}","event_id":"entity-fetch","actor_id":"user:default/john","meta":{{}}}}"#
    )
}

/// `count` events, newest first, a second between each two.
pub fn trail(count: usize) -> Vec<String> {
    (0..count)
        .rev()
        .map(|n| event(&format!("id-{n:04}"), n))
        .collect()
}

/// The same, each recorded when it happened, as servers have it: that is how a reading can tell that none came meanwhile.
pub fn recorded_trail(count: usize) -> Vec<String> {
    let recorded = |event: String| {
        let (head, rest) = event.split_once(r#","plugin_id""#).expect("a plugin");
        let (_, time) = head.split_once(r#""event_time":"#).expect("a time");
        format!(r#"{head},"recorded_at":{time},"plugin_id"{rest}"#)
    };
    trail(count).into_iter().map(recorded).collect()
}

/// Lines of JSON, as `-o jsonl` writes them.
pub fn lines(events: &[String]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

/// The same as values, oldest first, as they are stored.
pub fn oldest_first(count: usize) -> Vec<Event> {
    let events = trail(count).into_iter().rev();
    events
        .map(|json| Event::from_json(&json).expect("an event"))
        .collect()
}
