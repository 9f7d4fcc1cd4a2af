use alloc::string::String;
use alloc::vec::Vec;

use super::layout::{Hasher, TokenHash};
use super::{Dictionary, MAX_DEPTH, Output, Token, fold_token, hash_token, is_bounded};
use crate::pii::{LexiconHit, Trigger};
use crate::rules::rule;
use crate::text::{Block, CharClass, class, eight, first};
use crate::topics::KeywordHit;

/// A custom word or a word of the profanity list, found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DictionaryHit {
    /// Any output but [`Output::Lexicon`].
    pub(crate) output: Output,
    /// Byte range in the view text.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A place at which recognisers want to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) trigger: Trigger,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// What one walk over a view text finds.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    /// Words and profanity, in the order of their ends.
    pub(crate) hits: Vec<DictionaryHit>,
    /// What recognisers read, sorted by start.
    pub(crate) lexicon: Vec<LexiconHit>,
    /// Where recognisers are called, in the order of the text.
    pub(crate) events: Vec<Event>,
    /// Forms of keywords of topics, in the order of their ends.
    pub(crate) keywords: Vec<KeywordHit>,
}

impl Pass {
    /// Walks over `text`, looking up every token and noting the events of the kinds in `triggers`.
    pub(crate) fn over(text: &str, dictionary: Dictionary<'_>, triggers: u8) -> Pass {
        let mut place = Place::default();
        let pass = Pass {
            hits: Vec::new(),
            lexicon: Vec::with_capacity(ROOM),
            events: Vec::with_capacity(ROOM),
            keywords: Vec::new(),
        };
        place.walk(text, text.len(), dictionary, triggers, pass)
    }
}

/// Where a walk over a text that still grows has come to.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// How far the walk has come, in bytes of the text.
    at: usize,
    /// Whether white space stands before.
    spaced: bool,
    /// State of the token automaton, 0 at the root.
    state: usize,
    /// Where the last tokens of the current path began, as a ring.
    starts: [usize; MAX_DEPTH],
    /// How many tokens were put on the ring.
    path: usize,
    /// How many tokens that are no symbols came before.
    words: usize,
    /// Scratch for tokens that need folding.
    folded: String,
}

impl Default for Place {
    fn default() -> Place {
        Place {
            at: 0,
            spaced: true,
            state: 0,
            starts: [0; MAX_DEPTH],
            path: 0,
            words: 0,
            folded: String::new(),
        }
    }
}

impl Place {
    /// Walks on over `text` as far as `limit`, at which a token ends, and adds what is there to `pass`.
    pub(crate) fn walk(
        &mut self,
        text: &str,
        limit: usize,
        dictionary: Dictionary<'_>,
        triggers: u8,
        pass: Pass,
    ) -> Pass {
        let mut walk = Walk {
            text,
            dictionary,
            filter: dictionary.layout.filter(dictionary.bytes),
            follow: dictionary.layout.follow(dictionary.bytes),
            triggers,
            state: self.state,
            starts: &mut self.starts,
            path: self.path,
            words: self.words,
            folded: &mut self.folded,
            pass,
        };
        (self.at, self.spaced) = walk.run(self.at, self.spaced, limit);
        (self.state, self.path, self.words) = (walk.state, walk.path, walk.words);
        walk.pass
    }

    /// How far the walk has come.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Where the oldest token stands that a term still open may begin with, for the terms that `leads`
    /// says a state may lead to; where the walk has come to if there is none.
    pub(crate) fn open(&self, dictionary: Dictionary<'_>, leads: impl Fn(usize) -> bool) -> usize {
        let mut state = self.state;
        while state != 0 {
            let Some((fail, depth)) = dictionary.link(state) else {
                break;
            };
            if leads(state) {
                let first = self.path.wrapping_sub(depth) % MAX_DEPTH;
                return self.starts.get(first).copied().unwrap_or(self.at);
            }
            state = fail;
        }
        self.at
    }

    /// Steps to `end`: what lies before belongs to a token too long to be known, which begins here or began
    /// before.
    pub(crate) fn skip(&mut self, end: usize, begins: bool) {
        self.words = self.words.wrapping_add(usize::from(begins));
        self.at = end;
        self.state = 0;
        self.spaced = false;
    }

    /// Forgets the first `bytes` of the text.
    pub(crate) fn trim(&mut self, bytes: usize) {
        self.at = self.at.saturating_sub(bytes);
        for start in &mut self.starts {
            *start = start.saturating_sub(bytes);
        }
    }
}

