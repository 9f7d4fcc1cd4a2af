//! Builds the section `strings`: words that match inside tokens.

use std::collections::BTreeMap;

use daachorse::{DoubleArrayAhoCorasickBuilder, MatchKind};
use edgerail_core::text::{View, fold_into};

/// The section for these (word text, word number); empty if there is none. `None` if the automaton
/// cannot be built, which happens only beyond the sizes AWS allows.
pub(crate) fn build(words: &[(String, u32)]) -> Option<Vec<u8>> {
    // One pattern has one value; a word that two guardrails configure is one word already, but two
    // words may fold to the same text. The first stands for both: they differ in nothing but case.
    let mut patterns = BTreeMap::new();
    for (text, word) in words {
        let mut folded = String::new();
        fold_into(View::new(text, usize::MAX).ok()?.text().trim(), &mut folded);
        if !folded.is_empty() {
            patterns.entry(folded).or_insert(*word);
        }
    }
    if patterns.is_empty() {
        return Some(Vec::new());
    }
    let automaton = DoubleArrayAhoCorasickBuilder::new()
        .match_kind(MatchKind::Standard)
        // It would add 64 KiB to the bundle, however few words there are.
        .use_prefilter(false)
        .build_with_values(patterns)
        .ok()?;
    Some(automaton.serialize())
}
