/// Units in which places in a text are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Offsets {
    /// Bytes of UTF-8, as the engine counts
    Bytes,
    /// Characters (Unicode code points), as Python counts
    Chars,
    /// UTF-16 code units, as JavaScript and Java count
    Utf16,
}

impl Offsets {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Offsets::Bytes => "bytes",
            Offsets::Chars => "chars",
            Offsets::Utf16 => "utf16",
        }
    }

    /// How long a text is in these units.
    pub fn length(self, text: &str) -> usize {
        match self {
            Offsets::Bytes => text.len(),
            Offsets::Chars => text.chars().count(),
            Offsets::Utf16 => text.encode_utf16().count(),
        }
    }

    /// The byte of a place in these units; `None` if it lies inside a character or past the end.
    pub fn byte(self, text: &str, place: usize) -> Option<usize> {
        if text.is_ascii() {
            return (place <= text.len()).then_some(place);
        }
        let mut count = 0;
        for (byte, character) in text.char_indices() {
            if count >= place {
                return (count == place).then_some(byte);
            }
            count += match self {
                Offsets::Bytes => character.len_utf8(),
                Offsets::Chars => 1,
                Offsets::Utf16 => character.len_utf16(),
            };
        }
        (count == place).then_some(text.len())
    }

    /// The spans in these units, from spans in bytes on character boundaries. One pass over the text,
    /// however many spans there are.
    pub fn convert(self, text: &str, spans: &[(usize, usize)]) -> Vec<(usize, usize)> {
        if self == Offsets::Bytes || text.is_ascii() {
            return spans.to_vec();
        }
        let mut places: Vec<usize> = spans
            .iter()
            .flat_map(|&(start, end)| [start, end])
            .collect();
        places.sort_unstable();
        places.dedup();
        let mut converted = Vec::with_capacity(places.len());
        let (mut at, mut count) = (0, 0);
        for &place in &places {
            let between = text.get(at..place).unwrap_or_default();
            count += match self {
                Offsets::Bytes => between.len(),
                Offsets::Chars => between.chars().count(),
                Offsets::Utf16 => between.encode_utf16().count(),
            };
            converted.push(count);
            at = place;
        }
        let of = |byte: usize| {
            let place = places.binary_search(&byte).ok();
            place
                .and_then(|place| converted.get(place))
                .copied()
                .unwrap_or(byte)
        };
        spans
            .iter()
            .map(|&(start, end)| (of(start), of(end)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_every_unit() {
        let text = "a\u{e4}\u{1f600}b";
        let spans = [(7, 8), (1, 3), (3, 7), (0, 8)];
        let chars = [(3, 4), (1, 2), (2, 3), (0, 4)];
        let utf16 = [(4, 5), (1, 2), (2, 4), (0, 5)];
        assert_eq!(Offsets::Bytes.convert(text, &spans), spans);
        assert_eq!(Offsets::Chars.convert(text, &spans), chars);
        assert_eq!(Offsets::Utf16.convert(text, &spans), utf16);
        assert_eq!(Offsets::Utf16.convert("", &[(0, 0)]), [(0, 0)]);
    }

    #[test]
    fn places_lead_back_to_bytes() {
        let text = "a\u{e4}\u{1f600}b";
        for offsets in [Offsets::Bytes, Offsets::Chars, Offsets::Utf16] {
            for (start, end) in [(0, 1), (1, 3), (3, 7), (7, 8)] {
                let [(from, to)] = offsets.convert(text, &[(start, end)])[..] else {
                    panic!("one span");
                };
                assert_eq!(offsets.byte(text, from), Some(start));
                assert_eq!(offsets.byte(text, to), Some(end));
            }
            let length = offsets.length(text);
            assert_eq!(offsets.byte(text, length), Some(8));
            assert_eq!(offsets.byte(text, length + 1), None);
        }
        assert_eq!(Offsets::Bytes.byte(text, 2), None);
        assert_eq!(Offsets::Utf16.byte(text, 3), None);
        assert_eq!(Offsets::Chars.byte("", 0), Some(0));
    }
}
