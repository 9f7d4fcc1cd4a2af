//! The token dictionary: words, profanity and the recognisers' context words, found in one pass.
//!
//! A text is a sequence of tokens (see [`crate::text`]). Each token's folded bytes are hashed while the
//! tokeniser walks over them; one probe into a bit filter tells almost every token apart from those that
//! a term begins with, so that the cost of a text does not depend on the number of words. A token that passes
//! is looked up and compared byte by byte: a hash collision can never decide. Phrases are paths in an
//! Aho–Corasick automaton whose letters are tokens; a second filter tells which tokens may go on a phrase,
//! because many begin with the commonest words.
//!
//! Section layout, all numbers u32 little-endian unless said otherwise:
//!
//! ```text
//! header       10 numbers, see [`Layout`]
//! filter       2^f bits: the tokens that a term begins with
//! follow       2^g bits: the pairs of a state and a token that leads from it, or from a state that it
//!              fails to, to another
//! table        2^t numbers: token + 1, 0 = free; linear probing
//! tokens       hash, pool offset, length, state after the root
//! states       fail, next state with output, first output + 1, depth in tokens
//! transitions  2^x × (state, token × 2 + spaced, target, 0); state 0 = free; linear probing
//! outputs      kind in bits 24–30, id in bits 0–23, bit 31 ends a list
//! words        pool offset, length, first use, number of uses
//! uses         guardrail u16, input action u8, output action u8
//! pool         UTF-8
//! ```

mod boundary;
mod fold;
mod layout;
mod pass;

pub use boundary::is_bounded;
pub use fold::fold_token;
pub use layout::{Layout, Output, TokenHash, Use, hash_token, transition_slot};
pub(crate) use pass::{Event, LONGEST_TOKEN, Pass, Place};

use alloc::vec::Vec;

use crate::bundle::{BundleError, Bytes};
use crate::rules::rule;

/// Phrases have at most this many tokens; more than the 100 characters of a guardrail word can hold.
pub const MAX_DEPTH: usize = 128;

/// A dictionary section, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Dictionary<'b> {
    bytes: Bytes<'b>,
    layout: Layout,
}

impl<'b> Dictionary<'b> {
    /// Reads and validates a section; an empty one is an empty dictionary.
    ///
    /// # Errors
    /// [`BundleError::Section`] if a table is cut short, points outside another, or could make a
    /// look-up run in circles.
    pub fn read(section: &'b [u8]) -> Result<Dictionary<'b>, BundleError> {
        let wrong = |what| BundleError::Section("dictionary", what);
        let bytes = Bytes::new(section);
        if section.is_empty() {
            return Ok(Dictionary {
                bytes,
                layout: Layout::default(),
            });
        }
        let layout = Layout::read(bytes).ok_or_else(|| wrong("has a malformed header"))?;
        if layout.end() != Some(section.len()) {
            return Err(wrong("is cut short or has bytes left over"));
        }
        let dictionary = Dictionary { bytes, layout };
        dictionary.validate().map_err(wrong)?;
        Ok(dictionary)
    }

    /// A dictionary whose section was validated by [`Dictionary::read`] before.
    #[must_use]
    pub(crate) fn reopen(section: &'b [u8], layout: Layout) -> Dictionary<'b> {
        Dictionary {
            bytes: Bytes::new(section),
            layout,
        }
    }

    /// Where the tables stand.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    fn validate(&self) -> Result<(), &'static str> {
        let layout = self.layout;
        let pool = layout
            .pool_text(self.bytes)
            .ok_or("has text that is not UTF-8")?;
        let in_pool = |offset: usize, length: usize| {
            offset
                .checked_add(length)
                .and_then(|end| pool.get(offset..end))
                .is_some()
        };
        for token in 0..layout.tokens {
            let record = layout
                .token(self.bytes, token)
                .ok_or("has a token outside the file")?;
            if !in_pool(record.offset, record.length) || record.state >= layout.states.max(1) {
                return Err("has a token that points outside its tables");
            }
        }
        for slot in 0..layout.table_len() {
            if layout
                .table_entry(self.bytes, slot)
                .is_none_or(|token| token > layout.tokens)
            {
                return Err("has a hash table that points outside its tokens");
            }
        }
        self.validate_states()?;
        for word in 0..layout.words {
            let record = layout
                .word(self.bytes, word)
                .ok_or("has a word outside the file")?;
            let last_use = record.first_use.checked_add(record.uses);
            if !in_pool(record.offset, record.length)
                || last_use.is_none_or(|end| end > layout.uses)
            {
                return Err("has a word that points outside its tables");
            }
        }
        Ok(())
    }

    /// Fail and output links must lead to shallower states, or following them might never end.
    fn validate_states(&self) -> Result<(), &'static str> {
        let layout = self.layout;
        let state = |number| {
            layout
                .state(self.bytes, number)
                .ok_or("has a state outside the file")
        };
        for number in 0..layout.states {
            let record = state(number)?;
            let root = number == 0;
            if (record.depth == 0) != root || record.depth > MAX_DEPTH {
                return Err("has a state of impossible depth");
            }
            let (fail, next) = (state(record.fail)?, state(record.next_output)?);
            if !root && (fail.depth >= record.depth || next.depth >= record.depth) {
                return Err("has a state whose links do not lead towards the root");
            }
            if record.output > layout.outputs {
                return Err("has a state that points outside its outputs");
            }
        }
        for slot in 0..layout.transition_len() {
            let transition = layout
                .transition(self.bytes, slot)
                .ok_or("has a cut transition")?;
            if transition.state == 0 {
                continue;
            }
            let (from, to) = (state(transition.state)?, state(transition.target)?);
            if to.depth != from.depth.saturating_add(1) {
                return Err("has a transition that skips a depth");
            }
        }
        for output in 0..layout.outputs {
            let Some((output, _)) = layout.output(self.bytes, output) else {
                return Err("has an output of unknown kind");
            };
            if matches!(output, Output::Word(word) | Output::RotatedWord(word) if word >= layout.words)
            {
                return Err("has an output that points outside its words");
            }
        }
        Ok(())
    }

