//! Access tokens: a secret that cannot be printed, the server's own rule for one, and how to make one.

mod hash;

use std::fmt;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use secrecy::{ExposeSecret, SecretString};

pub use hash::{NotAHash, TokenHash};

/// Shortest token that a Backstage takes.
pub const MIN_LENGTH: usize = 8;
/// Random bytes of a generated token, as Portal's guide has them.
pub const DEFAULT_BYTES: u16 = 24;

/// A static access token. It has no `Display` and no `Serialize`, its `Debug` is blind, and it is wiped when dropped.
#[derive(Clone)]
pub struct Token(SecretString);

/// Which part of the rule a text breaks. No part of the text is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Nothing there.
    #[error("the token is empty")]
    Empty,
    /// Fewer than [`MIN_LENGTH`] characters.
    #[error("the token has {0} characters; a server takes no fewer than {MIN_LENGTH}")]
    Short(usize),
    /// White space of any kind.
    #[error("the token has white space at character {0}; a server takes none")]
    WhiteSpace(usize),
    /// A control character: an HTTP header cannot carry it.
    #[error("the token has a control character at character {0}; a request cannot carry it")]
    Control(usize),
}

impl Token {
    /// Checks the rule of Backstage: at least 8 characters, none of them white space.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let place = |found: fn(char) -> bool| text.chars().position(found).map(|at| at + 1);
        match (
            text.chars().count(),
            place(is_space),
            place(char::is_control),
        ) {
            (0, _, _) => Err(TokenError::Empty),
            (_, Some(at), _) => Err(TokenError::WhiteSpace(at)),
            (_, _, Some(at)) => Err(TokenError::Control(at)),
            (length, _, _) if length < MIN_LENGTH => Err(TokenError::Short(length)),
            _ => Ok(Self(text.into())),
        }
    }

    /// Writes random bytes down as a token. Fewer than 6 bytes make too short a text in some encodings.
    pub fn from_random(bytes: &[u8], encoding: Encoding) -> Result<Self, TokenError> {
        let text = match encoding {
            Encoding::Base64 => STANDARD.encode(bytes),
            Encoding::Base64url => URL_SAFE_NO_PAD.encode(bytes),
            Encoding::Hex => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        Self::parse(&text)
    }

    /// The secret itself, for a header or a file that only its owner reads.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// `text` without the token, plain or percent-encoded: a server may echo what it was sent.
    pub fn hidden_in(&self, text: &str) -> String {
        let pieces = || url::form_urlencoded::byte_serialize(self.expose().as_bytes());
        let upper: String = pieces().collect();
        let lower: String = pieces()
            .map(|piece| match piece.starts_with('%') {
                true => piece.to_ascii_lowercase(),
                false => piece.to_owned(),
            })
            .collect();
        let copies = [self.expose(), &upper, &lower];
        copies.into_iter().fold(text.to_owned(), |text, copy| {
            text.replace(copy, "(the token)")
        })
    }

    /// The secret, for who keeps no more than a digest of it.
    pub fn into_secret(self) -> SecretString {
        self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// How random bytes are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Encoding {
    /// With padding, as Portal's guide has it.
    Base64,
    /// Without padding; safe in URLs and file names.
    Base64url,
    /// Lower-case hexadecimal digits.
    Hex,
}

/// JavaScript's `\s`, which Backstage checks with: Unicode white space and the byte order mark.
fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Token, TokenError};

    #[test]
    fn the_rule_of_the_server() {
        for (text, expected) in [
            ("", TokenError::Empty),
            ("12345678\n", TokenError::WhiteSpace(9)),
            ("1234567", TokenError::Short(7)),
            ("1234 5678", TokenError::WhiteSpace(5)),
            ("1234\t5678", TokenError::WhiteSpace(5)),
            ("1234\u{a0}5678", TokenError::WhiteSpace(5)),
            ("1234\u{feff}5678", TokenError::WhiteSpace(5)),
            ("a b", TokenError::WhiteSpace(2)),
            ("1234\u{1b}5678", TokenError::Control(5)),
        ] {
            assert_eq!(Token::parse(text).unwrap_err(), expected, "{text:?}");
        }
        assert_eq!(Token::parse("12345678").unwrap().expose(), "12345678");
        assert_eq!(Token::parse("pässwört").unwrap().expose(), "pässwört");
    }

    #[test]
    fn a_token_cannot_be_printed() {
        let token = Token::parse("super-secret").unwrap();
        assert_eq!(
            format!("{token:?} {:#?}", Some(&token)),
            "Token(…) Some(\n    Token(…),\n)"
        );
    }

    #[test]
    fn a_token_is_taken_out_of_a_text_however_it_is_written() {
        let token = Token::parse("q7Zk+9v/tb=").unwrap();
        let text = "a=q7Zk+9v/tb=&b=q7Zk%2B9v%2Ftb%3D, q7Zk%2b9v%2ftb%3d; q7Zk";
        let expected = "a=(the token)&b=(the token), (the token); q7Zk";
        assert_eq!(token.hidden_in(text), expected);
    }

    #[test]
    fn random_bytes_are_written_in_each_encoding() {
        let bytes = [0xfb, 0xff, 0xfe, 0, 1, 2, 3];
        let of = |encoding| {
            Token::from_random(&bytes, encoding)
                .unwrap()
                .expose()
                .to_owned()
        };
        assert_eq!(of(Encoding::Base64), "+//+AAECAw==");
        assert_eq!(of(Encoding::Base64url), "-__-AAECAw");
        assert_eq!(of(Encoding::Hex), "fbfffe00010203");
        assert!(Token::from_random(&[1], Encoding::Base64).is_err());
    }
}
