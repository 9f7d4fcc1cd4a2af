//! Topics by the rules of an overlay: after every word, everything is counted anew.

use super::text::{Kind, View};
use super::words::Words;

/// One rule.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// Each different one that is there adds the weight.
    pub any: Vec<String>,
    /// All have to be there; without `any` they add the weight once.
    pub all: Vec<String>,
    /// None may be there.
    pub not: Vec<String>,
    /// All of `all` have to stand within so many words.
    pub near: Option<usize>,
    /// 1 to 1000.
    pub weight: u32,
}

/// One topic.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// The rules.
    pub rules: Vec<Rule>,
    /// The score from which it acts.
    pub threshold: u32,
    /// How many words are looked at together.
    pub window: usize,
}

/// An occurrence of a term: its places among the words, and the tokens.
#[derive(Clone, Copy)]
struct Place {
    first_word: usize,
    last_word: usize,
    first: usize,
    last: usize,
}

impl Topic {
    /// The bytes from the first keyword that counts to the end of the one that decides.
    pub(super) fn find(&self, view: &View) -> Option<(usize, usize)> {
        // The number of the word that each token is or belongs to.
        let mut words = 0;
        let number: Vec<usize> = view
            .tokens
            .iter()
            .map(|token| {
                words += usize::from(token.kind != Kind::Symbol);
                words
            })
            .collect();
        let terms = |terms: &[String]| -> Vec<Vec<Place>> {
            let found = Words::new(terms).occurrences(view);
            let of = |term| found.iter().filter(move |&&(number, _, _)| number == term);
            (0..terms.len())
                .map(|term| {
                    of(term)
                        .map(|&(_, first, last)| Place {
                            first_word: number[first],
                            last_word: number[last],
                            first,
                            last,
                        })
                        .collect()
                })
                .collect()
        };
        let rules: Vec<_> = self
            .rules
            .iter()
            .map(|rule| (rule, terms(&rule.any), terms(&rule.all), terms(&rule.not)))
            .collect();
        (0..view.tokens.len()).find_map(|end| {
            let mut score = 0;
            let mut start = usize::MAX;
            for (rule, any, all, not) in &rules {
                let latest = |places: &Vec<Place>| self.latest(places, end, number[end]);
                if not.iter().any(|places| latest(places).is_some()) {
                    continue;
                }
                let all: Vec<Option<Place>> = all.iter().map(latest).collect();
                if all.iter().any(Option::is_none) {
                    continue;
                }
                let all: Vec<Place> = all.into_iter().flatten().collect();
                let first = all.iter().map(|place| place.first_word).min().unwrap_or(0);
                let last = all.iter().map(|place| place.last_word).max().unwrap_or(0);
                if rule.near.is_some_and(|near| last - first >= near) {
                    continue;
                }
                let any: Vec<Place> = any.iter().filter_map(latest).collect();
                let count = if rule.any.is_empty() { 1 } else { any.len() };
                if count == 0 {
                    continue;
                }
                score += rule.weight * u32::try_from(count).expect("few");
                start = any
                    .iter()
                    .chain(&all)
                    .map(|place| place.first)
                    .fold(start, usize::min);
            }
            (score.min(1000) >= self.threshold).then(|| view.span(start, end))
        })
    }

    /// The latest occurrence that ends by the token `end` and begins within the window that ends there.
    fn latest(&self, places: &[Place], end: usize, word: usize) -> Option<Place> {
        let past = places.iter().filter(|place| place.last <= end);
        past.max_by_key(|place| place.last)
            .copied()
            .filter(|place| word - place.first_word < self.window)
    }
}
