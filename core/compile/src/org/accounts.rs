//! The accounts of a scope: which they are, and what they enforce themselves.

use std::collections::BTreeSet;

use edgerail_core::policy::Origin;

use super::arn::{GuardrailArn, VersionedArn};
use super::bind::{Binder, Wanted};
use super::documents::AccountConfig;
use super::scope::Unit;
use crate::diagnostic::{Severity, shown_names};

impl<'a> Binder<'a> {
    /// The accounts that the bundle is for, as far as the answers name them.
    pub(super) fn accounts_of_scope(&self) -> BTreeSet<String> {
        match &self.scope.unit {
            Unit::Account(account) => BTreeSet::from([account.clone()]),
            unit => {
                let below = self.documents.tree.accounts_below(unit.id());
                below.accounts.into_iter().collect()
            }
        }
    }

    /// Warns of accounts that may be below the scope's unit, where the caller vouches for there being none; without
    /// that there is no effective policy.
    pub(super) fn unlisted(&mut self) {
        let is_unit = !matches!(self.scope.unit, Unit::Account(_));
        if !is_unit || !self.documents.loose.is_empty() {
            return;
        }
        let below = self.documents.tree.accounts_below(self.scope.unit.id());
        for missing in below.missing {
            let message = format!("{missing}; it counts as none (--assume-none accounts)");
            let code = "accounts-missing";
            self.push(Severity::Warning, code, "--assume-none", message);
        }
    }

    /// The configurations of the scope's region whose account fits. Whose one is has to be known.
    fn configurations(&mut self, fits: impl Fn(&str) -> bool) -> Vec<&'a AccountConfig> {
        let documents = self.documents;
        let region = &self.scope.region;
        let mut own: Vec<&'a AccountConfig> = Vec::new();
        for config in &documents.accounts {
            if config.region.as_ref().is_some_and(|r| r != region) {
                continue;
            }
            match &config.account {
                Some(whose) if fits(whose) => own.push(config),
                Some(_) => {}
                None => {
                    let message = "nothing says whose configuration this is; put the account's id into the file's name, or give the file by --account-config".to_owned();
                    self.error("account-config", &config.file, message);
                }
            }
        }
        own
    }

    /// What accounts enforce themselves and no answer tells.
    fn unknown_configurations(&mut self, accounts: &str) {
        let region = &self.scope.region;
        let nameless = self.documents.account_answers.iter();
        let nameless =
            nameless.filter(|answer| answer.account.is_none() || answer.region.is_none());
        let nameless: Vec<&str> = nameless.map(|answer| answer.file.as_str()).collect();
        let but = if nameless.is_empty() {
            String::new()
        } else {
            format!(
                "; {} may be it, and does not say of which account and region",
                shown_names(&nameless)
            )
        };
        let message = format!(
            "nothing says what {accounts} in {region} at the level of the account; add the answer of `bedrock list-enforced-guardrails-configuration --region {region}`, which each account can only ask for itself, as list-enforced-guardrails-configuration-ACCOUNT-{region}.json or by --account-config{but}"
        );
        let assumed = (self.options.assume_none.account_config, "account-config");
        self.unknown("account-config-missing", assumed, &message);
    }

    /// The accounts below a unit have one bundle, so none of them may enforce a guardrail of its own.
    pub(super) fn accounts_of_unit(&mut self) {
        let documents = self.documents;
        let below = self.accounts_of_scope();
        // Without a tree any account may be below.
        let is_whole = documents.loose.is_empty();
        let own = self.configurations(|account| !is_whole || below.contains(account));
        let own: BTreeSet<&str> = own.iter().filter_map(|c| c.account.as_deref()).collect();
        let own: Vec<&str> = own.into_iter().collect();
        if !own.is_empty() {
            let message = format!(
                "accounts below {} enforce guardrails of their own in {}: {}; compile a bundle for each of them by its account id",
                self.scope.unit.id(),
                self.scope.region,
                shown_names(&own)
            );
            return self.error("account-config-below", "--org", message);
        }
        let unknown = below.iter().map(String::as_str);
        let unknown = unknown.filter(|account| !documents.say_account(account, &self.scope.region));
        let unknown: Vec<&str> = unknown.collect();
        if !is_whole {
            let accounts = format!("the accounts below {} enforce", self.scope.unit.id());
            self.unknown_configurations(&accounts);
        } else if !unknown.is_empty() {
            let verb = if unknown.len() == 1 {
                "enforces"
            } else {
                "enforce"
            };
            self.unknown_configurations(&format!("{} {verb}", shown_names(&unknown)));
        }
    }

    /// The configuration that the account enforces in the scope's region.
    pub(super) fn account(&mut self, account: &str) {
        let mut own = self.configurations(|whose| whose == account);
        // Two answers that say the same are one.
        own.dedup_by(|b, a| {
            let same =
                (&a.identifier, &a.version, &a.models) == (&b.identifier, &b.version, &b.models);
            same && a.guarding == b.guarding
        });
        if own.is_empty() && !self.documents.say_account(account, &self.scope.region) {
            return self.unknown_configurations(&format!("the account {account} enforces"));
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
}
