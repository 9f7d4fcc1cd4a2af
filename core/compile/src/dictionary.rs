//! Builds the dictionary section: the token table and the token automaton.

use std::collections::{BTreeMap, VecDeque};

use edgerail_core::dictionary::{
    Layout, MAX_DEPTH, Output, TokenHash, Use, fold_token, hash_token, transition_slot,
};
use edgerail_core::text::{Tokens, View};

/// Bits of the filter per token: one in sixteen of the tokens that are not in the vocabulary passes.
const FILTER_BITS_PER_TOKEN: usize = 16;
/// The smallest filter, in bits as a power of two: small enough for any cache.
const MIN_FILTER_LOG2: u32 = 12;

/// Tokens that a bucket has at least on average, and fewer than twice as many: they stand side by side, so that
/// passing one costs less than a table of twice the length.
const BUCKET_TOKENS: usize = 2;

/// A custom word with its uses.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    /// The text as configured.
    pub(crate) text: String,
    /// Who uses it.
    pub(crate) uses: Vec<Use>,
}

/// Collects terms and writes them as a section.
#[derive(Debug)]
pub(crate) struct DictionaryBuilder {
    words: Vec<Word>,
    tokens: BTreeMap<String, usize>,
    /// Folded tokens in the order of their numbers.
    names: Vec<String>,
    states: Vec<State>,
}

/// Why a term cannot stand in a dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It has no token: only white space or characters that are ignored.
    Empty,
    /// It has more tokens than a path may have.
    TooLong,
}

#[derive(Debug, Default)]
struct State {
    /// By label: the token at the root, token × 2 + spaced elsewhere.
    children: BTreeMap<usize, usize>,
    outputs: Vec<Output>,
    depth: usize,
    fail: usize,
    next_output: usize,
}

impl DictionaryBuilder {
    pub(crate) fn new() -> DictionaryBuilder {
        DictionaryBuilder {
            words: Vec::new(),
            tokens: BTreeMap::new(),
            names: Vec::new(),
            states: vec![State::default()],
        }
    }

    /// Adds a custom word to the table of words, without making it match; returns its number.
    pub(crate) fn add_word(&mut self, word: Word) -> usize {
        self.words.push(word);
        self.words.len() - 1
    }

    /// Makes `term` match as whole tokens and give `output`.
    pub(crate) fn add_term(&mut self, term: &str, output: Output) -> Result<(), Unusable> {
        let path = path(term);
        if path.is_empty() {
            return Err(Unusable::Empty);
        }
        if path.len() > MAX_DEPTH {
            return Err(Unusable::TooLong);
        }
        let mut state = 0;
        for (folded, spaced) in path {
            let token = self.intern(folded);
            let label = if state == 0 {
                token
            } else {
                token * 2 + usize::from(spaced)
            };
            state = self.child(state, label);
        }
        let outputs = &mut self.states[state].outputs;
        if !outputs.contains(&output) {
            outputs.push(output);
            outputs.sort_unstable();
        }
        Ok(())
    }

    fn intern(&mut self, folded: String) -> usize {
        let next = self.names.len();
        *self.tokens.entry(folded).or_insert_with_key(|folded| {
            self.names.push(folded.clone());
            next
        })
    }

    fn child(&mut self, state: usize, label: usize) -> usize {
        if let Some(&child) = self.states[state].children.get(&label) {
            return child;
        }
        let child = self.states.len();
        let depth = self.states[state].depth + 1;
        self.states.push(State {
            depth,
            ..State::default()
        });
        self.states[state].children.insert(label, child);
        child
    }

    /// Breadth first, so that a state's fail link is finished before its children ask for it.
    fn link(&mut self) {
        let mut queue: VecDeque<usize> = self.states[0].children.values().copied().collect();
        while let Some(parent) = queue.pop_front() {
            let children: Vec<_> = self.states[parent]
                .children
                .iter()
                .map(|(&label, &child)| (label, child))
                .collect();
            for (label, child) in children {
                let fail = self.follow(self.states[parent].fail, label);
                self.states[child].fail = fail;
                self.states[child].next_output = if self.states[fail].outputs.is_empty() {
                    self.states[fail].next_output
                } else {
                    fail
                };
                queue.push_back(child);
            }
        }
    }

