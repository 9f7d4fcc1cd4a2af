use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use serde_json::{Value, json};

use super::probe::{Probe, Probed};
use super::{Outcome, SourceArgs};
use crate::cli::error::CliError;
use crate::cli::input::Input;
use crate::cli::row::{parse_line, utf8};
use crate::judge::Counts;
use crate::report::table::{TextTable, share, shortened};
use crate::report::{hidden, one_line};

/// Options of `edgerail topics test`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A file has a text a line, or a JSON object {\"text\"} a line if its name ends in .jsonl. A text's score is the\nhighest that its keywords reach within the window; where the topic acts, the one it had there.\n\nExamples:\n  edgerail topics test guardrail.json --topic \"Investment advice\" \"Which stocks should I buy?\"\n  edgerail topics test guardrail.json --positive on-topic.txt --negative other.txt\n\nExit codes: 0 all texts fare as their file says, 1 some do not (of a bare text: the topic acts), 2 error."
)]
pub(super) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// Texts that are of the topic
    #[arg(long, value_name = "FILE", env = "EDGERAIL_POSITIVE")]
    positive: Option<PathBuf>,
    /// Texts that are not
    #[arg(long, value_name = "FILE", env = "EDGERAIL_NEGATIVE")]
    negative: Option<PathBuf>,
    /// The form of the output
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: Format,
    /// Let the report quote the texts of files; json and jsonl always do
    #[arg(long, env = "EDGERAIL_SHOW_TEXT", value_parser = BoolishValueParser::new())]
    show_text: bool,
    /// Exit with 0 however the texts fare
    #[arg(long, env = "EDGERAIL_EXIT_ZERO", value_parser = BoolishValueParser::new())]
    exit_zero: bool,
    /// Texts of which nothing is said
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A report for people
    Text,
    /// One document
    Json,
    /// One record a text
    Jsonl,
}

/// A text and how it fared.
struct Tried {
    place: String,
    text: String,
    /// Whether it is of the topic, if that is said.
    expected: Option<bool>,
    probed: Probed,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    if args.texts.is_empty() && args.positive.is_none() && args.negative.is_none() {
        let message = "there is nothing to test; give texts, --positive FILE or --negative FILE";
        return Err(CliError::new("usage", "topics test", message));
    }
    let (topic, overlay) = args.source.topic()?;
    let probe = Probe::new(&topic, &overlay);
    let mut tried = Vec::new();
    for (number, text) in args.texts.iter().enumerate() {
        tried.push(Tried {
            place: format!("argument {}", number + 1),
            text: text.clone(),
            expected: None,
            probed: probe.text(text)?,
        });
    }
    for (path, expected) in [(&args.positive, true), (&args.negative, false)] {
        if let Some(path) = path {
            read(path, expected, &probe, &mut tried)?;
        }
    }
    let name = &topic.explanation.topic;
    let mut out = anstream::stdout().lock();
    match args.format {
        Format::Text => out.write_all(report(args, name, &probe, &tried).as_bytes())?,
        Format::Json => {
            let texts: Vec<Value> = tried.iter().map(record).collect();
            let counts = counts(&tried);
            let document = json!({
                "f1": counts.f1(), "precision": counts.precision(), "recall": counts.recall(),
                "texts": texts, "threshold": probe.threshold, "topic": name,
            });
            writeln!(out, "{document:#}")?;
        }
        Format::Jsonl => {
            for tried in &tried {
                writeln!(out, "{}", record(tried))?;
            }
        }
    }
    let wrong = tried
        .iter()
        .any(|t| t.probed.acts != t.expected.unwrap_or(false));
    Ok(if wrong && !args.exit_zero {
        Outcome::Intervened
    } else {
        Outcome::Clean
    })
}

/// The longest line that is read: the engine's limit of a text, escaped.
const LINE_BYTES: u64 = 8 << 20;
/// As many texts as a report can sensibly list.
const MOST_TEXTS: usize = 100_000;

