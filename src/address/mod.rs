//! Where a server is: scheme, host, port and a path prefix, and to whom a token may go; and where a store is.

mod store;

use std::fmt;

use url::{Host, Url};

use crate::api::AUDIT_EVENT_PATH;

pub use store::{DatabaseUrl, StoreAddress};

/// The address of a Backstage, with the path prefix under which a proxy may hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Url);

/// Why a text is not the address of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a URL at all.
    #[error("'{0}' is not a URL")]
    NotAUrl(String),
    /// Neither `https` nor `http`.
    #[error("'{0}' is neither an https nor an http URL")]
    Scheme(String),
    /// A user name or password in the URL; not quoted, since it may be a secret.
    #[error("the URL carries a user name or a password")]
    Credentials,
    /// A `?` or `#` part; not quoted either.
    #[error("the URL has a query or a fragment")]
    Query,
}

impl Address {
    /// Reads an address. The endpoint's own path at the end is taken off, so that a copied request works too.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let mut url = Url::parse(text).map_err(|_| match text.contains('@') {
            // A slip elsewhere must not show a password.
            true => AddressError::Credentials,
            false => AddressError::NotAUrl(text.to_owned()),
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(AddressError::Scheme(text.to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Query);
        }
        let path = url.path().trim_end_matches('/');
        let prefix = path
            .strip_suffix(AUDIT_EVENT_PATH)
            .unwrap_or(path)
            .to_owned();
        url.set_path(&prefix);
        Ok(Self(url))
    }

    /// Scheme, host and port: what a token belongs to.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The audit-event endpoint with these parameters.
    pub fn endpoint(&self, parameters: &[(&str, String)]) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!(
            "{}{AUDIT_EVENT_PATH}",
            self.0.path().trim_end_matches('/')
        ));
        url.query_pairs_mut().extend_pairs(parameters);
        url
    }

    /// Whether the connection is not encrypted.
    pub fn is_plain_http(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressError};

    fn endpoint(text: &str) -> String {
        Address::parse(text)
            .unwrap()
            .endpoint(&[("limit", "1".to_owned())])
            .to_string()
    }

    #[test]
    fn the_endpoint_lies_under_the_path_prefix() {
        let path = "api/audit-log/v1/audit-event?limit=1";
        assert_eq!(
            endpoint("https://p.example"),
            format!("https://p.example/{path}")
        );
        assert_eq!(
            endpoint("https://p.example:8443/"),
            format!("https://p.example:8443/{path}")
        );
        assert_eq!(
            endpoint("https://p.example/a/b/"),
            format!("https://p.example/a/b/{path}")
        );
        let copied = "https://p.example/a/api/audit-log/v1/audit-event";
        assert_eq!(endpoint(copied), format!("https://p.example/a/{path}"));
        assert_eq!(
            Address::parse(copied).unwrap().to_string(),
            "https://p.example/a"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let of = |text: &str| Address::parse(text).unwrap_err();
        assert_eq!(
            of("portal.example"),
            AddressError::NotAUrl("portal.example".into())
        );
        assert_eq!(
            of("ftp://p.example"),
            AddressError::Scheme("ftp://p.example".into())
        );
        assert_eq!(
            of("localhost:7007"),
            AddressError::Scheme("localhost:7007".into())
        );
        assert_eq!(of("https://u:secret@p.example"), AddressError::Credentials);
        assert_eq!(
            of("https://u:secret@p.example:70000"),
            AddressError::Credentials
        );
        assert_eq!(of("https://p.example?a=b"), AddressError::Query);
    }

    #[test]
    fn loopback_is_this_machine_alone() {
        for (text, expected) in [
            ("http://127.0.0.1:1", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:1", true),
            ("http://localhost:1", true),
            ("http://LOCALHOST", true),
            ("http://2130706433", true),
            ("http://localhost.example", false),
            ("http://127.0.0.1.example", false),
            ("http://10.0.0.1", false),
            ("http://[::ffff:10.0.0.1]", false),
        ] {
            assert_eq!(
                Address::parse(text).unwrap().is_loopback(),
                expected,
                "{text}"
            );
        }
    }
}
