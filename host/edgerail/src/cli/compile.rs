use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use edgerail_compile::definition::Guardrail;
use edgerail_compile::diagnostic::{Diagnostic, Diagnostics, Severity};
use edgerail_compile::{Audience, CompileOptions, compile};
use edgerail_core::{Engine, LoadOptions, Trust};
use serde_json::{Value, json};

mod enforcement;

use super::Outcome;
use super::check::moment;
use super::error::{CliError, report_diagnostics};
use super::inspect::Summary;
use super::org::ValidArgs;
use super::policy::{Parameter, read_definition, read_options, read_overlay};

/// Options of `edgerail compile`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The guardrail definitions, which requests name; if several block a text, the first one's message is
    /// the answer, those of the organization and the account before these
    #[arg(value_name = "DEFINITION", required_unless_present_any = ["org", "account_config"])]
    definitions: Vec<PathBuf>,
    /// The overlay beside the definitions (TOML or JSON)
    #[arg(long, value_name = "FILE", env = "EDGERAIL_OVERLAY")]
    overlay: Option<PathBuf>,
    /// Who may get the bundle
    #[arg(long, env = "EDGERAIL_AUDIENCE", default_value = "server", value_enum)]
    audience: AudienceArg,
    /// The scope the bundle is for, as it shall stand in decisions. With --org or --account-config it is
    /// PARTITION~ORGANIZATION~ACCOUNT-OR-OU~REGION, for example aws~o-exampleorgid~111122223333~us-east-1
    #[arg(long, env = "EDGERAIL_SCOPE")]
    scope: Option<String>,
    /// Answers about the organization, whose policies enforce guardrails, with the definitions of those:
    /// folders of `edgerail pull` or of files of the AWS CLI, single files, policy documents. One path each
    /// time; in the variable, one a line
    #[arg(
        long,
        value_name = "PATH",
        env = "EDGERAIL_ORG",
        value_delimiter = '\n'
    )]
    org: Vec<PathBuf>,
    /// The enforced configuration of the scope's account: an answer of ListEnforcedGuardrailsConfiguration
    /// or the body that put it
    #[arg(long, value_name = "FILE", env = "EDGERAIL_ACCOUNT_CONFIG")]
    account_config: Option<PathBuf>,
    /// Where else definitions of enforced guardrails are: answers of GetGuardrail, files or folders. One path
    /// each time; in the variable, one a line
    #[arg(
        long,
        value_name = "PATH",
        env = "EDGERAIL_ENFORCED_DEFINITIONS",
        value_delimiter = '\n'
    )]
    enforced_definitions: Vec<PathBuf>,
    /// Count as none what no answer tells, and warn of it; without this a missing answer is an error
    #[arg(
        long,
        value_name = "WHAT",
        env = "EDGERAIL_ASSUME_NONE",
        value_enum,
        value_delimiter = ','
    )]
    assume_none: Vec<AssumeNoneArg>,
    #[command(flatten)]
    valid: ValidArgs,
    /// The time at which exceptions are checked, as 2027-01-31T12:00:00Z; now otherwise
    #[arg(long, value_name = "RFC3339", env = "EDGERAIL_NOW", value_parser = moment)]
    now: Option<u64>,
    /// The guardrail to take from a definition file of several; all of them otherwise
    #[arg(long, env = "EDGERAIL_NAME")]
    name: Option<String>,
    /// A value for a template parameter; in the variable, one a line
    #[arg(
        long,
        value_name = "NAME=VALUE",
        env = "EDGERAIL_PARAMETER",
        value_delimiter = '\n'
    )]
    parameter: Vec<Parameter>,
    /// The form of the summary
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
    /// Where to write the bundle
    #[arg(
        short,
        long,
        value_name = "FILE",
        env = "EDGERAIL_OUTPUT",
        required = true
    )]
    output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AudienceArg {
    /// Machines of the organization: the full record
    Server,
    /// Anybody who opens a page: without patterns, ARNs and approvers
    Browser,
}

