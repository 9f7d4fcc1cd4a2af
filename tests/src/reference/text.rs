//! The normalised text with, for every character, the stretch of the original it comes from; and its tokens.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// A set of characters, as a pattern for one of them.
macro_rules! class {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("a class"));
    };
}

class!(
    IGNORED,
    r"^[[\p{Default_Ignorable_Code_Point}\p{Cc}\u{FFF9}-\u{FFFB}]--[\t\n\r\x0B\x0C\u{85}]]$"
);
class!(LINE, r"^[\x0B\x0C\u{85}\u{2028}\u{2029}]$");
class!(BLANK, r"^\p{Zs}$");
class!(MARK, r"^\p{M}$");
class!(WORD, r"^[\p{L}\p{Nd}\p{Nl}\p{Pc}]$");
class!(
    UNSPACED,
    r"^[[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&\p{L}]$"
);

fn is(class: &Regex, c: char) -> bool {
    class.is_match(c.encode_utf8(&mut [0; 4]))
}

/// One character of the normalised text.
#[derive(Clone, Copy, Debug)]
pub(super) struct ViewChar {
    pub(super) c: char,
    /// The bytes of the original it was made of.
    pub(super) from: usize,
    pub(super) to: usize,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Unspaced,
    Symbol,
}

/// A token: letters and digits with their marks, or one sign.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// Places in [`View::chars`].
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) folded: String,
    pub(super) spaced: bool,
    pub(super) kind: Kind,
}

/// The normalised text.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) chars: Vec<ViewChar>,
    pub(super) tokens: Vec<Token>,
}

impl View {
    pub(super) fn new(text: &str) -> View {
        let mut kept = Vec::new();
        for (from, c) in text.char_indices() {
            let to = from + c.len_utf8();
            if is(&IGNORED, c) {
                continue;
            }
            let c = match c {
                c if is(&LINE, c) => '\n',
                c if is(&BLANK, c) => ' ',
                c => c,
            };
            kept.push(ViewChar { c, from, to });
        }
        let mut chars: Vec<ViewChar> = Vec::new();
        let mut rest = &kept[..];
        while let [first, others @ ..] = rest {
            // A starter and the marks that may compose with it or change places.
            let marks = others.iter();
            let marks = marks.take_while(|next| canonical_combining_class(next.c) != 0);
            let length = 1 + marks.count();
            let segment: String = rest[..length].iter().map(|part| part.c).collect();
            let normal: String = segment.nfkc().collect();
            if normal == segment {
                chars.extend_from_slice(&rest[..length]);
            } else {
                let (from, to) = (first.from, rest[length - 1].to);
                chars.extend(normal.chars().map(|c| ViewChar { c, from, to }));
            }
            rest = &rest[length..];
        }
        let tokens = tokens(&chars);
        View { chars, tokens }
    }

    /// The bytes of the original that the tokens `from..=to` stand for.
    pub(super) fn span(&self, from: usize, to: usize) -> (usize, usize) {
        let (first, last) = (self.tokens[from].start, self.tokens[to].end - 1);
        (self.chars[first].from, self.chars[last].to)
    }
}

/// The kind of the token that a character begins.
pub(super) fn kind(c: char) -> Kind {
    match c {
        c if is(&UNSPACED, c) => Kind::Unspaced,
        // A mark on nothing, or on a sign, begins a run like a letter.
        c if is(&WORD, c) || is(&MARK, c) => Kind::Word,
        _ => Kind::Symbol,
    }
}

fn tokens(chars: &[ViewChar]) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut spaced = false;
    for (place, part) in chars.iter().enumerate() {
        if part.c.is_whitespace() {
            spaced = true;
            continue;
        }
        let kind = kind(part.c);
        let joins = |last: &Token| {
            let mark = is(&MARK, part.c) && last.kind != Kind::Symbol;
            last.end == place && (mark || (kind == last.kind && kind != Kind::Symbol))
        };
        match tokens.last_mut() {
            Some(last) if joins(last) => last.end = place + 1,
            _ => tokens.push(Token {
                start: place,
                end: place + 1,
                folded: String::new(),
                spaced,
                kind,
            }),
        }
        spaced = false;
    }
    for token in &mut tokens {
        let text: String = chars[token.start..token.end]
            .iter()
            .map(|part| part.c)
            .collect();
        token.folded = fold(&text);
    }
    tokens
}

/// Full case folding without rules of a language; both apostrophes are one.
fn fold(text: &str) -> String {
    let folded = caseless::default_case_fold_str(text);
    folded.nfkc().collect::<String>().replace('\u{2019}', "'")
}
