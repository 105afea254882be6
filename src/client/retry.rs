//! Whether to ask again, and when: a decision without a clock of its own.

use std::time::Duration;

use crate::api::Timestamp;

/// Requests after the first that a failure is worth.
pub const DEFAULT_RETRIES: u32 = 4;
/// The wait before the first retry; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait of our own choice.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The longest wait that a server may ask for; beyond it a person should know.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// Whether a status may pass by itself. No other 4xx is sent twice: the answer would be the same.
pub fn is_passing(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// How long to wait before retry number `retry` (from 0), if it is worth one.
///
/// `asked` is the server's `Retry-After`; `jitter` lies between 0 and 1 and keeps clients apart that failed together.
pub fn next_wait(
    retry: u32,
    retries: u32,
    asked: Option<Duration>,
    jitter: f64,
) -> Option<Duration> {
    if retry >= retries || asked.is_some_and(|asked| asked > LONGEST_ASKED) {
        return None;
    }
    Some(match asked {
        Some(asked) => asked + asked.mul_f64(0.1 * jitter),
        None => {
            let wait = FIRST_WAIT
                .saturating_mul(2u32.saturating_pow(retry))
                .min(LONGEST_WAIT);
            wait.mul_f64(0.5 + 0.5 * jitter)
        }
    })
}

/// Reads `Retry-After`: whole seconds, or a date.
pub fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = header.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = chrono::DateTime::parse_from_rfc2822(header.trim()).ok()?;
    let wait = at.to_utc().signed_duration_since(now.utc());
    Some(wait.to_std().unwrap_or_default())
}

/// How long a server takes nothing more, by `X-RateLimit-Remaining` and `X-RateLimit-Reset` (seconds since 1970).
///
/// By its own `date` and not by a clock that may be another's. No wait comes of what cannot be meant: a moment that has
/// passed, one that is far away, seconds or milliseconds from now. The next answer will tell.
pub fn quota_wait(remaining: &str, reset: &str, date: Option<Timestamp>) -> Option<Duration> {
    if remaining.trim().parse() != Ok(0) {
        return None;
    }
    let reset: i64 = reset.trim().parse().ok()?;
    let seconds = reset.checked_sub(date?.utc().timestamp())?;
    let wait = Duration::from_secs(seconds.try_into().ok()?);
    (!wait.is_zero() && wait <= LONGEST_ASKED).then_some(wait)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{is_passing, next_wait, quota_wait, retry_after};
    use crate::api::Timestamp;

    #[test]
    fn waits_double_up_to_half_a_minute_and_end() {
        let waits: Vec<_> = (0..10)
            .map(|retry| next_wait(retry, 9, None, 1.0).map(|wait| wait.as_millis()))
            .collect();
        let expected = [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000].map(Some);
        assert_eq!(waits[..9], expected);
        assert_eq!(waits[9], None);
        assert_eq!(next_wait(0, 1, None, 0.0), Some(Duration::from_millis(250)));
    }

    #[test]
    fn the_server_is_never_asked_earlier_than_it_said() {
        let asked = Some(Duration::from_secs(6));
        assert_eq!(next_wait(3, 4, asked, 0.0), Some(Duration::from_secs(6)));
        assert_eq!(
            next_wait(3, 4, asked, 1.0),
            Some(Duration::from_millis(6600))
        );
        assert_eq!(next_wait(0, 4, Some(Duration::from_secs(3600)), 0.0), None);
        assert_eq!(next_wait(0, 4, Some(Duration::MAX), 1.0), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::parse("2026-11-21T20:16:25Z").unwrap();
        assert_eq!(retry_after("6", now), Some(Duration::from_secs(6)));
        let date = "Sat, 21 Nov 2026 20:16:30 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::from_secs(5)));
        assert_eq!(
            retry_after("Sat, 21 Nov 2026 20:16:20 GMT", now),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn only_what_may_pass_is_asked_again() {
        let passing: Vec<_> = (400..600).filter(|&status| is_passing(status)).collect();
        assert_eq!(passing, [429, 502, 503, 504]);
    }

    #[test]
    fn a_quota_that_is_used_up_is_waited_for_by_the_server_s_clock() {
        // As a Backstage sent them.
        let date = Timestamp::parse("2026-11-21T20:16:25Z");
        let of = |remaining, reset| quota_wait(remaining, reset, date);
        assert_eq!(of("0", "1795292192"), Some(Duration::from_secs(7)));
        assert_eq!(of("1", "1795292192"), None);
        assert_eq!(quota_wait("0", "1795292192", None), None);
        for nonsense in ["1795292185", "7", "1795292192000", "-1", "soon", ""] {
            assert_eq!(of("0", nonsense), None, "{nonsense}");
        }
        assert_eq!(of("", "1795292192"), None);
        assert_eq!(of("0", "1795292485"), Some(Duration::from_secs(300)));
        assert_eq!(of("0", "1795292486"), None);
        assert_eq!(of("0", &i64::MIN.to_string()), None);
    }
}
