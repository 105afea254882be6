//! What the tests share: a home of their own, and the program run in it with nothing inherited.

pub mod asking;
pub mod canned;
pub mod events;
pub mod pages;
pub mod process;
#[cfg(unix)]
pub mod pty;
pub mod recorded;
pub mod scripted;
pub mod served;
pub mod trail;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use auditlog::api::{Event, Timestamp};

/// A folder that is home, configuration and working directory of the programs run in it.
pub struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file is written");
        path
    }

    /// The program, with an environment that holds nothing of the tester's.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auditlog"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("HOME", self.dir.path())
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(args).output().expect("the program starts"))
    }
}

/// What a run left behind.
#[derive(Debug)]
#[must_use]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(output: Output) -> Self {
        Self {
            code: output
                .status
                .code()
                .unwrap_or_else(|| -signal(output.status)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The signal that killed it: a crash, or somebody from outside.
#[cfg(unix)]
fn signal(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.signal().unwrap_or_default()
}

#[cfg(not(unix))]
fn signal(_status: std::process::ExitStatus) -> i32 {
    1
}

/// A file of `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// Events with a second between each two and ids that rise with them.
pub fn events(count: usize) -> Vec<Event> {
    let event = |number: usize| {
        let time = Timestamp::from_micros(1_790_000_000_000_000 + number as i64 * 1_000_000);
        let time = time.expect("a time that a calendar has");
        let json = format!(
            r#"{{"id":"id-{number:06}","event_time":"{time}","recorded_at":"{time}","plugin_id":"catalog","event_id":"entity-fetch","severity_level":"low","status":"succeeded","actor_type":"user","actor_id":"user:default/john","meta":{{"n":{number}}}}}"#
        );
        Event::from_json(&json).expect("an event")
    };
    (0..count).map(event).collect()
}
