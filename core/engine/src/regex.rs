//! Custom regexes: prebuilt automata out of the bundle.
//!
//! Most patterns share a few *group* automata that tell in one pass which of them occur at all; a
//! pattern's own automata are asked for places only when it does. `docs/engine.md` explains the paths.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use core::slice;

use regex_automata::dfa::{Automaton, dense};
use regex_automata::{Anchored, Input, MatchError};

use crate::bundle::{BundleError, Bytes};

mod marked;
mod openings;
mod program;
mod stepwise;

use marked::{LEVELS, marked_words, with_neighbours};
pub use marked::{MAX_GAPS, is_marker, is_space};
use openings::Openings;
use program::Program;
pub use program::{Assertion, Instruction, MAX_INSTRUCTIONS, run_program, write_program};
pub(crate) use stepwise::{Stepped, Steps, Stretch};

type Dfa = dense::DFA<Vec<u32>>;

/// How a pattern is evaluated, from cheap to dear. `inspect` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RegexPath {
    /// A group automaton says whether it occurs, its own automata say where.
    Group = 0,
    /// Its own automata, run when its required literal occurs, or always if it has none.
    Own = 1,
    /// An anchored automaton, tried wherever a first byte of the pattern stands: for patterns of bounded
    /// length whose searching automaton would exceed the budget, such as long counted repetitions.
    Anchored = 2,
    /// A program that is simulated, near the required literal if there is one: for all that no automaton
    /// can hold.
    Fallback = 3,
}

impl RegexPath {
    /// Every path.
    pub const ALL: [RegexPath; 4] = [
        RegexPath::Group,
        RegexPath::Own,
        RegexPath::Anchored,
        RegexPath::Fallback,
    ];

    /// The path's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            RegexPath::Group => "group",
            RegexPath::Own => "own",
            RegexPath::Anchored => "anchored",
            RegexPath::Fallback => "fallback",
        }
    }

    /// The path's number in bundles.
    #[must_use]
    #[allow(clippy::as_conversions)] // a fieldless `repr(u8)` enum has no other way out
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// One pattern as the compiler prepared it: the content of the section `regex-each`.
///
/// Per pattern: path u8, group u8, gaps u8 (one more than their number; 0 = not marked), a zero byte, longest match u32 (`u32::MAX` = unbounded), lengths
/// u32 of the forward automaton, the reverse automaton, the literal, the fallback's program; 32 bytes of
/// first-byte set; then these four.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledRegex<'b> {
    /// Which path it takes.
    pub path: RegexPath,
    /// The group it is in, for [`RegexPath::Group`].
    pub group: u8,
    /// For a *marked* pattern, of which every match contains a [marker](is_marker), how many runs of
    /// [white space](is_space) a match contains at most: only the markers of a text with so many words on
    /// both sides have to be searched. Most text has few. `None` for other patterns.
    pub gaps: Option<u8>,
    /// The longest match in bytes, if there is a longest.
    pub max_len: Option<u32>,
    /// The serialised forward automaton, which can be anchored; empty on the fallback path.
    pub forward: &'b [u8],
    /// The serialised reverse automaton, empty on the anchored and fallback paths.
    pub reverse: &'b [u8],
    /// A text that every match contains; empty if there is none.
    pub literal: &'b str,
    /// The [program](write_program) of the fallback path, empty on the other paths.
    pub program: &'b [u8],
    /// Bit b is set if a match can begin with byte b; all clear on the fallback path.
    pub first_bytes: [u8; 32],
}

const HEADER_LEN: usize = 56;

