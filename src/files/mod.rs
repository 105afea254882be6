//! Files that are written whole or not at all, files that grow and can be cut back, and files that one program at a
//! time may have.
//!
//! Knows nothing of what is written.

mod append;
mod atomic;
mod owned;

use std::path::Path;

pub use append::{AppendError, AppendedFile};
pub use atomic::AtomicFile;
pub use owned::OwnedFile;

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
