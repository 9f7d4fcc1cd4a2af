//! Tells the forms of definitions apart, and says what a document is if it is none.

use super::fields::Dialect;
use super::{Candidate, Found, ReadOptions, cloudformation, terraform};
use crate::diagnostic::{Diagnostics, index, member};
use crate::document::{Node, Value};

/// Fields that only requests have.
const REQUEST: [&str; 10] = [
    "topicPolicyConfig",
    "contentPolicyConfig",
    "wordPolicyConfig",
    "sensitiveInformationPolicyConfig",
    "contextualGroundingPolicyConfig",
    "automatedReasoningPolicyConfig",
    "crossRegionConfig",
    "kmsKeyId",
    "clientRequestToken",
    "guardrailIdentifier",
];
/// Fields that only responses have.
const RESPONSE: [&str; 14] = [
    "topicPolicy",
    "contentPolicy",
    "wordPolicy",
    "sensitiveInformationPolicy",
    "contextualGroundingPolicy",
    "automatedReasoningPolicy",
    "crossRegionDetails",
    "kmsKeyArn",
    "guardrailId",
    "guardrailArn",
    "status",
    "createdAt",
    "updatedAt",
    "version",
];
/// What is taken, for every refusal.
const EXPECTED: &str = "expected is a CreateGuardrail or UpdateGuardrail body, a GetGuardrail response, a CloudFormation template with an AWS::Bedrock::Guardrail, or `terraform show -json` output";

/// The guardrails of a document. If there are none, the diagnostics say why.
pub(super) fn candidates<'n>(
    node: &'n Node,
    path: &str,
    options: &ReadOptions,
    diagnostics: &mut Diagnostics,
) -> Vec<Candidate<'n>> {
    let found = match &node.value {
        Value::List(items) => list(items, node, path, options, diagnostics),
        Value::Object(_) => object(node, path, options, diagnostics),
        _ => {
            let message = format!("the document is {}; {EXPECTED}", node.kind());
            diagnostics.error("not-a-definition", path, node, message);
            Vec::new()
        }
    };
    if path == "$" && !options.parameters.is_empty() {
        let template = found.iter().any(|c| c.dialect == Dialect::CloudFormation);
        if !template && !found.is_empty() {
            let message =
                "parameters are given, but the document is no template that could use them";
            diagnostics.warning("unused-parameter", path, node, message);
        }
    }
    found
}

fn list<'n>(
    items: &'n [Node],
    node: &Node,
    path: &str,
    options: &ReadOptions,
    diagnostics: &mut Diagnostics,
) -> Vec<Candidate<'n>> {
    if items.is_empty() || items.iter().any(|item| item.entries().is_none()) {
        let message = format!("the list holds no definitions; {EXPECTED}");
        diagnostics.error("not-a-definition", path, node, message);
        return Vec::new();
    }
    items
        .iter()
        .enumerate()
        .flat_map(|(i, item)| object(item, &index(path, i), options, diagnostics))
        .collect()
}

fn object<'n>(
    node: &'n Node,
    path: &str,
    options: &ReadOptions,
    diagnostics: &mut Diagnostics,
) -> Vec<Candidate<'n>> {
    if let Some((inner, path)) = envelope(node, path) {
        return candidates(inner, &path, options, diagnostics);
    }
    if node.has("BlockedInputMessaging") && (node.has("GuardrailArn") || node.has("GuardrailId")) {
        return vec![candidate(node, path, Dialect::SdkResponse)];
    }
    if let Some(found) = cloudformation::candidates(node, path, options, diagnostics) {
        return found;
    }
    if let Some(found) = terraform::candidates(node, path, diagnostics) {
        return found;
    }
    if let Some(what) = other_document(node) {
        diagnostics.error(
            "not-a-definition",
            path,
            node,
            format!("this is {what}; {EXPECTED}"),
        );
        return Vec::new();
    }
    let count = |names: &[&str]| names.iter().filter(|name| node.has(name)).count();
    let dialect = if count(&RESPONSE) > count(&REQUEST) {
        Dialect::Response
    } else if count(&REQUEST) > 0 || looks_like_body(node) {
        Dialect::Request
    } else {
        diagnostics.error(
            "not-a-definition",
            path,
            node,
            format!("this object is no guardrail definition; {EXPECTED}"),
        );
        return Vec::new();
    };
    vec![candidate(node, path, dialect)]
}