impl<'b> CompiledRegex<'b> {
    /// Appends the pattern to a `regex-each` section; `None` if a length does not fit.
    #[must_use]
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let gaps = self.gaps.map_or(0, |gaps| gaps.saturating_add(1));
        out.extend_from_slice(&[self.path.number(), self.group, gaps, 0]);
        out.extend_from_slice(&self.max_len.unwrap_or(u32::MAX).to_le_bytes());
        let parts = [
            self.forward,
            self.reverse,
            self.literal.as_bytes(),
            self.program,
        ];
        for part in parts {
            out.extend_from_slice(&u32::try_from(part.len()).ok()?.to_le_bytes());
        }
        out.extend_from_slice(&self.first_bytes);
        for part in parts {
            out.extend_from_slice(part);
        }
        Some(())
    }

    fn read(bytes: Bytes<'b>, at: &mut usize) -> Option<CompiledRegex<'b>> {
        let header = Bytes::new(bytes.slice(*at, HEADER_LEN)?);
        let mut next = at.checked_add(HEADER_LEN)?;
        let mut part = |length_at: usize| {
            let length = header.u32(length_at)?;
            let part = bytes.slice(next, length)?;
            next = next.checked_add(length)?;
            Some(part)
        };
        let path = header.u8(0)?;
        let compiled = CompiledRegex {
            path: RegexPath::ALL
                .into_iter()
                .find(|known| known.number() == path)?,
            group: header.u8(1)?,
            gaps: match u8::try_from(header.u16(2)?).ok()? {
                0 => None,
                gaps => Some(gaps.saturating_sub(1)).filter(|&gaps| gaps <= MAX_GAPS),
            },
            max_len: u32::try_from(header.u32(4)?)
                .ok()
                .filter(|&length| length != u32::MAX),
            forward: part(8)?,
            reverse: part(12)?,
            literal: core::str::from_utf8(part(16)?).ok()?,
            program: part(20)?,
            first_bytes: *header.slice(24, 32)?.first_chunk()?,
        };
        *at = next;
        Some(compiled)
    }
}

/// The patterns of a `regex-each` section.
///
/// # Errors
/// [`BundleError::Section`] if the section is cut short or malformed.
pub fn read_each(section: &[u8]) -> Result<Vec<CompiledRegex<'_>>, BundleError> {
    let wrong = || BundleError::Section("regex-each", "is cut short or malformed");
    let bytes = Bytes::new(section);
    let mut at = 0;
    let mut all = Vec::new();
    while at < section.len() {
        all.push(CompiledRegex::read(bytes, &mut at).ok_or_else(wrong)?);
    }
    Ok(all)
}

/// The automata of a bundle, loaded.
#[derive(Debug, Default)]
pub(crate) struct RegexSet {
    groups: Vec<Group>,
    patterns: Vec<Pattern>,
    openings: Openings,
}

#[derive(Debug)]
struct Group {
    dfa: Dfa,
    /// The patterns in the order in which the automaton numbers them.
    members: Vec<usize>,
    /// The most gaps of a member, if all are marked.
    gaps: Option<u8>,
}

#[derive(Debug)]
struct Pattern {
    path: RegexPath,
    gaps: Option<u8>,
    literal: String,
    /// The longest match, if there is a longest.
    max_len: Option<usize>,
    search: Search,
}

#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a bundle has at most some dozens of these"
)]
enum Search {
    Searching {
        forward: Box<Dfa>,
        reverse: Box<Dfa>,
        max_len: Option<usize>,
        first_bytes: [u8; 32],
    },
    Anchored {
        forward: Box<Dfa>,
        first_bytes: [u8; 32],
    },
    Fallback {
        program: Program,
        max_len: Option<usize>,
    },
}

/// The automaton of a bundle gave up on a text, which a bundle from our compiler never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SearchFailed;

impl From<MatchError> for SearchFailed {
    fn from(_: MatchError) -> SearchFailed {
        SearchFailed
    }
}

impl RegexSet {
    /// Loads the sections `regex-groups` and `regex-each`.
    pub(crate) fn load(groups: &[u8], each: &[u8]) -> Result<RegexSet, BundleError> {
        let mut set = RegexSet {
            groups: load_groups(groups)?,
            patterns: Vec::new(),
            openings: Openings::default(),
        };
        for (number, compiled) in read_each(each)?.into_iter().enumerate() {
            let wrong = |what| BundleError::Section("regex-each", what);
            if compiled.path == RegexPath::Group {
                let group = set.groups.get_mut(usize::from(compiled.group));
                let group = group.ok_or_else(|| wrong("names a group that is not there"))?;
                group.members.push(number);
                group.gaps = group
                    .gaps
                    .zip(compiled.gaps)
                    .map(|(most, gaps)| most.max(gaps));
            }
            let search = Search::load(&compiled)?;
            let literal = String::from(compiled.literal);
            set.patterns.push(Pattern {
                path: compiled.path,
                gaps: compiled.gaps,
                literal,
                max_len: compiled.max_len.and_then(|most| usize::try_from(most).ok()),
                search,
            });
        }
        set.openings = Openings::of(&set.patterns);
        let fits = |group: &Group| group.dfa.pattern_len() == group.members.len();
        if set.groups.iter().all(fits) {
            Ok(set)
        } else {
            Err(BundleError::Section("regex-groups", "has other patterns"))
        }
    }