    /// Where `label` leads from `state` or from the longest of its suffixes that it leads anywhere from.
    fn follow(&self, mut state: usize, label: usize) -> usize {
        while state != 0 {
            if let Some(&child) = self.states[state].children.get(&label) {
                return child;
            }
            state = self.states[state].fail;
        }
        self.states[0]
            .children
            .get(&(label / 2))
            .copied()
            .unwrap_or(0)
    }

    /// Puts the tokens in the order of their buckets, of which there are `2^log2`, and the states in the order of
    /// the section: the root, a state for each token, then those behind more tokens as they came. A token that no
    /// term begins with gets a state as well, without outputs and with nothing behind it.
    fn order(&mut self, log2: u32) {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by_cached_key(|&token| {
            let name = &self.names[token];
            (hash_token(name.as_bytes()).slot(log2), name.clone())
        });
        let mut tokens = vec![0; order.len()];
        for (number, &token) in order.iter().enumerate() {
            tokens[token] = number;
        }
        let mut states = vec![usize::MAX; self.states.len()];
        states[0] = 0;
        for (&token, &child) in &self.states[0].children {
            states[child] = tokens[token] + 1;
        }
        let deep = states.iter_mut().filter(|state| **state == usize::MAX);
        for (place, state) in deep.enumerate() {
            *state = tokens.len() + 1 + place;
        }
        let mut ordered: Vec<State> = Vec::new();
        let single = || State {
            depth: 1,
            ..State::default()
        };
        let last = states.iter().max().map_or(0, |&last| last);
        ordered.resize_with(last.max(tokens.len()) + 1, single);
        for (number, mut state) in std::mem::take(&mut self.states).into_iter().enumerate() {
            let children = std::mem::take(&mut state.children).into_iter();
            state.children = children
                .map(|(label, child)| {
                    let label = match number {
                        0 => tokens[label],
                        _ => tokens[label / 2] * 2 + label % 2,
                    };
                    (label, states[child])
                })
                .collect();
            ordered[states[number]] = state;
        }
        self.states = ordered;
        self.names = order
            .into_iter()
            .map(|token| std::mem::take(&mut self.names[token]))
            .collect();
    }

    /// The section; empty if there is no term and no word. `None` if a number does not fit its field.
    pub(crate) fn finish(mut self) -> Option<Vec<u8>> {
        if self.names.is_empty() && self.words.is_empty() {
            return Some(Vec::new());
        }
        let bucket_log2 = (self.names.len() / BUCKET_TOKENS).max(1).ilog2();
        self.order(bucket_log2);
        self.link();
        let mut pool = Vec::new();
        let mut buckets = vec![(0, 0); (1 << bucket_log2) + 1];
        for (number, name) in self.names.iter().enumerate() {
            pool.extend_from_slice(&u16::try_from(name.len()).ok()?.to_le_bytes());
            pool.extend_from_slice(name.as_bytes());
            let bucket = hash_token(name.as_bytes()).slot(bucket_log2);
            // Where the bucket ends as far as it is filled.
            buckets[bucket + 1] = (number + 1, pool.len());
        }
        for bucket in 1..buckets.len() {
            buckets[bucket] = buckets[bucket].max(buckets[bucket - 1]);
        }
        let word_places: Vec<_> = self
            .words
            .iter()
            .map(|word| put(&mut pool, &word.text))
            .collect();
        let deep: usize = self
            .states
            .iter()
            .skip(1)
            .map(|state| state.children.len())
            .sum();
        let pairs = self.pairs();
        let layout = Layout {
            tokens: self.names.len(),
            bucket_log2,
            filter_log2: log2_above(self.names.len() * FILTER_BITS_PER_TOKEN).max(MIN_FILTER_LOG2),
            follow_log2: log2_above(pairs.len() * FILTER_BITS_PER_TOKEN).max(MIN_FILTER_LOG2),
            states: self.states.len(),
            transition_log2: log2_above(deep * 2),
            outputs: self.states.iter().map(|state| state.outputs.len()).sum(),
            words: self.words.len(),
            uses: self.words.iter().map(|word| word.uses.len()).sum(),
            pool_len: pool.len(),
            ..Layout::default()
        };
        let mut section = Section::default();
        section.numbers(&layout.header()?);
        self.write_filter(&layout, &mut section);
        write_follow(&pairs, &layout, &mut section);
        for (first, offset) in buckets {
            section.sizes(&[first, offset])?;
        }
        self.write_states(&layout, &mut section)?;
        self.write_transitions(&layout, &mut section)?;
        self.write_outputs(&mut section)?;
        self.write_words(&word_places, &mut section)?;
        section.0.extend_from_slice(&pool);
        Some(section.0)
    }

