//! `edgerail diff`: two versions of a guardrail, what is different, and what that does to texts.

use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::BoolishValueParser;

use super::Outcome;
use super::check::Question;
use super::error::{CliError, say};
use super::eval::engine;
use super::input::Input;
use super::judging::{JudgeArgs, JudgeFormat, Refusals, decided, workers};
use super::lines::{self, Chunk, Event, Line};
use super::policy::{Parameter, Side, read_options, read_side};
use super::progress::Progress;
use super::row::Problem;
use crate::judge::{Changes, CompareOptions, Compared, Comparer, Impact, Row, Snapshot, Way};
use crate::report::diff as output;
use crate::runtime::Evaluator;

/// Options of `edgerail diff`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "OLD and NEW are bundles or definitions, in any mixture. Two definitions are compared in more detail\n(topics' texts, strengths of content filters, tiers) because a bundle holds less.\n\nExamples:\n  edgerail diff v1.json v2.json\n  edgerail diff v1.bundle v2.json --overlay-new overlay.toml --corpus prompts.jsonl\n  edgerail diff v1.json v2.json --corpus prompts.jsonl --format html > rollout.html\n  edgerail diff v1.json v2.json --corpus prompts.jsonl --exit-zero --max-block-rate-increase 0.5 --deny-weakening\n\nExit codes: 0 no difference, 1 differences or a condition that is not met, 2 error. With --exit-zero only\na condition that is not met gives 1."
)]
pub(super) struct Args {
    /// The version in use
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The version to come
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// The overlay beside OLD, if that is a definition
    #[arg(long, value_name = "FILE", env = "EDGERAIL_OVERLAY_OLD")]
    overlay_old: Option<PathBuf>,
    /// The overlay beside NEW, if that is a definition
    #[arg(long, value_name = "FILE", env = "EDGERAIL_OVERLAY_NEW")]
    overlay_new: Option<PathBuf>,
    /// The guardrail to take from definition files of several; all of them otherwise
    #[arg(long, env = "EDGERAIL_NAME")]
    name: Option<String>,
    /// A value for a template parameter of both; in the variable, one a line
    #[arg(
        long,
        value_name = "NAME=VALUE",
        env = "EDGERAIL_PARAMETER",
        value_delimiter = '\n'
    )]
    parameter: Vec<Parameter>,
    /// Texts that both versions decide: files, or - for standard input
    #[arg(
        long,
        value_name = "FILE",
        env = "EDGERAIL_CORPUS",
        num_args = 1..,
        value_delimiter = '\n'
    )]
    corpus: Vec<PathBuf>,
    /// Whether a corpus has a JSON object {"id", "text", "source"} or a bare text a line
    #[arg(
        long,
        env = "EDGERAIL_CORPUS_FORMAT",
        default_value = "auto",
        value_enum
    )]
    corpus_format: CorpusFormat,
    #[command(flatten)]
    judge: JudgeArgs,
    /// Take guardrails that only observe as if they acted
    #[arg(long, env = "EDGERAIL_AS_ENFORCED", value_parser = BoolishValueParser::new())]
    as_enforced: bool,
    /// By how many percentage points the share of blocked texts may grow
    #[arg(long, value_name = "POINTS", env = "EDGERAIL_MAX_BLOCK_RATE_INCREASE")]
    max_block_rate_increase: Option<Percent>,
    /// Which share of the texts, in percent, may be let through, unmasked, or masked instead of blocked
    #[arg(long, value_name = "PERCENT", env = "EDGERAIL_MAX_WEAKENED")]
    max_weakened: Option<Percent>,
    /// Exit with 1 if a difference of the policy weakens it, whatever --exit-zero says
    #[arg(long, env = "EDGERAIL_DENY_WEAKENING", value_parser = BoolishValueParser::new())]
    deny_weakening: bool,
    /// Exit with 0 although there are differences; conditions still exit with 1, errors with 2
    #[arg(long, env = "EDGERAIL_EXIT_ZERO", value_parser = BoolishValueParser::new())]
    exit_zero: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum CorpusFormat {
    /// jsonl for .jsonl, .ndjson and standard input, text for all others
    Auto,
    /// A JSON object a line
    Jsonl,
    /// A text a line
    Text,
}

