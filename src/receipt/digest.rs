//! The digest of an answer, taken of the bytes on their way out.

use std::{
    fmt,
    io::{self, Write},
};

use sha2::{Digest as _, Sha256};

/// SHA-256 and the number of the bytes that it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Lower-case hexadecimal, as `sha256sum` prints it.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
}

/// Writes on what it is given, and takes its digest where one is wanted.
pub struct Tee<W> {
    inner: W,
    hasher: Option<Sha256>,
    bytes: u64,
}

impl<W> Tee<W> {
    /// Stands before `inner`.
    pub fn new(inner: W, wanted: bool) -> Self {
        Self {
            inner,
            hasher: wanted.then(Sha256::new),
            bytes: 0,
        }
    }

    /// What stood behind it, and the digest of what that has taken.
    pub fn into_parts(self) -> (W, Option<Digest>) {
        let bytes = self.bytes;
        let digest = self.hasher.map(|hasher| Digest {
            sha256: Hex(&hasher.finalize()).to_string(),
            bytes,
        });
        (self.inner, digest)
    }
}

impl<W: Write> Write for Tee<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes.get(..written).unwrap_or_default());
            self.bytes += written as u64;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::Tee;

    /// Takes three bytes at a time, and ten in all.
    struct Narrow(Vec<u8>);

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(3).min(10 - self.0.len());
            self.0.extend(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_digest_is_that_of_the_bytes_that_went_out() {
        let mut tee = Tee::new(Narrow(Vec::new()), true);
        assert!(tee.write_all(b"0123456789abc").is_err());
        let (narrow, digest) = tee.into_parts();
        assert_eq!(narrow.0, b"0123456789");
        let digest = digest.unwrap();
        // printf 0123456789 | sha256sum
        let expected = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";
        assert_eq!((digest.sha256.as_str(), digest.bytes), (expected, 10));
        assert_eq!(Tee::new(io::sink(), false).into_parts().1, None);
    }
}
