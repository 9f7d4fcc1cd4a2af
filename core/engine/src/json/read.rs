use crate::sort;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// How deep arrays and objects may nest before a document is refused.
const MAX_DEPTH: usize = 64;

/// Up to how many members of an object each name is compared with each; more are sorted.
const FEW_MEMBERS: usize = 32;

/// A JSON value. Strings borrow from the document unless they contain escapes.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'j> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(&'j str),
    /// A string, unescaped.
    String(Cow<'j, str>),
    /// An array.
    Array(Vec<Value<'j>>),
    /// An object: its members in the order of the document. Names are unique.
    Object(Vec<(Cow<'j, str>, Value<'j>)>),
}

impl<'j> Value<'j> {
    /// The member called `name`; `None` for other values, a missing member and an explicit `null`.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value<'j>> {
        let Value::Object(members) = self else {
            return None;
        };
        let (_, value) = members.iter().find(|(have, _)| have == name)?;
        (*value != Value::Null).then_some(value)
    }

    /// The string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value<'j>]> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The number, if it is a whole one that fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Value::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }
}

/// Why a document is no JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Byte offset in the document.
    pub offset: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.problem, self.offset)
    }
}

impl core::error::Error for ParseError {}

/// Reads one JSON document (RFC 8259). Members that occur twice are an error.
///
/// # Errors
/// [`ParseError`] with the place, if `text` is no JSON document or nests deeper than 64.
pub fn parse(text: &str) -> Result<Value<'_>, ParseError> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
    };
    let value = reader.value()?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.error("text after the end of the document")),
    }
}

struct Reader<'j> {
    text: &'j str,
    at: usize,
    depth: usize,
}

