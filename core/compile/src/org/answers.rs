//! Tells answers of the AWS API apart by their shape, and reads them.
//!
//! What an answer does not say itself (whose policies, below what) stands in the index of a snapshot folder
//! or, in files of the AWS CLI, as an id in the file's name.

use edgerail_core::policy::{ContentGuarding, Guarding, ModelScope};

use super::arn::GuardrailArn;
use super::datum::Datum;
use super::documents::{AccountConfig, Documents, Input, PolicyDocument};
use super::index::{Asked, INDEX, Index, Pages};
use super::scope::Unit;
use crate::definition::{self, ReadOptions};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::document::{self, Node};

const POLICY_TYPE: &str = "BEDROCK_POLICY";

#[derive(Default)]
pub(super) struct Reader {
    out: Documents,
    index: Index,
    pages: Pages,
    errors: Vec<(String, Diagnostics)>,
}

impl Reader {
    pub(super) fn read(inputs: &[Input]) -> Result<Documents, Vec<(String, Diagnostics)>> {
        let mut reader = Reader::default();
        let mut inputs: Vec<&Input> = inputs.iter().collect();
        // Pages are numbered; the tenth comes after the ninth.
        inputs.sort_by_key(|input| natural(&input.name));
        for input in inputs.iter().filter(|input| input.name == INDEX) {
            reader.index(input);
        }
        for input in inputs.iter().filter(|input| input.name != INDEX) {
            reader.file(input);
        }
        reader.check_whole(&inputs);
        let Reader {
            mut out, errors, ..
        } = reader;
        if !errors.is_empty() {
            return Err(errors);
        }
        if !out.tree.nodes.is_empty() && !out.loose.is_empty() {
            for policy in std::mem::take(&mut out.loose) {
                let message = "this policy document is attached to nothing and is not used: the other files say what is attached where";
                out.said.push((policy.file, warning(message)));
            }
        }
        Ok(out)
    }

    fn error(&mut self, file: &str, code: &'static str, message: impl Into<String>) {
        let refusal = Diagnostics::refusal(code, None, message);
        self.errors.push((file.to_owned(), refusal));
    }

    fn index(&mut self, input: &Input) {
        let node = match document::read(&input.bytes) {
            Ok(node) => node,
            Err(problems) => return self.errors.push((input.name.clone(), problems)),
        };
        let value = Datum::of(&node);
        if let Err(problem) = self.index.add(&value) {
            self.error(&input.name, "index", problem);
        }
    }

    /// What was not pulled, or was cut, would count as not there.
    fn check_whole(&mut self, inputs: &[&Input]) {
        let missing = self.index.missing(inputs).into_iter();
        let missing: Vec<String> = missing.map(str::to_owned).collect();
        for file in missing {
            let message = "index.json lists the file, and it is not there; pull the snapshot again";
            self.error(&file, "index", message);
        }
        for file in std::mem::take(&mut self.pages).cut() {
            let message = "the list goes on (it has a `NextToken`), and no later page is there; save all pages (without `--max-items`)";
            self.error(&file, "org-answer-cut", message);
        }
    }

