//! What is kept of a token by those who need only recognise it.

use std::fmt;

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::Token;

/// What a hash begins with where a token is expected.
const PREFIX: &str = "sha256:";

/// The SHA-256 of a token. Found in memory or in a file it opens nothing, if the token was random enough.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of what came over the network.
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Reads `sha256:` and 64 hexadecimal digits; none where the text does not begin so, and is a token itself.
    pub fn parse(text: &str) -> Option<Result<Self, NotAHash>> {
        let digits = text.strip_prefix(PREFIX)?;
        Some(bytes(digits).map(Self).ok_or(NotAHash))
    }

    /// Whether both are the same, in a time that does not tell where they differ.
    pub fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl From<&Token> for TokenHash {
    fn from(token: &Token) -> Self {
        Self::of(token.0.expose_secret().as_bytes())
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A text that begins like a hash and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash is sha256: and 64 hexadecimal digits")]
pub struct NotAHash;

fn bytes(digits: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let digits: Vec<u32> = digits
        .chars()
        .map(|digit| digit.to_digit(16))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != out.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in out.iter_mut().zip(pairs) {
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{NotAHash, TokenHash};
    use crate::token::Token;

    /// From `printf %s abcdefgh | sha256sum`.
    const HASH: &str = "sha256:9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab";

    #[test]
    fn a_hash_is_written_and_read_as_sha256sum_has_it() {
        let hash = TokenHash::from(&Token::parse("abcdefgh").unwrap());
        assert_eq!(hash.to_string(), HASH);
        assert_eq!(TokenHash::parse(HASH), Some(Ok(hash.clone())));
        let upper = HASH.to_uppercase().replace("SHA256", "sha256");
        assert_eq!(TokenHash::parse(&upper), Some(Ok(hash)));
    }

    #[test]
    fn a_token_is_no_hash_and_half_a_hash_is_refused() {
        assert_eq!(TokenHash::parse("abcdefgh"), None);
        for text in ["sha256:", "sha256:12", &HASH[..70], &format!("{HASH}0")] {
            assert_eq!(TokenHash::parse(text), Some(Err(NotAHash)), "{text}");
        }
        let long = format!("sha256:{}", "é".repeat(64));
        assert_eq!(TokenHash::parse(&long), Some(Err(NotAHash)));
    }
}
