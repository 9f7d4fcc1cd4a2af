//! Masking a text piece by piece.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::scan::{self, Hit, MAX_BYTES};
use super::{Placeholders, RestoreOptions, in_braces, label};
use crate::decision::Mask;
use crate::sort;

/// Who wrote a text, and so what placeholders in it are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A user, a document, a tool: somebody who sees no placeholders. What looks like one is a literal.
    Original,
    /// A model that was given masked texts: what was issued is meant.
    Reply,
}

/// Masks one text, given as a sequence of clear stretches and values.
///
/// However a stretch is cut into pieces, the output is the same. At most 256 bytes are held back, and
/// only where a placeholder may be about to begin.
#[derive(Debug)]
pub struct Masker<'p> {
    map: &'p mut Placeholders,
    origin: Origin,
    /// Clear text that is not decided yet.
    pending: String,
    /// The last character of the output.
    prev: Option<char>,
}

/// What comes after the pending text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// Nobody knows yet.
    Unknown,
    /// A placeholder.
    Value,
    /// Nothing.
    End,
}

impl<'p> Masker<'p> {
    pub(super) fn new(map: &'p mut Placeholders, origin: Origin) -> Masker<'p> {
        Masker {
            map,
            origin,
            pending: String::new(),
            prev: None,
        }
    }

    /// A clear stretch, or a piece of one. What is decided is appended to `out`.
    pub fn clear(&mut self, text: &str, out: &mut String) {
        self.pending.push_str(text);
        self.drain(Then::Unknown, out);
    }

    /// A value that is masked, whole. `name` and `built_in` are those of its [`Mask`].
    pub fn value(&mut self, name: &str, built_in: bool, value: &str, out: &mut String) {
        if self.origin == Origin::Reply && self.is_reference(value) {
            // A detection within a placeholder.
            return self.clear(value, out);
        }
        self.drain(Then::Value, out);
        let value = match self.origin {
            Origin::Original => Cow::Borrowed(value),
            // Values that the model refers to are part of this one, but an address that it made with them
            // must not be put back as one value.
            Origin::Reply => Cow::Owned(self.map.restore(value, RestoreOptions::default())),
        };
        match self.map.issue_value(name, built_in, &value) {
            Ok(entry) => self.put(entry, out),
            Err(label) => self.put_unnumbered(&label, out),
        }
    }

    /// The end of the text.
    pub fn finish(mut self, out: &mut String) {
        self.drain(Then::End, out);
    }

    /// How many bytes are held back.
    #[must_use]
    pub fn held(&self) -> usize {
        self.pending.len()
    }

    fn is_reference(&self, value: &str) -> bool {
        let hit = scan::scan(value, true, None).ok().flatten();
        hit.is_some_and(|hit| hit.len == value.len() && self.map.issued(&hit).is_some())
    }

    fn drain(&mut self, then: Then, out: &mut String) {
        let mut pending = core::mem::take(&mut self.pending);
        let own = pending.len();
        if then == Then::Value {
            pending.push('{');
        }
        let mut at = 0;
        while at < own {
            let Some(c) = pending.get(at..own).and_then(|rest| rest.chars().next()) else {
                break;
            };
            let mut hit = None;
            if scan::may_begin(c) {
                let rest = pending.get(at..).unwrap_or("");
                match scan::scan(rest, then == Then::End, self.prev) {
                    Ok(found) => hit = found,
                    Err(scan::More) if then == Then::Unknown => break,
                    Err(scan::More) => {}
                }
            }
            if let Some(hit) = hit
                && self.literal(&hit, pending.get(at..).unwrap_or(""), out)
            {
                at = at.saturating_add(hit.len);
                continue;
            }
            out.push(c);
            self.prev = Some(c);
            at = at.saturating_add(c.len_utf8());
        }
        pending.truncate(own);
        pending.drain(..at.min(own));
        self.pending = pending;
        debug_assert!(self.pending.len() < MAX_BYTES);
    }

    /// Sees to something with the form of a placeholder at the start of `rest`. Whether that took it out
    /// of the text.
    fn literal(&mut self, hit: &Hit, rest: &str, out: &mut String) -> bool {
        if self.map.issued(hit).is_none() {
            if self.map.find(&hit.key).is_none() {
                self.map.note_literal(&hit.key);
            }
            return false;
        }
        let text = rest.get(..hit.len).unwrap_or("");
        if self.origin == Origin::Reply {
            out.push_str(text);
            self.prev = text.chars().next_back();
        } else if let Some(entry) = self.map.issue_literal(text) {
            self.put(entry, out);
        } else {
            self.put_unnumbered(label::LITERAL, out);
        }
        true
    }

    fn put(&mut self, entry: usize, out: &mut String) {
        let after_brace = self.prev.is_some_and(|c| scan::plain(c) == '{');
        if let Some(entry) = self.map.entries.get_mut(entry) {
            entry.strict |= after_brace;
            out.push_str(&in_braces(&entry.key));
            self.prev = Some('}');
        }
    }

    fn put_unnumbered(&mut self, label: &str, out: &mut String) {
        self.map.unnumbered = self.map.unnumbered.saturating_add(1);
        out.push_str(&in_braces(label));
        self.prev = Some('}');
    }
}

/// Masks a whole text.
pub(super) fn mask(masker: &mut Masker<'_>, text: &str, masks: &[Mask<'_>], out: &mut String) {
    let mut sorted: Vec<&Mask<'_>> = masks.iter().filter(|m| m.start < m.end).collect();
    sort::by_key(&mut sorted, |m| m.start);
    let mut copied = 0;
    for mask in sorted {
        let mut start = mask.start.min(text.len()).max(copied);
        while !text.is_char_boundary(start) {
            start = start.saturating_sub(1);
        }
        let mut end = mask.end.min(text.len());
        while !text.is_char_boundary(end) {
            end = end.saturating_add(1);
        }
        if end <= start {
            continue;
        }
        masker.clear(text.get(copied..start).unwrap_or(""), out);
        let value = text.get(start..end).unwrap_or("");
        masker.value(mask.label, mask.built_in, value, out);
        copied = end;
    }
    masker.clear(text.get(copied..).unwrap_or(""), out);
}
