//! `edgerail org`: what an organization's policies come to, and what is wrong with them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use edgerail_compile::diagnostic::{Diagnostics, Severity};
use edgerail_compile::org::{
    Datum, Difference, Documents, Effect, Effective, Event, Ignored, Input, SavedPolicy, Unit,
    compare, effective, enforced, lint, not_understood,
};
use serde_json::{Value, json};

use super::Outcome;
use super::compile::{SummaryFormat, write_atomically};
use super::error::{CliError, report_diagnostics, say};
use super::policy::read_file;

/// The longest answer that is read; AWS pages its answers far below it.
const ANSWER_BYTES: usize = 16 << 20;
/// How many files a folder may have: an organization of 10,000 accounts stays below it.
const MAX_FILES: usize = 200_000;

/// Options of `edgerail org`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show the effective Bedrock policy of an account, and which policy set each value
    Effective(EffectiveArgs),
    /// Find what AWS would refuse, fail on, or do other than was meant
    Lint(LintArgs),
}

/// Options of `edgerail org effective`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 valid and as AWS answers, 1 invalid, not understood as a whole, or different from AWS's answer, 2 error."
)]
struct EffectiveArgs {
    #[command(flatten)]
    org: OrgArgs,
    /// The account, by its id; or an organizational unit or root
    #[arg(long, env = "EDGERAIL_ACCOUNT")]
    account: String,
    /// Show the guardrails of this region; those of every region otherwise
    #[arg(long, env = "EDGERAIL_REGION")]
    region: Option<String>,
    #[command(flatten)]
    valid: ValidArgs,
    /// The form of the output
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

/// Where an organization's answers are.
#[derive(Debug, clap::Args)]
pub(super) struct OrgArgs {
    /// Answers about the organization: folders of `edgerail pull` or of files of the AWS CLI, single
    /// files, policy documents. One path each time; in the variable, one a line
    #[arg(
        long,
        value_name = "PATH",
        env = "EDGERAIL_ORG",
        value_delimiter = '\n',
        required = true
    )]
    org: Vec<PathBuf>,
}

/// Where the last valid policy is kept.
#[derive(Debug, Default, clap::Args)]
pub(super) struct ValidArgs {
    /// The last valid effective policy, which stays in force if the merged one is invalid
    #[arg(long, value_name = "FILE", env = "EDGERAIL_LAST_VALID")]
    last_valid: Option<PathBuf>,
    /// Where to write the effective policy if it is valid
    #[arg(long, value_name = "FILE", env = "EDGERAIL_SAVE_VALID")]
    save_valid: Option<PathBuf>,
}

/// Options of `edgerail org lint`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 no error, 1 errors, 2 the answers cannot be read.")]
struct LintArgs {
    #[command(flatten)]
    org: OrgArgs,
    /// The form of the output
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    match &args.command {
        Command::Effective(args) => show(args),
        Command::Lint(args) => check(args),
    }
}

/// Reads answers from folders and files. Several folders may have files of one name, which are told apart by the
/// folders' own.
pub(super) fn read_documents(paths: &[PathBuf]) -> Result<Documents, CliError> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut prefix = String::new();
            if paths.len() > 1 {
                let _ = write!(prefix, "{}/", path.display());
            }
            folder(path, &prefix, &mut inputs)?;
        } else {
            let name = path.file_name().map(|name| name.to_string_lossy());
            inputs.push(Input {
                name: name.unwrap_or_default().into_owned(),
                bytes: read_file(path, ANSWER_BYTES)?,
            });
        }
    }
    Documents::read(&inputs).map_err(|mut problems| {
        let last = problems.pop();
        for (file, own) in &problems {
            report_diagnostics(file, own);
        }
        let (file, own) = last.unwrap_or_default();
        CliError::Diagnostics(file, own)
    })
}

/// Refuses files that say nothing about an organization: somebody named another folder.
pub(super) fn require_policies(documents: &Documents, or: &str) -> Result<(), CliError> {
    if documents.say_policies() {
        return Ok(());
    }
    let message = format!(
        "the files say nothing about the policies of an organization: no tree, no policy, no effective policy; name the folder of `edgerail pull --organization`{or}"
    );
    Err(CliError::new("org_empty", "--org", message))
}

