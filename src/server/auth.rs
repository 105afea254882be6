//! Who may ask what: bearer tokens, kept as hashes, and the permissions that come with them.

use hyper::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};
use subtle::Choice;

use super::error::Refusal;
use crate::{
    api::{AUDIT_LOG_PLUGIN, READ_PERMISSION, WRITE_PERMISSION},
    config::{Action, Restriction, StaticToken},
    token::TokenHash,
};

/// The plugin whose API this is.
/// Who asks with a token of a file that names nobody.
const UNNAMED: &str = "external:audit-log-api-access";

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// To read events: `audit.log.read`.
    Read,
    /// To store events: `audit.log.write`.
    Write,
}

impl Permission {
    fn name(self) -> &'static str {
        match self {
            Self::Read => READ_PERMISSION,
            Self::Write => WRITE_PERMISSION,
        }
    }

    fn action(self) -> Action {
        match self {
            Self::Read => Action::Read,
            Self::Write => Action::Create,
        }
    }
}

/// Who asks, and what they may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The subject of the token, an actor's id.
    pub subject: String,
    /// What the token may; none where it may do everything.
    pub restrictions: Option<Vec<Restriction>>,
}

impl Caller {
    /// As Backstage decides: the plugin first, then the permission's name and its action, of which both must fit.
    fn check(&self, permission: Permission) -> Result<(), Refusal> {
        let Some(restrictions) = &self.restrictions else {
            return Ok(());
        };
        let own = restrictions
            .iter()
            .find(|own| own.plugin == AUDIT_LOG_PLUGIN);
        let Some(own) = own else {
            let plugins = restrictions
                .iter()
                .map(|other| format!("'{}'", other.plugin));
            return Err(Refusal::OtherPlugins(
                plugins.collect::<Vec<_>>().join(", "),
            ));
        };
        let named = own.permissions.as_ref();
        let named = named.is_none_or(|names| names.iter().any(|name| name == permission.name()));
        let acts = own.actions.as_ref();
        let acts = acts.is_none_or(|actions| actions.contains(&permission.action()));
        (named && acts)
            .then_some(())
            .ok_or(Refusal::OtherPermission)
    }
}

/// The tokens that open the server, and for whom. Only their SHA-256 is kept: found in memory it opens nothing.
#[derive(Clone, Default)]
pub struct AcceptedTokens(Vec<(TokenHash, Caller)>);

/// Tokens of which nothing else is said may read.
impl FromIterator<SecretString> for AcceptedTokens {
    fn from_iter<T: IntoIterator<Item = SecretString>>(tokens: T) -> Self {
        let reader = |token: SecretString| {
            let caller = Caller {
                subject: UNNAMED.to_owned(),
                restrictions: Some(vec![Restriction {
                    plugin: AUDIT_LOG_PLUGIN.to_owned(),
                    permissions: Some(vec![Permission::Read.name().to_owned()]),
                    actions: None,
                }]),
            };
            (TokenHash::of(token.expose_secret().as_bytes()), caller)
        };
        Self(tokens.into_iter().map(reader).collect())
    }
}

impl From<Vec<StaticToken>> for AcceptedTokens {
    fn from(tokens: Vec<StaticToken>) -> Self {
        let accepted = |token: StaticToken| {
            let caller = Caller {
                subject: token.subject,
                restrictions: token.restrictions,
            };
            (token.hash, caller)
        };
        Self(tokens.into_iter().map(accepted).collect())
    }
}

impl std::fmt::Debug for AcceptedTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AcceptedTokens({})", self.0.len())
    }
}

impl AcceptedTokens {
    /// These and those.
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who asks with these headers, if they may.
    pub(super) fn allow(
        &self,
        headers: &HeaderMap,
        permission: Permission,
    ) -> Result<&Caller, Refusal> {
        let caller = self.caller(headers)?;
        caller.check(permission).map(|()| caller)
    }

    /// Who asks with these headers, whether they may or not.
    pub(super) fn caller(&self, headers: &HeaderMap) -> Result<&Caller, Refusal> {
        let header = headers.get(header::AUTHORIZATION);
        let token = header.and_then(|value| bearer(value.as_bytes()));
        let given = TokenHash::of(token.ok_or(Refusal::MissingCredentials)?);
        // All are compared, so that time tells neither whether nor which.
        let found: Vec<Choice> = self.0.iter().map(|(hash, _)| hash.ct_eq(&given)).collect();
        let found = self.0.iter().zip(found).find(|(_, same)| bool::from(*same));
        found
            .map(|((_, caller), _)| caller)
            .ok_or(Refusal::IllegalToken)
    }
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

