//! Documents as trees: JSON, YAML and TOML read into one [`Node`] type that keeps places.
//!
//! The format is told by content, never by the name of the file.

mod json;
mod toml;
mod yaml;

use crate::diagnostic::Diagnostics;

pub(crate) use json::is_json_number;

/// How deeply lists and objects may nest. Real definitions stay below 20.
pub const MAX_DEPTH: usize = 128;

/// How many bytes a document may have. A Terraform state of a large installation is a few megabytes.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A place in a document, counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// One value of a document with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it begins.
    pub place: Place,
}

/// A value of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written, so that nothing is rounded and no leading zero lost. YAML and TOML write some as
    /// JSON does not: `012`, `1.`, `0x1F`, `.inf`.
    Number(String),
    /// A string.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// An object, in the order of the document.
    Object(Vec<Entry>),
    /// A value that is not known here: an intrinsic function that only a deployment can resolve.
    Unknown,
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub key: String,
    /// Where the name stands.
    pub place: Place,
    /// The value.
    pub value: Node,
}

impl Node {
    /// A node.
    #[must_use]
    pub fn new(value: Value, place: Place) -> Self {
        Node { value, place }
    }

    /// What kind of value it is, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
            Value::Unknown => "a value known only after deployment",
        }
    }

    /// The members, if it is an object.
    #[must_use]
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn items(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The member of this name, if it is an object that has one.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<&Node> {
        self.entries()?
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// Where a JSON path such as `$.wordPolicyConfig.wordsConfig[3].text` leads to: the place of a member's name,
    /// of an item's beginning. `None` if there is nothing.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<Place> {
        let (mut node, mut place) = (self, self.place);
        let mut rest = path.strip_prefix('$')?;
        while !rest.is_empty() {
            let (step, after) = first_step(rest)?;
            match step {
                Step::Member(name) => {
                    let entry = node.entries()?.iter().find(|entry| entry.key == name)?;
                    (node, place) = (&entry.value, entry.place);
                }
                Step::Item(number) => {
                    node = node.items()?.get(number)?;
                    place = node.place;
                }
            }
            rest = after;
        }
        Some(place)
    }

    /// Whether it is an object with a member of this name.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.member(key).is_some()
    }
}

/// One step of a JSON path.
enum Step<'p> {
    Member(&'p str),
    Item(usize),
}

/// The first step of `.name[3]["odd name"]`, and what follows it.
fn first_step(path: &str) -> Option<(Step<'_>, &str)> {
    if let Some(rest) = path.strip_prefix('.') {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        return Some((Step::Member(&rest[..end]), &rest[end..]));
    }
    if let Some(rest) = path.strip_prefix("[\"") {
        let (name, after) = rest.split_once("\"]")?;
        return Some((Step::Member(name), after));
    }
    let (number, after) = path.strip_prefix('[')?.split_once(']')?;
    Some((Step::Item(number.parse().ok()?), after))
}

/// A format of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// YAML 1.2 with the short tags of CloudFormation.
    Yaml,
    /// TOML.
    Toml,
}

/// Reads JSON or YAML, whichever the content is.
///
/// # Errors
/// The document is not UTF-8, too large, empty, of another kind (HTML, HCL, UTF-16), or not well formed.
pub fn read(bytes: &[u8]) -> Result<Node, Diagnostics> {
    let text = text(bytes)?;
    refuse_other_kinds(text)?;
    let first = text.trim_start().chars().next();
    if matches!(first, Some('{' | '[' | '"')) {
        json::read(text)
    } else {
        yaml::read(text)
    }
}

/// Reads JSON or TOML, whichever the content is: a JSON document begins with `{`, a TOML one cannot.
///
/// # Errors
/// As [`read`].
pub fn read_toml_or_json(bytes: &[u8]) -> Result<Node, Diagnostics> {
    let text = text_or_blank(bytes)?;
    if text.trim_start().starts_with('{') {
        json::read(text)
    } else {
        toml::read(text)
    }
}

/// The text of a file, which must not be blank.
fn text(bytes: &[u8]) -> Result<&str, Diagnostics> {
    let text = text_or_blank(bytes)?;
    if text.trim().is_empty() {
        return Err(Diagnostics::refusal(
            "empty-file",
            None,
            "the file is empty; a guardrail definition in JSON or YAML is expected",
        ));
    }
    Ok(text)
}

fn text_or_blank(bytes: &[u8]) -> Result<&str, Diagnostics> {
    if bytes.len() > MAX_BYTES {
        let message = format!(
            "the file has {} bytes; at most {MAX_BYTES} are read",
            bytes.len()
        );
        return Err(Diagnostics::refusal("file-too-large", None, message));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Diagnostics::refusal(
            "not-utf8",
            None,
            "the file is UTF-16; save it as UTF-8",
        ));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    core::str::from_utf8(bytes).map_err(|error| {
        let mut cursor = Cursor::start();
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        String::from_utf8_lossy(before)
            .chars()
            .for_each(|c| cursor.pass(c));
        let line = cursor.place.line;
        let message = format!(
            "the file is not UTF-8: invalid byte at offset {}, on line {line}",
            error.valid_up_to()
        );
        Diagnostics::refusal("not-utf8", Some(cursor.place), message)
    })
}

