//! `edgerail repository`: carries a repository over a gap without a network.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use edgerail_sync::archive::Archive;
use edgerail_sync::repository::{Carried, export, import};
use edgerail_sync::store::SystemDisk;
use edgerail_sync::{Environment as _, Limits, System};
use serde_json::json;

use super::Outcome;
use super::compile::{SummaryFormat, write_atomically};
use super::error::CliError;
use super::policy::read_file;
use super::sync::{RepositoryArgs, of_sync, runtime};

/// Options of `edgerail repository`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Pack a verified repository into one file: to carry it, or to ship it as a baseline
    Export(ExportArgs),
    /// Verify such a file and unpack it to a folder that can be served or synced from
    Import(ImportArgs),
}

#[derive(Debug, clap::Args)]
struct ExportArgs {
    #[command(flatten)]
    repository: RepositoryArgs,
    /// The root to trust, as the receiving side does
    #[arg(long, value_name = "FILE", env = "EDGERAIL_ROOT", required = true)]
    root: PathBuf,
    /// A target to pack, all of them otherwise; in the variable, one a line
    #[arg(
        long,
        value_name = "NAME",
        env = "EDGERAIL_TARGET",
        value_delimiter = '\n'
    )]
    target: Vec<String>,
    /// Where to write the file
    #[arg(
        short,
        long,
        value_name = "FILE",
        env = "EDGERAIL_OUTPUT",
        required = true
    )]
    output: PathBuf,
    /// The form of the summary
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

#[derive(Debug, clap::Args)]
struct ImportArgs {
    /// The exported file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The root to trust
    #[arg(long, value_name = "FILE", env = "EDGERAIL_ROOT", required = true)]
    root: PathBuf,
    /// The folder of the repository, as it was left by the import before or empty
    #[arg(long, value_name = "DIR", env = "EDGERAIL_TO", required = true)]
    to: PathBuf,
    /// Verify only, write nothing
    #[arg(long, env = "EDGERAIL_DRY_RUN", value_parser = BoolishValueParser::new())]
    dry_run: bool,
    /// The form of the summary
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    match &args.command {
        Command::Export(args) => pack(args),
        Command::Import(args) => unpack(args),
    }
}

fn pack(args: &ExportArgs) -> Result<Outcome, CliError> {
    let root = read_file(&args.root, 1 << 20)?;
    let transport = args.repository.open()?;
    let packed = export(
        transport.as_ref(),
        &root,
        Limits::default(),
        System.now(),
        &args.target,
    );
    let (bytes, carried) = runtime()?
        .block_on(packed)
        .map_err(|error| of_sync(&error))?;
    write_atomically(&args.output, &bytes).map_err(|error| CliError::file(&args.output, &error))?;
    show(&carried, &args.output, args.format)
}

fn unpack(args: &ImportArgs) -> Result<Outcome, CliError> {
    let root = read_file(&args.root, 1 << 20)?;
    let archive = Archive::open(&args.file).map_err(|error| of_sync(&error))?;
    let disk = SystemDisk::new(&args.to);
    let place = args.file.display().to_string();
    let unpacked = import(
        &archive,
        &place,
        &root,
        Limits::default(),
        System.now(),
        &disk,
        args.dry_run,
    );
    let carried = runtime()?
        .block_on(unpacked)
        .map_err(|error| of_sync(&error))?;
    show(&carried, &args.to, args.format)
}

fn show(carried: &Carried, place: &Path, format: SummaryFormat) -> Result<Outcome, CliError> {
    let mut out = anstream::stdout().lock();
    let place = place.display();
    match format {
        SummaryFormat::Json => {
            let json = json!({
                "place": place.to_string(),
                "root": carried.root,
                "timestamp": carried.timestamp,
                "metadata": carried.metadata,
                "targets": carried.targets,
            });
            writeln!(out, "{json:#}")?;
        }
        SummaryFormat::Text => writeln!(
            out,
            "{place}: root {}, timestamp {}, {} files of metadata, {} targets, verified from the given root",
            carried.root,
            carried.timestamp,
            carried.metadata,
            carried.targets.len()
        )?,
    }
    Ok(Outcome::Clean)
}
