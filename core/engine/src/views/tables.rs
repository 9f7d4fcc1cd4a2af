//! The bundle's section `views`: what characters look like.
//!
//! All numbers are u32 little-endian.
//!
//! ```text
//! header       number of look-alikes, number of leetspeak signs, bytes of the doubles, 0
//! look-alikes  character | class << 24, what it looks like: 1 to 3 bytes of ASCII, zero-padded to 4
//! leetspeak    character, 1 or 2 letters it stands for, zero-padded to 4
//! doubles      words that need their double letter, each ended by a line feed
//! ```
//! Look-alikes, leetspeak signs and doubles are sorted, none occurs twice.

use crate::bundle::{BundleError, Bytes};

const HEADER_LEN: usize = 16;
const RECORD_LEN: usize = 8;

/// Why a character counts as a look-alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A letter of another script.
    Foreign = 0,
    /// A letter of another script of which only the capital looks alike.
    ByCapital = 1,
    /// A letter of some Latin alphabet: no sign of an evasion by itself.
    Alphabet = 2,
    /// In no alphabet: small capitals, phonetic letters, letters in circles and squares.
    Odd = 3,
    /// A decimal digit of another script.
    Digit = 4,
    /// Punctuation.
    Sign = 5,
}

impl Class {
    const ALL: [Class; 6] = [
        Class::Foreign,
        Class::ByCapital,
        Class::Alphabet,
        Class::Odd,
        Class::Digit,
        Class::Sign,
    ];

    /// The class's number in bundles.
    #[must_use]
    #[allow(clippy::as_conversions)] // a fieldless enum has no other way out
    pub const fn number(self) -> u8 {
        self as u8
    }

    fn from_number(number: usize) -> Option<Class> {
        Class::ALL.get(number).copied()
    }
}

/// Where the section's parts stand, and the leetspeak signs of ASCII, which are looked up most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    alike: usize,
    leet: usize,
    ascii: [[u8; 2]; 128],
}

/// The section, read in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tables<'b> {
    bytes: Bytes<'b>,
    layout: &'b Layout,
}

impl Layout {
    /// Validates a section; an empty one has no tables.
    pub(crate) fn read(section: &[u8]) -> Result<Option<Layout>, BundleError> {
        if section.is_empty() {
            return Ok(None);
        }
        read(section)
            .map(Some)
            .map_err(|what| BundleError::Section("views", what))
    }
}

fn read(section: &[u8]) -> Result<Layout, &'static str> {
    let bytes = Bytes::new(section);
    let number = |at| bytes.u32(at).ok_or("has a header that is cut short");
    let (alike, leet, doubles) = (number(0)?, number(4)?, number(8)?);
    let records = alike
        .checked_add(leet)
        .and_then(|n| n.checked_mul(RECORD_LEN));
    let start = records.and_then(|length| length.checked_add(HEADER_LEN));
    let end = start.and_then(|start| start.checked_add(doubles));
    if number(12)? != 0 || end != Some(section.len()) {
        return Err("is cut short or has bytes left over");
    }
    let mut layout = Layout {
        alike,
        leet,
        ascii: [[0; 2]; 128],
    };
    let mut last = None;
    for place in 0..alike.saturating_add(leet) {
        let (key, target) = record(bytes, place).ok_or("has a record outside the file")?;
        let (code, class) = (key & 0x00ff_ffff, key >> 24);
        let length = target.iter().take_while(|byte| **byte != 0).count();
        let padded = target.iter().skip(length).all(|byte| *byte == 0);
        let is_leet = place >= alike;
        if place == alike {
            last = None;
        }
        let in_range = if is_leet { 1..=2 } else { 1..=3 };
        if u32::try_from(code).ok().and_then(char::from_u32).is_none()
            || Class::from_number(class).is_none()
            || (is_leet && class != 0)
            || !(padded && in_range.contains(&length))
            || !target.iter().all(u8::is_ascii)
        {
            return Err("has a malformed record");
        }
        if last.is_some_and(|last| last >= code) {
            return Err("is out of order");
        }
        last = Some(code);
        if is_leet && let (Some(slot), [a, b, ..]) = (layout.ascii.get_mut(code), target) {
            *slot = [a, b];
        }
    }
    let text = bytes.slice(start.unwrap_or(0), doubles).unwrap_or(&[]);
    let sorted = lines(text).is_sorted_by(|a, b| a < b);
    if !text.is_ascii() || !sorted || text.last().is_some_and(|last| *last != b'\n') {
        return Err("has a malformed list of doubles");
    }
    Ok(layout)
}

