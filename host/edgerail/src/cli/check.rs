use std::io::{BufWriter, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::ArgMatches;
use clap::builder::BoolishValueParser;
use edgerail_compile::overlay::Date;
use edgerail_core::{OutputScope, Request, Source};

use super::error::{CliError, say};
use super::input::Input;
use super::payload::PayloadArgs;
use super::placeholders::{Masked, PlaceholderArgs, Store};
use super::policy::{EngineKind, PolicyArgs, evaluator};
use super::{Outcome, jsonl, payload};
use crate::report::{Answer, Checked, Format, Offsets, Options, Report, Unchecked, masked_text};
use crate::runtime::{Evaluation, Evaluator, RuntimeOptions};

/// Options of `edgerail check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "An argument that names an existing file is that file, - is standard input, anything else is a text.\nAn argument that looks like a file name (it has a path separator or a common ending such as .txt)\nand names no file is an error, so that a mistyped name is not checked as if it were a text; --text\nmakes all arguments texts."
)]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    map: PlaceholderArgs,
    /// Which way the texts go
    #[arg(
        long,
        env = "EDGERAIL_SOURCE",
        default_value = "INPUT",
        ignore_case = true,
        value_enum
    )]
    source: SourceArg,
    /// What the engine runs as
    #[arg(long, env = "EDGERAIL_ENGINE", default_value = "wasm", value_enum)]
    engine: EngineKind,
    /// Units of the offsets in json and jsonl
    #[arg(long, env = "EDGERAIL_OFFSETS", default_value = "chars", value_enum)]
    offsets: Offsets,
    /// How much the assessments list
    #[arg(
        long,
        env = "EDGERAIL_OUTPUT_SCOPE",
        default_value = "INTERVENTIONS",
        ignore_case = true,
        value_enum
    )]
    output_scope: ScopeArg,
    /// The form of the output: text, or jsonl if the input is jsonl; with --placeholders, the masked text alone
    #[arg(long, env = "EDGERAIL_FORMAT", value_enum)]
    format: Option<Format>,
    /// Whether an input is one text, or has a line {"id", "text"} for each (and may name its "source")
    #[arg(
        long,
        env = "EDGERAIL_INPUT_FORMAT",
        default_value = "text",
        value_enum
    )]
    input_format: InputFormat,
    #[command(flatten)]
    payload: PayloadArgs,
    /// Let reports quote what was found; json and jsonl always do
    #[arg(long, env = "EDGERAIL_SHOW_TEXT", value_parser = BoolishValueParser::new())]
    show_text: bool,
    /// The time at which exceptions count, as 2027-01-31T12:00:00Z; now otherwise
    #[arg(long, value_name = "RFC3339", env = "EDGERAIL_NOW", value_parser = moment)]
    now: Option<u64>,
    /// How long one evaluation may take in the wasm engine, in milliseconds; 0 is no limit
    #[arg(
        long,
        value_name = "MS",
        env = "EDGERAIL_DEADLINE_MS",
        default_value_t = 10_000
    )]
    deadline_ms: u64,
    /// Exit with 0 although a guardrail intervened; errors still exit with 2
    #[arg(long, env = "EDGERAIL_EXIT_ZERO", value_parser = BoolishValueParser::new())]
    exit_zero: bool,
    /// Take every argument as a text
    #[arg(long, env = "EDGERAIL_TEXT", value_parser = BoolishValueParser::new())]
    text: bool,
    /// Texts, files, or - for standard input, which is also read if there is no argument
    #[arg(value_name = "TEXT|FILE")]
    inputs: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "UPPER")]
pub(super) enum SourceArg {
    /// To a model
    Input,
    /// From a model
    Output,
}

impl SourceArg {
    pub(super) const fn source(self) -> Source {
        match self {
            SourceArg::Input => Source::Input,
            SourceArg::Output => Source::Output,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "UPPER")]
enum ScopeArg {
    /// What was detected
    Interventions,
    /// Also the types that were looked for and not found
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum InputFormat {
    /// An input is one text
    Text,
    /// An input has a text a line
    Jsonl,
}

pub(super) fn moment(text: &str) -> Result<u64, String> {
    // A day alone has no one moment: the reader takes it to its end.
    match Date::parse(text).filter(|_| text.len() > 10) {
        Some(date) => Ok(date.unix_seconds),
        None => Err("write it as 2027-01-31T12:00:00Z".to_owned()),
    }
}

/// What is asked of every text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) source: Source,
    pub(super) output_scope: OutputScope,
    pub(super) now: Option<u64>,
    pub(super) offsets: Offsets,
}

impl Question {
    pub(super) fn request<'t>(&self, text: &'t str) -> Request<'t> {
        Request {
            output_scope: self.output_scope,
            now: self.now,
            ..Request::text(self.source, text)
        }
    }
}