    fn file(&mut self, input: &Input) {
        let asked = match self.index.asked(input) {
            Ok(asked) => asked,
            Err(problem) => return self.error(&input.name, "index", problem),
        };
        if asked.failed {
            return;
        }
        let node = match document::read(&input.bytes) {
            Ok(node) => node,
            Err(problems) => return self.errors.push((input.name.clone(), problems)),
        };
        let value = Datum::of(&node);
        let file = &input.name;
        let ids: Vec<String> = ids_in(file).into_iter().chain(region_in(file)).collect();
        self.pages.add(file, &value, &asked, &ids);
        if let Some(organization) = value.member("Organization") {
            let text = |name: &str| organization.member(name).and_then(Datum::text);
            self.out.organization = text("Id").map(str::to_owned);
            let management = text("MasterAccountId").or(text("ManagementAccountId"));
            self.out.management_account = management.map(str::to_owned);
        } else if let Some(roots) = value.member("Roots") {
            self.nodes(file, roots, None);
        } else if let Some(units) = value.member("OrganizationalUnits") {
            self.children(file, units, &asked);
        } else if let Some(accounts) = value.member("Accounts") {
            self.children(file, accounts, &asked);
        } else if let Some(parents) = value.member("Parents") {
            self.parents(file, parents, &asked);
        } else if let Some(policies) = value.member("Policies") {
            self.policies(file, policies, &asked);
        } else if let Some(policy) = value.member("Policy") {
            self.policy(file, policy);
        } else if value.member("PolicySummary").is_some() {
            self.policy(file, &value);
        } else if let Some(effective) = value.member("EffectivePolicy") {
            self.described(file, effective, &asked);
        } else if let Some(configs) = value.member("guardrailsConfig") {
            self.configs(file, configs, &asked);
        } else if let Some(config) = value.member("guardrailInferenceConfig") {
            self.config(file, config, &asked);
        } else if value.member("bedrock").is_some() {
            self.loose(file, &value, &input.bytes);
        } else {
            self.definition(input, &node, &value);
        }
    }

    /// The id that the index or the file's name gives for `member` of the question.
    fn id(&mut self, file: &str, asked: &Asked, member: &str) -> Option<String> {
        let input = asked.input.get(member).and_then(Datum::text);
        let found = input.map(str::to_owned).or_else(|| ids_in(file).pop());
        if found.is_none() {
            let message = format!(
                "nothing says which `{member}` this answers; put the id into the file's name, for example {}-111122223333.json",
                file.rsplit('/')
                    .next()
                    .unwrap_or(file)
                    .trim_end_matches(".json")
            );
            self.error(file, "org-answer", message);
        }
        found
    }

    fn children(&mut self, file: &str, list: &Datum, asked: &Asked) {
        // list-accounts has the same shape and says nothing about the tree.
        let known = asked.input.contains_key("ParentId") || !ids_in(file).is_empty();
        if known && let Some(parent) = self.id(file, asked, "ParentId") {
            self.nodes(file, list, Some(&parent));
        } else if !known {
            self.nodes(file, list, None);
        }
    }

    fn nodes(&mut self, file: &str, list: &Datum, parent: Option<&str>) {
        for item in list.items().unwrap_or_default() {
            let text = |name: &str| item.member(name).and_then(Datum::text);
            let Some(id) = text("Id").filter(|id| Unit::parse(id).is_some()) else {
                self.error(
                    file,
                    "org-answer",
                    "a node of the tree has no id of AWS Organizations",
                );
                continue;
            };
            if let Some(arn) = text("Arn") {
                self.organization(arn);
            }
            let name = text("Name").map(str::to_owned);
            let node = self.out.tree.nodes.entry(id.to_owned()).or_default();
            node.name = name.or(node.name.take());
            if let Some(parent) = parent {
                let other = node.parent.replace(parent.to_owned());
                self.same_parent(file, id, parent, other);
            }
        }
    }

    fn parents(&mut self, file: &str, list: &Datum, asked: &Asked) {
        let Some(child) = self.id(file, asked, "ChildId") else {
            return;
        };
        for item in list.items().unwrap_or_default() {
            let Some(parent) = item.member("Id").and_then(Datum::text) else {
                continue;
            };
            let nodes = &mut self.out.tree.nodes;
            nodes.entry(parent.to_owned()).or_default();
            let node = nodes.entry(child.clone()).or_default();
            let other = node.parent.replace(parent.to_owned());
            self.same_parent(file, &child, parent, other);
        }
    }

    fn same_parent(&mut self, file: &str, id: &str, parent: &str, other: Option<String>) {
        if let Some(other) = other.filter(|other| other != parent) {
            let message = format!(
                "{id} is below {parent} here and below {other} in another answer; pull them all again"
            );
            self.error(file, "org-answer", message);
        }
    }