    /// Every state with the hash of every token that leads from it, or from a state it fails to, to
    /// another than the root's.
    fn pairs(&self) -> Vec<(usize, TokenHash)> {
        let mut pairs = Vec::new();
        for number in 1..self.states.len() {
            let mut state = number;
            while state != 0 {
                let labels = self.states[state].children.keys();
                pairs.extend(
                    labels.map(|label| (number, hash_token(self.names[label / 2].as_bytes()))),
                );
                state = self.states[state].fail;
            }
        }
        pairs
    }

    /// Only tokens that a term begins with: "of" inside a phrase must not cost a look-up wherever it
    /// stands.
    fn write_filter(&self, layout: &Layout, section: &mut Section) {
        let first = self.states[0].children.keys();
        let hashes = first.map(|&token| hash_token(self.names[token].as_bytes()));
        section.filter(
            layout.filter_log2,
            hashes.map(|hash| hash.filter_bit(layout.filter_log2)),
        );
    }

    fn write_states(&self, layout: &Layout, section: &mut Section) -> Option<()> {
        let mut next = 0;
        for state in &self.states {
            section.sizes(&[next])?;
            next += state.outputs.len();
        }
        section.sizes(&[next])?;
        let mut parents = vec![0; self.states.len()];
        for (number, state) in self.states.iter().enumerate() {
            for &child in state.children.values() {
                parents[child] = number;
            }
        }
        let deep = self.states.iter().zip(parents).skip(layout.tokens + 1);
        for (state, parent) in deep {
            section.sizes(&[state.fail, state.next_output, state.depth, parent])?;
        }
        Some(())
    }

    fn write_transitions(&self, layout: &Layout, section: &mut Section) -> Option<()> {
        let mut table = vec![[0_usize; 3]; 1 << layout.transition_log2];
        for (number, state) in self.states.iter().enumerate().skip(1) {
            for (&label, &target) in &state.children {
                let mut slot = transition_slot(number, label, layout.transition_log2);
                while table[slot][0] != 0 {
                    slot = (slot + 1) & (table.len() - 1);
                }
                table[slot] = [number, label, target];
            }
        }
        table
            .iter()
            .try_for_each(|transition| section.sizes(transition))
    }

    fn write_outputs(&self, section: &mut Section) -> Option<()> {
        for output in self.states.iter().flat_map(|state| &state.outputs) {
            section.numbers(&[output.encode()?]);
        }
        Some(())
    }

    fn write_words(&self, places: &[(usize, usize)], section: &mut Section) -> Option<()> {
        let mut first_use = 0;
        for (word, &(offset, length)) in self.words.iter().zip(places) {
            section.sizes(&[offset, length, first_use, word.uses.len()])?;
            first_use += word.uses.len();
        }
        for used in self.words.iter().flat_map(|word| &word.uses) {
            section
                .0
                .extend_from_slice(&u16::try_from(used.guardrail).ok()?.to_le_bytes());
            section
                .0
                .extend_from_slice(&[used.input.number(), used.output.number()]);
        }
        Some(())
    }
}

