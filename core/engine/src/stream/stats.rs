//! What the hold-back of a stream comes to.

use alloc::vec::Vec;

use crate::sort;

use super::Holder;

/// How many pushes held back how much: by powers of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// `counts[0]`: nothing; `counts[k]`: from 2^(k−1) to 2^k − 1 bytes; the last one also all above.
    pub counts: [u64; 16],
}

impl Histogram {
    fn add(&mut self, bytes: usize) {
        let bits = usize::BITS.saturating_sub(bytes.leading_zeros());
        let last = self.counts.len().saturating_sub(1);
        let bucket = usize::try_from(bits).unwrap_or(last).min(last);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
    }

    /// The most bytes that the middle push can have held back: exact if it is 0 or 1.
    #[must_use]
    pub fn median(&self) -> usize {
        let all = self
            .counts
            .iter()
            .fold(0_u64, |sum, count| sum.saturating_add(*count));
        let mut below = 0_u64;
        for (bucket, count) in (0_u32..).zip(self.counts) {
            below = below.saturating_add(count);
            if below.saturating_mul(2) >= all {
                return 1_usize
                    .checked_shl(bucket)
                    .unwrap_or(usize::MAX)
                    .saturating_sub(1);
            }
        }
        0
    }
}

/// Statistics of the hold-back, in bytes of the original text, taken after each push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamStats {
    /// Held back now.
    pub held: usize,
    /// The most that was held back.
    pub max: usize,
    /// How often text was pushed.
    pub pushes: u64,
    /// What was held back, the word that the text ended in included.
    pub all: Histogram,
    /// What of it was whole words: what is held back for the sake of the policy, not of the cut.
    pub words: Histogram,
    /// Bytes held back, added up over all pushes, by what held them; most first.
    pub holders: Vec<(Holder, u64)>,
}

/// Statistics as they are taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    max: usize,
    pushes: u64,
    all: Histogram,
    words: Histogram,
    holders: Vec<(Holder, u64)>,
}

impl Counters {
    pub(super) fn count(&mut self, held: usize, words: usize, holder: Holder) {
        self.max = self.max.max(held);
        self.pushes = self.pushes.saturating_add(1);
        self.all.add(held);
        self.words.add(words);
        if held == 0 {
            return;
        }
        let bytes = u64::try_from(held).unwrap_or(u64::MAX);
        match self.holders.iter_mut().find(|(by, _)| *by == holder) {
            Some((_, sum)) => *sum = sum.saturating_add(bytes),
            None => self.holders.push((holder, bytes)),
        }
    }

    pub(super) fn stats(&self, held: usize) -> StreamStats {
        let mut holders = self.holders.clone();
        sort::by(&mut holders, |a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        StreamStats {
            held,
            max: self.max,
            pushes: self.pushes,
            all: self.all,
            words: self.words,
            holders,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_that_of_the_middle_push() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.median(), 0);
        for bytes in [0, 0, 0, 5, 500] {
            histogram.add(bytes);
        }
        assert_eq!(histogram.median(), 0);
        for bytes in [6, 7, 5, 4] {
            histogram.add(bytes);
        }
        assert_eq!(histogram.median(), 7);
        assert_eq!(histogram.counts[0], 3);
        assert_eq!(histogram.counts[3], 5);
        histogram.add(usize::MAX);
        assert_eq!(histogram.counts[15], 1);
    }
}
