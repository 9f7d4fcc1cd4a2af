use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use edgerail_publish::name::Scope;
use edgerail_publish::{History, RoleStatus, Rollout, Stage, Status, TargetStatus};
use serde_json::{Value, json};

use super::super::Outcome;
use super::super::check::moment;
use super::super::compile::SummaryFormat;
use super::super::error::CliError;
use super::common::{RepositoryArgs, missing_json, missing_lines};
use super::history;

/// Options of `edgerail publish status`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all is well, 1 something expires soon or has expired, or a record of the history is lost, 2 error."
)]
pub(super) struct Args {
    #[command(flatten)]
    repository: RepositoryArgs,
    /// A staged change to look at, too
    #[arg(long, value_name = "DIR", env = "EDGERAIL_STAGE")]
    stage: Option<PathBuf>,
    /// What was published before, of all scopes or of one: versions, who approved them, when and why
    #[arg(long, value_name = "SCOPE", env = "EDGERAIL_HISTORY", num_args = 0..=1, default_missing_value = "*")]
    history: Option<Of>,
    /// The time at which to look, as 2027-01-31T12:00:00Z; now otherwise
    #[arg(long, value_name = "RFC3339", env = "EDGERAIL_NOW", value_parser = moment)]
    now: Option<u64>,
    /// The form of the output
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

/// What the history is of.
#[derive(Clone, Debug)]
enum Of {
    All,
    Scope(Scope),
}

impl FromStr for Of {
    type Err = edgerail_publish::Error;

    fn from_str(text: &str) -> Result<Of, edgerail_publish::Error> {
        // No scope has a star.
        if text == "*" {
            return Ok(Of::All);
        }
        text.parse().map(Of::Scope)
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let store = args.repository.store()?;
    let repository = args.repository.load(&store)?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = args.now.or(since.ok().map(|since| since.as_secs()));
    let status = Status::of(&repository, now.unwrap_or(0))?;
    let stage = args.stage.as_deref().map(Stage::read).transpose()?;
    let scope = match &args.history {
        Some(Of::Scope(scope)) => Some(scope),
        _ => None,
    };
    let history = args.history.as_ref();
    let history = history
        .map(|_| History::of(&repository, &store, scope))
        .transpose()?;
    let mut out = anstream::stdout().lock();
    match args.format {
        SummaryFormat::Json => {
            let staged = stage.as_ref().map(staged_json).transpose()?;
            let mut document = serde_json::to_value(&status)
                .map_err(|error| CliError::new("status", "the status", error.to_string()))?;
            document["stage"] = staged.unwrap_or(Value::Null);
            if let Some(history) = &history {
                document["history"] = serde_json::to_value(history)
                    .map_err(|error| CliError::new("status", "the history", error.to_string()))?;
            }
            writeln!(out, "{document:#}")?;
        }
        SummaryFormat::Text => {
            for role in &status.roles {
                writeln!(out, "{}", role_line(role))?;
            }
            if let Some(history) = &history {
                for line in history::lines(history) {
                    writeln!(out, "{line}")?;
                }
            }
            let scopes = status.scopes.iter().filter(|_| history.is_none());
            for (line, bundles) in scopes {
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
    let lost = history.as_ref().is_some_and(History::has_losses);
    let alarm = lost || status.roles.iter().any(|role| role.expires_soon);
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

/// Who takes the bundle of a rollout.
pub(super) fn reach(rollout: &Rollout) -> String {
    let ring = rollout.ring.name();
    format!("{} of 1000 clients up to ring {ring}", rollout.permille)
}

fn target_line(target: &TargetStatus) -> String {
    let custom = &target.custom;
    let rollout = custom.rollout.as_ref();
    let rollout = rollout.map(|rollout| format!(", {}", reach(rollout)));
    format!(
        "version {}{}, {} bytes, sha256 {}",
        custom.version,
        rollout.unwrap_or_default(),
        target.length,
        target.sha256.get(..16).unwrap_or_default()
    )
}