    /// The longest match of a pattern, in bytes, if there is a longest.
    pub(crate) fn longest(&self, pattern: usize) -> Option<usize> {
        self.patterns.get(pattern)?.max_len
    }

    /// How many patterns there are.
    pub(crate) fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Reports every match of every pattern for which `wanted` holds, as (pattern, bytes of `text`).
    /// Matches are leftmost-first and do not overlap; empty ones are left out.
    pub(crate) fn find(
        &self,
        text: &str,
        wanted: impl Fn(usize) -> bool,
        mut report: impl FnMut(usize, Range<usize>),
    ) -> Result<(), SearchFailed> {
        let whole = 0..text.len();
        let spans = self.marked_spans(text);
        let spans = |gaps: Option<u8>| match gaps {
            Some(gaps) => spans.get(usize::from(gaps)).map_or(&[][..], Vec::as_slice),
            None => slice::from_ref(&whole),
        };
        let mut ends = Vec::new();
        for group in &self.groups {
            if !group.members.iter().any(|&pattern| wanted(pattern)) {
                continue;
            }
            for span in spans(group.gaps) {
                if !find_ends(&group.dfa, text, span, &mut ends)? {
                    continue;
                }
                for (&number, ends) in group.members.iter().zip(&ends) {
                    if let Some(ends) = ends.filter(|_| wanted(number)) {
                        self.find_one(number, text, span, ends, &mut report)?;
                    }
                }
            }
        }
        for (number, pattern) in self.patterns.iter().enumerate() {
            let alone = pattern.path != RegexPath::Group && wanted(number);
            if alone
                && (pattern.literal.is_empty() || crate::text::contains(text, &pattern.literal))
            {
                for span in spans(pattern.gaps) {
                    self.find_one(number, text, span, Ends::ANYWHERE, &mut report)?;
                }
            }
        }
        Ok(())
    }

    /// Per number of gaps that a marked pattern or group has, what has to be searched for it.
    fn marked_spans(&self, text: &str) -> [Vec<Range<usize>>; LEVELS] {
        let alone = self
            .patterns
            .iter()
            .filter(|pattern| pattern.path != RegexPath::Group);
        let levels = alone.map(|pattern| pattern.gaps);
        let levels = levels.chain(self.groups.iter().map(|group| group.gaps));
        let mut wanted = [false; LEVELS];
        for level in levels.flatten() {
            if let Some(wanted) = wanted.get_mut(usize::from(level)) {
                *wanted = true;
            }
        }
        let mut all = [const { Vec::new() }; LEVELS];
        if wanted.contains(&true) {
            let marked = marked_words(text);
            for (level, (spans, _)) in all.iter_mut().zip(wanted).enumerate().filter(|w| w.1.1) {
                *spans = with_neighbours(text, &marked, level);
            }
        }
        all
    }

    /// Reports the matches of one pattern in `span`, at whose ends no match may be cut.
    fn find_one(
        &self,
        number: usize,
        text: &str,
        span: &Range<usize>,
        ends: Ends,
        report: &mut impl FnMut(usize, Range<usize>),
    ) -> Result<(), SearchFailed> {
        let Some(pattern) = self.patterns.get(number) else {
            return Ok(());
        };
        let report = |found| report(number, found);
        match &pattern.search {
            Search::Searching {
                forward,
                reverse,
                max_len,
                ..
            } => {
                // The leftmost match cannot begin further before the first end than it is long.
                let longest = max_len.unwrap_or(usize::MAX);
                let from = text.floor_char_boundary(ends.first.saturating_sub(longest));
                let span = from.max(span.start)..span.end;
                find_searching(forward, reverse, text, span, ends.last, report)
            }
            Search::Anchored {
                forward,
                first_bytes,
            } => find_anchored(forward, first_bytes, text, span, report),
            Search::Fallback { program, max_len } => {
                // The compiler marks none of these, so that the span is the whole text.
                find_fallback(program, &pattern.literal, *max_len, text, report);
                Ok(())
            }
        }
    }
}

