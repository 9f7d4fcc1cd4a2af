//! Lookups in the packed Unicode tables. `README.md` says where the data comes from.

mod tables;

use core::ops::Range;

use tables::{
    BLOCKS, COMPOSITES, DECOMPOSITION_LENGTHS, DECOMPOSITION_PAGES, DECOMPOSITION_STARTS,
    DECOMPOSITIONS, FIRSTS, FOLDING_BLOCKS, FOLDING_DIFFERENCES, FOLDING_PAGES, FOLDING_RESTS,
    KINDS, LOW_SECONDS, PAGES, SECONDS,
};

use super::CharClass;

/// What the view does with a character before it normalises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Takes it as it is.
    Keep,
    /// Leaves it out: it is default-ignorable, a control or an annotation character.
    Drop,
    /// Makes a space of it.
    Space,
    /// Makes a line feed of it.
    Line,
}

/// Properties of one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Info {
    /// `Canonical_Combining_Class`.
    pub(super) ccc: u8,
    flags: u8,
    second: u8,
    letter: u8,
}

impl Info {
    /// What the view does with the character.
    pub(super) const fn action(self) -> Action {
        match self.flags & 3 {
            0 => Action::Keep,
            1 => Action::Drop,
            2 => Action::Space,
            _ => Action::Line,
        }
    }

    /// Whether the character begins a new normalisation segment once it is decomposed: a starter that
    /// never composes with what stands before it.
    pub(super) const fn is_boundary(self) -> bool {
        self.ccc == 0 && self.flags & 8 == 0
    }

    /// Whether NFKC never changes the character: `NFKC_Quick_Check` is Yes.
    pub(super) const fn is_nfkc(self) -> bool {
        self.flags & 0b1100 == 0
    }

    /// Whether the character may compose with what stands before it: `NFKC_Quick_Check` is Maybe.
    pub(super) const fn is_maybe(self) -> bool {
        self.flags & 8 != 0
    }

    /// Whether the character stands in a view unchanged whatever is before it.
    pub(super) const fn is_plain(self) -> bool {
        self.ccc == 0 && self.flags & 0b1111 == 0
    }

    /// The token class.
    pub(super) const fn class(self) -> CharClass {
        match self.flags >> 4 {
            0 => CharClass::Spaced,
            1 => CharClass::Unspaced,
            2 => CharClass::Space,
            3 => CharClass::Mark,
            _ => CharClass::Other,
        }
    }
}

/// Properties of a character in the planes above the tables.
const fn astral(code: u32) -> Info {
    let (flags, letter) = match code {
        // CJK compatibility ideographs decompose, and are letters like the other ideographs.
        0x2F800..=0x2FA1D => (1 << 2 | 1 << 4, ALPHABETIC),
        // The ideographic planes, but for their noncharacters.
        0x20000..=0x2FFFD | 0x30000..=0x3FFFD => (1 << 4, ALPHABETIC),
        // Tags, variation selectors and what is reserved for more of them.
        0xE0000..=0xE00FF | 0xE01F0..=0xE0FFF => (4 << 4 | 1, 0),
        0xE0100..=0xE01EF => (3 << 4 | 1, 0),
        _ => (4 << 4, 0),
    };
    Info {
        ccc: 0,
        flags,
        second: 0,
        letter,
    }
}

/// Where the value of a character stands in the blocks of a table of two stages.
#[inline]
fn place(pages: &[u8], code: u32) -> Option<usize> {
    let [low, page, plane, _] = code.to_le_bytes();
    let block = *pages.get(usize::from(u16::from_le_bytes([page, plane])))?;
    Some(usize::from(u16::from_le_bytes([low, block])))
}

/// The properties of `c`.
pub(super) fn info(c: char) -> Info {
    let code = u32::from(c);
    let Some(place) = place(&PAGES, code) else {
        return astral(code);
    };
    let kind = usize::from(BLOCKS.get(place).copied().unwrap_or(0)).saturating_mul(4);
    let kind = KINDS.get(kind..).and_then(<[u8]>::first_chunk);
    let [ccc, flags, second, letter] = kind.copied().unwrap_or_default();
    Info {
        ccc,
        flags,
        second,
        letter,
    }
}