    /// The ids that an ARN of AWS Organizations tells: `arn:aws:organizations::ACCOUNT:KIND/o-…/…`.
    fn organization(&mut self, arn: &str) {
        let mut parts = arn.splitn(6, ':').skip(4);
        let (account, resource) = (parts.next(), parts.next());
        let organization = resource.and_then(|resource| resource.split('/').nth(1));
        let out = &mut self.out;
        if let Some(id) = organization.filter(|id| id.starts_with("o-")) {
            out.organization.get_or_insert_with(|| id.to_owned());
        }
        if let Some(id) = account.filter(|id| id.len() == 12) {
            out.management_account.get_or_insert_with(|| id.to_owned());
        }
    }

    fn policies(&mut self, file: &str, list: &Datum, asked: &Asked) {
        // list-policies has the same shape and says nothing about what is attached.
        if !asked.input.contains_key("TargetId") && ids_in(file).is_empty() {
            return;
        }
        let Some(target) = self.id(file, asked, "TargetId") else {
            return;
        };
        let Some(items) = list.items() else {
            return self.error(file, "org-answer", "`Policies` is no list");
        };
        let node = self.out.tree.nodes.entry(target).or_default();
        let attached = node.policies.get_or_insert_default();
        for item in items {
            let text = |name: &str| item.member(name).and_then(Datum::text);
            let ours = text("Type").is_none_or(|ty| ty == POLICY_TYPE);
            if let Some(id) = text("Id").filter(|_| ours)
                && !attached.iter().any(|have| have == id)
            {
                attached.push(id.to_owned());
            }
        }
    }

    fn policy(&mut self, file: &str, policy: &Datum) {
        let summary = policy.member("PolicySummary");
        let text = |name: &str| summary.and_then(|s| s.member(name)).and_then(Datum::text);
        if text("Type").is_some_and(|ty| ty != POLICY_TYPE) {
            return;
        }
        let (Some(id), Some(content)) = (text("Id"), policy.member("Content")) else {
            let message = "the answer has no policy id or no `Content`";
            return self.error(file, "org-answer", message);
        };
        let Some((content, characters)) = self.content(file, content) else {
            return;
        };
        let document = PolicyDocument {
            id: id.to_owned(),
            name: text("Name").map(str::to_owned),
            content,
            characters,
            file: file.to_owned(),
        };
        self.out.policies.insert(id.to_owned(), document);
    }

    /// A policy in an answer is a string that holds JSON; tools that print answers may have decoded it.
    fn content(&mut self, file: &str, content: &Datum) -> Option<(Datum, usize)> {
        let Some(text) = content.text() else {
            let characters = content.to_json().chars().count();
            return Some((content.clone(), characters));
        };
        match document::read(text.as_bytes()) {
            Ok(node) if node.entries().is_some() => Some((Datum::of(&node), text.chars().count())),
            Ok(_) => {
                self.error(file, "org-policy", "the policy in it is no JSON object");
                None
            }
            Err(problems) => {
                self.errors.push((file.to_owned(), problems));
                None
            }
        }
    }

    fn described(&mut self, file: &str, effective: &Datum, asked: &Asked) {
        let text = |name: &str| effective.member(name).and_then(Datum::text);
        if text("PolicyType").is_some_and(|ty| ty != POLICY_TYPE) {
            return;
        }
        let target = text("TargetId").map(str::to_owned);
        let target = target.or_else(|| self.id(file, asked, "TargetId"));
        let (Some(target), Some(content)) = (target, effective.member("PolicyContent")) else {
            return;
        };
        if let Some((content, _)) = self.content(file, content) {
            self.out.described.insert(target, content);
        }
    }

    fn loose(&mut self, file: &str, value: &Datum, bytes: &[u8]) {
        let characters = core::str::from_utf8(bytes).map_or(bytes.len(), |t| t.chars().count());
        let content = if has_operators(value) {
            value.clone()
        } else {
            // An effective policy that was saved without its envelope: what it says is assigned.
            assigned(value)
        };
        self.out.loose.push(PolicyDocument {
            id: file.to_owned(),
            name: None,
            content,
            characters,
            file: file.to_owned(),
        });
    }

