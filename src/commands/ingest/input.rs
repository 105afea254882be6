//! What `ingest` reads: a path, or standard input as the file that it may be.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::PathBuf,
};

use flate2::read::MultiGzDecoder;

/// What a gzip file may hold. A small one can hold anything.
const MAX_INFLATED: u64 = 64 << 30;
/// What a gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

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

/// Whether a file is compressed.
pub fn is_gzip(file: &mut File) -> io::Result<bool> {
    let mut begin = Vec::new();
    file.by_ref()
        .take(GZIP.len() as u64)
        .read_to_end(&mut begin)?;
    file.rewind()?;
    Ok(begin == GZIP)
}

/// A file as it was before it was compressed, if it was: so it is known by its content all the same, and a rotated log
/// that was read before brings nothing again.
pub fn inflated(mut file: File) -> io::Result<File> {
    if !is_gzip(&mut file)? {
        return Ok(file);
    }
    // Without a name: it is gone when the program is.
    let mut plain = tempfile::tempfile()?;
    let mut content = MultiGzDecoder::new(file).take(MAX_INFLATED + 1);
    if io::copy(&mut content, &mut plain)? > MAX_INFLATED {
        return Err(io::Error::other("it holds more than 64 GiB"));
    }
    plain.rewind()?;
    Ok(plain)
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
