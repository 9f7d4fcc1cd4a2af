//! From what is known of an organization to the guardrails of one bundle, with what binds each.

use std::collections::BTreeSet;

use edgerail_core::policy::{ContentGuarding, Enforcement, ModelScope, Origin, Ownership};

use super::arn::{GuardrailArn, VersionedArn};
use super::compare::compare;
use super::datum::mentions;
use super::documents::Documents;
use super::effective::{Effective, Problem, SavedPolicy, effective_of_scope};
use super::lint::not_understood;
use super::scope::{Scope, Unit};
use super::settings::enforced;
use crate::bundle::Binding;
use crate::definition::Guardrail;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, member, shown_names};

/// For whom guardrails are collected.
#[derive(Clone, Copy, Debug)]
pub struct BindOptions<'a> {
    /// The scope of the bundle.
    pub scope: &'a Scope,
    /// The last valid effective policy of the scope's unit.
    pub last_valid: Option<&'a SavedPolicy>,
    /// What the caller vouches for that there is none.
    pub assume_none: AssumeNone,
}

/// What counts as nothing although no answer says so. Without it a missing answer is an error: what it would say may
/// be what binds most. Each that is needed is a warning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssumeNone {
    /// No policy of an organization is for the scope.
    pub organization: bool,
    /// The accounts of the scope enforce no guardrail themselves, but for those that answers name.
    pub account_config: bool,
    /// Below the scope's unit are no accounts but those that answers name.
    pub accounts: bool,
}

/// The guardrails of a bundle. Those of the organization come first, then the account's, then those that
/// requests name: if several block, the first one's message is the answer.
#[derive(Clone, Debug, Default)]
pub struct Bound {
    /// The guardrails; each once, whatever binds it.
    pub guardrails: Vec<Guardrail>,
    /// What binds each.
    pub bindings: Vec<Binding>,
    /// The effective policy of the scope's unit.
    pub effective: Option<Effective>,
    /// Warnings and lints.
    pub diagnostics: Diagnostics,
}

/// Collects the guardrails that bind a scope: what the organization's effective policy and the account's
/// configuration enforce there, found by ARN and version among the documents' definitions and `request`, and
/// those that requests name.
///
/// # Errors
/// What is wrong with the policies or missing among the documents.
pub fn bind(
    documents: &Documents,
    request: &[Guardrail],
    options: BindOptions<'_>,
) -> Result<Bound, Diagnostics> {
    let mut binder = Binder {
        documents,
        request,
        scope: options.scope,
        options,
        out: Bound::default(),
        identities: Vec::new(),
    };
    binder.check_scope();
    binder.organization();
    match &options.scope.unit {
        Unit::Account(account) => binder.account(account),
        Unit::OrganizationalUnit(_) | Unit::Root(_) => binder.accounts_of_unit(),
    }
    binder.requests();
    binder.unused();
    let Binder { mut out, .. } = binder;
    if out.guardrails.is_empty() && !out.diagnostics.has_errors() {
        let message = format!(
            "nothing is enforced for {} and no definition is given: a bundle needs a guardrail",
            options.scope
        );
        out.diagnostics.push(Diagnostic::new(
            Severity::Error,
            "no-guardrail",
            "$",
            None,
            message,
        ));
    }
    if out.diagnostics.has_errors() {
        return Err(out.diagnostics);
    }
    unique_names(&mut out);
    Ok(out)
}

/// Whether a JSON path is another one or below it.
fn is_within(path: &str, other: &str) -> bool {
    let rest = path.strip_prefix(other);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// What tells a guardrail from others: its ARN and version, where it has both.
type Identity = Option<(String, String)>;

pub(super) struct Binder<'a> {
    pub(super) documents: &'a Documents,
    request: &'a [Guardrail],
    pub(super) scope: &'a Scope,
    pub(super) options: BindOptions<'a>,
    out: Bound,
    identities: Vec<Identity>,
}