    fn configs(&mut self, file: &str, list: &Datum, asked: &Asked) {
        for config in list.items().unwrap_or_default() {
            self.config(file, config, asked);
        }
    }

    /// An item of ListEnforcedGuardrailsConfiguration, or the body that puts one.
    fn config(&mut self, file: &str, config: &Datum, asked: &Asked) {
        let text = |name: &str| config.member(name).and_then(Datum::text);
        let identifier = text("guardrailArn")
            .or(text("guardrailIdentifier"))
            .or(text("guardrailId"));
        let (Some(identifier), Some(version)) = (identifier, text("guardrailVersion")) else {
            let message = "an enforced configuration has no guardrail or no version";
            return self.error(file, "account-config", message);
        };
        if let Err(problem) = super::arn::check_version(version) {
            let message = format!("the enforced guardrail {problem}");
            return self.error(file, "account-config", message);
        }
        let guarding = self.content_guarding(file, config);
        let models = self.model_enforcement(file, config);
        let (Some(guarding), Some(models)) = (guarding, models) else {
            return;
        };
        let arn = GuardrailArn::parse(identifier).ok();
        let region = arn.map(|arn| arn.region);
        let region = region.or(asked.region.clone()).or_else(|| region_in(file));
        let account = asked.account.clone().or_else(|| {
            let mut ids = ids_in(file).into_iter();
            ids.find(|id| matches!(Unit::parse(id), Some(Unit::Account(_))))
        });
        self.out.accounts.push(AccountConfig {
            account,
            region,
            identifier: identifier.to_owned(),
            version: version.to_owned(),
            models,
            guarding,
            file: file.to_owned(),
        });
    }

    fn content_guarding(&mut self, file: &str, config: &Datum) -> Option<ContentGuarding> {
        let mut choice = |value: Option<&Datum>, names: [&str; 2]| match value.map(Datum::text) {
            None => Some(Guarding::Comprehensive),
            Some(Some(name)) if name == names[0] => Some(Guarding::Comprehensive),
            Some(Some(name)) if name == names[1] => Some(Guarding::Selective),
            _ => {
                let message = format!(
                    "a content guarding is neither {} nor {}",
                    names[0], names[1]
                );
                self.error(file, "account-config", message);
                None
            }
        };
        let names = ["COMPREHENSIVE", "SELECTIVE"];
        match config.member("selectiveContentGuarding") {
            Some(section) => Some(ContentGuarding {
                system: choice(section.member("system"), names)?,
                messages: choice(section.member("messages"), names)?,
            }),
            // The preview had this instead.
            None => Some(ContentGuarding {
                system: Guarding::Comprehensive,
                messages: choice(config.member("inputTags"), ["IGNORE", "HONOR"])?,
            }),
        }
    }

    fn model_enforcement(&mut self, file: &str, config: &Datum) -> Option<ModelScope> {
        let Some(section) = config.member("modelEnforcement") else {
            return Some(ModelScope::default());
        };
        let mut list = |name: &str| {
            let items = section.member(name).and_then(Datum::items);
            let names: Option<Vec<String>> = items
                .map(|items| items.iter().map(|i| i.text().map(str::to_owned)).collect())
                .unwrap_or_default();
            if names.is_none() {
                let message = format!("`{name}` of a model enforcement is no list of model ids");
                self.error(file, "account-config", message);
            }
            names
        };
        let (included, excluded) = (list("includedModels"), list("excludedModels"));
        Some(ModelScope {
            included: included?,
            excluded: excluded?,
        })
    }

    fn definition(&mut self, input: &Input, node: &Node, value: &Datum) {
        // ListGuardrails and empty answers: nothing that is needed.
        let other = ["guardrails", "nextToken", "NextToken", "Handshakes"];
        let members = node.entries().unwrap_or_default();
        if members.is_empty() || other.iter().any(|name| value.member(name).is_some()) {
            return;
        }
        match definition::read(&input.bytes, &ReadOptions::default()) {
            Ok(read) => {
                let own = read.guardrails.into_iter();
                let own = own.map(|guardrail| (input.name.clone(), guardrail));
                self.out.definitions.extend(own);
                if !read.diagnostics.is_empty() {
                    self.out.said.push((input.name.clone(), read.diagnostics));
                }
            }
            Err(problems) => self.errors.push((input.name.clone(), problems)),
        }
    }
}