/// The JSON files of a folder and of those in it.
fn folder(path: &Path, prefix: &str, inputs: &mut Vec<Input>) -> Result<(), CliError> {
    let wrong = |error: std::io::Error| CliError::file(path, &error);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(wrong)? {
        entries.push(entry.map_err(wrong)?.path());
    }
    entries.sort();
    for entry in entries {
        let Some(name) = entry.file_name().map(|name| name.to_string_lossy()) else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{name}");
        if entry.is_dir() {
            folder(&entry, &format!("{name}/"), inputs)?;
        } else if name.ends_with(".json") {
            if inputs.len() >= MAX_FILES {
                let message =
                    format!("has more than {MAX_FILES} files; name the folder of answers");
                return Err(CliError::new(
                    "too_large",
                    path.display().to_string(),
                    message,
                ));
            }
            let bytes = read_file(&entry, ANSWER_BYTES)?;
            inputs.push(Input { name, bytes });
        }
    }
    Ok(())
}

impl ValidArgs {
    /// The last valid policy, if it was given.
    pub(super) fn read(&self) -> Result<Option<SavedPolicy>, CliError> {
        let Some(path) = &self.last_valid else {
            return Ok(None);
        };
        let bytes = read_file(path, ANSWER_BYTES)?;
        let saved = SavedPolicy::read(&bytes);
        let place = path.display().to_string();
        saved
            .map(Some)
            .map_err(|m| CliError::new("last_valid", place, m))
    }

    /// Writes the effective policy, if it is valid and not the last valid one anyway.
    pub(super) fn save(&self, found: &Effective) -> Result<(), CliError> {
        let Some(path) = &self.save_valid else {
            return Ok(());
        };
        if found.kept || found.problems.iter().any(|problem| problem.invalid) {
            return Ok(());
        }
        let saved = SavedPolicy {
            unit: found.unit.clone(),
            content: found.content.clone(),
        };
        write_atomically(path, saved.to_json().as_bytes())
            .map_err(|error| CliError::file(path, &error))
    }
}

fn show(args: &EffectiveArgs) -> Result<Outcome, CliError> {
    if Unit::parse(&args.account).is_none() {
        let message = "is no account id of 12 digits, and no id of an organizational unit or root";
        return Err(CliError::new("usage", "--account", message));
    }
    let documents = read_documents(&args.org.org)?;
    require_policies(&documents, "")?;
    let last_valid = args.valid.read()?;
    let found = effective(&documents, &args.account, last_valid.as_ref())
        .map_err(|message| CliError::new("org", &args.account, message))?;
    args.valid.save(&found)?;
    let described = documents.described.get(&args.account);
    let described = described.filter(|_| !found.described);
    let differences = described.map(|described| compare(&found.content, described));
    let report = Report {
        found: &found,
        region: args.region.as_deref(),
        described,
        differences: differences.as_deref(),
    };
    let mut out = anstream::stdout().lock();
    match args.format {
        SummaryFormat::Json => writeln!(out, "{:#}", report.json())?,
        SummaryFormat::Text => write!(out, "{}", report.text())?,
    }
    if let Some(asked) = args
        .region
        .as_deref()
        .filter(|_| report.regions().is_empty())
    {
        let all = Report {
            region: None,
            ..report
        };
        let has = match all.regions().as_slice() {
            [] => "nothing in any region".to_owned(),
            regions => regions.join(", "),
        };
        let has = crate::report::one_line(&has);
        say(&format!(
            "--region: nothing is enforced in {asked}; the policy has {has}"
        ));
    }
    for problem in &found.problems {
        say(&format!(
            "{}: {}: {}",
            problem.code, problem.path, problem.message
        ));
    }
    let lost = not_understood(&documents, &BTreeSet::from([args.account.clone()]));
    for (file, diagnostics) in &lost {
        report_diagnostics(file, diagnostics);
    }
    let lost = lost.iter().any(|(_, diagnostics)| diagnostics.has_errors());
    let differs = differences.is_some_and(|differences| !differences.is_empty());
    Ok(if found.problems.is_empty() && !differs && !lost {
        Outcome::Clean
    } else {
        Outcome::Intervened
    })
}

