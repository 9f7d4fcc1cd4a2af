//! Addresses in running text, as programs that make links of them find them.

use crate::text::is_alphanumeric;
use alloc::string::String;

use super::is_blank;
use crate::words::{Words, words};

/// Schemes that need no `//`.
const SCHEMES: Words = words![
    "http",
    "https",
    "ftp",
    "file",
    "mailto",
    "xmpp",
    "data",
    "blob",
    "javascript",
    "vbscript",
];

/// How many letters of a word are kept to compare with the schemes.
const MAX_WORD: usize = 16;

#[derive(Clone, Debug, Default)]
pub(super) struct Url {
    /// The letters and digits that just came, in lower case.
    word: String,
    prev: Option<char>,
    /// A dot stood between names.
    dotted: bool,
    /// How many characters the current name of a host has.
    name: usize,
    /// A scheme's colon just came.
    scheme: bool,
    /// Until the next blank or `<`.
    inside: bool,
    /// Within `url(…)`.
    css: bool,
    /// Between `<` and the next blank or `>`: what stands there with a colon or an `@` is an address.
    angle: bool,
}

impl Url {
    pub(super) fn is_inside(&self) -> bool {
        self.inside || self.scheme || self.css
    }

    /// Whether a colon or an `@` would make an address of what came since `<`.
    pub(super) fn is_angle(&self) -> bool {
        self.angle
    }

    pub(super) fn feed(&mut self, c: char) {
        let prev = self.prev.replace(c);
        self.angle = c == '<' || self.angle && !is_blank(c) && c != '>';
        if c == '(' && self.word == "url" {
            self.css = true;
        } else if c == ')' {
            self.css = false;
        }
        if is_blank(c) || c == '<' {
            let Url { css, angle, .. } = *self;
            *self = Url {
                css,
                angle,
                prev: self.prev.take(),
                ..Url::default()
            };
            return;
        }
        if self.inside {
            return;
        }
        // `https://`, `//host`, `\\host`, `https:host`
        let slashes = matches!((prev, c), (Some('/'), '/') | (Some('\\'), '\\'));
        let path = matches!(c, '/' | '?' | '#') && self.dotted && self.name > 1;
        let www = c == '.' && self.word == "www";
        self.inside = slashes || path || www || self.scheme;
        self.scheme = c == ':' && SCHEMES.contains(&self.word);
        self.host(c);
        if c.is_ascii_alphanumeric() {
            if self.word.len() < MAX_WORD {
                self.word.push(c.to_ascii_lowercase());
            }
        } else {
            self.word.clear();
        }
    }

    /// Follows `www.example.com:8080`.
    fn host(&mut self, c: char) {
        match c {
            '.' if self.name > 0 => {
                self.dotted = true;
                self.name = 0;
            }
            c if is_alphanumeric(c) || matches!(c, '-' | '_' | ':' | '@') => {
                self.name = self.name.saturating_add(1);
            }
            _ => {
                self.dotted = false;
                self.name = 0;
            }
        }
    }
}
