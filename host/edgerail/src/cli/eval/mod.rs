//! `edgerail eval`: a guardrail held against labelled texts.

use std::io::Write as _;
use std::path::PathBuf;

use clap::ArgMatches;
use edgerail_core::{Engine, LoadOptions};

use super::Outcome;
use super::check::Question;
use super::error::{CliError, say};
use super::input::Input;
use super::judging::{JudgeArgs, JudgeFormat, Refusals, decided, workers};
use super::lines::{self, Chunk, Event, Line};
use super::policy::{Loaded, PolicyArgs};
use super::progress::Progress;
use super::row::Problem;
use crate::judge::data::row_json;
use crate::judge::{
    Gate, JudgeOptions, Judged, KnownIds, Matching, Row, RowJudge, Summary, Vocabulary,
};
use crate::report::eval as output;
use crate::runtime::Evaluator;

/// Options of `edgerail eval`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A line of DATA is a text with its labels:\n  {\"id\": \"a1\", \"text\": \"Mail ana@example.com\", \"expect\": \"MASK\",\n   \"spans\": [{\"start\": 5, \"end\": 20, \"type\": \"EMAIL\"}]}\nA label has a type (EMAIL, PROFANITY, PROMPT_ATTACK), the name of a regex, a topic or a word, or a policy\nonly. \"spans\": [] says that nothing should be found; \"expect\" is NONE, MASK or BLOCK; \"source\" may name\nthe direction. Labels of topics and content filters need no start and end.\n\nExamples:\n  edgerail eval --guardrail guardrail.json labelled.jsonl\n  edgerail eval --bundle g.bundle --fail-under f1=0.9,recall.EMAIL=0.95,accuracy=0.98 labelled.jsonl\n  edgerail eval --bundle g.bundle --format html labelled.jsonl > eval.html\n\nExit codes: 0 judged, 1 a condition of --fail-under is not met, 2 a line or file was refused."
)]
pub(super) struct Args {
    #[command(flatten)]
    policy: PolicyArgs,
    #[command(flatten)]
    judge: JudgeArgs,
    /// When a finding and a label are the same, where a report or condition does not say
    #[arg(
        long = "match",
        env = "EDGERAIL_MATCH",
        default_value = "overlap",
        value_enum
    )]
    matching: Matching,
    /// What the data must come to: METRIC[.LABEL]=VALUE, METRIC one of precision, recall, f1, macro-f1 and
    /// accuracy, LABEL a type, a name or a policy; `exact.` or `overlap.` before it overrides --match
    #[arg(
        long,
        value_name = "CONDITION",
        env = "EDGERAIL_FAIL_UNDER",
        value_delimiter = ','
    )]
    fail_under: Vec<Gate>,
    /// Labelled texts, one JSON object a line; - is standard input
    #[arg(value_name = "DATA.jsonl", required = true)]
    data: Vec<PathBuf>,
}

