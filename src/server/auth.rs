//! Who may ask: bearer tokens, kept as digests.

use hyper::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::error::Refusal;

type Sha = [u8; 32];

/// The tokens that open the server. Only their SHA-256 is kept: a digest found in memory opens nothing.
pub struct AcceptedTokens(Vec<Sha>);

impl FromIterator<SecretString> for AcceptedTokens {
    fn from_iter<T: IntoIterator<Item = SecretString>>(tokens: T) -> Self {
        let digest = |token: SecretString| digest(token.expose_secret().as_bytes());
        Self(tokens.into_iter().map(digest).collect())
    }
}

impl std::fmt::Debug for AcceptedTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AcceptedTokens({})", self.0.len())
    }
}

impl AcceptedTokens {
    /// Lets a request in that carries one of the tokens.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let header = headers.get(header::AUTHORIZATION);
        let token = header.and_then(|value| bearer(value.as_bytes()));
        let given = digest(token.ok_or(Refusal::MissingCredentials)?);
        // All are compared, so that time tells neither whether nor which.
        let known = self.0.iter().map(|token| token.ct_eq(&given));
        let found = known.fold(Choice::from(0), |found, one| found | one);
        bool::from(found).then_some(()).ok_or(Refusal::IllegalToken)
    }
}

fn digest(token: &[u8]) -> Sha {
    Sha256::digest(token).into()
}

/// The token of a header, as Backstage reads it: `/^Bearer[ ]+(\S+)$/i`.
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = header.split_at_checked("Bearer".len())?;
    let token = rest.trim_ascii_start();
    let fits = scheme.eq_ignore_ascii_case(b"Bearer")
        && rest.starts_with(b" ")
        && !token.is_empty()
        && !token.iter().any(u8::is_ascii_whitespace);
    fits.then_some(token)
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, header};
    use secrecy::SecretString;

    use super::{AcceptedTokens, bearer};
    use crate::server::error::Refusal;

    #[test]
    fn the_forms_of_a_bearer_token() {
        for (header, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc", Some("abc")),
            ("BEARER   abc", Some("abc")),
            ("Bearer a\"b=", Some("a\"b=")),
            ("Bearer", None),
            ("Bearer ", None),
            ("Bearer two words", None),
            ("Bearer\tabc", None),
            ("Bearerabc", None),
            ("abc", None),
            ("Basic abc", None),
            ("", None),
        ] {
            assert_eq!(
                bearer(header.as_bytes()),
                token.map(str::as_bytes),
                "{header:?}"
            );
        }
    }

    #[test]
    fn any_of_several_tokens_opens_and_nothing_else_does() {
        let tokens: AcceptedTokens = ["first-token", "second-token"]
            .map(SecretString::from)
            .into_iter()
            .collect();
        let check = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            tokens.check(&headers)
        };
        assert!(check("Bearer first-token").is_ok());
        assert!(check("Bearer second-token").is_ok());
        for wrong in [
            "Bearer first-toke",
            "Bearer first-tokenn",
            "Bearer FIRST-TOKEN",
        ] {
            assert!(
                matches!(check(wrong), Err(Refusal::IllegalToken)),
                "{wrong}"
            );
        }
        assert!(matches!(
            tokens.check(&HeaderMap::new()),
            Err(Refusal::MissingCredentials)
        ));
        assert_eq!(format!("{tokens:?}"), "AcceptedTokens(2)");
    }

    #[test]
    fn without_tokens_nobody_gets_in() {
        let tokens: AcceptedTokens = std::iter::empty().collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "Bearer anything".parse().unwrap());
        assert!(matches!(tokens.check(&headers), Err(Refusal::IllegalToken)));
    }
}
