//! Where a store is: a file, or a database by its URL.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

/// A store: the path of a file, or the URL of a database, which is everything that begins with a scheme and `://`, or
/// looks as if a database were meant.
///
/// It is shown without the password and the parameters of a URL.
#[derive(Clone, Debug)]
pub enum StoreAddress {
    /// A file of SQLite.
    File(PathBuf),
    /// A database of PostgreSQL, or one that nobody can open.
    Database(DatabaseUrl),
}

/// The URL of a database, which may hold a password.
#[derive(Clone, Debug)]
pub struct DatabaseUrl {
    url: SecretString,
    shown: String,
    has_password: bool,
}

impl<P: Into<PathBuf>> From<P> for StoreAddress {
    fn from(path: P) -> Self {
        let path = path.into();
        match path.to_str().and_then(DatabaseUrl::parse) {
            Some(url) => Self::Database(url),
            None => Self::File(path),
        }
    }
}

impl StoreAddress {
    /// The file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Database(_) => None,
        }
    }

    /// Whether it carries a password.
    pub fn has_password(&self) -> bool {
        matches!(self, Self::Database(url) if url.has_password)
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Database(url) => f.write_str(&url.shown),
        }
    }
}

impl PartialEq for StoreAddress {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => one == other,
            (Self::Database(one), Self::Database(other)) => one.expose() == other.expose(),
            _ => false,
        }
    }
}

impl Eq for StoreAddress {}

impl DatabaseUrl {
    fn parse(text: &str) -> Option<Self> {
        let url = text.split_once("://").filter(|(it, _)| is_scheme(it));
        let Some((scheme, rest)) = url else {
            return means_database(text).then(|| Self {
                url: text.into(),
                shown: "what is no URL".to_owned(),
                has_password: true,
            });
        };
        let scheme = scheme.to_ascii_lowercase();
        let url = SecretString::from(format!("{scheme}://{rest}"));
        // The driver takes all before an `@` for user and password, so that a `?` in front of it is part of them. One in a
        // parameter has to be encoded; where it is not, more is hidden rather than less.
        if rest.split_once('?').is_some_and(|(_, it)| it.contains('@')) {
            let first = rest.split([':', '/', '?', '@']).next();
            return Some(Self {
                url,
                shown: format!("{scheme}://{}", first.unwrap_or_default()),
                has_password: true,
            });
        }
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        // A `/` in a password has to be encoded; where it is not, more is hidden rather than less.
        let (login, place) = place.rsplit_once('@').unwrap_or(("", place));
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (login, None),
        };
        let at = if user.is_empty() { "" } else { "@" };
        Some(Self {
            url,
            shown: format!("{scheme}://{user}{at}{place}"),
            has_password: password.is_some()
                || parameters.split('&').any(|it| it.starts_with("password=")),
        })
    }

    /// The whole of it, with its scheme in small letters.
    pub fn expose(&self) -> &str {
        self.url.expose_secret()
    }
}

/// Whether a text that is no URL was likely meant to name a database: quotes or blanks around one, or what else the
/// database's own tools take. It may hold a password, and is no name for a file.
fn means_database(text: &str) -> bool {
    let text = text.to_lowercase();
    let has_password = text.split("password").skip(1);
    let mut has_password = has_password.map(|rest| rest.trim_start().starts_with('='));
    text.contains("://") && text.contains('@')
        || ["postgres:", "postgresql:"]
            .iter()
            .any(|it| text.contains(it))
        || has_password.any(|it| it)
}

/// As RFC 3986 has it.
fn is_scheme(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::StoreAddress;

    #[test]
    fn a_url_is_shown_without_its_secrets() {
        for (text, shown, has_password) in [
            ("postgres://h/db", "postgres://h/db", false),
            ("postgres://me@h:5433/db", "postgres://me@h:5433/db", false),
            (
                "postgresql://me:pw@a,b:1/db",
                "postgresql://me@a,b:1/db",
                true,
            ),
            ("postgres://me:p@w/x@h/db", "postgres://me@h/db", true),
            (
                "postgres:///db?host=/run&password=x",
                "postgres:///db",
                true,
            ),
            ("postgres://h/db?sslmode=require", "postgres://h/db", false),
            ("postgres://me:p?w@h/db", "postgres://me", true),
            ("postgres://me:p@?w@h/db", "postgres://me", true),
            ("postgres://h/db?user=a@pw", "postgres://h", true),
            ("Postgres://me:pw@h/db", "postgres://me@h/db", true),
            ("mysql://me:pw@h/db", "mysql://me@h/db", true),
            ("file:///trail.db", "file:///trail.db", false),
        ] {
            let address = StoreAddress::from(text);
            assert_eq!(address.to_string(), shown);
            assert_eq!(address.has_password(), has_password, "{text}");
            assert!(!format!("{address:?}").contains("pw"), "{address:?}");
            assert_eq!(address.file(), None);
        }
    }

    #[test]
    fn what_was_meant_for_a_database_is_not_shown() {
        for text in [
            "\"postgres://u:sesame@h/db\"",
            " postgres://u:sesame@h/db",
            "\u{feff}postgres://u:sesame@h/db",
            "postgres:/u:sesame@h",
            "jdbc:postgresql://h/db?password=sesame",
            "host=h user=u password = sesame",
        ] {
            let address = StoreAddress::from(text);
            assert!(address.has_password() && address.file().is_none(), "{text}");
            assert!(
                !format!("{address} {address:?}").contains("sesame"),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_a_file() {
        for text in [
            "trail.db",
            "./postgres",
            "./a://b",
            "1://x",
            "://x",
            "",
            "passwords.db",
        ] {
            let address = StoreAddress::from(text);
            assert_eq!(address.file(), Some(text.as_ref()));
        }
    }
}
