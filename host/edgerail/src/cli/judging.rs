//! What `eval` and `diff` have in common: how texts are evaluated, and how results are shown.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::builder::BoolishValueParser;
use edgerail_core::{OutputScope, Source};

use super::check::{Question, SourceArg, moment};
use super::error::{CliError, say};
use super::policy::{EngineKind, Loaded, evaluator};
use super::row::Problem;
use crate::judge::Decided;
use crate::report::Offsets;
use crate::runtime::{Evaluator, RuntimeOptions};

/// How texts are evaluated and results shown.
#[derive(Debug, clap::Args)]
pub(super) struct JudgeArgs {
    /// Which way texts go that do not say so themselves
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
    pub(super) engine: EngineKind,
    /// Units of the offsets, in what is read and in what is written
    #[arg(long, env = "EDGERAIL_OFFSETS", default_value = "chars", value_enum)]
    pub(super) offsets: Offsets,
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
    /// The form of the output
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    pub(super) format: JudgeFormat,
    /// Let reports quote texts, words and patterns; json and jsonl always do
    #[arg(long, env = "EDGERAIL_SHOW_TEXT", value_parser = BoolishValueParser::new())]
    show_text: bool,
    /// How many examples of each kind are listed
    #[arg(
        long,
        value_name = "N",
        env = "EDGERAIL_EXAMPLES",
        default_value_t = 3,
        value_parser = clap::value_parser!(u16).range(0..=1000)
    )]
    examples: u16,
}

/// The form of a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum JudgeFormat {
    /// A report for people
    Text,
    /// One document with every figure
    Json,
    /// One record a line: each text, or each change
    Jsonl,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// One self-contained page with charts
    Html,
}

impl JudgeFormat {
    /// Whether it is data, which carries the texts found.
    pub(super) const fn is_data(self) -> bool {
        matches!(self, JudgeFormat::Json | JudgeFormat::Jsonl)
    }
}

impl JudgeArgs {
    /// Whether results carry texts.
    pub(super) const fn shows_text(&self) -> bool {
        self.show_text || self.format.is_data()
    }

    /// How many examples of a kind to keep.
    pub(super) fn examples(&self) -> usize {
        usize::from(self.examples)
    }

    /// What is asked of every text.
    pub(super) fn question(&self) -> Question {
        Question {
            source: self.source(),
            output_scope: OutputScope::Interventions,
            now: self.now.or_else(|| {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                since.ok().map(|since| since.as_secs())
            }),
            offsets: self.offsets,
        }
    }

    /// Which way texts go that do not say so themselves.
    pub(super) const fn source(&self) -> Source {
        self.source.source()
    }

    /// Loads a bundle in the engine asked for.
    pub(super) fn evaluator(&self, loaded: &Loaded, workers: usize) -> Result<Evaluator, CliError> {
        let options = RuntimeOptions {
            // One for each worker, and one being made while another ends.
            instances: u32::try_from(workers).unwrap_or(1).saturating_add(1),
            deadline: (self.deadline_ms > 0).then(|| Duration::from_millis(self.deadline_ms)),
            ..RuntimeOptions::default()
        };
        evaluator(self.engine, loaded, options)
    }
}

/// Decides a text.
pub(super) fn decided(
    evaluator: &Evaluator,
    question: &Question,
    text: &str,
    source: Source,
) -> Decided {
    let question = Question {
        source,
        ..*question
    };
    let start = Instant::now();
    let evaluation = evaluator.evaluate(&question.request(text), false);
    Decided {
        time: start.elapsed(),
        fault: evaluation.fault.map(|fault| fault.code()),
        json: evaluation.json,
    }
}

/// As many threads as the machine has, within reason.
pub(super) fn workers() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(64)
}

/// More lines than this are wrong in one way only: they are counted, not listed.
const MOST_REFUSALS: u64 = 50;

/// Lines that are refused: each is said with its place, the rule and the remedy.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    count: u64,
    codes: BTreeMap<&'static str, u64>,
}

impl Refusals {
    /// Says what is wrong with a line.
    pub(super) fn add(&mut self, file: &str, line: u64, problem: &Problem) {
        self.count += 1;
        *self.codes.entry(problem.code).or_default() += 1;
        if self.count <= MOST_REFUSALS {
            say(&format!(
                "error: {file}:{line}: {}: {}",
                problem.code, problem.message
            ));
        }
    }

    /// How many there were; says how many were not listed.
    pub(super) fn finish(&self) -> u64 {
        if self.count > MOST_REFUSALS {
            let codes = self.codes.iter();
            let codes: Vec<_> = codes
                .map(|(code, count)| format!("{code} {count}"))
                .collect();
            say(&format!(
                "error: {} lines are refused, the first {MOST_REFUSALS} are listed: {}",
                self.count,
                codes.join(", ")
            ));
        }
        self.count
    }
}
