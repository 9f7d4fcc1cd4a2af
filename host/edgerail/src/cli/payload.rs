//! `edgerail check --payload`: whole bodies of model APIs instead of texts.

use std::io::{BufWriter, Read as _, Write};
use std::path::Path;

use clap::ArgMatches;
use clap::builder::{BoolishValueParser, PossibleValuesParser};
use clap::parser::ValueSource;
use edgerail_core::bundle::{Bundle, MAX_BYTES};
use edgerail_core::payload::stream::{Framing, Reframer, Verdict, WholeBlocks};
use edgerail_core::payload::{
    GuardOptions, Guarding, Payload, PayloadError, Replacement, Shape, Side, Skipped,
};
use edgerail_core::policy::Policy;
use edgerail_core::{Request, Source};
use serde_json::{Map, Value, json};

use super::Outcome;
use super::check::Question;
use super::error::{CliError, say};
use super::input::Input;
use super::policy::Loaded;
use crate::report::{Answer, Format};
use crate::runtime::Evaluator;

/// Options of `edgerail check` about bodies.
#[derive(Debug, clap::Args)]
pub(super) struct PayloadArgs {
    /// Take an input as a body of this API, and print it with its masks or what to answer instead; auto
    /// tells the API by the body's members. A capture of a stream (server-sent events, AWS's event stream) is guarded as one
    #[arg(long, value_name = "API", env = "EDGERAIL_PAYLOAD", value_parser = shapes())]
    payload: Option<String>,
    /// Take bodies as requests or as responses. Otherwise their members tell, and one that has content of
    /// both is refused
    #[arg(long, value_name = "SIDE", env = "EDGERAIL_SIDE", value_parser = ["request", "response"])]
    side: Option<String>,
    /// Evaluate inputs and results of tools too, which AWS does not
    #[arg(long, env = "EDGERAIL_GUARD_TOOLS", value_parser = BoolishValueParser::new())]
    guard_tools: bool,
    /// What of a system prompt is evaluated
    #[arg(
        long,
        env = "EDGERAIL_GUARD_SYSTEM",
        default_value = "comprehensive",
        value_enum
    )]
    guard_system: GuardingArg,
    /// What of messages is evaluated
    #[arg(
        long,
        env = "EDGERAIL_GUARD_MESSAGES",
        default_value = "comprehensive",
        value_enum
    )]
    guard_messages: GuardingArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum GuardingArg {
    /// Everything
    Comprehensive,
    /// What is tagged: guardContent blocks, or tags with the body's tagSuffix
    Selective,
}

impl From<GuardingArg> for Guarding {
    fn from(given: GuardingArg) -> Guarding {
        match given {
            GuardingArg::Comprehensive => Guarding::Comprehensive,
            GuardingArg::Selective => Guarding::Selective,
        }
    }
}

fn shapes() -> PossibleValuesParser {
    let names = Shape::ALL.into_iter().map(Shape::name);
    PossibleValuesParser::new(std::iter::once("auto").chain(names))
}

impl PayloadArgs {
    /// What was asked for, if bodies were. That an option about them is set in the environment is no
    /// mistake where texts are checked.
    pub(super) fn bodies(&self, matches: Option<&ArgMatches>) -> Result<Option<Bodies>, CliError> {
        let Some(shape) = self.payload.as_ref() else {
            let options = ["side", "guard_tools", "guard_system", "guard_messages"];
            let given = options.iter().find(|name| {
                matches.and_then(|m| m.value_source(name)) == Some(ValueSource::CommandLine)
            });
            return match given {
                Some(name) => {
                    let option = format!("--{}", name.replace('_', "-"));
                    let remedy =
                        "is about bodies of model APIs; give --payload too, or leave it away";
                    Err(CliError::new("usage", option, remedy))
                }
                None => Ok(None),
            };
        };
        let options = GuardOptions {
            system: self.guard_system.into(),
            messages: self.guard_messages.into(),
            tools: self.guard_tools,
            side: self.side.as_deref().and_then(Side::from_name),
            ..GuardOptions::default()
        };
        Ok(Some(Bodies {
            shape: Shape::from_name(shape),
            options,
        }))
    }
}