/// Files that are often given by mistake, and that a YAML reader would misunderstand.
fn refuse_other_kinds(text: &str) -> Result<(), Diagnostics> {
    let start = text.trim_start();
    if start.starts_with('<') {
        return Err(Diagnostics::refusal(
            "not-a-definition",
            None,
            "the file is HTML or XML, perhaps an error page saved in place of the definition; JSON or YAML is expected",
        ));
    }
    if start.starts_with("PK\u{3}\u{4}") || text.contains('\0') {
        return Err(Diagnostics::refusal(
            "not-a-definition",
            None,
            "the file is binary (it has a NUL character); a guardrail definition in JSON or YAML is expected",
        ));
    }
    if let Some(line) = hcl_line(text) {
        let place = Place { line, column: 1 };
        return Err(Diagnostics::refusal(
            "hcl",
            Some(place),
            "the file is Terraform configuration (HCL), whose values only Terraform can work out; run `terraform show -json` in its directory (after `terraform apply`, or with a plan file) and give that output",
        ));
    }
    Ok(())
}

/// The first line that opens an HCL block, such as `resource "type" "name" {`. No YAML line looks so.
fn hcl_line(text: &str) -> Option<u32> {
    const BLOCKS: [&str; 12] = [
        "resource",
        "provider",
        "variable",
        "module",
        "data",
        "locals",
        "terraform",
        "output",
        "moved",
        "import",
        "removed",
        "check",
    ];
    if text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let position = text.lines().position(|line| {
        // Blocks of HCL stand in the first column; indented text may be the inside of a YAML scalar.
        let Some(word) = line.split([' ', '\t', '{', '"']).next() else {
            return false;
        };
        let rest = line[word.len()..].trim();
        BLOCKS.contains(&word)
            && (rest.starts_with('"') || rest.starts_with('{'))
            && (rest.contains('{') || rest.ends_with('"'))
    })?;
    u32::try_from(position).ok().map(|line| line + 1)
}

/// Counts lines and columns while a reader walks on.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    place: Place,
}

impl Cursor {
    fn start() -> Self {
        Cursor {
            place: Place { line: 1, column: 1 },
        }
    }

    /// Walks over one character.
    fn pass(&mut self, c: char) {
        if c == '\n' {
            self.place.line = self.place.line.saturating_add(1);
            self.place.column = 1;
        } else {
            self.place.column = self.place.column.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        read(bytes).unwrap_err().to_string()
    }

    #[test]
    fn tells_formats_by_content() {
        assert!(read(b"\xef\xbb\xbf{\"a\": 1}\r\n").unwrap().has("a"));
        assert!(read(b"# comment\r\na: 1\r\n").unwrap().has("a"));
        assert!(read(b"--- {a: 1}").unwrap().has("a"));
    }

    #[test]
    fn refuses_what_is_no_definition() {
        for (bytes, part) in [
            (&b""[..], "is empty"),
            (b" \r\n\t", "is empty"),
            (b"\xff\xfe{\0", "UTF-16"),
            (b"<!DOCTYPE html><p>502", "HTML"),
            (b"a: 1\nb: \xc3\x28", "offset 8, on line 2"),
            (b"a\0b", "NUL"),
            (
                b"# x\nresource \"aws_bedrock_guardrail\" \"g\" {\n}",
                "terraform show -json",
            ),
            (b"variable \"x\" {}\n", "terraform show -json"),
            (b"locals {\n  a = 1\n}\n", "terraform show -json"),
            (b"terraform{\n}\n", "terraform show -json"),
        ] {
            let message = refused(bytes);
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn paths_lead_to_places() {
        let node = read(b"{\"a\": [1,\n  {\"odd name\": {\"b\": 2}}]}").unwrap();
        for (path, place) in [
            ("$", Some((1, 1))),
            ("$.a", Some((1, 2))),
            ("$.a[0]", Some((1, 8))),
            ("$.a[1]", Some((2, 3))),
            ("$.a[1][\"odd name\"].b", Some((2, 17))),
            ("$.a[2]", None),
            ("$.b", None),
            ("$.a.b", None),
            ("$.a[x]", None),
            ("a", None),
            ("$a", None),
        ] {
            let place = place.map(|(line, column)| Place { line, column });
            assert_eq!(node.place(path), place, "{path}");
        }
    }

    #[test]
    fn yaml_that_mentions_blocks_is_no_hcl() {
        let node = read(b"resource: {a: 1}\ndata:\n  x: |\n    resource \"a\" \"b\" {\n").unwrap();
        assert!(node.has("resource"));
    }
}
