//! The reader: recursive descent, `Err` is the byte where it stopped.

use super::{MAX_DEPTH, Member, Value};
use crate::sort;
use alloc::{borrow::Cow, string::String, vec::Vec};

type Read<T> = Result<T, usize>;

pub(super) fn parse(bytes: &[u8]) -> Read<Value<'_>> {
    let text = core::str::from_utf8(bytes).map_err(|error| error.valid_up_to())?;
    let mut reader = Reader {
        text,
        at: 0,
        // A value takes 32 bytes of memory, the shortest one two of the text: without a bound, hostile text
        // would take sixteen times its size. Metadata has far more than four bytes a value.
        left: (text.len() / 4).saturating_add(4096),
    };
    let value = reader.value(MAX_DEPTH)?;
    reader.space();
    if reader.at == text.len() {
        Ok(value)
    } else {
        Err(reader.at)
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    left: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.skip();
        }
    }

    fn expect(&mut self, byte: u8) -> Read<()> {
        if self.peek() == Some(byte) {
            self.skip();
            Ok(())
        } else {
            Err(self.at)
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Read<Value<'a>> {
        let end = self.at.saturating_add(word.len());
        if self.text.get(self.at..end) == Some(word) {
            self.at = end;
            Ok(value)
        } else {
            Err(self.at)
        }
    }

    fn value(&mut self, depth: usize) -> Read<Value<'a>> {
        self.space();
        self.left = self.left.checked_sub(1).ok_or(self.at)?;
        match self.peek() {
            Some(b'{') => self.object(depth.checked_sub(1).ok_or(self.at)?),
            Some(b'[') => self.array(depth.checked_sub(1).ok_or(self.at)?),
            Some(b'"') => self.string().map(Value::Str),
            Some(b'-' | b'0'..=b'9') => self.integer(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.at),
        }
    }

    /// After an element: whether another follows, or the list is at its end.
    fn more(&mut self, end: u8) -> Read<bool> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.skip();
                Ok(true)
            }
            Some(byte) if byte == end => {
                self.skip();
                Ok(false)
            }
            _ => Err(self.at),
        }
    }

    /// After the bracket: whether the list is empty.
    fn empty(&mut self, end: u8) -> bool {
        self.skip();
        self.space();
        let empty = self.peek() == Some(end);
        if empty {
            self.skip();
        }
        empty
    }

    fn array(&mut self, depth: usize) -> Read<Value<'a>> {
        let mut elements = Vec::new();
        if !self.empty(b']') {
            loop {
                elements.push(self.value(depth)?);
                if !self.more(b']')? {
                    break;
                }
            }
        }
        Ok(Value::Array(elements))
    }

    fn object(&mut self, depth: usize) -> Read<Value<'a>> {
        let start = self.at;
        let mut members: Vec<Member<'a>> = Vec::new();
        let mut sorted = true;
        if !self.empty(b'}') {
            loop {
                self.space();
                let name = self.string()?;
                self.space();
                self.expect(b':')?;
                let value = self.value(depth)?;
                sorted = sorted && members.last().is_none_or(|last| last.name < name);
                members.push(Member { name, value });
                if !self.more(b'}')? {
                    break;
                }
            }
        }
        if !sorted {
            sort::by_name(&mut members, |member| member.name.as_ref());
            let twice = members
                .iter()
                .zip(members.iter().skip(1))
                .any(|(a, b)| a.name == b.name);
            if twice {
                return Err(start);
            }
        }
        Ok(Value::Object(members))
    }

    /// An integer in its shortest form: what is signed has one form, so `-0`, `1.0` and `1e3` are none.
    fn integer(&mut self) -> Read<Value<'a>> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        if negative {
            self.skip();
        }
        let first = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.skip();
        }
        let digits = self.text.get(first..self.at).unwrap_or_default();
        let fits = match digits.as_bytes() {
            [] => false,
            [b'0'] => !negative,
            [b'0', ..] => false,
            _ if negative => fits(digits, "9223372036854775808"),
            _ => fits(digits, "18446744073709551615"),
        };
        let ends = !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        match self.text.get(start..self.at) {
            Some(text) if fits && ends => Ok(Value::Int(text)),
            _ => Err(start),
        }
    }

    fn string(&mut self) -> Read<Cow<'a, str>> {
        self.expect(b'"')?;
        let mut owned: Option<String> = None;
        loop {
            let rest = self.text.get(self.at..).ok_or(self.at)?;
            let special = |byte: u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let length = rest.bytes().position(special).ok_or(self.text.len())?;
            let plain = rest.get(..length).ok_or(self.at)?;
            self.at = self.at.saturating_add(length);
            match (self.peek(), owned.as_mut()) {
                (Some(b'"'), None) => {
                    self.skip();
                    return Ok(Cow::Borrowed(plain));
                }
                (Some(b'"' | b'\\'), _) => {
                    let text = owned.get_or_insert_default();
                    text.push_str(plain);
                    let ends = self.peek() == Some(b'"');
                    self.skip();
                    if ends {
                        return Ok(Cow::Owned(core::mem::take(text)));
                    }
                    text.push(self.escape()?);
                }
                _ => return Err(self.at),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let at = self.at;
        let byte = self.peek().ok_or(at)?;
        self.skip();
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                let code = if (0xd800..0xdc00).contains(&first) {
                    self.expect(b'\\')?;
                    self.expect(b'u')?;
                    let second = self.unit()?;
                    let low = second
                        .checked_sub(0xdc00)
                        .filter(|low| *low < 0x400)
                        .ok_or(at)?;
                    let high = first.saturating_sub(0xd800);
                    (high << 10 | low).saturating_add(0x1_0000)
                } else {
                    first
                };
                // A lone second half is no character.
                char::from_u32(code).ok_or(at)?
            }
            _ => return Err(at),
        })
    }

    /// Four hexadecimal digits of either case.
    fn unit(&mut self) -> Read<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self
                .peek()
                .and_then(|byte| char::from(byte).to_digit(16))
                .ok_or(self.at)?;
            unit = unit << 4 | digit;
            self.skip();
        }
        Ok(unit)
    }
}

fn fits(digits: &str, most: &str) -> bool {
    digits.len() < most.len() || (digits.len() == most.len() && digits <= most)
}