    /// Whether there is anything to find.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.layout.tokens == 0
    }

    /// The configured text of a custom word.
    #[must_use]
    pub fn word_text(&self, word: usize) -> &'b str {
        let text = || {
            let record = self.layout.word(self.bytes, word)?;
            self.layout.text(self.bytes, record.offset, record.length)
        };
        text().unwrap_or("")
    }

    /// One more than the highest number of a keyword's form.
    pub(crate) fn keyword_forms(&self) -> usize {
        let outputs = 0..self.layout.outputs;
        let outputs = outputs.filter_map(|number| self.layout.output(self.bytes, number));
        let forms = outputs.map(|(output, _)| match output {
            Output::Keyword(form) => form.saturating_add(1),
            _ => 0,
        });
        forms.max().unwrap_or(0)
    }

    /// Which guardrails have a custom word, and what it does there.
    pub fn word_uses(&self, word: usize) -> impl Iterator<Item = Use> + 'b {
        let dictionary = *self;
        let record = self.layout.word(self.bytes, word);
        let first = record.map_or(0, |record| record.first_use);
        let count = record.map_or(0, |record| record.uses);
        (first..first.saturating_add(count))
            .filter_map(move |number| dictionary.layout.word_use(dictionary.bytes, number))
    }

    /// Whether a term has the token whose folded bytes are `folded`.
    pub(crate) fn knows(&self, folded: &[u8]) -> bool {
        !self.is_empty() && self.token(hash_token(folded), folded, false).is_some()
    }

    /// The token whose folded bytes are `token`, or for `fold` those of `token` in lower case, by its hash.
    #[inline]
    fn token(&self, hash: TokenHash, token: &[u8], fold: bool) -> Option<Token> {
        let mut slot = hash.slot(self.layout.table_log2);
        for _ in 0..self.layout.table_len() {
            let number = self.layout.table_entry(self.bytes, slot)?.checked_sub(1)?;
            let record = self.layout.token(self.bytes, number)?;
            if record.hash == hash
                && self
                    .layout
                    .pool(self.bytes, record)
                    .is_some_and(|pool| same(pool, token, fold))
            {
                let state = record.state;
                return Some(Token { number, state });
            }
            slot = self.layout.next_slot(slot);
        }
        None
    }

    /// The state after `token` in `state`, following fail links as far as needed.
    #[inline]
    fn step(&self, state: usize, token: Token, spaced: bool) -> usize {
        let mut state = state;
        while state != 0 {
            if let Some(target) = self.transition(state, token.number, spaced) {
                return target;
            }
            state = self
                .layout
                .state(self.bytes, state)
                .map_or(0, |record| record.fail);
        }
        token.state
    }

    fn transition(&self, state: usize, token: usize, spaced: bool) -> Option<usize> {
        let label = token.checked_mul(2)?.checked_add(usize::from(spaced))?;
        let mut slot = transition_slot(state, label, self.layout.transition_log2);
        for _ in 0..self.layout.transition_len() {
            let transition = self.layout.transition(self.bytes, slot)?;
            if transition.state == 0 {
                return None;
            }
            if transition.state == state && transition.label == label {
                return Some(transition.target);
            }
            slot = self.layout.next_transition_slot(slot);
        }
        None
    }

    /// Per state, which of the outputs that `bits` gives bits longer terms from there on have.
    pub(crate) fn leads(&self, bits: impl Fn(Output) -> u8) -> Vec<u8> {
        let layout = self.layout;
        // The lists of outputs may share their ends: each output is asked once, from the last one on.
        let mut listed = alloc::vec![0; layout.outputs.saturating_add(1)];
        let mut behind = 0;
        for number in (0..layout.outputs).rev() {
            if let Some((output, last)) = layout.output(self.bytes, number) {
                behind = bits(output) | if last { 0 } else { behind };
            }
            if let Some(place) = listed.get_mut(number.saturating_add(1)) {
                *place = behind;
            }
        }
        let state = |number: usize| layout.state(self.bytes, number).unwrap_or_default();
        // The edges by the depth of what they lead to. A hostile depth must not cost memory.
        let mut edges: Vec<Vec<(usize, usize)>> = Vec::new();
        for slot in 0..layout.transition_len() {
            if let Some(edge) = layout.transition(self.bytes, slot)
                && edge.state != 0
            {
                let depth = state(edge.target).depth.min(layout.states);
                if edges.len() <= depth {
                    edges.resize_with(depth.saturating_add(1), Vec::new);
                }
                if let Some(edges) = edges.get_mut(depth) {
                    edges.push((edge.target, edge.state));
                }
            }
        }
        // An edge leads one token deeper, so that from the deepest on one look at each is enough.
        let mut leads = alloc::vec![0; layout.states];
        for (target, from) in edges.into_iter().rev().flatten() {
            let own = listed.get(state(target).output).copied().unwrap_or(0);
            let more = own | leads.get(target).copied().unwrap_or(0);
            if let Some(have) = leads.get_mut(from) {
                *have |= more;
            }
        }
        leads
    }

    /// The fail link and the depth of a state.
    fn link(&self, state: usize) -> Option<(usize, usize)> {
        let record = self.layout.state(self.bytes, state)?;
        Some((record.fail, record.depth))
    }

    /// Calls `report` with each output of `state` and its depth in tokens, longest phrase first.
    #[inline]
    fn outputs(&self, state: usize, mut report: impl FnMut(Output, usize)) {
        let mut state = state;
        while state != 0 {
            let Some(record) = self.layout.state(self.bytes, state) else {
                return;
            };
            let mut next = record.output.checked_sub(1);
            while let Some(number) = next {
                let Some((output, last)) = self.layout.output(self.bytes, number) else {
                    break;
                };
                report(output, record.depth);
                next = if last { None } else { number.checked_add(1) };
            }
            state = record.next_output;
        }
    }
}

/// A token of the dictionary.
#[derive(Clone, Copy, Debug)]
struct Token {
    number: usize,
    /// The state after the token at the root.
    state: usize,
}

/// Whether a token has these folded bytes. Tokens are so short that calling the platform's comparison
/// would cost more than this loop.
#[inline]
fn same(folded: &[u8], token: &[u8], fold: bool) -> bool {
    let fold = fold && rule!("words.fold");
    let equal = |a: u8, b: u8| a == if fold { b.to_ascii_lowercase() } else { b };
    folded.len() == token.len() && folded.iter().zip(token).all(|(a, b)| equal(*a, *b))
}
