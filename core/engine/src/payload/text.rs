//! Strings of a document as text, with the way back from places in the text to places in the document.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// A stretch of text and the stretch of the document that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it begins in the text.
    pub(super) text: usize,
    /// Bytes of text.
    pub(super) text_bytes: usize,
    /// Where it begins in the document.
    pub(super) raw: usize,
    /// Bytes in the document. As many as of text, and the same ones, unless it is one escape.
    pub(super) raw_bytes: usize,
}

impl Piece {
    /// What of the document stands for the part of `span` that is in this piece. An escape is one whole.
    fn overlap(&self, span: &Range<usize>) -> Option<Range<usize>> {
        let start = span.start.max(self.text);
        let end = span.end.min(self.text.saturating_add(self.text_bytes));
        if start >= end {
            return None;
        }
        if self.text_bytes != self.raw_bytes {
            return Some(self.raw..self.raw.saturating_add(self.raw_bytes));
        }
        let of = |place: usize| self.raw.saturating_add(place.saturating_sub(self.text));
        Some(of(start)..of(end))
    }
}

/// What of the document stands for a span of the text: stretches in order, joined where they touch.
pub(super) fn ranges(pieces: &[Piece], span: &Range<usize>) -> Vec<Range<usize>> {
    let first = pieces.partition_point(|p| p.text.saturating_add(p.text_bytes) <= span.start);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for piece in pieces.get(first..).unwrap_or(&[]) {
        let Some(range) = piece.overlap(span) else {
            break;
        };
        match ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => ranges.push(range),
        }
    }
    ranges
}

/// The pieces of a text that was read from another text, which has pieces itself.
pub(super) fn compose(inner: &[Piece], outer: &[Piece]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for piece in inner {
        let span = piece.raw..piece.raw.saturating_add(piece.raw_bytes);
        if piece.text_bytes != piece.raw_bytes {
            let ranges = ranges(outer, &span);
            if let (Some(first), Some(last)) = (ranges.first(), ranges.last()) {
                pieces.push(Piece {
                    raw: first.start,
                    raw_bytes: last.end.saturating_sub(first.start),
                    ..*piece
                });
            }
            continue;
        }
        let first = outer.partition_point(|p| p.text.saturating_add(p.text_bytes) <= span.start);
        for part in outer.get(first..).unwrap_or(&[]) {
            let Some(range) = part.overlap(&span) else {
                break;
            };
            let start = part.text.max(span.start);
            let end = part.text.saturating_add(part.text_bytes).min(span.end);
            pieces.push(Piece {
                text: piece.text.saturating_add(start.saturating_sub(span.start)),
                text_bytes: end.saturating_sub(start),
                raw: range.start,
                raw_bytes: range.end.saturating_sub(range.start),
            });
        }
    }
    pieces
}

/// Where a text has another one. It has to be of a kind that cannot begin within itself, as tags and the
/// marks of templates cannot: the standard library's search, made for any, is larger.
pub(super) fn find(text: &str, what: &str) -> Option<usize> {
    let (text, what) = (text.as_bytes(), what.as_bytes());
    text.windows(what.len().max(1))
        .position(|part| part == what)
}

/// A text before and behind the first place of another one.
pub(super) fn split_at<'t>(text: &'t str, what: &str) -> Option<(&'t str, &'t str)> {
    let at = find(text, what)?;
    Some((text.get(..at)?, text.get(at.saturating_add(what.len())..)?))
}

/// The value of a string, given what stands between its quotes.
pub(super) fn decode(raw: &str) -> Cow<'_, str> {
    if !raw.as_bytes().contains(&b'\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    unescape(raw, |part, _| text.push_str(part));
    Cow::Owned(text)
}

/// The value of a string and its pieces; `at` is where `raw` begins in the document.
pub(super) fn decode_with_pieces(raw: &str, at: usize) -> (Cow<'_, str>, Vec<Piece>) {
    let mut pieces = Vec::new();
    if !raw.as_bytes().contains(&b'\\') {
        pieces.push(Piece {
            text: 0,
            text_bytes: raw.len(),
            raw: at,
            raw_bytes: raw.len(),
        });
        return (Cow::Borrowed(raw), pieces);
    }
    let mut text = String::with_capacity(raw.len());
    unescape(raw, |part, span| {
        pieces.push(Piece {
            text: text.len(),
            text_bytes: part.len(),
            raw: at.saturating_add(span.start),
            raw_bytes: span.end.saturating_sub(span.start),
        });
        text.push_str(part);
    });
    (Cow::Owned(text), pieces)
}

