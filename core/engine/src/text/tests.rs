//! Compares the view, folding and tokens with slow oracles.

use alloc::string::String;
use alloc::vec::Vec;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::unicode::{self, Action};
use super::{
    CharClass, MIN_VIEW_LIMIT, Shape, TokenKind, Tokens, View, ViewError, class, fold_into,
};

/// The characters that are assigned in the tables' version of Unicode; the oracles know later ones too.
pub(super) fn assigned() -> &'static [char] {
    static ASSIGNED: std::sync::OnceLock<Vec<char>> = std::sync::OnceLock::new();
    ASSIGNED.get_or_init(|| {
        let parsed = regex_syntax::parse(r"\p{Age=15.0}").unwrap();
        let regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class)) =
            parsed.kind()
        else {
            panic!("not a class");
        };
        let all: Vec<char> = class
            .iter()
            .flat_map(|range| range.start()..=range.end())
            .collect();
        assert!(all.len() > 149_000 && all.is_sorted());
        all
    })
}

struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % below
    }

    fn char(&mut self) -> char {
        const PICKS: &[char] = &[
            'a',
            'B',
            'e',
            'O',
            ' ',
            '\n',
            '\t',
            '\r',
            '.',
            '9',
            '_',
            '\u{7f}',
            '\0',
            '\u{b}',
            '\u{a0}',
            'é',
            'Å',
            'ß',
            'ﬁ',
            'Ａ',
            '１',
            '\u{300}',
            '\u{301}',
            '\u{308}',
            '\u{316}',
            '\u{323}',
            '\u{327}',
            '\u{345}',
            '\u{200b}',
            '\u{200d}',
            '\u{ad}',
            '\u{feff}',
            '\u{202e}',
            '\u{fe0f}',
            '\u{2028}',
            '\u{3000}',
            '\u{115f}',
            '가',
            '각',
            '\u{1100}',
            '\u{1161}',
            '\u{11a8}',
            'ﾊ',
            'ﾞ',
            'は',
            '漢',
            '\u{fdfa}',
            '\u{9be}',
            '\u{9c7}',
            'क',
            '\u{93c}',
            '\u{958}',
            '\u{1d15e}',
            '\u{2f800}',
            '\u{e0041}',
            '😀',
            'ก',
            '\u{e33}',
            '\u{110ba}',
            '\u{11099}',
            '\u{212b}',
            '\u{34f}',
            '\u{1fb3}',
            '\u{390}',
            'Ϊ',
            'ǰ',
            'ΐ',
        ];
        let all = assigned();
        if self.next(8) > 0 {
            PICKS[self.next(PICKS.len())]
        } else {
            all[self.next(all.len() * 2 / 3)]
        }
    }

    fn text(&mut self, most: usize) -> String {
        let length = self.next(most);
        (0..length).map(|_| self.char()).collect()
    }
}

/// The filter of the view by itself, from the definition and without our tables where there is another way.
fn filtered(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter_map(|c| match c {
        '\t' | '\n' | '\r' => Some(c),
        '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        _ if c.is_whitespace() => Some(' '),
        _ if c.is_control() || ignorable(c) => None,
        _ => Some(c),
    })
}

/// `Default_Ignorable_Code_Point` and the interlinear annotation characters.
fn ignorable(c: char) -> bool {
    matches!(u32::from(c),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
        | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
        | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

fn reference(text: &str) -> String {
    filtered(text).nfkc().collect()
}

fn view(text: &str) -> View<'_> {
    View::new(text, 64).unwrap()
}

fn folded(text: &str) -> String {
    let mut out = String::new();
    fold_into(text, &mut out);
    out
}

#[test]
fn every_character_by_itself_and_in_context_agrees_with_the_reference() {
    for &c in assigned() {
        for text in [String::from(c), ['e', c, '\u{301}', 'x'].iter().collect()] {
            assert_eq!(view(&text).text(), reference(&text), "{:04X}", u32::from(c));
        }
    }
}

#[test]
fn arbitrary_texts_agree_with_the_reference() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..40_000 {
        let text = random.text(24);
        let view = view(&text);
        assert_eq!(view.text(), reference(&text), "{}", text.escape_unicode());
    }
}