fn candidate<'n>(node: &'n Node, path: &str, dialect: Dialect) -> Candidate<'n> {
    Candidate {
        id: None,
        path: path.to_owned(),
        dialect,
        node: Found::Here(node),
        diagnostics: Diagnostics::new(),
    }
}

/// The value inside what recorders and programs wrap around a response.
fn envelope<'n>(node: &'n Node, path: &str) -> Option<(&'n Node, String)> {
    let entries = node.entries()?;
    let wrapped = |name: &str, companions: &[&str]| {
        let inner = node
            .member(name)
            .filter(|inner| inner.entries().is_some())?;
        entries
            .iter()
            .all(|e| e.key == name || companions.contains(&e.key.as_str()))
            .then(|| (inner, member(path, name)))
    };
    wrapped("data", &["status_code", "headers"])
        .or_else(|| wrapped("guardrail", &["ResponseMetadata", "$metadata"]))
        .or_else(|| wrapped("Guardrail", &["ResponseMetadata", "$metadata"]))
}

fn looks_like_body(node: &Node) -> bool {
    const MARKS: [&str; 7] = [
        "name",
        "blockedInputMessaging",
        "blockedOutputsMessaging",
        "blocked_input_messaging",
        "blockedOutputMessaging",
        "word_policy_config",
        "sensitive_information_policy_config",
    ];
    MARKS.iter().any(|mark| node.has(mark))
}

/// Documents of the same world that hold no definition.
fn other_document(node: &Node) -> Option<&'static str> {
    let has = |name: &str| node.has(name);
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    Some(
        if has("action") && any(&["outputs", "assessments", "output"]) {
            "an ApplyGuardrail response, the result of a guardrail and not its definition"
        } else if has("inference_results") {
            "a wrapped ApplyGuardrail response, the result of a guardrail and not its definition"
        } else if has("source") && has("content") {
            "an ApplyGuardrail request, a text to check and not a definition"
        } else if node
            .member("bedrock")
            .is_some_and(|b| b.has("guardrail_inference"))
        {
            "an Organizations Bedrock policy, which names guardrails by ARN (give it as --org)"
        } else if has("guardrailInferenceConfig") {
            "a PutEnforcedGuardrailConfiguration body, which names a guardrail by identifier (give it as --account-config)"
        } else if has("guardrailsConfig") {
            "a ListEnforcedGuardrailsConfiguration response (give it as --account-config)"
        } else if node
            .member("guardrails")
            .is_some_and(|g| g.items().is_some())
        {
            "a ListGuardrails response, which has only summaries; run `aws bedrock get-guardrail` for each"
        } else if has("id") && has("arn") && has("status") && !has("blockedInputMessaging") {
            "a ListGuardrails summary; run `aws bedrock get-guardrail` for the definition"
        } else if has("guardrailId") && !any(&["name", "blockedInputMessaging"]) {
            "the answer to a create or update call, which has no policies; run `aws bedrock get-guardrail`"
        } else if any(&["__type", "Error"])
            || has("message") && node.entries().is_some_and(|e| e.len() <= 2)
        {
            "an error answer of a service"
        } else if any(&["legacy_input", "on_error", "allow"]) {
            "an overlay (give it as --overlay)"
        } else if has("$schema") && any(&["properties", "definitions", "$defs"]) {
            "a JSON Schema"
        } else {
            return None;
        },
    )
}
