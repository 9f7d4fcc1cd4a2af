//! The effective policy of an account.

use std::collections::BTreeMap;

use edgerail_core::json::Writer;

use super::bind::BindOptions;
use super::datum::Datum;
use super::documents::Documents;
use super::inherit::{Attached, Effect, Event, Merge, Operator};
use super::scope::Unit;
use super::settings::enforced;
use crate::document;

/// Something that is wrong with a merged policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What, as AWS Organizations reports it: `KEY_REQUIRED`, `ELEMENTS_TOO_FEW`, `ELEMENTS_TOO_MANY`; and
    /// `VALUE_INVALID`, `IDENTIFIER_INVALID`.
    pub code: &'static str,
    /// Where in the merged policy, as a JSON path.
    pub path: String,
    /// What is wrong and what to do about it.
    pub message: String,
    /// Whether the policy is invalid, so that AWS keeps the last valid one. Otherwise AWS takes it and calls
    /// fail.
    pub invalid: bool,
}

/// The effective policy of an account or unit, and where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The account or unit.
    pub unit: String,
    /// The ids from the root to it.
    pub path: Vec<String>,
    /// The policy, without operators: the one that is in force.
    pub content: Datum,
    /// Every operator on the path, in the order in which they were applied.
    pub events: Vec<Event>,
    /// What is wrong with what was merged.
    pub problems: Vec<Problem>,
    /// Whether the last valid policy is in force instead of what was merged.
    pub kept: bool,
    /// Whether nothing was merged, and an answer of DescribeEffectivePolicy was taken as it is.
    pub described: bool,
}

impl Effective {
    /// Whether something is wrong and nothing else is in force.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.kept || self.problems.is_empty()
    }

    /// Whether AWS refuses what was merged and keeps the last valid policy.
    fn is_invalid(&self) -> bool {
        self.problems.iter().any(|problem| problem.invalid)
    }

    /// What set a setting of the merged policy: the operators that count, without those that a later one
    /// replaced.
    #[must_use]
    pub fn set_by(&self, path: &[String]) -> Vec<&Event> {
        let mut counting: Vec<&Event> = Vec::new();
        let own = self.events.iter().filter(|event| event.path == path);
        for event in own.filter(|event| event.effect == Effect::Applied) {
            if event.operator == Operator::Assign {
                counting.clear();
            }
            counting.push(event);
        }
        counting
    }
}

/// The last valid policy of an account or unit, as it is kept in a file between two computations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedPolicy {
    /// The account or unit.
    pub unit: String,
    /// Its policy.
    pub content: Datum,
}

impl SavedPolicy {
    /// Reads the file's bytes.
    ///
    /// # Errors
    /// What is wrong with it, to be read after the place.
    pub fn read(bytes: &[u8]) -> Result<SavedPolicy, String> {
        let node = document::read(bytes).map_err(|problems| problems.to_string())?;
        let value = Datum::of(&node);
        let unit = value.member("unit").and_then(Datum::text);
        let policy = value.member("policy").filter(|p| p.members().is_some());
        let format = value.member("format");
        match (format, unit, policy) {
            (Some(Datum::Number(format)), Some(unit), Some(policy)) if format == "1" => {
                Ok(SavedPolicy {
                    unit: unit.to_owned(),
                    content: policy.clone(),
                })
            }
            _ => Err(
                "is no policy that --save-valid wrote (format 1 with `unit` and `policy`)"
                    .to_owned(),
            ),
        }
    }

    /// The file's text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut unit = Writer::new();
        unit.string(&self.unit);
        let (unit, policy) = (unit.finish(), self.content.to_json());
        format!("{{\"format\":1,\"policy\":{policy},\"unit\":{unit}}}\n")
    }
}

/// The effective policy of an account or unit: the policies along its path merged, or what AWS answered for
/// it where no policies are given. If what was merged is invalid, the last valid policy is in force.
///
/// # Errors
/// What the documents lack, as a sentence; or that the last valid policy is of another unit or, where it is
/// needed, not valid.
pub fn effective(
    documents: &Documents,
    unit: &str,
    last_valid: Option<&SavedPolicy>,
) -> Result<Effective, String> {
    keep(merged(documents, unit)?, last_valid)
}

/// What the documents come to for a unit, valid or not.
fn merged(documents: &Documents, unit: &str) -> Result<Effective, String> {
    let (path, merged) = merge(documents, unit)?;
    let described = merged.is_none();
    let (content, events) = match merged {
        Some(merged) => (merged.content(), merged.events),
        None => (
            documents
                .described
                .get(unit)
                .cloned()
                .unwrap_or(Datum::Null),
            Vec::new(),
        ),
    };
    let (_, problems) = enforced(&content, "");
    Ok(Effective {
        unit: unit.to_owned(),
        path,
        content,
        events,
        problems,
        kept: false,
        described,
    })
}

