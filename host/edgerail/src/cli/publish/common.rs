//! Options that the commands have in common, and how each of them ends.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::builder::BoolishValueParser;
use edgerail_publish::keys::Signer;
use edgerail_publish::{
    Missing, Publication, PushOptions, Repository, Stage, Store, push, rfc3339,
};
use serde_json::{Value, json};

use super::super::Outcome;
use super::super::check::moment;
use super::super::compile::SummaryFormat;
use super::super::error::{CliError, say};
use super::super::keys::{Passphrases, signer};
use super::super::policy::read_file;
use crate::report::one_line;

/// The longest root that is read.
const ROOT_BYTES: usize = 512 << 10;
/// The longest file that a bundle was made from.
const SOURCE_BYTES: usize = 64 << 20;

/// Where the repository is.
#[derive(Debug, clap::Args)]
pub(super) struct RepositoryArgs {
    /// The repository: a folder, or a URL such as s3://bucket/prefix, gs://…, az://…, file:///…
    #[arg(
        long,
        value_name = "PLACE",
        env = "EDGERAIL_REPOSITORY",
        required = true
    )]
    repository: String,
    /// A root that you have from elsewhere: the repository must be the one that begins with it
    #[arg(long, value_name = "FILE", env = "EDGERAIL_ROOT")]
    root: Option<PathBuf>,
}

impl RepositoryArgs {
    pub(super) fn store(&self) -> Result<Store, CliError> {
        Ok(Store::open(&self.repository)?)
    }

    pub(super) fn place(&self) -> &str {
        &self.repository
    }

    /// The repository as it is.
    pub(super) fn load(&self, store: &Store) -> Result<Repository, CliError> {
        let pin = self
            .root
            .as_ref()
            .map(|root| read_file(root, ROOT_BYTES))
            .transpose()?;
        Repository::load(store, pin.as_deref())?.ok_or_else(|| {
            let message = "there is no repository here; `edgerail publish init` makes one";
            CliError::new("not_found", self.place(), message)
        })
    }
}

/// The keys at hand.
#[derive(Debug, clap::Args)]
pub(super) struct KeyArgs {
    /// A private key to sign with: a PEM file, or aws-kms:///ARN; in the variable, one a line
    #[arg(long, value_name = "KEY", env = "EDGERAIL_KEY", value_delimiter = '\n')]
    key: Vec<String>,
    /// A file with a passphrase of the keys; each is tried. EDGERAIL_PASSPHRASE holds one, too
    #[arg(
        long,
        value_name = "FILE",
        env = "EDGERAIL_PASSPHRASE_FILE",
        value_delimiter = '\n'
    )]
    passphrase_file: Vec<PathBuf>,
    /// The time at which this happens, as 2027-01-31T12:00:00Z; now otherwise
    #[arg(long, value_name = "RFC3339", env = "EDGERAIL_NOW", value_parser = moment)]
    now: Option<u64>,
    /// Sign a new timestamp although what is published has expired: nobody renewed it, and the clock is right
    #[arg(long, env = "EDGERAIL_ALLOW_LAPSE", value_parser = BoolishValueParser::new())]
    allow_lapse: bool,
    /// The form of the output
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

impl KeyArgs {
    pub(super) fn passphrases(&self) -> Result<Passphrases, CliError> {
        Passphrases::given(&self.passphrase_file)
    }

    pub(super) fn signers(&self) -> Result<Vec<Box<dyn Signer>>, CliError> {
        let passphrases = self.passphrases()?;
        self.key
            .iter()
            .map(|key| signer(key, &passphrases))
            .collect()
    }

    /// Seconds since 1970.
    pub(super) fn now(&self) -> Result<u64, CliError> {
        if let Some(now) = self.now {
            return Ok(now);
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map(|since| since.as_secs()).map_err(|_| {
            let message = "says that it is before 1970; set it, or give --now";
            CliError::new("clock", "the clock", message)
        })
    }

    /// Seconds since 1970, for a change that is signed now. Says so if the repository has seen a later time.
    pub(super) fn clock(&self, change: &mut Stage) -> Result<u64, CliError> {
        let now = self.now()?;
        if self.allow_lapse {
            change.allow_lapse();
        }
        if let Some(issued) = change.issued_after(now)? {
            say(&format!(
                "warning: clock: it is {} here, and the published timestamp was issued at {}; one of the clocks is wrong",
                rfc3339(now),
                rfc3339(issued)
            ));
        }
        Ok(now)
    }

    pub(super) const fn format(&self) -> SummaryFormat {
        self.format
    }
}

/// Whether a change is published at once.
#[derive(Debug, clap::Args)]
pub(super) struct EndArgs {
    #[command(flatten)]
    pub(super) keys: KeyArgs,
    /// Leave the change in this folder instead of publishing it
    #[arg(long, value_name = "DIR", env = "EDGERAIL_STAGE")]
    stage: Option<PathBuf>,
    #[command(flatten)]
    lock: LockArgs,
}

/// What to do about a lock that stayed behind.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct LockArgs {
    /// Publish although the repository is locked: after a publication that was interrupted
    #[arg(long, env = "EDGERAIL_BREAK_LOCK", value_parser = BoolishValueParser::new())]
    break_lock: bool,
}

