//! Terraform: `terraform show -json` of a state or plan, the raw state file, and test excerpts of it.

use super::fields::Dialect;
use super::{Candidate, Found};
use crate::diagnostic::{Diagnostics, index, member};
use crate::document::Node;

const TYPE: &str = "aws_bedrock_guardrail";

/// The guardrails of a Terraform document, or `None` if it is none.
pub(super) fn candidates<'n>(
    node: &'n Node,
    path: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Candidate<'n>>> {
    let mut found = Vec::new();
    let what = if let Some((values, path)) = shown(node, path) {
        if let Some(root) = values.member("root_module") {
            module(root, &member(&path, "root_module"), &mut found);
        }
        "`terraform show -json` output"
    } else if node.text_member("type") == Some(TYPE) && node.has("values") {
        resource(node, path, &mut found);
        "Terraform resource"
    } else if let Some(resources) = node.member("resources") {
        let path = member(path, "resources");
        if resources.items().is_some() && (node.has("terraform_version") || node.has("lineage")) {
            state_file(resources, &path, &mut found);
        } else if node.has("pytest-terraform") || resources.has(TYPE) {
            excerpt(resources, &path, &mut found);
        } else {
            return None;
        }
        "Terraform state"
    } else if is_attributes(node) {
        found.push(candidate(node, path.to_owned(), None));
        "Terraform resource"
    } else if node.has("terraform_version") || node.has("format_version") {
        "Terraform document"
    } else {
        return None;
    };
    if found.is_empty() {
        let message = format!(
            "the {what} has no managed `{TYPE}` resource (`awscc_bedrock_guardrail` is not read)"
        );
        diagnostics.error("no-guardrail", path, node, message);
    }
    Some(found)
}

impl Node {
    fn text_member(&self, key: &str) -> Option<&str> {
        self.member(key)?.text()
    }
}

/// The values of a state or plan. A plan's `planned_values` are what will be, so they come first.
fn shown<'n>(node: &'n Node, path: &str) -> Option<(&'n Node, String)> {
    for name in ["planned_values", "values"] {
        if let Some(values) = node.member(name).filter(|values| values.has("root_module")) {
            return Some((values, member(path, name)));
        }
    }
    let prior = node.member("prior_state")?;
    shown(prior, &member(path, "prior_state"))
}

fn module<'n>(module: &'n Node, path: &str, found: &mut Vec<Candidate<'n>>) {
    let list = |name: &str| {
        let items = module
            .member(name)
            .and_then(Node::items)
            .unwrap_or_default();
        let path = member(path, name);
        items
            .iter()
            .enumerate()
            .map(move |(i, item)| (item, index(&path, i)))
    };
    for (item, path) in list("resources") {
        resource(item, &path, found);
    }
    // The document's own depth limit bounds this recursion.
    for (child, path) in list("child_modules") {
        self::module(child, &path, found);
    }
}

fn is_managed(resource: &Node) -> bool {
    resource.text_member("type") == Some(TYPE)
        && resource.text_member("mode").unwrap_or("managed") == "managed"
}

fn resource<'n>(resource: &'n Node, path: &str, found: &mut Vec<Candidate<'n>>) {
    if is_managed(resource)
        && let Some(values) = resource.member("values")
    {
        let id = resource.text_member("address").map(str::to_owned);
        found.push(candidate(values, member(path, "values"), id));
    }
}

fn state_file<'n>(resources: &'n Node, path: &str, found: &mut Vec<Candidate<'n>>) {
    for (i, resource) in resources.items().unwrap_or_default().iter().enumerate() {
        if !is_managed(resource) {
            continue;
        }
        let name = resource.text_member("name").unwrap_or_default();
        let path = member(&index(path, i), "instances");
        let instances = resource.member("instances").and_then(Node::items);
        for (i, instance) in instances.unwrap_or_default().iter().enumerate() {
            if let Some(attributes) = instance.member("attributes") {
                let path = member(&index(&path, i), "attributes");
                found.push(candidate(attributes, path, Some(format!("{TYPE}.{name}"))));
            }
        }
    }
}

/// `resources.aws_bedrock_guardrail.<name>`, as pytest-terraform records it.
fn excerpt<'n>(resources: &'n Node, path: &str, found: &mut Vec<Candidate<'n>>) {
    let path = member(path, TYPE);
    let named = resources.member(TYPE).and_then(Node::entries);
    for entry in named.unwrap_or_default() {
        let id = Some(format!("{TYPE}.{}", entry.key));
        found.push(candidate(&entry.value, member(&path, &entry.key), id));
    }
}

/// The bare attributes of a resource: Terraform's names with a block as a list.
fn is_attributes(node: &Node) -> bool {
    node.has("blocked_input_messaging")
        && node.entries().is_some_and(|entries| {
            entries
                .iter()
                .any(|e| e.key.ends_with("_policy_config") && e.value.items().is_some())
        })
}

fn candidate(node: &Node, path: String, id: Option<String>) -> Candidate<'_> {
    Candidate {
        id,
        path,
        dialect: Dialect::Terraform,
        node: Found::Here(node),
        diagnostics: Diagnostics::new(),
    }
}