pub(super) fn run(args: &Args, matches: Option<&ArgMatches>) -> Result<Outcome, CliError> {
    let inputs: Vec<Input> = args.data.iter().map(|path| Input::data(path)).collect();
    let loaded = args.policy.load(matches)?;
    let vocabulary = Vocabulary::of(&engine(&loaded)?);
    let workers = workers();
    let worker = Worker {
        evaluator: args.judge.evaluator(&loaded, workers)?,
        question: args.judge.question(),
        judge: RowJudge {
            vocabulary,
            options: JudgeOptions {
                offsets: args.judge.offsets,
                show_text: args.judge.shows_text(),
            },
            source: args.judge.source(),
        },
    };
    let (summary, refused) = read_all(args, inputs, worker, workers)?;
    let mut verdicts = Vec::new();
    let mut outcome = if refused > 0 {
        Outcome::Failed
    } else {
        Outcome::Clean
    };
    for gate in &args.fail_under {
        match gate.judge(&summary, args.matching) {
            Ok(verdict) => {
                if !verdict.passed {
                    outcome = outcome.max(Outcome::Intervened);
                }
                verdicts.push(verdict);
            }
            Err(why) => {
                say(&format!("error: --fail-under: {why}"));
                outcome = Outcome::Failed;
            }
        }
    }
    let report = output::Evaluated {
        guardrail: loaded.place().to_owned(),
        data: args
            .data
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        engine: args.judge.engine.name(),
        matching: args.matching,
        offsets: args.judge.offsets,
        show_text: args.judge.shows_text(),
        summary: &summary,
        verdicts: &verdicts,
    };
    let mut out = anstream::stdout().lock();
    match args.judge.format {
        JudgeFormat::Text => out.write_all(report.text().as_bytes())?,
        JudgeFormat::Json => writeln!(out, "{:#}", report.json())?,
        // The lines are written already.
        JudgeFormat::Jsonl => {}
        JudgeFormat::Sarif => writeln!(out, "{:#}", report.sarif())?,
        JudgeFormat::Html => std::io::stdout().write_all(report.html().as_bytes())?,
    }
    for verdict in verdicts.iter().filter(|verdict| !verdict.passed) {
        say(&format!(
            "condition not met: {}",
            output::verdict_text(verdict)
        ));
    }
    Ok(outcome)
}

/// The bundle in a native engine, to read what it can find.
pub(super) fn engine(loaded: &Loaded) -> Result<Engine, CliError> {
    Engine::load(loaded.bytes().to_vec(), LoadOptions::default())
        .map_err(|error| CliError::new("bundle", loaded.place(), error.to_string()))
}

/// Judges all lines; the summary, and how many lines were refused.
fn read_all(
    args: &Args,
    inputs: Vec<Input>,
    worker: Worker,
    workers: usize,
) -> Result<(Summary, u64), CliError> {
    let files: Vec<String> = inputs.iter().map(Input::label).collect();
    let keep = args.judge.examples();
    let jsonl = args.judge.format == JudgeFormat::Jsonl;
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let mut summary = Summary::default();
    let mut refusals = Refusals::default();
    let mut progress = Progress::new();
    let (mut lines, mut failed) = (0, 0);
    let mut known = KnownIds::default();
    let decide = move |chunk: &Chunk| worker.chunk(chunk);
    lines::run(inputs, workers, decide, |event| {
        let done = match event {
            Event::Idle => return Ok(out.flush()?),
            Event::Done(done) => done,
        };
        let file = files.get(done.input).map_or("", String::as_str);
        if done.result.is_none() {
            say("error: eval: an internal error; please report it");
            failed += 1;
        }
        for row in done.result.into_iter().flatten() {
            match row.and_then(|row| known.once(done.input, row)) {
                Ok(row) => {
                    if jsonl {
                        serde_json::to_writer(&mut out, &row_json(file, &row))
                            .map_err(std::io::Error::from)?;
                        out.write_all(b"\n")?;
                    }
                    summary.add(file, row, keep);
                }
                Err((line, problem)) => refusals.add(file, line, &problem),
            }
        }
        if let Some(error) = &done.error {
            error.report();
            failed += 1;
        }
        lines += done.lines;
        progress.lines(lines);
        Ok(())
    })?;
    out.flush()?;
    drop(progress);
    summary.refused = refusals.finish();
    let refused = summary.refused + failed;
    if summary.rows == 0 && refused == 0 {
        let message = "there is no text in it; a data set has a JSON object a line";
        return Err(CliError::new("no_data", files.join(", "), message));
    }
    Ok((summary, refused))
}

/// What a worker needs.
struct Worker {
    evaluator: Evaluator,
    question: Question,
    judge: RowJudge,
}

impl Worker {
    fn chunk(&self, chunk: &Chunk) -> Vec<Row<Judged>> {
        chunk.lines().map(|line| self.line(&line)).collect()
    }

    fn line(&self, line: &Line<'_>) -> Row<Judged> {
        if line.too_long {
            return Err((line.number, Problem::too_long()));
        }
        let decide = |text: &str, source| decided(&self.evaluator, &self.question, text, source);
        self.judge.line(line.number, line.bytes, decide)
    }
}
