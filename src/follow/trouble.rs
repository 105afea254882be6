//! What a failed poll means, and when to ask again: a decision without a clock of its own.

use std::time::Duration;

use crate::{api::PageError, client::ClientError, source::SourceError, store::StoreError};

/// The wait after the first failure; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait of our own choice.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The longest wait that a server may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// What a failure means to who follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server is away, and may come back.
    Away,
    /// The token is not taken any more; there may be a new one.
    Token,
    /// It will be the same next time.
    Final,
}

impl Trouble {
    /// What `error` means. `met` says whether the server has answered before: who never met it is told at once what
    /// may be a mistake, and who has met it waits for it through a restart, in which proxies and half-started servers
    /// answer in many ways.
    pub fn of(error: &SourceError, met: bool) -> Self {
        let restart = if met { Self::Away } else { Self::Final };
        match error {
            SourceError::Client(error) => match error {
                ClientError::Unreachable { .. }
                | ClientError::TimedOut { .. }
                | ClientError::BrokenOff { .. }
                | ClientError::RateLimited(_)
                | ClientError::Fault { .. } => Self::Away,
                ClientError::Unauthorized(_) if met => Self::Token,
                ClientError::NotAPage(PageError::NotAnEvent { .. }) => Self::Final,
                // A Backstage that is starting has no audit log yet.
                ClientError::NotFound { .. }
                | ClientError::Untrusted { .. }
                | ClientError::NoHttp { .. }
                | ClientError::Status(_)
                | ClientError::Empty
                | ClientError::NotJson(_)
                | ClientError::NotAPage(_) => restart,
                ClientError::Certificates { .. }
                | ClientError::Setup(_)
                | ClientError::PlainHttp { .. }
                | ClientError::Redirected { .. }
                | ClientError::RedirectedInCircles { .. }
                | ClientError::Unauthorized(_)
                | ClientError::Forbidden(_)
                | ClientError::BadRequest { .. }
                | ClientError::NotTold
                | ClientError::TooLarge(_) => Self::Final,
            },
            SourceError::Store(StoreError::Locked | StoreError::TooSlow | StoreError::Away(_)) => {
                Self::Away
            }
            SourceError::Store(_) | SourceError::Sink(_) => Self::Final,
        }
    }
}

/// The wait after failure number `failures` (from 1): never shorter than the server asked for, and a little apart from
/// that of others. `random` lies between 0 and 1.
pub fn next_wait(failures: u32, error: &SourceError, random: f64) -> Duration {
    let doubled = 2u32.saturating_pow(failures.saturating_sub(1));
    let own = FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT);
    match error {
        SourceError::Client(ClientError::RateLimited(Some(asked))) => (*asked)
            .min(LONGEST_ASKED)
            .max(own)
            .mul_f64(1.0 + 0.1 * random),
        _ => jittered(own, random),
    }
}

/// A wait of 90 to 110 %.
pub fn jittered(wait: Duration, random: f64) -> Duration {
    wait.mul_f64(0.9 + 0.2 * random)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Trouble, jittered, next_wait};
    use crate::{client::ClientError, source::SourceError, store::StoreError};

    fn fault() -> SourceError {
        let message = String::new();
        SourceError::Client(ClientError::Fault {
            status: 503,
            message,
        })
    }

    #[test]
    fn waits_double_up_to_a_minute_and_never_end() {
        let wait = |failures| next_wait(failures, &fault(), 0.5).as_secs();
        assert_eq!([1, 2, 3, 4, 5, 6, 7].map(wait), [1, 2, 4, 8, 16, 32, 60]);
        assert_eq!(wait(u32::MAX), 60);
        assert_eq!(jittered(Duration::from_secs(5), 0.0).as_millis(), 4500);
        assert_eq!(jittered(Duration::from_secs(5), 1.0).as_millis(), 5500);
    }

    #[test]
    fn the_server_is_never_asked_earlier_than_it_said() {
        let asked = Duration::from_secs(90);
        let limited = SourceError::Client(ClientError::RateLimited(Some(asked)));
        assert_eq!(next_wait(1, &limited, 0.0), asked);
        assert!(next_wait(9, &limited, 1.0) > asked);
    }

    #[test]
    fn what_passes_is_waited_for_and_what_does_not_is_not() {
        let client = |error| Trouble::of(&SourceError::Client(error), true);
        let first = |error| Trouble::of(&SourceError::Client(error), false);
        let not_found = || ClientError::NotFound {
            address: String::new(),
        };
        let unauthorized = || ClientError::Unauthorized(String::new());
        assert_eq!(Trouble::of(&fault(), false), Trouble::Away);
        assert_eq!(
            (first(not_found()), client(not_found())),
            (Trouble::Final, Trouble::Away)
        );
        assert_eq!(
            (first(unauthorized()), client(unauthorized())),
            (Trouble::Final, Trouble::Token)
        );
        assert_eq!(
            client(ClientError::Forbidden(String::new())),
            Trouble::Final
        );
        let store = |error| Trouble::of(&SourceError::Store(error), true);
        assert_eq!(store(StoreError::Locked), Trouble::Away);
        assert_eq!(store(StoreError::Full), Trouble::Final);
    }
}
