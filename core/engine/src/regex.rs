//! Custom regexes: prebuilt automata out of the bundle.
//!
//! Most patterns share a few *group* automata that tell in one pass which of them occur at all; a
//! pattern's own automata are asked for places only when it does. `docs/engine.md` explains the paths.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use core::slice;

use regex_automata::dfa::{Automaton, OverlappingState, dense};
use regex_automata::{Anchored, Input, MatchError};

use crate::bundle::{BundleError, Bytes};

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
    /// `regex-lite`, near the required literal if there is one: for all that no automaton can hold.
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
/// Per pattern: path u8, group u8, marked u8 (0 or 1), a zero byte, longest match u32 (`u32::MAX` = unbounded), lengths
/// u32 of the forward automaton, the reverse automaton, the literal, the fallback pattern; 32 bytes of
/// first-byte set; then these four.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledRegex<'b> {
    /// Which path it takes.
    pub path: RegexPath,
    /// The group it is in, for [`RegexPath::Group`].
    pub group: u8,
    /// Whether every match contains a [marker](is_marker) and no [white space](is_space), so that only
    /// the runs of other bytes around the markers of a text have to be searched. Most text has few.
    pub marked: bool,
    /// The longest match in bytes, if there is a longest.
    pub max_len: Option<u32>,
    /// The serialised forward automaton, empty on the fallback path.
    pub forward: &'b [u8],
    /// The serialised reverse automaton, empty on the anchored and fallback paths.
    pub reverse: &'b [u8],
    /// A text that every match contains; empty if there is none.
    pub literal: &'b str,
    /// The pattern for `regex-lite`, empty on the other paths.
    pub fallback: &'b str,
    /// Bit b is set if a match can begin with byte b; used on the anchored path.
    pub first_bytes: [u8; 32],
}

const HEADER_LEN: usize = 56;

impl<'b> CompiledRegex<'b> {
    /// Appends the pattern to a `regex-each` section; `None` if a length does not fit.
    #[must_use]
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        out.extend_from_slice(&[self.path.number(), self.group, u8::from(self.marked), 0]);
        out.extend_from_slice(&self.max_len.unwrap_or(u32::MAX).to_le_bytes());
        let parts = [
            self.forward,
            self.reverse,
            self.literal.as_bytes(),
            self.fallback.as_bytes(),
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
            marked: match header.u16(2)? {
                0 => false,
                1 => true,
                _ => return None,
            },
            max_len: u32::try_from(header.u32(4)?)
                .ok()
                .filter(|&length| length != u32::MAX),
            forward: part(8)?,
            reverse: part(12)?,
            literal: core::str::from_utf8(part(16)?).ok()?,
            fallback: core::str::from_utf8(part(20)?).ok()?,
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
}

#[derive(Debug)]
struct Group {
    dfa: Dfa,
    /// The patterns in the order in which the automaton numbers them.
    members: Vec<usize>,
    /// Whether all members are.
    marked: bool,
}

#[derive(Debug)]
struct Pattern {
    path: RegexPath,
    marked: bool,
    literal: String,
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
    },
    Anchored {
        forward: Box<Dfa>,
        first_bytes: [u8; 32],
    },
    #[cfg(feature = "fallback-regex")]
    Fallback {
        regex: regex_lite::Regex,
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
    /// Loads the sections `regex-groups` and `regex-each`; `name` names a pattern for messages.
    pub(crate) fn load(
        groups: &[u8],
        each: &[u8],
        name: impl Fn(usize) -> String,
    ) -> Result<RegexSet, BundleError> {
        let mut set = RegexSet {
            groups: load_groups(groups)?,
            patterns: Vec::new(),
        };
        for (number, compiled) in read_each(each)?.into_iter().enumerate() {
            let wrong = |what| BundleError::Section("regex-each", what);
            if compiled.path == RegexPath::Group {
                let group = set.groups.get_mut(usize::from(compiled.group));
                let group = group.ok_or_else(|| wrong("names a group that is not there"))?;
                group.members.push(number);
                group.marked &= compiled.marked;
            }
            let search = Search::load(&compiled, || name(number))?;
            let literal = String::from(compiled.literal);
            set.patterns.push(Pattern {
                path: compiled.path,
                marked: compiled.marked,
                literal,
                search,
            });
        }
        let fits = |group: &Group| group.dfa.pattern_len() == group.members.len();
        if set.groups.iter().all(fits) {
            Ok(set)
        } else {
            Err(BundleError::Section("regex-groups", "has other patterns"))
        }
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
        let marked = if self.patterns.iter().any(|pattern| pattern.marked) {
            marked_spans(text)
        } else {
            Vec::new()
        };
        let spans = |is_marked: bool| {
            if is_marked {
                marked.as_slice()
            } else {
                slice::from_ref(&whole)
            }
        };
        let mut ends = Vec::new();
        for group in &self.groups {
            if !group.members.iter().any(|&pattern| wanted(pattern)) {
                continue;
            }
            for span in spans(group.marked) {
                find_ends(&group.dfa, text, span, &mut ends)?;
                for (&number, ends) in group.members.iter().zip(&ends) {
                    if let Some(ends) = ends.filter(|_| wanted(number)) {
                        self.find_one(number, text, span, ends, &mut report)?;
                    }
                }
            }
        }
        for (number, pattern) in self.patterns.iter().enumerate() {
            let alone = pattern.path != RegexPath::Group && wanted(number);
            if alone && (pattern.literal.is_empty() || text.contains(pattern.literal.as_str())) {
                for span in spans(pattern.marked) {
                    self.find_one(number, text, span, Ends::ANYWHERE, &mut report)?;
                }
            }
        }
        Ok(())
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
            #[cfg(feature = "fallback-regex")]
            Search::Fallback { regex, max_len } => {
                // The compiler marks none of these: `regex-lite` cannot be kept to a span.
                find_fallback(regex, &pattern.literal, *max_len, text, report);
                Ok(())
            }
        }
    }
}