/// Calls `each` with every run of plain text and every escape's character, and where it stands in `raw`. A
/// surrogate without its other half is no character and stands as U+FFFD.
fn unescape(raw: &str, mut each: impl FnMut(&str, Range<usize>)) {
    let mut at = 0_usize;
    while at < raw.len() {
        let rest = raw.get(at..).unwrap_or("");
        if !rest.starts_with('\\') {
            let plain = rest.find('\\').unwrap_or(rest.len());
            let end = at.saturating_add(plain);
            each(rest.get(..plain).unwrap_or(""), at..end);
            at = end;
            continue;
        }
        let (character, bytes) = escape(rest.as_bytes());
        let end = at.saturating_add(bytes).min(raw.len());
        each(character.encode_utf8(&mut [0; 4]), at..end);
        at = end;
    }
}

/// The character of the escape that `rest` begins with and the escape's length. The scanner has checked it.
fn escape(rest: &[u8]) -> (char, usize) {
    let plain = match rest.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(rest),
        Some(&other) => char::from(other),
        None => char::REPLACEMENT_CHARACTER,
    };
    (plain, 2)
}

fn unicode_escape(rest: &[u8]) -> (char, usize) {
    let unit = |at: usize| -> Option<u32> {
        let end = at.saturating_add(6);
        let escape = rest.get(at..end)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(core::str::from_utf8(escape).ok()?, 16).ok()
    };
    let first = unit(0).unwrap_or(0xfffd);
    if let Some(character) = char::from_u32(first) {
        return (character, 6);
    }
    if first < 0xdc00
        && let Some(second) = unit(6).filter(|unit| (0xdc00..0xe000).contains(unit))
    {
        let high = first.saturating_sub(0xd800).wrapping_shl(10);
        let low = second.saturating_sub(0xdc00);
        let joined = char::from_u32(high.saturating_add(low).saturating_add(0x1_0000));
        return (joined.unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::REPLACEMENT_CHARACTER, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(pieces: &[Piece], span: Range<usize>) -> Range<usize> {
        let ranges = ranges(pieces, &span);
        assert_eq!(ranges.len(), 1);
        ranges[0].clone()
    }

    #[test]
    fn decodes_every_escape_and_knows_the_way_back() {
        let raw = r#"a\n\u00e9\ud83d\ude00\ud800b\/\"\udc00\ud800\ud83d\ude00"#;
        let (text, pieces) = decode_with_pieces(raw, 100);
        assert_eq!(
            text,
            "a\n\u{e9}\u{1f600}\u{fffd}b/\"\u{fffd}\u{fffd}\u{1f600}"
        );
        assert_eq!(text, decode(raw));
        for (start, character) in text.char_indices() {
            let span = start..start + character.len_utf8();
            let [range] = &ranges(&pieces, &span)[..] else {
                panic!("one character stands in one place");
            };
            let written = &raw[range.start - 100..range.end - 100];
            let value = decode(written);
            assert_eq!(value.chars().collect::<Vec<_>>(), [character], "{written}");
        }
        let all = 0..text.len();
        assert_eq!(only(&pieces, all), 100..100 + raw.len());
    }

    #[test]
    fn text_in_text_knows_the_way_back() {
        let raw = r#"{\"a\":\"x\\u0040\u00e9\\n\\\"y\"}"#;
        let (json, outer) = decode_with_pieces(raw, 10);
        assert_eq!(json, "{\"a\":\"x\\u0040\u{e9}\\n\\\"y\"}");
        let start = json.find('x').unwrap();
        let (text, inner) = decode_with_pieces(&json[start..json.len() - 2], start);
        assert_eq!(text, "x@\u{e9}\n\"y");
        let pieces = compose(&inner, &outer);
        let written = |span| {
            let range = only(&pieces, span);
            &raw[range.start - 10..range.end - 10]
        };
        let all = [
            (0..1, "x"),
            (1..2, r"\\u0040"),
            (2..4, r"\u00e9"),
            (4..5, r"\\n"),
            (5..6, r#"\\\""#),
        ];
        for (span, expected) in all {
            assert_eq!(written(span), expected);
        }
        assert_eq!(written(0..7), r#"x\\u0040\u00e9\\n\\\"y"#);
    }

    #[test]
    fn a_span_over_a_gap_is_two_ranges() {
        let piece = |text, raw, bytes| Piece {
            text,
            text_bytes: bytes,
            raw,
            raw_bytes: bytes,
        };
        let pieces = [piece(0, 10, 5), piece(5, 40, 5)];
        assert_eq!(ranges(&pieces, &(3..7)), [13..15, 40..42]);
        assert_eq!(only(&pieces, 3..5), 13..15);
        assert_eq!(only(&pieces, 5..6), 40..41);
        assert!(ranges(&pieces, &(10..12)).is_empty());
    }

    #[test]
    fn without_escapes_nothing_is_copied() {
        let (text, pieces) = decode_with_pieces("plain \u{e9}", 7);
        assert!(matches!(text, Cow::Borrowed(_)));
        assert_eq!(only(&pieces, 0..8), 7..15);
    }
}
