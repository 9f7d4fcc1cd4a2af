use std::fmt::Write as _;
use std::io::Write as _;

use edgerail_compile::topics::{Keyword, Rule, TopicExplanation};
use serde_json::{Value, json};

use super::{Outcome, SourceArgs, Topic};
use crate::cli::error::CliError;
use crate::judge::data::{keyword_source, topic_json};
use crate::report::one_line;
use crate::report::page::{Bar, Cell, Group, Page, Tone};
use crate::report::table::{TextTable, counted, shortened};

/// Options of `edgerail topics explain`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  edgerail topics explain guardrail.json\n  edgerail topics explain guardrail.json --overlay overlay.toml --topic \"Investment advice\" --format html > topic.html"
)]
pub(super) struct Args {
    #[command(flatten)]
    source: SourceArgs,
    /// The form of the output
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A report for people
    Text,
    /// One document with every form of every keyword
    Json,
    /// One self-contained page with charts
    Html,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let (topics, _) = args.source.topics()?;
    let mut out = anstream::stdout().lock();
    match args.format {
        Format::Text => out.write_all(text(&topics).as_bytes())?,
        Format::Json => {
            let topics: Vec<Value> = topics
                .iter()
                .map(|topic| topic_json(&topic.guardrail.name, &topic.explanation))
                .collect();
            writeln!(out, "{:#}", json!({"topics": topics}))?;
        }
        Format::Html => {
            let place = args.source.definition.display().to_string();
            std::io::stdout().write_all(html(&place, &topics).as_bytes())?;
        }
    }
    Ok(Outcome::Clean)
}

/// What a topic comes to: what it needs, and whether its keywords can give that.
fn verdict(topic: &TopicExplanation) -> String {
    let TopicExplanation {
        threshold, window, ..
    } = topic;
    let can = if topic.can_act() {
        "acts"
    } else {
        "can never act, because all keywords together weigh less; it is left to the cloud"
    };
    let hidden = if topic.confidential {
        ", left out of browser bundles"
    } else {
        ""
    };
    format!(
        "{can}: from a score of {threshold} within {window} words, taken for {}{hidden}",
        topic.language.code()
    )
}

fn sources(keyword: &Keyword) -> String {
    let all: Vec<String> = keyword.sources.iter().map(keyword_source).collect();
    all.join(", ")
}

/// What a rule asks for.
fn rule_text(rule: &Rule) -> String {
    let mut parts = Vec::new();
    if !rule.all.is_empty() {
        let near = rule
            .near
            .map_or(String::new(), |near| format!(" within {near} words"));
        let weight = if rule.any.is_empty() {
            format!(", together {}", rule.weight)
        } else {
            String::new()
        };
        parts.push(format!("all of {}{near}{weight}", quoted(&rule.all)));
    }
    if !rule.any.is_empty() {
        parts.push("each of the keywords below that is found adds its weight".to_owned());
    }
    if !rule.not.is_empty() {
        parts.push(format!("none of {}", quoted(&rule.not)));
    }
    parts.join("; ")
}

fn quoted(keywords: &[Keyword]) -> String {
    let quoted: Vec<String> = keywords
        .iter()
        .map(|k| format!("“{}”", one_line(&k.text)))
        .collect();
    quoted.join(", ")
}

/// The keywords that add weight, heaviest first.
fn by_weight(rule: &Rule) -> Vec<&Keyword> {
    let mut keywords: Vec<&Keyword> = rule.any.iter().collect();
    keywords.sort_by(|a, b| (b.weight, &a.text).cmp(&(a.weight, &b.text)));
    keywords
}

/// The other forms that are found, as many as fit.
fn forms(keyword: &Keyword) -> String {
    let others: Vec<_> = keyword
        .forms
        .iter()
        .filter(|form| **form != keyword.text)
        .collect();
    let shown: Vec<&str> = others.iter().map(|form| form.as_str()).collect();
    shortened(&shown.join(", "), 60)
}

fn text(topics: &[Topic]) -> String {
    let mut page = String::new();
    for Topic {
        guardrail,
        explanation,
    } in topics
    {
        let (name, guardrail) = (one_line(&explanation.topic), one_line(&guardrail.name));
        let _ = writeln!(page, "{name} ({guardrail})\n  {}", verdict(explanation));
        for (number, rule) in explanation.rules.iter().enumerate() {
            let _ = writeln!(page, "\n  rule {}: {}", number + 1, rule_text(rule));
            let mut table = TextTable::new(1);
            for keyword in by_weight(rule) {
                table.row([
                    one_line(&keyword.text),
                    keyword.weight.to_string(),
                    sources(keyword),
                    forms(keyword),
                ]);
            }
            // The weight stands at the right, what follows is prose.
            let mut rows = String::new();
            table.names_after(2).write("    ", &mut rows);
            page.push_str(&rows);
        }
        page.push('\n');
    }
    page
}

/// As many keywords are drawn; the table has them all.
const DRAWN: usize = 30;

fn html(place: &str, topics: &[Topic]) -> String {
    let mut page = Page::new("Denied topics by keywords", place);
    for topic in topics {
        page.section(&topic.explanation.topic, |page| {
            section(&topic.explanation, page)
        });
    }
    page.finish(
        "A negative is always left to the cloud: keywords find what is plain, not what is meant.",
    )
}

fn section(topic: &TopicExplanation, page: &mut Page) {
    let tone = if topic.can_act() {
        Tone::Good
    } else {
        Tone::Warn
    };
    page.banner(tone, &verdict(topic));
    let keywords: usize = topic.rules.iter().map(|rule| rule.any.len()).sum();
    let count = u64::try_from(keywords).unwrap_or(u64::MAX);
    page.note(&format!("{} that add weight.", counted(count, "keyword")));
    for (number, rule) in topic.rules.iter().enumerate() {
        page.heading(&format!("Rule {}", number + 1));
        page.paragraph(&rule_text(rule));
        let heaviest = by_weight(rule);
        if heaviest.is_empty() {
            continue;
        }
        let end = u64::from(topic.threshold);
        let groups: Vec<Group> = heaviest
            .iter()
            .take(DRAWN)
            .map(|keyword| Group {
                name: keyword.text.clone(),
                bars: vec![Bar {
                    class: "one",
                    share: f64::from(keyword.weight) / f64::from(topic.threshold.max(1)),
                    text: keyword.weight.to_string(),
                }],
            })
            .collect();
        page.bars(
            "Weights of the keywords; the scale ends at the threshold",
            end.max(4),
            &groups,
        );
        page.table("", &["Keyword", "Weight#", "From", "Other forms"], |rows| {
            for keyword in heaviest {
                let others = keyword.forms.iter().filter(|form| **form != keyword.text);
                let others: Vec<&str> = others.map(String::as_str).collect();
                rows.row(
                    "",
                    &[
                        Cell::text(&keyword.text),
                        Cell::number(keyword.weight),
                        Cell::text(&sources(keyword)),
                        Cell::text(&others.join(", ")),
                    ],
                );
            }
        });
    }
}
