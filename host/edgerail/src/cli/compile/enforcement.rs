//! `compile --scope … --org …`: the guardrails that bind a scope.

use edgerail_compile::definition::Guardrail;
use edgerail_compile::org::{AssumeNone, BindOptions, Bound, Documents, Scope, Unit, bind};

use super::{Args, AssumeNoneArg};
use crate::cli::error::{CliError, report_diagnostics};
use crate::cli::org::{read_documents, require_policies};

impl Args {
    /// Whether guardrails come from an organization or account as well.
    pub(super) fn is_scoped(&self) -> bool {
        !self.org.is_empty() || self.account_config.is_some()
    }

    fn assume_none(&self) -> AssumeNone {
        AssumeNone {
            organization: self.assume_none.contains(&AssumeNoneArg::Organization),
            account_config: self.assume_none.contains(&AssumeNoneArg::AccountConfig),
            accounts: self.assume_none.contains(&AssumeNoneArg::Accounts),
        }
    }
}

/// The guardrails of organization, account and requests, with what binds each.
pub(super) fn bound(args: &Args, request: &[Guardrail]) -> Result<Bound, CliError> {
    let Some(text) = &args.scope else {
        let message = "is missing: --org and --account-config say what is enforced where, so give the bundle's scope, for example aws~o-exampleorgid~111122223333~us-east-1";
        return Err(CliError::new("usage", "--scope", message));
    };
    let scope = Scope::parse(text).map_err(|m| CliError::new("usage", "--scope", m))?;
    let mut documents = read_documents(&args.org)?;
    if !args.org.is_empty() {
        let or = "; or give an account's configuration alone by --account-config";
        require_policies(&documents, or)?;
    }
    account_config(args, &scope, &mut documents)?;
    let more = read_documents(&args.enforced_definitions)?;
    documents.definitions.extend(more.definitions);
    documents.said.extend(more.said);
    for (file, said) in &documents.said {
        report_diagnostics(file, said);
    }
    let last_valid = args.valid.read()?;
    let options = BindOptions {
        scope: &scope,
        last_valid: last_valid.as_ref(),
        assume_none: args.assume_none(),
    };
    let bound = bind(&documents, request, options)
        .map_err(|problems| CliError::Diagnostics("--org".to_owned(), problems))?;
    if let Some(effective) = &bound.effective {
        args.valid.save(effective)?;
    }
    Ok(bound)
}

/// Adds the configuration of `--account-config`, which is that of the scope's account unless it says
/// otherwise.
fn account_config(args: &Args, scope: &Scope, documents: &mut Documents) -> Result<(), CliError> {
    let Some(path) = &args.account_config else {
        return Ok(());
    };
    let place = path.display().to_string();
    let Unit::Account(account) = &scope.unit else {
        let message = "is of one account, and the scope is not; give the account's id in --scope";
        return Err(CliError::new("usage", "--account-config", message));
    };
    let own = read_documents(std::slice::from_ref(path))?;
    if own.account_answers.is_empty() {
        let message = "says nothing about what an account enforces; give the answer of `bedrock list-enforced-guardrails-configuration` (an empty list is one), or the body that put the configuration";
        return Err(CliError::new("account_config", place, message));
    }
    // An account that enforces nothing answers with an empty list.
    for mut answer in own.account_answers {
        let whose = answer.account.get_or_insert_with(|| account.clone());
        let region = answer.region.get_or_insert_with(|| scope.region.clone());
        check_whose(scope, (whose, region), &place)?;
        documents.account_answers.push(answer);
    }
    documents.said.extend(own.said);
    for mut config in own.accounts {
        config.account.get_or_insert_with(|| account.clone());
        config.region.get_or_insert_with(|| scope.region.clone());
        documents.accounts.push(config);
    }
    Ok(())
}

/// Whether an answer is of the scope's account and region.
fn check_whose(
    scope: &Scope,
    (account, region): (&str, &str),
    place: &str,
) -> Result<(), CliError> {
    let wrong = |message: String| Err(CliError::new("account_config", place, message));
    let own = scope.unit.id();
    if account != own {
        return wrong(format!(
            "is the configuration of the account {account}, and the scope is for {own}"
        ));
    }
    if region != scope.region {
        let own = &scope.region;
        return wrong(format!(
            "is the configuration of {region}, and the scope is for {own}"
        ));
    }
    Ok(())
}