/// What may count as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AssumeNoneArg {
    /// Policies of an organization that are for the scope
    Organization,
    /// Guardrails that the scope's accounts enforce themselves
    AccountConfig,
    /// Accounts below the scope's unit that no answer names
    Accounts,
}

/// The form of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum SummaryFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// What was said about the files, by file.
type Said = Vec<(String, Diagnostics)>;

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    if args.output.as_os_str() == "-" {
        return Err(CliError::new(
            "usage",
            "--output",
            "name a file; a bundle is no text",
        ));
    }
    if args.name.is_some() && args.definitions.len() > 1 {
        let message = "choosing by name needs a single definition file; compile the others whole";
        return Err(CliError::new("usage", "--name", message));
    }
    let mut said = Said::new();
    let compiled = compile_all(args, &mut said)?;
    for (file, diagnostics) in &said {
        report_diagnostics(file, diagnostics);
    }
    let engine = compiled.as_deref().map(load).transpose()?;
    if let Some(engine) = &engine {
        write_atomically(&args.output, engine.bundle().bytes())
            .map_err(|error| CliError::file(&args.output, &error))?;
    }
    let summary = engine.as_ref().map(Summary::of);
    let mut out = anstream::stdout().lock();
    match args.format {
        SummaryFormat::Json => {
            let document = json!({
                "bundle": summary.as_ref().map(Summary::json),
                "diagnostics": said.iter().flat_map(diagnostics_json).collect::<Vec<_>>(),
                "output": summary.as_ref().map(|_| args.output.display().to_string()),
            });
            writeln!(out, "{document:#}")?;
        }
        SummaryFormat::Text => {
            if let Some(summary) = &summary {
                writeln!(out, "{}", args.output.display())?;
                write!(out, "{}", summary.text())?;
            }
        }
    }
    Ok(if summary.is_some() {
        Outcome::Clean
    } else {
        Outcome::Failed
    })
}

/// Reads everything before it gives up, so that all errors of all files are told at once. `None` if
/// there was one.
fn compile_all(args: &Args, said: &mut Said) -> Result<Option<Vec<u8>>, CliError> {
    let options = read_options(args.name.as_deref(), &args.parameter);
    let mut guardrails: Vec<Guardrail> = Vec::new();
    let mut failed = false;
    let mut tell = |error: CliError| match error {
        CliError::Diagnostics(file, diagnostics) => said.push((file, diagnostics)),
        CliError::Message {
            code,
            place,
            message,
        } => {
            said.push((place, Diagnostics::refusal(code, None, message)));
        }
        CliError::BrokenPipe => {}
    };
    let overlay = read_overlay(args.overlay.as_deref())
        .map_err(&mut tell)
        .ok();
    failed |= overlay.is_none();
    if let (Some(path), Some(read)) = (&args.overlay, &overlay)
        && !read.diagnostics.is_empty()
    {
        let file = path.display().to_string();
        tell(CliError::Diagnostics(file, read.diagnostics.clone()));
    }
    let mut names = BTreeSet::new();
    for path in &args.definitions {
        let file = path.display().to_string();
        let (own, mut diagnostics) = match read_definition(path, &options) {
            Ok(read) => read,
            Err(error) => {
                tell(error);
                failed = true;
                continue;
            }
        };
        failed |= refuse_known_names(&own, &mut names, &mut diagnostics);
        guardrails.extend(own);
        if !diagnostics.is_empty() {
            tell(CliError::Diagnostics(file, diagnostics));
        }
    }
    let mut bindings = Vec::new();
    if !failed && args.is_scoped() {
        match enforcement::bound(args, &guardrails) {
            Ok(bound) => {
                if !bound.diagnostics.is_empty() {
                    tell(CliError::Diagnostics("--org".to_owned(), bound.diagnostics));
                }
                (guardrails, bindings) = (bound.guardrails, bound.bindings);
            }
            Err(error) => {
                tell(error);
                failed = true;
            }
        }
    }
    let Some(overlay) = overlay.filter(|_| !failed) else {
        return Ok(None);
    };
    let options = CompileOptions {
        audience: match args.audience {
            AudienceArg::Server => Audience::Server,
            AudienceArg::Browser => Audience::Browser,
        },
        scope: args.scope.clone(),
        enforcement: bindings,
        now: args.now.or_else(system_time),
        ..CompileOptions::default()
    };
    let files: Vec<_> = args
        .definitions
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let files = if files.is_empty() {
        "--org".to_owned()
    } else {
        files.join(", ")
    };
    match compile(&guardrails, &overlay, &options) {
        Ok(compiled) => {
            if !compiled.diagnostics.is_empty() {
                said.push((files, compiled.diagnostics));
            }
            Ok(Some(compiled.bundle))
        }
        Err(diagnostics) => {
            said.push((files, diagnostics));
            Ok(None)
        }
    }
}

