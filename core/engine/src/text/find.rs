//! Looking for a text in a text.

use super::block::eight;

/// One in each byte, and the highest bit of each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Where `wanted` begins in `text`. For short texts that are wanted: it takes the first byte of `wanted`
/// eight places at a time, and compares where that stands. The standard library's search, linear for any
/// length, is 10 KB of WebAssembly with the tables that its error messages need.
pub(crate) fn find(text: &str, wanted: &str) -> Option<usize> {
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    let Some(first) = wanted.first() else {
        return Some(0);
    };
    let first = ONES.wrapping_mul(u64::from(*first));
    let mut at: usize = 0;
    while let Some(rest) = text.get(at..).filter(|rest| rest.len() >= wanted.len()) {
        // A byte is zero where the first byte stands. The lowest bit found is right, others are checked.
        let differs = eight(rest) ^ first;
        let mut places = differs.wrapping_sub(ONES) & !differs & HIGH;
        while places != 0 {
            let place = usize::try_from(places.trailing_zeros() >> 3).unwrap_or(0);
            let start = at.saturating_add(place);
            if text.get(start..)?.starts_with(wanted) {
                return Some(start);
            }
            places &= places.wrapping_sub(1);
        }
        at = at.saturating_add(8);
    }
    None
}

/// Whether `wanted` stands in `text`.
pub(crate) fn contains(text: &str, wanted: &str) -> bool {
    find(text, wanted).is_some()
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn finds_what_the_standard_library_finds() {
        let mut seed = 7_u64;
        let mut letter = |of: &[char]| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            of[usize::try_from(seed >> 33).unwrap() % of.len()]
        };
        for length in 0..40 {
            for wanted in 0..12 {
                for letters in [
                    &['a', 'b'][..],
                    &['\0', '\u{1}', 'é', 'a'],
                    &['a', '\u{1F600}'],
                ] {
                    let text: String = (0..length).map(|_| letter(letters)).collect();
                    let wanted: String = (0..wanted).map(|_| letter(letters)).collect();
                    assert_eq!(
                        find(&text, &wanted),
                        text.find(&wanted),
                        "{text:?} {wanted:?}"
                    );
                    assert_eq!(contains(&text, &wanted), text.contains(&wanted));
                }
            }
        }
    }
}
