//! Why the server cannot start, and why it refuses a request: two enums, because two kinds of people read them.

use std::{io, net::SocketAddr, sync::Arc};

use hyper::StatusCode;

use super::{body::BodyError, post::ListError, shared_pages::NoPage};
use crate::{ingest::Refused, output::counted, query::ParamError, store::StoreError};

/// Why the server did not start, or ended badly.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        reason: io::Error,
    },
    /// The address for metrics cannot be listened on.
    #[error("cannot listen on {address} for metrics: {reason}")]
    ListenMetrics {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        reason: io::Error,
    },
    /// Requests had not ended when the time for them was over.
    #[error("{} cut off: the time to end was over", counted(*.0 as u64, "request"))]
    CutOff(usize),
}

/// Why a request gets no page, or its events are not stored.
#[derive(Debug)]
pub(super) enum Refusal {
    /// No bearer token.
    MissingCredentials,
    /// A bearer token that is not one of ours.
    IllegalToken,
    /// The token is for other plugins; these, quoted.
    OtherPlugins(String),
    /// The token is for other permissions.
    OtherPermission,
    /// The address has used up its requests.
    TooManyRequests,
    /// Another path, or another method.
    NotFound,
    /// A parameter that the API does not have, or not so.
    Parameter(ParamError),
    /// The store gave no answer. Others may have been told the same.
    Store(Arc<StoreError>),
    /// Those who asked before have not read their answers.
    Unread,
    /// The body does not come, or not so.
    Body(BodyError),
    /// The body is no list of events.
    List(ListError),
    /// The only event of the body is over a limit.
    Event(Refused),
    /// More is sent than can be taken.
    Busy,
    /// The store did not take the events. Others may have been told the same.
    NotStored(Arc<StoreError>),
}

impl From<NoPage> for Refusal {
    fn from(why: NoPage) -> Self {
        match why {
            NoPage::Store(error) => Self::Store(error),
            NoPage::Unread => Self::Unread,
        }
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<ListError> for Refusal {
    fn from(error: ListError) -> Self {
        Self::List(error)
    }
}

/// What a client is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PublicError {
    pub(super) status: StatusCode,
    pub(super) name: &'static str,
    pub(super) message: String,
}

impl Refusal {
    /// What the operator is told.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Store(error) | Self::NotStored(error) => error.to_string(),
            refusal => refusal.told().message,
        }
    }

    /// Status and public message. What the store said is the operator's, not the client's.
    pub(super) fn told(&self) -> PublicError {
        let (status, name, message) = match self {
            Self::MissingCredentials => (401, "AuthenticationError", "Missing credentials".into()),
            Self::IllegalToken => (401, "AuthenticationError", "Illegal token".into()),
            Self::OtherPlugins(plugins) => (
                403,
                "NotAllowedError",
                format!("This token's access is restricted to plugin(s) {plugins}"),
            ),
            Self::OtherPermission => (403, "NotAllowedError", "Unauthorized".into()),
            Self::TooManyRequests => (
                429,
                "Error",
                "Too many requests, please try again later".into(),
            ),
            Self::NotFound => (404, "NotFoundError", "There is nothing here".into()),
            Self::Parameter(error) => (400, "InputError", error.to_string()),
            Self::Store(error) if passes(error) => (
                503,
                "ServiceUnavailableError",
                "The store is busy; try again later".into(),
            ),
            Self::Unread => (
                503,
                "ServiceUnavailableError",
                "More is asked for than is read; try again later".into(),
            ),
            Self::Store(_) => (500, "Error", "An internal error occurred".into()),
            Self::Body(error) => {
                let (status, name) = body(*error);
                (status, name, error.to_string())
            }
            Self::List(error) => {
                let (status, name) = match error {
                    ListError::Type => UNSUPPORTED,
                    ListError::NotAnArray => INPUT,
                    ListError::TooMany => TOO_LARGE,
                };
                (status, name, error.to_string())
            }
            Self::Event(refused) => {
                let (status, name) = TOO_LARGE;
                (status, name, format!("The event is refused: {refused}"))
            }
            Self::Busy => (
                503,
                "ServiceUnavailableError",
                "More is sent than can be taken; try again later".into(),
            ),
            Self::NotStored(error) => (
                503,
                "ServiceUnavailableError",
                match **error {
                    StoreError::Unsure(_) => UNSURE,
                    _ => "Nothing of this request was stored; try again later",
                }
                .into(),
            ),
        };
        PublicError {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            name,
            message,
        }
    }
}

const UNSURE: &str = "This request may have been stored; send it again later with the same ids";
const INPUT: (u16, &str) = (400, "InputError");
const TOO_LARGE: (u16, &str) = (413, "PayloadTooLargeError");
const UNSUPPORTED: (u16, &str) = (415, "UnsupportedMediaTypeError");

fn body(error: BodyError) -> (u16, &'static str) {
    match error {
        BodyError::TooLarge | BodyError::TooLargeUnpacked => TOO_LARGE,
        BodyError::TooSlow => (408, "RequestTimeoutError"),
        BodyError::BrokenOff | BodyError::NotGzip => INPUT,
        BodyError::Encoding => UNSUPPORTED,
    }
}

/// Whether the same request can succeed a little later, with nobody's help.
fn passes(error: &StoreError) -> bool {
    match error {
        StoreError::Locked | StoreError::TooSlow | StoreError::Away(_) | StoreError::Unsure(_) => {
            true
        }
        StoreError::NotFound(_)
        | StoreError::NotAStore(_)
        | StoreError::TooNew { .. }
        | StoreError::CannotOpen { .. }
        | StoreError::ReadOnly
        | StoreError::NoFile
        | StoreError::Denied(_)
        | StoreError::Full
        | StoreError::Damaged(_)
        | StoreError::Moved
        | StoreError::NotFilterable(_)
        | StoreError::Database(_)
        | StoreError::Postgres(_)
        | StoreError::BrokenOff => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;
    use crate::store::StoreError;

    #[test]
    fn what_the_store_said_stays_inside() {
        let damaged =
            Refusal::Store(StoreError::Damaged("SELECT secret FROM events".into()).into());
        let told = damaged.told();
        assert_eq!(told.status, 500);
        assert_eq!(told.message, "An internal error occurred");
        let stored = |error: StoreError| Refusal::NotStored(error.into()).told().message;
        assert!(
            stored(StoreError::Away("x".into())).starts_with("Nothing of this request was stored;")
        );
        assert!(stored(StoreError::Unsure("x".into())).contains("may have been stored"));
        for busy in [StoreError::Locked, StoreError::TooSlow] {
            let told = Refusal::Store(busy.into()).told();
            assert_eq!(
                (told.status.as_u16(), told.name),
                (503, "ServiceUnavailableError")
            );
        }
    }
}