/// Says which of a file's guardrails have the name of one before, and whether any has.
fn refuse_known_names(
    guardrails: &[Guardrail],
    names: &mut BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) -> bool {
    let mut refused = false;
    for guardrail in guardrails
        .iter()
        .filter(|guardrail| !guardrail.name.is_empty())
    {
        if !names.insert(guardrail.name.clone()) {
            let message = format!(
                "a guardrail named {:?} is in an earlier file; a bundle knows guardrails by name",
                guardrail.name
            );
            let code = "duplicate-guardrail-name";
            diagnostics.push(Diagnostic::new(Severity::Error, code, "$", None, message));
            refused = true;
        }
    }
    refused
}

fn load(bundle: &[u8]) -> Result<Engine, CliError> {
    let options = LoadOptions {
        trust: Trust::Local,
        ..LoadOptions::default()
    };
    Engine::load(bundle.to_vec(), options)
        .map_err(|error| CliError::new("bundle", "the compiled bundle", error.to_string()))
}

fn diagnostics_json((file, diagnostics): &(String, Diagnostics)) -> Vec<Value> {
    let one = |d: &Diagnostic| {
        json!({
            "code": d.code, "column": d.column, "file": file, "line": d.line,
            "message": d.message, "path": d.path, "severity": d.severity.name(),
        })
    };
    diagnostics.iter().map(one).collect()
}

fn system_time() -> Option<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.ok().map(|since| since.as_secs())
}

/// Whoever reads the file sees the old content or the new one, never a part. What is no plain file, `/dev/null` or a
/// pipe, is written into: it is not replaced by one. A link keeps pointing to where it does.
pub(super) fn write_atomically(path: &Path, content: &[u8]) -> io::Result<()> {
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return OpenOptions::new()
            .write(true)
            .open(path)?
            .write_all(content);
    }
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(temporary);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary);
    let written = written.and_then(|mut file: File| {
        file.write_all(content)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| std::fs::rename(&temporary, path));
    if renamed.is_err() {
        // Whether it was made at all is not worth a second error.
        let _ = std::fs::remove_file(&temporary);
    }
    renamed
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_are_replaced() {
        let folder = std::env::temp_dir().join(format!("edgerail-write-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let place = |name: &str| folder.join(name);
        std::fs::write(place("file"), "old and longer").unwrap();
        std::os::unix::fs::symlink("file", place("link")).unwrap();
        write_atomically(&place("link"), b"new").unwrap();
        assert!(place("link").is_symlink());
        assert_eq!(std::fs::read(place("file")).unwrap(), b"new");
        let made = std::process::Command::new("mkfifo")
            .arg(place("pipe"))
            .status();
        assert!(made.unwrap().success());
        let reader = std::thread::spawn({
            let pipe = place("pipe");
            move || std::fs::read(pipe).unwrap()
        });
        write_atomically(&place("pipe"), b"content").unwrap();
        assert_eq!(reader.join().unwrap(), b"content");
        assert!(!std::fs::metadata(place("pipe")).unwrap().is_file());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 3);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
