//! Small readers that the context recognisers share: word edges, scripts, and the link between a label
//! and its value. Each reads a bounded number of bytes.

use super::Scan;
use crate::text::{Block, is_alphabetic, is_alphanumeric};
use crate::words::{Words, words};

/// How writing treats the space between words, as far as finding the edge of a value needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// Digits, marks, punctuation: goes with every script.
    Neutral,
    /// Latin letters.
    Latin,
    /// Other scripts that put spaces between words: Cyrillic, Greek, Arabic …
    Spaced,
    /// Scripts that do not, or that glue particles to foreign words: Han, kana, Hangul, Thai …
    Unspaced,
}

/// The script class of `c`, by Unicode block.
pub(crate) fn script(c: char) -> Script {
    match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
        '\u{e00}'..='\u{eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1100}'..='\u{11ff}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{31ff}'
        | '\u{3400}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Script::Unspaced,
        c if is_alphabetic(c) => Script::Spaced,
        _ => Script::Neutral,
    }
}

/// Letters, digits, combining marks: what the engine's tokens are made of, the underscore apart.
pub(crate) fn is_word(c: char) -> bool {
    is_alphanumeric(c) || ('\u{300}'..'\u{370}').contains(&c)
}

/// The longest run of word characters that is read, in bytes.
const LONGEST_WORD: usize = 64;

/// The end of the run of word characters that starts at `at`; only the first character behind
/// [`LONGEST_WORD`] bytes is still read.
pub(crate) fn word_end(scan: &Scan<'_>, at: usize) -> usize {
    let longest = at.saturating_add(LONGEST_WORD);
    let mut end = at;
    loop {
        // Letters and digits of ASCII, eight at a time.
        let plain = Block::new(scan.eight(end)).alphanumeric_at_start();
        end = end.saturating_add(plain);
        if end > longest {
            return longest.saturating_add(1);
        }
        if plain == 8 {
            continue;
        }
        let word = match scan.byte(end) {
            byte if byte.is_ascii() => None,
            _ => scan.char_at(end).filter(|c| is_word(*c)),
        };
        let Some(c) = word else { return end };
        end = end.saturating_add(c.len_utf8());
        if end > longest {
            return end;
        }
    }
}

/// The start of the run of word characters that ends at `at`; only the first character before
/// [`LONGEST_WORD`] bytes is still read.
pub(crate) fn word_start(scan: &Scan<'_>, at: usize) -> usize {
    let mut start = at;
    loop {
        let plain = Block::new(scan.eight_before(start)).alphanumeric_at_end();
        if at.saturating_sub(start).saturating_add(plain) > LONGEST_WORD {
            return at.saturating_sub(LONGEST_WORD.saturating_add(1));
        }
        start = start.saturating_sub(plain);
        if plain == 8 {
            continue;
        }
        let byte = scan.byte_before(start);
        let width = if byte.is_ascii() {
            usize::from(byte.is_ascii_alphanumeric())
        } else {
            let c = scan.char_before(start).filter(|c| is_word(*c));
            c.map_or(0, char::len_utf8)
        };
        start = start.saturating_sub(width);
        if width == 0 || at.saturating_sub(start) > LONGEST_WORD {
            return start;
        }
    }
}

/// The end of the digits that start at `at`; at most 32 are read.
pub(crate) fn digits_end(scan: &Scan<'_>, at: usize) -> usize {
    let mut end = at;
    while scan.byte(end).is_ascii_digit() && end.saturating_sub(at) < 32 {
        end = end.saturating_add(1);
    }
    end
}

/// Skips at most eight spaces and tabs.
pub(crate) fn skip_blanks(scan: &Scan<'_>, at: usize) -> usize {
    let mut end = at;
    while matches!(scan.byte(end), b' ' | b'\t') && end.saturating_sub(at) < 8 {
        end = end.saturating_add(1);
    }
    end
}

/// Steps back over at most eight spaces and tabs.
pub(crate) fn skip_blanks_back(scan: &Scan<'_>, at: usize) -> usize {
    let mut start = at;
    while matches!(scan.byte_before(start), b' ' | b'\t') && at.saturating_sub(start) < 8 {
        start = start.saturating_sub(1);
    }
    start
}

/// The word that ends before `at`, blanks between allowed.
pub(crate) fn previous_word<'t>(scan: &Scan<'t>, at: usize) -> &'t str {
    let end = skip_blanks_back(scan, at);
    scan.slice(word_start(scan, end), end)
}

/// Whether `word` is one of `words`, ASCII case apart.
pub(crate) fn is_one_of(word: &str, words: Words) -> bool {
    words.contains_any_case(word)
}

/// Whether `word` is one of `words` as it stands.
pub(crate) fn is_exactly_one_of(word: &str, words: Words) -> bool {
    words.contains(word)
}

