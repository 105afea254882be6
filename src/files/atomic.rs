//! A file that appears under its name when it is complete, and not before.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// Symbolic links that are followed one after the other, as Linux does it.
const LINKS: usize = 40;

/// A file being written. Until [`AtomicFile::commit`] whatever had its name stays as it was; dropped before, it leaves
/// nothing behind.
#[derive(Debug)]
pub struct AtomicFile(Target);

#[derive(Debug)]
enum Target {
    /// A temporary file beside `path`, which it will replace.
    Replace {
        file: BufWriter<NamedTempFile>,
        path: PathBuf,
    },
    /// Something that cannot be replaced: a device, a pipe.
    Straight(BufWriter<File>),
}

impl AtomicFile {
    /// Begins to write what will be `path`.
    ///
    /// A symbolic link stays, and what it points to is replaced. A file that exists keeps its permissions and must be
    /// writable, though replacing it would not need that: who took the right away meant it. A new one is its owner's
    /// alone, for it holds an audit trail. What is not a regular file is written straight.
    pub fn create(path: &Path) -> io::Result<Self> {
        let Some(path) = replaceable(path)? else {
            // Appending, because /dev/stdout may be a file that the shell opened with `>>`.
            let file = OpenOptions::new().append(true).open(path)?;
            return Ok(Self(Target::Straight(BufWriter::new(file))));
        };
        fs::metadata(folder(&path))?;
        let file = tempfile::Builder::new()
            .prefix(".auditlog-")
            .tempfile_in(folder(&path))
            // The library's error names the temporary file, which nobody asked for.
            .map_err(|error| io::Error::from(error.kind()))?;
        match OpenOptions::new().write(true).open(&path) {
            Ok(old) => file
                .as_file()
                .set_permissions(old.metadata()?.permissions())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let file = BufWriter::new(file);
        Ok(Self(Target::Replace { file, path }))
    }

    /// Puts the file in its place, on the disk and not in a cache alone.
    pub fn commit(self) -> io::Result<()> {
        match self.0 {
            Target::Straight(mut file) => file.flush(),
            Target::Replace { file, path } => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.as_file().sync_all()?;
                file.persist(&path).map_err(|error| error.error)?;
                // The new name is in the folder. Not every system can sync one, and the file is in place already.
                if let Ok(folder) = File::open(folder(&path)) {
                    let _ = folder.sync_all();
                }
                Ok(())
            }
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Target::Replace { file, .. } => file.write(bytes),
            Target::Straight(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Target::Replace { file, .. } => file.flush(),
            Target::Straight(file) => file.flush(),
        }
    }
}

/// The path of the regular file, there already or not, that `path` leads to; none for anything else.
///
/// Link by link, since a link may point to a file that is yet to be made. What an open file descriptor stands for
/// (`/dev/stdout` leads to `/proc/self/fd/1`) is not replaced even where it is a file: its other users would go on
/// writing to the old one.
pub(super) fn replaceable(path: &Path) -> io::Result<Option<PathBuf>> {
    if path.file_name().is_none() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(metadata) if !metadata.is_file() => return Ok(None),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        if path.starts_with("/proc") || path.starts_with("/dev/fd") {
            return Ok(None);
        }
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => {
                path = folder(&path).join(fs::read_link(&path)?);
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => return Ok(Some(path)),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}