impl Args {
    fn format(&self) -> Result<Format, CliError> {
        match (self.input_format, self.format) {
            (InputFormat::Text, format) => Ok(format.unwrap_or(Format::Text)),
            (InputFormat::Jsonl, None | Some(Format::Jsonl)) => Ok(Format::Jsonl),
            (InputFormat::Jsonl, Some(_)) => Err(CliError::new(
                "usage",
                "--format",
                "with --input-format jsonl the output is jsonl, which needs no more memory for more lines; leave --format away",
            )),
        }
    }

    /// The placeholder map, if there is to be one.
    fn store(
        &self,
        matches: Option<&ArgMatches>,
        inputs: usize,
    ) -> Result<Option<Store>, CliError> {
        let Some((path, conversation)) = self.map.given(matches)? else {
            return Ok(None);
        };
        let wrong = |message: &str| Err(CliError::new("usage", "--placeholders", message));
        if self.input_format == InputFormat::Jsonl {
            return wrong(
                "a map is of one conversation, lines of jsonl are of many; give texts or files",
            );
        }
        if self.payload.bodies(matches)?.is_some() {
            return wrong(
                "bodies are masked with plain labels; check their texts, or leave --payload away",
            );
        }
        if self.format.is_none() && inputs > 1 {
            return wrong(
                "masked texts are printed as they are, so that of several none would have an end; give --format json",
            );
        }
        Store::open(path, conversation).map(Some)
    }

    fn question(&self) -> Question {
        Question {
            source: self.source.source(),
            output_scope: match self.output_scope {
                ScopeArg::Interventions => OutputScope::Interventions,
                ScopeArg::Full => OutputScope::Full,
            },
            now: self.now.or_else(|| {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                since.ok().map(|since| since.as_secs())
            }),
            offsets: self.offsets,
        }
    }
}

pub(super) fn run(args: &Args, matches: Option<&ArgMatches>) -> Result<Outcome, CliError> {
    let format = args.format()?;
    let bodies = args.payload.bodies(matches)?;
    if bodies.is_some() && args.input_format == InputFormat::Jsonl {
        let remedy = "an input is one body with --payload; leave --input-format away";
        return Err(CliError::new("usage", "--input-format", remedy));
    }
    let inputs = Input::all(&args.inputs, args.text)?;
    let mut store = args.store(matches, inputs.len())?;
    let loaded = args.policy.load(matches)?;
    let bodies = bodies.map(|bodies| bodies.with_bundle(&loaded));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = workers.min(64);
    let options = RuntimeOptions {
        // One for each worker, and one being made while another ends.
        instances: u32::try_from(workers).unwrap_or(1).saturating_add(1),
        deadline: (args.deadline_ms > 0).then(|| Duration::from_millis(args.deadline_ms)),
        ..RuntimeOptions::default()
    };
    let evaluator = evaluator(args.engine, &loaded, options)?;
    let question = args.question();
    let outcome = if let Some(bodies) = bodies {
        payload::run(&bodies, &inputs, &evaluator, &question, format, matches)?
    } else if args.input_format == InputFormat::Jsonl {
        jsonl::run(inputs, evaluator, question, workers)?
    } else {
        let options = Options {
            offsets: args.offsets,
            show_text: args.show_text,
            inputs: inputs.len(),
        };
        let bare = store.is_some() && args.format.is_none();
        let report = if bare {
            masked_text()
        } else {
            format.report(options)
        };
        let run = Run {
            evaluator: &evaluator,
            question: &question,
            store: store.as_mut(),
            report,
            bare,
            workers,
        };
        run.each(&inputs, format)?
    };
    Ok(match outcome {
        Outcome::Intervened if args.exit_zero => Outcome::Clean,
        outcome => outcome,
    })
}

type Answered = Result<(String, Evaluation), CliError>;

