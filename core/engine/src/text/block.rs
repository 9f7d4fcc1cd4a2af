//! Eight bytes of text at once: which of them belong to a word, and of what kind they are.

/// One in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte; a set of bytes is written with these.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Eight bytes and what they are. Sets hold the highest bit of each byte that is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The bytes, ASCII capitals as small letters.
    pub(crate) lower: u64,
    /// ASCII digits.
    pub(crate) digits: u64,
    /// ASCII capital letters.
    pub(crate) capitals: u64,
    /// ASCII letters of either case.
    pub(crate) letters: u64,
    /// ASCII letters, digits and the underscore.
    pub(crate) word: u64,
    /// All but ASCII letters and the space.
    pub(crate) odd: u64,
}

impl Block {
    /// Looks at eight bytes, little-endian.
    #[inline(always)]
    pub(crate) fn new(bytes: u64) -> Block {
        let ascii = bytes & !HIGH;
        let beyond = bytes & HIGH;
        // Bytes below 128 that are at least `least` carry into their highest bit, and into no other byte.
        let from = |bytes: u64, least: u8| {
            bytes.wrapping_add(ONES.wrapping_mul(u64::from(128_u8.wrapping_sub(least))))
        };
        let between = |bytes, first, last: u8| {
            from(bytes, first) & !from(bytes, last.wrapping_add(1)) & HIGH & !beyond
        };
        let digits = between(ascii, b'0', b'9');
        let letters = between(ascii | ONES.wrapping_mul(0x20), b'a', b'z');
        // The bit that makes a letter small, in the place of the highest one.
        let capitals = letters & !(ascii << 2);
        let is = |byte: u8| !from(ascii ^ ONES.wrapping_mul(u64::from(byte)), 1) & HIGH & !beyond;
        Block {
            lower: bytes | capitals >> 2,
            digits,
            capitals,
            letters,
            word: digits | letters | is(b'_'),
            odd: !(letters | is(b' ')) & HIGH,
        }
    }

    /// How many of the bytes, from the first, are letters or digits.
    #[inline(always)]
    pub(crate) fn alphanumeric_at_start(self) -> usize {
        let others = (self.letters | self.digits) ^ HIGH;
        usize::try_from(others.trailing_zeros() >> 3).unwrap_or(0)
    }

    /// How many of the bytes, up to the last, are letters or digits.
    #[inline(always)]
    pub(crate) fn alphanumeric_at_end(self) -> usize {
        let others = (self.letters | self.digits) ^ HIGH;
        usize::try_from(others.leading_zeros() >> 3).unwrap_or(0)
    }

    /// How many of the bytes, from the first, belong to the word that begins there.
    #[inline(always)]
    pub(crate) fn word_length(self) -> usize {
        let end = (self.word ^ HIGH).trailing_zeros() >> 3;
        usize::try_from(end).unwrap_or(0)
    }
}

/// The first eight of `bytes`, little-endian, with zeros for those that are not there.
#[inline(always)]
pub(crate) fn eight(bytes: &[u8]) -> u64 {
    if let Some(chunk) = bytes.first_chunk() {
        return u64::from_le_bytes(*chunk);
    }
    let mut padded = [0; 8];
    for (slot, byte) in padded.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    u64::from_le_bytes(padded)
}

/// The bits of the first `length` bytes.
#[inline(always)]
pub(crate) fn first(length: usize) -> u64 {
    let beyond = u32::try_from(length).unwrap_or(8).saturating_mul(8);
    u64::MAX.checked_shl(beyond).map_or(u64::MAX, |rest| !rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_what_it_is_in_every_place() {
        for filler in [0_u8, b' ', b'a', b'Z', b'_', 127, 128, 255] {
            for place in 0..8 {
                for byte in 0..=255_u8 {
                    let mut bytes = [filler; 8];
                    bytes[place] = byte;
                    let block = Block::new(u64::from_le_bytes(bytes));
                    let set = |is: fn(&u8) -> bool| {
                        u64::from_le_bytes(bytes.map(|byte| if is(&byte) { 128 } else { 0 }))
                    };
                    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
                    assert_eq!(block.digits, set(u8::is_ascii_digit), "{bytes:?}");
                    assert_eq!(block.capitals, set(u8::is_ascii_uppercase), "{bytes:?}");
                    assert_eq!(block.letters, set(u8::is_ascii_alphabetic), "{bytes:?}");
                    assert_eq!(block.word, set(is_word), "{bytes:?}");
                    let is_odd = |byte: &u8| !byte.is_ascii_alphabetic() && *byte != b' ';
                    assert_eq!(block.odd, set(is_odd), "{bytes:?}");
                    let lower = bytes.map(|byte| byte.to_ascii_lowercase());
                    assert_eq!(block.lower.to_le_bytes(), lower);
                    let length = bytes.iter().take_while(|byte| is_word(byte)).count();
                    assert_eq!(block.word_length(), length, "{bytes:?}");
                    let is_other = |byte: &u8| !byte.is_ascii_alphanumeric();
                    let start = bytes.iter().position(is_other).unwrap_or(8);
                    assert_eq!(block.alphanumeric_at_start(), start, "{bytes:?}");
                    let end = bytes.iter().rev().position(is_other).unwrap_or(8);
                    assert_eq!(block.alphanumeric_at_end(), end, "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn the_first_bytes_are_kept() {
        for length in 0..=8 {
            let kept = first(length).to_le_bytes();
            assert_eq!(kept.iter().filter(|byte| **byte == 255).count(), length);
            assert_eq!(kept.iter().take_while(|byte| **byte == 255).count(), length);
        }
    }
}
