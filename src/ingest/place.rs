//! Where in a file a reading stands.

use sha2::{Digest, Sha256};

/// A place in a file, with everything about the bytes before it that reading on needs.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Bytes before it.
    pub offset: u64,
    /// Line ends among those.
    pub newlines: u64,
    /// Whether it is at the end of a line that was read before it had its `\n`.
    pub in_line: bool,
    hasher: Sha256,
}

impl Place {
    /// Moves on over these bytes.
    pub fn pass(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.last() else { return };
        self.hasher.update(bytes);
        self.offset += bytes.len() as u64;
        self.newlines += bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.in_line = *last != b'\n';
    }

    /// SHA-256 of all bytes before it.
    pub fn sha256(&self) -> [u8; 32] {
        self.hasher.clone().finalize().into()
    }
}