#[test]
fn every_range_maps_to_whole_characters_that_make_it() {
    let mut random = Random(42);
    for _ in 0..4_000 {
        let text = random.text(16);
        let view = view(&text);
        let ends: Vec<usize> = view
            .text()
            .char_indices()
            .map(|(at, _)| at)
            .chain([view.text().len()])
            .collect();
        let mut previous = 0;
        for (i, &start) in ends.iter().enumerate() {
            let (empty, same) = view.to_original(start, start);
            assert!(empty == same && text.is_char_boundary(empty));
            for &end in &ends[i + 1..] {
                let (from, to) = view.to_original(start, end);
                let original = text.get(from..to).expect("whole characters");
                assert!(from >= previous && from < to);
                let again = reference(original);
                assert!(
                    again.contains(&view.text()[start..end]),
                    "{} {start}..{end} -> {}",
                    text.escape_unicode(),
                    original.escape_unicode()
                );
                let first = original.chars().next().unwrap();
                let last = original.chars().next_back().unwrap();
                let dropped = |c| filtered(String::from(c).as_str()).next().is_none();
                assert!(!dropped(first) && !dropped(last));
            }
            previous = empty.max(previous);
        }
    }
}

#[test]
fn ascii_and_normal_text_is_borrowed() {
    let ascii =
        "Plain text,\twith\r\nlines & signs ~ \u{20}0123456789 in many words of it".repeat(3);
    let others =
        "Élan naïve, Größe; Привет, мир! 漢字かなカナ 한국어 ภาษาไทยก็ดี עברית عربي 😀 हिन्दी বাংলা";
    for text in ["", "a", &ascii, others] {
        let view = View::new(text, 1).unwrap();
        assert!(view.is_identity(), "{text}");
        assert_eq!(
            (view.memory(), view.to_original(0, text.len())),
            (0, (0, text.len()))
        );
    }
    for length in 0..40 {
        for bad in ['\0', '\u{1f}', '\u{7f}', '\u{b}'] {
            let mut text = "x".repeat(length);
            text.push(bad);
            text.push_str("tail of the text");
            assert_eq!(view(&text).text(), reference(&text));
        }
    }
}

#[test]
fn maps_known_cases() {
    let cases: &[(&str, &str, (usize, usize), &str)] = &[
        ("\u{feff}ab", "ab", (0, 2), "ab"),
        ("a\u{200b}b\u{200b}", "ab", (0, 2), "a\u{200b}b"),
        ("o\u{fb03}ce", "office", (2, 3), "\u{fb03}"),
        ("o\u{fb03}ce", "office", (4, 6), "ce"),
        ("e\u{301}x", "éx", (0, 2), "e\u{301}"),
        ("４１１１", "4111", (1, 3), "１１"),
        ("x\u{a0}y", "x y", (1, 2), "\u{a0}"),
        ("a\u{2028}b", "a\nb", (1, 2), "\u{2028}"),
        (
            "\u{1112}\u{1161}\u{11ab}!",
            "한!",
            (0, 3),
            "\u{1112}\u{1161}\u{11ab}",
        ),
        ("\u{fdfa}", "صلى الله عليه وسلم", (0, 2), "\u{fdfa}"),
    ];
    for (text, expected, (start, end), original) in cases {
        let view = view(text);
        assert_eq!(view.text(), *expected);
        let (from, to) = view.to_original(*start, *end);
        assert_eq!(&text[from..to], *original, "{text}");
    }
    let view = view("ab\u{200b}");
    assert_eq!(view.to_original(2, 2), (5, 5));
    assert_eq!(view.to_original(9, 4), (5, 5));
    assert_eq!(view.to_original(0, usize::MAX), (0, 2));
}

#[test]
fn growth_is_limited_and_memory_accounted() {
    let arabic = "\u{fdfa}".repeat(3000);
    assert_eq!(
        View::new(&arabic, 4).unwrap_err(),
        ViewError::Growth(36_000)
    );
    assert!(View::new(&arabic, 12).is_ok());
    assert!(View::new("\u{fdfa}", 4).is_ok());
    let short = "\u{fdfa}".repeat(MIN_VIEW_LIMIT / 33 + 1);
    assert_eq!(
        View::new(&short, 4).unwrap_err(),
        ViewError::Growth(MIN_VIEW_LIMIT)
    );

    let wide = "Ａ".repeat(100_000);
    let view = View::new(&wide, 4).unwrap();
    assert!(view.memory() <= wide.len() + 1024, "{}", view.memory());
    let mixed = "Ａé".repeat(50_000);
    let view = View::new(&mixed, 4).unwrap();
    assert!(view.memory() <= mixed.len() * 9, "{}", view.memory());
}

