//! Commands that change who signs, and until when metadata is valid.

use std::collections::{BTreeMap, BTreeSet};

use edgerail_publish::keys::key_id;
use edgerail_publish::{Quorum, TopRole, refresh as renew, rotate as change_keys};

use super::super::Outcome;
use super::super::error::CliError;
use super::super::keys::public;
use super::common::{EndArgs, ReasonArgs, RepositoryArgs};

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum RoleArg {
    /// Says which keys have which role
    Root,
    /// Says which bundles there are; the delegated roles, too
    Targets,
    /// Says which versions of the targets metadata belong together
    Snapshot,
    /// Says that this is the newest snapshot
    Timestamp,
}

impl From<RoleArg> for TopRole {
    fn from(role: RoleArg) -> TopRole {
        match role {
            RoleArg::Root => TopRole::Root,
            RoleArg::Targets => TopRole::Targets,
            RoleArg::Snapshot => TopRole::Snapshot,
            RoleArg::Timestamp => TopRole::Timestamp,
        }
    }
}

/// Options of `edgerail publish rotate`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The new root is signed by the threshold of the root keys before it and of its own. What the role itself\nsigns is made anew, for its new keys to sign."
)]
pub(super) struct Rotate {
    #[command(flatten)]
    repository: RepositoryArgs,
    /// The role
    #[arg(long, env = "EDGERAIL_ROLE", value_enum, required = true)]
    role: RoleArg,
    /// A key that gets the role; once for each
    #[arg(
        long,
        value_name = "KEY",
        env = "EDGERAIL_ADD_KEY",
        value_delimiter = '\n'
    )]
    add_key: Vec<String>,
    /// A key that loses the role: its file or its id; once for each
    #[arg(
        long,
        value_name = "KEY",
        env = "EDGERAIL_REMOVE_KEY",
        value_delimiter = '\n'
    )]
    remove_key: Vec<String>,
    /// How many of its keys have to sign; as many as now otherwise
    #[arg(long, value_name = "K", env = "EDGERAIL_THRESHOLD")]
    threshold: Option<u64>,
    #[command(flatten)]
    reason: ReasonArgs,
    #[command(flatten)]
    end: EndArgs,
}

pub(super) fn rotate(args: &Rotate) -> Result<Outcome, CliError> {
    let store = args.repository.store()?;
    let repository = args.repository.load(&store)?;
    let passphrases = args.end.keys.passphrases()?;
    let role = TopRole::from(args.role);
    let (mut keys, threshold) = repository.quorum(role)?;
    for given in &args.remove_key {
        let id = if keys.iter().any(|key| key_id(key) == *given) {
            given.clone()
        } else {
            key_id(&public(given, &passphrases)?)
        };
        let before = keys.len();
        keys.retain(|key| key_id(key) != id);
        if keys.len() == before {
            let message = format!(
                "has not the role {}; `edgerail publish status` lists the keys",
                role.name()
            );
            return Err(CliError::new("key_role", given.as_str(), message));
        }
    }
    for given in &args.add_key {
        keys.push(public(given, &passphrases)?);
    }
    let quorum = Quorum::new(role, keys, args.threshold.unwrap_or(threshold))?;
    let new = BTreeMap::from([(role, quorum)]);
    let (why, now) = (args.reason.publication(), args.end.keys.now()?);
    let stage = change_keys(&repository, &store, &new, &why, now)?;
    args.end.end(stage, &store, args.repository.place())
}

/// Options of `edgerail publish refresh`.
#[derive(Debug, clap::Args)]
pub(super) struct Refresh {
    #[command(flatten)]
    repository: RepositoryArgs,
    /// A role whose metadata is renewed, and what depends on it; once for each
    #[arg(
        long,
        env = "EDGERAIL_ROLE",
        value_enum,
        default_value = "timestamp",
        value_delimiter = ','
    )]
    role: Vec<RoleArg>,
    #[command(flatten)]
    reason: ReasonArgs,
    #[command(flatten)]
    end: EndArgs,
}

pub(super) fn refresh(args: &Refresh) -> Result<Outcome, CliError> {
    let store = args.repository.store()?;
    let repository = args.repository.load(&store)?;
    let which: BTreeSet<TopRole> = args.role.iter().map(|role| TopRole::from(*role)).collect();
    let (why, now) = (args.reason.publication(), args.end.keys.now()?);
    let stage = renew(&repository, &store, &which, &why, now)?;
    args.end.end(stage, &store, args.repository.place())
}