fn check(args: &LintArgs) -> Result<Outcome, CliError> {
    let documents = read_documents(&args.org.org)?;
    if documents.account_answers.is_empty() {
        require_policies(&documents, "")?;
    }
    let said = lint(&documents);
    match args.format {
        SummaryFormat::Text => {
            for (file, diagnostics) in &said {
                report_diagnostics(file, diagnostics);
            }
        }
        SummaryFormat::Json => {
            let all: Vec<Value> = said.iter().flat_map(diagnostics_json).collect();
            writeln!(
                anstream::stdout().lock(),
                "{:#}",
                json!({ "diagnostics": all })
            )?;
        }
    }
    let mut all = said.iter().flat_map(|(_, diagnostics)| diagnostics);
    Ok(if all.any(|one| one.severity == Severity::Error) {
        Outcome::Intervened
    } else {
        Outcome::Clean
    })
}

fn diagnostics_json((file, diagnostics): &(String, Diagnostics)) -> Vec<Value> {
    let one = diagnostics.iter().map(|one| {
        json!({
            "code": one.code, "file": file, "message": one.message, "path": one.path,
            "severity": one.severity.name(),
        })
    });
    one.collect()
}

/// An effective policy as it is told.
struct Report<'a> {
    found: &'a Effective,
    region: Option<&'a str>,
    /// AWS's own answer, and how what was merged differs from it.
    described: Option<&'a Datum>,
    differences: Option<&'a [Difference]>,
}

