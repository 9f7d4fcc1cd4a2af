//! A strict reader of JSON, and the canonical JSON that TUF signs.
//!
//! What is read is untrusted: nothing here panics, depth and number of values are bounded, and what
//! different readers take differently is refused (members of the same name, numbers that are no integers,
//! lone surrogates, a byte order mark).

use crate::error::{Code, Error, Result};
use alloc::{borrow::Cow, string::String, vec::Vec};

mod reader;
mod writer;

pub use writer::Writer;

/// How deep arrays and objects may be nested.
pub const MAX_DEPTH: usize = 32;

/// A value of JSON. Strings without escapes are borrowed from the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer from -2^63 to 2^64 - 1, as it is written: in its shortest form.
    Int(&'a str),
    /// A string.
    Str(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object: its members in ascending order of the names' code points, each name once.
    Object(Vec<Member<'a>>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// The name, unescaped.
    pub name: Cow<'a, str>,
    /// The value.
    pub value: Value<'a>,
}

/// Reads a text of JSON.
///
/// # Errors
///
/// [`Code::Json`]: the bytes are no strict JSON; `place` is the byte where reading stopped.
pub fn parse(bytes: &[u8]) -> core::result::Result<Value<'_>, Error> {
    reader::parse(bytes).map_err(|at| {
        let mut place = String::from("byte ");
        crate::text::push_decimal(&mut place, u64::try_from(at).unwrap_or(u64::MAX));
        Error::new(Code::Json, &place)
    })
}

impl<'a> Value<'a> {
    /// The member of an object.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value<'a>> {
        let members = self.as_object()?;
        let at = members
            .binary_search_by(|member| member.name.as_ref().cmp(name))
            .ok()?;
        members.get(at).map(|member| &member.value)
    }

    /// The members of an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&[Member<'a>]> {
        match self {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The elements of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value<'a>]> {
        match self {
            Value::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is an integer from 0 to 2^64 - 1.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        let Value::Int(text) = self else { return None };
        let mut number: u64 = 0;
        for digit in text.bytes() {
            if !digit.is_ascii_digit() {
                return None;
            }
            number = number
                .checked_mul(10)?
                .checked_add(u64::from(digit.wrapping_sub(b'0')))?;
        }
        Some(number)
    }

    /// The truth value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The canonical bytes, as TUF signs and hashes them (OLPC canonical JSON): no white space, members in
    /// order of their names, in strings only `"` and `\` escaped and all else as it is.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Int(text) => out.extend_from_slice(text.as_bytes()),
            Value::Str(text) => write_string(text, out),
            Value::Array(elements) => {
                let mut before = b'[';
                for element in elements {
                    out.push(before);
                    before = b',';
                    element.write(out);
                }
                if elements.is_empty() {
                    out.push(b'[');
                }
                out.push(b']');
            }
            Value::Object(members) => {
                let mut before = b'{';
                for member in members {
                    out.push(before);
                    before = b',';
                    write_string(&member.name, out);
                    out.push(b':');
                    member.value.write(out);
                }
                if members.is_empty() {
                    out.push(b'{');
                }
                out.push(b'}');
            }
        }
    }
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        out.push(b'\\');
        let (first, tail) = special.split_at(1.min(special.len()));
        out.extend_from_slice(first);
        rest = tail;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// A member that must be there.
pub(crate) fn required<'v, 'a>(object: &'v Value<'a>, name: &str) -> Result<&'v Value<'a>> {
    object
        .member(name)
        .ok_or_else(|| Error::new(Code::Schema, name))
}

/// A member that must be a string.
pub(crate) fn string<'v>(object: &'v Value<'_>, name: &str) -> Result<&'v str> {
    required(object, name)?
        .as_str()
        .ok_or_else(|| Error::new(Code::Schema, name))
}

/// A member that must be an object.
pub(crate) fn object<'v, 'a>(object: &'v Value<'a>, name: &str) -> Result<&'v [Member<'a>]> {
    required(object, name)?
        .as_object()
        .ok_or_else(|| Error::new(Code::Schema, name))
}

/// A member that must be an integer of at least 1, as all versions are.
pub(crate) fn positive(object: &Value<'_>, name: &str) -> Result<u64> {
    match required(object, name)?.as_u64() {
        Some(number) if number > 0 => Ok(number),
        _ => Err(Error::new(Code::Schema, name)),
    }
}
