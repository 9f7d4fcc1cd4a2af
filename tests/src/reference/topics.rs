//! Topics by the rules of an overlay: after every keyword, everything is counted anew.

use std::collections::BTreeSet;

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

/// An occurrence of a term: its place among the words, which is that of its last one, and its tokens.
#[derive(Clone, Copy)]
struct Place {
    /// The numbers of its first and last word.
    first_word: usize,
    word: usize,
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
                            word: number[last],
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
        // A keyword decides; a term of `not` that leaves the window does not.
        let keywords = rules
            .iter()
            .flat_map(|(_, any, all, _)| any.iter().chain(all).flatten());
        let ends: BTreeSet<usize> = keywords.map(|place| place.last).collect();
        ends.into_iter().find_map(|end| {
            let mut score = 0;
            let mut start = usize::MAX;
            let mut decides = false;
            for (rule, any, all, not) in &rules {
                let latest = |places: &Vec<Place>| self.latest(places, end, number[end]);
                if not.iter().any(|places| latest(places).is_some()) {
                    continue;
                }
                let Some(all) = self.together(all, rule.near, end, number[end]) else {
                    continue;
                };
                let any: Vec<Place> = any.iter().filter_map(latest).collect();
                let count = if rule.any.is_empty() { 1 } else { any.len() };
                if count == 0 {
                    continue;
                }
                score += rule.weight * u32::try_from(count).expect("few");
                decides |= any.iter().chain(&all).any(|place| place.last == end);
                start = any
                    .iter()
                    .chain(&all)
                    .map(|place| place.first)
                    .fold(start, usize::min);
            }
            // The keyword that decides is one that counts.
            (decides && score.min(1000) >= self.threshold).then(|| view.span(start, end))
        })
    }

    /// The latest places where all terms were in the window and near enough to each other; they stay while all
    /// of them are in the window.
    fn together(
        &self,
        terms: &[Vec<Place>],
        near: Option<usize>,
        end: usize,
        word: usize,
    ) -> Option<Vec<Place>> {
        let ends: BTreeSet<usize> = terms.iter().flatten().map(|place| place.last).collect();
        if ends.is_empty() {
            return terms.is_empty().then(Vec::new);
        }
        ends.into_iter()
            .rev()
            .filter(|last| *last <= end)
            .find_map(|last| {
                let places = terms.iter().map(|places| self.latest(places, last, word));
                let places: Vec<Place> = places.collect::<Option<_>>()?;
                let from = places.iter().map(|place| place.first_word).min()?;
                let to = places.iter().map(|place| place.word).max()?;
                near.is_none_or(|near| to - from < near).then_some(places)
            })
    }

    /// The latest occurrence that ends by the token `end`, if all of it is in the window that ends there.
    fn latest(&self, places: &[Place], end: usize, word: usize) -> Option<Place> {
        let past = places.iter().filter(|place| place.last <= end);
        past.max_by_key(|place| place.last)
            .copied()
            .filter(|place| word - place.first_word < self.window)
    }
}