/// How bodies are taken.
#[derive(Debug)]
pub(super) struct Bodies {
    /// Their shape, if it was named.
    shape: Option<Shape>,
    options: GuardOptions,
}

impl Bodies {
    /// The same for a bundle whose guardrails say themselves how they are applied.
    pub(super) fn with_bundle(mut self, loaded: &Loaded) -> Bodies {
        // A bundle that is none is refused where it is loaded.
        let bundle = Bundle::open(loaded.bytes().to_vec(), MAX_BYTES, true).ok();
        if let Some(policy) = bundle.and_then(|bundle| Policy::read(&bundle).ok()) {
            self.options = self.options.with_policy(&policy);
        }
        self
    }
}

/// A body that was checked.
struct Checked {
    outcome: Outcome,
    /// What it is now, or what to answer instead.
    body: Vec<u8>,
    /// The decision, with what is known of the body.
    document: Value,
    /// The same for people.
    notes: Vec<String>,
}

/// Whether the caller said which way the texts go; otherwise the body says it.
fn source_given(matches: Option<&ArgMatches>) -> bool {
    let from = matches.and_then(|matches| matches.value_source("source"));
    from.is_some_and(|from| from != ValueSource::DefaultValue)
}

/// Checks bodies in their order.
pub(super) fn run(
    bodies: &Bodies,
    inputs: &[Input],
    evaluator: &Evaluator,
    question: &Question,
    format: Format,
    matches: Option<&ArgMatches>,
) -> Result<Outcome, CliError> {
    if !matches!(format, Format::Text | Format::Json) {
        let remedy =
            "with --payload the output is text, the body, or json, the decision with the body";
        return Err(CliError::new("usage", "--format", remedy));
    }
    let ask = Ask {
        bodies,
        evaluator,
        question,
        source: source_given(matches).then_some(question.source),
    };
    let mut out = BufWriter::new(std::io::stdout());
    let mut outcome = Outcome::Clean;
    let mut documents = Vec::new();
    for input in inputs {
        let label = input.label();
        match ask.check(input) {
            Ok(checked)
                if format == Format::Json && std::str::from_utf8(&checked.body).is_err() =>
            {
                let message = "the body is no text, which json cannot hold; use --format text";
                CliError::new("payload_stream", &label, message).report();
                outcome = Outcome::Failed;
            }
            Ok(checked) => {
                outcome = outcome.max(checked.outcome);
                if format == Format::Json {
                    documents.push(named(checked.document, &label, inputs.len()));
                    continue;
                }
                for note in &checked.notes {
                    say(&format!("{label}: {note}"));
                }
                out.write_all(&checked.body)?;
                if inputs.len() > 1 && !checked.body.ends_with(b"\n") {
                    out.write_all(b"\n")?;
                }
            }
            Err(error) => {
                error.report();
                outcome = Outcome::Failed;
                let (code, message) = error.parts();
                let error = json!({"edgerail": {"error": {"code": code, "message": message}}});
                documents.push(named(error, &label, inputs.len()));
            }
        }
    }
    if format == Format::Json {
        match &documents[..] {
            // Half a response could be taken for one.
            [_] if outcome == Outcome::Failed && inputs.len() == 1 => {}
            [document] => writeln!(out, "{document}")?,
            _ => writeln!(out, "{}", Value::Array(documents))?,
        }
    }
    out.flush()?;
    Ok(outcome)
}

fn named(mut document: Value, label: &str, inputs: usize) -> Value {
    if let Some(own) = document.get_mut("edgerail").and_then(Value::as_object_mut)
        && inputs > 1
    {
        own.insert("input".into(), label.into());
    }
    document
}

struct Ask<'a> {
    bodies: &'a Bodies,
    evaluator: &'a Evaluator,
    question: &'a Question,
    source: Option<Source>,
}

