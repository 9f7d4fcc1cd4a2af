//! A guardrail held against labelled rows.

use edgerail_core::Engine;
use edgerail_judge::data::{EvalData, row_json};
use edgerail_judge::{Gate, JudgeOptions, KnownIds, Matching, RowJudge, Summary, Vocabulary};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use crate::data::{Lines, decide};
use crate::error::argument;
use crate::values::{self, Data, Judge};
use crate::version::Version;

/// A guardrail held against labelled rows that come in pieces.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Evaluation {
    engine: Engine,
    guardrail: String,
    judge: RowJudge,
    matching: Matching,
    gates: Vec<Gate>,
    summary: Summary,
    known: KnownIds,
    lines: Lines,
    now: Option<u64>,
    examples: usize,
    label: String,
}

#[wasm_bindgen]
impl Evaluation {
    /// Begins with no rows.
    ///
    /// # Errors
    /// An `Error` with the code `invalid_argument`.
    #[wasm_bindgen(constructor)]
    pub fn new(guardrail: Version, data: JsValue, options: JsValue) -> Result<Evaluation, JsValue> {
        let data: Data = values::read(data)?;
        let options: Judge = values::read(options)?;
        let gates = options.fail_under.iter().map(|text| text.parse::<Gate>());
        let gates = gates.collect::<Result<_, _>>();
        Ok(Evaluation {
            judge: RowJudge {
                vocabulary: Vocabulary::of(&guardrail.engine),
                options: JudgeOptions {
                    offsets: options.offsets()?,
                    show_text: true,
                },
                source: data.source()?,
            },
            engine: guardrail.engine,
            guardrail: guardrail.label,
            matching: options.matching()?,
            gates: gates.map_err(|why| argument(&format!("failUnder: {why}")))?,
            summary: Summary::default(),
            known: KnownIds::default(),
            lines: Lines::default(),
            now: data.now(),
            examples: data.examples(),
            label: data.label,
        })
    }

    /// Takes some whole lines; a list of what became of each row, if `rows` asks for it.
    pub fn push(&mut self, piece: &[u8], rows: bool) -> JsValue {
        let (engine, judge, now) = (&self.engine, &self.judge, self.now);
        let (known, summary) = (&mut self.known, &mut self.summary);
        let (label, keep) = (&self.label, self.examples);
        let mut judged: Vec<Value> = Vec::new();
        self.lines.feed(piece, |number, line| {
            let decide = |text: &str, source| decide(engine, text, source, now);
            let row = judge.line(number, line, decide)?;
            let row = known.once(0, row)?;
            if rows {
                judged.push(row_json(label, &row));
            }
            summary.add(label, row, keep);
            Ok(())
        });
        if rows {
            values::write(&judged)
        } else {
            JsValue::UNDEFINED
        }
    }

    /// What it comes to, as `edgerail eval --format json` prints it, and the lines that were refused.
    ///
    /// # Errors
    /// `invalid_argument` if a condition is about a label that the data does not have.
    pub fn finish(mut self) -> Result<JsValue, JsValue> {
        self.summary.refused = self.lines.refused();
        let verdicts = self.gates.iter();
        let verdicts = verdicts.map(|gate| gate.judge(&self.summary, self.matching));
        let verdicts: Vec<_> = verdicts
            .collect::<Result<_, _>>()
            .map_err(|why| argument(&format!("failUnder: {why}")))?;
        let data = EvalData {
            guardrail: &self.guardrail,
            data: std::slice::from_ref(&self.label),
            engine: "npm",
            matching: self.matching,
            offsets: self.judge.options.offsets,
            summary: &self.summary,
            verdicts: &verdicts,
        };
        let mut document = data.json();
        document["refusedLines"] = self.lines.listed();
        Ok(values::write(&document))
    }
}
