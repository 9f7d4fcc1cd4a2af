//! The command line.
//!
//! Exit codes: 0 clean or observe only, 1 intervened, 2 error; the highest of a batch. Errors go to
//! standard error and name the place, the rule and the remedy; they never quote a text that was checked.

mod check;
mod compile;
mod completions;
mod diff;
mod error;
mod eval;
mod input;
mod inspect;
mod jsonl;
mod judging;
mod keys;
mod kms;
mod lines;
mod org;
mod payload;
mod placeholders;
mod policy;
mod progress;
mod publish;
#[cfg(feature = "aws")]
mod pull;
mod repository;
mod restore;
mod sync;
mod terminal;
mod topics;
mod tuf_client;
mod verify;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::judge::line as row;
use error::CliError;

/// Decides text by an Amazon Bedrock guardrail, on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "edgerail",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 clean or observe only, 1 intervened, 2 error; the highest of a batch.\nEvery option has an environment variable; the command line wins over it. NO_COLOR is honoured."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Evaluate texts and print what ApplyGuardrail would answer
    Check(Box<check::Args>),
    /// Compile guardrail definitions to a bundle
    Compile(compile::Args),
    /// Compare two versions of a guardrail, and what each does to a corpus
    Diff(Box<diff::Args>),
    /// Judge a guardrail by labelled texts: precision, recall, actions
    Eval(Box<eval::Args>),
    /// Show what a bundle holds
    Inspect(inspect::Args),
    /// Make, show and encrypt the keys that sign repositories
    Keys(keys::Args),
    /// Show what the policies of an organization come to for an account, and what is wrong with them
    Org(org::Args),
    /// Make, sign and publish the repository that clients sync from
    Publish(publish::Args),
    /// Fetch guardrails and organization policies from AWS, or take them from files of the AWS CLI
    #[cfg(feature = "aws")]
    Pull(Box<pull::Args>),
    /// Carry a signed repository over a gap without a network
    Repository(repository::Args),
    /// Put masked values back into a text, from the placeholder map of its conversation
    Restore(restore::Args),
    /// Fetch, verify and activate the signed bundle of a scope
    Sync(Box<sync::Args>),
    /// Show what is looked for because of a denied topic, and try texts on it
    Topics(topics::Args),
    /// Refresh and download from a TUF repository, as the public conformance suite calls clients
    TufClient(Box<tuf_client::Args>),
    /// Verify a signed repository and a bundle of it; explain what a code means
    Verify(Box<verify::Args>),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Nothing intervened.
    Clean,
    /// A guardrail intervened.
    Intervened,
    /// A repository was refused: the protocol of `tuf-client` knows one exit code for all errors.
    Refused,
    /// Something could not be done; the rest was.
    Failed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        match outcome {
            Outcome::Clean => ExitCode::SUCCESS,
            Outcome::Intervened | Outcome::Refused => ExitCode::from(1),
            Outcome::Failed => ExitCode::from(2),
        }
    }
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return refuse_arguments(&error),
    };
    match run(&matches) {
        Ok(outcome) => outcome.into(),
        // Whoever read our output has seen enough.
        Err(CliError::BrokenPipe) => ExitCode::SUCCESS,
        Err(error) => {
            error.report();
            Outcome::Failed.into()
        }
    }
}

/// Prints what is wrong with the arguments, or the help that was asked for.
fn refuse_arguments(error: &clap::Error) -> ExitCode {
    // That it cannot be written is nothing we could tell anybody.
    let _ = error.print();
    let command = std::env::args_os().nth(1);
    if !error.use_stderr() {
        ExitCode::SUCCESS
    } else if command.is_some_and(|command| command == "tuf-client") {
        Outcome::Refused.into()
    } else {
        Outcome::Failed.into()
    }
}

fn run(matches: &ArgMatches) -> Result<Outcome, CliError> {
    let cli = Cli::from_arg_matches(matches).unwrap_or_else(|error| error.exit());
    let own = matches.subcommand().map(|(_, own)| own);
    match cli.command {
        Command::Check(args) => check::run(&args, own),
        Command::Compile(args) => compile::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Eval(args) => eval::run(&args, own),
        Command::Inspect(args) => inspect::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Org(args) => org::run(&args),
        Command::Publish(args) => publish::run(&args),
        #[cfg(feature = "aws")]
        Command::Pull(args) => pull::run(&args),
        Command::Repository(args) => repository::run(&args),
        Command::Restore(args) => restore::run(&args, own),
        Command::Sync(args) => sync::run(&args),
        Command::Topics(args) => topics::run(&args),
        Command::TufClient(args) => tuf_client::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Completions(args) => completions::run(&args, &mut Cli::command()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_has_an_environment_variable() {
        let cli = Cli::command();
        let nested = cli
            .get_subcommands()
            .flat_map(clap::Command::get_subcommands);
        for command in cli.get_subcommands().chain(nested) {
            for option in command
                .get_arguments()
                .filter(|option| !option.is_positional())
            {
                let name = option.get_long().unwrap_or_default();
                let variable = option.get_env().and_then(|env| env.to_str());
                let expected = format!("EDGERAIL_{}", name.replace('-', "_").to_uppercase());
                assert_eq!(variable, Some(expected.as_str()), "{}", command.get_name());
            }
        }
    }
}
