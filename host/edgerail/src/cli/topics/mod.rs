//! `edgerail topics`: what is looked for because of a denied topic, and how texts fare with it.

mod explain;
mod probe;
mod test;

use std::path::{Path, PathBuf};

use edgerail_compile::definition::Guardrail;
use edgerail_compile::overlay::Overlay;
use edgerail_compile::topics::{TopicExplanation, explain as derive};

use super::Outcome;
use super::error::CliError;
use super::policy::{Parameter, read_definition, read_options, read_overlay_aloud};

/// Options of `edgerail topics`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the keywords of a topic, what they weigh and where they come from
    Explain(explain::Args),
    /// Hold texts against a topic: score, threshold, keywords
    Test(test::Args),
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    match &args.command {
        Command::Explain(args) => explain::run(args),
        Command::Test(args) => test::run(args),
    }
}

/// Where the topics come from.
#[derive(Debug, clap::Args)]
struct SourceArgs {
    /// The guardrail definition; a bundle no longer has the texts that keywords come from
    #[arg(value_name = "DEFINITION")]
    definition: PathBuf,
    /// The overlay beside the definition (TOML or JSON)
    #[arg(long, value_name = "FILE", env = "EDGERAIL_OVERLAY")]
    overlay: Option<PathBuf>,
    /// The topic, by its name in the definition; needed where there are several to choose from
    #[arg(long, value_name = "NAME", env = "EDGERAIL_TOPIC")]
    topic: Option<String>,
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
}

/// A topic of a guardrail.
struct Topic {
    guardrail: Guardrail,
    explanation: TopicExplanation,
}

impl SourceArgs {
    /// All topics, or those of the name asked for.
    fn topics(&self) -> Result<(Vec<Topic>, Overlay), CliError> {
        let place = self.definition.display().to_string();
        if is_bundle(&self.definition) {
            let message = "is a bundle, which no longer has the texts that keywords come from; give the definition";
            return Err(CliError::new("usage", place, message));
        }
        let options = read_options(self.name.as_deref(), &self.parameter);
        let overlay = read_overlay_aloud(self.overlay.as_deref())?;
        let (guardrails, diagnostics) = read_definition(&self.definition, &options)?;
        // What else is wrong or doubtful in the file is not asked here; what is refused was an error above.
        drop(diagnostics);
        self.check_overlay(&guardrails, &overlay)?;
        let mut topics = Vec::new();
        for guardrail in guardrails {
            for explanation in derive(&guardrail, &overlay) {
                topics.push(Topic {
                    guardrail: guardrail.clone(),
                    explanation,
                });
            }
        }
        if topics.is_empty() {
            return Err(CliError::new("no_topics", place, "has no denied topic"));
        }
        let Some(name) = &self.topic else {
            return Ok((topics, overlay));
        };
        let names: Vec<String> = topics.iter().map(|t| t.explanation.topic.clone()).collect();
        topics.retain(|topic| &topic.explanation.topic == name);
        if topics.is_empty() {
            let message = format!(
                "no topic of {place} has this name; there are {}",
                names.join(", ")
            );
            return Err(CliError::new("no_topics", "--topic", message));
        }
        Ok((topics, overlay))
    }

    /// The one topic there is.
    fn topic(&self) -> Result<(Topic, Overlay), CliError> {
        let (mut topics, overlay) = self.topics()?;
        match (topics.pop(), topics.as_slice()) {
            (Some(topic), []) => Ok((topic, overlay)),
            (last, others) => {
                let names = others.iter().chain(last.as_ref());
                let names: Vec<_> = names
                    .map(|topic| topic.explanation.topic.as_str())
                    .collect();
                let message = format!(
                    "there are several to choose from; give one of {}, and --name if it is in several guardrails",
                    names.join(", ")
                );
                Err(CliError::new("usage", "--topic", message))
            }
        }
    }

    /// An overlay for a topic that is not there is a mistake, here as when compiling.
    fn check_overlay(&self, guardrails: &[Guardrail], overlay: &Overlay) -> Result<(), CliError> {
        let options = edgerail_compile::CompileOptions::default();
        let place = self.definition.display().to_string();
        match edgerail_compile::compile(guardrails, overlay, &options) {
            Ok(_) => Ok(()),
            Err(errors) => Err(CliError::Diagnostics(place, errors)),
        }
    }
}

fn is_bundle(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = [0; edgerail_core::bundle::MAGIC.len()];
    let file = std::fs::File::open(path);
    let read = file.and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == edgerail_core::bundle::MAGIC
}
