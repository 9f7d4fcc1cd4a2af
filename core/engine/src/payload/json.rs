//! A JSON scanner that keeps spans: it says where every value stands in the bytes and builds no values,
//! so that a body can be rewritten in places with all other bytes as they were. It does not recurse.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::error::{PayloadError, Problem};
use super::text;

/// How deep arrays and objects may nest. API bodies need about ten, tool data seldom more than twenty.
pub const MAX_DEPTH: usize = 128;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    String,
    Number,
    Bool(bool),
    Null,
}

/// A value, by its number in the document.
pub(super) type NodeId = usize;

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    /// The member's name without quotes; empty for what is no member.
    name: (u32, u32),
    /// The value, quotes included.
    span: (u32, u32),
    /// The number just past the last value inside of this one.
    next: u32,
    /// The number of the object or array around it; of itself for the root.
    parent: u32,
}

/// A scanned document. Values are numbered in the order in which they begin, so that all inside of one are
/// a range. Members that occur twice are kept twice.
#[derive(Debug)]
pub(super) struct Document<'b> {
    text: &'b str,
    nodes: Vec<Node>,
}

impl<'b> Document<'b> {
    /// Scans `text`, of which a byte-order mark in front is no part of the document.
    pub(super) fn scan(text: &'b str) -> Result<Document<'b>, PayloadError> {
        if u32::try_from(text.len()).is_err() {
            return Err(PayloadError::new(
                Problem::TooLong,
                String::from("the body"),
            ));
        }
        let mut scanner = Scanner {
            text: text.as_bytes(),
            at: if text.starts_with('\u{feff}') { 3 } else { 0 },
            nodes: Vec::new(),
            open: Vec::new(),
            name: (0, 0),
        };
        match scanner.run() {
            Ok(()) => Ok(Document {
                text,
                nodes: scanner.nodes,
            }),
            Err(problem) => {
                let mut place = String::from("byte ");
                super::push_number(&mut place, scanner.at);
                Err(PayloadError::new(problem, place))
            }
        }
    }

    pub(super) fn kind(&self, id: NodeId) -> Kind {
        self.nodes.get(id).map_or(Kind::Null, |node| node.kind)
    }

    /// The bytes of a value, quotes included.
    pub(super) fn span(&self, id: NodeId) -> Range<usize> {
        let (start, end) = self.nodes.get(id).map_or((0, 0), |node| node.span);
        index(start)..index(end)
    }

    /// The value as written.
    pub(super) fn raw(&self, id: NodeId) -> &'b str {
        self.text.get(self.span(id)).unwrap_or("")
    }

    /// The bytes between the quotes of a string.
    pub(super) fn inside(&self, id: NodeId) -> Range<usize> {
        let span = self.span(id);
        span.start.saturating_add(1)..span.end.saturating_sub(1)
    }

    /// A string's value.
    pub(super) fn string(&self, id: NodeId) -> Option<Cow<'b, str>> {
        if self.kind(id) != Kind::String {
            return None;
        }
        Some(text::decode(self.text.get(self.inside(id))?))
    }

    /// The member's name; empty for what is no member.
    pub(super) fn name(&self, id: NodeId) -> Cow<'b, str> {
        let (start, end) = self.nodes.get(id).map_or((0, 0), |node| node.name);
        text::decode(self.text.get(index(start)..index(end)).unwrap_or(""))
    }

    /// All values inside of one, however deep.
    pub(super) fn below(&self, id: NodeId) -> Range<NodeId> {
        let end = self.nodes.get(id).map_or(0, |node| index(node.next));
        id.saturating_add(1)..end
    }

    /// The values directly inside of one.
    pub(super) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let Range { mut start, end } = self.below(id);
        core::iter::from_fn(move || {
            let child = start;
            if child >= end {
                return None;
            }
            start = index(self.nodes.get(child)?.next);
            Some(child)
        })
    }

    /// The members with this name: more than one if the name occurs twice.
    pub(super) fn members<'d>(
        &'d self,
        id: NodeId,
        name: &'d str,
    ) -> impl Iterator<Item = NodeId> + 'd {
        let object = self.kind(id) == Kind::Object;
        let children = self.children(id).filter(move |_| object);
        children.filter(move |&child| self.name(child) == name)
    }

    /// The JSON pointer of a value. Names that do not look like an API's are written as `?`: they may hold
    /// what must not be printed.
    pub(super) fn pointer(&self, id: NodeId) -> String {
        let mut steps = Vec::new();
        let mut at = id;
        while let Some(node) = self.nodes.get(at) {
            let parent = index(node.parent);
            if parent == at {
                break;
            }
            steps.push(at);
            at = parent;
        }
        let mut pointer = String::new();
        for &step in steps.iter().rev() {
            pointer.push('/');
            let parent = self.nodes.get(step).map_or(0, |node| index(node.parent));
            if self.kind(parent) == Kind::Array {
                let place = self.children(parent).position(|child| child == step);
                super::push_number(&mut pointer, place.unwrap_or(0));
            } else {
                let name = self.name(step);
                pointer.push_str(if is_plain_name(&name) { &name } else { "?" });
            }
        }
        if pointer.is_empty() {
            pointer.push_str("the body");
        }
        pointer
    }
}

