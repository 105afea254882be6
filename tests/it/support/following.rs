//! `auditlog events --follow` as a process, and the events that come while it runs.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread::JoinHandle,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Home, Run, TOKEN, process::signal};

/// A follower; it ends with this value.
pub struct Following {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: Option<JoinHandle<String>>,
}

impl Following {
    /// Follows with these arguments behind `events --follow`, and [`TOKEN`] in the environment.
    pub fn start(home: &Home, args: &[&str]) -> Self {
        let mut command =
            home.command(&[&["events", "--follow", "--interval", "1s"], args].concat());
        command.env("AUDITLOG_TOKEN", TOKEN);
        Self::spawn(command)
    }

    pub fn spawn(mut command: Command) -> Self {
        let streams = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = streams.spawn().expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut pipe = child.stderr.take().expect("a pipe");
        // Read beside stdout, so that neither can fill up.
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            pipe.read_to_string(&mut text).expect("text");
            text
        });
        Self {
            child,
            stdout,
            stderr: Some(stderr),
        }
    }

    /// The next line of stdout.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        assert!(line.ends_with('\n'), "it ended: {line:?} {:?}", self.end());
        line.trim_end().to_owned()
    }

    /// The next so many lines.
    pub fn lines(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.line()).collect()
    }

    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it is ours");
    }

    /// Waits until it ends; stdout is what has not been read.
    pub fn end(&mut self) -> Run {
        let mut stdout = Vec::new();
        self.stdout.read_to_end(&mut stdout).expect("a pipe");
        let status = self.child.wait().expect("an end");
        let stderr = self.stderr.take().map(|it| it.join().expect("text"));
        Run {
            code: status.code().unwrap_or(-9),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: stderr.unwrap_or_default(),
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The ids of whole lines of JSON; a line that was cut off is none.
pub fn ids(text: &str) -> Vec<String> {
    let lines = text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    let id = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?}"));
        event["id"].as_str().expect("text").to_owned()
    };
    lines.map(id).collect()
}

/// The ids of a store, oldest first, read past the program.
pub fn stored_ids(store: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(store).expect("a database");
    let mut statement = connection
        .prepare("SELECT id FROM events ORDER BY event_time, id")
        .expect("a store");
    let rows = statement.query_map([], |row| row.get(0));
    rows.expect("rows").map(|row| row.expect("a row")).collect()
}

/// What a checkpoint says: the length of its file, and the hashes of the ids that it remembers. None before it has
/// begun.
pub fn checkpoint(path: &Path) -> Option<(Option<u64>, BTreeSet<[u8; 16]>)> {
    let text = std::fs::read_to_string(path)
        .ok()
        .filter(|text| !text.is_empty())?;
    let value: Value = serde_json::from_str(&text).expect("JSON, at every moment");
    let remembered = value["position"]["remembered"].as_str()?;
    let bytes = STANDARD.decode(remembered).expect("base64");
    let key = |row: &[u8]| <[u8; 16]>::try_from(&row[..16]).expect("16 bytes");
    Some((
        value["length"].as_u64(),
        bytes.chunks(25).map(key).collect(),
    ))
}

/// The hash of an id in a checkpoint.
pub fn hash(id: &str) -> [u8; 16] {
    Sha256::digest(id)[..16].try_into().expect("16 bytes")
}
