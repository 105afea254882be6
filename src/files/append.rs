//! A file that grows, and can be cut back to what is known to be whole.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::atomic::{folder, replaceable};

/// Bytes that are written at once.
const PORTION: usize = 64 * 1024;

/// A file that is appended to, by one program at a time. Where it is no regular file (a pipe, a device) it is written
/// straight, has no length, and nothing can be taken back.
#[derive(Debug)]
pub struct AppendedFile {
    file: File,
    is_regular: bool,
    buffer: Vec<u8>,
    /// Its length when it was handed on last.
    whole: u64,
}

/// Why a file cannot be appended to.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// It cannot be opened or changed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Another program has it.
    #[error("another program is writing to it")]
    InUse,
    /// It was longer.
    #[error("it has {is} bytes and had {was}")]
    Shorter {
        /// Bytes that it has.
        is: u64,
        /// Bytes that were written to it.
        was: u64,
    },
}

impl AppendedFile {
    /// Opens a file to append to it; a new one is its owner's alone. With `keep`, what lies behind so many bytes is cut
    /// off.
    pub fn open(path: &Path, keep: Option<u64>) -> Result<Self, AppendError> {
        let is_new = !path.exists();
        let is_regular = replaceable(path)?.is_some();
        let mut options = OpenOptions::new();
        // A pipe that is opened to be read as well would never tell that its reader is gone.
        options.read(is_regular).append(true).create(is_new);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut appended = Self {
            file: options.open(path)?,
            is_regular,
            buffer: Vec::new(),
            whole: 0,
        };
        if appended.is_regular {
            appended.claim(keep)?;
        }
        if is_new && let Ok(folder) = File::open(folder(path)) {
            // The name is in the folder. Not every system can sync one.
            let _ = folder.sync_all();
        }
        Ok(appended)
    }

    fn claim(&mut self, keep: Option<u64>) -> Result<(), AppendError> {
        match self.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(AppendError::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        self.whole = self.file.metadata()?.len();
        match keep {
            Some(was) if self.whole < was => {
                let is = self.whole;
                return Err(AppendError::Shorter { is, was });
            }
            Some(was) => self.cut_to(was)?,
            None if self.is_mid_line()? => self.buffer.push(b'\n'),
            None => {}
        }
        Ok(())
    }

    /// Whether nothing has been written to it yet.
    pub fn is_empty(&self) -> bool {
        self.whole == 0
    }

    /// Its length, as far as it was handed on; none where it has none.
    pub fn length(&self) -> Option<u64> {
        self.is_regular.then_some(self.whole)
    }

    /// Waits until all that was written is on the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        match self.is_regular {
            true => self.file.sync_data(),
            false => Ok(()),
        }
    }

    /// Takes back what was written since it was handed on last.
    pub fn take_back(&mut self) -> io::Result<()> {
        self.buffer.clear();
        match self.is_regular {
            true => self.cut_to(self.whole),
            false => Ok(()),
        }
    }

    fn cut_to(&mut self, length: u64) -> io::Result<()> {
        if self.file.metadata()?.len() != length {
            self.file.set_len(length)?;
        }
        self.whole = length;
        Ok(())
    }

    /// Whether it ends in the middle of a line, as after a crash: what follows must not go on there.
    fn is_mid_line(&mut self) -> io::Result<bool> {
        if self.whole == 0 {
            return Ok(false);
        }
        let mut last = [0];
        self.file.seek(SeekFrom::End(-1))?;
        self.file.read_exact(&mut last)?;
        Ok(last != *b"\n")
    }

    fn write_out(&mut self) -> io::Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        self.file.write_all(&buffer)
    }
}

impl Write for AppendedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PORTION {
            self.write_out()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out()?;
        if self.is_regular {
            self.whole = self.file.metadata()?.len();
        }
        Ok(())
    }
}