/// A share in percent, or percentage points: `0.5` or `0.5%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Percent(pub(super) f64);

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Percent, String> {
        let number = text.strip_suffix('%').unwrap_or(text).trim();
        match number.parse::<f64>() {
            Ok(value) if (0.0..=100.0).contains(&value) => Ok(Percent(value)),
            _ => Err("write a number from 0 to 100, for example 0.5".to_owned()),
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    if args.corpus.is_empty() {
        let gates = [
            ("--max-block-rate-increase", args.max_block_rate_increase),
            ("--max-weakened", args.max_weakened),
        ];
        if let Some((option, _)) = gates.iter().find(|(_, value)| value.is_some()) {
            let message = "is about texts; give --corpus FILE";
            return Err(CliError::new("usage", *option, message));
        }
    }
    let read = read_options(args.name.as_deref(), &args.parameter);
    let side = |path, overlay: &Option<PathBuf>, option| {
        read_side(path, overlay.as_deref(), option, &read)
    };
    let old = side(&args.old, &args.overlay_old, "--overlay-old")?;
    let new = side(&args.new, &args.overlay_new, "--overlay-new")?;
    let both = old.source.is_some() && new.source.is_some();
    let (mut before, mut after) = (snapshot(&old, both)?, snapshot(&new, both)?);
    let named = |overlay: &Option<PathBuf>| overlay.as_ref().map(|path| path.display().to_string());
    before.overlay = named(&args.overlay_old);
    after.overlay = named(&args.overlay_new);
    let changes = Changes::between(&before, &after);
    let mut failed = 0;
    let impact = if args.corpus.is_empty() {
        None
    } else {
        let (impact, wrong) = corpus(args, &old, &new)?;
        failed += wrong + impact.refused;
        Some(impact)
    };
    let conditions = conditions(args, &changes, impact.as_ref());
    let report = output::Diffed {
        old: &before,
        new: &after,
        changes: &changes,
        impact: impact.as_ref(),
        conditions: &conditions,
        corpus: args
            .corpus
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        show_text: args.judge.shows_text(),
        as_enforced: args.as_enforced,
    };
    let mut out = anstream::stdout().lock();
    match args.judge.format {
        JudgeFormat::Text => out.write_all(report.text().as_bytes())?,
        JudgeFormat::Json => writeln!(out, "{:#}", report.json())?,
        JudgeFormat::Jsonl => out.write_all(report.jsonl().as_bytes())?,
        JudgeFormat::Sarif => writeln!(out, "{:#}", report.sarif())?,
        JudgeFormat::Html => std::io::stdout().write_all(report.html().as_bytes())?,
    }
    for condition in conditions.iter().filter(|condition| !condition.met) {
        say(&format!("condition not met: {}", condition.text));
    }
    let differs = !changes.list.is_empty() || impact.is_some_and(|impact| impact.affected() > 0);
    Ok(if failed > 0 {
        Outcome::Failed
    } else if conditions.iter().any(|condition| !condition.met) || (differs && !args.exit_zero) {
        Outcome::Intervened
    } else {
        Outcome::Clean
    })
}

fn snapshot(side: &Side, both: bool) -> Result<Snapshot, CliError> {
    let engine = engine(&side.loaded)?;
    let source = side.source.as_ref().filter(|_| both);
    let source = source.map(|(guardrails, overlay)| (guardrails.as_slice(), overlay));
    Ok(Snapshot::of(side.loaded.place(), &engine, source))
}

fn conditions(args: &Args, changes: &Changes, impact: Option<&Impact>) -> Vec<output::Condition> {
    let mut conditions = Vec::new();
    if args.deny_weakening {
        let count = changes.count(Way::Weakens);
        conditions.push(output::Condition {
            text: format!("--deny-weakening: {count} differences weaken the policy"),
            met: count == 0,
        });
    }
    if let (Some(Percent(most)), Some(impact)) = (args.max_block_rate_increase, impact) {
        let have = impact.block_rate_increase();
        conditions.push(output::Condition {
            text: format!(
                "--max-block-rate-increase {most}: the share of blocked texts changes by {have:+.3} percentage points"
            ),
            met: have <= most,
        });
    }
    if let (Some(Percent(most)), Some(impact)) = (args.max_weakened, impact) {
        let have = impact.weakened_share();
        conditions.push(output::Condition {
            text: format!("--max-weakened {most}: of {have:.3} % of the texts more gets out"),
            met: have <= most,
        });
    }
    conditions
}

/// Decides every text by both versions; the result, and how many inputs could not be read to their end.
fn corpus(args: &Args, old: &Side, new: &Side) -> Result<(Impact, u64), CliError> {
    let inputs: Vec<Input> = args.corpus.iter().map(|path| Input::data(path)).collect();
    let files: Vec<String> = inputs.iter().map(Input::label).collect();
    let workers = workers();
    let worker = Worker {
        old: args.judge.evaluator(&old.loaded, workers)?,
        new: args.judge.evaluator(&new.loaded, workers)?,
        question: args.judge.question(),
        comparer: Comparer {
            options: CompareOptions {
                as_enforced: args.as_enforced,
                show_text: args.judge.shows_text(),
            },
            source: args.judge.source(),
        },
        jsonl: args
            .corpus
            .iter()
            .map(|path| is_jsonl(path, args.corpus_format))
            .collect(),
    };
    let keep = args.judge.examples();
    let (mut impact, mut refusals) = (Impact::default(), Refusals::default());
    let mut progress = Progress::new();
    let (mut lines, mut failed) = (0, 0);
    let decide = move |chunk: &Chunk| worker.chunk(chunk);
    lines::run(inputs, workers, decide, |event| {
        let Event::Done(done) = event else {
            return Ok(());
        };
        let file = files.get(done.input).map_or("", String::as_str);
        if done.result.is_none() {
            say("error: diff: an internal error; please report it");
            failed += 1;
        }
        for row in done.result.into_iter().flatten() {
            match row {
                Ok(row) => impact.add(file, row, keep),
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
    drop(progress);
    impact.refused = refusals.finish();
    if impact.rows == 0 && impact.refused == 0 && failed == 0 {
        let message = "there is no text in it; a corpus has a text a line";
        return Err(CliError::new("no_data", files.join(", "), message));
    }
    Ok((impact, failed))
}

fn is_jsonl(path: &std::path::Path, format: CorpusFormat) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    match format {
        CorpusFormat::Jsonl => true,
        CorpusFormat::Text => false,
        CorpusFormat::Auto => path.as_os_str() == "-" || matches!(ending, Some("jsonl" | "ndjson")),
    }
}

/// What a worker needs.
struct Worker {
    old: Evaluator,
    new: Evaluator,
    question: Question,
    comparer: Comparer,
    /// By input.
    jsonl: Vec<bool>,
}

impl Worker {
    fn chunk(&self, chunk: &Chunk) -> Vec<Row<Compared>> {
        let jsonl = self.jsonl.get(chunk.input) == Some(&true);
        chunk.lines().map(|line| self.line(&line, jsonl)).collect()
    }

    fn line(&self, line: &Line<'_>, jsonl: bool) -> Row<Compared> {
        if line.too_long {
            return Err((line.number, Problem::too_long()));
        }
        let decide = |text: &str, source| {
            [&self.old, &self.new].map(|version| decided(version, &self.question, text, source))
        };
        self.comparer.line(line.number, line.bytes, jsonl, decide)
    }
}
