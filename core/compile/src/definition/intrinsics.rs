//! CloudFormation's intrinsic functions, as far as they can be worked out without a deployment.

use std::collections::HashMap;

use super::ReadOptions;
use super::cloudformation::{Parameter, parameters};
use crate::diagnostic::{Diagnostics, index, member, shown_name};
use crate::document::{Entry, Node, Value};

/// Conditions may refer to one another; a longer chain than this is a circle.
const MAX_CONDITION_DEPTH: usize = 64;
/// How many conditions one property may take to decide, so that doubling ones do not run for ever.
const MAX_CONDITION_STEPS: usize = 10_000;
/// What a value may grow to by substitution.
const MAX_TEXT: usize = 1024 * 1024;

/// Properties that do not decide any text: what cannot be known of them is left unknown.
const UNNEEDED: [&str; 4] = [
    "KmsKeyArn",
    "Tags",
    "CrossRegionConfig",
    "AutomatedReasoningPolicyConfig",
];

/// What a template's functions can refer to.
pub(super) struct Resolver<'t> {
    template: &'t Node,
    parameters: HashMap<String, Parameter>,
}

/// One resolution: where problems go.
struct Run<'r, 't> {
    resolver: &'r Resolver<'t>,
    diagnostics: &'r mut Diagnostics,
    steps: usize,
}

/// `None` stands for `AWS::NoValue`.
type Resolved = Option<Node>;

impl<'t> Resolver<'t> {
    pub(super) fn new(template: &'t Node, options: &ReadOptions) -> Self {
        Resolver {
            template,
            parameters: parameters(template, &options.parameters),
        }
    }

    /// The properties of a resource with all functions resolved; what could not be is `Unknown`, and
    /// reported where it matters.
    pub(super) fn properties(
        &self,
        node: &Node,
        path: &str,
        diagnostics: &mut Diagnostics,
    ) -> Node {
        let Some(entries) = node.entries().filter(|_| function(node).is_none()) else {
            return self.resolve(node, path, diagnostics);
        };
        let entries = entries.iter().filter_map(|entry| {
            let at = member(path, &entry.key);
            let mut own = Diagnostics::new();
            let mut run = Run {
                resolver: self,
                diagnostics: &mut own,
                steps: 0,
            };
            run.refuse_function(entry, &at);
            let value = run.value(&entry.value, &at)?;
            if !UNNEEDED.contains(&entry.key.as_str()) {
                diagnostics.append(own);
            }
            Some(Entry {
                key: entry.key.clone(),
                place: entry.place,
                value,
            })
        });
        Node::new(Value::Object(entries.collect()), node.place)
    }

    fn resolve(&self, node: &Node, path: &str, diagnostics: &mut Diagnostics) -> Node {
        let mut run = Run {
            resolver: self,
            diagnostics,
            steps: 0,
        };
        run.value(node, path)
            .unwrap_or_else(|| Node::new(Value::Null, node.place))
    }

    /// The value of the condition that a resource names; `None` if it cannot be known, which is reported.
    pub(super) fn condition_named(
        &self,
        name: &Node,
        path: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<bool> {
        let mut run = Run {
            resolver: self,
            diagnostics,
            steps: 0,
        };
        run.named(name, path, 0)
    }
}

/// The function and its argument, if the object is one.
fn function(node: &Node) -> Option<(&str, &Node)> {
    match node.entries()? {
        [entry] if entry.key == "Ref" || entry.key.starts_with("Fn::") => {
            Some((&entry.key, &entry.value))
        }
        _ => None,
    }
}

impl Run<'_, '_> {
    fn unknown(
        &mut self,
        code: &'static str,
        path: &str,
        node: &Node,
        message: impl Into<String>,
    ) -> Resolved {
        self.diagnostics.error(code, path, node, message);
        Some(Node::new(Value::Unknown, node.place))
    }

    fn value(&mut self, node: &Node, path: &str) -> Resolved {
        if let Some((name, argument)) = function(node) {
            let at = member(path, name);
            return match name {
                "Ref" => self.reference(argument, &at),
                "Fn::Sub" => self.sub(argument, &at),
                "Fn::Join" => self.join(argument, &at),
                "Fn::If" => self.choose(argument, &at),
                "Fn::FindInMap" => self.find_in_map(argument, &at),
                _ => {
                    let message = format!(
                        "`{}` is not resolved here; write its value, or make it a parameter and give --parameter",
                        shown_name(name)
                    );
                    self.unknown("intrinsic-not-supported", path, node, message)
                }
            };
        }
        let value = match &node.value {
            Value::List(items) => Value::List(
                items
                    .iter()
                    .enumerate()
                    .filter_map(|(i, item)| self.value(item, &index(path, i)))
                    .collect(),
            ),
            Value::Object(entries) => Value::Object(
                entries
                    .iter()
                    .filter_map(|entry| {
                        let at = member(path, &entry.key);
                        self.refuse_function(entry, &at);
                        let value = self.value(&entry.value, &at)?;
                        Some(Entry {
                            key: entry.key.clone(),
                            place: entry.place,
                            value,
                        })
                    })
                    .collect(),
            ),
            other => other.clone(),
        };
        Some(Node::new(value, node.place))
    }