impl Binder<'_> {
    pub(super) fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        path: &str,
        message: String,
    ) {
        let diagnostic = Diagnostic::new(severity, code, path, None, message);
        self.out.diagnostics.push(diagnostic);
    }

    pub(super) fn error(&mut self, code: &'static str, path: &str, message: String) {
        self.push(Severity::Error, code, path, message);
    }

    fn check_scope(&mut self) {
        let known = self.documents.organization.as_ref();
        if let Some(id) = known.filter(|id| **id != self.scope.organization) {
            let message = format!(
                "the scope is for the organization {}, but the answers are of {id}",
                self.scope.organization
            );
            self.error("scope-other-organization", "--scope", message);
        }
    }

    fn organization(&mut self) {
        let documents = self.documents;
        if !documents.say_policies() {
            let message = "nothing says what the organization enforces; add its answers by --org (`edgerail pull --organization`, or the account's own answer of describe-effective-policy)";
            let assumed = (self.options.assume_none.organization, "organization");
            return self.unknown("organization-missing", assumed, message);
        }
        let region = &self.scope.region;
        let effective = match effective_of_scope(documents, self.options) {
            Ok(effective) => effective,
            Err(problem) => return self.error("org-effective", "--org", problem),
        };
        let elsewhere = |problem: &Problem| {
            // An invalid policy is invalid as a whole; a wrong identifier fails the calls of its region.
            let own = member("$.bedrock.guardrail_inference", region);
            !problem.invalid && !is_within(&problem.path, &own)
        };
        for problem in &effective.problems {
            let (severity, also) = if effective.kept {
                (Severity::Warning, "; the last valid policy stays in force")
            } else if elsewhere(problem) {
                (Severity::Warning, ", in another region than the bundle's")
            } else {
                (Severity::Error, "")
            };
            let message = format!("{}: {}{also}", problem.code, problem.message);
            self.push(severity, "org-policy-invalid", &problem.path, message);
        }
        self.unlisted();
        self.syntax(effective.kept);
        self.compare(&effective);
        if effective.kept || effective.problems.iter().all(elsewhere) {
            let (guardrails, _) = enforced(&effective.content, region);
            for guardrail in guardrails {
                let path = format!(
                    "$.bedrock.guardrail_inference.{region}.{}.identifier",
                    guardrail.key
                );
                let models = guardrail.models;
                let level = (Origin::OrganizationEnforced, models, guardrail.guarding);
                self.enforce(&Wanted::Versioned(guardrail.identifier), level, &path);
            }
        }
        self.out.effective = Some(effective);
    }

    /// What in the policies of the scope has no effect because nobody knows what it is.
    fn syntax(&mut self, kept: bool) {
        let mut units = self.accounts_of_scope();
        units.insert(self.scope.unit.id().to_owned());
        for (file, said) in not_understood(self.documents, &units) {
            for one in &said {
                let severity = if kept {
                    Severity::Warning
                } else {
                    one.severity
                };
                let message = format!("{file}: {}", one.message);
                self.push(severity, "org-policy-syntax", &one.path, message);
            }
        }
    }

    /// That answers are missing: an error, or a warning where the caller vouches for what they would say.
    pub(super) fn unknown(
        &mut self,
        code: &'static str,
        (assumed, name): (bool, &str),
        message: &str,
    ) {
        if assumed {
            let message = format!("{message}; it counts as none (--assume-none {name})");
            return self.push(Severity::Warning, code, "--assume-none", message);
        }
        let message = format!("{message}; or say that there is none by --assume-none {name}");
        self.error(code, "--org", message);
    }

    /// Holds what was merged against AWS's own answers for the accounts that the bundle is for: where they
    /// differ in the scope's region, one of them is not what AWS enforces.
    fn compare(&mut self, effective: &Effective) {
        if effective.described {
            return;
        }
        let documents = self.documents;
        let accounts = self.accounts_of_scope();
        let region = member("$.bedrock.guardrail_inference", &self.scope.region);
        // A difference above the region is one of a whole section.
        let own = |path: &str| is_within(path, &region) || is_within(&region, path);
        let mut alone: Vec<&str> = Vec::new();
        for account in &accounts {
            let Some(described) = documents.described.get(account) else {
                alone.push(account);
                continue;
            };
            let answer = match described.members() {
                Some(members) if members.is_empty() => {
                    "says that no policy applies, and the policies give one (is BEDROCK_POLICY enabled in the root?)"
                }
                _ => "has another value than the policies give",
            };
            for difference in compare(&effective.content, described) {
                let (severity, also) = if own(&difference.path) {
                    (
                        Severity::Error,
                        "; pull the policies and the effective policy again, and see `edgerail org effective`",
                    )
                } else {
                    (Severity::Warning, ", in another region")
                };
                let message =
                    format!("AWS's answer of DescribeEffectivePolicy for {account} {answer}{also}");
                self.push(severity, "org-effective-differs", &difference.path, message);
            }
        }
        if !alone.is_empty() {
            let message = format!(
                "no answer of DescribeEffectivePolicy is there for {}: what the policies were merged to is not compared with AWS",
                shown_names(&alone)
            );
            let code = "org-effective-not-compared";
            self.push(Severity::Lint, code, "--org", message);
        }
    }

    /// Definitions that were given for guardrails that are enforced, and that nothing enforces anywhere: they
    /// are not in the bundle, which whoever gave them may have meant.
    fn unused(&mut self) {
        let documents = self.documents;
        let enforced = |guardrail: &Guardrail| {
            let (Some(arn), Some(version)) = (&guardrail.arn, &guardrail.version) else {
                return false;
            };
            let text = format!("{arn}:{version}");
            let policies = documents.policies.values().chain(&documents.loose);
            let mut contents = policies
                .map(|p| &p.content)
                .chain(documents.described.values());
            let by_policy = contents.any(|content| mentions(content, &text));
            by_policy
                || documents.accounts.iter().any(|config| {
                    let id = guardrail.id.as_ref();
                    (config.identifier == *arn || Some(&config.identifier) == id)
                        && config.version == *version
                })
        };
        let bound: BTreeSet<Identity> = self
            .identities
            .iter()
            .flatten()
            .cloned()
            .map(Some)
            .collect();
        let unused = documents.definitions.iter().filter(|(_, guardrail)| {
            let own = guardrail.arn.clone().zip(guardrail.version.clone());
            !(enforced(guardrail) || own.is_some() && bound.contains(&own))
        });
        let unused: Vec<&str> = unused.map(|(file, _)| file.as_str()).collect();
        if unused.is_empty() {
            return;
        }
        let message = format!(
            "nothing enforces the guardrails of {}, so that they are not in the bundle; give a definition that requests name as a positional argument",
            shown_names(&unused)
        );
        self.push(Severity::Warning, "definition-unused", "$", message);
    }

    pub(super) fn enforce(
        &mut self,
        wanted: &Wanted,
        (origin, models, guarding): (Origin, ModelScope, ContentGuarding),
        path: &str,
    ) {
        if let Wanted::Versioned(wanted) = wanted {
            self.check_place(wanted, path);
        }
        let Some(guardrail) = self.find(wanted) else {
            let message = format!(
                "there is no definition of {wanted}; add the answer of `aws bedrock get-guardrail` for it, or pull it"
            );
            return self.error("definition-missing", path, message);
        };
        if !guardrail.automated_reasoning.is_empty() {
            let message = format!(
                "{wanted} has an automated reasoning policy, which an enforced guardrail must not have: calls fail with it"
            );
            return self.error("enforced-automated-reasoning", path, message);
        }
        let level = Enforcement {
            origin,
            models,
            guarding: Some(guarding),
        };
        self.add(guardrail, level);
    }

    fn check_place(&mut self, wanted: &VersionedArn, path: &str) {
        let Scope {
            partition, region, ..
        } = self.scope;
        let arn = &wanted.arn;
        if arn.partition != *partition || arn.region != *region {
            let message = format!(
                "{wanted} is not of the partition {partition} and region {region} of the scope; with a wrong identifier every Bedrock call fails"
            );
            self.error("definition-elsewhere", path, message);
        }
    }

    fn find(&self, wanted: &Wanted) -> Option<Guardrail> {
        let definitions = self.documents.definitions.iter();
        let mut all = definitions
            .map(|(_, guardrail)| guardrail)
            .chain(self.request);
        all.find(|guardrail| wanted.is(guardrail, self.scope))
            .cloned()
    }

    fn add(&mut self, guardrail: Guardrail, level: Enforcement) {
        let identity: Identity = guardrail.arn.clone().zip(guardrail.version.clone());
        let known = self
            .identities
            .iter()
            .position(|have| have.is_some() && *have == identity);
        let bound = known.and_then(|place| self.out.bindings.get_mut(place));
        if let Some(binding) = bound {
            binding.levels.push(level);
            return;
        }
        let ownership = self.ownership(&guardrail);
        self.identities.push(identity);
        self.out.guardrails.push(guardrail);
        self.out.bindings.push(Binding {
            levels: vec![level],
            ownership,
        });
    }

    /// Of an organizational unit the accounts are many, and the guardrail belongs to one.
    fn ownership(&self, guardrail: &Guardrail) -> Ownership {
        let arn = guardrail.arn.as_deref().map(GuardrailArn::parse);
        match (arn, &self.scope.unit) {
            (Some(Ok(arn)), Unit::Account(account)) if arn.account == *account => {
                Ownership::SelfOwned
            }
            (Some(Ok(_)), _) => Ownership::CrossAccount,
            _ => Ownership::SelfOwned,
        }
    }

    fn requests(&mut self) {
        for guardrail in self.request {
            let level = Enforcement {
                origin: Origin::Request,
                models: ModelScope::default(),
                guarding: None,
            };
            self.add(guardrail.clone(), level);
        }
        // Alone, what requests name needs no saying.
        for binding in &mut self.out.bindings {
            if binding
                .levels
                .iter()
                .all(|level| level.origin == Origin::Request)
            {
                binding.levels.clear();
            }
        }
    }
}

