//! `auditlog events` asked of a scripted server, and the events that such servers give.

use std::process::Command;

use super::{Home, Run};

/// Has every kind of character that base64 has, so that a copy in a URL or in JSON looks different.
pub const TOKEN: &str = "q7Zk+9vR/tb2XwPe+0sLmA/yHc4uJd8=";

/// The window of every event of these tests.
pub const WINDOW: [&str; 4] = ["--since", "2026-11-01", "--until", "2026-12-01"];

impl Home {
    /// `events` of the server at `url` with [`TOKEN`], in [`WINDOW`] unless the arguments name another.
    pub fn asking(&self, url: &str, args: &[&str]) -> Command {
        let mut all = vec!["events", "--url", url];
        if !args.iter().any(|arg| matches!(*arg, "--since" | "--last")) {
            all.extend(WINDOW);
        }
        all.extend(args);
        let mut command = self.command(&all);
        command.env("AUDITLOG_TOKEN", TOKEN);
        command
    }

    pub fn ask(&self, url: &str, args: &[&str]) -> Run {
        Run::of(self.asking(url, args).output().expect("the program starts"))
    }
}

impl Run {
    /// The one line of stderr, which begins with `error: `.
    pub fn only_error(&self) -> &str {
        let line = self.stderr.strip_suffix('\n').expect("a line");
        assert!(
            line.starts_with("error: ") && !line.contains('\n'),
            "{self:#?}"
        );
        line
    }
}

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

/// Lines of JSON, as `-o jsonl` writes them.
pub fn lines(events: &[String]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}
