//! What is written right behind a value and makes part of an address of it: `{PIN_1}.evil.example`, `<{PIN_1}mailto:>`.

use super::is_blank;
use crate::text::{is_alphabetic, is_alphanumeric};

/// What is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reversible) enum Joined {
    /// It depends on what follows.
    Open,
    /// The value is part of a host's name, or of a user's before one.
    Yes,
    /// It is not.
    No,
}

/// Reads on behind a value.
#[derive(Clone, Copy, Debug)]
pub(in crate::reversible) struct Join {
    /// The value is or ends with an address, in which `@` would make all before it a user's name.
    url: bool,
    /// The value stands behind `<`, where a scheme or a mailbox of any name is a link (CommonMark 6.5).
    angle: bool,
    /// Still in what may be a host's name.
    host: bool,
    dotted: bool,
    letters: usize,
    name: usize,
}

impl Join {
    pub(in crate::reversible) const fn after(url: bool, angle: bool) -> Join {
        Join {
            url,
            angle,
            host: true,
            dotted: false,
            letters: 0,
            name: 0,
        }
    }

    /// The same behind a value that ended with an address.
    pub(in crate::reversible) const fn or_url(mut self, url: bool) -> Join {
        self.url |= url;
        self
    }

    pub(in crate::reversible) fn feed(&mut self, c: char) -> Joined {
        self.url &= !is_blank(c) && c != '<';
        if self.url && c == '@' || self.angle && matches!(c, ':' | '@') {
            return Joined::Yes;
        }
        self.angle &= !is_blank(c) && !matches!(c, '<' | '>');
        if self.host {
            if c == '.' {
                self.dotted = true;
                self.name = 0;
                self.letters = 0;
            } else if is_alphanumeric(c) || matches!(c, '-' | '_') {
                self.name = self.name.saturating_add(1);
                if is_alphabetic(c) {
                    self.letters = self.letters.saturating_add(1);
                }
                if self.dotted && self.name > 1 && self.letters > 0 {
                    return Joined::Yes;
                }
            } else {
                self.host = false;
            }
        }
        if self.host || self.url || self.angle {
            Joined::Open
        } else {
            Joined::No
        }
    }

    /// Reads `text`, up to where the answer is known.
    pub(in crate::reversible) fn feed_all(&mut self, text: &str) -> Joined {
        for c in text.chars() {
            match self.feed(c) {
                Joined::Open => {}
                known => return known,
            }
        }
        Joined::Open
    }
}
