//! A line of JSON: what it is called, its text and where the text goes.

use std::borrow::Cow;

use edgerail_core::Source;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

/// A line may hold the longest text with every byte of it written as `\u00XX`, and some more members.
pub const LINE_BYTES: usize = 6 * (1 << 20) + (64 << 10);

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A stable name in snake case.
    pub code: &'static str,
    /// The rule and the remedy. Quotes nothing of the text.
    pub message: String,
}

impl Problem {
    /// Of a line that is longer than [`LINE_BYTES`].
    #[must_use]
    pub fn too_long() -> Problem {
        Problem {
            code: "line_too_long",
            message: format!("the line is longer than {LINE_BYTES} bytes"),
        }
    }
}

/// Something read from a line, or what is wrong with the line.
pub type LineResult<'l, T> = Result<T, (Id<'l>, Problem)>;

/// A line that is refused.
pub fn problem<'l, T>(
    id: Id<'l>,
    code: &'static str,
    message: impl Into<String>,
) -> LineResult<'l, T> {
    Err((
        id,
        Problem {
            code,
            message: message.into(),
        },
    ))
}

/// A line's members, not read further: a reader's message about a wrong kind would quote the value.
#[derive(Deserialize)]
struct Members<'l> {
    #[serde(borrow, default)]
    id: Option<&'l RawValue>,
    #[serde(borrow, default)]
    text: Option<&'l RawValue>,
    #[serde(borrow, default)]
    source: Option<&'l RawValue>,
}

#[derive(Deserialize)]
struct Borrowed<'l>(#[serde(borrow)] Cow<'l, str>);

/// A string; `None` for anything else, also for half a surrogate pair.
pub fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let read = serde_json::from_str::<Borrowed<'_>>(value.get());
    read.ok().map(|Borrowed(text)| text)
}

/// What a line says.
pub type Parsed<'l> = (Id<'l>, Cow<'l, str>, Option<Source>);

/// Reads `{"id", "text", "source"}`; other members are passed over.
pub fn parse_line(number: u64, bytes: &[u8]) -> LineResult<'_, Parsed<'_>> {
    let line = object(number, bytes)?;
    let members: Members<'_> = members(line)?;
    let id = read_id(number, members.id)?;
    let text = read_text(id, members.text)?;
    let source = read_source(id, members.source)?;
    Ok((id, text, source))
}

/// The line as text that begins as a JSON object does.
pub fn object(number: u64, bytes: &[u8]) -> LineResult<'_, &str> {
    let line = utf8(number, bytes)?;
    if line.trim_start().starts_with('{') {
        Ok(line)
    } else {
        problem(
            Id::Unknown,
            "invalid_json",
            "the line is no JSON object; write {\"id\": …, \"text\": …}",
        )
    }
}

/// The line as text, without the mark that some editors put at the start of a file.
pub fn utf8(number: u64, bytes: &[u8]) -> LineResult<'_, &str> {
    let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) if number == 1 => rest,
        _ => bytes,
    };
    match std::str::from_utf8(bytes) {
        Ok(line) => Ok(line),
        Err(error) => {
            let message = format!(
                "not valid UTF-8 at byte {} of the line",
                error.valid_up_to()
            );
            problem(Id::Unknown, "invalid_utf8", message)
        }
    }
}

/// The members of an object that are asked for.
pub fn members<'l, T: Deserialize<'l>>(line: &'l str) -> LineResult<'l, T> {
    match serde_json::from_str(line) {
        Ok(members) => Ok(members),
        Err(error) => problem(
            Id::Unknown,
            "invalid_json",
            format!("not valid JSON: {error}"),
        ),
    }
}

/// The identifier; the line's number if it has none.
pub fn read_id<'l>(number: u64, value: Option<&'l RawValue>) -> LineResult<'l, Id<'l>> {
    match value.map(|id| (id, id.get().as_bytes().first())) {
        None | Some((_, Some(b'n'))) => Ok(Id::Line(number)),
        Some((id, Some(b'"' | b'-' | b'0'..=b'9'))) if valid_id(id) => Ok(Id::Given(id)),
        Some(_) => problem(
            Id::Unknown,
            "invalid_id",
            "`id` must be a string or a number",
        ),
    }
}

/// The text.
pub fn read_text<'l>(id: Id<'l>, value: Option<&'l RawValue>) -> LineResult<'l, Cow<'l, str>> {
    let text = match value {
        None => return problem(id, "missing_text", "the line has no `text`"),
        Some(text) if !text.get().starts_with('"') => {
            return problem(id, "invalid_text", "`text` must be a string");
        }
        Some(text) => string(text),
    };
    let message =
        "`text` has an escape that stands for no character, such as half of a surrogate pair";
    text.map_or_else(|| problem(id, "invalid_text", message), Ok)
}

/// The source a line names, if it names one.
pub fn read_source<'l>(id: Id<'l>, value: Option<&'l RawValue>) -> LineResult<'l, Option<Source>> {
    let Some(value) = value.filter(|value| value.get() != "null") else {
        return Ok(None);
    };
    let source = string(value).and_then(|name| Source::from_name(&name));
    let message = "`source` must be \"INPUT\" or \"OUTPUT\"";
    source.map_or_else(|| problem(id, "invalid_source", message), |s| Ok(Some(s)))
}

/// Whether an identifier can be written out again: the reader passes over escapes unread.
fn valid_id(id: &RawValue) -> bool {
    !id.get().starts_with('"') || string(id).is_some()
}

/// How a record names its line.
#[derive(Clone, Copy, Debug)]
pub enum Id<'l> {
    /// As the line has it, to the letter.
    Given(&'l RawValue),
    /// The line has none: its number.
    Line(u64),
    /// The line could not be read.
    Unknown,
}

impl Id<'_> {
    /// As reports name it.
    pub fn text(&self) -> String {
        match self {
            Id::Given(id) => string(id).map_or_else(|| id.get().to_owned(), Cow::into_owned),
            Id::Line(number) => number.to_string(),
            Id::Unknown => "?".to_owned(),
        }
    }
}

impl Serialize for Id<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Id::Given(id) => id.serialize(serializer),
            Id::Line(number) => serializer.serialize_u64(*number),
            Id::Unknown => serializer.serialize_none(),
        }
    }
}
