//! Files that are written whole or not at all.
//!
//! Knows nothing of what is written.

mod atomic;

pub use atomic::AtomicFile;