/// Whether a name or kind can be printed: short, and of the signs that APIs use for names.
pub(super) fn is_plain_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    !name.is_empty() && name.len() <= 48 && name.bytes().all(plain)
}

fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// Lengths were checked to fit.
fn short(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[derive(Clone, Copy)]
enum Expect {
    Value,
    Name,
    After,
}

struct Scanner<'b> {
    text: &'b [u8],
    at: usize,
    nodes: Vec<Node>,
    /// The numbers of the containers that are open.
    open: Vec<usize>,
    /// The name read last, for the value that follows.
    name: (u32, u32),
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), Problem> {
        let mut expect = Expect::Value;
        loop {
            self.space();
            expect = match expect {
                Expect::Value => self.value()?,
                Expect::Name => self.member_name()?,
                Expect::After => {
                    let Some(&container) = self.open.last() else {
                        break;
                    };
                    self.after(container)?
                }
            };
        }
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(Problem::NotJson("text after the end of the document")),
        }
    }

    fn value(&mut self) -> Result<Expect, Problem> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => return self.container(Kind::Object, b'}', Expect::Name),
            Some(b'[') => return self.container(Kind::Array, b']', Expect::Value),
            Some(b'"') => {
                self.string()?;
                Kind::String
            }
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                Kind::Number
            }
            Some(b't') => self.word(b"true", Kind::Bool(true))?,
            Some(b'f') => self.word(b"false", Kind::Bool(false))?,
            Some(b'n') => self.word(b"null", Kind::Null)?,
            Some(_) => return Err(Problem::NotJson("expected a value")),
            None => return Err(Problem::NotJson("the document ends too early")),
        };
        self.push(kind, start);
        Ok(Expect::After)
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let number = self.nodes.len();
        self.nodes.push(Node {
            kind,
            name: core::mem::take(&mut self.name),
            span: (short(start), short(self.at)),
            next: short(number.saturating_add(1)),
            parent: short(self.open.last().copied().unwrap_or(number)),
        });
    }

    fn container(&mut self, kind: Kind, close: u8, inside: Expect) -> Result<Expect, Problem> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Problem::TooDeep);
        }
        let number = self.nodes.len();
        self.push(kind, self.at);
        self.open.push(number);
        self.advance();
        self.space();
        if self.take(close) {
            self.close();
            return Ok(Expect::After);
        }
        Ok(inside)
    }

    fn close(&mut self) {
        let (at, next) = (short(self.at), short(self.nodes.len()));
        if let Some(number) = self.open.pop()
            && let Some(node) = self.nodes.get_mut(number)
        {
            node.span.1 = at;
            node.next = next;
        }
    }

    fn after(&mut self, container: usize) -> Result<Expect, Problem> {
        let object = self.nodes.get(container).map(|node| node.kind) == Some(Kind::Object);
        let (close, next) = if object {
            (b'}', Expect::Name)
        } else {
            (b']', Expect::Value)
        };
        if self.take(b',') {
            return Ok(next);
        }
        if self.take(close) {
            self.close();
            return Ok(Expect::After);
        }
        Err(Problem::NotJson(match self.peek() {
            None => "the document ends too early",
            Some(_) => "expected a comma or the end of the list or object",
        }))
    }

    fn member_name(&mut self) -> Result<Expect, Problem> {
        if self.peek() != Some(b'"') {
            return Err(Problem::NotJson("expected a member name in quotes"));
        }
        let start = self.at.saturating_add(1);
        self.string()?;
        self.name = (short(start), short(self.at.saturating_sub(1)));
        self.space();
        if !self.take(b':') {
            return Err(Problem::NotJson("expected ':'"));
        }
        Ok(Expect::Value)
    }

    fn string(&mut self) -> Result<(), Problem> {
        self.advance();
        loop {
            let rest = self.text.get(self.at..).unwrap_or(&[]);
            let plain = rest
                .iter()
                .position(|&b| b == b'"' || b == b'\\' || b < 0x20);
            self.at = self.at.saturating_add(plain.unwrap_or(rest.len()));
            match self.peek() {
                Some(b'"') => {
                    self.advance();
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(Problem::NotJson("control character in a string")),
                None => return Err(Problem::NotJson("string without an end")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Problem> {
        let end = match self.text.get(self.at.saturating_add(1)) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => {
                let digits = self.at.saturating_add(2)..self.at.saturating_add(6);
                let digits = self.text.get(digits).unwrap_or(&[]);
                if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(Problem::NotJson("expected four hexadecimal digits"));
                }
                6
            }
            _ => return Err(Problem::NotJson("unknown escape")),
        };
        self.at = self.at.saturating_add(end);
        Ok(())
    }

    fn number(&mut self) -> Result<(), Problem> {
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
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Problem> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(Problem::NotJson("expected a digit"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.advance();
        }
        Ok(())
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Result<Kind, Problem> {
        let end = self.at.saturating_add(word.len());
        if self.text.get(self.at..end) != Some(word) {
            return Err(Problem::NotJson("expected a value"));
        }
        self.at = end;
        Ok(kind)
    }

    fn space(&mut self) {
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
        self.text.get(self.at).copied()
    }

    fn advance(&mut self) {
        self.at = self.at.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn says_where_every_value_stands() {
        let text = "\u{feff} {\"a\" : [1.50e+3, \"x\\\"y\", {}] ,\n\"a\":null,\"\\u0062\":true} ";
        let document = Document::scan(text).unwrap();
        let [first, second] = document.members(0, "a").collect::<Vec<_>>()[..] else {
            panic!("both members are kept");
        };
        assert_eq!(document.raw(first), "[1.50e+3, \"x\\\"y\", {}]");
        assert_eq!(document.kind(second), Kind::Null);
        let items: Vec<_> = document.children(first).collect();
        let raw: Vec<_> = items.iter().map(|&id| document.raw(id)).collect();
        assert_eq!(raw, ["1.50e+3", "\"x\\\"y\"", "{}"]);
        assert_eq!(document.string(items[1]).unwrap(), "x\"y");
        assert_eq!(document.pointer(items[1]), "/a/1");
        let b = document.members(0, "b").next().unwrap();
        assert_eq!(document.kind(b), Kind::Bool(true));
        assert_eq!(document.below(0).count(), 6);
        assert_eq!(document.pointer(0), "the body");
    }

    #[test]
    fn names_that_may_be_secrets_are_not_printed() {
        let document = Document::scan("{\"ann@example.com\":{\"b\":1}}").unwrap();
        assert_eq!(document.pointer(2), "/?/b");
    }

    #[test]
    fn refuses_with_the_place_and_the_rule() {
        for (text, expected) in [
            ("", "byte 0: the document ends too early"),
            ("{\"a\":1", "byte 6: the document ends too early"),
            ("{\"a\" 1}", "byte 5: expected ':'"),
            ("[1,]", "byte 3: expected a value"),
            ("{\"a\":1,}", "byte 7: expected a member name in quotes"),
            ("[01]", "byte 2: expected a comma"),
            ("[1.]", "byte 3: expected a digit"),
            ("\"a\nb\"", "byte 2: control character"),
            ("\"a", "byte 2: string without an end"),
            ("\"\\x\"", "byte 1: unknown escape"),
            ("\"\\u12g4\"", "byte 1: expected four hexadecimal digits"),
            ("{} x", "byte 3: text after the end"),
            ("NaN", "byte 0: expected a value"),
            ("[}", "byte 1: expected a value"),
            ("[1}", "byte 2: expected a comma"),
        ] {
            let error = Document::scan(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn depth_is_limited_without_recursion() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Document::scan(&nested(MAX_DEPTH)).is_ok());
        for depth in [MAX_DEPTH + 1, 10_000, 1_000_000] {
            let error = Document::scan(&nested(depth)).unwrap_err();
            assert_eq!(error.problem, Problem::TooDeep);
            assert_eq!(error.place, "byte 128");
        }
    }

    #[test]
    fn every_cut_of_a_document_is_refused() {
        let text = "{\"a\":[1,-2.5e3,\"x\\u00e9\\n\",true,null],\"b\":{}}";
        for cut in 0..text.len() {
            assert!(Document::scan(&text[..cut]).is_err(), "{cut}");
        }
    }
}
