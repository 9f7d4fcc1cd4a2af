//! CloudFormation, SAM and CDK templates: finds the guardrails and resolves what their properties refer to.

use std::collections::{BTreeMap, HashMap};

use super::fields::{Dialect, Text};
use super::intrinsics::Resolver;
use super::{Candidate, Found, ReadOptions};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, member, shown_name};
use crate::document::{Node, Value};
use crate::nearest::nearest;

const TYPE: &str = "AWS::Bedrock::Guardrail";

/// The guardrails of a template, of one resource, or of bare properties; `None` if it is none of these.
pub(super) fn candidates<'n>(
    node: &'n Node,
    path: &str,
    options: &ReadOptions,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Candidate<'n>>> {
    if let Some(resources) = node.member("Resources") {
        return Some(template(node, resources, path, options, diagnostics));
    }
    let resolver = Resolver::new(node, options);
    if node.member("Type").and_then(Node::text) == Some(TYPE) || is_bare(node.member("Properties"))
    {
        return Some(vec![candidate(None, node, path, &resolver)]);
    }
    if is_bare(Some(node)) {
        let mut own = Diagnostics::new();
        let resolved = resolver.properties(node, path, &mut own);
        return Some(vec![resolved_candidate(
            None,
            path.to_owned(),
            resolved,
            own,
        )]);
    }
    if node.has("AWSTemplateFormatVersion") {
        let message = "the template has no `Resources`";
        diagnostics.error("no-guardrail", path, node, message);
        return Some(Vec::new());
    }
    None
}

fn is_bare(properties: Option<&Node>) -> bool {
    const MARKS: [&str; 6] = [
        "BlockedInputMessaging",
        "BlockedOutputsMessaging",
        "WordPolicyConfig",
        "TopicPolicyConfig",
        "ContentPolicyConfig",
        "SensitiveInformationPolicyConfig",
    ];
    let request_spelling = |mark: &str| {
        let mut chars = mark.chars();
        let first = chars.next().map(|c| c.to_ascii_lowercase());
        first.into_iter().chain(chars).collect::<String>()
    };
    properties.is_some_and(|node| {
        let own = MARKS.iter().filter(|mark| node.has(mark)).count();
        let requests = MARKS
            .iter()
            .filter(|mark| node.has(&request_spelling(mark)))
            .count();
        own > requests
    })
}

fn template<'n>(
    node: &'n Node,
    resources: &'n Node,
    path: &str,
    options: &ReadOptions,
    diagnostics: &mut Diagnostics,
) -> Vec<Candidate<'n>> {
    let resolver = Resolver::new(node, options);
    let path_of_resources = member(path, "Resources");
    let mut found = Vec::new();
    let mut left_out = 0_usize;
    for entry in resources.entries().unwrap_or_default() {
        let path = member(&path_of_resources, &entry.key);
        if entry.key.starts_with("Fn::") {
            if mentions(&entry.value) {
                let message = format!(
                    "`{}` is not resolved here; deploy the template or expand the resources",
                    shown_name(&entry.key)
                );
                diagnostics.error("intrinsic-not-supported", &path, &entry.value, message);
            }
            continue;
        }
        if entry.value.member("Type").and_then(Node::text) != Some(TYPE) {
            continue;
        }
        let mut own = Diagnostics::new();
        if let Some(condition) = entry.value.member("Condition") {
            match resolver.condition_named(condition, &member(&path, "Condition"), &mut own) {
                Some(true) => {}
                Some(false) => {
                    left_out += 1;
                    continue;
                }
                None => {
                    diagnostics.append(own);
                    continue;
                }
            }
        }
        found.push(candidate(
            Some(entry.key.clone()),
            &entry.value,
            &path,
            &resolver,
        ));
    }
    if found.is_empty() && !diagnostics.has_errors() {
        let message = if left_out > 0 {
            format!(
                "the conditions leave out all {left_out} `{TYPE}` resources; set them with --parameter"
            )
        } else {
            format!("the template has no `{TYPE}` resource")
        };
        diagnostics.error("no-guardrail", &path_of_resources, resources, message);
    }
    check_parameters(node, path, options, diagnostics);
    found
}

/// Whether a guardrail stands somewhere in there.
fn mentions(node: &Node) -> bool {
    match &node.value {
        Value::String(text) => text == TYPE,
        Value::List(items) => items.iter().any(mentions),
        Value::Object(entries) => entries.iter().any(|e| mentions(&e.value)),
        _ => false,
    }
}

fn candidate<'n>(
    id: Option<String>,
    resource: &'n Node,
    path: &str,
    resolver: &Resolver<'_>,
) -> Candidate<'n> {
    let mut own = Diagnostics::new();
    let path = member(path, "Properties");
    let resolved = match resource.member("Properties") {
        Some(properties) => resolver.properties(properties, &path, &mut own),
        None => Node::new(Value::Object(Vec::new()), resource.place),
    };
    resolved_candidate(id, path, resolved, own)
}

