//! Where the configuration lies, and how its files are written.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::environment::Environment;

/// The folder of the user's configuration.
#[derive(Clone, Debug)]
pub struct ConfigDir(PathBuf);

impl ConfigDir {
    /// `AUDITLOG_CONFIG_DIR`, or the folder that the operating system has for this; none where it has no home.
    pub fn of(environment: &Environment) -> Option<Self> {
        environment
            .config_dir
            .clone()
            .or_else(|| {
                let dirs = directories::ProjectDirs::from("", "", "auditlog")?;
                Some(dirs.config_dir().to_path_buf())
            })
            .map(Self)
    }

    /// Profiles.
    pub fn config_file(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    /// Stored tokens, for their owner's eyes alone.
    pub fn credentials_file(&self) -> PathBuf {
        self.0.join("credentials.toml")
    }

    /// What of log files was sent to a server; the folder is made for it.
    pub fn make_room_for_sent(&self, server: &str) -> io::Result<PathBuf> {
        create_private_dir(&self.0)?;
        Ok(self.0.join(format!("sent-{server}.json")))
    }

    /// Keeps other programs from changing the files of this folder until the result is dropped: two that read, change
    /// and write at once would lose one of the changes.
    pub(super) fn lock(&self) -> io::Result<impl Sized> {
        create_private_dir(&self.0)?;
        // The folder itself: a file for this alone would be litter.
        #[cfg(unix)]
        {
            let folder = fs::File::open(&self.0)?;
            folder.lock()?;
            Ok(folder)
        }
        #[cfg(not(unix))]
        {
            Ok(())
        }
    }

    /// Replaces a file of this folder whole or not at all, readable by its owner alone.
    pub(super) fn write(&self, path: &Path, content: &str) -> io::Result<()> {
        create_private_dir(&self.0)?;
        // A link stays a link, as dotfile managers want it.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = target.parent().unwrap_or(&self.0);
        // Created 0600 by the library.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|error| error.error)?;
        Ok(())
    }
}

#[cfg(unix)]
fn create_private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
}

#[cfg(not(unix))]
fn create_private_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}
