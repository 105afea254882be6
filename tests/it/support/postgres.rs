//! A real PostgreSQL, started from the installed binaries and gone with the test that started it.

use std::{
    fs,
    io::Read,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use tokio_postgres::{Client, NoTls};

/// Who may do everything.
pub const USER: &str = "postgres";
/// Stays until a test that takes its own server has seen it answer.
const START: Duration = Duration::from_secs(60);

/// A server with a folder and a port of its own.
pub struct Postgres {
    dir: tempfile::TempDir,
    port: u16,
    owner: Option<(u32, u32)>,
    settings: Vec<String>,
    is_shared: bool,
    running: Option<Running>,
}

/// A server that ends with this value, and with the test program, however that ends.
struct Running {
    child: Child,
    /// The shell that started it waits for the end of this.
    _held: ChildStdin,
}

impl Postgres {
    /// The server that tests share. Each takes a database of its own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::new(&["fsync=off"], true))
    }

    /// A new server.
    pub fn start(settings: &[&str]) -> Self {
        Self::new(settings, false)
    }

    /// Its own order of texts is a language's, to see that nothing relies on it.
    fn new(settings: &[&str], is_shared: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // The server refuses to be root.
        let owner = fs::metadata("/proc/self").unwrap();
        let is_root = std::os::unix::fs::MetadataExt::uid(&owner) == 0;
        let owner = is_root.then(|| ids_of("postgres").unwrap_or((65534, 65534)));
        if let Some((user, group)) = owner {
            chown(dir.path(), Some(user), Some(group)).unwrap();
        }
        let mut server = Self {
            port: free_port(),
            dir,
            owner,
            settings: settings.iter().map(|it| (*it).to_owned()).collect(),
            is_shared,
            running: None,
        };
        let password = server.dir.path().join("password");
        fs::write(&password, "sesame\n").unwrap();
        server.give(&password);
        let made = server
            .command("initdb")
            .args(["--username", USER, "--auth-local", "trust"])
            .args([
                "--auth-host",
                "scram-sha-256",
                "--encoding",
                "UTF8",
                "--no-sync",
            ])
            .args([
                "--locale",
                "C.UTF-8",
                "--locale-provider",
                "icu",
                "--icu-locale",
                "en",
            ])
            .arg("--pwfile")
            .arg(&password)
            .arg("--pgdata")
            .arg(server.data())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        server.run();
        server
    }

    /// A file or folder for the server's user alone, as it wants its keys.
    pub fn give(&self, path: &Path) {
        if let Some((user, group)) = self.owner {
            chown(path, Some(user), Some(group)).unwrap();
        }
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// A setting, for when it starts again.
    pub fn set(&mut self, setting: &str) {
        self.settings.push(setting.to_owned());
    }

    /// Its folder, in which its user can read.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(programs().join(program));
        command.current_dir(self.dir.path());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    /// Starts it, and waits until it answers.
    pub fn run(&mut self) {
        let mut shell = Command::new("sh");
        shell.current_dir(self.dir.path());
        if let Some((user, group)) = self.owner {
            shell.uid(user).gid(group);
        }
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.dir.path().join("log"))
            .unwrap();
        // The shell stops the server when nobody holds its input any more, and clears away what nobody else will.
        shell
            .args(["-c", r#"exec 3<&0; "$@" </dev/null 3<&- & server=$!
                (cat <&3 >/dev/null; kill -QUIT $server; [ -z "$0" ] || { wait; rm -rf "$0"; }) 2>/dev/null &
                wait $server"#])
            .arg(match self.is_shared {
                true => self.dir.path().as_os_str(),
                false => "".as_ref(),
            })
            .arg(programs().join("postgres"))
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-k"])
            .arg(self.dir.path())
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"])
            .args(self.settings.iter().flat_map(|it| ["-c", it.as_str()]))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let mut child = shell.spawn().unwrap();
        let held = child.stdin.take().unwrap();
        self.running = Some(Running { child, _held: held });
        let end = Instant::now() + START;
        while !self.answers() {
            assert!(Instant::now() < end, "{}", self.log());
            sleep(Duration::from_millis(20));
        }
    }

    fn answers(&self) -> bool {
        let ready = self
            .command("pg_isready")
            .args([
                "-q",
                "-t",
                "5",
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
            ])
            .status();
        ready.unwrap().success()
    }

    /// What the server says.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Ends it as a loss of power ends its processes: no word to anybody.
    pub fn kill(&mut self) {
        let pid = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap().to_owned();
        let children = Command::new("pgrep").args(["-P", &pid]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        let killed = Command::new("kill").args(["-9", &pid]).status().unwrap();
        assert!(killed.success());
        if let Some(mut running) = self.running.take() {
            running.child.wait().unwrap();
        }
        // Its children notice by themselves, and a new server does not start before. One that nobody buries has no program.
        let end = Instant::now() + START;
        for child in children.lines() {
            while fs::read_link(format!("/proc/{child}/exe")).is_ok() {
                assert!(Instant::now() < end, "process {child} goes on");
                sleep(Duration::from_millis(5));
            }
        }
    }

    /// A new, empty database, as a URL with a password.
    pub fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("trail{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://{USER}:sesame@127.0.0.1:{}/{database}",
            self.port
        )
    }

    /// What the database's own shell answers.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let output = self
            .command("psql")
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                USER,
                "-h",
            ])
            .arg(self.dir.path())
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql])
            .output()
            .unwrap();
        assert!(output.status.success(), "{sql}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// The database of a URL.
pub fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

/// A connection of the test's own.
pub async fn connected(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Where the newest PostgreSQL of this machine is.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A link on the path leads to where the others are, too.
    let on_path = std::env::split_paths(&path).find_map(|dir| {
        let initdb = dir.join("initdb").canonicalize().ok()?;
        Some(initdb.parent()?.to_owned())
    });
    let packaged = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut packaged: Vec<_> = packaged
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|dir| dir.join("initdb").exists())
        .collect();
    packaged.sort();
    on_path
        .or(packaged.pop())
        .expect("PostgreSQL: initdb is neither on the path nor below /usr/lib/postgresql")
}

fn ids_of(user: &str) -> Option<(u32, u32)> {
    let mut text = String::new();
    fs::File::open("/etc/passwd")
        .ok()?
        .read_to_string(&mut text)
        .ok()?;
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{user}:")))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
