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

    /// The section; empty if there is no term and no word. `None` if a number does not fit its field.
    pub(crate) fn finish(mut self) -> Option<Vec<u8>> {
        if self.names.is_empty() && self.words.is_empty() {
            return Some(Vec::new());
        }
        self.link();
        let mut pool = String::new();
        let token_places: Vec<_> = self.names.iter().map(|name| put(&mut pool, name)).collect();
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
            table_log2: log2_above(self.names.len() * 2),
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
        self.write_table(&layout, &mut section)?;
        self.write_tokens(&token_places, &mut section)?;
        self.write_states(&mut section)?;
        self.write_transitions(&layout, &mut section)?;
        self.write_outputs(&mut section)?;
        self.write_words(&word_places, &mut section)?;
        section.0.extend_from_slice(pool.as_bytes());
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

    fn write_table(&self, layout: &Layout, section: &mut Section) -> Option<()> {
        let mut table = vec![0_u32; 1 << layout.table_log2];
        for (number, name) in self.names.iter().enumerate() {
            let hash = hash_token(name.as_bytes());
            let mut slot = hash.slot(layout.table_log2);
            while table[slot] != 0 {
                slot = (slot + 1) & (table.len() - 1);
            }
            table[slot] = u32::try_from(number + 1).ok()?;
        }
        section.numbers(&table);
        Some(())
    }

    fn write_tokens(&self, places: &[(usize, usize)], section: &mut Section) -> Option<()> {
        for (number, (name, &(offset, length))) in self.names.iter().zip(places).enumerate() {
            let state = self.states[0].children.get(&number).copied().unwrap_or(0);
            section.numbers(&[hash_token(name.as_bytes()).0]);
            section.sizes(&[offset, length, state])?;
        }
        Some(())
    }

    fn write_states(&self, section: &mut Section) -> Option<()> {
        let mut next = 1;
        for state in &self.states {
            let first = if state.outputs.is_empty() { 0 } else { next };
            next += state.outputs.len();
            section.sizes(&[state.fail, state.next_output, first, state.depth])?;
        }
        Some(())
    }

    fn write_transitions(&self, layout: &Layout, section: &mut Section) -> Option<()> {
        let mut table = vec![[0_usize; 4]; 1 << layout.transition_log2];
        for (number, state) in self.states.iter().enumerate().skip(1) {
            for (&label, &target) in &state.children {
                let mut slot = transition_slot(number, label, layout.transition_log2);
                while table[slot][0] != 0 {
                    slot = (slot + 1) & (table.len() - 1);
                }
                table[slot] = [number, label, target, 0];
            }
        }
        table
            .iter()
            .try_for_each(|transition| section.sizes(transition))
    }

    fn write_outputs(&self, section: &mut Section) -> Option<()> {
        for state in &self.states {
            for (number, output) in state.outputs.iter().enumerate() {
                let last = u32::from(number + 1 == state.outputs.len()) << 31;
                section.numbers(&[output.encode()? | last]);
            }
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

fn put(pool: &mut String, text: &str) -> (usize, usize) {
    let offset = pool.len();
    pool.push_str(text);
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
}
