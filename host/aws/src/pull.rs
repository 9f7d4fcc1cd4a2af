//! What is asked of AWS, in which order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::SystemTime;

use serde_json::Value;

use crate::client::{Answer, Call, Client};
use crate::error::{Error, Kind};
use crate::guardrail::{Reference, Version};
use crate::meaning::{check_definition, draft, has_policy_type, id, references, updater};
use crate::operation::{self, Operation};
use crate::retry::rfc3339;
use crate::shape::{arn_parts, is_account};
use crate::snapshot::{Added, Snapshot};

/// The type of Bedrock policies in Organizations.
pub(crate) const POLICY_TYPE: &str = "BEDROCK_POLICY";

/// An organization nests OUs five deep (AWS's quota); more is a circle.
const DEPTH: usize = 16;

/// What to pull.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Whose account-level enforcement and guardrails are read; none is the configured region. If given, only
    /// guardrails of these are read for policies too.
    pub regions: Vec<String>,
    /// The guardrails. If none is given, and neither `accounts` nor `organization`, all of the regions, each in its newest
    /// numbered version.
    pub guardrails: Vec<Reference>,
    /// The accounts whose effective policy is read; with `organization`, only their way up to the root is.
    pub accounts: Vec<String>,
    /// Read the organization: its tree, Bedrock policies and attachments.
    pub organization: bool,
    /// Take definitions that may change under their name.
    pub allow_draft: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Pulled {
    /// The answers.
    pub snapshot: Snapshot,
    /// What somebody should know.
    pub notes: Vec<String>,
    /// What is wrong in AWS or could not be read: a policy that names a guardrail that does not exist, for one.
    pub problems: Vec<String>,
}

/// Asks AWS for all of a plan. `progress` hears of each answer.
///
/// # Errors
///
/// The first call that fails ends it, but for what policies refer to: that is a note.
pub async fn pull(
    client: &Client,
    plan: &Plan,
    progress: &mut dyn FnMut(&str),
) -> Result<Pulled, Error> {
    if let Some(odd) = plan.accounts.iter().find(|account| !is_account(account)) {
        let place = crate::error::quotable(odd, &[]);
        return Err(Error::new(
            Kind::Input,
            place,
            "is no account's ID; they have twelve digits",
        ));
    }
    let mut puller = Puller {
        client,
        plan,
        progress,
        pulled: Pulled::default(),
        guardrails: BTreeSet::new(),
        policies: BTreeSet::new(),
        referred: BTreeMap::new(),
    };
    puller.explicit().await?;
    puller.accounts().await?;
    if plan.organization {
        puller.organization().await?;
    }
    puller.effective().await?;
    puller.referred().await?;
    Ok(puller.pulled)
}

struct Puller<'a> {
    client: &'a Client,
    plan: &'a Plan,
    progress: &'a mut dyn FnMut(&str),
    pulled: Pulled,
    /// Region, identifier and version of what was read.
    guardrails: BTreeSet<(String, String, Version)>,
    policies: BTreeSet<String>,
    /// Guardrails that documents refer to, and by which.
    referred: BTreeMap<Reference, String>,
}