/// The longest token, in bytes of the view, that can be a word or a value. What is longer — a blob of
/// base64, a line of text without spaces — is stepped over, so that a stream need not wait for its end.
pub(crate) const LONGEST_TOKEN: usize = 400;

/// How many hits and events a text may have before their lists have to grow.
const ROOM: usize = 128;

const WORD: u8 = 1;
const BEYOND_ASCII: u8 = 2;
const SPACE: u8 = 4;
const SYMBOL: u8 = 8;

/// What a token that begins with each byte is to the tokeniser.
static SHAPES: [u8; 256] = shapes();

#[allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::arithmetic_side_effects
)]
const fn shapes() -> [u8; 256] {
    let mut shapes = [SYMBOL; 256];
    let mut byte = 0;
    while byte < 256 {
        shapes[byte] = match byte as u8 {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => WORD,
            b' ' | b'\t' | b'\n' | b'\r' => SPACE,
            128..=255 => BEYOND_ASCII,
            _ => SYMBOL,
        };
        byte += 1;
    }
    shapes
}

#[inline(always)]
fn shape_of(byte: u8) -> u8 {
    SHAPES.get(usize::from(byte)).copied().unwrap_or(SYMBOL)
}

struct Walk<'e, 't> {
    text: &'t str,
    dictionary: Dictionary<'e>,
    filter: &'e [u8],
    follow: &'e [u8],
    triggers: u8,
    /// State of the token automaton, 0 at the root.
    state: usize,
    starts: &'e mut [usize; MAX_DEPTH],
    path: usize,
    /// How many tokens that are no symbols came before.
    words: usize,
    folded: &'e mut String,
    pass: Pass,
}

impl Walk<'_, '_> {
    /// Walks from `at` to `limit`; gives where it ended, and whether white space stands before that.
    fn run(&mut self, mut at: usize, mut spaced: bool, limit: usize) -> (usize, bool) {
        let bytes = self.text.as_bytes().get(..limit).unwrap_or(&[]);
        while let Some(&byte) = bytes.get(at) {
            let shape = shape_of(byte);
            if shape == SPACE {
                spaced = true;
                at = at.saturating_add(1);
                continue;
            }
            let end = if shape == SYMBOL {
                self.symbol(at, byte, spaced);
                at.saturating_add(1)
            } else if shape == WORD {
                let end = self.word(at, spaced);
                self.words = self.words.wrapping_add(1);
                end
            } else {
                match self.beyond_ascii(at, spaced) {
                    Some(end) => end,
                    None => {
                        spaced = true;
                        at = at.saturating_add(self.char_len(at));
                        continue;
                    }
                }
            };
            // Nearly always a space follows.
            spaced = bytes.get(end) == Some(&b' ');
            at = end.saturating_add(usize::from(spaced));
        }
        (at, spaced)
    }

    /// A run of word characters that begins with an ASCII one.
    #[inline]
    fn word(&mut self, start: usize, spaced: bool) -> usize {
        let mut rest = self.text.as_bytes().get(start..).unwrap_or(&[]);
        let mut hash = Hasher::EMPTY;
        let mut digits = 0;
        let mut end = start;
        loop {
            let block = Block::new(eight(rest));
            let length = block.word_length();
            if length > 0 {
                let bytes = first(length);
                hash = hash.push(block.lower & bytes);
                digits |= block.digits & bytes;
                end = end.saturating_add(length);
            }
            match rest.get(8..) {
                Some(more) if length == 8 => rest = more,
                _ => break,
            }
        }
        let next = self.text.as_bytes().get(end);
        if next.is_some_and(|byte| !byte.is_ascii())
            && matches!(
                self.char_at(end).map(class),
                Some(CharClass::Spaced | CharClass::Mark)
            )
        {
            return self.mixed_word(start, spaced);
        }
        self.ascii_word(start, end, hash.finish(), digits != 0, spaced);
        end
    }

