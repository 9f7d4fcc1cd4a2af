//! Lookups in the packed Unicode tables. `README.md` says where the data comes from.

mod tables;

use tables::{
    COMPOSITES, DECOMPOSITION_LENGTHS, DECOMPOSITION_OFFSETS, DECOMPOSITION_RANGES, FIRSTS,
    FOLDING_LENGTHS, FOLDING_OFFSETS, FOLDING_RANGES, KINDS, LOW_SECONDS, PAGES, POOL, RUN_KINDS,
    RUN_STARTS, SECONDS,
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

/// Flags of a character in the planes above the tables.
const fn astral(code: u32) -> u8 {
    match code {
        // CJK compatibility ideographs decompose, and are letters like the other ideographs.
        0x2F800..=0x2FA1D => 1 << 2 | 1 << 4,
        // The ideographic planes, but for their noncharacters.
        0x20000..=0x2FFFD | 0x30000..=0x3FFFD => 1 << 4,
        // Tags, variation selectors and what is reserved for more of them.
        0xE0000..=0xE00FF | 0xE01F0..=0xE0FFF => 4 << 4 | 1,
        0xE0100..=0xE01EF => 3 << 4 | 1,
        _ => 4 << 4,
    }
}

/// The properties of `c`.
pub(super) fn info(c: char) -> Info {
    let code = u32::from(c);
    let [low, page, plane, _] = code.to_le_bytes();
    if plane > 1 {
        return Info {
            ccc: 0,
            flags: astral(code),
            second: 0,
        };
    }
    let page = usize::from(page) | usize::from(plane) << 8;
    let bound = |at: usize| usize::from(PAGES.get(at).copied().unwrap_or(0));
    let (from, to) = (bound(page), bound(page.saturating_add(1)));
    let starts = RUN_STARTS.get(from..to).unwrap_or(&[]);
    let run = starts
        .partition_point(|start| *start <= low)
        .saturating_sub(1)
        .saturating_add(from);
    let kind = usize::from(RUN_KINDS.get(run).copied().unwrap_or(0)).saturating_mul(3);
    match KINDS.get(kind..kind.saturating_add(3)) {
        Some(&[ccc, flags, second]) => Info { ccc, flags, second },
        _ => Info {
            ccc: 0,
            flags: 0,
            second: 0,
        },
    }
}

const HANGUL_S: u32 = 0xAC00;
const HANGUL_L: u32 = 0x1100;
const HANGUL_V: u32 = 0x1161;
const HANGUL_T: u32 = 0x11A7;
const HANGUL_V_COUNT: u32 = 21;
const HANGUL_T_COUNT: u32 = 28;
const HANGUL_S_COUNT: u32 = 11172;
const HANGUL_L_COUNT: u32 = 19;

/// Calls `push` with each character of the full compatibility decomposition of `c`.
pub(crate) fn decompose(c: char, mut push: impl FnMut(char)) {
    let syllable = u32::from(c).wrapping_sub(HANGUL_S);
    if syllable < HANGUL_S_COUNT {
        let tail = syllable % HANGUL_T_COUNT;
        let vowel = (syllable / HANGUL_T_COUNT) % HANGUL_V_COUNT;
        let lead = syllable / HANGUL_T_COUNT / HANGUL_V_COUNT;
        let jamo = [(HANGUL_L, lead), (HANGUL_V, vowel), (HANGUL_T, tail)];
        let count = if tail == 0 { 2 } else { 3 };
        for (base, offset) in jamo.into_iter().take(count) {
            push(char::from_u32(base.saturating_add(offset)).unwrap_or(c));
        }
        return;
    }
    let table = Mapping {
        ranges: &DECOMPOSITION_RANGES,
        lengths: &DECOMPOSITION_LENGTHS,
        offsets: &DECOMPOSITION_OFFSETS,
    };
    table.map(c, push);
}

/// Calls `push` with each character of the full case folding of `c`.
pub(super) fn fold(c: char, push: impl FnMut(char)) {
    let table = Mapping {
        ranges: &FOLDING_RANGES,
        lengths: &FOLDING_LENGTHS,
        offsets: &FOLDING_OFFSETS,
    };
    table.map(c, push);
}

/// The canonical composite of `first` and `second`, whose properties are `info`.
pub(super) fn compose(first: char, second: char, info: Info) -> Option<char> {
    if let Some(syllable) = compose_hangul(u32::from(first), u32::from(second)) {
        return char::from_u32(syllable);
    }
    let number = info.second.checked_sub(1)?;
    let low_plane = number < LOW_SECONDS;
    let [a, b, plane, _] = u32::from(first).to_le_bytes();
    if (plane == 0) != low_plane || plane > 1 {
        return None;
    }
    let from = usize::from(*SECONDS.get(usize::from(number))?);
    let to = usize::from(*SECONDS.get(usize::from(info.second))?);
    let at = FIRSTS
        .get(from..to)?
        .binary_search(&u16::from_le_bytes([a, b]))
        .ok()?;
    let composite = u32::from(*COMPOSITES.get(from.saturating_add(at))?);
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

/// A packed mapping of characters to strings; `xtask` explains the form.
struct Mapping {
    ranges: &'static [u32],
    lengths: &'static [u8],
    offsets: &'static [u16],
}

impl Mapping {
    /// Calls `push` with each character of the value of `c`, or with `c` if it has none.
    fn map(&self, c: char, mut push: impl FnMut(char)) {
        match self.value(u32::from(c)) {
            None => push(c),
            Some(Value::Char(value)) => push(value),
            Some(Value::Units(units)) => {
                for value in char::decode_utf16(units.iter().copied()) {
                    push(value.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
        }
    }

    fn value(&self, code: u32) -> Option<Value> {
        let at = self
            .ranges
            .partition_point(|range| range & 0x1F_FFFF <= code)
            .checked_sub(1)?;
        let range = *self.ranges.get(at)?;
        let index = code.checked_sub(range & 0x1F_FFFF)?;
        if index >= u32::from(*self.lengths.get(at)?) {
            return None;
        }
        let units = usize::try_from(range >> 23).ok()?;
        let offset = usize::from(*self.offsets.get(at)?);
        let value = |start: usize| POOL.get(start..start.saturating_add(units));
        match (range >> 21) & 3 {
            0 => {
                let skip = usize::try_from(index).ok()?.saturating_mul(units);
                value(offset.saturating_add(skip)).map(Value::Units)
            }
            1 => value(offset).map(Value::Units),
            2 => {
                let first = char::decode_utf16(value(offset)?.iter().copied())
                    .next()?
                    .ok()?;
                char::from_u32(u32::from(first).saturating_add(index)).map(Value::Char)
            }
            _ if index.is_multiple_of(2) => char::from_u32(code.saturating_add(1)).map(Value::Char),
            _ => None,
        }
    }
}

enum Value {
    Char(char),
    Units(&'static [u16]),
}
