//! Tells answers of the AWS API apart by their shape, and reads them.
//!
//! What an answer does not say itself (whose policies, below what) stands in the index of a snapshot folder
//! or, in files of the AWS CLI, as an id in the file's name.

use std::collections::BTreeMap;

use edgerail_core::policy::{ContentGuarding, Guarding, ModelScope};

use super::arn::GuardrailArn;
use super::datum::Datum;
use super::documents::{AccountAnswer, AccountConfig, Documents, Input, PolicyDocument};
use super::index::{Asked, Index, Pages, is_index};
use super::names::{ids_in, is_named, natural, region_in};
use super::scope::Unit;
use super::tree::OrgNode;
use crate::definition::{self, ReadOptions};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::document::{self, Node};

/// Members of GetGuardrail's answer that may change while the version stays what it is.
const PASSING: [&str; 6] = [
    "createdAt",
    "failureRecommendations",
    "kmsKeyArn",
    "ResponseMetadata",
    "statusReasons",
    "updatedAt",
];
const POLICY_TYPE: &str = "BEDROCK_POLICY";
/// What DescribeEffectivePolicy answers, with status 400, where no policy applies (Organizations API Reference).
const NOTHING_APPLIES: &str = "EffectivePolicyNotFoundException";

#[derive(Default)]
pub(super) struct Reader {
    out: Documents,
    index: Index,
    pages: Pages,
    /// What was said of what there is one of, with the file.
    told: BTreeMap<String, (String, Datum)>,
    errors: Vec<(String, Diagnostics)>,
}