impl Search {
    fn load(compiled: &CompiledRegex<'_>) -> Result<Search, BundleError> {
        match compiled.path {
            RegexPath::Group | RegexPath::Own => {
                let forward = Box::new(load_dfa("regex-each", compiled.forward)?);
                let reverse = Box::new(load_dfa("regex-each", compiled.reverse)?);
                let max_len = compiled
                    .max_len
                    .and_then(|length| usize::try_from(length).ok());
                Ok(Search::Searching {
                    forward,
                    reverse,
                    max_len,
                    first_bytes: compiled.first_bytes,
                })
            }
            RegexPath::Anchored => {
                let forward = Box::new(load_dfa("regex-each", compiled.forward)?);
                Ok(Search::Anchored {
                    forward,
                    first_bytes: compiled.first_bytes,
                })
            }
            RegexPath::Fallback => {
                let wrong = || BundleError::Section("regex-each", "has a malformed program");
                let program = Program::read(compiled.program).ok_or_else(wrong)?;
                let max_len = compiled
                    .max_len
                    .and_then(|length| usize::try_from(length).ok());
                Ok(Search::Fallback { program, max_len })
            }
        }
    }
}

fn load_groups(section: &[u8]) -> Result<Vec<Group>, BundleError> {
    let wrong = || BundleError::Section("regex-groups", "is cut short");
    let bytes = Bytes::new(section);
    let mut at: usize = 0;
    let mut groups = Vec::new();
    while at < section.len() {
        let length = bytes.u32(at).ok_or_else(wrong)?;
        let start = at.saturating_add(4);
        let serialised = bytes.slice(start, length).ok_or_else(wrong)?;
        groups.push(Group {
            dfa: load_dfa("regex-groups", serialised)?,
            members: Vec::new(),
            gaps: Some(0),
        });
        at = start.saturating_add(length);
    }
    Ok(groups)
}

/// Where matches of a pattern end, the first and the last of them.
#[derive(Clone, Copy, Debug)]
struct Ends {
    first: usize,
    last: usize,
}

impl Ends {
    const ANYWHERE: Ends = Ends {
        first: 0,
        last: usize::MAX,
    };
}

/// Puts into `all`, per pattern of a group automaton, where its matches in `span` end, `None` if it has
/// none; whether any pattern has.
///
/// The library's search for overlapping matches does the same. It starts anew behind every match, and to
/// start costs more than most spans.
fn find_ends(
    dfa: &Dfa,
    text: &str,
    span: &Range<usize>,
    all: &mut Vec<Option<Ends>>,
) -> Result<bool, SearchFailed> {
    let bytes = text.as_bytes();
    let mut state = dfa.start_state_forward(&Input::new(text).range(span.clone()))?;
    let mut any = false;
    let mut note = |state, end| {
        if !any {
            any = true;
            all.clear();
            all.resize(dfa.pattern_len(), None);
        }
        for index in 0..dfa.match_len(state) {
            let pattern = dfa.match_pattern(state, index).as_usize();
            if let Some(ends) = all.get_mut(pattern) {
                ends.get_or_insert(Ends {
                    first: end,
                    last: 0,
                })
                .last = end;
            }
        }
    };
    // A match is seen one byte behind its end.
    for (at, &byte) in (span.start..).zip(bytes.get(span.clone()).unwrap_or(&[])) {
        state = dfa.next_state(state, byte);
        if !dfa.is_special_state(state) {
            continue;
        }
        if dfa.is_match_state(state) {
            note(state, at);
        } else if dfa.is_dead_state(state) {
            return Ok(any);
        } else if dfa.is_quit_state(state) {
            return Err(SearchFailed);
        }
    }
    state = match bytes.get(span.end) {
        Some(&byte) => dfa.next_state(state, byte),
        None => dfa.next_eoi_state(state),
    };
    if dfa.is_quit_state(state) {
        return Err(SearchFailed);
    }
    if dfa.is_match_state(state) {
        note(state, span.end);
    }
    Ok(any)
}

