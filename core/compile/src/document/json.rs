//! JSON (RFC 8259), strictly: duplicate names, comments and trailing commas are errors with a place.

use super::{Cursor, Entry, MAX_DEPTH, Node, Place, Value};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, index, member, shown_name};
use std::collections::HashSet;

pub(super) fn read(text: &str) -> Result<Node, Diagnostics> {
    let mut reader = Reader {
        rest: text,
        cursor: Cursor::start(),
        duplicates: Diagnostics::new(),
    };
    let result = reader.document();
    match result {
        Ok(node) if reader.duplicates.is_empty() => Ok(node),
        Ok(_) => Err(reader.duplicates),
        Err((place, message)) => {
            let mut all = reader.duplicates;
            all.push(Diagnostic::new(
                Severity::Error,
                "json-syntax",
                "$",
                Some(place),
                message,
            ));
            Err(all)
        }
    }
}

type Failure = (Place, String);

struct Reader<'t> {
    rest: &'t str,
    cursor: Cursor,
    duplicates: Diagnostics,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Node, Failure> {
        self.space();
        let node = self.value("$", 0)?;
        self.space();
        if self.rest.is_empty() {
            Ok(node)
        } else {
            Err(self.failure("something stands after the end of the JSON value"))
        }
    }

    fn failure(&self, message: impl Into<String>) -> Failure {
        (self.cursor.place, message.into())
    }

    fn expected(&self, what: &str) -> Failure {
        match self.peek() {
            None => self.failure(format!(
                "the file ends where {what} is expected; is it truncated?"
            )),
            Some('/' | '#') => self.failure(format!(
                "{what} is expected; JSON has no comments, remove them"
            )),
            Some('\'') => self.failure(format!(
                "{what} is expected; JSON strings stand in double quotes (a dictionary printed by Python is no JSON; print it with json.dumps(…, default=str))"
            )),
            Some(_) => self.failure(format!("{what} is expected here")),
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        self.cursor.pass(c);
        Some(c)
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\r' | '\n')) {
            self.next();
        }
    }

    fn value(&mut self, path: &str, depth: usize) -> Result<Node, Failure> {
        if depth >= MAX_DEPTH {
            return Err(self.failure(format!(
                "lists and objects nest more than {MAX_DEPTH} levels deep"
            )));
        }
        let place = self.cursor.place;
        let value = match self.peek() {
            Some('{') => self.object(path, depth)?,
            Some('[') => self.list(path, depth)?,
            Some('"') => Value::String(self.string()?),
            Some('-' | '0'..='9') => Value::Number(self.number()?),
            Some('t') => self.literal("true", Value::Bool(true))?,
            Some('f') => self.literal("false", Value::Bool(false))?,
            Some('n') => self.literal("null", Value::Null)?,
            _ => return Err(self.expected("a value")),
        };
        Ok(Node { value, place })
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, Failure> {
        if !self.rest.starts_with(word) {
            return Err(self.expected("a value (true, false or null)"));
        }
        for _ in 0..word.len() {
            self.next();
        }
        Ok(value)
    }

    fn object(&mut self, path: &str, depth: usize) -> Result<Value, Failure> {
        self.next();
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = HashSet::new();
        self.space();
        if self.take('}') {
            return Ok(Value::Object(entries));
        }
        loop {
            self.space();
            let place = self.cursor.place;
            if self.peek() != Some('"') {
                return Err(self.expected("a member name in double quotes"));
            }
            let key = self.string()?;
            let at = member(path, &key);
            if !seen.insert(key.clone()) {
                self.duplicates.push(Diagnostic::new(
                    Severity::Error,
                    "duplicate-key",
                    &at,
                    Some(place),
                    format!(
                        "`{}` stands twice in this object, and programs differ on which one counts; keep one",
                        shown_name(&key)
                    ),
                ));
            }
            self.space();
            if !self.take(':') {
                return Err(self.expected("`:`"));
            }
            self.space();
            let value = self.value(&at, depth + 1)?;
            entries.push(Entry { key, place, value });
            self.space();
            if self.take('}') {
                return Ok(Value::Object(entries));
            }
            if !self.take(',') {
                return Err(self.expected("`,` or `}`"));
            }
        }
    }

    fn list(&mut self, path: &str, depth: usize) -> Result<Value, Failure> {
        self.next();
        let mut items = Vec::new();
        self.space();
        if self.take(']') {
            return Ok(Value::List(items));
        }
        loop {
            self.space();
            items.push(self.value(&index(path, items.len()), depth + 1)?);
            self.space();
            if self.take(']') {
                return Ok(Value::List(items));
            }
            if !self.take(',') {
                return Err(self.expected("`,` or `]`"));
            }
        }
    }

    fn string(&mut self) -> Result<String, Failure> {
        let start = self.cursor.place;
        self.next();
        let mut out = String::new();
        loop {
            match self.peek() {
                None => {
                    return Err((
                        start,
                        "this string has no end; is the file truncated?".to_owned(),
                    ));
                }
                Some(c) if c < ' ' => {
                    return Err(self.failure(
                        "a control character (such as a line break) stands in a string; write it as an escape, e.g. `\\n`",
                    ));
                }
                Some('"') => {
                    self.next();
                    return Ok(out);
                }
                Some('\\') => out.push(self.escape()?),
                Some(c) => {
                    self.next();
                    out.push(c);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Failure> {
        let start = self.cursor.place;
        self.next();
        Ok(match self.next() {
            Some('"') => '"',
            Some('\\') => '\\',
            Some('/') => '/',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unicode_escape(start),
            _ => {
                return Err((
                    start,
                    "no such escape in JSON; a backslash of a pattern is written twice, e.g. `\\\\d`"
                        .to_owned(),
                ));
            }
        })
    }

    /// `\uXXXX`, or a pair of them. A lone half of a pair is no character, so it cannot be in a definition.
    fn unicode_escape(&mut self, start: Place) -> Result<char, Failure> {
        let lone = || (start, "`\\u` escape of a lone surrogate".to_owned());
        let first = self.four_hex(start)?;
        let code = if (0xd800..0xdc00).contains(&first) {
            if !(self.take('\\') && self.take('u')) {
                return Err(lone());
            }
            let second = self.four_hex(start)?;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(lone());
            }
            0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(lone)
    }

    fn four_hex(&mut self, start: Place) -> Result<u32, Failure> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.next().and_then(|c| c.to_digit(16));
            code = code * 16
                + digit.ok_or_else(|| (start, "`\\u` needs four hexadecimal digits".to_owned()))?;
        }
        Ok(code)
    }

    fn number(&mut self) -> Result<String, Failure> {
        let start = self.cursor.place;
        let len = self
            .rest
            .find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
            .unwrap_or(self.rest.len());
        let text = self.rest[..len].to_owned();
        for _ in 0..len {
            self.next();
        }
        if is_json_number(&text) {
            Ok(text)
        } else {
            Err((start, "this is not a JSON number".to_owned()))
        }
    }
}

/// RFC 8259, section 6.
pub(crate) fn is_json_number(text: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_kinds_with_places() {
        let node =
            read("{\"a\": [1, -2.5e+3, true, null],\n \"b\\u00e9\\ud83d\\ude00\": \"x\\n\\\"\"}")
                .unwrap();
        let items = node.member("a").unwrap().items().unwrap();
        assert_eq!(items[1].value, Value::Number("-2.5e+3".to_owned()));
        assert_eq!(items[2].value, Value::Bool(true));
        assert_eq!(items[3].value, Value::Null);
        let b = node.member("bé😀").unwrap();
        assert_eq!(b.text(), Some("x\n\""));
        assert_eq!(
            b.place,
            Place {
                line: 2,
                column: 25
            }
        );
    }

    #[test]
    fn says_where_and_what_is_wrong() {
        for (text, place, part) in [
            ("{\"a\": ", "line 1, column 7", "truncated"),
            ("{\"a\": \"x", "line 1, column 7", "truncated"),
            ("{\"a\": 1,\n}", "line 2, column 1", "member name"),
            ("[1,]", "column 4", "a value"),
            ("{\"a\": 1} x", "column 10", "after the end"),
            ("{\"a\": 01}", "column 7", "not a JSON number"),
            ("{\"a\": 1. }", "column 7", "not a JSON number"),
            ("{'a': 1}", "column 2", "double quotes"),
            ("{\"a\": \"\\d\"}", "column 8", "written twice"),
            ("{\"a\": \"\\ud800\"}", "column 8", "surrogate"),
            ("{\"a\": \"\\u12g4\"}", "column 8", "hexadecimal"),
            ("{\"a\": \"x\ny\"}", "column 9", "control character"),
            ("{ // c\n}", "column 3", "no comments"),
            ("{\"a\": tru}", "column 7", "true, false or null"),
            ("{\"a\" 1}", "column 6", "`:`"),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(
                message.contains(place) && message.contains(part),
                "{text}: {message}"
            );
        }
    }

    #[test]
    fn duplicate_names_are_all_reported() {
        let message = read("{\"a\": 1, \"b\": {\"c\": 1, \"c\": 2}, \"a\": 2}")
            .unwrap_err()
            .to_string();
        assert!(message.contains("$.b.c: `c` stands twice"), "{message}");
        assert!(message.contains("$.a: `a` stands twice"), "{message}");
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        for text in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
            let message = read(&text).unwrap_err().to_string();
            assert!(message.contains("128 levels"), "{message}");
        }
        let fits = "[".repeat(MAX_DEPTH - 1) + "1" + &"]".repeat(MAX_DEPTH - 1);
        assert!(read(&fits).is_ok());
    }
}