/// What stands between a label and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// `label=value`, `label: value`, `"label": "value"`.
    Assign,
    /// `label = value` with blanks before the sign, as program code has it.
    SpacedAssign,
    /// `label is value`.
    Is,
    /// `<label>value</label>`.
    Element,
    /// Blanks only: `label value`.
    Adjacent,
}

/// Where the value of a label starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linked {
    /// The first byte of the value, after its opening quote.
    pub(crate) start: usize,
    /// How label and value are joined.
    pub(crate) link: Link,
    /// The opening quote, 0 if there is none.
    pub(crate) quote: u8,
}

/// Verbs that join a label and a value in prose.
const IS: Words = words![
    "is", "was", "are", "ist", "lautet", "es", "est", "è", "é", "jest", "är", "er", "это", "será",
];

/// Whether the label stands in the first of two cells of a table's row that is no head: `| Name | Jane |`.
fn is_row(scan: &Scan<'_>, label_start: usize, bar: usize) -> bool {
    let mut first = label_start;
    while matches!(scan.byte_before(first), b' ' | b'*' | b'`')
        && label_start.saturating_sub(first) < 8
    {
        first = first.saturating_sub(1);
    }
    let head = scan.byte_before(first) == b'|'
        && matches!(scan.byte_before(first.saturating_sub(1)), 0 | b'\n' | b' ');
    let mut end = bar.saturating_add(1);
    while !matches!(scan.byte(end), 0 | b'|' | b'\n') && end.saturating_sub(bar) < 160 {
        end = end.saturating_add(1);
    }
    let after = skip_blanks(scan, end.saturating_add(1));
    let next = skip_blanks(scan, after.saturating_add(1));
    let rule = scan.byte(next) == b'|'
        && matches!(
            scan.byte(skip_blanks(scan, next.saturating_add(1))),
            b'-' | b':'
        );
    head && scan.byte(end) == b'|' && matches!(scan.byte(after), 0 | b'\n') && !rule
}

/// Finds the value of the label `label_start..label_end`.
pub(crate) fn link(scan: &Scan<'_>, label_start: usize, label_end: usize) -> Option<Linked> {
    if scan.byte_before(label_start) == b'<' && scan.byte(label_end) == b'>' {
        return Some(Linked {
            start: label_end.saturating_add(1),
            link: Link::Element,
            quote: 0,
        });
    }
    // The label's own closing quote, bracket or emphasis: `"name":`, `**Name**:`, `Name (full):` not.
    let mut at = label_end;
    while matches!(
        scan.byte(at),
        b'"' | b'\'' | b'*' | b'\\' | b']' | b'`' | b'_'
    ) && at.saturating_sub(label_end) < 4
    {
        at = at.saturating_add(1);
    }
    let blank = skip_blanks(scan, at);
    let (mut at, link) = match scan.byte(blank) {
        b':' if scan.byte(blank.saturating_add(1)) == b'=' => {
            (blank.saturating_add(2), Link::SpacedAssign)
        }
        b':' => (blank.saturating_add(1), Link::Assign),
        b'|' if is_row(scan, label_start, blank) => (blank.saturating_add(1), Link::Assign),
        b'=' => {
            let next = scan.byte(blank.saturating_add(1));
            if next == b'=' {
                return None;
            }
            let width = if next == b'>' { 2 } else { 1 };
            let link = if blank > at {
                Link::SpacedAssign
            } else {
                Link::Assign
            };
            (blank.saturating_add(width), link)
        }
        _ if blank > at => {
            let end = word_end(scan, blank);
            if is_exactly_one_of(scan.slice(blank, end), IS)
                && matches!(scan.byte(end), b' ' | b':')
            {
                let colon = usize::from(scan.byte(end) == b':');
                (end.saturating_add(colon), Link::Is)
            } else {
                (at, Link::Adjacent)
            }
        }
        // Scripts without spaces join them directly: `密码是hunter2`.
        _ if scan
            .char_before(label_end)
            .is_some_and(|c| script(c) == Script::Unspaced)
            && scan.byte(at).is_ascii_graphic() =>
        {
            (at, Link::Is)
        }
        _ => return None,
    };
    // `**Name:** Jane`; without the emphasis the signs belong to the value.
    let emphasis = matches!(scan.byte_before(label_start), b'*' | b'_');
    while emphasis && matches!(scan.byte(at), b'*' | b'_') {
        at = at.saturating_add(1);
    }
    at = skip_blanks(scan, at);
    if scan.byte(at) == b'\\' && matches!(scan.byte(at.saturating_add(1)), b'"' | b'\'') {
        at = at.saturating_add(1);
    }
    let quote = match scan.byte(at) {
        quote @ (b'"' | b'\'' | b'`') => quote,
        _ => 0,
    };
    let start = at.saturating_add(usize::from(quote != 0));
    Some(Linked { start, link, quote })
}
