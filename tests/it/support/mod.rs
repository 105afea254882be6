//! What the tests share: a home of their own, and the program run in it with nothing inherited.

pub mod asking;
pub mod authority;
#[cfg(unix)]
pub mod contract;
pub mod events;
pub mod following;
pub mod growing;
pub mod hostile;
pub mod logs;
pub mod message;
pub mod model_server;
#[cfg(unix)]
pub mod operating;
pub mod pages;
#[cfg(unix)]
pub mod postgres;
pub mod posting;
pub mod process;
#[cfg(unix)]
pub mod pty;
pub mod receipt;
pub mod recorded;
pub mod rules;
pub mod schedule;
pub mod scripted;
pub mod served;
pub mod tailing;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use sha2::{Digest, Sha256};

/// The token of the tests. It has every kind of character that base64 has, so that a copy in a URL or in JSON looks
/// different.
pub const TOKEN: &str = "q7Zk+9vR/tb2XwPe+0sLmA/yHc4uJd8=";

/// The files of the configuration in a [`Home`].
pub const CONFIG: &str = ".config/auditlog/config.toml";
pub const CREDENTIALS: &str = ".config/auditlog/credentials.toml";

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
        fs::write(&path, content).expect("a file is written");
        path
    }

    /// A file that nobody else can read.
    pub fn write_private(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.write(name, content);
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("a mode is set");
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file of text")
    }

    pub fn write_config(&self, text: &str) {
        fs::create_dir_all(self.path(".config/auditlog")).expect("a folder");
        self.write(CONFIG, text);
    }

    /// The names of everything in it, sorted.
    pub fn names(&self) -> Vec<String> {
        names(self.dir.path())
    }

    /// Who may do what with a file or a folder of it.
    #[cfg(unix)]
    pub fn mode(&self, name: &str) -> u32 {
        use std::os::unix::fs::PermissionsExt;
        let metadata = fs::metadata(self.path(name)).expect("it is there");
        metadata.permissions().mode() & 0o7777
    }

    /// A script of the shell, in which `$0` is the program, with the environment of [`Home::command`].
    #[cfg(unix)]
    pub fn in_shell(&self, script: &str) -> Run {
        let program = self.command(&["-c", script]);
        let mut shell = Command::new("sh");
        shell
            .args(program.get_args())
            .arg(program.get_program())
            .current_dir(self.dir.path())
            .env_clear()
            .envs(
                program
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .stdin(Stdio::null());
        Run::of(shell.output().expect("the shell starts"))
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

    /// A run that must succeed.
    pub fn run_well(&self, args: &[&str]) -> Run {
        let run = self.run(args);
        assert_eq!(run.code, 0, "{args:?}: {run:?}");
        run
    }

    /// The same, where nothing of it matters any more.
    pub fn done(&self, args: &[&str]) {
        let _ = self.run_well(args);
    }

    /// Takes a log into the store `s.db`.
    pub fn ingest(&self, log: impl AsRef<[u8]>) -> Run {
        self.write("log", log);
        self.run_well(&["ingest", "--store", "s.db", "log"])
    }

    /// One whose `s.db` holds what a real Backstage logged.
    pub fn with_recording() -> Self {
        let home = Self::new();
        let _ = home.ingest(fs::read(fixture(logs::RECORDING)).expect("the recording"));
        home
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

    /// A run with something on standard input, which the program may leave unread.
    pub fn fed(mut command: Command, input: impl AsRef<[u8]>) -> Self {
        let streams = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = streams.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let _ = stdin.write_all(input.as_ref());
        drop(stdin);
        Self::of(child.wait_with_output().expect("it ends"))
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

/// The names of everything in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("text"))
        .collect();
    names.sort();
    names
}

/// As `sha256sum` prints it.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file of `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}
