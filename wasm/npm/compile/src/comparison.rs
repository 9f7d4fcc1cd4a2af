//! Two versions of a guardrail, compared.

use edgerail_core::Engine;
use edgerail_judge::data::DiffData;
use edgerail_judge::{Changes, CompareOptions, Comparer, Impact, Snapshot};
use wasm_bindgen::prelude::*;

use crate::data::{Lines, decide};
use crate::values::{self, Compare, Data};
use crate::version::Version;

/// Two versions of a guardrail, and what they do to a corpus that comes in pieces.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Comparison {
    engines: [Engine; 2],
    old: Snapshot,
    new: Snapshot,
    changes: Changes,
    comparer: Comparer,
    impact: Option<Impact>,
    jsonl: bool,
    lines: Lines,
    now: Option<u64>,
    examples: usize,
    label: String,
}

#[wasm_bindgen]
impl Comparison {
    /// Compares what two versions say.
    ///
    /// # Errors
    /// An `Error` with the code `invalid_argument`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        old: Version,
        new: Version,
        data: JsValue,
        options: JsValue,
    ) -> Result<Comparison, JsValue> {
        let data: Data = values::read(data)?;
        let options: Compare = values::read(options)?;
        let (before, after) = (old.snapshot(&new), new.snapshot(&old));
        Ok(Comparison {
            changes: Changes::between(&before, &after),
            engines: [old.engine, new.engine],
            old: before,
            new: after,
            comparer: Comparer {
                options: CompareOptions {
                    as_enforced: options.as_enforced,
                    show_text: true,
                },
                source: data.source()?,
            },
            impact: options.corpus.then(Impact::default),
            jsonl: options.jsonl,
            lines: Lines::default(),
            now: data.now(),
            examples: data.examples(),
            label: data.label,
        })
    }

    /// Takes some whole lines of the corpus.
    pub fn push(&mut self, piece: &[u8]) {
        let Some(impact) = &mut self.impact else {
            return;
        };
        let (engines, comparer, now) = (&self.engines, self.comparer, self.now);
        let (jsonl, label, keep) = (self.jsonl, &self.label, self.examples);
        self.lines.feed(piece, |number, line| {
            let decide = |text: &str, source| {
                let [old, new] = engines;
                [old, new].map(|engine| decide(engine, text, source, now))
            };
            let row = comparer.line(number, line, jsonl, decide)?;
            impact.add(label, row, keep);
            Ok(())
        });
    }

    /// What it comes to, as `edgerail diff --format json` prints it, and the lines that were refused.
    #[must_use]
    pub fn finish(mut self) -> JsValue {
        if let Some(impact) = &mut self.impact {
            impact.refused = self.lines.refused();
        }
        let data = DiffData {
            old: &self.old,
            new: &self.new,
            changes: &self.changes,
            impact: self.impact.as_ref(),
            corpus: std::slice::from_ref(&self.label),
            as_enforced: self.comparer.options.as_enforced,
        };
        let mut document = data.json();
        document["refusedLines"] = self.lines.listed();
        values::write(&document)
    }
}
