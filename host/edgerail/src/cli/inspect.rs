use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use edgerail_core::bundle::{ABI, FORMAT};
use edgerail_core::pii::RECOGNIZERS;
use edgerail_core::policy::{Actions, AllowedValue, EntryAction, Guardrail};
use edgerail_core::{Engine, LoadOptions, Source};
use serde_json::Value;

use super::Outcome;
use super::compile::SummaryFormat;
use super::error::CliError;
use super::policy::read_bundle;
use crate::judge::data::{Inspection, mode, on_error, verdict};
use crate::report::date;

/// How many entries the text form names that hold streams back most.
const HOLDBACK_ENTRIES: usize = 5;

/// Options of `edgerail inspect`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The bundle
    #[arg(value_name = "FILE")]
    bundle: PathBuf,
    /// The form of the output
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let bytes = read_bundle(&args.bundle)?;
    let place = args.bundle.display().to_string();
    let engine = Engine::load(bytes, LoadOptions::default())
        .map_err(|error| CliError::new("bundle", place, error.to_string()))?;
    let summary = Summary::of(&engine);
    let mut out = anstream::stdout().lock();
    match args.format {
        SummaryFormat::Json => writeln!(out, "{:#}", summary.json())?,
        SummaryFormat::Text => write!(out, "{}", summary.text())?,
    }
    Ok(Outcome::Clean)
}

/// What a bundle holds. Words are in it only as counts; patterns are not shown.
pub(super) struct Summary<'e> {
    engine: &'e Engine,
    data: Inspection<'e>,
}