fn read(
    path: &Path,
    expected: bool,
    probe: &Probe,
    tried: &mut Vec<Tried>,
) -> Result<(), CliError> {
    let jsonl = path
        .extension()
        .is_some_and(|ending| ending == "jsonl" || ending == "ndjson");
    let input = Input::data(path);
    let mut source = BufReader::new(input.open()?);
    let label = input.label();
    let mut number = 0;
    loop {
        let mut line = Vec::new();
        let mut limited = std::io::Read::take(&mut source, LINE_BYTES);
        let read = limited.read_until(b'\n', &mut line);
        if read.map_err(|error| CliError::file(Path::new(&label), &error))? == 0 {
            return Ok(());
        }
        number += 1;
        let place = format!("{label}:{number}");
        if u64::try_from(line.len()).unwrap_or(u64::MAX) >= LINE_BYTES || tried.len() >= MOST_TEXTS
        {
            let message =
                format!("longer than {LINE_BYTES} bytes, or more than {MOST_TEXTS} texts");
            return Err(CliError::new("too_large", place, message));
        }
        let wrong = |(_, problem): (_, crate::cli::row::Problem)| {
            CliError::new(problem.code, place.clone(), problem.message)
        };
        while line.last().is_some_and(|byte| b"\r\n".contains(byte)) {
            line.pop();
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let text = if jsonl {
            parse_line(number, &line).map_err(wrong)?.1.into_owned()
        } else {
            utf8(number, &line).map_err(wrong)?.to_owned()
        };
        let probed = probe.text(&text)?;
        tried.push(Tried {
            place,
            text,
            expected: Some(expected),
            probed,
        });
    }
}

/// Of the texts of which it is said whether they are of the topic.
fn counts(tried: &[Tried]) -> Counts {
    let mut counts = Counts::default();
    for tried in tried {
        match (tried.expected, tried.probed.acts) {
            (Some(true), true) => counts.hits += 1,
            (Some(true), false) => counts.misses += 1,
            (Some(false), true) => counts.false_alarms += 1,
            _ => {}
        }
    }
    counts
}

/// The keywords and what they added.
fn keywords(probed: &Probed) -> String {
    let found = probed.found.iter();
    let found: Vec<String> = found
        .map(|found| format!("{} {}", one_line(&found.keyword), found.weight))
        .collect();
    found.join(", ")
}

fn report(args: &Args, name: &str, probe: &Probe, tried: &[Tried]) -> String {
    let mut page = String::new();
    let threshold = probe.threshold;
    let _ = writeln!(page, "{}: acts from a score of {threshold}", one_line(name));
    let mut table = TextTable::new(2);
    for tried in tried {
        let mark = match (tried.expected, tried.probed.acts) {
            (Some(true), false) => "missed",
            (Some(false), true) => "false alarm",
            (Some(_), _) if !args.show_text => continue,
            (_, true) => "acts",
            (_, false) => "silent",
        };
        let shown = if tried.expected.is_none() || args.show_text {
            shortened(&tried.text, 60)
        } else {
            hidden(tried.text.chars().count())
        };
        table.row([
            mark.to_owned(),
            tried.place.clone(),
            tried.probed.score.to_string(),
            shown,
            keywords(&tried.probed),
        ]);
    }
    table.names_after(3).write("  ", &mut page);
    if tried.iter().any(|tried| tried.expected.is_some()) {
        let counts = counts(tried);
        let negatives = tried
            .iter()
            .filter(|tried| tried.expected == Some(false))
            .count();
        let _ = writeln!(
            page,
            "{} of {} on-topic texts found, {} of {negatives} others by mistake: precision {}, recall {}, F1 {}",
            counts.hits,
            counts.labels(),
            counts.false_alarms,
            share(counts.precision()),
            share(counts.recall()),
            share(counts.f1())
        );
    }
    page.push_str("a topic that is silent here is still decided by the cloud\n");
    page
}

fn record(tried: &Tried) -> Value {
    let found = tried.probed.found.iter().map(|found| {
        json!({
            "end": found.span.1, "keyword": found.keyword, "match": found.text, "start": found.span.0,
            "weight": found.weight,
        })
    });
    json!({
        "acts": tried.probed.acts, "expected": tried.expected, "keywords": found.collect::<Vec<_>>(),
        "place": tried.place, "score": tried.probed.score, "text": tried.text,
    })
}
