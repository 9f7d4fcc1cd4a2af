//! When to ask again: so that many clients never ask at once, and a server in trouble is left alone.

use std::time::Duration;

use crate::error::Error;

/// How often a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intervals {
    /// Between two checks, on average.
    pub poll: Duration,
    /// By how many thousandths a check comes earlier or later.
    pub jitter_permille: u32,
    /// The first limit of the wait after a failure; it doubles with each.
    pub backoff: Duration,
    /// The last limit.
    pub backoff_most: Duration,
    /// What a server may ask for at most with `Retry-After`: it must not be able to end updates.
    pub retry_after_most: Duration,
    /// How long a server may hold back an answer until there is something new; zero asks for nothing.
    pub long_poll: Duration,
}

impl Default for Intervals {
    /// 60 s ± 20 %, backoff from 1 s to 300 s, `Retry-After` up to an hour, long poll of 50 s: proxies cut what
    /// takes a minute.
    fn default() -> Intervals {
        Intervals {
            poll: Duration::from_secs(60),
            jitter_permille: 200,
            backoff: Duration::from_secs(1),
            backoff_most: Duration::from_secs(300),
            retry_after_most: Duration::from_secs(3600),
            long_poll: Duration::from_secs(50),
        }
    }
}

/// The least wait between two checks, whatever a server says or chance draws.
const LEAST: Duration = Duration::from_millis(100);

/// The waits of one client.
#[derive(Clone, Debug)]
pub struct Schedule {
    intervals: Intervals,
    /// Failures in a row.
    failures: u32,
}

impl Schedule {
    /// A schedule with these intervals.
    #[must_use]
    pub const fn new(intervals: Intervals) -> Schedule {
        Schedule {
            intervals,
            failures: 0,
        }
    }

    /// Failures in a row.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// The wait before the first check: anywhere within one interval, so that a fleet that starts at once does
    /// not ask at once.
    #[must_use]
    pub fn first(&self, random: u64) -> Duration {
        share(self.intervals.poll, random)
    }

    /// The wait after a check that went well. After a server that held its answer back, there is none to speak
    /// of.
    pub fn succeeded(&mut self, waited: bool, random: u64) -> Duration {
        self.failures = 0;
        if waited {
            return share(LEAST * 10, random).max(LEAST);
        }
        self.poll(random)
    }

    /// The wait after a check that failed. What may pass soon is tried with full jitter: anywhere between 0 and a
    /// limit that doubles. What will not pass soon, as a refusal, is tried at the usual pace.
    pub fn failed(&mut self, error: &Error, random: u64) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let wait = if error.is_transient() {
            let doubled = 1_u32.checked_shl(self.failures.min(31)).unwrap_or(u32::MAX);
            let limit = self.intervals.backoff.saturating_mul(doubled / 2);
            share(limit.min(self.intervals.backoff_most), random)
        } else {
            self.poll(random)
        };
        let wait = match error.retry_after() {
            None => wait,
            // Everybody was told the same time: the jitter comes on top of it, in proportion.
            Some(seconds) => {
                let told = Duration::from_secs(seconds).min(self.intervals.retry_after_most);
                told + wait.max(share(told / 4, random))
            }
        };
        wait.max(LEAST)
    }

    fn poll(&self, random: u64) -> Duration {
        let around = self.intervals.poll * self.intervals.jitter_permille.min(1000) / 1000;
        (self.intervals.poll - around + share(around * 2, random)).max(LEAST)
    }
}

/// The part of `whole` that the dice say: 0 up to all of it.
fn share(whole: Duration, random: u64) -> Duration {
    let nanos = whole.as_nanos().saturating_mul(u128::from(random)) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DICE: [u64; 4] = [0, 1 << 62, 1 << 63, u64::MAX];

    fn server_error() -> Error {
        Error::network("http_status", "x", "503")
    }

    #[test]
    fn t_net_1_polls_are_spread_around_the_interval() {
        let mut schedule = Schedule::new(Intervals::default());
        let waits = DICE.map(|dice| schedule.succeeded(false, dice).as_millis());
        assert_eq!(waits, [48_000, 54_000, 60_000, 71_999]);
        let first = DICE.map(|dice| schedule.first(dice).as_millis());
        assert_eq!(first, [0, 15_000, 30_000, 59_999]);
        assert!(schedule.succeeded(true, u64::MAX) <= Duration::from_secs(1));
        assert!(schedule.succeeded(true, 0) >= LEAST);
    }

    #[test]
    fn t_net_1_backoff_doubles_up_to_its_limit_and_starts_again() {
        let mut schedule = Schedule::new(Intervals::default());
        let limits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
        for limit in limits {
            let wait = schedule.failed(&server_error(), u64::MAX);
            assert_eq!(wait.as_secs_f64().ceil() as u64, limit);
        }
        for _ in 0..100 {
            assert!(schedule.failed(&server_error(), u64::MAX) <= Duration::from_secs(300));
            assert_eq!(schedule.failed(&server_error(), 0), LEAST);
        }
        schedule.succeeded(false, 0);
        assert!(schedule.failed(&server_error(), u64::MAX) <= Duration::from_secs(1));
    }

    #[test]
    fn t_net_1_retry_after_is_kept_and_bounded_and_spread() {
        let mut schedule = Schedule::new(Intervals::default());
        let after = |seconds| server_error().after(Some(seconds));
        let wait = schedule.failed(&after(120), 0);
        assert_eq!(wait, Duration::from_secs(120));
        let spread = schedule.failed(&after(120), u64::MAX);
        assert!(spread > Duration::from_secs(149), "{spread:?}");
        let longest = schedule.failed(&after(u64::MAX), 0);
        assert_eq!(longest, Duration::from_secs(3600));
    }

    #[test]
    fn t_net_1_a_refusal_is_no_reason_to_hurry() {
        let mut schedule = Schedule::new(Intervals::default());
        let refused = server_error().permanent();
        for dice in DICE {
            assert!(schedule.failed(&refused, dice) >= Duration::from_secs(48));
            assert!(
                schedule.failed(&Error::new("signatures", "x", "y"), dice)
                    >= Duration::from_secs(48)
            );
        }
    }
}
