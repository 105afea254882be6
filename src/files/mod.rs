//! Files that are written whole or not at all, files that grow and can be cut back, and files that one program at a
//! time may have.
//!
//! Knows nothing of what is written.

mod append;
mod atomic;
mod owned;

pub use append::{AppendError, AppendedFile};
pub use atomic::AtomicFile;
pub use owned::OwnedFile;
