//! Time and chance, which a test brings along.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::transport::Boxed;

/// The clock, the wait and the dice of a client.
pub trait Environment: Send + Sync {
    /// Seconds since 1970; `None` without a clock.
    fn now(&self) -> Option<u64>;

    /// Waits.
    fn sleep(&self, time: Duration) -> Boxed<'_, ()>;

    /// 64 bits of chance. They spread clients over time; nothing secret is made of them.
    fn random(&self) -> u64;
}

/// This machine's.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Environment for System {
    fn now(&self) -> Option<u64> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        // A clock that was never set begins in 1970, or at the build of a firmware: no signed time is that old.
        Some(since.as_secs()).filter(|seconds| *seconds >= YEAR_2020)
    }

    fn sleep(&self, time: Duration) -> Boxed<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn random(&self) -> u64 {
        // The standard library seeds every one of these differently.
        RandomState::new().build_hasher().finish()
    }
}

const YEAR_2020: u64 = 1_577_836_800;

/// `2026-11-21T18:00:00Z`, for people and status documents.
#[must_use]
pub fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Civil date from days, by eras of 400 years that begin in March.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_around_leap_days() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (1_795_284_000, "2026-11-21T18:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
        }
    }

    #[test]
    fn chance_differs() {
        let draws: std::collections::BTreeSet<u64> = (0..100).map(|_| System.random()).collect();
        assert_eq!(draws.len(), 100);
    }
}
