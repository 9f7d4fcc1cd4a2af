//! A writer of JSON documents: members in the order they are written, no white space.

use crate::text::push_decimal;
use alloc::string::String;

/// Writes one object of JSON, member by member.
#[derive(Clone, Debug)]
pub struct Writer {
    text: String,
    /// Whether a value stands before the next one on its level.
    more: bool,
}

impl Default for Writer {
    fn default() -> Writer {
        Writer::new()
    }
}

impl Writer {
    /// The beginning of an object.
    #[must_use]
    pub fn new() -> Writer {
        Writer {
            text: String::from("{"),
            more: false,
        }
    }

    /// The end of the object: its text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }

    /// Begins a member that is a list; [`Writer::close`] ends it.
    pub fn list(&mut self, name: &str) {
        self.begin(Some(name), '[');
    }

    /// Begins a member that is an object, or with no name an element that is one; [`Writer::close`] ends it.
    pub fn object(&mut self, name: Option<&str>) {
        self.begin(name, '{');
    }

    /// Ends a list by `]`, an object by `}`.
    pub fn close(&mut self, bracket: char) {
        self.text.push(bracket);
        self.more = true;
    }

    /// A member that is a number.
    pub fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        push_decimal(&mut self.text, number);
    }

    /// A member that is a truth value.
    pub fn flag(&mut self, name: &str, flag: bool) {
        self.name(name);
        self.text.push_str(if flag { "true" } else { "false" });
    }

    /// A member that is a text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.quoted(text);
    }

    fn begin(&mut self, name: Option<&str>, bracket: char) {
        match name {
            Some(name) => self.name(name),
            None => self.comma(),
        }
        self.text.push(bracket);
        self.more = false;
    }

    fn comma(&mut self) {
        if self.more {
            self.text.push(',');
        }
        self.more = true;
    }

    fn name(&mut self, name: &str) {
        self.comma();
        self.quoted(name);
        self.text.push(':');
    }

    fn quoted(&mut self, text: &str) {
        self.text.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => {
                    self.text.push('\\');
                    self.text.push(c);
                }
                // The shape of \u00xx: two digits are enough for all control characters.
                c if c.is_ascii_control() => {
                    let code = u32::from(c);
                    self.text.push_str("\\u00");
                    for digit in [code.wrapping_shr(4), code & 0xf] {
                        self.text.push(char::from_digit(digit, 16).unwrap_or('0'));
                    }
                }
                c => self.text.push(c),
            }
        }
        self.text.push('"');
    }
}
