//! Evasion views (tier STANDARD): what a text says to a reader although its letters say something else.
//!
//! One scan over the normalised text looks for parts that no ordinary text has: letters of two scripts in
//! one word, digits among letters, single letters in a row, letters three times in a row, long runs of
//! base64 or hexadecimal digits, escapes. Clean text has next to none, and so costs that scan only. A
//! suspicious part becomes a [`Unit`]: its place and what it reads as. Units for words exist only if the
//! dictionary knows what they read as. The text around each cluster of units, with the units replaced, is
//! a [`Window`]; matchers read windows as they read the text, and what they find there counts if it
//! touches a unit. A unit counts as a whole, so that findings always have their exact place.

mod decode;
mod escape;
mod glance;
mod glyph;
mod live;
mod scan;
mod separated;
mod spelled;
mod spelling;
mod tables;
#[cfg(test)]
mod testing;
mod window;

use alloc::string::String;
use alloc::vec::Vec;

use crate::dictionary::Dictionary;
use crate::sort;

pub(crate) use live::live_from;
pub use tables::Class;
pub(crate) use tables::{Layout, Tables};
pub use window::CONTEXT;
pub(crate) use window::Window;

/// The view in which something was found that the text itself does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ViewKind {
    /// Letters or digits of another script, or signs, that look like ASCII ones.
    Confusables,
    /// Combining marks heaped upon letters or struck through them.
    Marks,
    /// Digits and signs for letters.
    Leetspeak,
    /// Letters three times and more in a row.
    Repeated,
    /// Letters or digits one by one.
    Separated,
    /// Base64, of either alphabet.
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// Percent encoding.
    Percent,
    /// Character references of HTML and XML, and escapes of JavaScript and its like.
    Entity,
    /// Letters moved by 13 places.
    Rot13,
    /// `name (at) domain (dot) com`.
    SpelledOut,
}

impl ViewKind {
    /// The view's name in decisions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ViewKind::Confusables => "confusables",
            ViewKind::Marks => "marks",
            ViewKind::Leetspeak => "leetspeak",
            ViewKind::Repeated => "repeated",
            ViewKind::Separated => "separated",
            ViewKind::Base64 => "base64",
            ViewKind::Hex => "hex",
            ViewKind::Percent => "percent",
            ViewKind::Entity => "entity",
            ViewKind::Rot13 => "rot13",
            ViewKind::SpelledOut => "spelled-out",
        }
    }
}

/// A suspicious part of a text, and one way of reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Byte range in the normalised text.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// What makes it suspicious.
    pub(crate) view: ViewKind,
    /// What it reads as.
    pub(crate) text: String,
}

impl Unit {
    fn new(start: usize, end: usize, view: ViewKind, text: String) -> Unit {
        Unit {
            start,
            end,
            view,
            text,
        }
    }
}

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search<'e> {
    pub(crate) tables: Tables<'e>,
    pub(crate) dictionary: Dictionary<'e>,
    /// Whether words match inside tokens, so that what the dictionary does not know may still hit.
    pub(crate) substrings: bool,
    /// Whether words, profanity or topics are read in views.
    pub(crate) words: bool,
    /// Whether sensitive information is.
    pub(crate) pii: bool,
    /// How many layers of encoding are taken off.
    pub(crate) depth: usize,
}

/// The suspicious parts of a text, sorted by place.
#[derive(Debug, Default)]
pub(crate) struct Units {
    /// For words, profanity and topics.
    pub(crate) words: Vec<Unit>,
    /// For sensitive information.
    pub(crate) pii: Vec<Unit>,
}

impl Units {
    /// Those of `text`, a view's text.
    pub(crate) fn of(text: &str, search: Search<'_>) -> Units {
        let mut units = Units::default();
        scan::scan(text, search, &mut units);
        // Stable: the likeliest reading of a part comes first.
        sort::by_key(&mut units.words, |unit| unit.start);
        sort::by_key(&mut units.pii, |unit| unit.start);
        units
    }

    fn push(&mut self, search: Search<'_>, unit: Unit) {
        if search.words && search.pii {
            self.words.push(unit.clone());
            self.pii.push(unit);
        } else if search.words {
            self.words.push(unit);
        } else {
            self.pii.push(unit);
        }
    }
}

/// Calls `each` with the windows of `units` in `text`.
pub(crate) fn windows<'u>(text: &str, units: &'u [Unit], each: &mut dyn FnMut(Window<'u>)) {
    window::windows(text, units, each);
}
