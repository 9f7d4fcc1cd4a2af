//! From what is known of an organization to the guardrails of one bundle, with what binds each.

use edgerail_core::policy::{ContentGuarding, Enforcement, ModelScope, Origin, Ownership};

use super::arn::{GuardrailArn, VersionedArn};
use super::documents::{AccountConfig, Documents};
use super::effective::{Effective, SavedPolicy, effective_of_unit};
use super::scope::{Scope, Unit};
use super::settings::enforced;
use crate::bundle::Binding;
use crate::definition::Guardrail;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};

/// For whom guardrails are collected.
#[derive(Clone, Copy, Debug)]
pub struct BindOptions<'a> {
    /// The scope of the bundle.
    pub scope: &'a Scope,
    /// The last valid effective policy of the scope's unit.
    pub last_valid: Option<&'a SavedPolicy>,
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
        out: Bound::default(),
        identities: Vec::new(),
    };
    binder.check_scope();
    binder.organization(options.last_valid);
    binder.account();
    binder.requests();
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

/// What tells a guardrail from others: its ARN and version, where it has both.
type Identity = Option<(String, String)>;

struct Binder<'a> {
    documents: &'a Documents,
    request: &'a [Guardrail],
    scope: &'a Scope,
    out: Bound,
    identities: Vec<Identity>,
}

impl Binder<'_> {
    fn push(&mut self, severity: Severity, code: &'static str, path: &str, message: String) {
        let diagnostic = Diagnostic::new(severity, code, path, None, message);
        self.out.diagnostics.push(diagnostic);
    }

    fn error(&mut self, code: &'static str, path: &str, message: String) {
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

    fn organization(&mut self, last_valid: Option<&SavedPolicy>) {
        let documents = self.documents;
        let nothing = documents.policies.is_empty()
            && documents.loose.is_empty()
            && documents.described.is_empty()
            && documents.tree.nodes.is_empty();
        if nothing {
            return;
        }
        let Scope { unit, region, .. } = self.scope;
        let effective = match effective_of_unit(documents, unit, region, last_valid) {
            Ok(effective) => effective,
            Err(problem) => return self.error("org-effective", "--org", problem),
        };
        let severity = if effective.kept {
            Severity::Warning
        } else {
            Severity::Error
        };
        for problem in &effective.problems {
            let kept = if effective.kept {
                "; the last valid policy stays in force"
            } else {
                ""
            };
            let message = format!("{}: {}{kept}", problem.code, problem.message);
            self.push(severity, "org-policy-invalid", &problem.path, message);
        }
        if effective.is_usable() {
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

    /// The configuration that the account enforces in the scope's region.
    fn account(&mut self) {
        let Unit::Account(account) = &self.scope.unit else {
            return;
        };
        let region = &self.scope.region;
        let mut own: Vec<&AccountConfig> = Vec::new();
        for config in &self.documents.accounts {
            if config.region.as_ref().is_some_and(|r| r != region) {
                continue;
            }
            match &config.account {
                Some(whose) if whose == account => own.push(config),
                Some(_) => {}
                None => {
                    let message = "nothing says whose configuration this is; put the account's id into the file's name, or give the file by --account-config".to_owned();
                    self.error("account-config", &config.file, message);
                }
            }
        }
        if own.len() > 1 {
            let files: Vec<&str> = own.iter().map(|config| config.file.as_str()).collect();
            let message = format!(
                "an account has at most one enforced configuration a region, these say several: {}",
                files.join(", ")
            );
            return self.error("account-config", &own[1].file.clone(), message);
        }
        for config in own {
            let wanted = match GuardrailArn::parse(&config.identifier) {
                Ok(arn) => Wanted::Versioned(VersionedArn {
                    arn,
                    version: config.version.clone(),
                }),
                Err(_) => Wanted::Own {
                    id: config.identifier.clone(),
                    version: config.version.clone(),
                },
            };
            let level = (
                Origin::AccountEnforced,
                config.models.clone(),
                config.guarding,
            );
            self.enforce(&wanted, level, &config.file);
        }
    }

    fn enforce(
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
enum Wanted {
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