/// The folded tokens of a term, each with whether white space stands before it.
fn path(term: &str) -> Vec<(String, bool)> {
    // A term is at most 100 characters long, so no view of it is too long.
    let Ok(view) = View::new(term, usize::MAX) else {
        return Vec::new();
    };
    let tokens = Tokens::new(view.text()).map(|token| {
        let mut folded = String::new();
        fold_token(
            view.text().get(token.start..token.end).unwrap_or(""),
            &mut folded,
        );
        (folded, token.spaced)
    });
    tokens.collect()
}

/// Whether a term consists of tokens of a script without spaces only, so that it matches whole runs of
/// that script and hardly ever in running text.
pub(crate) fn is_unspaced(term: &str) -> bool {
    use edgerail_core::text::TokenKind;
    let Ok(view) = View::new(term, usize::MAX) else {
        return false;
    };
    Tokens::new(view.text()).any(|token| token.kind == TokenKind::Unspaced)
}

fn put(pool: &mut Vec<u8>, text: &str) -> (usize, usize) {
    let offset = pool.len();
    pool.extend_from_slice(text.as_bytes());
    (offset, text.len())
}

/// The smallest power of two above `count`, as its logarithm: a table of that size has a free slot.
fn log2_above(count: usize) -> u32 {
    (count + 1).next_power_of_two().trailing_zeros()
}

fn write_follow(pairs: &[(usize, TokenHash)], layout: &Layout, section: &mut Section) {
    let log2 = layout.follow_log2;
    let bits = pairs
        .iter()
        .map(|(state, hash)| hash.follow_bit(*state, log2));
    section.filter(log2, bits);
}

#[derive(Default)]
struct Section(Vec<u8>);

impl Section {
    /// A filter of `2^log2` bits, of which these are set.
    fn filter(&mut self, log2: u32, bits: impl Iterator<Item = usize>) {
        let mut filter = vec![0_u8; 1 << (log2 - 3)];
        for bit in bits {
            filter[bit >> 3] |= 1 << (bit & 7);
        }
        self.0.extend_from_slice(&filter);
    }

    fn numbers(&mut self, numbers: &[u32]) {
        for number in numbers {
            self.0.extend_from_slice(&number.to_le_bytes());
        }
    }