fn resolved_candidate<'n>(
    id: Option<String>,
    path: String,
    node: Node,
    diagnostics: Diagnostics,
) -> Candidate<'n> {
    Candidate {
        id,
        path,
        dialect: Dialect::CloudFormation,
        node: Found::Resolved(node),
        diagnostics,
    }
}

/// A given parameter that the template does not have is probably misspelled.
fn check_parameters(node: &Node, path: &str, options: &ReadOptions, diagnostics: &mut Diagnostics) {
    let declared = node
        .member("Parameters")
        .and_then(Node::entries)
        .unwrap_or_default();
    let names: Vec<&str> = declared.iter().map(|e| e.key.as_str()).collect();
    for name in options.parameters.keys() {
        if names.contains(&name.as_str()) || name.starts_with("AWS::") {
            continue;
        }
        let mut message = format!("the template has no parameter `{}`", shown_name(name));
        if let Some(near) = nearest(name, names.iter().copied()) {
            message += &format!("; did you mean `{near}`?");
        }
        let at = member(path, "Parameters");
        diagnostics.push(Diagnostic::new(
            Severity::Error,
            "unknown-parameter",
            &at,
            None,
            message,
        ));
    }
}

/// A parameter of the template.
pub(super) struct Parameter {
    /// What `Ref` gives, or why it gives nothing.
    pub(super) value: Result<Value, String>,
}

/// All parameters, with the values given or their defaults.
pub(super) fn parameters(
    template: &Node,
    given: &BTreeMap<String, String>,
) -> HashMap<String, Parameter> {
    let declared = template
        .member("Parameters")
        .and_then(Node::entries)
        .unwrap_or_default();
    // A bare resource declares no parameters: there, all that are given count.
    let declares = template.has("Resources");
    let mut all: HashMap<String, Parameter> = declared
        .iter()
        .map(|entry| {
            let value = parameter(&entry.key, &entry.value, given.get(&entry.key));
            (entry.key.clone(), Parameter { value })
        })
        .collect();
    for (name, value) in given
        .iter()
        .filter(|(name, _)| name.starts_with("AWS::") || !declares)
    {
        let value = Ok(Value::String(value.clone()));
        all.insert(name.clone(), Parameter { value });
    }
    all
}

fn parameter(name: &str, node: &Node, given: Option<&String>) -> Result<Value, String> {
    let shown = shown_name(name);
    let ty = node.member("Type").and_then(Node::text).unwrap_or("String");
    if given.is_none() && ty.starts_with("AWS::SSM::Parameter::Value") {
        return Err(format!(
            "the parameter `{shown}` is read from Systems Manager at deployment; give its value with --parameter {shown}=…"
        ));
    }
    let text = match (given, node.member("Default").map(|d| &d.value)) {
        (Some(text), _) => text.clone(),
        (None, Some(Value::String(text) | Value::Number(text))) => text.clone(),
        (None, Some(Value::Bool(value))) => value.to_string(),
        (None, _) => {
            return Err(format!(
                "the parameter `{shown}` has no default; give its value with --parameter {shown}=…"
            ));
        }
    };
    check_value(&shown, node, &text)?;
    if ty == "CommaDelimitedList" || ty.contains("List<") {
        let items = text
            .split(',')
            .map(|item| Node::new(Value::String(item.trim().to_owned()), node.place));
        return Ok(Value::List(items.collect()));
    }
    Ok(Value::String(text))
}

/// `AllowedValues`, `MinLength` and `MaxLength`. The value itself may be a secret and is not shown.
fn check_value(shown: &str, node: &Node, text: &str) -> Result<(), String> {
    if let Some(allowed) = node.member("AllowedValues").and_then(Node::items) {
        let fits = allowed.iter().any(|item| match &item.value {
            Value::String(value) | Value::Number(value) => value == text,
            Value::Bool(value) => value.to_string() == text,
            _ => false,
        });
        if !fits {
            return Err(format!(
                "the value of the parameter `{shown}` is not one of its AllowedValues"
            ));
        }
    }
    let bound = |name: &str| match &node.member(name)?.value {
        Value::Number(text) | Value::String(text) => text.parse::<usize>().ok(),
        _ => None,
    };
    let bounds = Text {
        min: bound("MinLength").unwrap_or(0),
        max: bound("MaxLength").unwrap_or(usize::MAX),
    };
    let length = text.chars().count();
    if length < bounds.min || length > bounds.max {
        return Err(format!(
            "the value of the parameter `{shown}` has {length} characters, which its MinLength or MaxLength does not allow"
        ));
    }
    Ok(())
}