    /// A function beside other members, such as `Fn::Transform`, would add members that are not known here.
    fn refuse_function(&mut self, entry: &Entry, path: &str) {
        if entry.key.starts_with("Fn::") {
            let shown = shown_name(&entry.key);
            let message = format!("`{shown}` is not resolved here; write out what it gives");
            self.diagnostics
                .error("intrinsic-not-supported", path, &entry.value, message);
        }
    }

    fn reference(&mut self, argument: &Node, path: &str) -> Resolved {
        match argument.text() {
            Some("AWS::NoValue") => None,
            Some(name) => match self.named_value(name) {
                Ok(value) => Some(Node::new(value, argument.place)),
                Err(message) => self.unknown("unresolved-reference", path, argument, message),
            },
            None => self.unknown("intrinsic-argument", path, argument, "`Ref` takes a name"),
        }
    }

    /// The value of a parameter or pseudo-parameter.
    fn named_value(&self, name: &str) -> Result<Value, String> {
        if let Some(parameter) = self.resolver.parameters.get(name) {
            return parameter.value.clone();
        }
        let shown = shown_name(name);
        let resources = self.resolver.template.member("Resources");
        let resource = name.split('.').next().unwrap_or(name);
        Err(if name.starts_with("AWS::") {
            format!(
                "`{shown}` is known only at deployment; give its value with --parameter {shown}=…"
            )
        } else if resources.is_some_and(|resources| resources.has(resource)) {
            format!(
                "`{shown}` refers to a resource, whose value exists only after deployment; write the value, or make it a parameter"
            )
        } else {
            format!("the template has no parameter `{shown}`")
        })
    }

