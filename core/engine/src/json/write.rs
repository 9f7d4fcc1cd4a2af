use alloc::string::String;

/// Writes JSON without white space. Members must be written in the order of their names (as RFC 8785
/// sorts them), which makes the output canonical; a test of the decision checks that they are.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
    /// Whether the next item of the innermost container needs a comma before it.
    comma: bool,
}

impl Writer {
    /// An empty document.
    #[must_use]
    pub fn new() -> Writer {
        Writer::default()
    }

    /// The document.
    #[must_use]
    pub fn finish(self) -> String {
        self.out
    }

    /// An object whose members `members` writes.
    pub fn object(&mut self, members: impl FnOnce(&mut Writer)) {
        self.open("{");
        members(self);
        self.close("}");
    }

    /// An array whose elements `items` writes.
    pub fn array(&mut self, items: impl FnOnce(&mut Writer)) {
        self.open("[");
        items(self);
        self.close("]");
    }

    /// The name of the next member; its value must follow.
    #[inline(never)]
    pub fn name(&mut self, name: &str) -> &mut Writer {
        self.item();
        write_string(&mut self.out, name);
        self.out.push(':');
        self.comma = false;
        self
    }

    /// A string value.
    #[inline(never)]
    pub fn string(&mut self, text: &str) {
        self.item();
        write_string(&mut self.out, text);
    }

    /// A whole number.
    #[inline(never)]
    pub fn number(&mut self, number: u64) {
        self.item();
        write_number(&mut self.out, number);
    }

    /// `true` or `false`.
    pub fn bool(&mut self, flag: bool) {
        self.item();
        self.out.push_str(if flag { "true" } else { "false" });
    }

    #[inline(never)]
    fn open(&mut self, bracket: &str) {
        self.item();
        self.out.push_str(bracket);
        self.comma = false;
    }

    #[inline(never)]
    fn close(&mut self, bracket: &str) {
        self.out.push_str(bracket);
        self.comma = true;
    }

    fn item(&mut self) {
        if self.comma {
            self.out.push(',');
        }
        self.comma = true;
    }
}

/// Appends a number in decimal. The standard library's formatting is larger than all of this module.
pub(crate) fn write_number(out: &mut String, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0'.wrapping_add(u8::try_from(number % 10).unwrap_or(0));
        number /= 10;
        first = place;
        if number == 0 {
            break;
        }
    }
    let digits = digits.get(first..).unwrap_or(&[]);
    out.push_str(core::str::from_utf8(digits).unwrap_or(""));
}

/// Appends `text` as a JSON string with the shortest escapes (RFC 8785, section 3.2.2.2).
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            8 => "\\b",
            12 => "\\f",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(text.get(plain_from..at).unwrap_or(""));
        if escape.is_empty() {
            const DIGITS: [&str; 16] = [
                "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f",
            ];
            out.push_str(if byte < 16 { "\\u000" } else { "\\u001" });
            out.push_str(DIGITS.get(usize::from(byte & 15)).unwrap_or(&""));
        } else {
            out.push_str(escape);
        }
        plain_from = at.saturating_add(1);
    }
    out.push_str(text.get(plain_from..).unwrap_or(""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_and_control_characters_as_the_standard_library_does() {
        for number in [0, 7, 10, 99, 1234567890, u64::MAX] {
            let mut out = String::new();
            write_number(&mut out, number);
            assert_eq!(out, alloc::format!("{number}"));
        }
        for byte in (0..0x20_u8).filter(|byte| !b"\n\r\t\x08\x0c".contains(byte)) {
            let mut out = String::new();
            write_string(&mut out, &String::from(char::from(byte)));
            assert_eq!(out, alloc::format!("\"\\u{byte:04x}\""));
        }
    }

    #[test]
    fn writes_what_the_reader_reads() {
        let mut writer = Writer::new();
        writer.object(|w| {
            w.name("a").array(|w| {
                w.number(1);
                w.bool(false);
                w.object(|_| {});
            });
            w.name("b").string("\"\\\u{1}\u{8}\u{c}\n\r\té😀\u{7f}");
        });
        let text = writer.finish();
        assert_eq!(
            text,
            "{\"a\":[1,false,{}],\"b\":\"\\\"\\\\\\u0001\\b\\f\\n\\r\\té😀\u{7f}\"}"
        );
        let read = crate::json::parse(&text).unwrap();
        assert_eq!(
            read.member("b").unwrap().as_str(),
            Some("\"\\\u{1}\u{8}\u{c}\n\r\té😀\u{7f}")
        );
    }
}
