//! Which guardrails bind an account in a region: from the policies of an organization, the enforced
//! configuration of the account, and the guardrails that requests name.
//!
//! [`Documents`] takes answers of the AWS API as they come; [`effective`] merges the policies of type
//! `BEDROCK_POLICY` along the path to an account as AWS Organizations does; [`lint`] tells what AWS would
//! refuse or fail on; [`bind`] gives the compiler one list of guardrails with what binds each.
//!
//! Everything here is a function of the documents: no I/O, no clock.

mod accounts;
mod answers;
mod arn;
mod bind;
mod compare;
mod datum;
mod documents;
mod effective;
mod index;
mod inherit;
mod lint;
mod names;
mod scope;
mod settings;
mod tree;

pub use arn::{GuardrailArn, VersionedArn};
pub use bind::{AssumeNone, BindOptions, Bound, bind};
pub use compare::{Difference, compare};
pub use datum::Datum;
pub use documents::{AccountAnswer, AccountConfig, Documents, Input, PolicyDocument};
pub use effective::{Effective, Problem, SavedPolicy, effective, effective_of_scope};
pub use inherit::{Effect, Event, Ignored, Operator};
pub use lint::{lint, not_understood};
pub use scope::{Scope, Unit};
pub use settings::{EnforcedGuardrail, enforced};
pub use tree::{AccountsBelow, OrgNode, OrgTree};
