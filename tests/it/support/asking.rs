//! `auditlog events` asked of a server.

use std::process::Command;

use super::{Home, Run, TOKEN};

/// A window around every event of [`super::events`].
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