fn record(bytes: Bytes<'_>, place: usize) -> Option<(usize, [u8; 4])> {
    let at = place.checked_mul(RECORD_LEN)?.checked_add(HEADER_LEN)?;
    let target = bytes.slice(at.checked_add(4)?, 4)?.first_chunk()?;
    Some((bytes.u32(at)?, *target))
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\n").unwrap_or(line))
}

impl<'b> Tables<'b> {
    /// The tables of a section that [`Layout::read`] has validated.
    pub(crate) const fn reopen(section: &'b [u8], layout: &'b Layout) -> Tables<'b> {
        Tables {
            bytes: Bytes::new(section),
            layout,
        }
    }

    /// What `c` looks like, and why it counts as a look-alike.
    pub(super) fn look_alike(&self, c: char) -> Option<(&'b str, Class)> {
        let (class, target) = self.find(0, self.layout.alike, c)?;
        Some((target, Class::from_number(class)?))
    }

    /// The letters that `c` stands for in leetspeak, the likeliest first; 0 for none.
    #[inline]
    pub(super) fn leet(&self, c: char) -> [u8; 2] {
        let ascii = usize::try_from(u32::from(c)).ok();
        if let Some(letters) = ascii.and_then(|code| self.layout.ascii.get(code)) {
            return *letters;
        }
        let found = self.find(self.layout.alike, self.layout.leet, c);
        let mut letters = found.map_or("", |(_, target)| target).bytes();
        [letters.next().unwrap_or(0), letters.next().unwrap_or(0)]
    }

    /// Whether `word`, in lower case, needs its double letter.
    pub(super) fn is_double(&self, word: &str) -> bool {
        let records = self.layout.alike.saturating_add(self.layout.leet);
        let start = records
            .saturating_mul(RECORD_LEN)
            .saturating_add(HEADER_LEN);
        let length = self.bytes.len().saturating_sub(start);
        let text = self.bytes.slice(start, length).unwrap_or(&[]);
        lines(text).any(|line| line == word.as_bytes())
    }

    /// The class number and the target of `c` among `count` records from `first` on.
    fn find(&self, first: usize, count: usize, c: char) -> Option<(usize, &'b str)> {
        let code = usize::try_from(u32::from(c)).ok()?;
        let (mut from, mut to) = (first, first.saturating_add(count));
        while from < to {
            let middle = from.midpoint(to);
            let at = middle.checked_mul(RECORD_LEN)?.checked_add(HEADER_LEN)?;
            let key = self.bytes.u32(at)?;
            match (key & 0x00ff_ffff).cmp(&code) {
                core::cmp::Ordering::Less => from = middle.saturating_add(1),
                core::cmp::Ordering::Greater => to = middle,
                core::cmp::Ordering::Equal => {
                    let target = self.bytes.slice(at.checked_add(4)?, 4)?;
                    let target = target.split(|byte| *byte == 0).next()?;
                    return Some((key >> 24, core::str::from_utf8(target).ok()?));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::views::testing::section;

    fn with(at: usize, value: u8) -> Result<Option<Layout>, BundleError> {
        let mut bytes = section(&[]);
        bytes[at] = value;
        Layout::read(&bytes)
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = section(&["good", "shoot"]);
        let layout = Layout::read(&bytes).unwrap().unwrap();
        let tables = Tables::reopen(&bytes, &layout);
        assert_eq!(tables.look_alike('а'), Some(("a", Class::Foreign)));
        assert_eq!(tables.look_alike('🅰'), Some(("a", Class::Odd)));
        assert_eq!(tables.look_alike('٤'), Some(("4", Class::Digit)));
        assert_eq!(tables.look_alike('ж'), None);
        assert_eq!(
            (tables.leet('1'), tables.leet('x'), tables.leet('€')),
            ([b'i', b'l'], [0; 2], [b'e', 0])
        );
        assert!(tables.is_double("good") && !tables.is_double("goo") && !tables.is_double(""));
    }

    #[test]
    fn malformed_sections_are_refused() {
        assert!(Layout::read(&[]).unwrap().is_none());
        let good = section(&["good"]);
        for length in 1..good.len() {
            assert!(Layout::read(&good[..length]).is_err(), "cut to {length}");
        }
        let longer: Vec<u8> = good.iter().copied().chain([b'\n']).collect();
        assert!(Layout::read(&longer).is_err());
        // A surrogate, a class that is not known, an empty target, a target beyond ASCII, disorder.
        for (at, value) in [(17, 0xd8), (19, 9), (20, 0), (20, 0x80), (17, 0x20)] {
            assert!(with(at, value).is_err(), "{at}");
        }
    }
}
