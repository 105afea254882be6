//! Random bytes that nobody can guess, from the library that TLS has them from.

use tokio_rustls::rustls::crypto::ring;
use uuid::Uuid;

/// The operating system gives no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandomBytes;

/// Fills `bytes`.
pub fn fill(bytes: &mut [u8]) -> Result<(), NoRandomBytes> {
    let provider = ring::default_provider();
    provider
        .secure_random
        .fill(bytes)
        .map_err(|_| NoRandomBytes)
}

/// A random UUID, of version 4.
pub fn uuid() -> Result<Uuid, NoRandomBytes> {
    let mut random = [0; 16];
    fill(&mut random)?;
    Ok(uuid::Builder::from_random_bytes(random).into_uuid())
}
