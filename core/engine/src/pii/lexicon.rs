//! Word lists that recognisers read as context. The compiler puts their terms into the bundle's
//! dictionary; the engine's tokenising pass reports where they occur.

use super::PiiType;

/// A word list, by what its words say about the text around them.
///
/// The number is the list's number in bundles; it never changes. Numbers 0 to 30 are the context words
/// of a type, 32 to 62 its negative context, the shared lists come after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lexicon(u8);

impl Lexicon {
    /// The list with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Lexicon {
        Lexicon(number)
    }

    /// The list's number in bundles.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Words that make a value of this type likelier: `ssn`, `social security` …
    #[must_use]
    pub const fn context(ty: PiiType) -> Lexicon {
        Lexicon(ty.number())
    }

    /// Words that make a value of this type unlikelier: `order`, `version` …
    #[must_use]
    pub const fn negative(ty: PiiType) -> Lexicon {
        Lexicon(ty.number().saturating_add(32))
    }
}

/// Given names that are hardly ever anything else: `agnieszka`.
pub const GIVEN_NAME: Lexicon = Lexicon(64);
/// Family names: `kowalski`.
pub const SURNAME: Lexicon = Lexicon(65);
/// Given names that are ordinary words or places as well: `mark`, `grace`, `paris`.
pub const AMBIGUOUS_NAME: Lexicon = Lexicon(66);
/// Words that name a kind of street and stand behind its name: `street`, `blvd`.
pub const STREET_TYPE: Lexicon = Lexicon(68);
/// Countries, by their English and own names.
pub const COUNTRY: Lexicon = Lexicon(69);
/// States and provinces of the USA, Canada and Australia, by name.
pub const STATE: Lexicon = Lexicon(70);
/// Titles before a person's name: `mr`, `dr`, `frau`.
pub const TITLE: Lexicon = Lexicon(71);
/// Phrases before a person's own name: `my name is`, `regards`, `dear`.
pub const INTRODUCTION: Lexicon = Lexicon(72);
/// Words that name a kind of street and stand before its name: `rue`, `calle`, `via`.
pub const STREET_PREFIX: Lexicon = Lexicon(73);

/// Where a term of a [`Lexicon`] occurs in the view text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexiconHit {
    /// Byte offset of the first byte.
    pub start: usize,
    /// Byte offset just past the last byte.
    pub end: usize,
    /// Which list.
    pub lexicon: Lexicon,
}
