//! What is counted of each address, in memory that has a bound whoever asks.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Addresses of one generation. There are two: when the younger is full, the older is forgotten.
const GENERATION: usize = 10_000;

/// Visits of addresses in a span of time, which begins with the first visit.
#[derive(Debug)]
pub(super) struct Visits(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<IpAddr, Visit>,
    old: HashMap<IpAddr, Visit>,
}

/// How often an address came since a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit {
    pub(super) since: Instant,
    pub(super) count: u64,
}

impl Visits {
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    /// Counts one more visit of an address; a span that is over begins anew.
    pub(super) fn count(&self, address: IpAddr, span: Duration, now: Instant) -> Visit {
        let address = network_of(address);
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = generations.young.get(&address);
        let known = known.or_else(|| generations.old.get(&address)).copied();
        let known = known.filter(|visit| now.saturating_duration_since(visit.since) < span);
        let visit = match known {
            Some(visit) => Visit {
                count: visit.count.saturating_add(1),
                ..visit
            },
            None => Visit {
                since: now,
                count: 1,
            },
        };
        if generations.young.len() >= GENERATION && !generations.young.contains_key(&address) {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(address, visit);
        visit
    }
}

/// Whoever has one address of IPv6 has the 64 bits behind it, too.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

/// The pause before an address is told once more that its token is wrong: the first five answers are a person's
/// mistakes, then it doubles from a quarter of a second to four.
pub(super) fn pause(failures: u64) -> Duration {
    const FREE: u64 = 5;
    match failures.checked_sub(FREE + 1) {
        None => Duration::ZERO,
        Some(more) => Duration::from_millis(250 << more.min(4)),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::{IpAddr, Ipv4Addr},
        time::{Duration, Instant},
    };

    use super::{GENERATION, Visits, pause};

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn visits_are_counted_for_each_address_until_the_span_is_over() {
        let (visits, start) = (Visits::new(), Instant::now());
        let count = |address: &str, after: u64| {
            let now = start + Duration::from_secs(after);
            visits.count(address.parse().unwrap(), MINUTE, now).count
        };
        assert_eq!(count("10.0.0.1", 0), 1);
        assert_eq!(count("10.0.0.1", 59), 2);
        assert_eq!(count("10.0.0.2", 59), 1);
        assert_eq!(count("::ffff:10.0.0.1", 59), 3);
        assert_eq!(count("10.0.0.1", 60), 1);
        assert_eq!(count("2001:db8::1", 60), 1);
        assert_eq!(count("2001:db8::ffff:2", 60), 2);
        assert_eq!(count("2001:db8:0:1::1", 60), 1);
    }

    #[test]
    fn any_number_of_addresses_takes_bounded_memory() {
        let (visits, now) = (Visits::new(), Instant::now());
        for n in 0..50_000 {
            visits.count(IpAddr::V4(Ipv4Addr::from_bits(n)), MINUTE, now);
        }
        let generations = visits.0.lock().unwrap();
        assert!(generations.young.len() <= GENERATION);
        assert!(generations.old.len() <= GENERATION);
        drop(generations);
        let last = IpAddr::V4(Ipv4Addr::from_bits(49_999));
        assert_eq!(visits.count(last, MINUTE, now).count, 2);
    }

    #[test]
    fn the_pause_grows_after_the_fifth_failure_to_four_seconds() {
        let pauses: Vec<_> = (1..=12).map(|n| pause(n).as_millis()).collect();
        assert_eq!(
            pauses,
            [0, 0, 0, 0, 0, 250, 500, 1000, 2000, 4000, 4000, 4000]
        );
        assert_eq!(pause(u64::MAX).as_millis(), 4000);
    }
}
