use std::collections::BTreeMap;
use std::num::NonZeroU32;

use clap::builder::BoolishValueParser;
use edgerail_publish::{Expiry, Quorum, Repository, Settings, TopRole, init};

use super::super::Outcome;
use super::super::error::CliError;
use super::super::keys::public;
use super::common::{EndArgs, ReasonArgs, RepositoryArgs};

/// Options of `edgerail publish init`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The keys of roles are public keys (the .pub.json that `edgerail keys create` writes), private keys, or\naws-kms:///ARN. Keep root and targets keys offline, on machines of different people; snapshot and timestamp\nkeys are used by the job that renews them every day."
)]
pub(super) struct Args {
    #[command(flatten)]
    repository: RepositoryArgs,
    /// A key of the role root; once for each
    #[arg(
        long,
        value_name = "KEY",
        env = "EDGERAIL_ROOT_KEY",
        value_delimiter = '\n',
        required = true
    )]
    root_key: Vec<String>,
    /// How many root keys have to sign
    #[arg(
        long,
        value_name = "K",
        env = "EDGERAIL_ROOT_THRESHOLD",
        default_value_t = 1
    )]
    root_threshold: u64,
    /// A key of the role targets; once for each
    #[arg(
        long,
        value_name = "KEY",
        env = "EDGERAIL_TARGETS_KEY",
        value_delimiter = '\n',
        required = true
    )]
    targets_key: Vec<String>,
    /// How many targets keys have to sign
    #[arg(
        long,
        value_name = "K",
        env = "EDGERAIL_TARGETS_THRESHOLD",
        default_value_t = 1
    )]
    targets_threshold: u64,
    /// A key of the role snapshot; the timestamp's keys otherwise
    #[arg(
        long,
        value_name = "KEY",
        env = "EDGERAIL_SNAPSHOT_KEY",
        value_delimiter = '\n'
    )]
    snapshot_key: Vec<String>,
    /// How many snapshot keys have to sign
    #[arg(
        long,
        value_name = "K",
        env = "EDGERAIL_SNAPSHOT_THRESHOLD",
        default_value_t = 1
    )]
    snapshot_threshold: u64,
    /// A key of the role timestamp; once for each
    #[arg(
        long,
        value_name = "KEY",
        env = "EDGERAIL_TIMESTAMP_KEY",
        value_delimiter = '\n',
        required = true
    )]
    timestamp_key: Vec<String>,
    /// How many timestamp keys have to sign
    #[arg(
        long,
        value_name = "K",
        env = "EDGERAIL_TIMESTAMP_THRESHOLD",
        default_value_t = 1
    )]
    timestamp_threshold: u64,
    /// How many people have to approve a publication
    #[arg(
        long,
        value_name = "N",
        env = "EDGERAIL_APPROVALS",
        default_value_t = 1
    )]
    approvals: u32,
    /// The loss of any count, in percent, from which on a bundle is refused unless --allow-shrink is given
    #[arg(
        long, value_name = "PERCENT", env = "EDGERAIL_MAX_SHRINK_PERCENT", default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(0..=100)
    )]
    max_shrink_percent: u32,
    /// Ask for texts (--corpus) that the published version and the new one decide, in every later publication
    #[arg(long, env = "EDGERAIL_REQUIRE_CORPUS", value_parser = BoolishValueParser::new())]
    require_corpus: bool,
    /// For how many days root metadata is valid
    #[arg(
        long,
        value_name = "DAYS",
        env = "EDGERAIL_ROOT_DAYS",
        default_value = "365"
    )]
    root_days: NonZeroU32,
    /// For how many days targets metadata is valid
    #[arg(
        long,
        value_name = "DAYS",
        env = "EDGERAIL_TARGETS_DAYS",
        default_value = "90"
    )]
    targets_days: NonZeroU32,
    /// For how many days snapshot metadata is valid
    #[arg(
        long,
        value_name = "DAYS",
        env = "EDGERAIL_SNAPSHOT_DAYS",
        default_value = "7"
    )]
    snapshot_days: NonZeroU32,
    /// For how many days timestamp metadata is valid
    #[arg(
        long,
        value_name = "DAYS",
        env = "EDGERAIL_TIMESTAMP_DAYS",
        default_value = "1"
    )]
    timestamp_days: NonZeroU32,
    #[command(flatten)]
    reason: ReasonArgs,
    #[command(flatten)]
    end: EndArgs,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let store = args.repository.store()?;
    if Repository::load(&store, None)?.is_some() {
        let message =
            "there is a repository here already; `edgerail publish rotate` changes its keys";
        return Err(CliError::new("exists", args.repository.place(), message));
    }
    let passphrases = args.end.keys.passphrases()?;
    let snapshot = if args.snapshot_key.is_empty() {
        &args.timestamp_key
    } else {
        &args.snapshot_key
    };
    let mut quorums = BTreeMap::new();
    for (role, keys, threshold) in [
        (TopRole::Root, &args.root_key, args.root_threshold),
        (TopRole::Targets, &args.targets_key, args.targets_threshold),
        (TopRole::Snapshot, snapshot, args.snapshot_threshold),
        (
            TopRole::Timestamp,
            &args.timestamp_key,
            args.timestamp_threshold,
        ),
    ] {
        let keys = keys.iter().map(|key| public(key, &passphrases));
        let quorum = Quorum::new(role, keys.collect::<Result<_, _>>()?, threshold)?;
        quorums.insert(role, quorum);
    }
    let settings = Settings {
        approvals: args.approvals,
        expires: Expiry {
            root: args.root_days,
            targets: args.targets_days,
            snapshot: args.snapshot_days,
            timestamp: args.timestamp_days,
        },
        max_shrink_percent: args.max_shrink_percent,
        require_corpus: args.require_corpus,
    };
    let (why, now) = (args.reason.publication(), args.end.keys.now()?);
    let stage = init(&quorums, &settings, &why, now)?;
    args.end.end(stage, &store, args.repository.place())
}
