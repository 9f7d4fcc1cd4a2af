use std::io::Write as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use edgerail_publish::{RoleStatus, Stage, Status, TargetStatus};
use serde_json::{Value, json};

use super::super::Outcome;
use super::super::check::moment;
use super::super::compile::SummaryFormat;
use super::super::error::CliError;
use super::common::{RepositoryArgs, missing_json, missing_lines};

/// Options of `edgerail publish status`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all is well, 1 something expires soon or has expired, 2 error."
)]
pub(super) struct Args {
    #[command(flatten)]
    repository: RepositoryArgs,
    /// A staged change to look at, too
    #[arg(long, value_name = "DIR", env = "EDGERAIL_STAGE")]
    stage: Option<PathBuf>,
    /// The time at which to look, as 2027-01-31T12:00:00Z; now otherwise
    #[arg(long, value_name = "RFC3339", env = "EDGERAIL_NOW", value_parser = moment)]
    now: Option<u64>,
    /// The form of the output
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let store = args.repository.store()?;
    let repository = args.repository.load(&store)?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = args.now.or(since.ok().map(|since| since.as_secs()));
    let status = Status::of(&repository, now.unwrap_or(0))?;
    let stage = args.stage.as_deref().map(Stage::read).transpose()?;
    let mut out = anstream::stdout().lock();
    match args.format {
        SummaryFormat::Json => {
            let staged = stage.as_ref().map(staged_json).transpose()?;
            let mut document = serde_json::to_value(&status)
                .map_err(|error| CliError::new("status", "the status", error.to_string()))?;
            document["stage"] = staged.unwrap_or(Value::Null);
            writeln!(out, "{document:#}")?;
        }
        SummaryFormat::Text => {
            for role in &status.roles {
                writeln!(out, "{}", role_line(role))?;
            }
            for (line, bundles) in &status.scopes {
                writeln!(out, "{line}")?;
                if let Some(current) = &bundles.current {
                    writeln!(out, "  current {}", target_line(current))?;
                }
                if let Some(next) = &bundles.next {
                    writeln!(out, "  next    {}", target_line(next))?;
                }
            }
            if let Some(stage) = &stage {
                writeln!(out, "staged change")?;
                for line in stage.describe()? {
                    writeln!(out, "  {}", crate::report::one_line(&line))?;
                }
                for line in missing_lines(&stage.missing()?) {
                    writeln!(out, "{line}")?;
                }
            }
        }
    }
    let alarm = status.roles.iter().any(|role| role.expires_soon);
    Ok(if alarm {
        Outcome::Intervened
    } else {
        Outcome::Clean
    })
}

fn staged_json(stage: &Stage) -> Result<Value, CliError> {
    Ok(json!({"changes": stage.describe()?, "missing": missing_json(&stage.missing()?)}))
}

fn role_line(role: &RoleStatus) -> String {
    let state = if role.expires_in_seconds <= 0 {
        ", EXPIRED"
    } else if role.expires_soon {
        ", expires soon"
    } else {
        ""
    };
    let plural = if role.keys.len() == 1 { "" } else { "s" };
    format!(
        "{:<10} version {}, until {}{state}, {} of {} key{plural}",
        role.role,
        role.version,
        role.expires,
        role.threshold,
        role.keys.len()
    )
}

fn target_line(target: &TargetStatus) -> String {
    let custom = &target.custom;
    let rollout = custom.rollout.as_ref().map(|rollout| {
        format!(
            ", {} of 1000 clients up to ring {}",
            rollout.permille,
            rollout.ring.name()
        )
    });
    format!(
        "version {}{}, {} bytes, sha256 {}",
        custom.version,
        rollout.unwrap_or_default(),
        target.length,
        target.sha256.get(..16).unwrap_or_default()
    )
}