/// Checks inputs as whole texts.
struct Run<'r> {
    evaluator: &'r Evaluator,
    question: &'r Question,
    store: Option<&'r mut Store>,
    report: Box<dyn Report>,
    /// The report is the masked text and nothing else.
    bare: bool,
    workers: usize,
}

impl Run<'_> {
    /// As many at a time as there are workers, reported in their order.
    fn each(mut self, inputs: &[Input], format: Format) -> Result<Outcome, CliError> {
        // Only text has colours, and anstream takes them out where they are not wanted.
        let stdout = std::io::stdout();
        let target: Box<dyn Write> = if format == Format::Text && !self.bare {
            Box::new(anstream::AutoStream::auto(stdout))
        } else {
            Box::new(stdout)
        };
        let mut out = BufWriter::new(target);
        let mut outcome = Outcome::Clean;
        for batch in inputs.chunks(self.workers) {
            let mut answers = self.ask(batch);
            self.number(batch, &mut answers)?;
            for (input, answered) in batch.iter().zip(answers) {
                outcome = outcome.max(one(input, answered, self.report.as_mut(), &mut out)?);
            }
            out.flush()?;
        }
        self.report.finish(&mut out)?;
        out.flush()?;
        Ok(outcome)
    }

    fn ask(&self, batch: &[Input]) -> Vec<Answered> {
        let (evaluator, question) = (self.evaluator, self.question);
        let ask = |input: &Input| -> Answered {
            let text = input.read()?;
            let evaluation = evaluator.evaluate(&question.request(&text), false);
            Ok((text, evaluation))
        };
        if let [input] = batch {
            return vec![ask(input)];
        }
        std::thread::scope(|scope| {
            let ask = &ask;
            let threads: Vec<_> = batch
                .iter()
                .map(|input| scope.spawn(move || ask(input)))
                .collect();
            let joined = threads.into_iter().zip(batch);
            joined
                .map(|(thread, input)| {
                    thread
                        .join()
                        .unwrap_or_else(|_| Err(internal(&input.label())))
                })
                .collect()
        })
    }

    /// With a placeholder map, masks the texts again so that they can be taken back, in their order. The
    /// map is on disk before one of them is let out.
    fn number(&mut self, batch: &[Input], answers: &mut [Answered]) -> Result<(), CliError> {
        let Some(store) = &mut self.store else {
            return Ok(());
        };
        for (input, answered) in batch.iter().zip(answers) {
            let Ok((text, evaluation)) = answered else {
                continue;
            };
            match store.mask(self.question.source, text, evaluation) {
                Ok(Masked::Text) => {}
                Ok(Masked::Blocked) if self.bare => say(&format!(
                    "note: {}: blocked; the output is the guardrail's message",
                    input.label()
                )),
                Ok(Masked::Blocked) => {}
                Err(_) => *answered = Err(internal(&input.label())),
            }
        }
        store.save()
    }
}

fn one(
    input: &Input,
    answered: Answered,
    report: &mut dyn Report,
    out: &mut dyn Write,
) -> Result<Outcome, CliError> {
    let label = input.label();
    let path = input.path();
    let error = match &answered {
        Ok((text, evaluation)) => match Answer::read(&evaluation.json) {
            Ok(answer) => {
                let outcome = outcome(&answer, evaluation, &label);
                let checked = Checked {
                    label: &label,
                    path,
                    text,
                    json: &evaluation.json,
                    answer,
                };
                report.checked(&checked, out)?;
                return Ok(outcome);
            }
            Err(_) => &internal(&label),
        },
        Err(error) => error,
    };
    error.report();
    let (code, message) = error.parts();
    report.unchecked(
        &Unchecked {
            label: &label,
            path,
            code,
            message: &message,
        },
        out,
    )?;
    Ok(Outcome::Failed)
}

/// A failed engine is an error even where its decision lets the text pass.
fn outcome(answer: &Answer<'_>, evaluation: &Evaluation, label: &str) -> Outcome {
    if let Some(fault) = evaluation.fault {
        let code = fault.code();
        say(&format!(
            "error: {label}: the engine gave no decision ({code}); this is the one its bundle asks for in that case"
        ));
        return Outcome::Failed;
    }
    if answer.intervened() {
        Outcome::Intervened
    } else {
        Outcome::Clean
    }
}

fn internal(label: &str) -> CliError {
    CliError::new("internal", label, "an internal error; please report it")
}
