//! Tags, their attributes, scripts and style sheets.

use super::is_blank;

/// States of a tag, as bits. Parsers disagree about where a broken tag ends: for HTML the quote in
/// `<a x="> <img src="` goes on, for Markdown the first tag is none. So every `<` may begin a tag, and
/// all that may have begun are followed at once.
mod state {
    pub(super) const OPEN: u16 = 1;
    pub(super) const CLOSING: u16 = 2;
    pub(super) const NAME: u16 = 4;
    pub(super) const BEFORE_ATTRIBUTE: u16 = 8;
    pub(super) const ATTRIBUTE: u16 = 16;
    pub(super) const AFTER_ATTRIBUTE: u16 = 32;
    pub(super) const BEFORE_VALUE: u16 = 64;
    pub(super) const DOUBLE_QUOTED: u16 = 128;
    pub(super) const SINGLE_QUOTED: u16 = 256;
    pub(super) const UNQUOTED: u16 = 512;
    pub(super) const DECLARATION: u16 = 1024;
}
use state::*;

/// Elements whose content is code.
const RAW: [&[u8]; 2] = [b"script", b"style"];

#[derive(Clone, Debug)]
pub(super) struct Html {
    states: u16,
    /// Only blanks, and `>` as of a quotation in Markdown, since the line began.
    line_start: bool,
    /// The end of the output in lower case.
    tail: [u8; 9],
    /// Within the element of this number in `RAW`.
    raw: Option<usize>,
}

impl Default for Html {
    fn default() -> Html {
        Html {
            states: 0,
            line_start: true,
            tail: [0; 9],
            raw: None,
        }
    }
}

impl Html {
    /// `<` alone is no tag yet: `Ann <ann@example.com>`.
    pub(super) fn is_inside(&self) -> bool {
        self.states & !OPEN != 0 || self.raw.is_some()
    }

    pub(super) fn feed(&mut self, c: char) {
        if is_blank(c) || matches!(c, '/' | '>') {
            self.name_ended();
        }
        self.tail.rotate_left(1);
        if let Some(last) = self.tail.last_mut() {
            *last = u8::try_from(c).unwrap_or(0).to_ascii_lowercase();
        }
        // The mark of a quotation ends no tag, as the tag goes on behind it.
        let quotation = c == '>' && self.line_start;
        if !quotation {
            let mut next = if c == '<' { OPEN } else { 0 };
            let mut rest = self.states;
            while rest != 0 {
                let one = rest & rest.wrapping_neg();
                next |= step(one, c);
                rest ^= one;
            }
            self.states = next;
        }
        self.line_start =
            matches!(c, '\n' | '\r') || (self.line_start && (is_blank(c) || c == '>'));
    }

    /// Looks whether a script or style sheet begins or ends with the name that just ended.
    fn name_ended(&mut self) {
        for (number, name) in RAW.iter().enumerate() {
            let Some(before) = self.tail.strip_suffix(*name) else {
                continue;
            };
            if before.ends_with(b"</") {
                if self.raw == Some(number) {
                    self.raw = None;
                }
            } else if before.ends_with(b"<") && self.raw.is_none() {
                self.raw = Some(number);
            }
        }
    }
}

/// The states after `c`, by the rules of the HTML standard's tokeniser; 0 outside of a tag. That a slash
/// ends an attribute's name is left out: what follows it is as much inside.
fn step(state: u16, c: char) -> u16 {
    let blank = is_blank(c);
    match state {
        OPEN => match c {
            '/' => CLOSING,
            '!' | '?' => DECLARATION,
            c if c.is_ascii_alphabetic() => NAME,
            _ => 0,
        },
        CLOSING if c.is_ascii_alphabetic() => NAME,
        DOUBLE_QUOTED if c == '"' => BEFORE_ATTRIBUTE,
        SINGLE_QUOTED if c == '\'' => BEFORE_ATTRIBUTE,
        DOUBLE_QUOTED | SINGLE_QUOTED => state,
        _ if c == '>' => 0,
        CLOSING | DECLARATION => DECLARATION,
        UNQUOTED if blank => BEFORE_ATTRIBUTE,
        UNQUOTED => UNQUOTED,
        BEFORE_VALUE => match c {
            '"' => DOUBLE_QUOTED,
            '\'' => SINGLE_QUOTED,
            _ if blank => BEFORE_VALUE,
            _ => UNQUOTED,
        },
        NAME if blank || c == '/' => BEFORE_ATTRIBUTE,
        NAME => NAME,
        BEFORE_ATTRIBUTE if blank => BEFORE_ATTRIBUTE,
        // The beginning of a name by the standard; others see an attribute without one.
        BEFORE_ATTRIBUTE if c == '=' => ATTRIBUTE | BEFORE_VALUE,
        ATTRIBUTE | AFTER_ATTRIBUTE if c == '=' => BEFORE_VALUE,
        ATTRIBUTE | AFTER_ATTRIBUTE if blank => AFTER_ATTRIBUTE,
        _ => ATTRIBUTE,
    }
}
