//! The map as JSON, for the caller to keep.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::scan;
use super::{Entry, Kind, Label, MAX_BYTES, MAX_ENTRIES, MAX_LABELS, Placeholders, label};
use crate::json::{self, ParseError, Value, Writer};
use crate::message::{message, size};

/// How long a stored map may be, in bytes. What [`Placeholders::to_json`] writes is never longer.
pub const MAX_MAP_BYTES: usize = 12 << 20;

/// The version of the form.
const VERSION: u64 = 1;

/// What tells a map from other documents.
const FORMAT: &str = "edgerail-placeholders";

/// Why a stored map cannot be used. Nothing in it quotes the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapError {
    /// It is longer than [`MAX_MAP_BYTES`].
    TooLong,
    /// It is no JSON.
    Json(ParseError),
    /// It is JSON, but no placeholder map.
    NotAMap,
    /// It is of another version of the form.
    Version {
        /// The version it says it has; 0 if it says none.
        found: u64,
    },
    /// It is of another conversation.
    Conversation,
    /// It has more entries, types or bytes of values than a map may have.
    TooLarge,
    /// A part of it breaks a rule.
    Invalid {
        /// `labels` or `entries`, or the name of another member.
        member: &'static str,
        /// The part's number in that member, from 0.
        number: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl MapError {
    /// What `Display` says, without the standard library's formatting.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            MapError::TooLong => message(&[
                ("the placeholder map is longer than ", size(MAX_MAP_BYTES)),
                (" bytes", None),
            ]),
            MapError::Json(error) => message(&[
                ("the placeholder map is not valid JSON: ", None),
                (error.problem, None),
                (" at byte ", size(error.offset)),
            ]),
            MapError::NotAMap => message(&[
                ("this is no placeholder map: its \"format\" is not \"", None),
                (FORMAT, None),
                ("\"", None),
            ]),
            MapError::Version { found } => message(&[
                ("the placeholder map has version ", Some(*found)),
                (", this engine reads version ", Some(VERSION)),
                ("; use the release that wrote it", None),
            ]),
            MapError::Conversation => message(&[(
                "the placeholder map is of another conversation; each conversation has its own map",
                None,
            )]),
            MapError::TooLarge => message(&[
                ("the placeholder map holds more than ", size(MAX_ENTRIES)),
                (" entries, ", size(MAX_LABELS)),
                (" types or ", size(MAX_BYTES)),
                (" bytes", None),
            ]),
            MapError::Invalid {
                member,
                number,
                problem,
            } => message(&[
                ("the placeholder map is damaged: ", None),
                (member, None),
                (", number ", size(*number)),
                (": ", None),
                (problem, None),
            ]),
        }
    }
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl core::error::Error for MapError {}