    /// `Fn::Sub: "text ${Name}"` or `Fn::Sub: ["text ${Name}", {"Name": value}]`.
    fn sub(&mut self, argument: &Node, path: &str) -> Resolved {
        let (text, own) = match (argument.text(), argument.items()) {
            (Some(text), _) => (text, None),
            (_, Some([text, own])) if own.entries().is_some() && text.text().is_some() => {
                (text.text().unwrap_or_default(), Some(own))
            }
            _ => {
                return self.unknown(
                    "intrinsic-argument",
                    path,
                    argument,
                    "`Fn::Sub` takes a string, or a list of a string and an object",
                );
            }
        };
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                return self.unknown(
                    "intrinsic-argument",
                    path,
                    argument,
                    "`${` has no `}` in `Fn::Sub`",
                );
            };
            rest = tail;
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str("${");
                out.push_str(literal);
                out.push('}');
                continue;
            }
            match self.substitute(name.trim(), own, argument, path) {
                Some(value) if out.len() + value.len() <= MAX_TEXT => out.push_str(&value),
                Some(_) => {
                    return self.unknown(
                        "intrinsic-argument",
                        path,
                        argument,
                        "`Fn::Sub` gives more than 1 MiB",
                    );
                }
                None => return Some(Node::new(Value::Unknown, argument.place)),
            }
        }
        out.push_str(rest);
        Some(Node::new(Value::String(out), argument.place))
    }

    /// The text of one `${name}`; `None` if it cannot be known, which is reported.
    fn substitute(
        &mut self,
        name: &str,
        own: Option<&Node>,
        argument: &Node,
        path: &str,
    ) -> Option<String> {
        let value = match own.and_then(|own| own.member(name)) {
            Some(node) => self.value(node, path)?.value,
            None => match self.named_value(name) {
                Ok(value) => value,
                Err(message) => {
                    self.diagnostics
                        .error("unresolved-reference", path, argument, message);
                    return None;
                }
            },
        };
        let text = scalar_text(&value);
        if text.is_none() && value != Value::Unknown {
            let message = format!("`${{{}}}` is no string", shown_name(name));
            self.diagnostics
                .error("intrinsic-argument", path, argument, message);
        }
        text
    }

    /// `Fn::Join: [delimiter, [values…]]`.
    fn join(&mut self, argument: &Node, path: &str) -> Resolved {
        let Some([delimiter, list]) = argument.items() else {
            return self.unknown(
                "intrinsic-argument",
                path,
                argument,
                "`Fn::Join` takes a list of a delimiter and a list",
            );
        };
        let list = self.value(list, &index(path, 1))?;
        if list.value == Value::Unknown {
            return Some(list);
        }
        let (Some(delimiter), Some(items)) = (delimiter.text(), list.items()) else {
            return self.unknown(
                "intrinsic-argument",
                path,
                argument,
                "`Fn::Join` takes a list of a delimiter and a list",
            );
        };
        if items.iter().any(|item| item.value == Value::Unknown) {
            return Some(Node::new(Value::Unknown, argument.place));
        }
        let texts: Option<Vec<String>> =
            items.iter().map(|item| scalar_text(&item.value)).collect();
        match texts {
            Some(texts) => Some(Node::new(
                Value::String(texts.join(delimiter)),
                argument.place,
            )),
            None => self.unknown(
                "intrinsic-argument",
                path,
                argument,
                "`Fn::Join` joins strings only",
            ),
        }
    }

    /// `Fn::If: [condition, then, else]`.
    fn choose(&mut self, argument: &Node, path: &str) -> Resolved {
        let Some([condition, then, otherwise]) = argument.items() else {
            return self.unknown(
                "intrinsic-argument",
                path,
                argument,
                "`Fn::If` takes a condition's name and two values",
            );
        };
        match self.named(condition, &index(path, 0), 0) {
            Some(true) => self.value(then, &index(path, 1)),
            Some(false) => self.value(otherwise, &index(path, 2)),
            None => Some(Node::new(Value::Unknown, argument.place)),
        }
    }

    /// `Fn::FindInMap: [map, first key, second key]`, with `DefaultValue` as a fourth.
    fn find_in_map(&mut self, argument: &Node, path: &str) -> Resolved {
        let (keys, default) = match argument.items() {
            Some([a, b, c]) => ([a, b, c], None),
            Some([a, b, c, default]) => ([a, b, c], default.member("DefaultValue")),
            _ => {
                return self.unknown(
                    "intrinsic-argument",
                    path,
                    argument,
                    "`Fn::FindInMap` takes a map's name and two keys",
                );
            }
        };
        let mut found = self.resolver.template.member("Mappings");
        for (i, key) in keys.into_iter().enumerate() {
            let key = self.value(key, &index(path, i))?;
            if key.value == Value::Unknown {
                return Some(key);
            }
            let name = scalar_text(&key.value).unwrap_or_default();
            found = found.and_then(|map| map.member(&name));
        }
        match (found, default) {
            (Some(node), _) => Some(node.clone()),
            (None, Some(default)) => self.value(default, &index(path, 3)),
            (None, None) => self.unknown(
                "unresolved-reference",
                path,
                argument,
                "`Fn::FindInMap` finds nothing under these keys in `Mappings`",
            ),
        }
    }

    /// The condition of this name.
    fn named(&mut self, name: &Node, path: &str, depth: usize) -> Option<bool> {
        let Some(name_text) = name.text() else {
            self.diagnostics.error(
                "intrinsic-argument",
                path,
                name,
                "the name of a condition is expected",
            );
            return None;
        };
        let shown = shown_name(name_text);
        self.steps += 1;
        if depth > MAX_CONDITION_DEPTH || self.steps > MAX_CONDITION_STEPS {
            // One message is enough: each way through the circle would give its own.
            if self.steps > MAX_CONDITION_STEPS && self.diagnostics.has_errors() {
                return None;
            }
            let message =
                format!("the condition `{shown}` refers to itself, or to too many others");
            self.diagnostics
                .error("unresolved-reference", path, name, message);
            return None;
        }
        let template = self.resolver.template;
        let Some(node) = template
            .member("Conditions")
            .and_then(|all| all.member(name_text))
        else {
            let message = format!("the template has no condition `{shown}`");
            self.diagnostics
                .error("unresolved-reference", path, name, message);
            return None;
        };
        self.condition(node, &member("$.Conditions", name_text), depth + 1)
    }

    fn condition(&mut self, node: &Node, path: &str, depth: usize) -> Option<bool> {
        let [entry] = node.entries().unwrap_or_default() else {
            self.diagnostics.error(
                "intrinsic-argument",
                path,
                node,
                "a condition function is expected",
            );
            return None;
        };
        let at = member(path, &entry.key);
        let items = entry.value.items().unwrap_or_default();
        match (entry.key.as_str(), items) {
            ("Condition", _) => self.named(&entry.value, &at, depth),
            ("Fn::Not", [inner]) => self.condition(inner, &at, depth).map(|value| !value),
            ("Fn::Equals", [a, b]) => {
                let a = self.value(a, &index(&at, 0));
                let b = self.value(b, &index(&at, 1));
                // `AWS::NoValue` compares as nothing at all.
                let empty = || Node::new(Value::String(String::new()), entry.place);
                let (a, b) = (a.unwrap_or_else(empty), b.unwrap_or_else(empty));
                let text = scalar_text(&a.value).zip(scalar_text(&b.value));
                if text.is_none() && a.value != Value::Unknown && b.value != Value::Unknown {
                    let message = "`Fn::Equals` compares two strings";
                    self.diagnostics
                        .error("intrinsic-argument", &at, &entry.value, message);
                }
                text.map(|(a, b)| a == b)
            }
            ("Fn::And" | "Fn::Or", [_, _, ..]) => {
                let and = entry.key == "Fn::And";
                // All are evaluated, so that all problems are reported and none depends on the order.
                let values: Vec<Option<bool>> = items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| self.condition(item, &index(&at, i), depth))
                    .collect();
                let values: Option<Vec<bool>> = values.into_iter().collect();
                values.map(|v| {
                    if and {
                        v.iter().all(|x| *x)
                    } else {
                        v.iter().any(|x| *x)
                    }
                })
            }
            _ => {
                let message = format!(
                    "`{}` with this argument is no condition that can be resolved here",
                    shown_name(&entry.key)
                );
                self.diagnostics
                    .error("intrinsic-not-supported", &at, &entry.value, message);
                None
            }
        }
    }
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) | Value::Number(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
