//! `auditlog serve` as a process of its own, and signals.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
};

use super::{Home, Run, TOKEN, posting::allow};

/// Writes `app-config.yaml`, with which [`TOKEN`] may read and send.
pub fn allow_senders(home: &Home) {
    home.write_private("app-config.yaml", allow(""));
}

/// A server that is listening; it ends with this value.
pub struct Serving {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    pub url: String,
}

impl Serving {
    /// Serves a store of `home` for [`TOKEN`].
    pub fn store(home: &Home, store: &str) -> Self {
        home.write_private("accepted", TOKEN);
        Self::start(home, &["--store", store, "--accept-token-file", "accepted"])
    }

    /// Serves a store of `home` for [`TOKEN`], which may send, too.
    pub fn for_senders(home: &Home, store: &str) -> Self {
        Self::for_senders_at(home, store, "127.0.0.1:0")
    }

    /// The same at an address that is known.
    pub fn for_senders_at(home: &Home, store: &str, listen: &str) -> Self {
        allow_senders(home);
        let args = ["--store", store, "--config", "app-config.yaml"];
        Self::start_at(home, listen, &args)
    }

    /// Serves what the arguments say on a free port. There is nothing to wait for but its first line: the URL.
    pub fn start(home: &Home, args: &[&str]) -> Self {
        Self::start_at(home, "127.0.0.1:0", args)
    }

    /// The same at an address that is known.
    pub fn start_at(home: &Home, listen: &str, args: &[&str]) -> Self {
        let serve = ["serve", "--listen", listen];
        let mut command = home.command(&[&serve, args].concat());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut serving = Self {
            child,
            stdout,
            stderr,
            url: String::new(),
        };
        serving.url = serving.line();
        serving
    }

    /// The next line of stdout.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        assert!(line.ends_with('\n'), "the server ended: {line:?}");
        line.pop();
        line
    }

    /// The next line of stderr.
    pub fn said(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).expect("a line");
        assert!(line.ends_with('\n'), "the server ended: {line:?}");
        line.pop();
        line
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").expect("a plain URL")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits until it ends; what it printed beyond the lines that were read is in the result.
    pub fn wait(mut self) -> Run {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).expect("text");
        self.stderr.read_to_string(&mut stderr).expect("text");
        let status = self.child.wait().expect("an end");
        Run {
            code: status.code().unwrap_or(-1),
            stdout,
            stderr,
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal, like `INT`.
pub fn signal(child: &Child, name: &str) {
    // The shell's own: a bare machine has no program of that name.
    let kill = format!("kill -s {name} {}", child.id());
    let status = Command::new("sh").args(["-c", &kill]).status();
    assert!(status.expect("kill is there").success());
}

/// The most memory that a process has used so far, in kB.
pub fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
