//! How long evaluations took, in memory that does not grow with their number.

use std::time::Duration;

/// Buckets an octave: a value is known to about 3 %.
const STEPS: u64 = 32;
const BUCKETS: usize = 64 * 32;

/// Counts by time, finer where times are short.
#[derive(Clone, Debug)]
pub struct Latency {
    buckets: Vec<u64>,
    count: u64,
}

impl Default for Latency {
    fn default() -> Latency {
        Latency {
            buckets: vec![0; BUCKETS],
            count: 0,
        }
    }
}

impl Latency {
    /// Counts one.
    pub fn add(&mut self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        if let Some(count) = self.buckets.get_mut(bucket(nanos)) {
            *count += 1;
        }
        self.count += 1;
    }

    /// How many were counted.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The time that `share` (0 to 1) of them did not exceed; `None` if there are none.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        if self.count == 0 {
            return None;
        }
        let rank = (share * self.count as f64).ceil().max(1.0);
        let mut seen = 0;
        for (number, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen as f64 >= rank {
                return Some(Duration::from_nanos(middle(number)));
            }
        }
        None
    }
}

/// Below 32 each value has its bucket; above, each octave has 32.
fn bucket(nanos: u64) -> usize {
    let number = if nanos < STEPS {
        nanos
    } else {
        let octave = u64::from(nanos.ilog2()) - 5;
        (octave + 1) * STEPS + (nanos >> octave) - STEPS
    };
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The middle of what a bucket holds.
fn middle(bucket: usize) -> u64 {
    let number = u64::try_from(bucket).unwrap_or(u64::MAX);
    if number < STEPS {
        return number;
    }
    let (octave, step) = (number / STEPS - 1, number % STEPS);
    ((STEPS + step) << octave) + ((1 << octave) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_their_values_to_three_percent() {
        let mut last = 0;
        for nanos in (0..70)
            .chain((0..58).map(|n| 1_u64 << n))
            .chain([999, 12_345_678])
        {
            let middle = middle(bucket(nanos));
            assert!(middle.abs_diff(nanos) * 32 <= nanos, "{nanos}: {middle}");
        }
        for nanos in 0..100_000 {
            assert!(bucket(nanos) >= last, "{nanos}");
            last = bucket(nanos);
        }
        assert!(bucket(u64::MAX) < BUCKETS);
    }

    #[test]
    fn quantiles_of_one_to_hundred() {
        let mut latency = Latency::default();
        assert_eq!(latency.quantile(0.5), None);
        for micros in 1..=100 {
            latency.add(Duration::from_micros(micros));
        }
        for (share, micros) in [(0.5, 50.0), (0.95, 95.0), (1.0, 100.0)] {
            let have = latency.quantile(share).unwrap().as_secs_f64() * 1e6;
            assert!((have / micros - 1.0).abs() < 0.032, "{share}: {have}");
        }
        assert_eq!(latency.count(), 100);
    }
}