impl EndArgs {
    /// Signs with the keys at hand, then publishes, or leaves the change in its folder.
    pub(super) fn end(
        &self,
        mut change: Stage,
        store: &Store,
        place: &str,
    ) -> Result<Outcome, CliError> {
        let (signers, now) = (self.keys.signers()?, self.keys.clock(&mut change)?);
        match &self.stage {
            None => self
                .lock
                .publish(&mut change, store, place, &signers, now, self.keys.format),
            Some(folder) => {
                change.sign(&borrowed(&signers), now)?;
                change.create(folder)?;
                report(
                    &change,
                    &format!("staged in {}", folder.display()),
                    false,
                    self.keys.format,
                )
            }
        }
    }
}

fn borrowed(signers: &[Box<dyn Signer>]) -> Vec<&dyn Signer> {
    signers.iter().map(AsRef::as_ref).collect()
}

impl LockArgs {
    pub(super) fn publish(
        self,
        change: &mut Stage,
        store: &Store,
        place: &str,
        signers: &[Box<dyn Signer>],
        now: u64,
        format: SummaryFormat,
    ) -> Result<Outcome, CliError> {
        let break_lock = self.break_lock;
        push(
            change,
            store,
            &borrowed(signers),
            PushOptions { now, break_lock },
        )?;
        report(change, &format!("published in {place}"), true, format)
    }
}

/// Adds the signatures of these keys.
pub(super) fn sign(
    change: &mut Stage,
    signers: &[Box<dyn Signer>],
    now: u64,
) -> Result<Vec<(String, String)>, CliError> {
    Ok(change.sign(&borrowed(signers), now)?)
}

pub(super) fn missing_json(missing: &[Missing]) -> Value {
    let one = |missing: &Missing| {
        json!({
            "role": missing.role, "signatures": missing.signatures, "of": missing.of, "keys": missing.keys,
        })
    };
    missing.iter().map(one).collect()
}

pub(super) fn missing_lines(missing: &[Missing]) -> Vec<String> {
    let line = |missing: &Missing| {
        let keys: Vec<&str> = missing.keys.iter().filter_map(|id| id.get(..8)).collect();
        let plural = if missing.signatures == 1 { "" } else { "s" };
        format!(
            "missing   {}: {} signature{plural} by the {} keys {}",
            missing.role,
            missing.signatures,
            missing.of,
            keys.join(", ")
        )
    };
    missing.iter().map(line).collect()
}

/// Says what a change does, and what became of it.
pub(super) fn report(
    change: &Stage,
    outcome: &str,
    published: bool,
    format: SummaryFormat,
) -> Result<Outcome, CliError> {
    let (lines, missing) = (change.describe()?, change.missing()?);
    let mut out = anstream::stdout().lock();
    match format {
        SummaryFormat::Json => {
            let document = json!({
                "changes": lines, "missing": missing_json(&missing), "outcome": outcome, "published": published,
            });
            writeln!(out, "{document:#}")?;
        }
        SummaryFormat::Text => {
            for line in lines {
                let indent = line.len() - line.trim_start().len();
                writeln!(out, "{}{}", " ".repeat(indent), one_line(line.trim_start()))?;
            }
            writeln!(out, "{outcome}")?;
            for line in missing_lines(&missing) {
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(Outcome::Clean)
}

/// Who wants a change, and why: for its record.
#[derive(Debug, clap::Args)]
pub(super) struct ReasonArgs {
    /// Who approved; once for each person
    #[arg(
        long,
        value_name = "WHO",
        env = "EDGERAIL_APPROVED_BY",
        value_delimiter = '\n'
    )]
    approved_by: Vec<String>,
    /// The ticket or review in which they did
    #[arg(long, env = "EDGERAIL_TICKET")]
    ticket: Option<String>,
    /// Why it is published
    #[arg(long, env = "EDGERAIL_REASON")]
    reason: Option<String>,
}

impl ReasonArgs {
    pub(super) fn publication(&self) -> Publication {
        Publication {
            approved_by: self.approved_by.clone(),
            ticket: self.ticket.clone(),
            reason: self.reason.clone(),
            sources: Vec::new(),
        }
    }
}

/// Who wants a publication, why, and what it was made from.
#[derive(Debug, clap::Args)]
pub(super) struct PublicationArgs {
    #[command(flatten)]
    reason: ReasonArgs,
    /// A file that the bundles were made from: looked at, and kept by its hash
    #[arg(
        long,
        value_name = "FILE",
        env = "EDGERAIL_SOURCE",
        value_delimiter = '\n'
    )]
    source: Vec<PathBuf>,
}

impl PublicationArgs {
    pub(super) fn publication(&self) -> Result<Publication, CliError> {
        let source = |path: &PathBuf| {
            let bytes = read_file(path, SOURCE_BYTES)?;
            Ok(edgerail_publish::gate::source(
                &path.display().to_string(),
                &bytes,
            )?)
        };
        let sources = self.source.iter().map(source);
        Ok(Publication {
            sources: sources.collect::<Result<_, CliError>>()?,
            ..self.reason.publication()
        })
    }
}