impl Report<'_> {
    /// The regions to tell of.
    fn regions(&self) -> Vec<&str> {
        let inference = self.found.content.member("bedrock");
        let inference = inference.and_then(|bedrock| bedrock.member("guardrail_inference"));
        let regions = inference.and_then(Datum::members).into_iter().flatten();
        let regions = regions.map(|(name, _)| name.as_str());
        regions
            .filter(|name| self.region.is_none_or(|region| region == *name))
            .collect()
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        self.found.events.iter().filter(|event| {
            let region = event.path.get(2).map(String::as_str);
            self.region.is_none() || region.is_none() || region == self.region
        })
    }

    /// What became of an operator, in words; a later `@@assign` replaces what counted before.
    fn effect(&self, event: &Event) -> String {
        match &event.effect {
            Effect::Applied => {
                let counts = self.found.set_by(&event.path);
                if counts.iter().any(|one| std::ptr::eq(*one, event)) {
                    "applied".to_owned()
                } else {
                    "overridden below".to_owned()
                }
            }
            Effect::Ignored(Ignored::Locked(by)) => {
                let by: Vec<String> = by
                    .iter()
                    .map(|(node, id)| format!("{id} at {node}"))
                    .collect();
                format!("ignored: locked by {}", by.join(", "))
            }
            Effect::Ignored(Ignored::AssignedFirst(policy)) => {
                format!("ignored: {policy} is attached to the same node before it")
            }
            Effect::Ignored(Ignored::NotAList) => "ignored: it is for lists".to_owned(),
        }
    }

    fn state(&self) -> &'static str {
        if self.found.kept {
            "invalid, the last valid policy stays in force"
        } else if !self.found.problems.is_empty() {
            "invalid"
        } else if self.found.described {
            "as AWS answered"
        } else {
            "valid"
        }
    }

    fn text(&self) -> String {
        let mut page = String::new();
        let plain = crate::report::one_line;
        let _ = writeln!(page, "for        {}", plain(&self.found.unit));
        let _ = writeln!(page, "path       {}", plain(&self.found.path.join(" > ")));
        let _ = writeln!(page, "policy     {}", self.state());
        for region in self.regions() {
            let (guardrails, _) = enforced(&self.found.content, region);
            let _ = writeln!(page, "\nregion     {}", plain(region));
            for guardrail in guardrails {
                let models = &guardrail.models;
                let list = |ids: &[String]| plain(&ids.join(", "));
                let _ = writeln!(
                    page,
                    "  {}: {}",
                    plain(&guardrail.key),
                    guardrail.identifier
                );
                let _ = writeln!(
                    page,
                    "    system {}, messages {}",
                    guardrail.guarding.system.name(),
                    guardrail.guarding.messages.name()
                );
                let included = if models.included.is_empty() {
                    "ALL".to_owned()
                } else {
                    list(&models.included)
                };
                let _ = writeln!(page, "    models {included}");
                if !models.excluded.is_empty() {
                    let _ = writeln!(page, "    but not {}", list(&models.excluded));
                }
            }
        }
        if self.events().next().is_some() {
            let _ = writeln!(page, "\nwho set what, from the root down");
        }
        for event in self.events() {
            let _ = writeln!(
                page,
                "  {} {} {} by {} at {}: {}",
                plain(&event.path.join("/")),
                event.operator.name(),
                plain(&event.value.to_json()),
                plain(&event.policy),
                plain(&event.node),
                self.effect(event)
            );
        }
        self.differences_text(&mut page);
        page
    }

    fn differences_text(&self, page: &mut String) {
        let Some(differences) = self.differences else {
            if !self.found.described {
                let _ = writeln!(
                    page,
                    "\nNot compared with AWS: its answer of describe-effective-policy for {} is not among the files.",
                    self.found.unit
                );
            }
            return;
        };
        if differences.is_empty() {
            let _ = writeln!(page, "\nAWS answers the same.");
            return;
        }
        let nothing = self.described.and_then(Datum::members);
        let nothing = nothing.is_some_and(std::collections::BTreeMap::is_empty);
        let why = if nothing {
            ": no policy applies (is BEDROCK_POLICY enabled in the root?)"
        } else {
            ""
        };
        let _ = writeln!(page, "\nAWS answers otherwise{why}");
        let shown = |value: &Option<Datum>| {
            let text = value.as_ref().map_or("nothing".to_owned(), Datum::to_json);
            crate::report::one_line(&text)
        };
        for difference in differences {
            let _ = writeln!(
                page,
                "  {}: merged {}, AWS {}",
                crate::report::one_line(&difference.path),
                shown(&difference.merged),
                shown(&difference.described)
            );
        }
    }

    fn json(&self) -> Value {
        let guardrails = self.regions().into_iter().map(|region| {
            let (guardrails, _) = enforced(&self.found.content, region);
            let all = guardrails.into_iter().map(|guardrail| {
                json!({
                    "excludedModels": guardrail.models.excluded,
                    "identifier": guardrail.identifier.to_string(),
                    "includedModels": guardrail.models.included,
                    "key": guardrail.key,
                    "messages": guardrail.guarding.messages.name(),
                    "system": guardrail.guarding.system.name(),
                })
            });
            (region.to_owned(), Value::Array(all.collect()))
        });
        let events = self.events().map(|event| {
            json!({
                "effect": self.effect(event),
                "node": event.node,
                "operator": event.operator.name(),
                "path": event.path,
                "policy": event.policy,
                "value": value(&event.value),
            })
        });
        let problems = self.found.problems.iter().map(|problem| {
            json!({
                "code": problem.code, "invalid": problem.invalid, "message": problem.message,
                "path": problem.path,
            })
        });
        let differences = self.differences.map(|differences| {
            let all = differences.iter().map(|difference| {
                json!({
                    "described": difference.described.as_ref().map(value),
                    "merged": difference.merged.as_ref().map(value),
                    "path": difference.path,
                })
            });
            all.collect::<Vec<_>>()
        });
        json!({
            "differences": differences,
            "guardrails": guardrails.collect::<serde_json::Map<_, _>>(),
            "path": self.found.path,
            "policy": value(&self.found.content),
            "problems": problems.collect::<Vec<_>>(),
            "settings": events.collect::<Vec<_>>(),
            "state": self.state(),
            "unit": self.found.unit,
        })
    }
}

fn value(datum: &Datum) -> Value {
    // What a datum writes is JSON.
    serde_json::from_str(&datum.to_json()).unwrap_or(Value::Null)
}