    use super::{AcceptedTokens, Permission, bearer};
    use crate::{
        config::{Action, Restriction, StaticToken},
        server::error::Refusal,
        token::TokenHash,
    };

    fn headers(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        headers
    }

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
        let read = |value: &str| tokens.allow(&headers(value), Permission::Read);
        assert!(read("Bearer first-token").is_ok());
        assert!(read("Bearer second-token").is_ok());
        for wrong in [
            "Bearer first-toke",
            "Bearer first-tokenn",
            "Bearer FIRST-TOKEN",
        ] {
            assert!(matches!(read(wrong), Err(Refusal::IllegalToken)), "{wrong}");
        }
        assert!(matches!(
            tokens.allow(&HeaderMap::new(), Permission::Read),
            Err(Refusal::MissingCredentials)
        ));
        let write = tokens.allow(&headers("Bearer first-token"), Permission::Write);
        assert!(matches!(write, Err(Refusal::OtherPermission)));
        assert_eq!(format!("{tokens:?}"), "AcceptedTokens(2)");
    }

    #[test]
    fn without_tokens_nobody_gets_in() {
        let headers = headers("Bearer anything");
        let refused = AcceptedTokens::default();
        let refused = refused.allow(&headers, Permission::Read);
        assert!(matches!(refused, Err(Refusal::IllegalToken)));
    }

    #[test]
    fn a_restricted_token_may_what_all_its_restrictions_let_it() {
        let own = |permissions: Option<&[&str]>, actions: Option<&[Action]>| Restriction {
            plugin: "audit-log".into(),
            permissions: permissions.map(|names| names.iter().map(|&n| n.into()).collect()),
            actions: actions.map(<[Action]>::to_vec),
        };
        let other = |plugin: &str| Restriction {
            plugin: plugin.into(),
            permissions: None,
            actions: None,
        };
        let (yes, no) = ("yes", "Unauthorized");
        let elsewhere = "This token's access is restricted to plugin(s) 'catalog', 'search'";
        let table = [
            (None, yes, yes),
            (Some(vec![own(None, None)]), yes, yes),
            (Some(vec![other("catalog"), own(None, None)]), yes, yes),
            (
                Some(vec![other("catalog"), other("search")]),
                elsewhere,
                elsewhere,
            ),
            (Some(vec![own(Some(&["audit.log.read"]), None)]), yes, no),
            (Some(vec![own(Some(&["audit.log.write"]), None)]), no, yes),
            (
                Some(vec![own(
                    Some(&["audit.log.write", "audit.log.read"]),
                    None,
                )]),
                yes,
                yes,
            ),
            (Some(vec![own(Some(&["audit.log"]), None)]), no, no),
            (Some(vec![own(None, Some(&[Action::Read]))]), yes, no),
            (
                Some(vec![own(None, Some(&[Action::Create, Action::Delete]))]),
                no,
                yes,
            ),
            (
                Some(vec![own(
                    Some(&["audit.log.read"]),
                    Some(&[Action::Update]),
                )]),
                no,
                no,
            ),
        ];
        for (restrictions, read, write) in table {
            let token = StaticToken {
                hash: TokenHash::of(b"a-token-of-mine"),
                subject: "siem".into(),
                restrictions: restrictions.clone(),
            };
            let tokens = AcceptedTokens::from(vec![token]);
            let said =
                |permission| match tokens.allow(&headers("Bearer a-token-of-mine"), permission) {
                    Ok(caller) => {
                        assert_eq!(caller.subject, "siem");
                        yes.to_owned()
                    }
                    Err(refusal) => {
                        let told = refusal.told();
                        assert_eq!((told.status.as_u16(), told.name), (403, "NotAllowedError"));
                        told.message
                    }
                };
            assert_eq!(said(Permission::Read), read, "{restrictions:?}");
            assert_eq!(said(Permission::Write), write, "{restrictions:?}");
        }
    }
}
