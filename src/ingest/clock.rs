//! When lines were read.

use crate::api::Timestamp;

/// The times of reading, each later than the one before: events whose lines carry no time keep the lines' order.
pub struct Clock {
    now: Box<dyn FnMut() -> Timestamp>,
    last: Option<Timestamp>,
}

impl Clock {
    /// A clock that asks `now`.
    pub fn new(now: impl FnMut() -> Timestamp + 'static) -> Self {
        Self {
            now: Box::new(now),
            last: None,
        }
    }

    /// The time, or a microsecond after the last answer if that is later.
    pub fn tick(&mut self) -> Timestamp {
        let now = (self.now)();
        let next = self.last.map_or(now, |last| {
            now.max(last.plus(chrono::Duration::microseconds(1)))
        });
        self.last = Some(next);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use crate::api::Timestamp;

    #[test]
    fn a_clock_that_stands_still_or_goes_back_gives_later_times_all_the_same() {
        let mut times = [5, 5, 3, 9].into_iter();
        let mut clock = Clock::new(move || Timestamp::from_micros(times.next().unwrap()).unwrap());
        let ticks: Vec<_> = (0..4).map(|_| clock.tick().micros()).collect();
        assert_eq!(ticks, [5, 6, 7, 9]);
    }
}
