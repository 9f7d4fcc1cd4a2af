use std::fmt::Write as _;
use std::io::Write as _;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::builder::BoolishValueParser;
use edgerail_aws::guardrail::Reference;
use edgerail_aws::pull::{Plan, Pulled, pull};
use edgerail_aws::snapshot::Changes;
use edgerail_aws::{Client, Error, Limits, Settings, offline};
use serde_json::json;

use super::Outcome;
use super::compile::SummaryFormat;
use super::error::{CliError, say};
use super::progress::Progress;

/// What `--from` calls AWS itself.
const AWS: &str = "aws";

/// How many files of a kind of change the text form names; JSON names all.
const NAMED: usize = 20;

/// Options of `edgerail pull`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --guardrail, --account and --organization, all guardrails of the regions are fetched, each in its newest\nnumbered version, and what the account enforces. Credentials come from where all AWS tools find them.\nExit codes: 0 all is here, 2 an error, or a policy names a guardrail that cannot be read (the rest is written)."
)]
pub(super) struct Args {
    /// Where from: aws, or a folder with a snapshot or with what the AWS CLI printed (write ./aws for a folder of
    /// that name)
    #[arg(long, value_name = "aws|DIR", env = "EDGERAIL_FROM", required = true)]
    from: PathBuf,
    /// The snapshot folder to write; an older snapshot in it is replaced
    #[arg(
        short,
        long,
        value_name = "DIR",
        env = "EDGERAIL_OUTPUT",
        required = true
    )]
    output: PathBuf,
    /// A region to read; the configured one if none is given
    #[arg(long, env = "EDGERAIL_REGION", value_delimiter = ',')]
    region: Vec<String>,
    /// An account whose effective policy is read; with --organization, only its way up to the root is
    #[arg(long, env = "EDGERAIL_ACCOUNT", value_delimiter = ',')]
    account: Vec<String>,
    /// A guardrail, by ID or ARN; without a version, the newest numbered one
    #[arg(
        long,
        value_name = "ID|ARN[:VERSION]",
        env = "EDGERAIL_GUARDRAIL",
        value_delimiter = ','
    )]
    guardrail: Vec<Reference>,
    /// Read the organization's tree, its Bedrock policies and where they are attached
    #[arg(long, env = "EDGERAIL_ORGANIZATION", value_parser = BoolishValueParser::new())]
    organization: bool,
    /// Take DRAFT definitions, which change under their name
    #[arg(long, env = "EDGERAIL_ALLOW_DRAFT", value_parser = BoolishValueParser::new())]
    allow_draft: bool,
    /// The profile of the AWS configuration files
    #[arg(long, env = "EDGERAIL_PROFILE")]
    profile: Option<String>,
    /// The address of all services, instead of AWS's own
    #[arg(long, value_name = "URL", env = "EDGERAIL_ENDPOINT_URL")]
    endpoint_url: Option<String>,
    /// Use the endpoints with FIPS-validated cryptography
    #[arg(long, env = "EDGERAIL_USE_FIPS", value_parser = BoolishValueParser::new())]
    use_fips: bool,
    /// How often a request is sent at most when AWS throttles or fails
    #[arg(long, value_name = "N", env = "EDGERAIL_TRIES", default_value = "10")]
    tries: NonZeroU32,
    /// How many seconds all tries of a request may take
    #[arg(
        long,
        value_name = "SECONDS",
        env = "EDGERAIL_TIMEOUT",
        default_value = "180"
    )]
    timeout: NonZeroU64,
    /// The form of the summary
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let plan = Plan {
        regions: args.region.clone(),
        guardrails: args.guardrail.clone(),
        accounts: args.account.clone(),
        organization: args.organization,
        allow_draft: args.allow_draft,
    };
    let pulled = if args.from == Path::new(AWS) {
        online(args, &plan)?
    } else {
        check_offline(args)?;
        offline::read(&args.from, &plan).map_err(told)?
    };
    let now = SystemTime::now();
    let changes = pulled.snapshot.write(&args.output, now).map_err(told)?;
    for note in &pulled.notes {
        say(&format!("note: {note}"));
    }
    for problem in &pulled.problems {
        say(&format!("error: {problem}"));
    }
    let mut out = anstream::stdout().lock();
    match args.format {
        SummaryFormat::Json => {
            let document = json!({
                "answers": pulled.snapshot.records().len(),
                "changes": changes,
                "notes": pulled.notes,
                "output": args.output.display().to_string(),
                "problems": pulled.problems,
            });
            writeln!(out, "{document:#}")?;
        }
        SummaryFormat::Text => write!(out, "{}", text(&args.output, &pulled, &changes))?,
    }
    Ok(if pulled.problems.is_empty() {
        Outcome::Clean
    } else {
        Outcome::Failed
    })
}

fn told(error: Error) -> CliError {
    CliError::new(error.code(), error.place(), error.message())
}

/// A folder is taken whole: what would choose from AWS chooses nothing there.
fn check_offline(args: &Args) -> Result<(), CliError> {
    let chosen = [
        ("--guardrail", !args.guardrail.is_empty()),
        ("--account", !args.account.is_empty()),
        ("--organization", args.organization),
        ("--endpoint-url", args.endpoint_url.is_some()),
    ];
    match chosen.iter().find(|(_, chosen)| *chosen) {
        None => Ok(()),
        Some((option, _)) => {
            let message = "is for --from aws; a folder is taken whole";
            Err(CliError::new("usage", *option, message))
        }
    }
}

fn online(args: &Args, plan: &Plan) -> Result<Pulled, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::new("input_output", "the runtime", error.to_string()))?;
    let settings = Settings {
        region: args.region.first().cloned(),
        profile: args.profile.clone(),
        endpoint_url: args.endpoint_url.clone(),
        use_fips: args.use_fips.then_some(true),
        limits: Limits {
            tries: args.tries,
            deadline: Duration::from_secs(args.timeout.get()),
            ..Limits::default()
        },
        ..Settings::default()
    };
    let mut progress = Progress::new();
    let mut answers = 0;
    let mut count = |_: &str| {
        answers += 1;
        progress.count(answers, "answers");
    };
    let pulling = async {
        let client = Client::connect(settings).await?;
        pull(&client, plan, &mut count).await
    };
    runtime.block_on(pulling).map_err(told)
}

fn text(output: &Path, pulled: &Pulled, changes: &Changes) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "{}", output.display());
    let _ = writeln!(
        page,
        "answers    {}: {} added, {} changed, {} as before; {} removed",
        pulled.snapshot.records().len(),
        changes.added.len(),
        changes.changed.len(),
        changes.same,
        changes.removed.len(),
    );
    let lists = [
        ("added", &changes.added),
        ("changed", &changes.changed),
        ("removed", &changes.removed),
    ];
    for (name, files) in lists {
        for file in files.iter().take(NAMED) {
            let _ = writeln!(page, "{name:<11}{file}");
        }
        if files.len() > NAMED {
            let _ = writeln!(page, "{name:<11}and {} more", files.len() - NAMED);
        }
    }
    page
}
