//! Everything that is known of an organization, read from answers of the AWS API.

use std::collections::BTreeMap;

use edgerail_core::policy::{ContentGuarding, ModelScope};

use super::answers::Reader;
use super::datum::Datum;
use super::tree::OrgTree;
use crate::definition::Guardrail;
use crate::diagnostic::Diagnostics;

/// A file: an answer of the AWS API, a policy document, or a guardrail definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name, with the folders below the one that was given, separated by `/`.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A policy of type `BEDROCK_POLICY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDocument {
    /// The policy's id; the file's name if it is a plain document.
    pub id: String,
    /// The policy's name, where an answer has it.
    pub name: Option<String>,
    /// What it says, operators included.
    pub content: Datum,
    /// How many characters it has, which AWS limits.
    pub characters: usize,
    /// The file it was read from.
    pub file: String,
}

/// The enforced configuration of an account in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountConfig {
    /// The account, where the file or the answer's index says.
    pub account: Option<String>,
    /// The region, where the file, the guardrail's ARN or the answer's index says.
    pub region: Option<String>,
    /// The guardrail: its ARN, or its id in the account.
    pub identifier: String,
    /// Its version.
    pub version: String,
    /// The models it is enforced for.
    pub models: ModelScope,
    /// How much of a conversation it looks at.
    pub guarding: ContentGuarding,
    /// The file it was read from.
    pub file: String,
}

/// That somebody answered what an account enforces in a region: what the answer does not list is not enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountAnswer {
    /// The account, where the file or the answer's index says.
    pub account: Option<String>,
    /// The region, where the file, the guardrail's ARN or the answer's index says.
    pub region: Option<String>,
    /// The file.
    pub file: String,
}

/// What is known of an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// The organization's id.
    pub organization: Option<String>,
    /// The management account.
    pub management_account: Option<String>,
    /// The tree, with what is attached to its nodes.
    pub tree: OrgTree,
    /// The policies by id.
    pub policies: BTreeMap<String, PolicyDocument>,
    /// Policies without a tree, as if attached to the root, in the order of the files.
    pub loose: Vec<PolicyDocument>,
    /// What AWS says is effective, by account; an empty object where it says that no policy applies.
    pub described: BTreeMap<String, Datum>,
    /// The enforced configurations of accounts.
    pub accounts: Vec<AccountConfig>,
    /// For whom it is known what the account enforces, be it nothing.
    pub account_answers: Vec<AccountAnswer>,
    /// Definitions of guardrails, each with its file.
    pub definitions: Vec<(String, Guardrail)>,
    /// Warnings by file.
    pub said: Vec<(String, Diagnostics)>,
}

impl Documents {
    /// Reads answers in any order. Files that are answers to something else are left out.
    ///
    /// # Errors
    /// What is wrong, by file; files that are right are not named.
    pub fn read(inputs: &[Input]) -> Result<Documents, Vec<(String, Diagnostics)>> {
        Reader::read(inputs)
    }

    /// Whether it is known what an account enforces in a region itself.
    #[must_use]
    pub fn say_account(&self, account: &str, region: &str) -> bool {
        let named = |answer: &AccountAnswer| {
            answer.account.as_deref() == Some(account) && answer.region.as_deref() == Some(region)
        };
        self.account_answers.iter().any(named)
    }

    /// Whether they say anything about the policies of an organization, be it that there are none.
    #[must_use]
    pub fn say_policies(&self) -> bool {
        !(self.policies.is_empty()
            && self.loose.is_empty()
            && self.described.is_empty()
            && self.tree.nodes.is_empty())
    }
}
