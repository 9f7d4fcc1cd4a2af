//! `edgerail verify`: a repository and a bundle of it, as a client sees them that knows only the root.

use std::io::Write as _;
use std::path::PathBuf;

use edgerail_core::{Engine, LoadOptions, Trust};
use edgerail_sync::repository::{Inspected, inspect};
use edgerail_sync::{Error, Limits, System, codes, rfc3339};
use serde_json::{Value, json};

use super::Outcome;
use super::compile::SummaryFormat;
use super::error::CliError;
use super::policy::read_file;
use super::sync::{RepositoryArgs, of_sync, runtime};

/// Options of `edgerail verify`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all of it is genuine and fresh, 2 it is not; the code and its explanation are printed.\nWithout a repository, --explain CODE says what a code means that any command or status reported."
)]
pub(super) struct Args {
    #[command(flatten)]
    repository: RepositoryArgs,
    /// The root to trust: any version of its root.json
    #[arg(long, value_name = "FILE", env = "EDGERAIL_ROOT")]
    root: Option<PathBuf>,
    /// A target to verify too: fetched, hashed, and if it is a bundle, loaded and tested
    #[arg(long, value_name = "NAME", env = "EDGERAIL_TARGET")]
    target: Option<String>,
    /// Say what a code means; `all` lists them
    #[arg(long, value_name = "CODE", env = "EDGERAIL_EXPLAIN")]
    explain: Option<String>,
    /// The form of the report
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    if let Some(code) = &args.explain {
        return explain(code, args.format);
    }
    let remedy = "is missing; give the root.json to trust";
    let root = args
        .root
        .as_deref()
        .ok_or_else(|| CliError::new("usage", "--root", remedy))?;
    let root = read_file(root, 1 << 20)?;
    let transport = args.repository.open()?;
    let now = edgerail_sync::Environment::now(&System);
    let name = args.target.as_deref();
    let inspected = runtime()?.block_on(inspect(
        transport.as_ref(),
        &root,
        Limits::default(),
        now,
        name,
    ));
    let checked = inspected.and_then(|inspected| test(&inspected).map(|test| (inspected, test)));
    let mut out = anstream::stdout().lock();
    match (&checked, args.format) {
        (Ok((inspected, test)), SummaryFormat::Json) => {
            writeln!(out, "{:#}", report(inspected, *test))?;
        }
        (Ok((inspected, test)), SummaryFormat::Text) => write!(out, "{}", text(inspected, *test))?,
        (Err(error), SummaryFormat::Json) => writeln!(out, "{:#}", refused(error))?,
        (Err(_), SummaryFormat::Text) => {}
    }
    match checked {
        Ok(_) => Ok(Outcome::Clean),
        Err(error) => Err(of_sync(&error)),
    }
}

/// Loads the target and lets it test itself, if it is a bundle; whether it is one.
fn test(inspected: &Inspected) -> Result<bool, Error> {
    let bundle = inspected
        .target
        .as_ref()
        .filter(|target| target.name.ends_with(".bundle"));
    let Some(target) = bundle else {
        return Ok(false);
    };
    let options = LoadOptions {
        trust: Trust::Verified,
        ..LoadOptions::default()
    };
    let engine = Engine::load(target.bytes.clone(), options)
        .map_err(|error| Error::new("load_failed", &target.name, error.to_string()))?;
    engine
        .self_test()
        .map_err(|error| Error::new("self_test", &target.name, error.to_string()))?;
    Ok(true)
}

fn report(inspected: &Inspected, tested: bool) -> Value {
    let target = inspected.target.as_ref().map(|target| {
        let custom = target.custom.as_deref().map(serde_json::from_str::<Value>);
        json!({
            "name": target.name,
            "length": target.bytes.len(),
            "sha256": target.sha256,
            "custom": custom.and_then(Result::ok),
            "selfTest": tested,
        })
    });
    json!({
        "verified": true,
        "metadata": inspected.roles,
        "issued": inspected.issued.map(rfc3339),
        "target": target,
    })
}

fn refused(error: &Error) -> Value {
    let known = codes::explain(error.code());
    json!({
        "verified": false,
        "code": error.code(),
        "place": error.place(),
        "message": error.message(),
        "explanation": known.map(|known| known.sentence),
        "remedy": match error.remedy() {
            // The message of the TUF client says it, too.
            "" => known.map(|known| known.remedy),
            remedy => Some(remedy),
        },
    })
}

fn text(inspected: &Inspected, tested: bool) -> String {
    use std::fmt::Write as _;
    let mut page = String::new();
    for role in &inspected.roles {
        let _ = writeln!(
            page,
            "{:<10} version {}, until {}",
            role.role, role.version, role.expires
        );
    }
    if let Some(issued) = inspected.issued {
        let _ = writeln!(page, "issued     {}", rfc3339(issued));
    }
    if let Some(target) = &inspected.target {
        let _ = writeln!(
            page,
            "target     {}, {} bytes",
            crate::report::one_line(&target.name),
            target.bytes.len()
        );
        let _ = writeln!(page, "sha256     {}", target.sha256);
        if let Some(custom) = &target.custom {
            let _ = writeln!(page, "custom     {}", crate::report::one_line(custom));
        }
        if tested {
            let _ = writeln!(page, "self-test  passed");
        }
    }
    page.push_str("verified   from the given root\n");
    page
}

fn explain(code: &str, format: SummaryFormat) -> Result<Outcome, CliError> {
    let known = match code {
        "all" => codes::all(),
        code => codes::explain(code).into_iter().collect(),
    };
    if known.is_empty() {
        let message = "is no code of sync or verify; --explain all lists them";
        return Err(CliError::new("usage", "--explain", message));
    }
    let mut out = anstream::stdout().lock();
    for known in known {
        match format {
            SummaryFormat::Text => {
                writeln!(out, "{}: {} {}", known.code, known.sentence, known.remedy)?
            }
            SummaryFormat::Json => writeln!(
                out,
                "{}",
                json!({"code": known.code, "explanation": known.sentence, "remedy": known.remedy})
            )?,
        }
    }
    Ok(Outcome::Clean)
}
