//! Limits on automata that are the same on every machine.
//!
//! The crates that build automata limit the memory they take, and count pointers with it: a pattern could be over the
//! limit on 64 bits and under it on 32, where the compiler runs as WebAssembly. A bundle's bytes must not depend on
//! that, so what counts here is the memory on 64 bits, or no memory at all.

use core::mem::size_of;

use regex_automata::dfa::dense;
use regex_automata::nfa::thompson;
use regex_syntax::hir::Hir;

/// What an automaton may take while it is built. Its tables have no pointers, and are never larger than what is
/// written of them in the end.
const BUILD_LIMIT: usize = super::MAX_AUTOMATON;
/// What determinisation may take beside it, on 64 bits.
const DETERMINIZE_LIMIT: usize = 2 << 20;
/// The largest NFA that is tried, in states.
const NFA_STATES: usize = 1 << 16;
/// Keeps the memory of hopeless NFAs down; far above what so many states take.
const NFA_LIMIT: usize = 64 << 20;
/// By how many bytes determinisation counts a state lower here than on 64 bits: two handles of two words.
const SURPLUS: usize = 4 * (8 - size_of::<usize>());

/// The NFA of some patterns, unless it is too large.
pub(super) fn nfa(hirs: &[&Hir], reverse: bool) -> Option<thompson::NFA> {
    let config = thompson::Config::new()
        .utf8(true)
        .reverse(reverse)
        .nfa_size_limit(Some(NFA_LIMIT))
        .which_captures(thompson::WhichCaptures::None);
    let nfa = thompson::Compiler::new()
        .configure(config)
        .build_many_from_hir(hirs)
        .ok()?;
    (nfa.states().len() <= NFA_STATES).then_some(nfa)
}

/// The DFA, unless building it would take too much.
pub(super) fn determinize(
    config: &dense::Config,
    nfa: &thompson::NFA,
) -> Option<dense::DFA<Vec<u32>>> {
    determinize_counting(config, nfa, SURPLUS)
}

/// Here every state counts `surplus` bytes less than on 64 bits. How many states there are is known when they are
/// built, so the limit is first lowered by the most there can be, and only where that fails by those there are.
fn determinize_counting(
    config: &dense::Config,
    nfa: &thompson::NFA,
    surplus: usize,
) -> Option<dense::DFA<Vec<u32>>> {
    let within = |lowered: usize| {
        let limit = DETERMINIZE_LIMIT.checked_sub(lowered)?;
        let config = config
            .clone()
            .dfa_size_limit(Some(BUILD_LIMIT))
            .determinize_size_limit(Some(limit));
        let mut builder = dense::Builder::new();
        builder.configure(config).build_from_nfa(nfa).ok()
    };
    if surplus == 0 {
        return within(0);
    }
    let row = size_of::<u32>() << nfa.byte_classes().stride2();
    let lowered = |states: usize| surplus.saturating_mul(states);
    within(lowered(BUILD_LIMIT / row)).or_else(|| {
        let states = states(&within(0)?)?;
        // Of the two states that nothing matches in, one handle is missing.
        within(lowered(states).saturating_sub(surplus / 2))
    })
}

/// How many states a DFA has: the number stands before its transitions, behind the label of 32 bytes, the byte
/// order, the version, a reserved word and the flags.
fn states(dfa: &dense::DFA<Vec<u32>>) -> Option<usize> {
    let (bytes, padding) = dfa.to_bytes_little_endian();
    let number = bytes.get(padding..)?.get(32 + 4 * 4..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(*number)).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex_automata::dfa::Automaton;
    use regex_automata::util::start;
    use regex_automata::{Anchored, MatchKind};

    use super::*;

    fn hir(pattern: &str) -> Hir {
        super::super::dialect::parse(pattern, false).unwrap()
    }

    fn config() -> dense::Config {
        dense::Config::new().match_kind(MatchKind::LeftmostFirst)
    }

    fn reachable(dfa: &dense::DFA<Vec<u32>>) -> usize {
        let mut known = BTreeSet::new();
        let mut open = Vec::new();
        for anchored in [Anchored::No, Anchored::Yes] {
            for before in (0..=u8::MAX).map(Some).chain([None]) {
                let start = start::Config::new().anchored(anchored).look_behind(before);
                open.push(dfa.start_state(&start).unwrap());
            }
        }
        while let Some(state) = open.pop() {
            if dfa.is_dead_state(state) || dfa.is_quit_state(state) || !known.insert(state) {
                continue;
            }
            open.extend((0..=u8::MAX).map(|byte| dfa.next_state(state, byte)));
            open.push(dfa.next_eoi_state(state));
        }
        known.len() + 2
    }

    #[test]
    fn the_number_of_states_is_read_where_it_stands() {
        for pattern in [
            "a",
            r"\bTCK-[0-9]{4,6}\b",
            r"(?i)projekt\s+straße",
            "x.{3}y",
        ] {
            let dfa = determinize(&config(), &nfa(&[&hir(pattern)], false).unwrap()).unwrap();
            assert_eq!(states(&dfa), Some(reachable(&dfa)), "{pattern}");
            // So that a limit on building refuses nothing that could have been written.
            let (bytes, padding) = dfa.to_bytes_little_endian();
            assert!(dfa.memory_usage() <= bytes.len() - padding, "{pattern}");
        }
    }

    #[test]
    fn lowering_for_missing_bytes_refuses_what_would_be_over_the_limit() {
        let (mut taken, mut refused) = (0, 0);
        for length in (1..14).chain([40, 400]) {
            for pattern in [
                format!("a.{{{length}}}b"),
                format!("[ab]{{{length}}}[^c]*x{{{length}}}"),
            ] {
                let nfa = nfa(&[&hir(&pattern)], false).unwrap();
                let Some(dfa) = determinize_counting(&config(), &nfa, 0) else {
                    assert!(
                        determinize_counting(&config(), &nfa, 16).is_none(),
                        "{pattern}"
                    );
                    continue;
                };
                // With an absurd surplus, the number of states alone decides.
                let surplus = 4096;
                let fits = states(&dfa).unwrap() * surplus < DETERMINIZE_LIMIT;
                let lowered = determinize_counting(&config(), &nfa, surplus);
                if let Some(lowered) = &lowered {
                    assert!(fits, "{pattern}");
                    assert_eq!(
                        lowered.to_bytes_little_endian().0,
                        dfa.to_bytes_little_endian().0
                    );
                    taken += 1;
                } else {
                    refused += 1;
                }
            }
        }
        assert!(taken > 0 && refused > 0, "{taken} {refused}");
    }
}
