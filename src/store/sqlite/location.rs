//! Connections to SQLite: where a store lies, whether it is one, its settings and its version.
//!
//! The file is never opened by anything but SQLite once it exists: closing any other handle of it would drop the
//! locks that this process holds, as POSIX has it, and two writers could then destroy it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior,
    config::DbConfig,
    functions::{Context, FunctionFlags},
};

use super::{
    appending::{Appending, KnownKinds},
    loading,
};
use crate::{
    api::Event,
    store::{
        error::StoreError,
        sql::{MATCHES_ANY, wildcards},
        text::unescaped,
    },
};

/// Marks a SQLite file as a store of this program: "alog".
const APPLICATION_ID: i64 = 0x616c_6f67;
/// What makes version n of a store out of version n − 1.
const MIGRATIONS: [&str; 2] = [
    include_str!("migrations/0001_events.sql"),
    include_str!("migrations/0002_counts.sql"),
];
/// Newest version that this program knows.
const VERSION: i64 = MIGRATIONS.len() as i64;
/// Whose file it is, its version, and whether nobody has made anything of it yet (its pages do not tell: a transaction
/// begins with adding one). One statement, which sees one moment: another program may be making a store of it.
const MARKS: &str = "SELECT application_id, user_version, NOT EXISTS (SELECT 1 FROM sqlite_schema)
    FROM pragma_application_id, pragma_user_version";
/// How long a statement waits for another program's lock.
pub(super) const BUSY: Duration = Duration::from_secs(10);

/// Where a store lies, and how its connections are opened.
#[derive(Clone, Debug)]
pub(super) enum Location {
    /// A file that can be written, as far as its mode lets us.
    File(PathBuf),
    /// A file that is only read.
    ReadOnly(PathBuf),
    /// A file in a place where not even SQLite's side files can be created. Nobody may be writing to it.
    Immutable(PathBuf),
    /// The memory of this process, under a name of its own.
    Memory(u64),
}

impl Location {
    /// A place in memory that nobody else has.
    pub(super) fn new_memory() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self::Memory(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// A connection, not yet known to be to a store.
    pub(super) fn connect(&self) -> Result<Connection, StoreError> {
        let write = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let read = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let uri = OpenFlags::SQLITE_OPEN_URI;
        let opened = match self {
            Self::File(path) => Connection::open_with_flags(path, write),
            Self::ReadOnly(path) => Connection::open_with_flags(path, read),
            Self::Immutable(path) => {
                let name = format!("file:{}?immutable=1", percent_encoded(path));
                Connection::open_with_flags(name, read | uri)
            }
            Self::Memory(number) => {
                let name = format!("file:/auditlog-{number}?vfs=memdb");
                Connection::open_with_flags(name, write | OpenFlags::SQLITE_OPEN_CREATE | uri)
            }
        };
        let connection = opened.map_err(|error| self.cannot_open(error))?;
        set_up(&connection).map_err(|error| self.cannot_open(error))?;
        Ok(connection)
    }

    /// A connection to a store of the newest version, which an older or an empty one becomes.
    pub(super) fn open(&self) -> Result<Connection, StoreError> {
        let mut connection = self.connect()?;
        self.migrate(&mut connection)?;
        Ok(connection)
    }

    fn migrate(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let found = self.version(connection)?;
        if found < VERSION {
            // Deleted events give their space back. A new store is asked for this before it has its first table; one that
            // has some is written anew for it, below.
            connection.pragma_update(None, "auto_vacuum", "incremental")?;
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Once more, because another program may have been faster.
            let found = usize::try_from(self.version(&transaction)?).unwrap_or_default();
            for migration in MIGRATIONS.iter().skip(found) {
                transaction.execute_batch(migration)?;
            }
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            match found < 2 {
                true => take_old_events(transaction)?,
                false => transaction.commit()?,
            }
            if found > 0 {
                connection.execute_batch("VACUUM")?;
            }
        }
        // After the first commit, so that the main file says whose it is without its write-ahead log.
        keep_write_ahead_log(connection)?;
        match connection.is_readonly("main")? {
            true => Ok(()),
            false => loading::finish(connection),
        }
    }

    /// The version of the store, 0 for an empty database.
    fn version(&self, connection: &Connection) -> Result<i64, StoreError> {
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let marks = connection
            .query_row(MARKS, [], row)
            .map_err(|error| self.cannot_open(error))?;
        match marks {
            (APPLICATION_ID, found, _) if found > VERSION => Err(StoreError::TooNew {
                found,
                known: VERSION,
            }),
            (APPLICATION_ID, found, _) if found > 0 => Ok(found),
            (0, 0, true) => Ok(0),
            _ => Err(StoreError::NotAStore(self.path().into())),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::ReadOnly(path) | Self::Immutable(path) => path,
            Self::Memory(_) => Path::new(":memory:"),
        }
    }

    fn cannot_open(&self, error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => StoreError::NotAStore(self.path().into()),
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => StoreError::CannotOpen {
                store: self.path().into(),
                reason: error.to_string(),
            },
            _ => error.into(),
        }
    }
}

/// Stores the events of the first version once more, with their kinds and counts, and ends the transaction.
fn take_old_events(transaction: Transaction<'_>) -> Result<(), StoreError> {
    let mut known = KnownKinds::new();
    let mut appending = Appending::within(transaction, &mut known);
    let mut last = i64::MIN;
    loop {
        let old = old_events(&appending.transaction, last)?;
        let Some((rowid, ..)) = old.last() else { break };
        last = *rowid;
        for (_, source, event) in &old {
            appending.store(*source, event)?;
        }
    }
    appending
        .transaction
        .execute_batch("DROP TABLE old_events")?;
    appending.commit()
}

