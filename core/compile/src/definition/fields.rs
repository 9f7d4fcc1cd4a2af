//! One object of a definition, read by the API's field names whatever document it stands in.
//!
//! Several dialects spell the same model: the request body (`wordPolicyConfig.wordsConfig`), the GetGuardrail
//! response (`wordPolicy.words`; `WordPolicy.Words` in some SDKs), CloudFormation (`WordPolicyConfig.WordsConfig`) and Terraform
//! (`word_policy_config[0].words_config`). A reader names the request's fields; [`Field`] knows the rest.

use crate::diagnostic::{Diagnostics, index, member, shown_name};
use crate::document::{Node, Value};
use crate::nearest::nearest;

/// Whose spelling a document uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// CreateGuardrail and UpdateGuardrail bodies.
    Request,
    /// GetGuardrail responses.
    Response,
    /// The same as the Go and .NET SDKs print them: names in Pascal case, unset strings empty.
    SdkResponse,
    /// `AWS::Bedrock::Guardrail` properties.
    CloudFormation,
    /// `aws_bedrock_guardrail` attributes, where a nested block is a list of one.
    Terraform,
}

impl Dialect {
    /// Whether AWS has said it, in whatever spelling.
    pub(super) const fn is_response(self) -> bool {
        matches!(self, Dialect::Response | Dialect::SdkResponse)
    }

    const fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

const ALL: u8 = 0b1_1111;
const RESPONSES: u8 = Dialect::Response.bit() | Dialect::SdkResponse.bit();

/// A field of the model with its spellings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// The request's name, by which readers ask for it.
    name: &'static str,
    response: Option<&'static str>,
    cloudformation: Option<&'static str>,
    terraform: Option<&'static str>,
    dialects: u8,
}

impl Field {
    /// A field that is spelled alike everywhere but for the case.
    pub(super) const fn new(name: &'static str) -> Self {
        Field {
            name,
            response: None,
            cloudformation: None,
            terraform: None,
            dialects: ALL,
        }
    }

    /// Its name in responses.
    pub(super) const fn response(mut self, name: &'static str) -> Self {
        self.response = Some(name);
        self
    }

    /// Its name in CloudFormation.
    pub(super) const fn cloudformation(mut self, name: &'static str) -> Self {
        self.cloudformation = Some(name);
        self
    }

    /// Its name in Terraform.
    pub(super) const fn terraform(mut self, name: &'static str) -> Self {
        self.terraform = Some(name);
        self
    }

    /// The field exists in requests only.
    pub(super) const fn request_only(mut self) -> Self {
        self.dialects = Dialect::Request.bit();
        self
    }

    /// The field exists in responses and in Terraform state.
    pub(super) const fn answered(mut self) -> Self {
        self.dialects = RESPONSES | Dialect::Terraform.bit();
        self
    }

    /// The field exists in Terraform state only.
    pub(super) const fn terraform_only(mut self) -> Self {
        self.dialects = Dialect::Terraform.bit();
        self
    }

    /// The field does not exist in responses.
    pub(super) const fn not_answered(mut self) -> Self {
        self.dialects = ALL ^ RESPONSES;
        self
    }

    fn spelled(&self, dialect: Dialect) -> Option<String> {
        if self.dialects & dialect.bit() == 0 {
            return None;
        }
        Some(match dialect {
            Dialect::Request => self.name.to_owned(),
            Dialect::Response => self.response.unwrap_or(self.name).to_owned(),
            Dialect::SdkResponse => pascal(self.response.unwrap_or(self.name)),
            Dialect::CloudFormation => self
                .cloudformation
                .map_or_else(|| pascal(self.name), str::to_owned),
            Dialect::Terraform => self
                .terraform
                .map_or_else(|| snake(self.name), str::to_owned),
        })
    }
}

fn pascal(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|c| c.to_ascii_uppercase())
        .into_iter()
        .chain(chars)
        .collect()
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// What the readers share: the dialect and where to report.
pub(super) struct Context<'d> {
    pub(super) dialect: Dialect,
    pub(super) diagnostics: &'d mut Diagnostics,
}

/// A value with its path.
#[derive(Clone, Debug)]
pub(super) struct Located<'n> {
    pub(super) node: &'n Node,
    pub(super) path: String,
}

/// An object whose members have been looked up.
pub(super) struct Object<'n> {
    /// The object itself.
    pub(super) here: Located<'n>,
    fields: &'static [Field],
    found: Vec<Option<&'n Node>>,
}

/// The bounds of a string, in characters as AWS counts them (Unicode code points).
#[derive(Clone, Copy)]
pub(super) struct Text {
    /// Fewest characters.
    pub(super) min: usize,
    /// Most characters.
    pub(super) max: usize,
}