/// Puts the last valid policy in force where what was merged is invalid. It comes from a file that anybody
/// may have edited, so it is held to the same rules.
fn keep(merged: Effective, last_valid: Option<&SavedPolicy>) -> Result<Effective, String> {
    let Some(saved) = last_valid else {
        return Ok(merged);
    };
    if saved.unit != merged.unit {
        return Err(format!(
            "the last valid policy is of {} and must not be used for {}",
            saved.unit, merged.unit
        ));
    }
    if !merged.is_invalid() {
        return Ok(merged);
    }
    if let Some(problem) = enforced(&saved.content, "").1.first() {
        return Err(format!(
            "the last valid policy is not valid itself ({} at {}: {}); take the file that --save-valid wrote",
            problem.code, problem.path, problem.message
        ));
    }
    Ok(Effective {
        content: saved.content.clone(),
        kept: true,
        ..merged
    })
}

/// The path of a unit, and its policies merged; `None` if there are none but an answer for the account.
fn merge(documents: &Documents, unit: &str) -> Result<(Vec<String>, Option<Merge>), String> {
    let mut merge = Merge::default();
    if !documents.loose.is_empty() {
        let policies: Vec<Attached<'_>> = documents
            .loose
            .iter()
            .map(|policy| Attached {
                id: &policy.id,
                content: &policy.content,
            })
            .collect();
        merge.node("(file)", &policies);
        return Ok((vec!["(file)".to_owned(), unit.to_owned()], Some(merge)));
    }
    let described = documents.described.contains_key(unit);
    if documents.policies.is_empty() && described && !nothing_is_attached(documents, unit) {
        return Ok((vec![unit.to_owned()], None));
    }
    let path = match documents.tree.path(unit) {
        Ok(path) => path,
        Err(_) if described => return Ok((vec![unit.to_owned()], None)),
        Err(problem) => return Err(problem),
    };
    for node in &path {
        let known = documents.tree.nodes.get(node);
        let attached = known.and_then(|node| node.policies.as_ref());
        // What nobody listed may be the policy that binds most.
        let attached = attached.ok_or_else(|| {
            format!("nothing says which policies are attached to {node}: add the answer of `list-policies-for-target --target-id {node} --filter BEDROCK_POLICY` as list-policies-for-target-{node}.json")
        })?;
        let mut policies = Vec::new();
        for id in attached {
            let policy = documents.policies.get(id).ok_or_else(|| {
                format!("the policy {id}, attached to {node}, is missing: add the answer of describe-policy for it")
            })?;
            policies.push(Attached {
                id,
                content: &policy.content,
            });
        }
        merge.node(node, &policies);
    }
    Ok((path, Some(merge)))
}

/// Whether the answers say of every node on a path that no policy is attached to it.
fn nothing_is_attached(documents: &Documents, unit: &str) -> bool {
    let tree = &documents.tree;
    let none = |node: &String| {
        let attached = tree.nodes.get(node).and_then(|node| node.policies.as_ref());
        attached.is_some_and(Vec::is_empty)
    };
    tree.path(unit).is_ok_and(|path| path.iter().all(none))
}

/// The effective policy of a scope in its region: of an account its own; of an organizational unit that of every
/// account at or below it, which has to be the same.
///
/// # Errors
/// As [`effective`]; or the accounts that differ, or what is missing before all of them are known.
pub fn effective_of_scope(
    documents: &Documents,
    options: BindOptions<'_>,
) -> Result<Effective, String> {
    let BindOptions {
        scope, last_valid, ..
    } = options;
    let (unit, region) = (&scope.unit, &scope.region);
    let own = merged(documents, unit.id())?;
    if matches!(unit, Unit::Account(_)) || !documents.loose.is_empty() {
        return keep(own, last_valid);
    }
    let below = documents.tree.accounts_below(unit.id());
    if let Some(missing) = below
        .missing
        .first()
        .filter(|_| !options.assume_none.accounts)
    {
        let more = match below.missing.len() - 1 {
            0 => String::new(),
            1 => " (and another answer; `edgerail org lint` lists them)".to_owned(),
            more => format!(" (and {more} other answers; `edgerail org lint` lists them)"),
        };
        return Err(format!(
            "{missing}{more}; or say that no account is there by --assume-none accounts"
        ));
    }
    let (expected, _) = enforced(&own.content, region);
    let mut different: BTreeMap<String, String> = BTreeMap::new();
    for account in below.accounts {
        let below = merged(documents, &account)?;
        let same = if own.is_invalid() {
            // What the unit keeps, an account keeps only if it inherits exactly the same.
            below.content == own.content
        } else {
            enforced(&below.content, region).0 == expected && below.problems == own.problems
        };
        if !same {
            let node = below.path.last().cloned().unwrap_or_default();
            different.insert(account, node);
        }
    }
    if different.is_empty() {
        return keep(own, last_valid);
    }
    let names: Vec<&str> = different.keys().map(String::as_str).collect();
    Err(format!(
        "{} accounts below {} have another effective policy in {region} than the unit: {}; compile a bundle for each of them by its account id",
        names.len(),
        unit.id(),
        names.join(", ")
    ))
}