impl Placeholders {
    /// The map as canonical JSON. It holds the values: keep it as you would keep them.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut writer = Writer::new();
        writer.object(|w| {
            w.name("conversation").string(&self.conversation);
            w.name("entries").array(|w| {
                for entry in &self.entries {
                    w.object(|w| write_entry(w, entry));
                }
            });
            w.name("format").string(FORMAT);
            w.name("frozen").bool(self.frozen);
            w.name("labels").array(|w| {
                for label in &self.labels {
                    w.object(|w| {
                        w.name("builtIn").bool(label.built_in);
                        w.name("label").string(&label.label);
                        w.name("name").string(&label.name);
                    });
                }
            });
            w.name("unnumbered").number(self.unnumbered);
            w.name("version").number(VERSION);
        });
        writer.finish()
    }

    /// Reads a stored map, which must be of this conversation. Any text is safe to give.
    ///
    /// # Errors
    /// [`MapError`], if it is of another conversation, of another version, or not what
    /// [`Placeholders::to_json`] writes.
    pub fn from_json(json: &str, conversation: &str) -> Result<Placeholders, MapError> {
        if json.len() > MAX_MAP_BYTES {
            return Err(MapError::TooLong);
        }
        let value = json::parse(json).map_err(MapError::Json)?;
        if value.member("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(MapError::NotAMap);
        }
        match value.member("version").and_then(Value::as_u64) {
            Some(VERSION) => {}
            found => {
                let found = found.unwrap_or(0);
                return Err(MapError::Version { found });
            }
        }
        let Some(stored) = value.member("conversation").and_then(Value::as_str) else {
            return Err(invalid("conversation", 0, "missing, or no string"));
        };
        if stored != conversation {
            return Err(MapError::Conversation);
        }
        let mut map = Placeholders::new(conversation);
        map.frozen = required(&value, "frozen", Value::as_bool)?;
        map.unnumbered = required(&value, "unnumbered", Value::as_u64)?;
        map.read_labels(array(&value, "labels")?)?;
        map.read_entries(array(&value, "entries")?)?;
        Ok(map)
    }

    fn read_labels(&mut self, items: &[Value<'_>]) -> Result<(), MapError> {
        if items.len() > MAX_LABELS {
            return Err(MapError::TooLarge);
        }
        for (number, item) in items.iter().enumerate() {
            let wrong = |problem| invalid("labels", number, problem);
            let text = |name| item.member(name).and_then(Value::as_str);
            let built_in = item.member("builtIn").and_then(Value::as_bool);
            let (Some(name), Some(label), Some(built_in)) = (text("name"), text("label"), built_in)
            else {
                return Err(wrong("needs \"builtIn\", \"label\" and \"name\""));
            };
            let own = label::is_reserved(label) && !(built_in && label == name);
            if !label::is_valid(label) || own {
                return Err(wrong("\"label\" is none that is issued"));
            }
            let same = |l: &Label| l.label == label || (l.name == name && l.built_in == built_in);
            if self.labels.iter().any(same) {
                return Err(wrong("occurs twice"));
            }
            self.bytes = self.bytes.saturating_add(name.len());
            self.labels.push(Label {
                name: String::from(name),
                built_in,
                label: String::from(label),
                next: 1,
            });
        }
        Ok(())
    }

    fn read_entries(&mut self, items: &[Value<'_>]) -> Result<(), MapError> {
        if items.len() > MAX_ENTRIES {
            return Err(MapError::TooLarge);
        }
        let mut strict = Vec::new();
        for (number, item) in items.iter().enumerate() {
            let wrong = |problem| invalid("entries", number, problem);
            let (key, text, kind) = self.read_entry(item).map_err(wrong)?;
            if self.find(key).is_some() {
                return Err(wrong("\"key\" occurs twice"));
            }
            if kind != Kind::Reserved && self.find_text(kind, text).is_some() {
                return Err(wrong("\"text\" occurs twice"));
            }
            if self.is_full(key.len().saturating_add(text.len())) {
                return Err(MapError::TooLarge);
            }
            let entry = self.insert(String::from(key), text, kind);
            match item.member("strict").map(Value::as_bool) {
                None => {}
                Some(Some(true)) => strict.push(entry),
                Some(_) => return Err(wrong("\"strict\" is not true")),
            }
        }
        for entry in strict {
            if let Some(entry) = self.entries.get_mut(entry) {
                entry.strict = true;
            }
        }
        Ok(())
    }

    /// The key, text and kind of an entry; keeps the next numbers above it.
    fn read_entry<'v>(
        &mut self,
        item: &'v Value<'_>,
    ) -> Result<(&'v str, &'v str, Kind), &'static str> {
        let member = |name| item.member(name).and_then(Value::as_str);
        let (Some(key), Some(kind)) = (member("key"), member("kind")) else {
            return Err("needs \"key\" and \"kind\"");
        };
        let (Some((label, index)), true) = (split(key), is_key(key)) else {
            return Err("\"key\" is none that is issued");
        };
        let next = index.saturating_add(1);
        if kind == "reserved" {
            return Ok((key, "", Kind::Reserved));
        }
        let Some(text) = member("text") else {
            return Err("needs \"text\"");
        };
        match kind {
            "literal" if label == label::LITERAL => {
                // Literals are restored in every place; no value may pass as one.
                let hit = scan::scan(text, true, None).ok().flatten();
                if hit.is_none_or(|hit| hit.len != text.len()) {
                    return Err("\"text\" of a literal does not look like a placeholder");
                }
                self.next_literal = self.next_literal.max(next);
                Ok((key, text, Kind::Literal))
            }
            "value" => {
                let mut labels = self.labels.iter_mut().enumerate();
                let Some((number, known)) = labels.find(|(_, l)| l.label == label) else {
                    return Err("\"key\" has a label that is not listed");
                };
                known.next = known.next.max(next);
                Ok((key, text, Kind::Value(number)))
            }
            _ => Err("\"kind\" does not fit the key"),
        }
    }
}

fn write_entry(w: &mut Writer, entry: &Entry) {
    w.name("key").string(&entry.key);
    w.name("kind").string(match entry.kind {
        Kind::Value(_) => "value",
        Kind::Literal => "literal",
        Kind::Reserved => "reserved",
    });
    if entry.strict {
        w.name("strict").bool(true);
    }
    if entry.kind != Kind::Reserved {
        w.name("text").string(&entry.text);
    }
}

/// The label and the number of a key.
fn split(key: &str) -> Option<(&str, usize)> {
    let (label, index) = key.rsplit_once('_')?;
    Some((label, index.parse().ok()?))
}

/// Whether the scanner reads a key as just that key.
fn is_key(key: &str) -> bool {
    let placeholder = super::in_braces(key);
    let hit = scan::scan(&placeholder, true, None).ok().flatten();
    hit.is_some_and(|hit| hit.key == key && hit.len == placeholder.len())
}

const fn invalid(member: &'static str, number: usize, problem: &'static str) -> MapError {
    MapError::Invalid {
        member,
        number,
        problem,
    }
}

fn required<'v, 'j, T>(
    value: &'v Value<'j>,
    member: &'static str,
    read: impl FnOnce(&'v Value<'j>) -> Option<T>,
) -> Result<T, MapError> {
    let found = value.member(member).and_then(read);
    found.ok_or(invalid(member, 0, "missing, or of the wrong kind"))
}

fn array<'v, 'j>(value: &'v Value<'j>, member: &'static str) -> Result<&'v [Value<'j>], MapError> {
    required(value, member, Value::as_array)
}
