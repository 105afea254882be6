//! A small file that one program at a time may have, and replaces whole.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use super::{
    FileId,
    atomic::{folder, replaceable},
};

/// Largest content that is read.
const MAX_BYTES: u64 = 64 << 20;

/// A file that no other program of this kind can open until this value is dropped. Whatever happens while it is
/// replaced, it has its old content or its new one.
///
/// The lock lies on the file itself, for a file beside it would be litter. Each new file is locked before it takes the
/// name, so that the name is never without a lock.
#[derive(Debug)]
pub struct OwnedFile {
    file: File,
    path: PathBuf,
}

impl OwnedFile {
    /// Opens a file, created empty and readable by its owner alone where there is none. The error is of the kind
    /// `WouldBlock` where another program has it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let regular = replaceable(path)?;
        let path = regular.ok_or_else(|| io::Error::other("it is not a regular file"))?;
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options.open(&path)?;
            lock(&file)?;
            // Between the opening and the lock another program may have replaced it, and ended.
            if FileId::of(&file.metadata()?) == FileId::at(&path) {
                return Ok(Self { file, path });
            }
        }
    }

    /// The content.
    pub fn read(&mut self) -> io::Result<String> {
        let mut text = String::new();
        let read = (&self.file).take(MAX_BYTES).read_to_string(&mut text)?;
        match read as u64 == MAX_BYTES {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => Ok(text),
        }
    }

    /// Replaces the content, on the disk and not in a cache alone.
    pub fn replace(&mut self, text: &str) -> io::Result<()> {
        let mut name = self
            .path
            .file_name()
            .map_or_else(OsString::new, OsString::from);
        name.push(".new");
        let new = self.path.with_file_name(name);
        // What a killed program left. Nobody else makes one, since nobody else has the lock.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = self.write_new(&new, text);
        let renamed = file.and_then(|file| fs::rename(&new, &self.path).map(|()| file));
        match renamed {
            Ok(file) => self.file = file,
            Err(error) => {
                let _ = fs::remove_file(&new);
                return Err(error);
            }
        }
        // The new name is in the folder. Not every system can sync one.
        if let Ok(folder) = File::open(folder(&self.path)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    fn write_new(&self, path: &Path, text: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        lock(&file)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(file)
    }
}

// Windows would not let a locked file be replaced.
#[cfg(unix)]
fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(not(unix))]
fn lock(_file: &File) -> io::Result<()> {
    Ok(())
}