/// Bits of [`Info::letter`].
const ALPHABETIC: u8 = 1;
const NUMERIC: u8 = 2;
const UPPERCASE: u8 = 4;
const LOWERCASE: u8 = 8;

/// Whether `c` is `Alphabetic`. This and the next are what the methods of `char` say, in the version of
/// Unicode that the tables have, whatever the compiler's is; its tables are not linked. Most text is ASCII,
/// which needs no table.
pub(crate) fn is_alphabetic(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphabetic()
    } else {
        info(c).letter & ALPHABETIC != 0
    }
}

/// Whether `c` is a number of any kind: `General_Category` Nd, Nl or No.
pub(crate) fn is_numeric(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_digit()
    } else {
        info(c).letter & NUMERIC != 0
    }
}

/// Whether `c` is alphabetic or numeric.
pub(crate) fn is_alphanumeric(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric()
    } else {
        info(c).letter & (ALPHABETIC | NUMERIC) != 0
    }
}

/// Whether `c` is `Uppercase`.
pub(crate) fn is_uppercase(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_uppercase()
    } else {
        info(c).letter & UPPERCASE != 0
    }
}

/// Whether `c` is `Lowercase`.
pub(crate) fn is_lowercase(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_lowercase()
    } else {
        info(c).letter & LOWERCASE != 0
    }
}

/// Byte by byte numbers of two bytes: the one at `at`.
fn number(planes: &[&[u8]; 2], at: usize) -> Option<u16> {
    let [low, high] = planes;
    Some(u16::from_le_bytes([*low.get(at)?, *high.get(at)?]))
}

const HANGUL_S: u32 = 0xAC00;
const HANGUL_L: u32 = 0x1100;
const HANGUL_V: u32 = 0x1161;
const HANGUL_T: u32 = 0x11A7;
const HANGUL_V_COUNT: u32 = 21;
const HANGUL_T_COUNT: u32 = 28;
const HANGUL_S_COUNT: u32 = 11172;
const HANGUL_L_COUNT: u32 = 19;

/// The full compatibility decomposition of a character.
enum Decomposition {
    /// None: the character itself.
    Itself(char),
    /// A Hangul syllable: how many jamo it has, and which.
    Jamo(usize, [u32; 3]),
    /// Characters of the table.
    Listed(Range<usize>),
}

impl Decomposition {
    fn of(c: char) -> Decomposition {
        let code = u32::from(c);
        let syllable = code.wrapping_sub(HANGUL_S);
        if syllable < HANGUL_S_COUNT {
            let tail = syllable % HANGUL_T_COUNT;
            let vowel = (syllable / HANGUL_T_COUNT) % HANGUL_V_COUNT;
            let lead = syllable / HANGUL_T_COUNT / HANGUL_V_COUNT;
            let jamo = [
                HANGUL_L.saturating_add(lead),
                HANGUL_V.saturating_add(vowel),
                HANGUL_T.saturating_add(tail),
            ];
            return Decomposition::Jamo(if tail == 0 { 2 } else { 3 }, jamo);
        }
        listed(code).map_or(Decomposition::Itself(c), Decomposition::Listed)
    }

    /// The character at `at`.
    fn part(&self, at: usize) -> Option<char> {
        match self {
            Decomposition::Itself(c) => (at == 0).then_some(*c),
            Decomposition::Jamo(count, jamo) => {
                let jamo = jamo.get(at).filter(|_| at < *count)?;
                char::from_u32(*jamo)
            }
            Decomposition::Listed(range) => {
                let at = range.start.checked_add(at).filter(|at| *at < range.end)?;
                let [low, high, plane] = &DECOMPOSITIONS;
                let bytes = [*low.get(at)?, *high.get(at)?, *plane.get(at)?, 0];
                char::from_u32(u32::from_le_bytes(bytes))
            }
        }
    }
}

