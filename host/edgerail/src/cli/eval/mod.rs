//! `edgerail eval`: a guardrail held against labelled texts.

mod labels;

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use clap::ArgMatches;
use edgerail_core::{Engine, LoadOptions};

use super::Outcome;
use super::check::Question;
use super::error::{CliError, say};
use super::input::Input;
use super::judging::{JudgeArgs, JudgeFormat, Refusals, workers};
use super::lines::{self, Chunk, Event, LINE_BYTES, Line};
use super::policy::{Loaded, PolicyArgs};
use super::progress::Progress;
use super::row::Problem;
use crate::judge::{
    Effect, Gate, JudgeOptions, Judged, Matching, Summary, Truth, Vocabulary, judge,
};
use crate::report::{Answer, eval as output};
use crate::runtime::Evaluator;
use labels::{Label, Labelled};

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
    let judge = Judge {
        evaluator: args.judge.evaluator(&loaded, workers)?,
        question: args.judge.question(),
        vocabulary,
        options: JudgeOptions {
            offsets: args.judge.offsets,
            show_text: args.judge.shows_text(),
        },
    };
    let (summary, refused) = read_all(args, inputs, judge, workers)?;
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
    judge: Judge,
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
    let mut known = Known::default();
    let decide = move |chunk: &Chunk| judge.chunk(chunk);
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
                        serde_json::to_writer(&mut out, &output::row_json(file, &row))
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

/// The identifiers seen, as hashes: 16 bytes a text, however long they are.
#[derive(Default)]
struct Known {
    seen: HashSet<(u64, u64)>,
    hashers: (RandomState, RandomState),
}

impl Known {
    /// The row, unless its file has had one of this identifier.
    fn once(&mut self, input: usize, row: Judged) -> Row {
        let name = (input, row.id.as_str());
        let hash = (self.hashers.0.hash_one(name), self.hashers.1.hash_one(name));
        if self.seen.insert(hash) {
            return Ok(row);
        }
        let problem = Problem {
            code: "duplicate_id",
            message: "the file has had this `id` before; each text needs its own".to_owned(),
        };
        Err((row.line, problem))
    }
}

type Row = Result<Judged, (u64, Problem)>;

/// What a worker needs.
struct Judge {
    evaluator: Evaluator,
    question: Question,
    vocabulary: Vocabulary,
    options: JudgeOptions,
}

impl Judge {
    fn chunk(&self, chunk: &Chunk) -> Vec<Row> {
        chunk.lines().map(|line| self.line(&line)).collect()
    }

    fn line(&self, line: &Line<'_>) -> Row {
        let refuse = |problem| Err((line.number, problem));
        if line.too_long {
            return refuse(Problem {
                code: "line_too_long",
                message: format!("the line is longer than {LINE_BYTES} bytes"),
            });
        }
        let read = labels::read(
            line.number,
            line.bytes,
            &self.vocabulary,
            self.options.offsets,
        );
        match read {
            Ok(labelled) => self.row(line.number, labelled),
            Err((_, problem)) => refuse(problem),
        }
    }

    fn row(&self, line: u64, labelled: Labelled<'_>) -> Row {
        let Labelled {
            id,
            text,
            source,
            expect,
            labels,
        } = labelled;
        let question = Question {
            source: source.unwrap_or(self.question.source),
            ..self.question
        };
        let start = Instant::now();
        let evaluation = self.evaluator.evaluate(&question.request(&text), false);
        let time = start.elapsed();
        if let Some(fault) = evaluation.fault {
            let message = format!("the engine gave no decision ({})", fault.code());
            return Err((
                line,
                Problem {
                    code: "no_decision",
                    message,
                },
            ));
        }
        let Ok(answer) = Answer::read(&evaluation.json) else {
            return Err((
                line,
                Problem {
                    code: "internal",
                    message: "an internal error; please report it".to_owned(),
                },
            ));
        };
        let (truths, outside) = self.truths(labels.as_deref(), question);
        let derived = labels
            .as_deref()
            .map(|labels| self.derived(labels, question));
        let (judged, found) = match labels {
            Some(_) => {
                let (judged, found) = judge(&text, &truths, &answer, self.options);
                (Some(judged), found)
            }
            None => (None, Vec::new()),
        };
        let listed = u64::try_from(answer.edgerail.findings.len()).unwrap_or(u64::MAX);
        let code = &answer.edgerail.reason_code;
        Ok(Judged {
            line,
            id: id.text(),
            expected: expect.or(derived),
            actual: Effect::as_enforced(&answer),
            labels: judged,
            found,
            outside,
            time,
            failure: (code != "ok").then(|| code.clone().into_owned()),
            truncated: answer.edgerail.found > listed,
        })
    }

    /// The labels that the guardrail evaluates in this direction, and what the others are of.
    fn truths(
        &self,
        labels: Option<&[Label]>,
        question: Question,
    ) -> (Vec<Truth>, Vec<crate::judge::EntryKey>) {
        let (mut truths, mut outside) = (Vec::new(), Vec::new());
        for label in labels.unwrap_or_default() {
            let key = label.named.key.clone();
            if self
                .vocabulary
                .effect(&label.named, question.source)
                .is_none()
            {
                outside.push(key);
                continue;
            }
            truths.push(Truth {
                key,
                bytes: label.bytes,
                given: label.given,
            });
        }
        (truths, outside)
    }

    /// What should happen, going by the labels and the guardrail's own actions.
    fn derived(&self, labels: &[Label], question: Question) -> Effect {
        let effects = labels.iter();
        let effects = effects.filter_map(|l| self.vocabulary.effect(&l.named, question.source));
        effects.max().unwrap_or(Effect::Pass)
    }
}
