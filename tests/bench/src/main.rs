//! Measures the budgets of the design, each against a rival in the same run. `docs/benchmarks.md`
//! explains the rows.
//!
//! ```sh
//! cargo xtask bench [--quick] [--native] [--only NAME]… [--check] [--json FILE] [--csv FILE] [--verbose]
//! ```
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool"
)]

mod clock;
mod corpus;
mod memory;
mod native;
mod policy;
mod random;
mod report;
mod stream;
mod topics;
mod trust;
mod turns;
mod vocabulary;
mod wasm;

use std::process::ExitCode;

use clock::Effort;
use corpus::Corpus;
use edgerail_core::pii::{PiiType, RECOGNIZERS};
use report::Row;

/// A benchmark with its name for `--only`.
type Named = (&'static str, fn(&mut Bench));

/// A run.
struct Bench {
    corpus: &'static Corpus,
    effort: Effort,
    rows: Vec<Row>,
    verbose: bool,
    /// Whether something could not be measured.
    left_out: bool,
}

impl Bench {
    /// Adds a row and prints it.
    fn push(&mut self, row: Row) {
        println!("{}", report::line(&row));
        self.rows.push(row);
    }

    /// Something to be said beside the table.
    fn note(&self, text: &str) {
        eprintln!("{text}");
    }
}

#[derive(Debug, Default)]
struct Options {
    quick: bool,
    native: bool,
    check: bool,
    verbose: bool,
    only: Vec<String>,
    json: Option<String>,
    csv: Option<String>,
    turns: Option<String>,
}

const USAGE: &str = "usage: cargo xtask bench [--quick] [--native] [--only NAME]... [--check] [--json FILE] [--csv FILE] [--verbose]";

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or_else(|| format!("{argument} needs a value; {USAGE}"))
        };
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--native" => options.native = true,
            "--check" => options.check = true,
            "--verbose" => options.verbose = true,
            "--only" => options.only.push(value()?),
            "--json" => options.json = Some(value()?),
            "--csv" => options.csv = Some(value()?),
            "--turns" => options.turns = Some(value()?),
            _ => return Err(format!("{argument:?} is unknown; {USAGE}")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    match options(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(missed) => ExitCode::from(u8::from(missed)),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

/// Runs what is asked for; whether the run counts as failed.
fn run(options: &Options) -> Result<bool, String> {
    let benches = chosen(options)?;
    let corpus: &'static Corpus = Box::leak(Box::new(Corpus::generate()));
    if let Some(folder) = &options.turns {
        return serve_turns(corpus, folder);
    }
    let effort = if options.quick {
        Effort {
            rounds: 7,
            turn: 1_000_000,
        }
    } else {
        Effort {
            rounds: 31,
            turn: 2_000_000,
        }
    };
    let sha256 = corpus.sha256();
    let comparable = sha256 == corpus::SHA256;
    let about = about(corpus, &sha256, effort);
    for (name, value) in &about {
        println!("{name}: {value}");
    }
    if !comparable {
        println!(
            "corpus: NOT the recorded one ({}): figures of earlier records cannot be compared",
            corpus::SHA256
        );
    }
    println!("\n{}", report::head());
    let mut bench = Bench {
        corpus,
        effort,
        rows: Vec::new(),
        verbose: options.verbose,
        left_out: false,
    };
    for (_, measure) in benches {
        measure(&mut bench);
    }
    let budgets = bench.rows.iter().filter(|row| row.budget.is_some()).count();
    let missed = bench.rows.iter().filter(|row| row.is_missed()).count();
    println!(
        "\n{} of {budgets} budgets kept, {missed} missed",
        budgets - missed
    );
    let records = [
        (&options.json, report::json(&bench.rows, &about)),
        (&options.csv, report::csv(&bench.rows, &about)),
    ];
    for (path, record) in records {
        if let Some(path) = path {
            std::fs::write(path, record).map_err(|problem| format!("{path}: {problem}"))?;
        }
    }
    Ok(options.check && (missed > 0 || bench.left_out || !comparable))
}

/// Measures for the browser bench, which asks line by line; see [`turns`].
fn serve_turns(corpus: &'static Corpus, folder: &str) -> Result<bool, String> {
    let mut bench = Bench {
        corpus,
        effort: Effort {
            rounds: 0,
            turn: 40_000_000,
        },
        rows: Vec::new(),
        verbose: false,
        left_out: false,
    };
    turns::serve(&mut bench, folder)?;
    Ok(false)
}

/// The benchmarks named, all if none is.
fn chosen(options: &Options) -> Result<Vec<Named>, String> {
    let mut all = native::BENCHES.to_vec();
    if !options.native {
        all.extend(wasm::BENCHES);
    }
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let only = &options.only;
    if let Some(unknown) = only.iter().find(|only| !names.contains(&only.as_str())) {
        return Err(format!(
            "there is no benchmark {unknown:?}; there are {}",
            names.join(", ")
        ));
    }
    all.retain(|(name, _)| only.is_empty() || only.iter().any(|only| only == name));
    Ok(all)
}

/// What is said above the table and in the records.
fn about(corpus: &Corpus, sha256: &str, effort: Effort) -> [(&'static str, String); 4] {
    [
        (
            "corpus",
            format!("{:.2} MB, sha256 {sha256}", corpus.len() as f64 / 1e6),
        ),
        (
            "rounds",
            format!(
                "{} interleaved, at least {} ms each; medians of the thread's processor time",
                effort.rounds,
                effort.turn / 1_000_000
            ),
        ),
        ("machine", machine()),
        (
            "edgerail",
            format!(
                "{}, {} recognisers for {} types",
                env!("CARGO_PKG_VERSION"),
                RECOGNIZERS.len(),
                PiiType::ALL.len()
            ),
        ),
    ]
}

/// The machine in as many words as figures need.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{cores} shared cores, {}", std::env::consts::ARCH)
}