impl Puller<'_> {
    fn take(&mut self, answer: &Answer, account: Option<&str>) -> Result<(), Error> {
        (self.progress)(answer.call.operation.name);
        self.pulled
            .snapshot
            .add_answer(answer, account.map(str::to_owned))
    }

    fn note(&mut self, note: String) {
        if !self.pulled.notes.contains(&note) {
            self.pulled.notes.push(note);
        }
    }

    /// All pages, kept; the items of their lists.
    async fn list(&mut self, call: Call, account: Option<&str>) -> Result<Vec<Value>, Error> {
        let list = call.operation.pages.map_or("", |pages| pages.list);
        let mut items = Vec::new();
        for answer in self.client.pages(call).await? {
            self.take(&answer, account)?;
            let own = answer.value.get(list).and_then(Value::as_array);
            items.extend(own.into_iter().flatten().cloned());
        }
        Ok(items)
    }

    /// Organizations is one for all regions of a partition.
    fn any_region(&self) -> Result<String, Error> {
        match self.plan.regions.first() {
            Some(region) => Ok(region.clone()),
            None => self.client.region().map(str::to_owned),
        }
    }

    fn regions(&self) -> Result<Vec<String>, Error> {
        if self.plan.regions.is_empty() {
            return Ok(vec![self.client.region()?.to_owned()]);
        }
        Ok(self.plan.regions.clone())
    }

    async fn explicit(&mut self) -> Result<(), Error> {
        for reference in &self.plan.guardrails {
            let region = match (reference.region(), self.plan.regions.as_slice()) {
                (Some(region), _) => region.to_owned(),
                (None, [region]) => region.clone(),
                (None, []) => self.client.region()?.to_owned(),
                (None, _) => {
                    let message = "an ID alone is not enough with several regions; give the ARN";
                    return Err(Error::new(Kind::Input, reference.to_string(), message));
                }
            };
            self.guardrail(&region, reference).await?;
        }
        Ok(())
    }

    /// One guardrail, in its version or the newest numbered one.
    async fn guardrail(&mut self, region: &str, reference: &Reference) -> Result<(), Error> {
        let version = match reference.version() {
            Some(version) => version.clone(),
            None => self.newest(region, reference.identifier()).await?,
        };
        if version == Version::Draft && !self.plan.allow_draft {
            return Err(draft(&reference.to_string()));
        }
        self.definition(region, reference, &version).await
    }

    async fn newest(&mut self, region: &str, identifier: &str) -> Result<Version, Error> {
        let input = [("guardrailIdentifier", identifier)];
        let call = Call::new(&operation::LIST_GUARDRAILS, region, &input);
        let items = self.list(call, None).await?;
        let versions = items
            .iter()
            .filter_map(|item| item.get("version")?.as_str()?.parse().ok());
        let numbers = versions.filter(|version| *version != Version::Draft);
        match numbers.max() {
            Some(newest) => Ok(newest),
            None if self.plan.allow_draft => Ok(Version::Draft),
            None => {
                let message = "the guardrail has no numbered version; make one (CreateGuardrailVersion), or take the \
                               draft with --allow-draft";
                Err(Error::new(
                    Kind::Draft,
                    format!("{identifier} ({region})"),
                    message,
                ))
            }
        }
    }

    async fn definition(
        &mut self,
        region: &str,
        reference: &Reference,
        version: &Version,
    ) -> Result<(), Error> {
        let identifier = reference.identifier();
        let key = (
            region.to_owned(),
            reference.id().to_owned(),
            version.clone(),
        );
        if self.guardrails.contains(&key) {
            return Ok(());
        }
        let number = version.to_string();
        let input = [
            ("guardrailIdentifier", identifier),
            ("guardrailVersion", &number),
        ];
        let call = Call::new(&operation::GET_GUARDRAIL, region, &input);
        let answer = self.client.call(call).await?;
        check_definition(&answer.value, reference, version)?;
        let arn = answer.value.get("guardrailArn").and_then(Value::as_str);
        let account = arn
            .and_then(arn_parts)
            .map(|(_, account, _)| account.to_owned());
        self.take(&answer, account.as_deref())?;
        self.guardrails.insert(key);
        Ok(())
    }

    /// What the account enforces in each region, and its guardrails where none was asked for by name.
    async fn accounts(&mut self) -> Result<(), Error> {
        let selected = !self.plan.guardrails.is_empty()
            || !self.plan.accounts.is_empty()
            || self.plan.organization;
        if selected && self.plan.regions.is_empty() && self.client.region().is_err() {
            let note = "no region is configured, so that what the account enforces itself is not read; name regions by --region";
            self.note(note.to_owned());
            return Ok(());
        }
        for region in self.regions()? {
            let call = Call::new(
                &operation::LIST_ENFORCED_GUARDRAILS_CONFIGURATION,
                &region,
                &[],
            );
            for answer in self.client.pages(call).await? {
                let items = answer
                    .value
                    .get("guardrailsConfig")
                    .and_then(Value::as_array);
                let items = items.cloned().unwrap_or_default();
                let account = self
                    .client
                    .account()
                    .or_else(|| items.iter().find_map(updater));
                if account.is_none() {
                    let note = "the credentials do not say which account they are of, so that nothing says who enforces what was answered; set AWS_ACCOUNT_ID, or give the answer to `compile` by --account-config";
                    self.note(note.to_owned());
                }
                self.take(&answer, account.as_deref())?;
                for item in &items {
                    self.refer_enforced(&region, item);
                }
            }
            if !selected {
                self.all_guardrails(&region).await?;
            }
        }
        Ok(())
    }

    fn refer_enforced(&mut self, region: &str, item: &Value) {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let identifier = text("guardrailArn").or_else(|| text("guardrailId"));
        let reference = identifier.zip(text("guardrailVersion"));
        let reference = reference.and_then(|(id, version)| format!("{id}:{version}").parse().ok());
        let by = format!("the account's enforcement in {region}");
        match reference {
            Some(reference) => {
                self.referred.entry(reference).or_insert(by);
            }
            None => {
                let problem = format!("{by} names no guardrail with a version");
                self.pulled.problems.push(problem);
            }
        }
    }

    async fn all_guardrails(&mut self, region: &str) -> Result<(), Error> {
        let call = Call::new(&operation::LIST_GUARDRAILS, region, &[]);
        for item in self.list(call, None).await? {
            let arn = item.get("arn").and_then(Value::as_str).unwrap_or_default();
            let Ok(reference) = arn.parse::<Reference>() else {
                continue;
            };
            match self.guardrail(region, &reference).await {
                Err(error) if error.kind() == Kind::Draft => self.note(error.to_string()),
                other => other?,
            }
        }
        Ok(())
    }

    async fn organization(&mut self) -> Result<(), Error> {
        let region = self.any_region()?;
        let call = Call::new(&operation::DESCRIBE_ORGANIZATION, &region, &[]);
        let answer = self.client.call(call).await?;
        self.take(&answer, None)?;
        let roots = self
            .list(Call::new(&operation::LIST_ROOTS, &region, &[]), None)
            .await?;
        for root in &roots {
            if !has_policy_type(root) {
                let id = id(root)?;
                self.note(format!(
                    "{POLICY_TYPE} is not enabled in the root {id}: Bedrock policies have no effect"
                ));
            }
        }
        if self.plan.accounts.is_empty() {
            self.tree(&region, &roots).await?;
            let input = [("Filter", POLICY_TYPE)];
            let call = Call::new(&operation::LIST_POLICIES, &region, &input);
            for policy in self.list(call, None).await? {
                self.policies.insert(id(&policy)?);
            }
        } else {
            self.ways_up(&region).await?;
        }
        for policy in std::mem::take(&mut self.policies) {
            self.policy(&region, &policy).await?;
        }
        Ok(())
    }

    async fn policy(&mut self, region: &str, policy: &str) -> Result<(), Error> {
        let call = Call::new(&operation::DESCRIBE_POLICY, region, &[("PolicyId", policy)]);
        let answer = self.client.call(call).await?;
        self.take(&answer, None)?;
        let content = answer
            .value
            .pointer("/Policy/Content")
            .and_then(Value::as_str);
        self.refer(content.unwrap_or_default(), &format!("the policy {policy}"));
        Ok(())
    }

    /// The whole organization, breadth first.
    async fn tree(&mut self, region: &str, roots: &[Value]) -> Result<(), Error> {
        let mut queue = VecDeque::new();
        for root in roots {
            queue.push_back((id(root)?, 0));
        }
        while let Some((node, depth)) = queue.pop_front() {
            if depth > DEPTH {
                let message = "the organization's tree does not end";
                return Err(Error::new(Kind::Incomplete, node, message));
            }
            self.attached(region, &node).await?;
            let parent = [("ParentId", node.as_str())];
            let call = Call::new(
                &operation::LIST_ORGANIZATIONAL_UNITS_FOR_PARENT,
                region,
                &parent,
            );
            for unit in self.list(call, None).await? {
                queue.push_back((id(&unit)?, depth + 1));
            }
            let call = Call::new(&operation::LIST_ACCOUNTS_FOR_PARENT, region, &parent);
            for account in self.list(call, None).await? {
                self.attached(region, &id(&account)?).await?;
            }
        }
        Ok(())
    }

    /// From each account to the root.
    async fn ways_up(&mut self, region: &str) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for account in &self.plan.accounts {
            let mut node = account.clone();
            let mut steps = 0;
            while seen.insert(node.clone()) {
                self.attached(region, &node).await?;
                if node.starts_with("r-") {
                    break;
                }
                let child = [("ChildId", node.as_str())];
                let call = Call::new(&operation::LIST_PARENTS, region, &child);
                let parents = self.list(call, None).await?;
                let [parent] = parents.as_slice() else {
                    let message =
                        format!("has {} parents; AWS gives each exactly one", parents.len());
                    return Err(Error::new(Kind::Incomplete, node, message));
                };
                node = id(parent)?;
                steps += 1;
                if steps > DEPTH {
                    let message = "the way up to the root does not end";
                    return Err(Error::new(Kind::Incomplete, account, message));
                }
            }
        }
        Ok(())
    }

    async fn attached(&mut self, region: &str, target: &str) -> Result<(), Error> {
        let input = [("TargetId", target), ("Filter", POLICY_TYPE)];
        let call = Call::new(&operation::LIST_POLICIES_FOR_TARGET, region, &input);
        for policy in self.list(call, None).await? {
            self.policies.insert(id(&policy)?);
        }
        Ok(())
    }

    /// The effective policies: of the accounts asked for, else of all in the tree that was read.
    async fn effective(&mut self) -> Result<(), Error> {
        let mut accounts = self.plan.accounts.clone();
        if accounts.is_empty() && self.plan.organization {
            accounts = self.accounts_read();
        }
        if accounts.is_empty() {
            return Ok(());
        }
        let region = self.any_region()?;
        for account in accounts {
            let input = [("PolicyType", POLICY_TYPE), ("TargetId", account.as_str())];
            let call = Call::new(&operation::DESCRIBE_EFFECTIVE_POLICY, &region, &input);
            match self.client.call(call.clone()).await {
                Ok(answer) => {
                    self.take(&answer, Some(&account))?;
                    let content = answer.value.pointer("/EffectivePolicy/PolicyContent");
                    let content = content.and_then(Value::as_str).unwrap_or_default();
                    self.refer(content, &format!("the effective policy of {account}"));
                }
                Err(error) => self.nothing_applies(&call, &account, error)?,
            }
        }
        Ok(())
    }

    fn accounts_read(&self) -> Vec<String> {
        let listed = operation::LIST_ACCOUNTS_FOR_PARENT.name;
        let records = self.pulled.snapshot.records().iter();
        let mut accounts = Vec::new();
        for record in records.filter(|record| record.entry.operation == listed) {
            let value: Value = serde_json::from_slice(&record.bytes).unwrap_or_default();
            let items = value.get("Accounts").and_then(Value::as_array);
            let ids = items.into_iter().flatten().filter_map(|item| id(item).ok());
            accounts.extend(ids);
        }
        accounts
    }

    /// That no policy applies is an answer, and kept as one.
    fn nothing_applies(&mut self, call: &Call, account: &str, error: Error) -> Result<(), Error> {
        let Some(fault) = error
            .fault()
            .filter(|fault| fault.code == "EffectivePolicyNotFoundException")
        else {
            return Err(error);
        };
        (self.progress)(call.operation.name);
        self.keep_fault(call, Some(account.to_owned()), fault.status, &fault.bytes)
    }

    fn keep_fault(
        &mut self,
        call: &Call,
        account: Option<String>,
        status: u16,
        bytes: &[u8],
    ) -> Result<(), Error> {
        self.pulled.snapshot.add(Added {
            operation: call.operation,
            region: call.region.clone(),
            account,
            input: call.input.clone(),
            status,
            received: rfc3339(SystemTime::now()),
            bytes: bytes.to_vec(),
        })
    }

    /// Remembers the guardrails that a policy's text names.
    fn refer(&mut self, content: &str, by: &str) {
        let document: Value = serde_json::from_str(content).unwrap_or_default();
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in found {
            self.referred
                .entry(reference)
                .or_insert_with(|| by.to_owned());
        }
    }

    /// The definitions of what was referred to. One that cannot be read is a note: the rest is still worth having, and in
    /// AWS it blocks every call of the accounts it is enforced in.
    async fn referred(&mut self) -> Result<(), Error> {
        for (reference, by) in std::mem::take(&mut self.referred) {
            let region = match reference.region() {
                Some(region) => region.to_owned(),
                None => self.any_region()?,
            };
            if !self.plan.regions.is_empty() && !self.plan.regions.contains(&region) {
                continue;
            }
            let version = reference.version().cloned().unwrap_or(Version::Draft);
            let got = match version {
                Version::Draft => Err(draft(&reference.to_string())),
                Version::Number(_) => self.definition(&region, &reference, &version).await,
            };
            let Err(error) = got else { continue };
            let expected = [
                Kind::NotFound,
                Kind::AccessDenied,
                Kind::Draft,
                Kind::GuardrailStatus,
                Kind::Refused,
            ];
            if !expected.contains(&error.kind()) {
                return Err(error);
            }
            if let Some(fault) = error.fault() {
                let number = version.to_string();
                let input = [
                    ("guardrailIdentifier", reference.identifier()),
                    ("guardrailVersion", &number),
                ];
                let call = Call::new(&operation::GET_GUARDRAIL, &region, &input);
                let account = reference.account().map(str::to_owned);
                self.keep_fault(&call, account, fault.status, &fault.bytes)?;
            }
            let why = error.message();
            let problem = format!("{by} names {reference}, which cannot be read: {why}");
            self.pulled.problems.push(problem);
        }
        Ok(())
    }
}

/// Which operations a pull may call, for the documentation's policies.
#[must_use]
pub fn operations() -> Vec<&'static Operation> {
    let of_keys = |operation: &&Operation| operation.service == operation::Service::Kms;
    let all = operation::OPERATIONS.iter().copied();
    all.filter(|operation| !of_keys(operation)).collect()
}
