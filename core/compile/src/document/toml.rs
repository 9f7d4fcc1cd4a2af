//! TOML, for overlays.

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

use super::{Cursor, Entry, Node, Place, Value};
use crate::diagnostic::Diagnostics;

pub(super) fn read(text: &str) -> Result<Node, Diagnostics> {
    let lines = Lines::new(text);
    let table = DeTable::parse(text).map_err(|error| {
        // `message` says what is wrong; printing the error would repeat the line, and what it holds.
        let place = error.span().map(|span| lines.place(span.start));
        Diagnostics::refusal("toml-syntax", place, format!("TOML: {}", error.message()))
    })?;
    let place = Cursor::start().place;
    Ok(Node::new(
        Value::Object(entries(table.get_ref(), &lines)),
        place,
    ))
}

fn entries(table: &DeTable<'_>, lines: &Lines<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            place: lines.place(key.span().start),
            value: node(value, lines),
        })
        .collect();
    entries.sort_by_key(|entry| entry.place);
    entries
}

fn node(value: &Spanned<DeValue<'_>>, lines: &Lines<'_>) -> Node {
    let place = lines.place(value.span().start);
    let value = match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => Value::Number(match number.radix() {
            10 => number.as_str().to_owned(),
            // The readers take decimal numbers; a hexadecimal one becomes decimal here.
            radix => i128::from_str_radix(number.as_str(), radix)
                .map_or_else(|_| number.as_str().to_owned(), |n| n.to_string()),
        }),
        DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        // A TOML date without quotes is taken as the text it is.
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item, lines)).collect()),
        DeValue::Table(table) => Value::Object(entries(table, lines)),
    };
    Node::new(value, place)
}

/// Turns byte offsets into places.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Lines {
            text,
            starts: core::iter::once(0).chain(after_breaks).collect(),
        }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        let column = self
            .text
            .get(start..offset)
            .map_or(0, |before| before.chars().count());
        Place {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_kinds_with_places() {
        let node = read("a = 0x10\nb = [1.5, true]\n[c.\"d é\"]\nuntil = 2027-01-02\n").unwrap();
        assert_eq!(node.member("a").unwrap().value, Value::Number("16".into()));
        assert_eq!(
            node.member("b").unwrap().place,
            Place { line: 2, column: 5 }
        );
        let until = node.member("c").unwrap().member("d é").unwrap();
        assert_eq!(until.member("until").unwrap().text(), Some("2027-01-02"));
    }

    #[test]
    fn a_syntax_error_has_a_place_and_no_content() {
        let message = read("a = 1\nsecret = \"unterminated topsecret\n")
            .unwrap_err()
            .to_string();
        assert!(message.contains("line 2"), "{message}");
        assert!(!message.contains("topsecret"), "{message}");
        assert!(read(&("a = ".to_owned() + &"[".repeat(100_000))).is_err());
        assert!(read("a = 1\na = 2\n").is_err());
    }
}
