//! Compiles custom regexes to the automata of a bundle.
//!
//! The dialect: `\d \w \s \b` are ASCII, everything else is Unicode; every pattern is rewritten to
//! explicit classes first, so that all paths see the same language. `docs/engine.md` describes the paths.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use edgerail_core::regex::{CompiledRegex, MAX_GAPS, RegexPath, is_marker, is_space};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{Class, Hir, HirKind};

mod dialect;
mod limits;
mod lint;
mod program;

pub(crate) use dialect::PatternError;
use limits::{determinize, nfa};
pub(crate) use lint::suspicions;

/// The largest serialised automaton that goes into a bundle.
const MAX_AUTOMATON: usize = 256 << 10;
/// How many groups there are at most: each costs one pass over the text.
const MAX_GROUPS: usize = 4;
/// The longest match of an anchored pattern, in bytes: trying it at every place costs at most this
/// factor.
const MAX_ANCHORED_LEN: usize = 256;

/// A pattern with its options: equal ones share an automaton.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PatternKey {
    pub(crate) pattern: String,
    /// `\d \w \s` are Unicode.
    pub(crate) unicode: bool,
}

/// The patterns of a bundle, numbered in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct RegexCompiler {
    numbers: BTreeMap<PatternKey, usize>,
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    hir: Hir,
    literal: String,
    max_len: Option<usize>,
    /// See [`CompiledRegex::gaps`].
    gaps: Option<u8>,
    automata: Automata,
}

#[derive(Debug)]
enum Automata {
    Searching {
        forward: Vec<u8>,
        reverse: Vec<u8>,
        first_bytes: [u8; 32],
        group: Option<u8>,
    },
    Anchored {
        forward: Vec<u8>,
        first_bytes: [u8; 32],
    },
    Fallback {
        program: Vec<u8>,
    },
}

impl RegexCompiler {
    /// Compiles a pattern; returns the number of its automaton.
    pub(crate) fn add(&mut self, key: PatternKey) -> Result<usize, PatternError> {
        if let Some(&number) = self.numbers.get(&key) {
            return Ok(number);
        }
        let hir = dialect::parse(&key.pattern, key.unicode)?;
        self.patterns.push(Pattern::compile(hir)?);
        let number = self.patterns.len() - 1;
        self.numbers.insert(key, number);
        Ok(number)
    }

    /// The sections `regex-groups` and `regex-each`, and each pattern's path.
    pub(crate) fn finish(mut self) -> Option<(Vec<u8>, Vec<u8>, Vec<RegexPath>)> {
        let mut groups = Vec::new();
        for automaton in self.pack() {
            groups.extend_from_slice(&u32::try_from(automaton.len()).ok()?.to_le_bytes());
            groups.extend_from_slice(&automaton);
        }
        let mut each = Vec::new();
        let mut paths = Vec::new();
        for pattern in &self.patterns {
            let compiled = pattern.compiled();
            compiled.write(&mut each)?;
            paths.push(compiled.path);
        }
        Some((groups, each, paths))
    }

    /// Packs searching patterns into groups, small ones first, each into the first group of its kind that
    /// stays within the budget; returns the groups' automata. Marked patterns come last: they cost less
    /// where no group is left for them, and may then join one of the others. Of the marked ones those with
    /// the most gaps come first: what a group searches for them, it searches for the rest as well.
    fn pack(&mut self) -> Vec<Vec<u8>> {
        let mut candidates: Vec<(Reverse<u8>, usize, usize)> = Vec::new();
        for (number, pattern) in self.patterns.iter().enumerate() {
            if let Automata::Searching { forward, .. } = &pattern.automata {
                candidates.push((Reverse(reach(pattern.gaps)), forward.len(), number));
            }
        }
        candidates.sort_unstable();
        let mut groups: Vec<PatternGroup> = Vec::new();
        for (_, _, number) in candidates {
            let marked = self.patterns[number].gaps.is_some();
            if self.join(&mut groups, number, |group| group.gaps.is_some() == marked) {
                continue;
            }
            if groups.len() < MAX_GROUPS {
                groups.extend(self.group(vec![number]));
            } else if marked {
                self.join(&mut groups, number, |group| group.gaps.is_none());
            }
        }
        for (number, joined) in groups.iter().enumerate() {
            for &member in &joined.members {
                if let Automata::Searching { group, .. } = &mut self.patterns[member].automata {
                    *group = u8::try_from(number).ok();
                }
            }
        }
        groups.into_iter().map(|group| group.automaton).collect()
    }

    /// Puts a pattern into the first group for which `may` holds and that stays within the budget;
    /// false if there is none.
    fn join(
        &self,
        groups: &mut [PatternGroup],
        number: usize,
        may: impl Fn(&PatternGroup) -> bool,
    ) -> bool {
        for group in groups.iter_mut().filter(|group| may(group)) {
            let members = group.members.iter().copied().chain([number]).collect();
            if let Some(joined) = self.group(members) {
                *group = joined;
                return true;
            }
        }
        false
    }

