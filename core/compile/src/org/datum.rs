//! Values of policies, without places.

use std::collections::BTreeMap;

use edgerail_core::json::Writer;

use crate::document::{Node, Value, is_json_number};

/// A value of a policy: what JSON has, members sorted by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Datum {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number of JSON, as written.
    Number(String),
    /// A string.
    String(String),
    /// A list.
    List(Vec<Datum>),
    /// An object.
    Object(BTreeMap<String, Datum>),
}

impl Datum {
    /// The value of a document's node. A value that only a deployment knows is null, and a number that JSON cannot
    /// write, as YAML has them, is its text: policies are JSON, and are saved as it.
    #[must_use]
    pub fn of(node: &Node) -> Datum {
        match &node.value {
            Value::Null | Value::Unknown => Datum::Null,
            Value::Bool(value) => Datum::Bool(*value),
            Value::Number(text) if is_json_number(text) => Datum::Number(text.clone()),
            Value::Number(text) => Datum::String(text.clone()),
            Value::String(text) => Datum::String(text.clone()),
            Value::List(items) => Datum::List(items.iter().map(Datum::of).collect()),
            Value::Object(entries) => {
                let members = entries.iter();
                Datum::Object(
                    members
                        .map(|e| (e.key.clone(), Datum::of(&e.value)))
                        .collect(),
                )
            }
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Datum::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn items(&self) -> Option<&[Datum]> {
        match self {
            Datum::List(items) => Some(items),
            _ => None,
        }
    }

    /// The members, if it is an object.
    #[must_use]
    pub fn members(&self) -> Option<&BTreeMap<String, Datum>> {
        match self {
            Datum::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The member of this name, if it is an object that has one.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Datum> {
        self.members()?.get(name)
    }

    /// What kind of value it is, for messages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Datum::Null => "null",
            Datum::Bool(_) => "a boolean",
            Datum::Number(_) => "a number",
            Datum::String(_) => "a string",
            Datum::List(_) => "a list",
            Datum::Object(_) => "an object",
        }
    }

    /// The value as JSON, members sorted by name, without white space.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Datum::Null => "null".to_owned(),
            Datum::Bool(value) => value.to_string(),
            Datum::Number(text) => text.clone(),
            Datum::String(text) => {
                let mut writer = Writer::new();
                writer.string(text);
                writer.finish()
            }
            Datum::List(items) => {
                let items: Vec<String> = items.iter().map(Datum::to_json).collect();
                format!("[{}]", items.join(","))
            }
            Datum::Object(members) => {
                let members = members.iter().map(|(name, value)| {
                    let name = Datum::String(name.clone()).to_json();
                    format!("{name}:{}", value.to_json())
                });
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// Whether a string stands anywhere in a value.
pub(super) fn mentions(value: &Datum, text: &str) -> bool {
    match value {
        Datum::String(own) => own == text,
        Datum::List(items) => items.iter().any(|item| mentions(item, text)),
        Datum::Object(members) => members.values().any(|value| mentions(value, text)),
        _ => false,
    }
}