impl Reader {
    pub(super) fn read(inputs: &[Input]) -> Result<Documents, Vec<(String, Diagnostics)>> {
        let mut reader = Reader::default();
        let mut inputs: Vec<&Input> = inputs.iter().collect();
        // Pages are numbered; the tenth comes after the ninth.
        inputs.sort_by_key(|input| natural(&input.name));
        for input in inputs.iter().filter(|input| is_index(&input.name)) {
            reader.index(input);
        }
        for input in inputs.iter().filter(|input| !is_index(&input.name)) {
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
        if let Err(problem) = self.index.add(&input.name, &value) {
            self.error(&input.name, "index", problem);
        }
    }

    /// What was not pulled, or was cut, would count as not there.
    fn check_whole(&mut self, inputs: &[&Input]) {
        let missing = self.index.missing(inputs).into_iter();
        let missing: Vec<String> = missing.map(str::to_owned).collect();
        for file in missing {
            let message = "the index lists the file, and it is not there; pull the snapshot again";
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
            return self.failed(input, &asked);
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
            self.children(file, units, &asked, |node| node.lists_units = true);
        } else if let Some(accounts) = value.member("Accounts") {
            self.accounts(file, accounts, &asked);
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

    /// Whether an answer is the first about something of which there is one. The same again is left out, and another one
    /// is an error: which of them holds, nobody can tell.
    fn is_first(&mut self, file: &str, what: String, value: &Datum) -> bool {
        let Some((other, known)) = self.told.get(&what) else {
            let own = (file.to_owned(), value.clone());
            self.told.insert(what, own);
            return true;
        };
        if known != value {
            let message = format!("{what} is another one in {other}; keep the newer of the two");
            self.error(file, "org-answer-differs", message);
        }
        false
    }

    /// An answer that is not 200. That no policy applies to an account says as much as a policy; what else failed says
    /// nothing.
    fn failed(&mut self, input: &Input, asked: &Asked) {
        let ty = asked.input.get("PolicyType");
        let ours = ty.is_none_or(|ty| ty.text() == Some(POLICY_TYPE));
        if !ours || asked.operation.as_deref() != Some("DescribeEffectivePolicy") {
            return;
        }
        let Ok(node) = document::read(&input.bytes) else {
            return;
        };
        let answer = Datum::of(&node);
        let code = answer.member("__type").and_then(Datum::text);
        // AWS may write the service's name before it: `com.amazonaws.…#EffectivePolicyNotFoundException`.
        let code = code.and_then(|code| code.rsplit('#').next());
        let target = asked.input.get("TargetId").and_then(Datum::text);
        let target = target.map(str::to_owned).or_else(|| asked.account.clone());
        if let Some(target) = target.filter(|_| code == Some(NOTHING_APPLIES)) {
            self.effective(&input.name, target, Datum::Object(BTreeMap::new()));
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

    fn children(&mut self, file: &str, list: &Datum, asked: &Asked, listed: fn(&mut OrgNode)) {
        if list.items().is_none() {
            return self.error(file, "org-answer", "what should be a list of nodes is none");
        }
        if let Some(parent) = self.id(file, asked, "ParentId") {
            listed(self.out.tree.nodes.entry(parent.clone()).or_default());
            self.nodes(file, list, Some(&parent));
        }
    }

    /// ListAccounts has the same shape as ListAccountsForParent, and says nothing about the tree. It is taken for that
    /// only if the index or the file's name says so: who takes a parent's accounts for all of them overlooks the others.
    fn accounts(&mut self, file: &str, list: &Datum, asked: &Asked) {
        let all = match asked.operation.as_deref() {
            Some(operation) => operation == "ListAccounts",
            None => !asked.input.contains_key("ParentId") && is_named(file, "list-accounts", ""),
        };
        if !all {
            if !asked.input.contains_key("ParentId") && ids_in(file).is_empty() {
                let message = "nothing says whose accounts these are; name the answer of list-accounts-for-parent after its `ParentId` (list-accounts-for-parent-ou-ab12-cdef3456.json), and that of list-accounts list-accounts.json";
                return self.error(file, "org-answer", message);
            }
            return self.children(file, list, asked, |node| node.lists_accounts = true);
        }
        let Some(items) = list.items() else {
            return self.error(file, "org-answer", "what should be a list of nodes is none");
        };
        // The management account is always there: without any account, it is an empty page at most.
        if !items.is_empty() {
            self.out.tree.lists_all_accounts = true;
        }
        self.nodes(file, list, None);
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
        let operation = asked.operation.as_deref();
        let other = operation.is_some_and(|operation| operation != "ListPoliciesForTarget");
        if other || !asked.input.contains_key("TargetId") && ids_in(file).is_empty() {
            return;
        }
        let Some(target) = self.id(file, asked, "TargetId") else {
            return;
        };
        let Some(items) = list.items() else {
            return self.error(file, "org-answer", "`Policies` is no list");
        };
        match is_ours(file, items, asked, &target) {
            Ok(true) => {}
            Ok(false) => return,
            Err(problem) => return self.error(file, "org-answer", problem),
        }
        let node = self.out.tree.nodes.entry(target).or_default();
        let attached = node.policies.get_or_insert_default();
        let mut nameless = false;
        for item in items {
            let text = |name: &str| item.member(name).and_then(Datum::text);
            match text("Id") {
                Some(id) if !attached.iter().any(|have| have == id) => {
                    attached.push(id.to_owned());
                }
                Some(_) => {}
                None => nameless = true,
            }
        }
        if nameless {
            self.error(file, "org-answer", "an attached policy has no id");
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
        if !self.is_first(file, format!("the policy {id}"), &content) {
            return;
        }
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
        let types = [
            effective.member("PolicyType"),
            asked.input.get("PolicyType"),
        ];
        let mut types = types.into_iter().flatten().peekable();
        if types.peek().is_none() {
            let message = "nothing says which `PolicyType` this answers; save the whole answer of describe-effective-policy";
            return self.error(file, "org-answer", message);
        }
        if types.any(|ty| ty.text() != Some(POLICY_TYPE)) {
            return;
        }
        let target = text("TargetId").map(str::to_owned);
        let target = target.or_else(|| self.id(file, asked, "TargetId"));
        let (Some(target), Some(content)) = (target, effective.member("PolicyContent")) else {
            return;
        };
        if let Some((content, _)) = self.content(file, content) {
            self.effective(file, target, content);
        }
    }

    fn effective(&mut self, file: &str, target: String, content: Datum) {
        let what = format!("the effective policy of {target}");
        if self.is_first(file, what, &content) {
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
        let Some(items) = list.items() else {
            return self.error(file, "account-config", "`guardrailsConfig` is no list");
        };
        if items.is_empty() {
            self.answered(file, asked, None);
        }
        for config in items {
            self.config(file, config, asked);
        }
    }

    /// Notes that what an account enforces is known. The region is the one that was asked; without an index the file's
    /// name has it, or the guardrail that is enforced.
    fn answered(&mut self, file: &str, asked: &Asked, arn: Option<GuardrailArn>) -> AccountAnswer {
        let name = file.rsplit('/').next().unwrap_or(file);
        let region = asked.region.clone().or_else(|| region_in(name));
        let region = region.or_else(|| arn.map(|arn| arn.region));
        let account = asked.account.clone().or_else(|| {
            let mut ids = ids_in(file).into_iter();
            ids.find(|id| matches!(Unit::parse(id), Some(Unit::Account(_))))
        });
        let answer = AccountAnswer {
            account,
            region: region.or_else(|| region_in(file)),
            file: file.to_owned(),
        };
        if !self.out.account_answers.contains(&answer) {
            self.out.account_answers.push(answer.clone());
        }
        answer
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
        let answer = self.answered(file, asked, GuardrailArn::parse(identifier).ok());
        self.out.accounts.push(AccountConfig {
            account: answer.account,
            region: answer.region,
            identifier: identifier.to_owned(),
            version: version.to_owned(),
            models,
            guarding,
            file: answer.file,
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
            None => {
                let messages = choice(config.member("inputTags"), ["IGNORE", "HONOR"])?;
                if config.member("inputTags").is_some() {
                    self.preview(file);
                }
                Some(ContentGuarding {
                    system: Guarding::Comprehensive,
                    messages,
                })
            }
        }
    }

    fn preview(&mut self, file: &str) {
        let message = "`inputTags` is the preview's syntax, which PutEnforcedGuardrailConfiguration takes no more: write `selectiveContentGuarding` with `system` and `messages` (IGNORE is COMPREHENSIVE, HONOR is SELECTIVE for messages)";
        let lint = Diagnostic::new(Severity::Lint, "legacy-input-tags", "$", None, message);
        let mut said = Diagnostics::new();
        said.push(lint);
        self.out.said.push((file.to_owned(), said));
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
        let text = |name: &str| value.member(name).and_then(Datum::text);
        if let (Some(arn), Some(version)) = (text("guardrailArn"), text("version")) {
            let lasting = value.members().into_iter().flatten();
            let lasting = lasting.filter(|(name, _)| !PASSING.contains(&name.as_str()));
            let lasting = lasting.map(|(name, value)| (name.clone(), value.clone()));
            let lasting = Datum::Object(lasting.collect());
            if !self.is_first(
                &input.name,
                format!("the guardrail {arn}:{version}"),
                &lasting,
            ) {
                return;
            }
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

/// Whether a list of what is attached to a target is one of Bedrock policies. A list of other policies says nothing
/// about these, and an empty one does not say itself what it is about.
///
/// # Errors
/// That it is of another type, or that nothing says of which.
fn is_ours(file: &str, items: &[Datum], asked: &Asked, target: &str) -> Result<bool, String> {
    let right = format!(
        "add the answer of `list-policies-for-target --target-id {target} --filter {POLICY_TYPE}` as list-policies-for-target-{target}.json"
    );
    let filter = asked.input.get("Filter");
    let types = items.iter().filter_map(|item| item.member("Type"));
    let mut types = types.chain(filter);
    if types.any(|ty| ty.text() != Some(POLICY_TYPE)) {
        return Err(format!(
            "the list is of policies of another type than {POLICY_TYPE}, and says nothing about those; {right}"
        ));
    }
    // Of what is listed without its type the document is needed, which says it.
    if filter.is_some() || !items.is_empty() {
        return Ok(true);
    }
    // A snapshot's last page may be empty, and is no answer alone.
    if asked.operation.is_some() || !asked.input.is_empty() {
        return Ok(false);
    }
    if !is_named(file, "list-policies-for-target", target) {
        return Err(format!(
            "nothing says of which type of policies this list is empty; {right}"
        ));
    }
    Ok(true)
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