impl<'j> Reader<'j> {
    fn value(&mut self) -> Result<Value<'j>, ParseError> {
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.nested(Reader::object),
            Some(b'[') => self.nested(Reader::array),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err(self.error("expected a value")),
            None => Err(self.error("unexpected end")),
        }
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Value<'j>, ParseError>,
    ) -> Result<Value<'j>, ParseError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error("nested too deep"));
        }
        self.depth = self.depth.saturating_add(1);
        self.advance();
        let value = read(self)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(value)
    }

    fn object(&mut self) -> Result<Value<'j>, ParseError> {
        let mut members: Vec<(Cow<'j, str>, Value<'j>)> = Vec::new();
        // Where the names after the first few begin.
        let mut late = Vec::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_space();
            let name_at = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a member name in quotes"));
            }
            let name = self.string()?;
            if members.len() >= FEW_MEMBERS {
                late.push(name_at);
            } else if members.iter().any(|(have, _)| *have == name) {
                return Err(twice(name_at));
            }
            self.skip_space();
            if !self.take(b':') {
                return Err(self.error("expected ':'"));
            }
            let value = self.value()?;
            members.push((name, value));
            self.skip_space();
            if self.take(b'}') {
                unique(&members, &late)?;
                return Ok(Value::Object(members));
            }
            if !self.take(b',') {
                return Err(self.error("expected ',' or '}'"));
            }
        }
    }

    fn array(&mut self) -> Result<Value<'j>, ParseError> {
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Value::Array(items));
            }
            if !self.take(b',') {
                return Err(self.error("expected ',' or ']'"));
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'j, str>, ParseError> {
        self.advance();
        let start = self.at;
        self.skip_plain();
        if self.peek() == Some(b'"') {
            let plain = self.text.get(start..self.at).unwrap_or("");
            self.advance();
            return Ok(Cow::Borrowed(plain));
        }
        let mut owned = String::from(self.text.get(start..self.at).unwrap_or(""));
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.advance();
                    return Ok(Cow::Owned(owned));
                }
                Some(b'\\') => owned.push(self.escape()?),
                Some(_) => return Err(self.error("control character in a string")),
                None => return Err(self.error("string without an end")),
            }
            let plain_from = self.at;
            self.skip_plain();
            owned.push_str(self.text.get(plain_from..self.at).unwrap_or(""));
        }
    }

    /// Moves to the next quote, backslash, control character or the end.
    fn skip_plain(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
        let plain = rest
            .iter()
            .position(|&b| b == b'"' || b == b'\\' || b < 0x20);
        self.at = self.at.saturating_add(plain.unwrap_or(rest.len()));
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let at = self.at;
        self.advance();
        let letter = self.peek();
        self.advance();
        let plain = match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(at),
            _ => {
                return Err(ParseError {
                    offset: at,
                    problem: "unknown escape",
                });
            }
        };
        Ok(plain)
    }

    fn unicode_escape(&mut self, at: usize) -> Result<char, ParseError> {
        let lone = ParseError {
            offset: at,
            problem: "escape is no character",
        };
        let first = self.hex4(at)?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or(lone);
        }
        if first >= 0xdc00 || !(self.take(b'\\') && self.take(b'u')) {
            return Err(lone);
        }
        let second = self.hex4(at)?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(lone);
        }
        let high = first.saturating_sub(0xd800).wrapping_shl(10);
        let low = second.saturating_sub(0xdc00);
        char::from_u32(high.saturating_add(low).saturating_add(0x1_0000)).ok_or(lone)
    }

    fn hex4(&mut self, at: usize) -> Result<u32, ParseError> {
        let digits = self
            .text
            .get(self.at..self.at.saturating_add(4))
            .unwrap_or("");
        let all_hex = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let value = u32::from_str_radix(digits, 16).ok().filter(|_| all_hex);
        self.at = self.at.saturating_add(4);
        value.ok_or(ParseError {
            offset: at,
            problem: "expected four hexadecimal digits",
        })
    }

    fn number(&mut self) -> Result<Value<'j>, ParseError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(Value::Number(self.text.get(start..self.at).unwrap_or("0")))
    }

    fn digits(&mut self) -> Result<(), ParseError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.error("expected a digit"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.advance();
        }
        Ok(())
    }

    fn word(&mut self, word: &str, value: Value<'j>) -> Result<Value<'j>, ParseError> {
        let end = self.at.saturating_add(word.len());
        if self.text.get(self.at..end) != Some(word) {
            return Err(self.error("expected a value"));
        }
        self.at = end;
        Ok(value)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.advance();
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.advance();
        }
        there
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn advance(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn error(&self, problem: &'static str) -> ParseError {
        ParseError {
            offset: self.at,
            problem,
        }
    }
}

/// Looks for names that occur twice where there are too many to compare each with each. `late` has the
/// offsets of those after the first few.
fn unique(members: &[(Cow<'_, str>, Value<'_>)], late: &[usize]) -> Result<(), ParseError> {
    if late.is_empty() {
        return Ok(());
    }
    let names = members.iter().enumerate();
    let mut names: Vec<(&str, usize)> = names.map(|(n, (name, _))| (name.as_ref(), n)).collect();
    sort::by(&mut names, Ord::cmp);
    let pairs = names.iter().zip(names.iter().skip(1));
    let again = pairs.filter(|((a, _), (b, _))| a == b).map(|(_, (_, n))| n);
    match again.min() {
        None => Ok(()),
        Some(number) => {
            let number = number.saturating_sub(FEW_MEMBERS);
            Err(twice(late.get(number).copied().unwrap_or(0)))
        }
    }
}

const fn twice(offset: usize) -> ParseError {
    ParseError {
        offset,
        problem: "member occurs twice",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn reads_every_kind_of_value() {
        let value =
            parse(r#" {"a":[1,-2.5e+3,true,null,"x\n\ud83d\ude00\u00e9"],"b":{}} "#).unwrap();
        let items = value.member("a").unwrap().as_array().unwrap();
        assert_eq!(items[0].as_u64(), Some(1));
        assert_eq!(items[1], Value::Number("-2.5e+3"));
        assert_eq!(items[2].as_bool(), Some(true));
        assert_eq!(items[4].as_str(), Some("x\n😀é"));
        assert_eq!(value.member("b"), Some(&Value::Object(Vec::new())));
    }

    #[test]
    fn names_are_unique_in_large_objects_too() {
        let object = |names: &mut dyn Iterator<Item = u32>| {
            let members: Vec<String> = names.map(|n| alloc::format!("\"{n:06}\":0")).collect();
            alloc::format!("{{{}}}", members.join(","))
        };
        assert!(parse(&object(&mut (0..40))).is_ok());
        for again in [0, 31, 32, 38] {
            let text = object(&mut (0..40).chain([again]).chain(50..60));
            // A member is eleven bytes long, its comma included.
            assert_eq!(parse(&text), Err(twice(1 + 40 * 11)), "{again}");
        }
        // Each with each, this would take minutes.
        assert!(parse(&object(&mut (0..300_000))).is_ok());
    }

    #[test]
    fn refuses_with_the_place() {
        for (text, offset, problem) in [
            ("", 0, "unexpected end"),
            ("{\"a\":1,\"a\":2}", 7, "member occurs twice"),
            ("[1,]", 3, "expected a value"),
            ("[01]", 2, "expected ',' or ']'"),
            ("\"\\ud800\"", 1, "escape is no character"),
            ("\"\\ud800\\u0041\"", 1, "escape is no character"),
            ("\"\\u+123\"", 1, "expected four hexadecimal digits"),
            ("\"a\nb\"", 2, "control character in a string"),
            ("\"a", 2, "string without an end"),
            ("{} x", 3, "text after the end of the document"),
            ("nul", 0, "expected a value"),
        ] {
            assert_eq!(parse(text), Err(ParseError { offset, problem }), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(
            parse(&deep).unwrap_err().to_string(),
            "nested too deep at byte 64"
        );
    }
}