    /// The group of these patterns, if it stays within the budget.
    fn group(&self, mut members: Vec<usize>) -> Option<PatternGroup> {
        // The engine numbers a group's patterns in the order of the bundle.
        members.sort_unstable();
        let automaton = self.group_automaton(&members)?;
        let gaps = members.iter().map(|&member| self.patterns[member].gaps);
        let gaps = gaps.max_by_key(|gaps| reach(*gaps)).flatten();
        Some(PatternGroup {
            members,
            automaton,
            gaps,
        })
    }

    fn group_automaton(&self, members: &[usize]) -> Option<Vec<u8>> {
        let hirs: Vec<&Hir> = members
            .iter()
            .map(|&member| &self.patterns[member].hir)
            .collect();
        let nfa = nfa(&hirs, false)?;
        let config = dense_config()
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Unanchored);
        serialised(config, &nfa).map(|(bytes, _)| bytes)
    }
}

struct PatternGroup {
    members: Vec<usize>,
    automaton: Vec<u8>,
    /// The most gaps of a member, if all are marked.
    gaps: Option<u8>,
}

/// How much of a text is searched for a pattern with these gaps: a number to compare.
fn reach(gaps: Option<u8>) -> u8 {
    gaps.unwrap_or(u8::MAX)
}

impl Pattern {
    fn compile(hir: Hir) -> Result<Pattern, PatternError> {
        let max_len = hir.properties().maximum_len();
        let literal = required_literal(&hir);
        let too_large = || PatternError {
            at: None,
            problem: "is too large to compile: its counted repetitions multiply; shorten them"
                .into(),
        };
        let automata = match searching(&hir).or_else(|| anchored(&hir, max_len)) {
            Some(automata) => automata,
            None => {
                let program = program::program(&hir).ok_or_else(too_large)?;
                Automata::Fallback { program }
            }
        };
        let marked = !matches!(automata, Automata::Fallback { .. }) && requires_marker(&hir);
        let gaps = gaps(&hir).filter(|&gaps| marked && gaps <= MAX_GAPS);
        Ok(Pattern {
            hir,
            literal,
            max_len,
            gaps,
            automata,
        })
    }

    fn compiled(&self) -> CompiledRegex<'_> {
        let mut compiled = CompiledRegex {
            path: RegexPath::Fallback,
            group: 0,
            gaps: self.gaps,
            max_len: self.max_len.and_then(|length| u32::try_from(length).ok()),
            forward: &[],
            reverse: &[],
            literal: &self.literal,
            program: &[],
            first_bytes: [0; 32],
        };
        match &self.automata {
            Automata::Searching {
                forward,
                reverse,
                first_bytes,
                group,
            } => {
                compiled.first_bytes = *first_bytes;
                compiled.path = if group.is_some() {
                    RegexPath::Group
                } else {
                    RegexPath::Own
                };
                compiled.group = group.unwrap_or(0);
                compiled.forward = forward;
                compiled.reverse = reverse;
            }
            Automata::Anchored {
                forward,
                first_bytes,
            } => {
                compiled.path = RegexPath::Anchored;
                compiled.forward = forward;
                compiled.first_bytes = *first_bytes;
            }
            Automata::Fallback { program } => compiled.program = program,
        }
        compiled
    }
}

/// A forward automaton that searches, or tells anchored what a stream has to hold back, and a reverse one
/// that finds where the match began.
fn searching(hir: &Hir) -> Option<Automata> {
    let forward = dense_config()
        .match_kind(MatchKind::LeftmostFirst)
        .start_kind(StartKind::Both);
    let (forward, dfa) = serialised(forward, &nfa(&[hir], false)?)?;
    let first_bytes = first_bytes(&dfa)?;
    let reverse = dense_config()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored);
    let (reverse, _) = serialised(reverse, &nfa(&[hir], true)?)?;
    Some(Automata::Searching {
        forward,
        reverse,
        first_bytes,
        group: None,
    })
}

/// An anchored automaton and the bytes a match can begin with, for patterns of bounded length. It stays
/// small where a searching one explodes because it need not remember where a match may have begun.
fn anchored(hir: &Hir, max_len: Option<usize>) -> Option<Automata> {
    max_len.filter(|&length| length <= MAX_ANCHORED_LEN)?;
    let config = dense_config()
        .match_kind(MatchKind::LeftmostFirst)
        .start_kind(StartKind::Anchored);
    let (forward, dfa) = serialised(config, &nfa(&[hir], false)?)?;
    let first_bytes = first_bytes(&dfa)?;
    Some(Automata::Anchored {
        forward,
        first_bytes,
    })
}