    #[inline]
    fn ascii_word(
        &mut self,
        start: usize,
        end: usize,
        hash: TokenHash,
        digits: bool,
        spaced: bool,
    ) {
        let length = end.saturating_sub(start);
        if length > LONGEST_TOKEN {
            self.state = 0;
            return;
        }
        let token = self.text.as_bytes().get(start..end).unwrap_or(&[]);
        if self.may_be_known(hash) {
            let known = self.dictionary.token(hash, token, true);
            self.advance(known, start, end, spaced);
        }
        let is_www =
            || self.text.as_bytes().get(end) == Some(&b'.') && token.eq_ignore_ascii_case(b"www");
        let trigger = match length {
            _ if digits && token.iter().all(u8::is_ascii_digit) => Trigger::Digits,
            _ if digits && token.iter().any(u8::is_ascii_alphabetic) => Trigger::Mixed,
            6..=11 if token.iter().all(u8::is_ascii_uppercase) => Trigger::Upper,
            3 if is_www() => Trigger::Www,
            _ => return,
        };
        self.event(trigger, start, end);
    }

    #[inline]
    fn symbol(&mut self, start: usize, byte: u8, spaced: bool) {
        let end = start.saturating_add(1);
        let hash = Hasher::EMPTY.push(u64::from(byte)).finish();
        self.plain_token(start, end, hash, spaced);
        match byte {
            b'@' => self.event(Trigger::At, start, end),
            b':' => self.event(Trigger::Colon, start, end),
            _ => {}
        }
    }

    /// A token that begins with a character beyond ASCII; `None` if that is white space.
    fn beyond_ascii(&mut self, start: usize, spaced: bool) -> Option<usize> {
        let rest = self.text.as_bytes().get(start..).unwrap_or(&[]);
        if is_plain_punctuation(rest) {
            let end = start.saturating_add(3);
            let hash = hash_token(rest.get(..3).unwrap_or(&[]));
            self.plain_token(start, end, hash, spaced);
            return Some(end);
        }
        match self.char_at(start).map(class) {
            Some(CharClass::Spaced | CharClass::Mark) => {
                let end = self.mixed_word(start, spaced);
                self.words = self.words.wrapping_add(1);
                Some(end)
            }
            Some(CharClass::Unspaced) => {
                let end = self.run_end(start, CharClass::Unspaced);
                self.folded_token(start, end, spaced);
                self.words = self.words.wrapping_add(1);
                Some(end)
            }
            Some(CharClass::Other) => {
                let end = start.saturating_add(self.char_len(start));
                self.folded_token(start, end, spaced);
                Some(end)
            }
            Some(CharClass::Space) | None => None,
        }
    }

    /// A token that is its own fold.
    #[inline]
    fn plain_token(&mut self, start: usize, end: usize, hash: TokenHash, spaced: bool) {
        if self.may_be_known(hash) {
            let token = self.text.as_bytes().get(start..end).unwrap_or(&[]);
            let known = self.dictionary.token(hash, token, false);
            self.advance(known, start, end, spaced);
        }
    }

    /// A run of word characters with a character beyond ASCII in it.
    fn mixed_word(&mut self, start: usize, spaced: bool) -> usize {
        let end = self.run_end(start, CharClass::Spaced);
        let token = self.text.get(start..end).unwrap_or("").as_bytes();
        let ascii = token.iter().take_while(|byte| byte.is_ascii()).count();
        let head = token.get(..ascii).unwrap_or(&[]);
        self.folded_token(start, end, spaced);
        // A number stays a number with a letter beyond ASCII behind it (`42é`, `20ème`).
        let known = end.saturating_sub(start) <= LONGEST_TOKEN;
        if known && !head.is_empty() && head.iter().all(u8::is_ascii_digit) {
            self.event(Trigger::Digits, start, start.saturating_add(ascii));
        }
        end
    }

    /// The end of the run of characters of `kind`, with their marks, that begins at `start`.
    fn run_end(&self, start: usize, kind: CharClass) -> usize {
        let rest = self.text.get(start..).unwrap_or("");
        let mut inside = rest.char_indices().skip(1);
        let stop = inside.find(|&(_, c)| {
            let class = class(c);
            class != CharClass::Mark && class != kind
        });
        stop.map_or(self.text.len(), |(length, _)| start.saturating_add(length))
    }

    fn folded_token(&mut self, start: usize, end: usize, spaced: bool) {
        if end.saturating_sub(start) > LONGEST_TOKEN {
            self.state = 0;
            return;
        }
        self.fold(start, end);
        let hash = hash_token(self.folded.as_bytes());
        if self.may_be_known(hash) {
            let token = self.dictionary.token(hash, self.folded.as_bytes(), false);
            self.advance(token, start, end, spaced);
        }
    }

    fn fold(&mut self, start: usize, end: usize) {
        self.folded.clear();
        let token = self.text.get(start..end).unwrap_or("");
        fold_token(token, self.folded);
    }