#[test]
fn hostile_texts_take_bounded_segments() {
    let zero = alloc::format!("a{}b", "\u{200b}".repeat(100_000));
    let hidden = View::new(&zero, 4).unwrap();
    assert_eq!(
        (hidden.text(), hidden.to_original(0, 2)),
        ("ab", (0, zero.len()))
    );

    let gap = alloc::format!("e{}\u{301}", "\u{200b}".repeat(100_000));
    assert_eq!(View::new(&gap, 4).unwrap().to_original(0, 3).1, gap.len());

    for unit in [
        "\u{301}",
        "\u{316}\u{301}",
        "\u{1161}",
        "\u{345}\u{300}\u{323}",
        "\u{9be}",
    ] {
        let text = alloc::format!("e{}", unit.repeat(200_000));
        let view = View::new(&text, 4).unwrap();
        let (from, to) = view.to_original(0, view.text().len());
        assert_eq!((from, to), (0, text.len()));
    }
    let allowed = alloc::format!("e{}x", "\u{316}\u{301}".repeat(15));
    assert_eq!(view(&allowed).text(), reference(&allowed));
}

#[test]
fn folding_is_the_full_case_folding() {
    for &c in assigned() {
        let text: String = String::from(c).nfkc().collect();
        let expected: String = caseless::default_case_fold_str(&text).nfkc().collect();
        assert_eq!(folded(&text), expected, "{:04X}", u32::from(c));
        assert_eq!(folded(&expected), expected, "{:04X}", u32::from(c));
    }
    for (text, expected) in [
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("Σίσυφος", "σίσυφοσ"),
        ("İ", "i\u{307}"),
        ("ΐ", "ΐ"),
        ("\u{3aa}\u{301}", "ΐ"),
        ("Naïve_1", "naïve_1"),
    ] {
        assert_eq!(folded(text), expected, "{text}");
    }
    let mut out = String::from("e");
    fold_into("\u{301}X", &mut out);
    assert_eq!(out, "e\u{301}x");
}

#[test]
fn every_character_has_its_class() {
    for &c in assigned() {
        assert_eq!(
            class(c) == CharClass::Space,
            c.is_whitespace(),
            "{:04X}",
            u32::from(c)
        );
        if unicode::info(c).action() == Action::Keep && c.is_alphanumeric() && !c.is_numeric() {
            assert_ne!(class(c), CharClass::Space);
        }
        if unicode_normalization::char::is_combining_mark(c) {
            assert_eq!(class(c), CharClass::Mark, "{:04X}", u32::from(c));
        }
        assert_eq!(class(c), unicode::info(c).class(), "{:04X}", u32::from(c));
    }
    for c in "aZ0_éßжשؤ한अ１".chars() {
        assert_eq!(class(c), CharClass::Spaced, "{c}");
    }
    for c in "漢字々〇かカーっไທក𠀀ꀀㄅ".chars() {
        assert_eq!(class(c), CharClass::Unspaced, "{c}");
    }
    for c in "-.'@€。、😀→\u{fffd}".chars() {
        assert_eq!(class(c), CharClass::Other, "{c}");
    }
}

fn tokens(text: &str) -> Vec<(&str, TokenKind, bool)> {
    Tokens::new(text)
        .map(|t| (&text[t.start..t.end], t.kind, t.spaced))
        .collect()
}