    fn sizes(&mut self, sizes: &[usize]) -> Option<()> {
        for &size in sizes {
            self.numbers(&[u32::try_from(size).ok()?]);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edgerail_core::dictionary::Dictionary;

    #[test]
    fn what_is_built_validates_and_cut_sections_do_not() {
        let mut builder = DictionaryBuilder::new();
        builder.add_word(Word {
            text: "Project Kestrel".into(),
            uses: Vec::new(),
        });
        for term in [
            "Project Kestrel",
            "kestrel project",
            "a b a c",
            "b a",
            "straße",
            "東京",
        ] {
            builder.add_term(term, Output::Word(0)).unwrap();
        }
        builder.add_term("damn", Output::Profanity).unwrap();
        let section = builder.finish().unwrap();
        let dictionary = Dictionary::read(&section).unwrap();
        assert_eq!(dictionary.word_text(0), "Project Kestrel");
        for length in 1..section.len() {
            assert!(
                Dictionary::read(&section[..length]).is_err(),
                "cut to {length}"
            );
        }
    }

    #[test]
    fn terms_without_tokens_and_endless_ones_are_unusable() {
        let mut builder = DictionaryBuilder::new();
        assert_eq!(
            builder.add_term(" \u{200b}\u{ad}", Output::Profanity),
            Err(Unusable::Empty)
        );
        let long = "a ".repeat(MAX_DEPTH + 1);
        assert_eq!(
            builder.add_term(&long, Output::Profanity),
            Err(Unusable::TooLong)
        );
        assert_eq!(builder.finish(), Some(Vec::new()));
    }

    /// Where each table of a section stands, in the order of the layout.
    fn tables(section: &[u8]) -> Vec<(&'static str, std::ops::Range<usize>)> {
        let number = |index: usize| {
            let bytes = section[index * 4..][..4].try_into().unwrap();
            usize::try_from(u32::from_le_bytes(bytes)).unwrap()
        };
        let (tokens, states) = (number(0), number(3));
        let lengths = [
            ("header", 40),
            ("filter", 1 << (number(2) - 3)),
            ("follow", 1 << (number(9) - 3)),
            ("buckets", ((1 << number(1)) + 1) * 8),
            ("states", (states + 1) * 4),
            ("links", (states - 1 - tokens) * 16),
            ("transitions", (1 << number(4)) * 12),
            ("outputs", number(5) * 4),
            ("words", number(6) * 16),
            ("uses", number(7) * 4),
            ("pool", number(8)),
        ];
        let mut at = 0;
        let tables = lengths.map(|(name, length)| {
            at += length;
            (name, at - length..at)
        });
        assert_eq!(at, section.len());
        tables.to_vec()
    }

    #[test]
    fn a_number_that_points_nowhere_is_refused_in_every_table() {
        let mut builder = DictionaryBuilder::new();
        builder.add_word(Word {
            text: "Project Kestrel".into(),
            uses: Vec::new(),
        });
        for term in ["Project Kestrel", "kestrel", "a b a c", "b a", "straße"] {
            builder.add_term(term, Output::Word(0)).unwrap();
        }
        let good = builder.finish().unwrap();
        assert!(Dictionary::read(&good).is_ok());
        let mut seen = 0;
        for (name, range) in tables(&good) {
            for at in range.clone().step_by(4) {
                let place = (at - range.start) / 4;
                let is_told = match name {
                    "buckets" | "states" | "links" | "outputs" => true,
                    // Of a free slot nothing is read but that it is free, and a label is only compared.
                    "transitions" => place % 3 != 1 && good[at - place % 3 * 4..][..4] != [0; 4],
                    // Where the text stands, and the uses, of which there are none.
                    "words" => place % 4 != 3,
                    _ => false,
                };
                if is_told {
                    let mut bad = good.clone();
                    bad[at..][..4].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
                    assert!(Dictionary::read(&bad).is_err(), "{name} {place}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 50, "{seen} numbers");
        // Numbers that are in range, but not those of this table.
        let (_, states) = tables(&good).swap_remove(4);
        let (_, pool) = tables(&good).pop().unwrap();
        for at in [states.start, pool.start, pool.start + 1] {
            let mut bad = good.clone();
            bad[at] += 1;
            assert!(Dictionary::read(&bad).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_dictionary_of_any_size_fills_its_buckets() {
        for count in [1, 2, 3, 4, 7, 8, 9, 100] {
            let mut builder = DictionaryBuilder::new();
            for number in 0..count {
                let term = format!("term{number} more");
                builder.add_term(&term, Output::Profanity).unwrap();
            }
            let section = builder.finish().unwrap();
            let layout = Dictionary::read(&section).unwrap().layout();
            let tokens = count + 1;
            assert_eq!((layout.tokens, layout.outputs), (tokens, count));
            // The root, one a token, one a phrase.
            assert_eq!(layout.states, 1 + tokens + count);
            let buckets = 1_usize << layout.bucket_log2;
            assert!(
                tokens < 2 || (2..4).contains(&(tokens / buckets)),
                "{count}"
            );
        }
    }

    #[test]
    fn words_without_a_term_stand_in_a_dictionary_of_their_own() {
        let mut builder = DictionaryBuilder::new();
        builder.add_word(Word {
            text: "naïve".into(),
            uses: Vec::new(),
        });
        let section = builder.finish().unwrap();
        let dictionary = Dictionary::read(&section).unwrap();
        assert!(dictionary.is_empty());
        assert_eq!(dictionary.word_text(0), "naïve");
    }
}
