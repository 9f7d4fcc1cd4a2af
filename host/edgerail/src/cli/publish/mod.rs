//! `edgerail publish`: makes, signs and publishes the repository that clients sync from.

mod bundle;
mod common;
mod gate;
mod history;
mod init;
mod renew;
mod stage;
mod status;

use super::Outcome;
use super::error::CliError;

/// Options of `edgerail publish`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "With all keys at hand, a command signs and publishes at once: give each with --key. With --stage DIR it\nonly leaves the change in that folder, signed by the keys given: carry it to the machines that have the others,\nrun `edgerail publish sign` there, and `edgerail publish push` in the end."
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a repository: its keys, its thresholds, what it asks of publications
    Init(Box<init::Args>),
    /// Publish bundles, or begin a rollout of them
    Add(Box<bundle::Add>),
    /// Take a rollout back, or a scope's bundles as a whole
    Remove(Box<bundle::Remove>),
    /// Move a rollout outward, or end it by making its bundle the current one
    Promote(Box<bundle::Promote>),
    /// Publish old content again, under a higher version
    Revert(Box<bundle::Revert>),
    /// Change the keys or the threshold of a role
    Rotate(Box<renew::Rotate>),
    /// Renew metadata before it expires
    Refresh(Box<renew::Refresh>),
    /// Add signatures to a staged change
    Sign(Box<stage::Sign>),
    /// Publish a staged change that has its signatures
    Push(Box<stage::Push>),
    /// Show what is published, what expires when, and which signatures a staged change lacks
    Status(Box<status::Args>),
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    match &args.command {
        Command::Init(args) => init::run(args),
        Command::Add(args) => bundle::add(args),
        Command::Remove(args) => bundle::remove(args),
        Command::Promote(args) => bundle::promote(args),
        Command::Revert(args) => bundle::revert(args),
        Command::Rotate(args) => renew::rotate(args),
        Command::Refresh(args) => renew::refresh(args),
        Command::Sign(args) => stage::sign(args),
        Command::Push(args) => stage::push(args),
        Command::Status(args) => status::run(args),
    }
}