#[test]
fn tokens_of_known_texts() {
    use TokenKind::{Symbol, Unspaced, Word};
    assert_eq!(tokens(""), []);
    assert_eq!(tokens(" \n\u{3000}"), []);
    assert_eq!(
        tokens("Don't pay_me\t$9.5"),
        [
            ("Don", Word, false),
            ("'", Symbol, false),
            ("t", Word, false),
            ("pay_me", Word, true),
            ("$", Symbol, true),
            ("9", Word, false),
            (".", Symbol, false),
            ("5", Word, false),
        ]
    );
    assert_eq!(
        tokens("東京Tower2号 ไทย😀👍🏽"),
        [
            ("東京", Unspaced, false),
            ("Tower2", Word, false),
            ("号", Unspaced, false),
            ("ไทย", Unspaced, true),
            ("😀", Symbol, false),
            ("👍", Symbol, false),
            ("🏽", Symbol, false),
        ]
    );
    assert_eq!(
        tokens(" \u{301}a\u{308}\u{316}b.\u{301}"),
        [
            ("\u{301}", Symbol, true),
            ("a\u{308}\u{316}b", Word, false),
            (".\u{301}", Symbol, false)
        ]
    );
    let shape = |text: &str| Tokens::new(text).next().unwrap().shape;
    assert_eq!(
        shape("aB3_é").0,
        Shape::LOWER | Shape::UPPER | Shape::DIGIT | Shape::UNDERSCORE | Shape::NON_ASCII
    );
    assert!(shape("123").is_only(Shape::DIGIT) && !shape("12a").is_only(Shape::DIGIT));
    assert!(shape("12a").has(Shape::LOWER) && !shape("@").has(Shape::WORD));
}

#[test]
fn tokens_cover_the_text_once() {
    let mut random = Random(7);
    for _ in 0..10_000 {
        let text = random.text(24);
        let mut at = 0;
        for token in Tokens::new(&text) {
            let between = &text[at..token.start];
            assert!(between.chars().all(char::is_whitespace) && token.start < token.end);
            assert_eq!(token.spaced, !between.is_empty());
            assert_eq!(
                text[token.start..token.end].is_ascii(),
                !token.shape.has(Shape::NON_ASCII)
            );
            at = token.end;
        }
        assert!(text[at..].chars().all(char::is_whitespace));
    }
}

#[test]
fn words_of_spaced_scripts_break_where_uax_29_breaks_them() {
    const PICKS: &[char] = &[
        'a', 'Z', 'é', 'ß', 'ж', 'Я', 'ש', 'ا', 'م', 'ω', 'अ', 'த', '한', 'ა', '5', '٣', '_', '‿',
        ' ', '\n', '!', '(', '-', '€', '\u{301}', '\u{93e}', 'ª', 'ˇ', 'Ꭰ', '𐐀', '𝔸',
    ];
    let mut random = Random(99);
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..random.next(16) {
            let c = PICKS[random.next(PICKS.len())];
            let mark = class(c) == CharClass::Mark;
            if !mark || text.chars().next_back().is_some_and(|c| !c.is_whitespace()) {
                text.push(c);
            }
        }
        let expected: Vec<&str> = text
            .split_word_bounds()
            .filter(|word| !word.chars().all(char::is_whitespace))
            .collect();
        let ours: Vec<&str> = tokens(&text)
            .into_iter()
            .map(|(token, _, _)| token)
            .collect();
        assert_eq!(ours, expected, "{}", text.escape_unicode());
    }
}

#[test]
fn letters_are_those_of_the_standard_library() {
    let mut differ = Vec::new();
    // Letters that are younger than the tables are none in them.
    for &c in assigned() {
        let ours = [
            unicode::is_alphabetic(c),
            unicode::is_alphanumeric(c),
            unicode::is_numeric(c),
            unicode::is_uppercase(c),
            unicode::is_lowercase(c),
        ];
        let theirs = [
            c.is_alphabetic(),
            c.is_alphanumeric(),
            c.is_numeric(),
            c.is_uppercase(),
            c.is_lowercase(),
        ];
        if ours != theirs {
            differ.push(u32::from(c));
        }
    }
    // Since Unicode 16, combining Latin letters are alphabetic; since 17, U+0295 has no case.
    let changed = [0x295]
        .into_iter()
        .chain(0x363..=0x36F)
        .chain(0x1DD3..=0x1DE6);
    assert_eq!(differ, changed.collect::<Vec<u32>>());
    assert!(!unicode::is_alphabetic('\u{10ffff}') && !unicode::is_alphanumeric('\u{3ffff}'));
}
