//! When to try again: full jitter, the server's own wish, and an end.

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// How long and how often an operation is tried, and how large its answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How often a request is sent at most.
    pub tries: NonZeroU32,
    /// How long connecting may take.
    pub connect: Duration,
    /// How long one try may take, from the first byte sent to the last received.
    pub attempt: Duration,
    /// How long all tries of an operation and the waits between them may take.
    pub deadline: Duration,
    /// The longest wait before the second try after a failure; doubled for each further one. Half of it after
    /// a failure that is not a request to slow down.
    pub base: Duration,
    /// The longest wait.
    pub cap: Duration,
    /// The largest answer, in bytes.
    pub answer_bytes: usize,
}

impl Default for Limits {
    /// DescribePolicy is allowed twice a second, so waits begin at a second; the longest definition of a guardrail
    /// (10,000 words with their four actions) is some 2.5 MB.
    fn default() -> Limits {
        Limits {
            tries: NonZeroU32::MIN.saturating_add(9),
            connect: Duration::from_secs(5),
            attempt: Duration::from_secs(30),
            deadline: Duration::from_secs(180),
            base: Duration::from_secs(1),
            cap: Duration::from_secs(20),
            answer_bytes: 16 << 20,
        }
    }
}

impl Limits {
    /// How long to wait before try number `next` (2 for the second): a uniformly random part (`random` in 0..1) of a
    /// bound that doubles, and not less than the server asked for.
    pub(crate) fn wait(
        &self,
        next: u32,
        throttled: bool,
        asked: Option<Duration>,
        random: f64,
    ) -> Duration {
        let base = if throttled { self.base } else { self.base / 2 };
        let doublings = next.saturating_sub(2).min(16);
        let bound = base.saturating_mul(1 << doublings).min(self.cap);
        let wait = bound.mul_f64(random.clamp(0.0, 1.0));
        wait.max(asked.unwrap_or_default())
    }
}

/// The wish of a Retry-After header: seconds, or a date.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let until = http_date(value)?;
    Some(until.duration_since(now).unwrap_or_default())
}

/// An HTTP date.
pub(crate) fn http_date(value: &str) -> Option<SystemTime> {
    let date = DateTime::from_str(value, Format::HttpDate).ok()?;
    let seconds = u64::try_from(date.secs()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// RFC 3339 with whole seconds.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let text = DateTime::from_secs(seconds).fmt(Format::DateTime);
    text.unwrap_or_else(|_| seconds.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_jittered_and_bounded() {
        let limits = Limits::default();
        let wait = |next, random| limits.wait(next, true, None, random);
        assert_eq!(wait(2, 0.0), Duration::ZERO);
        assert_eq!(wait(2, 1.0), Duration::from_secs(1));
        assert_eq!(wait(3, 1.0), Duration::from_secs(2));
        assert_eq!(wait(3, 0.5), Duration::from_secs(1));
        assert_eq!(wait(40, 1.0), limits.cap);
        assert_eq!(limits.wait(2, false, None, 1.0), Duration::from_millis(500));
        let asked = Some(Duration::from_secs(7));
        assert_eq!(limits.wait(2, true, asked, 0.3), Duration::from_secs(7));
        assert_eq!(limits.wait(40, true, asked, 1.0), limits.cap);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_576_540_098);
        assert_eq!(retry_after(" 3 ", now), Some(Duration::from_secs(3)));
        let date = "Mon, 16 Dec 2019 23:48:28 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::from_secs(10)));
        let past = now + Duration::from_secs(60);
        assert_eq!(retry_after(date, past), Some(Duration::ZERO));
        for bad in ["", "-1", "soon", "99999999999999999999"] {
            assert_eq!(retry_after(bad, now), None, "{bad}");
        }
        assert_eq!(rfc3339(now), "2019-12-16T23:48:18Z");
    }
}
