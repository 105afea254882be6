//! Files that are written whole or not at all, files that grow and can be cut back, and files that one program at a
//! time may have.
//!
//! Knows nothing of what is written.

mod append;
mod atomic;
mod owned;

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

pub use append::{AppendError, AppendedFile};
pub use atomic::AtomicFile;
pub use owned::OwnedFile;

/// The text of a file of at most `max` bytes; a larger one is an error, and never read in part.
pub fn read_at_most(path: &Path, max: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(max + 1).read_to_string(&mut text)?;
    match text.len() as u64 <= max {
        true => Ok(text),
        false => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {max} bytes"),
        )),
    }
}

/// Whether others than its owner can read a file.
#[cfg(unix)]
pub fn is_exposed(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

/// There a file's permissions are not known.
#[cfg(not(unix))]
pub fn is_exposed(_path: &Path) -> bool {
    false
}

/// What a file is known by, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId(u64, u64);

impl FileId {
    /// Its device and number, where the system has such.
    #[cfg(unix)]
    pub fn of(file: &fs::Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self(file.dev(), file.ino()))
    }

    /// None is known here.
    #[cfg(not(unix))]
    pub fn of(_file: &fs::Metadata) -> Option<Self> {
        None
    }

    /// That of the file which has this name now.
    pub fn at(path: &Path) -> Option<Self> {
        Self::of(&fs::metadata(path).ok()?)
    }
}

/// Whether two paths lead to one file, whether it is there yet or not.
pub fn is_same(a: &Path, b: &Path) -> bool {
    let place = |path: &Path| {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    let whole = |path: &Path| path.canonicalize().ok().or_else(|| place(path));
    a == b || whole(a).is_some_and(|a| Some(a) == whole(b))
}
