//! Tokens: the units that dictionaries match.

use super::unicode;

/// What a character is to the tokeniser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharClass {
    /// A letter or digit of a script that puts spaces between words, or a connector such as `_`:
    /// `Word_Break` ALetter, Hebrew_Letter, Numeric or ExtendNumLet, or a letter or decimal digit.
    Spaced,
    /// A letter of a script written without spaces: `Line_Break` SA, ID or CJ (Thai, Lao, Khmer, Myanmar,
    /// Yi …), and the scripts Han, Hiragana, Katakana, Bopomofo, Balinese and Javanese.
    Unspaced,
    /// White space: `White_Space`.
    Space,
    /// A combining mark, which belongs to whatever it follows: general category M.
    Mark,
    /// Anything else: punctuation, symbols, emoji.
    Other,
}

/// The class of `c`.
#[must_use]
pub fn class(c: char) -> CharClass {
    match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() => match ascii(byte) {
            Shape::SPACE => CharClass::Space,
            Shape::SYMBOL => CharClass::Other,
            _ => CharClass::Spaced,
        },
        _ => unicode::info(c).class(),
    }
}

/// What kinds of characters a token holds, as a set of bits; also the class of a byte in `ASCII_CLASS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape(pub u8);

impl Shape {
    /// An ASCII lower-case letter.
    pub const LOWER: u8 = 1;
    /// An ASCII capital letter.
    pub const UPPER: u8 = 2;
    /// An ASCII digit.
    pub const DIGIT: u8 = 4;
    /// The underscore.
    pub const UNDERSCORE: u8 = 8;
    /// A character outside ASCII.
    pub const NON_ASCII: u8 = 16;
    /// An ASCII character that is neither a word character nor white space.
    pub const SYMBOL: u8 = 32;
    /// ASCII white space; never part of a token.
    pub const SPACE: u8 = 64;
    /// The ASCII word characters.
    pub const WORD: u8 = Shape::LOWER | Shape::UPPER | Shape::DIGIT | Shape::UNDERSCORE;

    /// Whether the token has a character of one of the kinds in `bits`.
    #[must_use]
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }

    /// Whether all characters of the token are of the kinds in `bits`.
    #[must_use]
    pub const fn is_only(self, bits: u8) -> bool {
        self.0 != 0 && self.0 & !bits == 0
    }
}

/// The [`Shape`] bit of each byte; bytes from 128 on are [`Shape::NON_ASCII`].
pub(crate) static ASCII_CLASS: [u8; 256] = ascii_classes();

const fn ascii_classes() -> [u8; 256] {
    let mut classes = [Shape::NON_ASCII; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        let class = match byte {
            b'a'..=b'z' => Shape::LOWER,
            b'A'..=b'Z' => Shape::UPPER,
            b'0'..=b'9' => Shape::DIGIT,
            b'_' => Shape::UNDERSCORE,
            b'\t'..=b'\r' | b' ' => Shape::SPACE,
            _ => Shape::SYMBOL,
        };
        #[allow(
            clippy::indexing_slicing,
            clippy::as_conversions,
            reason = "const, and a byte is in range"
        )]
        {
            classes[byte as usize] = class;
        }
        byte = byte.saturating_add(1);
    }
    classes
}

#[inline(always)]
fn ascii(byte: u8) -> u8 {
    ASCII_CLASS
        .get(usize::from(byte))
        .copied()
        .unwrap_or(Shape::SYMBOL)
}

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A maximal run of [`CharClass::Spaced`] characters and the marks on them.
    Word,
    /// A maximal run of [`CharClass::Unspaced`] characters and the marks on them.
    Unspaced,
    /// One [`CharClass::Other`] character, or marks on nothing, and the marks on it.
    Symbol,
}

/// One token of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Byte offset of its start in the view.
    pub start: usize,
    /// Byte offset just past its end.
    pub end: usize,
    /// Its kind.
    pub kind: TokenKind,
    /// Whether white space stands before it. False for a token at the very start.
    pub spaced: bool,
    /// What kinds of characters it holds.
    pub shape: Shape,
}

/// Iterates over the tokens of a view's text. White space belongs to no token, all else to exactly one.
///
/// Words break where UAX 29 breaks them, with these differences: no rule joins letters or digits across
/// an apostrophe, full stop, colon, comma or the like (WB6, WB7, WB11, WB12); a mark after white space
/// stands alone; Katakana breaks from underscores and digits; a run of letters written without spaces is
/// one token; symbols never join, so an emoji or flag sequence is several tokens.
#[derive(Clone, Debug)]
pub struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    /// The tokens of `text`.
    #[must_use]
    pub const fn new(text: &'t str) -> Tokens<'t> {
        Tokens { text, at: 0 }
    }

    #[inline(always)]
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.text.get(at..)?.chars().next()
    }

    /// Skips white space; says whether there was any.
    #[inline]
    fn skip_space(&mut self) -> bool {
        let start = self.at;
        while let Some(byte) = self.byte(self.at) {
            let width = match ascii(byte) {
                Shape::SPACE => 1,
                Shape::NON_ASCII => match self.char_at(self.at) {
                    Some(c) if unicode::info(c).class() == CharClass::Space => c.len_utf8(),
                    _ => break,
                },
                _ => break,
            };
            self.at = self.at.saturating_add(width);
        }
        self.at > start
    }

    /// Extends a token of `kind` from `end` over what belongs to it.
    #[inline]
    fn extend(&self, kind: TokenKind, mut end: usize, shape: &mut Shape) -> usize {
        while let Some(byte) = self.byte(end) {
            let bit = ascii(byte);
            if bit & Shape::WORD != 0 {
                if kind != TokenKind::Word {
                    break;
                }
                shape.0 |= bit;
                end = end.saturating_add(1);
                continue;
            }
            if bit != Shape::NON_ASCII {
                break;
            }
            let Some(c) = self.char_at(end) else { break };
            let belongs = match unicode::info(c).class() {
                CharClass::Mark => true,
                CharClass::Spaced => kind == TokenKind::Word,
                CharClass::Unspaced => kind == TokenKind::Unspaced,
                CharClass::Space | CharClass::Other => false,
            };
            if !belongs {
                break;
            }
            shape.0 |= bit;
            end = end.saturating_add(c.len_utf8());
        }
        end
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    #[inline]
    fn next(&mut self) -> Option<Token> {
        let spaced = self.skip_space();
        let start = self.at;
        let bit = ascii(self.byte(start)?);
        let (kind, width) = match bit {
            Shape::NON_ASCII => {
                let c = self.char_at(start)?;
                let kind = match unicode::info(c).class() {
                    CharClass::Spaced => TokenKind::Word,
                    CharClass::Unspaced => TokenKind::Unspaced,
                    CharClass::Space | CharClass::Mark | CharClass::Other => TokenKind::Symbol,
                };
                (kind, c.len_utf8())
            }
            Shape::SYMBOL => (TokenKind::Symbol, 1),
            _ => (TokenKind::Word, 1),
        };
        let mut shape = Shape(bit);
        let end = self.extend(kind, start.saturating_add(width), &mut shape);
        self.at = end;
        Some(Token {
            start,
            end,
            kind,
            spaced,
            shape,
        })
    }
}