/// The bytes with which a match can begin.
fn first_bytes(forward: &dense::DFA<Vec<u32>>) -> Option<[u8; 32]> {
    let mut first_bytes = [0_u8; 32];
    // One byte of each class that an assertion at the start of a match can see before it.
    for before in [None, Some(b' '), Some(b'a'), Some(b'\n'), Some(b'\r')] {
        let start = start::Config::new()
            .anchored(Anchored::Yes)
            .look_behind(before);
        let start = forward.start_state(&start).ok()?;
        for byte in 0..=u8::MAX {
            if !forward.is_dead_state(forward.next_state(start, byte)) {
                first_bytes[usize::from(byte >> 3)] |= 1 << (byte & 7);
            }
        }
    }
    Some(first_bytes)
}

fn dense_config() -> dense::Config {
    dense::Config::new()
        .accelerate(true)
        .byte_classes(true)
        .unicode_word_boundary(false)
}

fn serialised(
    config: dense::Config,
    nfa: &thompson::NFA,
) -> Option<(Vec<u8>, dense::DFA<Vec<u32>>)> {
    let dfa = determinize(&config, nfa)?;
    let (mut bytes, padding) = dfa.to_bytes_little_endian();
    bytes.drain(..padding);
    (bytes.len() <= MAX_AUTOMATON).then_some((bytes, dfa))
}

/// The longest text that stands in every match, empty if there is none that is obvious.
fn required_literal(hir: &Hir) -> String {
    match hir.kind() {
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).unwrap_or_default(),
        HirKind::Capture(capture) => required_literal(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required_literal(&repetition.sub),
        HirKind::Concat(parts) => {
            let literals = parts.iter().map(required_literal);
            // `max_by_key` takes the last of equals; the first is as good and easier to explain.
            literals.rev().max_by_key(String::len).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// How many runs of ASCII white space a match surely contains at most; `None` if there is no such number.
fn gaps(hir: &Hir) -> Option<u8> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(0),
        HirKind::Literal(literal) => {
            let runs = literal.0.chunk_by(|&a, &b| is_space(a) == is_space(b));
            u8::try_from(runs.filter(|run| is_space(run[0])).count()).ok()
        }
        HirKind::Class(class) => {
            let mut spaces = (0..=0x7f).filter(|&byte| is_space(byte));
            Some(u8::from(spaces.any(|byte| class_contains(class, byte))))
        }
        HirKind::Repetition(repetition) => match gaps(&repetition.sub)? {
            0 => Some(0),
            gaps if is_one_space(&repetition.sub) => Some(gaps),
            gaps => u8::try_from(repetition.max?).ok()?.checked_mul(gaps),
        },
        HirKind::Capture(capture) => gaps(&capture.sub),
        HirKind::Concat(parts) => parts
            .iter()
            .try_fold(0_u8, |sum, part| sum.checked_add(gaps(part)?)),
        HirKind::Alternation(parts) => parts
            .iter()
            .try_fold(0, |most: u8, part| Some(most.max(gaps(part)?))),
    }
}

/// Whether every match is one byte of ASCII white space, so that any number of them in a row is one run.
fn is_one_space(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => matches!(*literal.0, [byte] if is_space(byte)),
        HirKind::Class(class) => {
            class_is_ascii(class)
                && (0..=0x7f).all(|byte| is_space(byte) || !class_contains(class, byte))
        }
        HirKind::Capture(capture) => is_one_space(&capture.sub),
        _ => false,
    }
}

/// Whether surely every match contains a marker.
fn requires_marker(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.iter().copied().any(is_marker),
        HirKind::Class(class) => {
            class_is_ascii(class) && {
                let ascii = 0..=0x7f;
                ascii
                    .into_iter()
                    .all(|byte| is_marker(byte) || !class_contains(class, byte))
            }
        }
        HirKind::Repetition(repetition) => repetition.min > 0 && requires_marker(&repetition.sub),
        HirKind::Capture(capture) => requires_marker(&capture.sub),
        HirKind::Concat(parts) => parts.iter().any(requires_marker),
        HirKind::Alternation(parts) => parts.iter().all(requires_marker),
    }
}

fn class_contains(class: &Class, ascii: u8) -> bool {
    match class {
        Class::Unicode(class) => {
            let c = char::from(ascii);
            class
                .iter()
                .any(|range| (range.start()..=range.end()).contains(&c))
        }
        Class::Bytes(class) => class
            .iter()
            .any(|range| (range.start()..=range.end()).contains(&ascii)),
    }
}

fn class_is_ascii(class: &Class) -> bool {
    match class {
        Class::Unicode(class) => class.is_ascii(),
        Class::Bytes(class) => class.is_ascii(),
    }
}

#[cfg(test)]
mod tests;
