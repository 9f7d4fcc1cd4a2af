//! Many texts, one a line: results in the order of the lines.

use std::io::Write as _;

use super::Outcome;
use super::check::Question;
use super::error::{CliError, say};
use super::input::Input;
use super::lines::{self, Chunk, Event, Line};
use super::progress::Progress;
use super::row::{Id, LINE_BYTES, LineResult, parse_line, problem};
use crate::report::{Answer, jsonl as output};
use crate::runtime::Evaluator;

/// A chunk's results.
struct Decided {
    out: Vec<u8>,
    outcome: Outcome,
}

/// Decides every line of the inputs.
pub(super) fn run(
    inputs: Vec<Input>,
    evaluator: Evaluator,
    question: Question,
    workers: usize,
) -> Result<Outcome, CliError> {
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout());
    let (mut lines, mut outcome) = (0, Outcome::Clean);
    let mut progress = Progress::new();
    let decide = move |chunk: &Chunk| decide(chunk, &evaluator, &question);
    lines::run(inputs, workers, decide, |event| {
        let done = match event {
            Event::Idle => return Ok(out.flush()?),
            Event::Done(done) => done,
        };
        match done.result {
            Some(decided) => {
                out.write_all(&decided.out)?;
                outcome = outcome.max(decided.outcome);
            }
            None => {
                say("error: check: an internal error; please report it");
                outcome = Outcome::Failed;
            }
        }
        if let Some(error) = &done.error {
            error.report();
            outcome = Outcome::Failed;
        }
        lines += done.lines;
        progress.lines(lines);
        Ok(())
    })?;
    out.flush()?;
    Ok(outcome)
}

fn decide(chunk: &Chunk, evaluator: &Evaluator, question: &Question) -> Decided {
    let mut out = Vec::with_capacity(chunk.len());
    let mut outcome = Outcome::Clean;
    for line in chunk.lines() {
        let before = out.len();
        let decided = decide_line(&line, evaluator, question, &mut out);
        let (id, problem) = match decided {
            Ok(own) => {
                outcome = outcome.max(own);
                continue;
            }
            Err(error) => error,
        };
        outcome = Outcome::Failed;
        out.truncate(before);
        let _ = output::error(
            &mut out,
            &id,
            Some(line.number),
            problem.code,
            &problem.message,
        );
    }
    Decided { out, outcome }
}

fn decide_line<'l>(
    line: &Line<'l>,
    evaluator: &Evaluator,
    question: &Question,
    out: &mut Vec<u8>,
) -> LineResult<'l, Outcome> {
    if line.too_long {
        let message = format!("the line is longer than {LINE_BYTES} bytes");
        return problem(Id::Unknown, "line_too_long", message);
    }
    let (id, text, source) = parse_line(line.number, line.bytes)?;
    let question = Question {
        source: source.unwrap_or(question.source),
        ..*question
    };
    let evaluation = evaluator.evaluate(&question.request(&text), false);
    let Ok(answer) = Answer::read(&evaluation.json) else {
        return problem(id, "internal", "an internal error; please report it");
    };
    if output::record(out, &id, &text, &answer, question.offsets).is_err() {
        return problem(id, "internal", "an internal error; please report it");
    }
    if let Some(fault) = evaluation.fault {
        let (number, code) = (line.number, fault.code());
        say(&format!(
            "error: line {number}: the engine gave no decision ({code}); the record has the one its bundle asks for in that case"
        ));
        return Ok(Outcome::Failed);
    }
    Ok(if answer.intervened() {
        Outcome::Intervened
    } else {
        Outcome::Clean
    })
}
