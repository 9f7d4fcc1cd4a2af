//! Commands on a staged change.

use std::io::Write as _;
use std::path::PathBuf;

use edgerail_publish::Stage;

use super::super::Outcome;
use super::super::compile::SummaryFormat;
use super::super::error::{CliError, say};
use super::super::policy::read_file;
use super::common::{KeyArgs, LockArgs, RepositoryArgs, report, sign as add_signatures};

/// Options of `edgerail publish sign`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Says what the signatures are for before it gives them. It needs no network and no repository: give it the\nroot you trust with --root, and it makes sure that the change is one of that repository."
)]
pub(super) struct Sign {
    /// The folder of the change
    #[arg(value_name = "DIR")]
    stage: PathBuf,
    /// A root that you have from elsewhere: the change must be one of that repository
    #[arg(long, value_name = "FILE", env = "EDGERAIL_ROOT")]
    root: Option<PathBuf>,
    #[command(flatten)]
    keys: KeyArgs,
}

pub(super) fn sign(args: &Sign) -> Result<Outcome, CliError> {
    let mut stage = Stage::read(&args.stage)?;
    stage.check()?;
    super::gate::staged(&stage)?;
    if let Some(root) = &args.root {
        stage.check_root(&read_file(root, 512 << 10)?)?;
    } else if stage.follows() {
        say("warning: root: the change is not compared with a root that you trust; give --root");
    }
    let signers = args.keys.signers()?;
    if signers.is_empty() {
        let message = "give the key to sign with, or see what is missing with `edgerail publish status --stage`";
        return Err(CliError::new("usage", "--key", message));
    }
    if args.keys.format() == SummaryFormat::Text {
        say("signing:");
        for line in stage.describe()? {
            say(&crate::report::one_line(&line));
        }
    }
    let now = args.keys.clock(&mut stage)?;
    let signed = add_signatures(&mut stage, &signers, now)?;
    stage.save(&args.stage)?;
    if args.keys.format() == SummaryFormat::Text {
        let mut out = anstream::stdout().lock();
        for (role, key) in &signed {
            writeln!(
                out,
                "signed    {} by {}",
                crate::report::one_line(role),
                key.get(..8).unwrap_or_default()
            )?;
        }
        for role in stage.complete()? {
            let role = crate::report::one_line(role);
            writeln!(out, "complete  {role} has all its signatures")?;
        }
        for line in super::common::missing_lines(&stage.missing()?) {
            writeln!(out, "{line}")?;
        }
        return Ok(Outcome::Clean);
    }
    report(
        &stage,
        &format!("signed in {}", args.stage.display()),
        false,
        args.keys.format(),
    )
}

/// Options of `edgerail publish push`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Keys are needed only if the repository has got a newer timestamp since the change was made."
)]
pub(super) struct Push {
    /// The folder of the change
    #[arg(value_name = "DIR")]
    stage: PathBuf,
    #[command(flatten)]
    repository: RepositoryArgs,
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    lock: LockArgs,
}

pub(super) fn push(args: &Push) -> Result<Outcome, CliError> {
    let mut stage = Stage::read(&args.stage)?;
    stage.check()?;
    super::gate::staged(&stage)?;
    let store = args.repository.store()?;
    let (signers, now) = (args.keys.signers()?, args.keys.clock(&mut stage)?);
    let place = args.repository.place();
    args.lock
        .publish(&mut stage, &store, place, &signers, now, args.keys.format())
}