impl Ask<'_> {
    fn check(&self, input: &Input) -> Result<Checked, CliError> {
        let label = input.label();
        let most = self.bodies.options.max_bytes;
        let most = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let mut body = Vec::new();
        let read = input.open()?.take(most).read_to_end(&mut body);
        read.map_err(|error| CliError::file(Path::new(&label), &error))?;
        match Framing::of(&body) {
            Some(framing) => self.stream(&body, framing, &label),
            None => self.body(&body, &label),
        }
    }

    fn body(&self, body: &[u8], label: &str) -> Result<Checked, CliError> {
        let payload = Payload::read(body, self.bodies.shape, &self.bodies.options);
        let payload = payload.map_err(|error| wrong(label, &error))?;
        let source = self.source.unwrap_or(payload.source());
        let request = Request {
            output_scope: self.question.output_scope,
            now: self.question.now,
            ..payload.request(source)
        };
        let evaluation = self.evaluator.evaluate(&request, false);
        let internal = || CliError::new("internal", label, "an internal error; please report it");
        let answer = Answer::read(&evaluation.json).map_err(|_| internal())?;
        let mut document: Value = serde_json::from_str(&evaluation.json).map_err(|_| internal())?;
        let new = match &*answer.reason {
            "Guardrail blocked." => {
                let message = answer.outputs.first();
                payload.blocked(message.map_or("", |output| &output.text))
            }
            "Guardrail masked." => masked(&payload, &document).ok_or_else(internal)?,
            _ => body.to_vec(),
        };
        let mut notes = notes(&payload, source, &answer.reason);
        if let Some(fault) = evaluation.fault {
            notes.push(format!("the engine gave no decision ({})", fault.code()));
        }
        let outcome = match (evaluation.fault, answer.intervened()) {
            (Some(_), _) => Outcome::Failed,
            (None, true) => Outcome::Intervened,
            (None, false) => Outcome::Clean,
        };
        if let Some(own) = document.get_mut("edgerail").and_then(Value::as_object_mut) {
            self.convert(own, &request);
            own.insert("offsets".into(), self.question.offsets.name().into());
            own.insert("payload".into(), described(&payload, source, &new));
        }
        Ok(Checked {
            outcome,
            body: new,
            document,
            notes,
        })
    }

    /// Brings places into the units asked for, each in its own block's text.
    fn convert(&self, own: &mut Map<String, Value>, request: &Request<'_>) {
        for list in ["findings", "masks"] {
            let Some(entries) = own.get_mut(list).and_then(Value::as_array_mut) else {
                continue;
            };
            for (number, block) in request.content.iter().enumerate() {
                let mut own: Vec<_> = entries
                    .iter_mut()
                    .filter(|entry| place(entry, "block") == Some(number))
                    .collect();
                let spans: Vec<_> = own
                    .iter()
                    .map(|e| (place(e, "start").unwrap_or(0), place(e, "end").unwrap_or(0)))
                    .collect();
                let converted = self.question.offsets.convert(&block.text, &spans);
                for (entry, (start, end)) in own.iter_mut().zip(converted) {
                    if let Some(entry) = entry.as_object_mut() {
                        entry.insert("start".into(), start.into());
                        entry.insert("end".into(), end.into());
                    }
                }
            }
        }
    }

    /// A capture of a stream: every block of the answer is decided when it has ended.
    fn stream(&self, body: &[u8], framing: Framing, label: &str) -> Result<Checked, CliError> {
        let Some(shape) = self.bodies.shape else {
            let message = "looks like a stream of events, which do not tell whose they are; name the API with --payload";
            return Err(CliError::new("payload_shape", label, message));
        };
        let source = self.source.unwrap_or(Source::Output);
        let mut fault = None;
        let mut filter = WholeBlocks::new(|text: &str| {
            let request = Request {
                now: self.question.now,
                ..Request::text(source, text)
            };
            let evaluation = self.evaluator.evaluate(&request, false);
            fault = fault.or(evaluation.fault);
            verdict(&evaluation.json)
        });
        let mut reframer = Reframer::new(shape, framing, &self.bodies.options);
        let mut new = Vec::new();
        let pushed = reframer
            .push(body, &mut filter, &mut new)
            .and_then(|()| reframer.finish(&mut filter, &mut new));
        pushed.map_err(|error| wrong(label, &error))?;
        let reason = filter.reason();
        let intervened = reason != edgerail_core::decision::Reason::NoAction;
        let action = if intervened {
            "GUARDRAIL_INTERVENED"
        } else {
            "NONE"
        };
        let document = json!({
            "action": action,
            "actionReason": reason.text(),
            "edgerail": {"payload": {
                "api": shape.name(), "body": String::from_utf8_lossy(&new), "side": "stream", "source": source.name(),
            }},
        });
        Ok(Checked {
            outcome: match (fault, intervened) {
                (Some(_), _) => Outcome::Failed,
                (None, true) => Outcome::Intervened,
                (None, false) => Outcome::Clean,
            },
            body: new,
            document,
            notes: vec![format!(
                "{}: taken as a stream of {}, {}",
                reason.text(),
                shape.name(),
                source.name()
            )],
        })
    }
}