impl<'e> Summary<'e> {
    pub(super) fn of(engine: &'e Engine) -> Summary<'e> {
        let data = Inspection::of(engine);
        Summary { engine, data }
    }

    pub(super) fn json(&self) -> Value {
        self.data.json()
    }

    fn holdback_text(&self, source: Source) -> String {
        let estimates = self.engine.holdback(source);
        let most = estimates.iter().take(HOLDBACK_ENTRIES).map(|estimate| {
            let name = plain(estimate.holder.name(self.engine));
            match estimate.bytes {
                Some(bytes) => format!("{name} {bytes} bytes"),
                None => format!("{name} up to the cap"),
            }
        });
        let most: Vec<_> = most.collect();
        let most = if most.is_empty() {
            String::from("nothing")
        } else {
            most.join(", ")
        };
        format!("stream     {} holds back most: {most}", source.name())
    }

    pub(super) fn text(&self) -> String {
        let (policy, bundle) = (self.engine.policy(), self.engine.bundle());
        let mut page = String::new();
        let scope = policy.scope.as_deref().unwrap_or("any");
        let _ = writeln!(
            page,
            "bundle     format {FORMAT}, engine ABI {ABI}, {} bytes, for {}, scope {}",
            bundle.bytes().len(),
            policy.audience,
            plain(scope),
        );
        let _ = writeln!(page, "sha256     {}", self.data.hash());
        let _ = writeln!(
            page,
            "on error   input {}, output {}",
            on_error(policy.on_error_input),
            on_error(policy.on_error_output)
        );
        let limits = self.engine.limits();
        let _ = writeln!(
            page,
            "limits     texts of {} bytes, {} findings listed",
            limits.text_bytes, limits.findings
        );
        for source in [Source::Input, Source::Output] {
            let _ = writeln!(page, "{}", self.holdback_text(source));
        }
        let sections: Vec<_> = bundle
            .sections()
            .map(|(kind, bytes)| format!("{} {bytes}", kind.name()))
            .collect();
        let _ = writeln!(page, "sections   {}", sections.join(", "));
        for guardrail in &policy.guardrails {
            self.guardrail_text(guardrail, &mut page);
        }
        page
    }

    fn guardrail_text(&self, guardrail: &Guardrail, page: &mut String) {
        let _ = writeln!(
            page,
            "\nguardrail  {} ({})",
            plain(&guardrail.name),
            mode(guardrail.mode)
        );
        let known = [
            ("id", &guardrail.id),
            ("version", &guardrail.version),
            ("arn", &guardrail.arn),
        ];
        for (name, value) in known {
            if let Some(value) = value {
                let _ = writeln!(page, "  {name:<9}{}", plain(value));
            }
        }
        let words = guardrail.words;
        let _ = writeln!(
            page,
            "  words    {}: {} on INPUT, {} on OUTPUT",
            words.total, words.input, words.output
        );
        if let Some(actions) = guardrail.profanity {
            let _ = writeln!(page, "  profanity {}", both(actions));
        }
        let standard: Vec<&str> = guardrail
            .tiers
            .named()
            .into_iter()
            .filter_map(|(policy, standard)| standard.then_some(policy))
            .collect();
        if !standard.is_empty() {
            let _ = writeln!(page, "  tier     STANDARD for {}", standard.join(", "));
        }
        for source in [Source::Input, Source::Output] {
            let acts = |actions: Actions| actions.of(source) != EntryAction::Disabled;
            let _ = writeln!(
                page,
                "  on {}: {} types, {} regexes",
                source.name(),
                guardrail
                    .pii
                    .iter()
                    .filter(|entry| acts(entry.actions))
                    .count(),
                guardrail
                    .regexes
                    .iter()
                    .filter(|entry| acts(entry.actions))
                    .count(),
            );
        }
        enforcement_text(guardrail, page);
        self.entries_text(guardrail, page);
        cloud_and_allowed_text(guardrail, page);
        exceptions_text(guardrail, page);
    }

    fn entries_text(&self, guardrail: &Guardrail, page: &mut String) {
        for entry in &guardrail.pii {
            let recognizer = RECOGNIZERS.iter().find(|r| r.ty == entry.ty);
            let threshold = entry.threshold.or(recognizer.map(|r| r.threshold));
            let _ = writeln!(
                page,
                "  type     {}: {}, threshold {}{}, {}",
                entry.ty.name(),
                both(entry.actions),
                threshold.map_or("none".to_owned(), |threshold| threshold.to_string()),
                if entry.threshold.is_some() {
                    " (overlay)"
                } else {
                    ""
                },
                recognizer.map_or("unsupported", |r| verdict(r.verdict)),
            );
        }
        for entry in &guardrail.regexes {
            let (name, path) = (plain(&entry.name), self.data.path(entry.automaton));
            let _ = writeln!(
                page,
                "  regex    {name}: {}, path {path}",
                both(entry.actions)
            );
        }
    }
}

fn cloud_and_allowed_text(guardrail: &Guardrail, page: &mut String) {
    for entry in &guardrail.cloud {
        let directions = match (entry.input, entry.output) {
            (true, true) => "both directions",
            (true, false) => "INPUT",
            _ => "OUTPUT",
        };
        let name = entry
            .entry
            .as_deref()
            .map(|entry| format!(" {}", plain(entry)));
        let _ = writeln!(
            page,
            "  cloud    {}{} ({directions}): {}",
            entry.policy,
            name.unwrap_or_default(),
            entry.reason
        );
    }
    for entry in &guardrail.allowed {
        let what = match &entry.what {
            AllowedValue::Value(value) => format!("value {}", plain(value)),
            AllowedValue::Domain(domain) => format!("domain {}", plain(domain)),
        };
        let who = plain(entry.who.as_deref().unwrap_or("somebody"));
        let until = date(entry.until);
        let _ = writeln!(
            page,
            "  allowed  {} {what}, by {who}, until {until}",
            entry.ty.name()
        );
    }
}

fn enforcement_text(guardrail: &Guardrail, page: &mut String) {
    for level in &guardrail.enforcement {
        let models = if level.models.is_all() {
            "all models".to_owned()
        } else {
            let included = match &level.models.included[..] {
                [] => "ALL".to_owned(),
                ids => plain(&ids.join(", ")),
            };
            match &level.models.excluded[..] {
                [] => included,
                ids => format!("{included} but not {}", plain(&ids.join(", "))),
            }
        };
        let guarding = level.guarding.map(|guarding| {
            let (system, messages) = (guarding.system.name(), guarding.messages.name());
            format!(", system {system}, messages {messages}")
        });
        let _ = writeln!(
            page,
            "  enforced {}: {models}{}",
            level.origin.name(),
            guarding.unwrap_or_default()
        );
    }
}

fn exceptions_text(guardrail: &Guardrail, page: &mut String) {
    for exception in &guardrail.exceptions {
        let somebody = |name: &Option<String>| plain(name.as_deref().unwrap_or("somebody"));
        let models = match &exception.models[..] {
            [] => String::new(),
            ids => format!(", with {}", plain(&ids.join(", "))),
        };
        let _ = writeln!(
            page,
            "  excepted {}{models}, for {}, approved by {} at {}, until {}",
            plain(&crate::judge::exception_name(exception)),
            somebody(&exception.who),
            somebody(&exception.approved_by),
            date(exception.from),
            date(exception.until)
        );
    }
}

fn both(actions: Actions) -> String {
    format!(
        "INPUT {}, OUTPUT {}",
        actions.input.name(),
        actions.output.name()
    )
}

/// Names come from files: what would move the cursor is written as an escape.
fn plain(text: &str) -> String {
    crate::report::one_line(text)
}
