//! Data that comes in pieces of whole lines, and the lines that are refused.

use std::time::Duration;

use edgerail_core::{Engine, Request, Source};
use edgerail_judge::Decided;
use edgerail_judge::line::{LINE_BYTES, Problem};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

/// More lines than this are wrong in one way only: they are counted, not listed.
const MOST_REFUSALS: usize = 50;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

/// Counts lines and keeps those that are refused.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// How many there were, blank ones included.
    number: u64,
    refused: u64,
    listed: Vec<Value>,
}

impl Lines {
    /// Gives every line of a piece that is not blank to `take`; lists those that it refuses.
    pub(crate) fn feed(
        &mut self,
        piece: &[u8],
        mut take: impl FnMut(u64, &[u8]) -> Result<(), (u64, Problem)>,
    ) {
        let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
        for line in piece.split(|byte| *byte == b'\n') {
            self.number += 1;
            let taken = if line.len() > LINE_BYTES {
                Err((self.number, Problem::too_long()))
            } else if line.iter().all(u8::is_ascii_whitespace) {
                Ok(())
            } else {
                take(self.number, line)
            };
            if let Err((number, problem)) = taken {
                self.refuse(number, &problem);
            }
        }
    }

    fn refuse(&mut self, line: u64, problem: &Problem) {
        self.refused += 1;
        if self.listed.len() < MOST_REFUSALS {
            let (code, message) = (problem.code, &problem.message);
            let refusal = json!({"code": code, "line": line, "message": message});
            self.listed.push(refusal);
        }
    }

    /// How many lines were refused.
    pub(crate) const fn refused(&self) -> u64 {
        self.refused
    }

    /// The first of them.
    pub(crate) fn listed(self) -> Value {
        self.listed.into()
    }
}

/// Decides a text, and how long that takes.
pub(crate) fn decide(engine: &Engine, text: &str, source: Source, time: Option<u64>) -> Decided {
    let request = Request {
        now: time,
        ..Request::text(source, text)
    };
    let start = now();
    let json = engine.evaluate(&request).to_json();
    let millis = (now() - start).max(0.0);
    Decided {
        json,
        fault: None,
        time: Duration::try_from_secs_f64(millis / 1e3).unwrap_or_default(),
    }
}
