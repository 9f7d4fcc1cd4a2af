//! Which patterns a byte can begin a match of, so that a piece of a stream is looked at once for all.

use alloc::vec::Vec;

use regex_automata::Anchored;
use regex_automata::dfa::Automaton;
use regex_automata::util::start;

use super::{Dfa, Pattern, Search};

/// By byte, the patterns that can begin with it, as bits by their numbers modulo 64.
#[derive(Debug, Default)]
pub(super) struct Openings {
    /// Empty if there are no patterns.
    by_byte: Vec<Opening>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Opening {
    anywhere: u64,
    /// The same behind an ASCII letter, digit or underscore, where `\b` does not hold: that leaves out
    /// nearly every place of a word but its first.
    inside: u64,
}

/// The bit of a pattern.
pub(super) fn bit(pattern: usize) -> u64 {
    u32::try_from(pattern % 64).map_or(u64::MAX, |bit| 1_u64.wrapping_shl(bit))
}

impl Openings {
    /// The openings of `patterns`. Patterns without an automaton have none.
    pub(super) fn of(patterns: &[Pattern]) -> Openings {
        let mut by_byte = Vec::new();
        if patterns.is_empty() {
            return Openings { by_byte };
        }
        by_byte.resize(256, Opening::default());
        for (number, pattern) in patterns.iter().enumerate() {
            let (forward, first_bytes) = match &pattern.search {
                Search::Searching {
                    forward,
                    first_bytes,
                    ..
                }
                | Search::Anchored {
                    forward,
                    first_bytes,
                } => (forward, first_bytes),
                Search::Fallback { .. } => continue,
            };
            for (byte, opening) in (0..=u8::MAX).zip(&mut by_byte) {
                let set = first_bytes.get(usize::from(byte >> 3));
                if set.is_some_and(|set| set >> (byte & 7) & 1 == 1) {
                    opening.anywhere |= bit(number);
                    if lives_inside(forward, byte) {
                        opening.inside |= bit(number);
                    }
                }
            }
        }
        Openings { by_byte }
    }

    /// The patterns of which a match may begin in `bytes`, behind the byte `before`.
    pub(super) fn within(&self, bytes: &[u8], mut before: Option<u8>) -> u64 {
        let mut found = 0;
        for &byte in bytes {
            // Most bytes begin nothing.
            if let Some(opening) = self.by_byte.get(usize::from(byte))
                && opening.anywhere != 0
            {
                found |= if before.is_some_and(is_word) {
                    opening.inside
                } else {
                    opening.anywhere
                };
            }
            before = Some(byte);
        }
        found
    }
}

/// What `\b` takes for part of a word, of the bytes that are characters by themselves.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether the automaton outlives `byte` as the first of a match behind a letter. All that are
/// [`is_word`] are one to it.
fn lives_inside(forward: &Dfa, byte: u8) -> bool {
    let config = start::Config::new()
        .anchored(Anchored::Yes)
        .look_behind(Some(b'a'));
    forward.start_state(&config).map_or(true, |state| {
        !forward.is_dead_state(forward.next_state(state, byte))
    })
}