/// Whether a byte makes the text around it worth a search for a [marked](CompiledRegex::marked) pattern:
/// an ASCII digit or a symbol that is rare in prose.
#[inline]
#[must_use]
pub const fn is_marker(byte: u8) -> bool {
    matches!(byte, b'#'..=b'&' | b'-' | b'/'..=b':' | b'<'..=b'>' | b'@' | b'['..=b'`' | b'{'..=b'~')
}

/// Whether a byte is ASCII white space, which no match of a marked pattern contains.
#[inline]
#[must_use]
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// Spans closer than this are searched as one: to start a search costs about as much as this many bytes.
const NEAR: usize = 16;

/// The runs without white space that contain a marker, near ones joined.
fn marked_spans(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(marker) = next_marker(bytes, at) {
        let before = bytes.get(at..marker).unwrap_or(&[]);
        let start = match before.iter().rposition(|&byte| is_space(byte)) {
            Some(space) => at.saturating_add(space).saturating_add(1),
            None => at,
        };
        let after = bytes.get(marker..).unwrap_or(&[]);
        let length = after.iter().position(|&byte| is_space(byte));
        let end = length.map_or(bytes.len(), |length| marker.saturating_add(length));
        match spans.last_mut() {
            Some(last) if start.saturating_sub(last.end) < NEAR => last.end = end,
            _ => spans.push(start..end),
        }
        at = end;
    }
    spans
}

/// The first marker at or after `at`.
fn next_marker(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    // A whole block at a time without a branch, which compilers turn into vector instructions.
    let (blocks, _) = rest.as_chunks::<32>();
    let any = |block: &[u8; 32]| block.iter().fold(false, |any, &byte| any | is_marker(byte));
    let clean = blocks.iter().take_while(|block| !any(block)).count();
    let from = clean.saturating_mul(32);
    let found = rest.get(from..)?.iter().position(|&byte| is_marker(byte))?;
    Some(at.saturating_add(from).saturating_add(found))
}

impl Search {
    fn load(
        compiled: &CompiledRegex<'_>,
        name: impl Fn() -> String,
    ) -> Result<Search, BundleError> {
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
                })
            }
            RegexPath::Anchored => {
                let forward = Box::new(load_dfa("regex-each", compiled.forward)?);
                Ok(Search::Anchored {
                    forward,
                    first_bytes: compiled.first_bytes,
                })
            }
            #[cfg(feature = "fallback-regex")]
            RegexPath::Fallback => {
                let regex = regex_lite::Regex::new(compiled.fallback);
                let regex = regex.map_err(|_| {
                    BundleError::Section(
                        "regex-each",
                        "has a fallback pattern that does not compile",
                    )
                })?;
                let _ = name;
                let max_len = compiled
                    .max_len
                    .and_then(|length| usize::try_from(length).ok());
                Ok(Search::Fallback { regex, max_len })
            }
            #[cfg(not(feature = "fallback-regex"))]
            RegexPath::Fallback => Err(BundleError::NeedsFallback(name())),
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
            marked: true,
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

/// Puts into `all`, per pattern of a group automaton, where its matches in `span` end; `None` if it has
/// none.
fn find_ends(
    dfa: &Dfa,
    text: &str,
    span: &Range<usize>,
    all: &mut Vec<Option<Ends>>,
) -> Result<(), SearchFailed> {
    all.clear();
    all.resize(dfa.pattern_len(), None);
    let input = Input::new(text).range(span.clone());
    let mut state = OverlappingState::start();
    loop {
        dfa.try_search_overlapping_fwd(&input, &mut state)?;
        let Some(half) = state.get_match() else {
            return Ok(());
        };
        if let Some(ends) = all.get_mut(half.pattern().as_usize()) {
            ends.get_or_insert(Ends {
                first: half.offset(),
                last: 0,
            })
            .last = half.offset();
        }
    }
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
#[cfg(feature = "fallback-regex")]
fn find_fallback(
    regex: &regex_lite::Regex,
    literal: &str,
    max_len: Option<usize>,
    text: &str,
    mut report: impl FnMut(Range<usize>),
) {
    let Some(max_len) = max_len.filter(|_| !literal.is_empty()) else {
        regex
            .find_iter(text)
            .filter(|m| !m.is_empty())
            .for_each(|m| report(m.range()));
        return;
    };
    // Assertions look one character further than a match reaches.
    let reach = max_len.saturating_add(8);
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(literal)) {
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
        while let Some(found) = regex.find_at(window, at) {
            if found.start() > literal_at {
                break;
            }
            at = if found.is_empty() {
                next_char(text, found.end())
            } else {
                found.end()
            };
            if !found.is_empty() {
                report(found.range());
                last = last.max(found.end());
            }
        }
        from = if last > literal_at {
            last
        } else {
            next_char(text, literal_at)
        };
    }
}

#[cfg(feature = "fallback-regex")]
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