/// Where the table has the decomposition of a character; `None` if it has none. Every 32nd character's is
/// written down, the lengths of those between are added up.
fn listed(code: u32) -> Option<Range<usize>> {
    let place = place(&DECOMPOSITION_PAGES, code)?;
    let length = usize::from(*DECOMPOSITION_LENGTHS.get(place)?);
    if length == 0 {
        return None;
    }
    let [low, high] = &DECOMPOSITION_STARTS;
    let start = usize::from(number(&[low, high], place / 32)?);
    let before = DECOMPOSITION_LENGTHS.get(place & !31..place)?;
    let start = before.iter().fold(start, |start, &length| {
        start.saturating_add(usize::from(length))
    });
    Some(start..start.saturating_add(length))
}

/// Calls `push` with each character of the full compatibility decomposition of `c`.
pub(crate) fn decompose(c: char, push: impl FnMut(char)) {
    let decomposition = Decomposition::of(c);
    let mut at: usize = 0;
    core::iter::from_fn(|| {
        let part = decomposition.part(at);
        at = at.saturating_add(1);
        part
    })
    .for_each(push);
}

/// Calls `push` with each character of the full case folding of `c`.
pub(super) fn fold(c: char, mut push: impl FnMut(char)) {
    let folding = |c: char| {
        let place = place(&FOLDING_PAGES, u32::from(c))?;
        let kind = usize::from(*FOLDING_BLOCKS.get(place)?);
        let [low, high, plane] = &FOLDING_DIFFERENCES;
        let difference = [*low.get(kind)?, *high.get(kind)?, *plane.get(kind)?, 0];
        let first = u32::from(c).wrapping_add(u32::from_le_bytes(difference)) & 0xFF_FFFF;
        Some((char::from_u32(first)?, kind))
    };
    let Some((first, kind)) = folding(c) else {
        return push(c);
    };
    push(first);
    let [low, high] = &FOLDING_RESTS;
    for at in [0, 1] {
        let at = kind.saturating_mul(2).saturating_add(at);
        match number(&[low, high], at) {
            None | Some(0) => return,
            Some(next) => push(char::from_u32(u32::from(next)).unwrap_or(c)),
        }
    }
}

/// The canonical composite of `first` and `second`, whose properties are `info`.
pub(super) fn compose(first: char, second: char, info: Info) -> Option<char> {
    if let Some(syllable) = compose_hangul(u32::from(first), u32::from(second)) {
        return char::from_u32(syllable);
    }
    let group = info.second.checked_sub(1)?;
    let low_plane = group < LOW_SECONDS;
    let [a, b, plane, _] = u32::from(first).to_le_bytes();
    if (plane == 0) != low_plane || plane > 1 {
        return None;
    }
    let [low, high] = &SECONDS;
    let from = number(&[low, high], usize::from(group))?;
    let to = number(&[low, high], usize::from(info.second))?;
    let (from, to) = (usize::from(from), usize::from(to));
    // The pairs of a second are sorted by their firsts: by high bytes first.
    let [low, high] = &FIRSTS;
    let highs = high.get(from..to)?;
    let start = from.saturating_add(highs.partition_point(|high| *high < b));
    let end = from.saturating_add(highs.partition_point(|high| *high <= b));
    let at = low.get(start..end)?.binary_search(&a).ok()?;
    let [low, high] = &COMPOSITES;
    let composite = u32::from(number(&[low, high], start.saturating_add(at))?);
    char::from_u32(composite | if low_plane { 0 } else { 0x10000 })
}

fn compose_hangul(first: u32, second: u32) -> Option<u32> {
    let (lead, vowel) = (first.wrapping_sub(HANGUL_L), second.wrapping_sub(HANGUL_V));
    if lead < HANGUL_L_COUNT && vowel < HANGUL_V_COUNT {
        let pair = lead.saturating_mul(HANGUL_V_COUNT).saturating_add(vowel);
        return Some(pair.saturating_mul(HANGUL_T_COUNT).saturating_add(HANGUL_S));
    }
    let (syllable, tail) = (first.wrapping_sub(HANGUL_S), second.wrapping_sub(HANGUL_T));
    let open = syllable < HANGUL_S_COUNT && syllable.is_multiple_of(HANGUL_T_COUNT);
    (open && (1..HANGUL_T_COUNT).contains(&tail)).then(|| first.saturating_add(tail))
}
