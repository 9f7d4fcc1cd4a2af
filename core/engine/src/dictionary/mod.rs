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
//! buckets      (2^b + 1) × (first token, pool offset of its text): tokens by the low bits of their hash; the
//!              last one is where all end
//! states       per state its first output, then the number of outputs: a state's end where the next one's begin
//! links        per state behind more than one token: fail, next state with output, depth in tokens, parent
//! transitions  2^x × (state, token × 2 + spaced, target); state 0 = free; linear probing
//! outputs      kind in bits 24–31, id in bits 0–23
//! words        pool offset, length, first use, number of uses
//! uses         guardrail u16, input action u8, output action u8
//! pool         tokens, each a u16 length and its folded bytes; then the texts of words, UTF-8
//! ```
//!
//! State 0 is the root, state t + 1 is behind token t at the root, and a state's number is above its parent's.
//! So nothing has to be said about the states of single tokens, which nearly all are, but what they find; and
//! a token is its text: no slot is free, and no hash is stored.

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
        let mut dictionary = Dictionary { bytes, layout };
        dictionary.layout.forms = dictionary.validate().map_err(wrong)?;
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

    /// Checks all tables; gives one more than the highest number of a keyword's form.
    fn validate(&self) -> Result<usize, &'static str> {
        let layout = self.layout;
        let texts = self.validate_tokens()?;
        self.validate_states()?;
        self.validate_transitions()?;
        let forms = self.validate_outputs()?;
        let pool = layout.pool(self.bytes, texts, layout.pool_len);
        let pool = pool.and_then(|pool| core::str::from_utf8(pool).ok());
        let pool = pool.ok_or("has text that is not UTF-8")?;
        for word in 0..layout.words {
            let record = layout
                .word(self.bytes, word)
                .ok_or("has a word outside the file")?;
            let last_use = record.first_use.checked_add(record.uses);
            let start = record.offset.checked_sub(texts);
            let text = start.and_then(|start| pool.get(start..start.checked_add(record.length)?));
            if text.is_none() || last_use.is_none_or(|end| end > layout.uses) {
                return Err("has a word that points outside its tables");
            }
        }
        Ok(forms)
    }

    /// Buckets must hold the tokens that they count, one behind the other; gives where their texts end.
    fn validate_tokens(&self) -> Result<usize, &'static str> {
        let layout = self.layout;
        let (mut number, mut at) = (0, 0);
        for bucket in 0..layout.bucket_count() {
            let (begin, end) = layout
                .bucket(self.bytes, bucket)
                .ok_or("has a bucket outside the file")?;
            if (begin.first, begin.offset) != (number, at) {
                return Err("has a bucket that does not begin where the one before ends");
            }
            let tokens = layout.pool(self.bytes, begin.offset, end.offset);
            let mut tokens = tokens.ok_or("has a bucket outside its tokens")?;
            while let Some((_, rest)) = split_token(tokens) {
                tokens = rest;
                number = number.saturating_add(1);
            }
            if !tokens.is_empty() || end.first != number || end.offset > layout.pool_len {
                return Err("has a bucket with other tokens than it counts");
            }
            at = end.offset;
        }
        if number == layout.tokens {
            Ok(at)
        } else {
            Err("has other tokens than it counts")
        }
    }

    /// Fail and output links must lead to shallower states, or following them might never end.
    fn validate_states(&self) -> Result<(), &'static str> {
        let layout = self.layout;
        let mut last = 0;
        for (state, first) in layout.output_starts(self.bytes).enumerate() {
            if first < last || (state == 0 && first != 0) {
                return Err("has a state that points outside its outputs");
            }
            last = first;
        }
        if usize::try_from(last).ok() != Some(layout.outputs) {
            return Err("has a state that points outside its outputs");
        }
        let link = |state| {
            layout
                .link(self.bytes, state)
                .ok_or("has a state outside the file")
        };
        for number in layout.tokens.saturating_add(1)..layout.states {
            let state = link(number)?;
            if state.parent == 0 || state.parent >= number {
                return Err("has a state that does not stand behind its parent");
            }
            let parent = link(state.parent)?;
            if state.depth != parent.depth.saturating_add(1) || state.depth > MAX_DEPTH {
                return Err("has a state of impossible depth");
            }
            let (fail, next) = (link(state.fail)?, link(state.next_output)?);
            if fail.depth >= state.depth || next.depth >= state.depth {
                return Err("has a state whose links do not lead towards the root");
            }
        }
        Ok(())
    }

    fn validate_transitions(&self) -> Result<(), &'static str> {
        let layout = self.layout;
        for slot in 0..layout.transition_len() {
            let transition = layout
                .transition(self.bytes, slot)
                .ok_or("has a cut transition")?;
            if transition.state == 0 {
                continue;
            }
            let target = layout
                .link(self.bytes, transition.target)
                .ok_or("has a transition outside its states")?;
            if target.parent != transition.state {
                return Err("has a transition to a state of another parent");
            }
        }
        Ok(())
    }

    fn validate_outputs(&self) -> Result<usize, &'static str> {
        let layout = self.layout;
        let mut forms: usize = 0;
        for output in layout.all_outputs(self.bytes) {
            match output.ok_or("has an output of unknown kind")? {
                Output::Word(word) | Output::RotatedWord(word) if word >= layout.words => {
                    return Err("has an output that points outside its words");
                }
                Output::Keyword(form) => forms = forms.max(form.saturating_add(1)),
                _ => {}
            }
        }
        Ok(forms)
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
    pub(crate) const fn keyword_forms(&self) -> usize {
        self.layout.forms
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
        let bucket = hash.slot(self.layout.bucket_log2);
        let (begin, end) = self.layout.bucket(self.bytes, bucket)?;
        let mut tokens = self.layout.pool(self.bytes, begin.offset, end.offset)?;
        let mut number = begin.first;
        while let Some((text, rest)) = split_token(tokens) {
            if same(text, token, fold) {
                return Some(Token { number });
            }
            tokens = rest;
            number = number.saturating_add(1);
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
                .link(self.bytes, state)
                .map_or(0, |link| link.fail);
        }
        token.number.saturating_add(1)
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
        let mut leads = alloc::vec![0; layout.states];
        // A state's number is above its parent's, so that from the last one on one look at each is enough.
        for state in (layout.tokens.saturating_add(1)..layout.states).rev() {
            let mut more = leads.get(state).copied().unwrap_or(0);
            self.own_outputs(state, |output| more |= bits(output));
            let parent = layout.link(self.bytes, state).map_or(0, |link| link.parent);
            if let Some(have) = leads.get_mut(parent) {
                *have |= more;
            }
        }
        leads
    }

    /// The fail link and the depth of a state.
    fn link(&self, state: usize) -> Option<(usize, usize)> {
        let link = self.layout.link(self.bytes, state)?;
        Some((link.fail, link.depth))
    }

    /// Calls `report` with each output of `state` and its depth in tokens, longest phrase first.
    #[inline]
    fn outputs(&self, state: usize, mut report: impl FnMut(Output, usize)) {
        let mut state = state;
        while state != 0 {
            let Some(link) = self.layout.link(self.bytes, state) else {
                return;
            };
            self.own_outputs(state, |output| report(output, link.depth));
            state = link.next_output;
        }
    }

    /// Calls `report` with each output of `state` alone.
    #[inline]
    fn own_outputs(&self, state: usize, mut report: impl FnMut(Output)) {
        let (first, end) = self
            .layout
            .state_outputs(self.bytes, state)
            .unwrap_or_default();
        for number in first..end {
            if let Some(output) = self.layout.output(self.bytes, number) {
                report(output);
            }
        }
    }
}

/// A token of the dictionary.
#[derive(Clone, Copy, Debug)]
struct Token {
    number: usize,
}

/// The text of the first token of a bucket, and what is behind it.
#[inline]
fn split_token(tokens: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = tokens.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))
}

/// Whether a token has these folded bytes. Tokens are so short that calling the platform's comparison
/// would cost more than this loop.
#[inline]
fn same(folded: &[u8], token: &[u8], fold: bool) -> bool {
    let fold = fold && rule!("words.fold");
    let equal = |a: u8, b: u8| a == if fold { b.to_ascii_lowercase() } else { b };
    folded.len() == token.len() && folded.iter().zip(token).all(|(a, b)| equal(*a, *b))
}