impl Context<'_> {
    pub(super) fn error(&mut self, code: &'static str, at: &Located<'_>, text: impl Into<String>) {
        self.diagnostics.error(code, &at.path, at.node, text);
    }

    pub(super) fn warning(
        &mut self,
        code: &'static str,
        at: &Located<'_>,
        text: impl Into<String>,
    ) {
        self.diagnostics.warning(code, &at.path, at.node, text);
    }

    pub(super) fn lint(&mut self, code: &'static str, at: &Located<'_>, text: impl Into<String>) {
        self.diagnostics.lint(code, &at.path, at.node, text);
    }

    /// Looks up the members of an object; says which are not known, and refuses what is no object.
    pub(super) fn object<'n>(
        &mut self,
        here: Located<'n>,
        fields: &'static [Field],
    ) -> Option<Object<'n>> {
        let Some(entries) = here.node.entries() else {
            if here.node.value != Value::Unknown {
                let message = format!("an object is expected, this is {}", here.node.kind());
                self.error("wrong-type", &here, message);
            }
            return None;
        };
        let names: Vec<Option<String>> = fields.iter().map(|f| f.spelled(self.dialect)).collect();
        let mut found = vec![None; fields.len()];
        for entry in entries {
            let position = names
                .iter()
                .position(|name| name.as_deref() == Some(entry.key.as_str()));
            if let Some(position) = position {
                found[position] = Some(&entry.value);
                continue;
            }
            let mut message = format!(
                "unknown field `{}`, it has no effect",
                shown_name(&entry.key)
            );
            if let Some(near) = nearest(&entry.key, names.iter().flatten()) {
                message += &format!("; did you mean `{near}`?");
            }
            let at = member(&here.path, &entry.key);
            let node = Node::new(Value::Null, entry.place);
            self.diagnostics
                .warning("unknown-field", &at, &node, message);
        }
        Some(Object {
            here,
            fields,
            found,
        })
    }

    /// A member that is there and not null. `name` is the request's name for it.
    pub(super) fn optional<'n>(&self, object: &Object<'n>, name: &str) -> Option<Located<'n>> {
        let position = object.fields.iter().position(|field| field.name == name);
        debug_assert!(position.is_some(), "{name} is not in the field table");
        let position = position?;
        let spelled = object.fields[position].spelled(self.dialect)?;
        let node = object.found[position]?;
        if node.value == Value::Null {
            return None;
        }
        if self.dialect == Dialect::SdkResponse && node.text() == Some("") {
            return None;
        }
        // Terraform keeps an optional string that was never set as an empty one in older states.
        if self.dialect == Dialect::Terraform && node.text() == Some("") && name == "description" {
            return None;
        }
        let path = member(&object.here.path, &spelled);
        Some(Located { node, path })
    }

    /// A member that must be there.
    pub(super) fn required<'n>(&mut self, object: &Object<'n>, name: &str) -> Option<Located<'n>> {
        let found = self.optional(object, name);
        if found.is_none() {
            let spelled = object
                .fields
                .iter()
                .find(|field| field.name == name)
                .and_then(|field| field.spelled(self.dialect))
                .unwrap_or_else(|| name.to_owned());
            let remedy = if self.dialect.is_response() {
                "; give the whole answer of `aws bedrock get-guardrail`"
            } else {
                ""
            };
            let message = format!("the required field `{spelled}` is missing{remedy}");
            self.error("missing-field", &object.here, message);
        }
        found
    }

    /// A nested object: in Terraform a block, which is a list of none or one.
    pub(super) fn section<'n>(
        &mut self,
        object: &Object<'n>,
        name: &str,
        fields: &'static [Field],
    ) -> Option<Object<'n>> {
        let at = self.optional(object, name)?;
        let at = self.unwrap_block(at)?;
        self.object(at, fields)
    }

    fn unwrap_block<'n>(&mut self, at: Located<'n>) -> Option<Located<'n>> {
        if self.dialect != Dialect::Terraform {
            return Some(at);
        }
        let Some(items) = at.node.items() else {
            return Some(at);
        };
        if items.len() > 1 {
            let message = format!("one block is expected, this list has {}", items.len());
            self.error("too-many-items", &at, message);
        }
        items.first().map(|node| Located {
            node,
            path: index(&at.path, 0),
        })
    }

    /// The items of a list member; an absent, null or empty one has none. At most `max` items.
    pub(super) fn list<'n>(
        &mut self,
        object: &Object<'n>,
        name: &str,
        max: Option<usize>,
    ) -> Vec<Located<'n>> {
        let Some(at) = self.optional(object, name) else {
            return Vec::new();
        };
        let Some(items) = at.node.items() else {
            if at.node.value != Value::Unknown {
                let message = format!("a list is expected, this is {}", at.node.kind());
                self.error("wrong-type", &at, message);
            }
            return Vec::new();
        };
        if let Some(max) = max.filter(|max| items.len() > *max) {
            let message = format!(
                "at most {max} items are allowed, this list has {}",
                items.len()
            );
            self.error("too-many-items", &at, message);
        }
        // The entries past the limit are read too, for their errors, but not without end.
        let bound = max.map_or(usize::MAX, |max| max.saturating_mul(4));
        items
            .iter()
            .take(bound)
            .enumerate()
            .map(|(i, node)| Located {
                node,
                path: index(&at.path, i),
            })
            .collect()
    }

    /// The text of a value. CloudFormation takes a number or boolean where a string belongs, as written.
    pub(super) fn string(&mut self, at: &Located<'_>, bounds: Text) -> Option<String> {
        let text = match &at.node.value {
            Value::String(text) => text.clone(),
            Value::Number(text) if self.dialect == Dialect::CloudFormation => text.clone(),
            Value::Bool(value) if self.dialect == Dialect::CloudFormation => value.to_string(),
            Value::Unknown => return None,
            _ => {
                let hint = match at.node.value {
                    Value::Number(_) | Value::Bool(_) => "; put it in quotes",
                    _ => "",
                };
                let message = format!("a string is expected, this is {}{hint}", at.node.kind());
                self.error("wrong-type", at, message);
                return None;
            }
        };
        let length = text.chars().count();
        if length < bounds.min || length > bounds.max {
            let folded = if text.ends_with('\n') && length == bounds.max + 1 {
                "; the last one is a line break, which a YAML block keeps unless it is written `>-` or `|-`"
            } else {
                ""
            };
            let message = format!(
                "{} to {} characters are allowed, this string has {length}{folded}",
                bounds.min, bounds.max
            );
            self.error("wrong-length", at, message);
        }
        Some(text)
    }

    /// One of the values of an enumeration. Another value is shown only if it looks like one.
    pub(super) fn choice(
        &mut self,
        at: &Located<'_>,
        allowed: &[&'static str],
    ) -> Option<&'static str> {
        let text = self.string(
            at,
            Text {
                min: 0,
                max: usize::MAX,
            },
        )?;
        let chosen = allowed.iter().copied().find(|value| *value == text);
        if chosen.is_none() {
            let near = nearest(&text, allowed.iter().copied());
            // A word or a key that got into the wrong field does not look like this.
            let is_name = text.len() <= 40
                && !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
            let shown = if is_name || near.is_some() {
                format!("`{}` is not", shown_name(&text))
            } else {
                format!("this string of {} characters is not", text.chars().count())
            };
            let remedy = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if allowed.len() > 8 => "see the API reference for the list".to_owned(),
                None => format!("use {}", alternatives(allowed)),
            };
            self.error(
                "not-in-enum",
                at,
                format!("{shown} a value of this field; {remedy}"),
            );
        }
        chosen
    }

    /// A boolean. CloudFormation takes `"true"` and `"false"` too, which is what `Ref` gives.
    pub(super) fn boolean(&mut self, at: &Located<'_>) -> Option<bool> {
        match (&at.node.value, self.dialect) {
            (Value::Bool(value), _) => return Some(*value),
            (Value::String(text), Dialect::CloudFormation) if text.eq_ignore_ascii_case("true") => {
                return Some(true);
            }
            (Value::String(text), Dialect::CloudFormation)
                if text.eq_ignore_ascii_case("false") =>
            {
                return Some(false);
            }
            (Value::Unknown, _) => return None,
            _ => {}
        }
        let message = format!("true or false is expected, this is {}", at.node.kind());
        self.error("wrong-type", at, message);
        None
    }

    /// A number. CloudFormation takes a string that is one too.
    pub(super) fn number(&mut self, at: &Located<'_>) -> Option<f64> {
        let text = match &at.node.value {
            Value::Number(text) => text,
            Value::String(text) if self.dialect == Dialect::CloudFormation => text,
            Value::Unknown => return None,
            _ => {
                let message = format!("a number is expected, this is {}", at.node.kind());
                self.error("wrong-type", at, message);
                return None;
            }
        };
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        if number.is_none() {
            self.error("wrong-type", at, "a finite decimal number is expected");
        }
        number
    }
}

/// ``A`, `B` or `C``.
pub(super) fn alternatives(values: &[&str]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_fields_in_four_ways() {
        let field = Field::new("wordsConfig").response("words");
        let spelled = |dialect| field.spelled(dialect).unwrap();
        assert_eq!(spelled(Dialect::Request), "wordsConfig");
        assert_eq!(spelled(Dialect::Response), "words");
        assert_eq!(spelled(Dialect::CloudFormation), "WordsConfig");
        assert_eq!(spelled(Dialect::Terraform), "words_config");
        let token = Field::new("clientRequestToken").request_only();
        assert_eq!(token.spelled(Dialect::CloudFormation), None);
    }

    #[test]
    fn alternatives_read_as_a_sentence() {
        assert_eq!(alternatives(&["A"]), "`A`");
        assert_eq!(alternatives(&["A", "B", "C"]), "`A`, `B` or `C`");
    }
}