/// What a decision on one text says; one that cannot be read lets nothing pass.
fn verdict(json: &str) -> Verdict {
    let Ok(answer) = Answer::read(json) else {
        return Verdict::Blocked(String::new());
    };
    let output = answer.outputs.first();
    let output = output.map_or_else(String::new, |output| output.text.clone().into_owned());
    match &*answer.reason {
        "No action." => Verdict::Pass,
        "Guardrail masked." => Verdict::Masked(output),
        _ => Verdict::Blocked(output),
    }
}

fn wrong(label: &str, error: &PayloadError) -> CliError {
    CliError::new(error.code(), label, error.to_string())
}

fn place(entry: &Value, name: &str) -> Option<usize> {
    usize::try_from(entry.get(name)?.as_u64()?).ok()
}

/// The body with the masks of the decision. `None` if there are none: what was to be masked must not get
/// out as it is.
fn masked(payload: &Payload<'_>, decision: &Value) -> Option<Vec<u8>> {
    let masks = decision.pointer("/edgerail/masks")?.as_array()?;
    let read = |mask: &Value| {
        let text = format!("{{{}}}", mask.get("label")?.as_str()?);
        let (start, end) = (place(mask, "start")?, place(mask, "end")?);
        Some((place(mask, "block")?, start, end, text))
    };
    let masks: Option<Vec<_>> = masks.iter().map(read).collect();
    let masks = masks.filter(|masks| !masks.is_empty())?;
    let replacements = masks.iter().map(|(block, start, end, text)| Replacement {
        block: *block,
        start: *start,
        end: *end,
        text,
    });
    Some(payload.replace(replacements))
}

fn described(payload: &Payload<'_>, source: Source, body: &[u8]) -> Value {
    let Skipped {
        tools,
        reasoning,
        media,
        untagged,
    } = payload.skipped();
    let also: Vec<_> = payload.also().iter().map(|shape| shape.name()).collect();
    let places: Vec<_> = (0..).map_while(|block| payload.pointer(block)).collect();
    json!({
        "alsoFits": also,
        "api": payload.shape().name(),
        "body": String::from_utf8_lossy(body),
        "model": payload.model(),
        "places": places,
        "side": payload.side().name(),
        "skipped": {"media": media, "reasoning": reasoning, "tools": tools, "untagged": untagged},
        "source": source.name(),
    })
}

fn notes(payload: &Payload<'_>, source: Source, reason: &str) -> Vec<String> {
    let (shape, side) = (payload.shape().name(), payload.side().name());
    let mut notes = vec![format!(
        "{reason} Taken as {shape} {side}, {}.",
        source.name()
    )];
    if !payload.also().is_empty() {
        let also: Vec<_> = payload.also().iter().map(|shape| shape.name()).collect();
        notes.push(format!(
            "it fits {} as well; --payload says which it is",
            also.join(", ")
        ));
    }
    let skipped = payload.skipped();
    let left = [
        (skipped.tools, "inputs or results of tools"),
        (skipped.reasoning, "pieces of reasoning"),
        (skipped.media, "images, sounds or files"),
        (skipped.untagged, "texts without guard tags"),
    ];
    let left: Vec<_> = left.iter().filter(|(count, _)| *count > 0).collect();
    if !left.is_empty() {
        let left: Vec<_> = left
            .iter()
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        notes.push(format!("not evaluated: {}", left.join(", ")));
    }
    notes
}