/// The next rows of the first version's table: rowid, source, event.
fn old_events(
    transaction: &Transaction<'_>,
    after: i64,
) -> Result<Vec<(i64, i64, Event)>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT rowid, source, body FROM old_events WHERE rowid > ? ORDER BY rowid LIMIT 1000",
    )?;
    let mut rows = statement.query([after])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let body = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
        let event = Event::from_json(body);
        let event = event.map_err(|error| StoreError::Damaged(format!("an event: {error}")))?;
        events.push((row.get(0)?, row.get(1)?, event));
    }
    Ok(events)
}

/// Goes over to a write-ahead log, in which readers and a writer do not wait for each other.
///
/// This alone SQLite does not wait for: while other programs open the same new store, it is tried again.
fn keep_write_ahead_log(connection: &Connection) -> Result<(), StoreError> {
    let end = Instant::now() + BUSY;
    loop {
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        if mode != "delete" {
            return Ok(());
        }
        match connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())) {
            Err(error) if is_busy(&error) && Instant::now() < end => {
                sleep(Duration::from_millis(10))
            }
            done => return Ok(done?),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// The file of a store, created empty and readable by its owner alone where there is none.
pub(super) fn open_or_create(path: &Path) -> Result<(Location, Connection), StoreError> {
    let path = absolute(path)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let is_absent = fs::symlink_metadata(&path).is_err();
    if is_absent && fs::metadata(log_of(&path)).is_ok_and(|log| log.len() > 0) {
        // SQLite would empty it.
        let reason = "its file is gone, and its write-ahead log (-wal) is still there: put the file back, or take the log away";
        return Err(StoreError::cannot_open(path, std::io::Error::other(reason)));
    }
    match options.open(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(StoreError::cannot_open(path, error));
        }
        _ => {
            refuse_foreign(&path)?;
        }
    }
    let location = Location::File(path);
    let connection = location.open()?;
    Ok((location, connection))
}

/// The file of a store that exists; where it cannot be written, in the way in which it can be read.
pub(super) fn open_existing(path: &Path) -> Result<(Location, Connection), StoreError> {
    let path = absolute(path)?;
    let size = |path: &Path| fs::metadata(path).map(|metadata| metadata.len());
    match size(&path) {
        Ok(0) => return Err(StoreError::NotAStore(path.into())),
        Ok(_) => {
            if refuse_foreign(&path)? == Some(0) {
                return Err(StoreError::NotAStore(path.into()));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StoreError::NotFound(path.into()));
        }
        Err(error) => return Err(StoreError::cannot_open(path, error)),
    }
    let mut ways = vec![
        Location::File(path.clone()),
        Location::ReadOnly(path.clone()),
    ];
    // An immutable file is read without its write-ahead log: only where nothing is in that is the answer whole.
    if size(&log_of(&path)).unwrap_or_default() == 0 {
        ways.push(Location::Immutable(path));
    }
    let mut refused = None;
    for location in ways {
        match location.open().and_then(|it| is_readable(&it).map(|()| it)) {
            Ok(connection) => return Ok((location, connection)),
            Err(error @ (StoreError::CannotOpen { .. } | StoreError::ReadOnly)) => {
                refused.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(refused.unwrap_or(StoreError::ReadOnly))
}

/// The write-ahead log of a file.
fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// Stops at a file that is not ours before SQLite could repair it or put files beside it.
///
/// The look is at the main file alone, as it lies. What looks damaged may be in the middle of a write by another
/// program: then the connection that follows decides, which knows of locks.
///
/// Gives the version that the file has, as far as it can be seen; 0 for an empty database.
fn refuse_foreign(path: &Path) -> Result<Option<i64>, StoreError> {
    // SQLite takes a file that is shorter than its smallest page for an empty one, and would write over it.
    match fs::metadata(path) {
        Ok(file) if file.is_dir() => {
            let error = std::io::Error::from(std::io::ErrorKind::IsADirectory);
            return Err(StoreError::cannot_open(path, error));
        }
        Ok(file) if (1..512).contains(&file.len()) => {
            return Err(StoreError::NotAStore(path.into()));
        }
        _ => {}
    }
    let location = Location::Immutable(path.to_owned());
    match location.connect().and_then(|it| location.version(&it)) {
        Err(error @ (StoreError::NotAStore(_) | StoreError::TooNew { .. })) => Err(error),
        version => Ok(version.ok()),
    }
}

/// Side files are first needed by a first read.
fn is_readable(connection: &Connection) -> Result<(), StoreError> {
    let read = connection.query_row("SELECT count(*) FROM sources", [], |_| Ok(()));
    read.map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => StoreError::ReadOnly,
        _ => error.into(),
    })
}

/// An absolute path is never one of SQLite's special names (`:memory:`, `file:…`).
fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    std::path::absolute(path).map_err(|error| StoreError::cannot_open(path, error))
}

fn percent_encoded(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().map(|byte| format!("%{byte:02x}")).collect()
}

fn set_up(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Else a statement is planned anew for each value that is bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function(MATCHES_ANY, 2, flags, matches_any)
}

/// Null matches nothing. The patterns are read once a statement.
fn matches_any(context: &Context<'_>) -> Result<Option<bool>, rusqlite::Error> {
    let patterns = context.get_or_create_aux(1, |list| match list.as_str() {
        Ok(list) => wildcards(list).map_err(Box::from),
        Err(error) => Err(Box::<dyn std::error::Error + Send + Sync>::from(error)),
    })?;
    let stored = context.get_raw(0).as_str_or_null();
    let stored = stored.map_err(|error| rusqlite::Error::UserFunctionError(error.into()))?;
    Ok(stored.map(|stored| {
        let text = unescaped(stored);
        patterns.iter().any(|pattern| pattern.matches(&text))
    }))
}
