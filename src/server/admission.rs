//! Who comes in: the address of each request, how many it may still make, and its token.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue, RETRY_AFTER},
};
use tokio::sync::{Semaphore, watch};

use super::{
    auth::{AcceptedTokens, Caller, Permission},
    error::Refusal,
    intake::Intake,
    peer::client_address,
    visits::{Visits, pause},
};
use crate::config::{AppConfig, Networks, RateLimit};

/// The time in which wrong tokens add up.
const MINUTE: Duration = Duration::from_secs(60);
/// Answers that are held back at a time. Beyond them there is no pause: guessing must not use up the connections.
const MOST_HELD: usize = 64;

/// Who may ask, and how often. A reload replaces it as a whole.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The tokens.
    pub tokens: AcceptedTokens,
    /// Proxies whose word about a client's address is believed.
    pub trusted_proxies: Networks,
    /// Requests of one address in a span of time; none where they are not counted.
    pub rate_limit: Option<RateLimit>,
    /// What is kept of the events that are sent.
    pub intake: Arc<Intake>,
    /// Whether who reads the trail is recorded in it.
    pub audit_reads: bool,
}

impl From<AcceptedTokens> for Access {
    fn from(tokens: AcceptedTokens) -> Self {
        Self {
            tokens,
            ..Self::default()
        }
    }
}

impl From<AppConfig> for Access {
    fn from(config: AppConfig) -> Self {
        Self {
            intake: Arc::new(Intake::from(&config.audit_log)),
            tokens: config.tokens.into(),
            trusted_proxies: config.audit_log.trusted_proxies,
            rate_limit: config.rate_limit,
            audit_reads: config.audit_log.audit_reads,
        }
    }
}

/// The access as it is now, and what is counted, which a reload leaves as it is.
#[derive(Debug)]
pub(super) struct Admission {
    access: watch::Receiver<Arc<Access>>,
    failures: Visits,
    requests: Visits,
    held: Semaphore,
}

/// A request that wants to be admitted.
#[derive(Debug)]
pub(super) struct Visitor {
    access: Arc<Access>,
    address: IpAddr,
    quota: Option<Quota>,
}

impl Admission {
    pub(super) fn new(access: watch::Receiver<Arc<Access>>) -> Self {
        Self {
            access,
            failures: Visits::new(),
            requests: Visits::new(),
            held: Semaphore::new(MOST_HELD),
        }
    }

    /// Sees who asks, and counts the request.
    pub(super) fn visitor(&self, peer: IpAddr, headers: &HeaderMap) -> Visitor {
        let access = Arc::clone(&self.access.borrow());
        let address = client_address(peer, headers, &access.trusted_proxies);
        let limit = access.rate_limit.as_ref();
        let limit = limit.filter(|limit| !limit.allowed.contains(address));
        let quota = limit.map(|limit| {
            let now = Instant::now();
            let visit = self.requests.count(address, limit.window, now);
            let left = (visit.since + limit.window).saturating_duration_since(now);
            Quota {
                limit: limit.requests,
                count: visit.count,
                left,
            }
        });
        Visitor {
            access,
            address,
            quota,
        }
    }

    /// Lets a request in that carries a token which may do it. Who tries wrong ones waits, ever longer, for the
    /// answer; who has a right one never does.
    pub(super) async fn admit(
        &self,
        visitor: &Visitor,
        headers: &HeaderMap,
        permission: Permission,
    ) -> Result<Caller, Refusal> {
        if visitor.quota.is_some_and(|quota| quota.count > quota.limit) {
            return Err(Refusal::TooManyRequests);
        }
        let allowed = visitor.access.tokens.allow(headers, permission).cloned();
        if matches!(allowed, Err(Refusal::IllegalToken)) {
            let failed = self.failures.count(visitor.address, MINUTE, Instant::now());
            if let Ok(_held) = self.held.try_acquire() {
                tokio::time::sleep(pause(failed.count)).await;
            }
        }
        allowed
    }
}

impl Visitor {
    /// What is kept of the events that the visitor sends.
    pub(super) fn intake(&self) -> Arc<Intake> {
        Arc::clone(&self.access.intake)
    }

    /// Where the visitor comes from.
    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    /// Whose token the visitor has, whether it may do something or not.
    pub(super) fn subject(&self, headers: &HeaderMap) -> Option<&str> {
        let caller = self.access.tokens.caller(headers).ok()?;
        Some(caller.subject.as_str())
    }