/// Validates a serialised automaton and takes it over. The serialised form must lie at a multiple of
/// four in memory, which a section need not.
fn load_dfa(section: &'static str, serialised: &[u8]) -> Result<Dfa, BundleError> {
    let wrong = |what| BundleError::Section(section, what);
    let mut buffer: Vec<u8> = Vec::with_capacity(serialised.len().saturating_add(4));
    let offset = buffer.as_ptr().align_offset(4);
    buffer.resize(offset, 0);
    buffer.extend_from_slice(serialised);
    let aligned = buffer.get(offset..).unwrap_or(&[]);
    let (dfa, length) =
        dense::DFA::from_bytes(aligned).map_err(|_| wrong("has a malformed automaton"))?;
    if length != serialised.len() {
        return Err(wrong("has an automaton with bytes left over"));
    }
    Ok(dfa.to_owned())
}

/// The library's own pairing of two automata panics where they contradict each other, which those of a
/// hostile bundle may. No match ends behind `last`.
fn find_searching(
    forward: &Dfa,
    reverse: &Dfa,
    text: &str,
    span: Range<usize>,
    last: usize,
    mut report: impl FnMut(Range<usize>),
) -> Result<(), SearchFailed> {
    let mut at = span.start;
    while at <= span.end && at < last {
        let input = Input::new(text).range(at..span.end);
        let Some(half) = forward.try_search_fwd(&input)? else {
            break;
        };
        let end = half.offset();
        let backwards = Input::new(text).range(at..end).anchored(Anchored::Yes);
        let start = reverse
            .try_search_rev(&backwards)?
            .ok_or(SearchFailed)?
            .offset();
        if start < end {
            at = end;
            report(start..end);
        } else {
            at = next_char(text, end);
        }
    }
    Ok(())
}

fn find_anchored(
    forward: &Dfa,
    first_bytes: &[u8; 32],
    text: &str,
    span: &Range<usize>,
    mut report: impl FnMut(Range<usize>),
) -> Result<(), SearchFailed> {
    let bytes = text.as_bytes();
    let may_begin = |byte: u8| {
        let set = first_bytes
            .get(usize::from(byte >> 3))
            .copied()
            .unwrap_or(0);
        set >> (byte & 7) & 1 == 1
    };
    let mut at = span.start;
    while let Some(skipped) = bytes
        .get(at..span.end)
        .and_then(|rest| rest.iter().position(|&byte| may_begin(byte)))
    {
        let start = at.saturating_add(skipped);
        let input = Input::new(text)
            .range(start..span.end)
            .anchored(Anchored::Yes);
        at = match forward.try_search_fwd(&input)? {
            Some(half) if half.offset() > start => {
                report(start..half.offset());
                half.offset()
            }
            _ => start.saturating_add(1),
        };
    }
    Ok(())
}

/// Searches the whole text, or only around the places where the literal stands.
fn find_fallback(
    program: &Program,
    literal: &str,
    max_len: Option<usize>,
    text: &str,
    mut report: impl FnMut(Range<usize>),
) {
    let Some(max_len) = max_len.filter(|_| !literal.is_empty()) else {
        program.each(text, report);
        return;
    };
    // Assertions look one character further than a match reaches.
    let reach = max_len.saturating_add(8);
    let mut from = 0;
    while let Some(found) = text
        .get(from..)
        .and_then(|rest| crate::text::find(rest, literal))
    {
        let literal_at = from.saturating_add(found);
        let mut at = floor_char(text, literal_at.saturating_sub(reach)).max(from);
        let end = floor_char(
            text,
            literal_at
                .saturating_add(literal.len())
                .saturating_add(reach),
        );
        let window = text.get(..end).unwrap_or(text);
        let mut last = literal_at;
        while let Some(found) = program.find_at(window, at) {
            if found.start > literal_at {
                break;
            }
            if found.is_empty() {
                at = next_char(text, found.end);
            } else {
                at = found.end;
                last = last.max(at);
                report(found);
            }
        }
        from = if last > literal_at {
            last
        } else {
            next_char(text, literal_at)
        };
    }
}

fn floor_char(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

fn next_char(text: &str, at: usize) -> usize {
    let length = text
        .get(at..)
        .and_then(|rest| rest.chars().next())
        .map_or(1, char::len_utf8);
    at.saturating_add(length)
}
