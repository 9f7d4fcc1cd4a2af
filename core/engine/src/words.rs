//! Lists of words, packed: a slice of strings takes eight bytes per word beside its letters, and in a
//! WebAssembly module addresses hardly compress.

/// A list of words: each behind its length, which is that of one byte of ASCII.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words(&'static str);

/// A list of words, packed while the crate is compiled.
macro_rules! words {
    ($($word:expr),* $(,)?) => {
        const {
            const LIST: &[&str] = &[$($word),*];
            const PACKED: [u8; $crate::words::packed_len(LIST)] = $crate::words::pack(LIST);
            $crate::words::Words::new(&PACKED)
        }
    };
}
pub(crate) use words;

/// How many bytes a list takes.
pub(crate) const fn packed_len(list: &[&str]) -> usize {
    let (mut sum, mut rest) = (0_usize, list);
    while let [word, tail @ ..] = rest {
        sum = sum.saturating_add(word.len()).saturating_add(1);
        rest = tail;
    }
    sum
}

/// Packs a list. A word that is empty or has more than 127 bytes does not compile.
#[allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::arithmetic_side_effects,
    reason = "runs while the crate is compiled"
)]
pub(crate) const fn pack<const LENGTH: usize>(list: &[&str]) -> [u8; LENGTH] {
    let mut packed = [0; LENGTH];
    let (mut at, mut rest) = (0, list);
    while let [word, tail @ ..] = rest {
        assert!(
            !word.is_empty() && word.len() < 128,
            "the length is no ASCII"
        );
        packed[at] = word.len() as u8;
        at += 1;
        let mut letters = word.as_bytes();
        while let [letter, tail @ ..] = letters {
            packed[at] = *letter;
            at += 1;
            letters = tail;
        }
        rest = tail;
    }
    packed
}

impl Words {
    /// No words.
    pub(crate) const NONE: Words = Words("");

    #[allow(clippy::panic, reason = "runs while the crate is compiled")]
    pub(crate) const fn new(packed: &'static [u8]) -> Words {
        match core::str::from_utf8(packed) {
            Ok(packed) => Words(packed),
            Err(_) => panic!("words and lengths are UTF-8"),
        }
    }

    /// The words in the order of the list.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'static str> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let end = usize::from(*rest.as_bytes().first()?).saturating_add(1);
            let word = rest.get(1..end)?;
            rest = rest.get(end..)?;
            Some(word)
        })
    }

    /// Whether `word` is one of them.
    pub(crate) fn contains(self, word: &str) -> bool {
        let first = word.as_bytes().first();
        // Nearly always the first letters differ, and calling the platform's comparison to learn that
        // would cost more.
        self.any_like(word, |have, word| have.first() == first && have == word)
    }

    /// Whether `word` is one of them, ASCII case apart.
    pub(crate) fn contains_any_case(self, word: &str) -> bool {
        let first = word.as_bytes().first().map(u8::to_ascii_lowercase);
        self.any_like(word, |have, word| {
            have.first().map(u8::to_ascii_lowercase) == first && have.eq_ignore_ascii_case(word)
        })
    }

    /// Whether `like` holds for a word of the same length.
    #[inline]
    fn any_like(self, word: &str, like: impl Fn(&[u8], &[u8]) -> bool) -> bool {
        let word = word.as_bytes();
        let mut rest = self.0.as_bytes();
        while let [length, words @ ..] = rest
            && let Some((have, behind)) = words.split_at_checked(usize::from(*length))
        {
            if have.len() == word.len() && like(have, word) {
                return true;
            }
            rest = behind;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    const SOME: Words = words!["van der", "é", "Ab"];

    #[test]
    fn words_come_out_as_they_went_in() {
        assert_eq!(SOME.iter().collect::<Vec<_>>(), ["van der", "é", "Ab"]);
        assert_eq!(Words::NONE.iter().count(), 0);
    }

    #[test]
    fn finds_whole_words_only() {
        for word in ["van der", "é", "Ab"] {
            assert!(SOME.contains(word) && SOME.contains_any_case(word));
        }
        for word in [
            "", "van", "der", "van de", "A", "É", "\u{2}Ab", "\u{7}", "Abc",
        ] {
            assert!(
                !SOME.contains(word) && !SOME.contains_any_case(word),
                "{word}"
            );
        }
        assert!(SOME.contains_any_case("VAN dER") && !SOME.contains("VAN dER"));
        assert!(!Words::NONE.contains("") && !Words::NONE.contains_any_case(""));
    }
}
