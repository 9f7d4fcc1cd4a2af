//! What the characters of a run look like.

use alloc::string::String;
use alloc::vec::Vec;

use super::Search;
use super::tables::{Class, Tables};
use crate::dictionary::fold_token;
use crate::text::{CharClass, class, decompose};

/// Runs of more letters than this, repetitions aside, are no words.
const MAX_LETTERS: usize = 64;

/// What a run of characters is made of.
#[derive(Debug, Default)]
pub(super) struct Glyphs {
    /// Per letter, what it reads as, and what else it might; both the same for most.
    pub(super) letters: Vec<(char, char)>,
    /// Letters of ASCII, and how many of them are capitals.
    pub(super) ascii: usize,
    pub(super) capitals: usize,
    /// Digits and signs of leetspeak.
    pub(super) digits: usize,
    pub(super) signs: usize,
    /// Look-alikes by class.
    pub(super) foreign: usize,
    pub(super) by_capital: usize,
    pub(super) odd: usize,
    /// Letters beyond ASCII that look like no ASCII letter, or belong to a Latin alphabet.
    pub(super) others: usize,
    /// Of these, those that look like none.
    pub(super) unmistakable: usize,
    /// Combining marks that stand by themselves after normalisation.
    pub(super) marks: usize,
    /// Whether one of them strikes a letter through.
    pub(super) struck: bool,
}

/// How a run is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Look-alikes are what they look like, and marks are dropped.
    pub(super) alike: bool,
    /// Digits and signs are letters.
    pub(super) leet: bool,
}

impl Glyphs {
    /// Reads `run`; `None` if a character of it stands for no letter, or it is too long for a word.
    pub(super) fn of(run: &str, tables: Tables<'_>, reading: Reading) -> Option<Glyphs> {
        let mut glyphs = Glyphs::default();
        for c in run.chars() {
            if c.is_ascii_alphabetic() {
                glyphs.ascii = glyphs.ascii.saturating_add(1);
                glyphs.capitals = glyphs
                    .capitals
                    .saturating_add(usize::from(c.is_ascii_uppercase()));
                let lower = c.to_ascii_lowercase();
                glyphs.push(lower, lower);
            } else if c.is_ascii() || tables.leet(c) != [0; 2] {
                glyphs.sign(c, tables, reading)?;
            } else {
                glyphs.beyond_ascii(c, tables, reading)?;
            }
            if glyphs.letters.len() > MAX_LETTERS {
                return None;
            }
        }
        Some(glyphs)
    }

    /// Keeps no more than three of a kind in a row: that is enough to see that there are too many.
    fn push(&mut self, first: char, second: char) {
        let last = self.letters.last_chunk::<3>();
        if last != Some(&[(first, second); 3]) {
            self.letters.push((first, second));
        }
    }

    fn sign(&mut self, c: char, tables: Tables<'_>, reading: Reading) -> Option<()> {
        if c.is_ascii_digit() {
            self.digits = self.digits.saturating_add(1);
        } else {
            self.signs = self.signs.saturating_add(1);
        }
        if !reading.leet {
            self.push(c, c);
            return Some(());
        }
        match tables.leet(c).map(char::from) {
            ['\0', _] => None,
            [only, '\0'] => {
                self.push(only, only);
                Some(())
            }
            [first, second] => {
                self.push(first, second);
                Some(())
            }
        }
    }

    fn beyond_ascii(&mut self, c: char, tables: Tables<'_>, reading: Reading) -> Option<()> {
        if class(c) == CharClass::Mark {
            self.marks = self.marks.saturating_add(1);
            self.struck |= strikes(c);
            if !reading.alike {
                self.push(c, c);
            }
            return Some(());
        }
        if !reading.alike {
            self.others = self.others.saturating_add(1);
            self.push(c, c);
            return Some(());
        }
        if let Some((target, class)) = tables.look_alike(c) {
            self.look_alike(target, class);
            return Some(());
        }
        // A letter with marks in one character: the letter counts.
        let mut parts = [None; 4];
        let mut count = 0_usize;
        decompose(c, |part| {
            if let Some(slot) = parts
                .get_mut(count)
                .filter(|_| self::class(part) != CharClass::Mark)
            {
                *slot = Some(part);
                count = count.saturating_add(1);
            }
        });
        let [Some(base), None, ..] = parts else {
            return None;
        };
        self.others = self.others.saturating_add(1);
        if base.is_ascii_alphabetic() {
            let lower = base.to_ascii_lowercase();
            self.push(lower, lower);
        } else if let Some((target, Class::Foreign | Class::ByCapital)) = tables.look_alike(base) {
            self.foreign = self.foreign.saturating_add(1);
            self.push_all(target);
        } else {
            self.unmistakable = self.unmistakable.saturating_add(1);
            self.push(c, c);
        }
        Some(())
    }

    fn look_alike(&mut self, target: &str, class: Class) {
        let count = match class {
            Class::Foreign => &mut self.foreign,
            Class::ByCapital => &mut self.by_capital,
            Class::Odd => &mut self.odd,
            Class::Alphabet | Class::Digit | Class::Sign => &mut self.others,
        };
        *count = count.saturating_add(1);
        self.push_all(target);
    }

    fn push_all(&mut self, target: &str) {
        for c in target.chars() {
            self.push(c, c);
        }
    }

    /// Letters, whatever they look like.
    pub(super) fn letter_count(&self) -> usize {
        let counts = [
            self.ascii,
            self.foreign,
            self.by_capital,
            self.odd,
            self.others,
        ];
        counts.into_iter().fold(0, usize::saturating_add)
    }
}

/// Whether a mark strikes its letter through or encloses it.
const fn strikes(mark: char) -> bool {
    matches!(mark, '\u{334}'..='\u{338}' | '\u{488}'..='\u{489}' | '\u{20d2}'..='\u{20e3}')
}

/// Whether matching `word` could hit: it is a token of the dictionary, or words match inside tokens.
pub(super) fn may_hit(word: &str, search: Search<'_>) -> bool {
    if search.substrings {
        return true;
    }
    let mut folded = String::with_capacity(word.len());
    fold_token(word, &mut folded);
    search.dictionary.knows(folded.as_bytes())
}
