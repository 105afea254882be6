//! What `ingest` reads: a path, or standard input as the file that it may be.

use std::{fs::File, io, path::PathBuf};

/// One that is named on the command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    Standard,
    File(PathBuf),
}

impl Input {
    /// What it is called, for messages.
    pub fn name(&self) -> String {
        match self {
            Self::Standard => "standard input".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Opens it.
    pub fn open(&self) -> io::Result<File> {
        match self {
            Self::Standard => standard_input(),
            Self::File(path) => File::open(path),
        }
    }
}

/// Standard input as the file that it may be.
#[cfg(unix)]
fn standard_input() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// Standard input as the file that it may be.
#[cfg(windows)]
fn standard_input() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
}