    /// Whether a token is worth a look-up: if a phrase may go on with it, else if a term may begin with it.
    /// If it goes on no phrase, the automaton is back at its root.
    #[inline(always)]
    fn may_be_known(&mut self, hash: TokenHash) -> bool {
        let layout = &self.dictionary.layout;
        if self.state != 0 && !has_bit(self.follow, hash.follow_bit(self.state, layout.follow_log2))
        {
            self.state = 0;
        }
        self.state != 0 || has_bit(self.filter, hash.filter_bit(layout.filter_log2))
    }

    fn advance(&mut self, token: Option<Token>, start: usize, end: usize, spaced: bool) {
        let Some(token) = token else {
            self.state = 0;
            return;
        };
        if let Some(slot) = self.starts.get_mut(self.path % MAX_DEPTH) {
            *slot = start;
        }
        self.path = self.path.wrapping_add(1);
        let spaced = spaced || !rule!("words.phrase-space");
        self.state = self.dictionary.step(self.state, token, spaced);
        if self.state == 0 {
            return;
        }
        let Walk {
            dictionary,
            text,
            starts,
            path,
            words,
            pass,
            ..
        } = self;
        // A word stands in many lists; whether it stands alone is asked once.
        let mut known = (0, start, false);
        dictionary.outputs(self.state, |output, depth| {
            if known.0 != depth {
                let first = path.wrapping_sub(depth) % MAX_DEPTH;
                let start = starts.get(first).copied().unwrap_or(start);
                known = (depth, start, is_bounded(text, start, end));
            }
            let (_, start, bounded) = known;
            if !bounded {
                return;
            }
            match output {
                Output::Lexicon(lexicon) => {
                    insert(
                        &mut pass.lexicon,
                        LexiconHit {
                            start,
                            end,
                            lexicon,
                        },
                    );
                }
                Output::Keyword(form) => pass.keywords.push(KeywordHit {
                    form,
                    word: *words,
                    start,
                    end,
                }),
                Output::Word(_)
                | Output::Profanity
                | Output::RotatedWord(_)
                | Output::RotatedProfanity => {
                    pass.hits.push(DictionaryHit { output, start, end });
                }
            }
        });
    }

    #[inline]
    fn event(&mut self, trigger: Trigger, start: usize, end: usize) {
        if self.triggers & trigger.bit() != 0 {
            self.pass.events.push(Event {
                trigger,
                start,
                end,
            });
        }
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.text.get(at..)?.chars().next()
    }

    fn char_len(&self, at: usize) -> usize {
        self.char_at(at).map_or(1, char::len_utf8)
    }
}

#[inline(always)]
fn has_bit(filter: &[u8], bit: usize) -> bool {
    let byte = filter.get(bit >> 3).copied().unwrap_or(0);
    byte >> (bit & 7) & 1 == 1
}

/// Whether a text begins with one of the dashes, quotation marks and signs that texts are full of, U+2010
/// to U+2027 without the typographic apostrophe: punctuation that folds to itself.
#[inline]
fn is_plain_punctuation(text: &[u8]) -> bool {
    matches!(text, [0xe2, 0x80, last @ 0x90..=0xa7, ..] if *last != 0x99)
}

/// Keeps the hits sorted by start. They come by their ends, so that only a phrase has to be put before
/// the words in it, and hardly ever is anything moved.
fn insert(hits: &mut Vec<LexiconHit>, hit: LexiconHit) {
    if hits.last().is_none_or(|last| last.start <= hit.start) {
        hits.push(hit);
        return;
    }
    let before = hits.iter().rposition(|have| have.start <= hit.start);
    hits.insert(before.map_or(0, |place| place.saturating_add(1)), hit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::View;

    #[test]
    fn plain_punctuation_is_punctuation_that_folds_to_itself() {
        for c in '\u{2010}'..='\u{2027}' {
            let text = String::from(c);
            // What is no part of any view is no part of a token either.
            if View::new(&text, 4).is_ok_and(|view| !view.is_identity()) {
                continue;
            }
            let plain = is_plain_punctuation(text.as_bytes());
            assert_eq!(plain, c != '\u{2019}');
            let mut folded = String::new();
            fold_token(&text, &mut folded);
            assert_eq!(folded == text, plain, "{c:?}");
            assert_eq!(class(c), CharClass::Other);
            let followed = text + "x";
            assert_eq!(is_plain_punctuation(followed.as_bytes()), plain);
        }
    }
}