    /// Whether who reads the trail is recorded.
    pub(super) fn is_recorded(&self) -> bool {
        self.access.audit_reads
    }

    /// Tells the visitor how many requests are left, in the words of a real one.
    pub(super) fn put_quota(&self, headers: &mut HeaderMap) {
        let Some(quota) = self.quota else {
            return;
        };
        let seconds = quota.left.as_secs() + u64::from(quota.left.subsec_nanos() > 0);
        let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap_or_default();
        let mut put = |name: HeaderName, value: u64| headers.insert(name, HeaderValue::from(value));
        let name = HeaderName::from_static;
        put(name("x-ratelimit-limit"), quota.limit);
        put(
            name("x-ratelimit-remaining"),
            quota.limit.saturating_sub(quota.count),
        );
        put(name("x-ratelimit-reset"), now + seconds);
        if quota.count > quota.limit {
            put(RETRY_AFTER, seconds);
        }
    }
}

/// How many requests an address may make, has made, and when it may begin anew.
#[derive(Clone, Copy, Debug)]
struct Quota {
    limit: u64,
    count: u64,
    left: Duration,
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, sync::Arc, time::Duration};

    use hyper::{HeaderMap, header};
    use secrecy::SecretString;
    use tokio::{sync::watch, time::Instant};

    use super::{Access, Admission};
    use crate::server::{
        auth::{AcceptedTokens, Permission},
        error::Refusal,
    };

    fn bearer(token: &str) -> HeaderMap {
        let value = format!("Bearer {token}").parse().unwrap();
        HeaderMap::from_iter([(header::AUTHORIZATION, value)])
    }

    fn admission() -> Admission {
        let tokens = AcceptedTokens::from_iter([SecretString::from("the-right-token")]);
        let access: Access = tokens.into();
        Admission::new(watch::channel(Arc::new(access)).1)
    }

    /// Whether a request gets in, and how long it waits for that.
    async fn asked(admission: &Admission, peer: &str, headers: &HeaderMap) -> (bool, Duration) {
        let (begun, peer) = (Instant::now(), peer.parse::<IpAddr>().unwrap());
        let visitor = admission.visitor(peer, headers);
        let admitted = admission.admit(&visitor, headers, Permission::Read).await;
        (admitted.is_ok(), begun.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn who_guesses_waits_and_who_knows_does_not() {
        let (admission, right, wrong) = (
            admission(),
            bearer("the-right-token"),
            bearer("a-wrong-token"),
        );
        let at_once = Duration::ZERO;
        for _ in 0..5 {
            assert_eq!(
                asked(&admission, "192.0.2.1", &wrong).await,
                (false, at_once)
            );
        }
        for millis in [250, 500, 1000, 2000, 4000, 4000] {
            let (admitted, waited) = asked(&admission, "192.0.2.1", &wrong).await;
            assert!(!admitted);
            // The clock of the runtime counts whole milliseconds.
            assert!(waited.abs_diff(Duration::from_millis(millis)) <= Duration::from_millis(1));
        }
        assert_eq!(
            asked(&admission, "192.0.2.1", &right).await,
            (true, at_once)
        );
        assert_eq!(
            asked(&admission, "192.0.2.2", &wrong).await,
            (false, at_once)
        );
        let none = HeaderMap::new();
        assert_eq!(
            asked(&admission, "192.0.2.1", &none).await,
            (false, at_once)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_guess_are_not_held_all_at_once() {
        let (admission, wrong) = (Arc::new(admission()), bearer("a-wrong-token"));
        let mut guesses = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let (admission, wrong) = (Arc::clone(&admission), wrong.clone());
            guesses.spawn(async move { asked(&admission, "192.0.2.1", &wrong).await.1 });
        }
        let waited = guesses.join_all().await;
        let held = waited.iter().filter(|waited| !waited.is_zero()).count();
        assert_eq!(held, 64);
    }

    #[test]
    fn a_token_of_a_file_reads_and_does_not_write() {
        let (admission, headers) = (admission(), bearer("the-right-token"));
        let visitor = admission.visitor([192, 0, 2, 1].into(), &headers);
        let refused = visitor.access.tokens.allow(&headers, Permission::Write);
        assert!(matches!(refused, Err(Refusal::OtherPermission)));
    }
}