/// A guardrail that is enforced.
pub(super) enum Wanted {
    Versioned(VersionedArn),
    /// By its id, in the account and region of the scope.
    Own {
        id: String,
        version: String,
    },
}

impl Wanted {
    fn is(&self, guardrail: &Guardrail, scope: &Scope) -> bool {
        let version = guardrail.version.as_deref();
        match self {
            Wanted::Versioned(wanted) => {
                guardrail.arn.as_deref() == Some(&wanted.arn.to_string())
                    && version == Some(&wanted.version)
            }
            Wanted::Own { id, version: own } => {
                let arn = guardrail
                    .arn
                    .as_deref()
                    .and_then(|arn| GuardrailArn::parse(arn).ok());
                let here = arn.is_some_and(|arn| {
                    arn.id == *id && arn.account == scope.unit.id() && arn.region == scope.region
                });
                here && version == Some(own)
            }
        }
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Wanted::Versioned(wanted) => wanted.fmt(f),
            Wanted::Own { id, version } => write!(f, "{id} version {version}"),
        }
    }
}

/// A bundle knows guardrails by name, but those of several accounts, or two versions of one, may share it.
fn unique_names(out: &mut Bound) {
    for place in 1..out.guardrails.len() {
        let (before, rest) = out.guardrails.split_at_mut(place);
        let Some(own) = rest.first_mut() else { return };
        if !before.iter().any(|other| other.name == own.name) {
            continue;
        }
        let id = own.id.as_deref().unwrap_or("request");
        let version = own.version.as_deref().unwrap_or("DRAFT");
        let mut name = format!("{}@{id}:{version}", own.name);
        while before.iter().any(|other| other.name == name) {
            name.push('\'');
        }
        let message = format!(
            "another guardrail of the bundle is named {:?}; this one is {name:?} in overlays and decisions",
            own.name
        );
        let code = "guardrail-renamed";
        out.diagnostics
            .push(Diagnostic::new(Severity::Lint, code, "$", None, message));
        own.name = name;
    }
}