fn warning(message: &str) -> Diagnostics {
    let mut all = Diagnostics::new();
    all.push(Diagnostic::new(
        Severity::Warning,
        "org-unused",
        "$",
        None,
        message,
    ));
    all
}

/// Whether a policy has any inheritance operator.
pub(super) fn has_operators(value: &Datum) -> bool {
    match value {
        Datum::Object(members) => members
            .iter()
            .any(|(name, value)| name.starts_with("@@") || has_operators(value)),
        _ => false,
    }
}

/// A policy without operators as one that assigns what it says.
fn assigned(value: &Datum) -> Datum {
    match value {
        Datum::Object(members) => {
            let members = members.iter();
            Datum::Object(members.map(|(n, v)| (n.clone(), assigned(v))).collect())
        }
        leaf => Datum::Object([("@@assign".to_owned(), leaf.clone())].into()),
    }
}

/// The ids of roots, units and accounts in a file's name, in their order.
fn ids_in(file: &str) -> Vec<String> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.strip_suffix(".json").unwrap_or(name);
    let words: Vec<&str> = name.split(['-', '_', '.', ' ']).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        // The longest first: `ou-ab12-cdef3456` before anything in it.
        let length = (1..=3).rev().find(|length| {
            let candidate = words.get(at..at + length).map(|words| words.join("-"));
            candidate.is_some_and(|candidate| Unit::parse(&candidate).is_some())
        });
        if let Some(length) = length {
            found.push(words[at..at + length].join("-"));
        }
        at += length.unwrap_or(1);
    }
    found
}

/// A region in a file's name or folder: `us-east-1`.
fn region_in(file: &str) -> Option<String> {
    let words: Vec<&str> = file.split(['-', '_', '.', '/', ' ']).collect();
    let letters = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let number = |word: &str| word.len() == 1 && word.bytes().all(|b| b.is_ascii_digit());
    words
        .windows(4)
        .find_map(|w| match w {
            [a, b, c, n] if a.len() == 2 && letters(a) && letters(b) && letters(c) && number(n) => {
                Some(format!("{a}-{b}-{c}-{n}"))
            }
            _ => None,
        })
        .or_else(|| {
            words.windows(3).find_map(|w| match w {
                [a, b, n] if a.len() == 2 && letters(a) && letters(b) && number(n) => {
                    Some(format!("{a}-{b}-{n}"))
                }
                _ => None,
            })
        })
}

/// A name with its numbers as numbers.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (text, after) = rest.split_at(digits);
        let end = after
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(after.len());
        let (number, after) = after.split_at(end);
        parts.push((text.to_owned(), number.parse().unwrap_or(0)));
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_regions_are_found_in_file_names() {
        for (name, ids) in [
            ("list-policies-for-target-r-ab12.json", vec!["r-ab12"]),
            (
                "x/list-accounts-for-parent-ou-ab12-cdef3456.json",
                vec!["ou-ab12-cdef3456"],
            ),
            ("list-parents_111122223333.json", vec!["111122223333"]),
            ("describe-policy-1.json", vec![]),
            ("list-roots.json", vec![]),
        ] {
            assert_eq!(ids_in(name), ids, "{name}");
        }
        let region = region_in("bedrock/us-east-1/list-enforced-guardrails-configuration/1.json");
        assert_eq!(region.as_deref(), Some("us-east-1"));
        assert_eq!(
            region_in("enforced-us-gov-west-1.json").as_deref(),
            Some("us-gov-west-1")
        );
        assert_eq!(region_in("list-enforced-guardrails.json"), None);
    }

    #[test]
    fn pages_are_read_in_the_order_of_their_numbers() {
        let mut names = ["a/10.json", "a/9.json", "a/1.json", "b/2.json"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["a/1.json", "a/9.json", "a/10.json", "b/2.json"]);
    }
}
