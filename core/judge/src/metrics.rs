//! Precision, recall and F1, and how labels and findings are paired.

use std::ops::AddAssign;

/// How often something was found that is there, found that is not there, and not found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Labels that were found.
    pub hits: u64,
    /// Findings without a label.
    pub false_alarms: u64,
    /// Labels that were not found.
    pub misses: u64,
}

impl Counts {
    /// The share of findings that have a label; `None` without findings.
    pub fn precision(self) -> Option<f64> {
        ratio(self.hits, self.found())
    }

    /// The share of labels that were found; `None` without labels.
    pub fn recall(self) -> Option<f64> {
        ratio(self.hits, self.labels())
    }

    /// The harmonic mean of both: 2 hits of 2 hits, false alarms and misses. `None` without either.
    pub fn f1(self) -> Option<f64> {
        let twice = self.hits.saturating_mul(2);
        ratio(twice, twice + self.false_alarms + self.misses)
    }

    /// How many labels there are.
    pub const fn labels(self) -> u64 {
        self.hits + self.misses
    }

    /// How many findings there are.
    pub const fn found(self) -> u64 {
        self.hits + self.false_alarms
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.hits += other.hits;
        self.false_alarms += other.false_alarms;
        self.misses += other.misses;
    }
}

/// A part of a whole; `None` of nothing. Counts stay far below 2^53, where this is exact.
pub fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The 95 % Wilson interval of a share: what the true share may well be, seen so few trials. `None`
/// without a trial.
pub fn interval(part: u64, whole: u64) -> Option<(f64, f64)> {
    const Z: f64 = 1.959_963_984_540_054;
    let share = ratio(part, whole)?;
    let n = whole as f64;
    let z2 = Z * Z;
    let centre = share + z2 / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    let bound = |value: f64| (value / scale).clamp(0.0, 1.0);
    Some((bound(centre - spread), bound(centre + spread)))
}

/// A stretch of a text.
pub type Span = (usize, usize);

/// Which finding each label is paired with. Each finding is paired once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs {
    /// By the very same span.
    pub(crate) exact: Vec<Option<usize>>,
    /// By spans that have a character in common; a finding of the same span goes first.
    pub(crate) overlap: Vec<Option<usize>>,
}

/// Pairs labels with findings of the same entry. Labels do not overlap each other; findings may.
///
/// With labels apart, a finding's labels are neighbours, and taking for each label in turn the finding
/// that ends first pairs as many as can be paired.
pub(crate) fn pair(labels: &[Span], found: &[Span]) -> Pairs {
    let mut exact_of = vec![None; labels.len()];
    let mut taken = vec![false; found.len()];
    for (place, label) in labels.iter().enumerate() {
        let same = |&(number, span): &(usize, &Span)| span == label && !taken[number];
        if let Some((number, _)) = found.iter().enumerate().find(same) {
            exact_of[place] = Some(number);
            taken[number] = true;
        }
    }
    let mut overlap = exact_of.clone();
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by_key(|&place| labels[place]);
    for place in order {
        if overlap[place].is_some() {
            continue;
        }
        let free = found
            .iter()
            .enumerate()
            .filter(|(number, span)| !taken[*number] && common(labels[place], **span) > 0);
        if let Some((number, _)) = free.min_by_key(|(_, span)| (span.1, span.0)) {
            overlap[place] = Some(number);
            taken[number] = true;
        }
    }
    Pairs {
        exact: exact_of,
        overlap,
    }
}

/// How much two stretches have in common.
pub(crate) fn common(a: Span, b: Span) -> usize {
    a.1.min(b.1).saturating_sub(a.0.max(b.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: Option<f64>, expected: f64) -> bool {
        value.is_some_and(|value| (value - expected).abs() < 5e-5)
    }

    /// By hand: 8 of 10 findings are right, 8 of 12 labels found; F1 = 2·(0.8·0.6667)/(0.8+0.6667) = 8/11.
    #[test]
    fn precision_recall_and_f1_as_on_paper() {
        let counts = Counts {
            hits: 8,
            false_alarms: 2,
            misses: 4,
        };
        assert_eq!(counts.precision(), Some(0.8));
        assert!(near(counts.recall(), 0.666_67));
        assert!(near(counts.f1(), 8.0 / 11.0));
        assert_eq!((counts.labels(), counts.found()), (12, 10));
    }

    #[test]
    fn what_was_never_asked_has_no_value() {
        let nothing = Counts::default();
        assert_eq!(
            (nothing.precision(), nothing.recall(), nothing.f1()),
            (None, None, None)
        );
        let missed = Counts {
            misses: 3,
            ..nothing
        };
        assert_eq!(
            (missed.precision(), missed.recall(), missed.f1()),
            (None, Some(0.0), Some(0.0))
        );
        let alarms = Counts {
            false_alarms: 3,
            ..nothing
        };
        assert_eq!(
            (alarms.precision(), alarms.recall(), alarms.f1()),
            (Some(0.0), None, Some(0.0))
        );
    }

    /// Against the values of Newcombe (1998), table I, method 3: 81/263, 15/148, 0/20, 1/29.
    #[test]
    fn intervals_agree_with_published_ones() {
        for (part, whole, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (a, b) = interval(part, whole).unwrap();
            assert!(
                near(Some(a), low) && near(Some(b), high),
                "{part}/{whole}: {a} {b}"
            );
        }
        assert_eq!(interval(0, 0), None);
        assert_eq!(interval(5, 5).unwrap().1, 1.0);
    }

    #[test]
    fn exact_pairs_need_the_same_span() {
        let pairs = pair(&[(0, 4), (6, 9)], &[(0, 4), (6, 10)]);
        assert_eq!(pairs.exact, [Some(0), None]);
        assert_eq!(pairs.overlap, [Some(0), Some(1)]);
        // Touching is not overlapping.
        assert_eq!(pair(&[(0, 4)], &[(4, 8)]).overlap, [None]);
    }

    #[test]
    fn a_finding_counts_for_one_label_only() {
        let pairs = pair(&[(0, 4), (5, 9)], &[(0, 9)]);
        assert_eq!(pairs.overlap, [Some(0), None]);
        assert_eq!(pair(&[(0, 4)], &[(0, 4), (0, 4)]).exact, [Some(0)]);
    }

    /// Taking the first or the longest finding would pair one here: two can be.
    #[test]
    fn as_many_as_possible_are_paired() {
        let pairs = pair(&[(0, 4), (5, 9)], &[(3, 9), (1, 3)]);
        assert_eq!(pairs.overlap, [Some(1), Some(0)]);
        // An exact pair does not cost another label its own.
        let pairs = pair(&[(0, 2), (4, 8)], &[(1, 5), (4, 8)]);
        assert_eq!(pairs.overlap, [Some(0), Some(1)]);
    }

    /// All ways to lay two findings over two labels on eight places, against trying every pairing.
    #[test]
    fn pairing_is_as_good_as_trying_everything() {
        let spans: Vec<Span> = (0..7)
            .flat_map(|start| (start + 1..8).map(move |end| (start, end)))
            .collect();
        let labels = [(1, 3), (4, 7)];
        for &first in &spans {
            for &second in &spans {
                let found = [first, second];
                let touches = |l: usize, f: usize| usize::from(common(labels[l], found[f]) > 0);
                let straight = touches(0, 0) + touches(1, 1);
                let crossed = touches(0, 1) + touches(1, 0);
                let paired = pair(&labels, &found).overlap.iter().flatten().count();
                assert_eq!(paired, straight.max(crossed), "{found:?}");
            }
        }
    }
}
